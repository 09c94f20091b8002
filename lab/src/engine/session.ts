// A training that runs by itself and answers requests in between: in a worker, or in slices on the page's own thread; the same code.
import { Core } from './core.ts';
import { drops } from './importance.ts';
import { Training, type Origin } from './training.ts';
import type { Data, Settings, State, Weights } from './types.ts';

const SLICE = 0.008; // seconds of training between two chances for messages
const FRAME = 16; // milliseconds between two states

/** One turn of the event loop: a message to oneself comes without the delay that timers have. */
function turn(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}
const wait = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

export class Session {
  readonly core: Promise<Core>;
  private training: Training | null = null;
  private running = false;
  private pace: number | 'full' = 'full';
  private loop: Promise<void> = Promise.resolve();
  private waiting = false; // whether the last state was not seen yet
  private shown = 0; // when
  private tell: (state: State, settings: Settings) => void;

  constructor(wasm: BufferSource | WebAssembly.Module, tell: (state: State, settings: Settings) => void) {
    this.tell = tell;
    this.core = Promise.resolve(wasm instanceof WebAssembly.Module ? wasm : WebAssembly.compile(wasm)).then(Core.start);
  }

  private get now(): Training {
    if (!this.training) throw new Error('expected data and settings first: call configure');
    return this.training;
  }
  private fresh(): State {
    return this.now.state(true, this.running);
  }
  settings(): Settings {
    return this.now.settings;
  }
  /** The listener has shown the last state. */
  seen(): void {
    this.waiting = false;
  }

  /** `data`: null for those that it has. */
  async configure(data: Data | null, settings: Settings, weights?: Weights, origin?: Origin): Promise<State> {
    await this.pause();
    const next = new Training(await this.core, data ?? this.now.data, settings, weights, origin);
    this.training?.close();
    this.training = next;
    if (origin) await this.through(next.replay(origin.moment));
    if (origin && !next.change(settings)) throw new Error('expected settings that can change within a run');
    return this.fresh();
  }
  private async through(steps: Iterator<void>): Promise<void> {
    for (let began = performance.now(); !steps.next().done; )
      if (performance.now() - began > 1000 * SLICE) {
        await turn();
        began = performance.now();
      }
  }

  /** Until it is paused, ends, or fails. */
  run(): Promise<void> {
    if (this.running) return Promise.resolve();
    this.now; // raises
    this.running = true;
    const loop = this.loop.then(() => this.onward());
    this.loop = loop.catch(() => { this.running = false; }); // what went wrong is said once
    return loop;
  }
  async pause(): Promise<State | null> {
    this.running = false;
    await this.loop;
    return this.training && this.fresh();
  }
  speed(stepsPerSecond: number | 'full'): void {
    this.pace = stepsPerSecond;
  }
  private async onward(): Promise<void> {
    const training = this.now;
    let due = 0, last = performance.now(), told = training.moment; // steps that a limited speed allows
    while (this.running && !training.ended) {
      const now = performance.now();
      const full = Math.max(1, Math.min(Math.floor(training.stepsPerSecond * SLICE), training.stepsToLook));
      due = this.pace === 'full' ? full : Math.min(due + (this.pace * (now - last)) / 1000, Math.max(1, this.pace));
      last = now;
      if (due >= 1) due -= training.advance(Math.min(Math.floor(due), full));
      if (training.ended) break;
      if (training.moment !== told) told = this.show() ? training.moment : told; // what is known already would keep the next state waiting
      await (due >= 1 || this.pace === 'full' ? turn() : wait(Math.min(FRAME, (1000 * (1 - due)) / this.pace)));
    }
    if (training.ended) {
      this.running = false;
      this.tell(training.state(true, false), training.settings);
    }
  }
  private show(): boolean {
    if (this.waiting || performance.now() - this.shown < FRAME) return false;
    this.shown = performance.now();
    this.waiting = true;
    this.tell(this.now.state(false, this.running), this.now.settings);
    return true;
  }

  async step(n = 1): Promise<State> {
    await this.pause();
    for (let left = n; left > 0; ) {
      const made = this.now.advance(Math.min(left, Math.max(1, Math.floor(this.now.stepsPerSecond * SLICE))));
      if (!made) break;
      left -= made;
      if (left > 0) await turn();
    }
    return this.fresh();
  }
  async epoch(): Promise<State> {
    const { step, stepsPerEpoch } = (await this.pause())!;
    return this.step(stepsPerEpoch - step);
  }
  async rewind(moment: number): Promise<State> {
    await this.pause();
    await this.through(this.now.rewind(moment));
    return this.fresh();
  }
  change(settings: Partial<Settings>): 'went on' | 'needs a new start' {
    return this.now.change(settings) ? 'went on' : 'needs a new start';
  }
  setWeight(layer: number, j: number, k: number, value: number): State {
    this.now.setWeight(layer, j, k, value);
    return this.fresh();
  }
  row(row: number | Float32Array) {
    return this.now.row(row);
  }
  link(row: number, layer: number, j: number, k: number) {
    return this.now.link(row, layer, j, k);
  }
  predict(inputs: Float32Array) {
    return this.now.predict(inputs);
  }
  units(inputs: Float32Array, n: number) {
    return this.now.units(inputs, n);
  }
  weightHistory(layer: number, j: number, k: number) {
    return this.now.weightHistory(layer, j, k);
  }
  history() {
    return this.now.history();
  }
  /** What each column is worth; null where the network has changed meanwhile. */
  async importance(widths: number[]): Promise<number[] | null> {
    const training = this.now, { moment } = training, found: number[] = [];
    for (const drop of drops(await this.core, training, widths)) {
      found.push(drop);
      await turn();
      if (training !== this.training || training.moment !== moment) return null;
    }
    return found;
  }
  calibrate() {
    return this.now.calibrate();
  }
  losses() {
    return this.now.losses();
  }
  parts() {
    return this.now.parts;
  }
  origin(bytes?: number): Origin {
    return this.now.origin(bytes);
  }
}

/** What a client may ask for, by name. */
export type Asked = Exclude<keyof Session, 'settings' | 'seen' | 'core'>;
