// Moments that a run can go back to: all that changes, copied now and then. The older they are, the fewer are kept.
import type { Settings } from './types.ts';

export interface Snapshot {
  moment: number;
  epoch: number;
  base: number; // the moment at which the optimiser began
  applied: number; // changes made until then
  settings: Settings;
  slots: number; // of the optimiser
  kept: Uint8Array;
}

const MOST_BYTES = 128 * 2 ** 20;
const FEWEST = 16, MOST = 400;

export class Snapshots {
  readonly all: Snapshot[] = [];

  get last(): Snapshot | undefined {
    return this.all.at(-1);
  }
  /** The last one that is not after a moment. */
  before(moment: number): Snapshot {
    return this.all.findLast((each) => each.moment <= moment) ?? this.all[0]!;
  }
  /** Those up to a moment that take so many bytes: always the last one, then the first, then some evenly between. */
  within(moment: number, bytes: number): Snapshot[] {
    const all = this.all.filter((each, i) => i === 0 || each.moment <= moment), last = all.length - 1;
    const count = Math.min(all.length, Math.floor(bytes / all[last]!.kept.length));
    if (count < 2) return [all[last]!];
    return Array.from({ length: count }, (_, i) => all[Math.round((i * last) / (count - 1))]!);
  }
  forgetAfter(moment: number): void {
    while (this.all.length > 1 && this.all.at(-1)!.moment > moment) this.all.pop();
  }
  /**
   * Take note of one. Where there are too many, the one goes whose gap matters least: gaps that grow with the root of their age share
   * the time to replay between the last moments, which are asked for most, and the first ones, which are far apart.
   */
  add(made: Snapshot): void {
    if (this.last && made.moment <= this.last.moment) return;
    this.all.push(made);
    const most = Math.min(MOST, Math.max(FEWEST, Math.floor(MOST_BYTES / made.kept.length)));
    if (this.all.length <= most) return;
    let least = 1, cost = Infinity;
    for (let i = 1; i < this.all.length - 1; ++i) {
      const gap = this.all[i + 1]!.moment - this.all[i - 1]!.moment;
      const found = gap ** 2 / (made.moment - this.all[i]!.moment + 1);
      if (found < cost) (least = i), (cost = found);
    }
    this.all.splice(least, 1);
  }
}
