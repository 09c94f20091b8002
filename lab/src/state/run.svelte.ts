// One training as the page sees it: its latest state, its curves and the pictures of its units, asked for as often as the
// engine can give them without being slowed down.

import { newLab } from '../engine';
import { some } from '../engine/division';
import { gathered } from '../engine/inputs';
import type { Origin } from '../engine/training';
import type { Data, History, Lab, RowNumbers, Settings, State, Weights } from '../engine/types';
import { grid, type Plane } from './plane';

const EMPTY: History = { moments: new Float64Array(), epochs: new Float64Array(), trainError: new Float64Array(), heldError: new Float64Array(), trainScore: new Float64Array(), heldScore: new Float64Array() };

export interface Pictures {
  side: number;
  plane: Plane;
  layers: Float32Array[]; // of each layer side² × units
}

const MOVING = 28; // pixels a side of the units' pictures while training, and when it rests
const RESTING = 56;
const SHARE = 4, LONGEST = 1000; // a look may take one part in so many of the engine's time, which the page may have held up; milliseconds to wait
const JUDGED = 2000, AT_REST = 1e6; // rows that detailed scores are taken of while training; inputs of these when it rests
const READ = 100; // ms between two states for texts: nobody reads faster

export class Run {
  settings = $state.raw<Settings>()!;
  state = $state.raw<State>()!; // as texts show it: ten times a second while it runs
  live = $state.raw<State>()!; // the latest, each frame
  history = $state.raw<History>(EMPTY);
  pictures = $state.raw<Pictures | null>(null);
  parts = $state.raw<{ trained: Int32Array; heldOut: Int32Array }>({ trained: new Int32Array(), heldOut: new Int32Array() });
  numbers = $state.raw<(RowNumbers & { of: number | Float32Array }) | null>(null); // of the row that is looked at, or was when they were asked for
  signals = $state.raw<Float32Array[] | null>(null); // each layer's outputs for the picture that is looked at
  outputs = $state.raw<{ rows: Int32Array; values: Float32Array } | null>(null); // for the scores, where somebody looks
  drops = $state.raw<number[] | null>(null); // of each column, at rest: engine/importance.ts
  reach = $state(0); // the latest moment that it has been at: rewinding and going there again gives the same

  readonly letter: string;
  readonly data: Data;
  private lab: Lab;
  private wanted: { plane: Plane | null; row: number | Float32Array | null; glance: Float32Array | null; outputs: boolean } = { plane: null, row: null, glance: null, outputs: false };
  private looking: Record<string, { busy: boolean; next: number; again: number }> = {};
  private closed = false;
  private readFrom = 0; // when texts may change again
  private grid: { plane: Plane; side: number; inputs: Float32Array } | null = null;

  private constructor(letter: string, data: Data, lab: Lab) {
    this.letter = letter;
    this.data = data;
    this.lab = lab;
    lab.onState((state) => this.arrive(state));
  }

  static async start(letter: string, data: Data, settings: Settings, weights?: Weights): Promise<Run> {
    const run = new Run(letter, data, await newLab());
    await run.begin(weights, settings);
    return run;
  }

  async fork(letter: string, changes: Partial<Settings>): Promise<Run> {
    const lab = await this.lab.fork(changes);
    const run = new Run(letter, this.data, lab);
    run.settings = lab.settings();
    await run.arrived(await lab.pause());
    return run;
  }

  /** From where another run stood. */
  static async resume(letter: string, data: Data, settings: Settings, origin: Origin): Promise<Run> {
    const run = new Run(letter, data, await newLab());
    run.settings = settings;
    await run.arrived(await run.lab.configure(data, settings, undefined, origin));
    return run;
  }

  /** From the start, with the settings that it has or gets: these and the state that is theirs are there at once, and what shows them finds each layer in both. */
  async begin(weights?: Weights, settings = this.settings): Promise<void> {
    const state = await this.lab.configure(this.data, settings, weights);
    this.settings = settings;
    this.reach = 0;
    await this.arrived(state);
  }

  private async arrived(state: State): Promise<void> {
    this.arrive(state);
    [this.parts, this.history] = await Promise.all([this.lab.parts(), this.lab.history()]);
  }

  private arrive(state: State): void {
    if (this.closed) return;
    this.live = state;
    if (!state.running || performance.now() >= this.readFrom) {
      this.state = state;
      this.reach = Math.max(this.reach, state.moment);
      this.readFrom = performance.now() + READ;
    }
    this.look();
  }

  // --- playing ------------------------------------------------------------------------------------------------------

  play = (): Promise<void> => this.lab.run();
  pause = async (): Promise<void> => this.arrive(await this.lab.pause());
  step = async (n = 1): Promise<void> => this.arrive(await this.lab.step(n));
  epoch = async (): Promise<void> => this.arrive(await this.lab.epoch());
  pace = (speed: number | 'full'): void => this.lab.speed(speed);

  /** To any moment that it has been at: back exactly, and on again exactly. */
  async goTo(moment: number): Promise<void> {
    const now = this.state.moment;
    if (moment < now) this.arrive(await this.lab.rewind(moment));
    else if (moment > now) this.arrive(await this.lab.step(moment - now));
  }

  /** True where it went on; false where only another run can have them. */
  async change(changes: Partial<Settings>): Promise<boolean> {
    if ((await this.lab.change(changes)) === 'needs a new start') return false;
    this.settings = { ...this.settings, ...changes };
    this.reach = this.live.moment;
    return true;
  }

  async setWeight(layer: number, j: number, k: number, value: number): Promise<void> {
    this.arrive(await this.lab.setWeight(layer, j, k, value));
    this.reach = this.state.moment;
  }

  link = (row: number, layer: number, j: number, k: number) => this.lab.link(row, layer, j, k);
  weightHistory = (layer: number, j: number, k: number) => this.lab.weightHistory(layer, j, k);
  predict = (inputs: Float32Array, n: number) => this.lab.predict(inputs, n);
  row = (row: number | Float32Array) => this.lab.row(row);
  origin = (bytes: number) => this.lab.origin(bytes);
  losses = () => this.lab.losses();
  course = () => this.lab.history();
  calibrate = () => this.lab.calibrate();

  close(): void {
    this.closed = true;
    this.lab.close();
  }

  // --- looking ------------------------------------------------------------------------------------------------------

  /** What somebody looks at now; nothing else is worked out. */
  watch(wanted: Partial<typeof this.wanted>): void {
    Object.assign(this.wanted, wanted);
    this.look(true);
  }

  private look(now = false): void {
    const { plane, row, glance, outputs } = this.wanted;
    void this.ask('history', READ, now, async () => { this.history = await this.lab.history(); });
    if (plane) void this.ask('pictures', 50, now, () => this.paint(plane));
    if (row !== null) void this.ask('numbers', 40, now, async () => { this.numbers = { ...(await this.lab.row(row)), of: row }; });
    if (glance) void this.ask('signals', 40, now, async () => { this.signals = await this.lab.units(glance, 1); });
    if (outputs) void this.ask('outputs', 250, now, () => this.score());
  }

  private async paint(plane: Plane): Promise<void> {
    const side = this.state.running ? MOVING : RESTING;
    if (this.grid?.plane !== plane || this.grid.side !== side) this.grid = { plane, side, inputs: grid(this.data, plane, side) };
    this.pictures = { side, plane, layers: await this.lab.units(this.grid.inputs, side * side) };
  }

  private async score(): Promise<void> {
    const rows = some(this.parts.heldOut.length ? this.parts.heldOut : this.parts.trained, this.state.running ? JUDGED : Math.max(JUDGED, Math.floor(AT_REST / this.data.nIn)));
    this.outputs = { rows, values: await this.lab.predict(gathered(this.data.inputs, this.data.nIn, rows), rows.length) };
    const { steps } = this.data.preparation;
    this.drops = this.state.running || steps.length < 2 ? null : await this.lab.importance(steps.map(({ features }) => features.length));
  }

  /** Ask for one thing at most so often; what is asked for while it is on its way is asked for once more after it. */
  private async ask(name: string, every: number, now: boolean, what: () => Promise<void>): Promise<void> {
    const one = (this.looking[name] ??= { busy: false, next: 0, again: 0 });
    const begin = performance.now();
    if (one.busy || (!now && begin < one.next)) {
      clearTimeout(one.again);
      one.again = window.setTimeout(() => void this.ask(name, every, true, what), Math.max(every, one.next - begin));
      return;
    }
    clearTimeout(one.again);
    one.busy = true;
    try {
      if (!this.closed) await what();
    } finally {
      one.busy = false;
      one.next = performance.now() + Math.max(every, Math.min(LONGEST, SHARE * (performance.now() - begin)));
    }
  }
}
