// Where on which lesson one is.

import { lab } from './lab.svelte';
import { LESSONS, type Lesson } from './lessons';

class Path {
  name = $state<string | null>(null);
  step = $state(0);
  reached = $state(false); // this step is done, and stays so

  /** It waits where another table is here. */
  lesson = $derived<Lesson | null>(LESSONS.find(({ name, source }) => name === this.name && source.name === lab.source?.name) ?? null);
  place = $derived(LESSONS.findIndex((each) => each.name === this.name));
  following = $derived<Lesson | null>(this.place >= 0 ? (LESSONS[this.place + 1] ?? null) : null);

  /** Where a link or a saved page was in it, whose run is here already. */
  resume([name, step]: [string, number]): void {
    const steps = LESSONS.find((each) => each.name === name)?.steps;
    if (!steps?.[step]) return;
    this.step = step;
    this.reached = false;
    this.name = name;
  }

  async begin(name: string): Promise<void> {
    const lesson = LESSONS.find((each) => each.name === name);
    if (!lesson) return;
    this.name = null;
    if (!(await lab.start(lesson.source, lesson.settings))) return;
    lab.tab = null;
    lab.edits = 0;
    this.step = 0;
    this.reached = false;
    this.name = name;
  }

  /** Looked at whenever something changes. */
  look(): void {
    if (!this.reached && this.lesson && lab.run && this.lesson.steps[this.step].done()) this.reached = true;
  }

  next(): void {
    if (!this.lesson) return;
    if (this.step + 1 < this.lesson.steps.length) {
      this.step++;
      this.reached = false;
      lab.edits = 0;
      if (lab.tab && !this.lesson.steps[this.step].done()) return;
      this.look();
    } else if (this.following) void this.begin(this.following.name);
    else this.end();
  }

  end(): void {
    this.name = null;
  }
}

export const path = new Path();
