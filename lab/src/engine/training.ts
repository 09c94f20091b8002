// One training, that goes on, back and another way. What it has done is known by the settings and weights it began with and a list of
// changes; a replay from any snapshot gives the same bits, for nothing else goes in.
import type { Core } from './core.ts';
import { calibrated } from './calibrating.ts';
import { Curves } from './curves.ts';
import { parts, rounded, some, split, type Parts } from './division.ts';
import { translated, weightIn } from './kept.ts';
import { Refusal, said } from '../said.ts';
import { withLine } from './line.ts';
import { Machine, initialWeights } from './machine.ts';
import { link, rowNumbers } from './numbers.ts';
import { isConstant, optimizer, schedule } from './specs.ts';
import { Snapshots, type Snapshot } from './snapshots.ts';
import { WHILE_RUNNING } from './types.ts';
import type { Calibrated, Data, History, LinkNumbers, RowNumbers, Settings, State, WeightHistory, Weights } from './types.ts';

const SCORED = 1000, HELD = 5e7; // rows of each part that E and score are taken of; of those held out more, as far as so many products go
const LOOKED_AT = 256; // rows that health is taken of, as deltaw's telemetry
const SHARE = 0.1; // of the time that looking may take
const POINTS = 100; // of a curve, that come whatever they cost: one at the end of each epoch
const SNAPSHOT_EVERY = 0.05, SNAPSHOTS = 0.03; // seconds of training, and the share of the time that snapshots may take
const TIMED = 0.05, TIMED_FIRST = 0.002; // seconds of training that its speed is taken over
const REPLAY = 64; // steps between two chances for others
const REDONE: (keyof Settings)[] = ['l2', 'dropout', 'labelSmoothing', 'maxGradNorm', 'batch', 'backward', 'loss', 'optimizer', 'shuffle'];
const NEW_EPOCH: (keyof Settings)[] = ['batch', 'shuffle'];

type Change =
  | { moment: number; settings: Partial<Settings> }
  | { moment: number; weight: { layer: number; j: number; k: number; value: number } }
  | { moment: number; strength: number };

/** A run at some moment, for another worker or a page that is opened later: it replays what came after the last snapshot. */
export interface Origin {
  snapshots: Snapshot[];
  changes: Change[];
  moment: number;
  history: History;
  losses: Float64Array;
}

type Rows = ReturnType<Machine['some']>;
interface Looks {
  scored: Parts;
  trained: Rows;
  held: Rows | null;
  health: Rows;
}
type Seen = Pick<State, 'trainError' | 'heldError' | 'trainScore' | 'heldScore' | 'health'>;

export class Training {
  readonly data: Data;
  readonly parts: Parts;
  settings: Settings;
  moment = 0;
  epoch = 0;
  ended: State['ended'] = null;
  broken: State['broken'] = null;
  private core: Core;
  private base = 0;
  private machine: Machine;
  private looks: Looks;
  private changes: Change[] = [];
  private applied = 0;
  private snapshots = new Snapshots();
  private curves = new Curves();
  private epochLosses: number[] = []; // E of each epoch, as deltaw's History has it
  private seen: Seen | null = null;
  private seenAt = -1; // the moment
  private lookedFor = 0; // seconds, of looking
  private ranFor = 0; // seconds, of training and of waiting for it to go on, where it is to be slow
  private stated = 0; // when the last state was asked for
  private trainedFor = 0; // seconds, of training
  private lastKept = 0; // trainedFor at the last snapshot
  private keepsFor = 0; // seconds, of taking it
  private rate = 0; // steps a second
  private timed = { steps: 0, seconds: 0 }; // since it was last worked out

  constructor(core: Core, data: Data, settings: Settings, weights?: Weights, origin?: Origin) {
    this.core = core, this.data = data, this.settings = origin?.snapshots.at(-1)!.settings ?? settings;
    this.parts = divided(core, data, this.settings);
    this.machine = new Machine(core, data, this.settings, this.parts.trained);
    this.looks = this.lookedAt();
    if (origin) {
      this.changes = origin.changes;
      this.curves = Curves.from(origin.history);
      this.epochLosses = [...origin.losses];
      origin.snapshots.forEach((each) => this.snapshots.add(each));
      this.load(this.snapshots.last!);
    } else {
      this.machine.write(weights ?? withLine(initialWeights(core, data, settings), data, settings, this.parts.trained));
      this.snapshots.add(this.snapshot());
    }
  }
  close(): void {
    this.forgetLooks();
    this.machine.close();
  }

  get stepsPerSecond(): number {
    return this.rate;
  }

  // --- onward ---------------------------------------------------------------------------------------------------------

  /** At most so many steps; returns those that were made. */
  advance(most: number): number {
    const perEpoch = this.machine.stepsPerEpoch;
    const left = (this.settings.epochs - this.epoch) * perEpoch - this.machine.stepOfEpoch;
    const steps = Math.min(most, left);
    if (this.ended || steps <= 0) {
      this.ended ??= 'finished';
      return 0;
    }
    const began = performance.now();
    const made = this.machine.advance(this.moment - this.base, this.pace(steps));
    const seconds = (performance.now() - began) / 1000, count = Math.abs(made);
    this.moment += count, this.trainedFor += seconds;
    this.count();
    this.time(count, seconds);
    const every = this.young && this.machine.stepOfEpoch === 0 ? this.keepsFor : Math.max(SNAPSHOT_EVERY, this.keepsFor / SNAPSHOTS); // at first a weight's history has each epoch
    if (made < 0) this.breaks();
    else if (this.trainedFor - this.lastKept >= every) this.keep();
    if (this.epoch >= this.settings.epochs) this.ended ??= 'finished';
    if (this.young && this.machine.stepOfEpoch === 0 && this.moment > this.curves.end) this.look(true);
    return count;
  }

  /** How quick it is: over long enough a time, for clocks in browsers count in tenths of a millisecond. */
  private time(steps: number, seconds: number): void {
    this.timed = { steps: this.timed.steps + steps, seconds: this.timed.seconds + seconds };
    if (this.timed.seconds < (this.rate ? TIMED : TIMED_FIRST)) return;
    const now = this.timed.steps / this.timed.seconds;
    this.rate = this.rate ? 0.5 * (this.rate + now) : now;
    this.timed = { steps: 0, seconds: 0 };
  }

  /** How many steps may be made until somebody has to look: at first an epoch at most, so that quick runs have a curve, too. */
  get stepsToLook(): number {
    return this.young ? this.machine.stepsPerEpoch - this.machine.stepOfEpoch : Infinity;
  }
  private get young(): boolean {
    return this.epoch < POINTS;
  }

  private count(): void {
    this.epochLosses.push(...this.machine.epochErrors());
    this.epoch = this.epochLosses.length;
  }

  /** α, the decay and dropout's factor of the next steps, as deltaw's `Training` has them. */
  private pace(steps: number): { alpha: Float64Array; decay: Float64Array; dropout: Float64Array } {
    const { rate, epochs } = this.settings, own = optimizer(this.settings.optimizer), perEpoch = this.machine.stepsPerEpoch;
    const first = this.epoch * perEpoch + this.machine.stepOfEpoch;
    const factors = (text: string, times: number): Float64Array => {
      if (isConstant(text) || times === 0) return new Float64Array(steps).fill(times);
      const factor = schedule(text);
      return Float64Array.from({ length: steps }, (_, i) => times * factor((first + i) / perEpoch, (first + i) / (perEpoch * epochs)));
    };
    return { alpha: factors(this.settings.schedule, rate), decay: factors(own.decaySchedule, own.decay), dropout: factors(this.settings.dropoutSchedule, 1) };
  }

  private snapshot(): Snapshot {
    const { moment, epoch, base, applied, settings } = this;
    return { moment, epoch, base, applied, settings, slots: this.machine.slots, kept: this.machine.keep() };
  }
  private keep(): void {
    if (this.machine.apart && this.machine.stepOfEpoch > 0) return; // its weights lie apart until the epoch ends
    const began = performance.now();
    this.snapshots.add(this.snapshot());
    this.lastKept = this.trainedFor, this.keepsFor = (performance.now() - began) / 1000;
  }

  /** Find the first step after which a number no longer was one, and stay there. */
  private breaks(): void {
    this.load(this.snapshots.before(this.moment - 1));
    for (;;) {
      this.applyDue();
      const made = this.machine.advance(this.moment - this.base, this.pace(1));
      this.moment += 1;
      this.count();
      if (made < 0) break;
    }
    const { weights, biases } = this.machine.read();
    const layer = weights.findIndex((W, l) => !W.every(Number.isFinite) || !biases[l]!.every(Number.isFinite));
    this.broken = { step: this.moment, layer: layer < 0 ? weights.length - 1 : layer, what: layer < 0 ? 'error' : 'weights' };
    this.ended = 'broken';
  }

  // --- changes ------------------------------------------------------------------------------------------------------

  /** Whether the settings can change without a new start; then they have. */
  change(settings: Partial<Settings>): boolean {
    const keys = Object.keys(settings) as (keyof Settings)[];
    const changed = keys.filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(this.settings[key]));
    if (changed.some((key) => !(WHILE_RUNNING as readonly string[]).includes(key))) return false;
    if (changed.length) this.make({ moment: this.moment, settings: Object.fromEntries(changed.map((key) => [key, settings[key]])) });
    return true;
  }
  setWeight(layer: number, j: number, k: number, value: number): void {
    this.make({ moment: this.moment, weight: { layer, j, k, value: Math.fround(value) } });
  }
  /** Its answers as strong as the rows held out want them. Of classes these weights change; of numbers it is another network that answers so. */
  calibrate(): Calibrated {
    const { held, scored } = this.looks, found = calibrated(this.data, this.settings, this.machine, this.parts.trained, held && { rows: scored.heldOut, outputs: this.machine.evaluate(held).outputs });
    if (found.strength !== 1) this.make({ moment: this.moment, strength: found.strength });
    return found;
  }
  private make(change: Change): void {
    this.apply(change); // throws for a word that is none
    this.changes.push(change);
    this.applied = this.changes.length;
    this.seenAt = -1;
  }
  private apply(change: Change): void {
    if ('settings' in change) return this.settle({ ...this.settings, ...change.settings });
    const all = this.machine.read();
    if ('strength' in change) {
      for (const last of [all.weights.at(-1)!, all.biases.at(-1)!]) last.forEach((each, i) => (last[i] = each * change.strength));
      return this.machine.write(all);
    }
    const { layer, j, k, value } = change.weight;
    if (k < 0) all.biases[layer]![j] = value;
    else all.weights[layer]![j * this.machine.sizes[layer]![0] + k] = value;
    this.machine.write(all);
    this.ended = this.ended === 'broken' ? null : this.ended;
    this.broken = null;
  }
  private applyDue(): void {
    while (this.changes[this.applied]?.moment === this.moment) this.apply(this.changes[this.applied++]!);
  }

  /** Other settings from now on: where the core's plan is another, the weights and the optimiser's state go over to a new machine. */
  private settle(settings: Settings): void {
    const differ = (keys: (keyof Settings)[]): boolean => keys.some((key) => settings[key] !== this.settings[key]);
    schedule(settings.schedule), schedule(settings.dropoutSchedule); // raise
    const [before, after] = [optimizer(this.settings.optimizer), optimizer(settings.optimizer)];
    if (differ(REDONE)) {
      const next = new Machine(this.core, this.data, settings, this.parts.trained);
      if (differ(NEW_EPOCH)) this.machine.endEpoch();
      else this.machine.settle();
      const kept = this.machine.keep();
      next.restore(before.name === after.name ? kept : translated(kept, next.sizes, this.machine.slots, next.slots));
      if (before.name !== after.name) this.base = this.moment;
      this.replace(next, settings);
    } else this.settings = settings;
    if (this.ended === 'finished' && this.epoch < settings.epochs) this.ended = null;
  }
  private replace(next: Machine, settings: Settings): void {
    this.forgetLooks();
    this.machine.close();
    this.machine = next, this.settings = settings;
    this.looks = this.lookedAt();
  }

  // --- back -----------------------------------------------------------------------------------------------------------

  private load(snapshot: Snapshot): void {
    if (REDONE.some((key) => snapshot.settings[key] !== this.settings[key]))
      this.replace(new Machine(this.core, this.data, snapshot.settings, this.parts.trained), snapshot.settings);
    this.settings = snapshot.settings;
    if (snapshot.kept.length !== this.machine.bytes) throw new Refusal('expected a state of this network', said('one of another'), 'it cannot go on from there');
    this.machine.restore(snapshot.kept);
    this.moment = snapshot.moment, this.epoch = snapshot.epoch, this.base = snapshot.base, this.applied = snapshot.applied;
    this.epochLosses.length = snapshot.epoch;
    this.ended = this.broken = null;
    this.seenAt = -1;
  }
  /** To any moment that was, by a replay from the last snapshot before it; yields now and then. */
  *rewind(moment: number): Generator<void> {
    const to = Math.max(this.snapshots.all[0]!.moment, Math.min(moment, this.moment));
    this.snapshots.forgetAfter(to);
    this.curves.forgetAfter(to);
    this.load(this.snapshots.before(to));
    yield* this.replay(to);
    this.changes = this.changes.slice(0, this.applied);
  }
  *replay(to: number): Generator<void> {
    for (this.applyDue(); this.moment < to && !this.ended; this.applyDue()) {
      const next = this.changes[this.applied]?.moment ?? to;
      this.advance(Math.min(REPLAY, Math.min(next, to) - this.moment));
      yield;
    }
  }
  /** To go on from: from this moment alone, or with the way to it as far as `bytes` hold it. */
  origin(bytes = 0): Origin {
    const snapshots = this.snapshots.within(this.moment, bytes);
    return { snapshots, changes: this.changes, moment: this.moment, history: this.curves.all(), losses: this.losses() };
  }

  // --- what there is to see -------------------------------------------------------------------------------------------

  private lookedAt(): Looks {
    const { data, machine, parts } = this, { nIn } = data, { layers } = this.settings;
    const products = layers.reduce((sum, { units }, l) => sum + units * (layers[l - 1]?.units ?? nIn), 0);
    const scored = { trained: some(parts.trained, SCORED), heldOut: some(parts.heldOut, Math.max(SCORED, Math.floor(HELD / products))) };
    return {
      scored,
      trained: machine.some(data, scored.trained, 0),
      held: scored.heldOut.length ? machine.some(data, scored.heldOut, 0) : null,
      health: machine.some(data, some(parts.trained, LOOKED_AT), this.settings.labelSmoothing),
    };
  }
  private forgetLooks(): void {
    const { trained, held, health } = this.looks;
    for (const rows of [trained, held, health]) if (rows) this.machine.forget(rows);
  }
  private score(rows: Rows | null, which: Int32Array): [number, number] {
    if (!rows) return [NaN, NaN];
    const { error, outputs } = this.machine.evaluate(rows), score = scoreOf(this.data, which, outputs);
    return [error, score];
  }
  /** Errors, scores and health, if it is time for them: looking takes a tenth of the time at most. */
  private look(now: boolean): Seen {
    const due = this.seenAt !== this.moment && (now || !this.seen || this.lookedFor <= SHARE * this.ranFor);
    if (!due && this.seen) return this.seen;
    const began = performance.now();
    const { scored, trained, held } = this.looks;
    const [trainError, trainScore] = this.score(trained, scored.trained), [heldError, heldScore] = this.score(held, scored.heldOut);
    const health = this.machine.look(this.looks.health).map((each) => (this.moment ? each : { ...each, update: 0, weight: each.update })); // from 0 to W
    this.seen = { trainError, trainScore, heldError, heldScore, health };
    this.seenAt = this.moment;
    this.lookedFor += (performance.now() - began) / 1000;
    this.curves.add({ moments: this.moment, epochs: this.epoch + this.machine.stepOfEpoch / this.machine.stepsPerEpoch, trainError, heldError, trainScore, heldScore });
    return this.seen;
  }

  state(now: boolean, running: boolean): State {
    const asked = performance.now() / 1000;
    this.ranFor += this.stated ? Math.min(asked - this.stated, 0.1) : 0;
    this.stated = asked;
    const seen = this.look(now), { moment, epoch, ended, broken } = this, step = this.machine.stepOfEpoch;
    return {
      ...this.machine.read(), ...seen, moment, epoch, step, stepsPerEpoch: this.machine.stepsPerEpoch, running, ended, broken,
      scored: [this.looks.scored.trained.length, this.looks.scored.heldOut.length],
      alpha: this.pace(1).alpha[0]!, samplesPerSecond: (this.rate * this.parts.trained.length) / this.machine.stepsPerEpoch,
    };
  }
  history(): History {
    return this.curves.all();
  }
  losses(): Float64Array {
    return Float64Array.from(this.epochLosses);
  }
  weightHistory(layer: number, j: number, k: number): WeightHistory {
    const found = this.snapshots.all.map(({ moment, slots, kept }) => [moment, weightIn(kept, this.machine.sizes, slots, layer, j, k)] as const);
    if (found.at(-1)![0] === this.moment) found.pop(); // it may have been set by hand since
    const { weights, biases } = this.machine.read();
    found.push([this.moment, k < 0 ? biases[layer]![j]! : weights[layer]![j * this.machine.sizes[layer]![0] + k]!]);
    return { moments: Float64Array.from(found, ([moment]) => moment), values: Float64Array.from(found, ([, value]) => value) };
  }
  predict(inputs: Float32Array): Float32Array {
    return this.machine.predict(inputs);
  }
  units(inputs: Float32Array, n: number): Float32Array[] {
    return this.machine.units(inputs, n);
  }
  row(row: number | Float32Array): RowNumbers {
    return rowNumbers({ ...this.lens(), row });
  }
  link(row: number, layer: number, j: number, k: number): LinkNumbers {
    return link({ ...this.lens(), row }, layer, j, k);
  }
  private lens() {
    const slots = Array.from({ length: this.machine.slots }, (_, slot) => this.machine.read(slot));
    const { alpha, decay } = this.pace(1);
    return { data: this.data, settings: this.settings, now: this.machine.read(), slots, alpha: alpha[0]!, decay: decay[0]!, t: this.moment - this.base + 1 };
  }
}

/** Who is held out: the rows that prepared nothing, where the settings ask for as many; else by share and seed. */
function divided(core: Core, data: Data, { heldOut, seed }: Settings): Parts {
  const asked = heldOut > 0 ? Math.max(rounded(data.rows * heldOut), 1) : 0;
  if (data.heldOut?.length !== asked) return split(core, data.rows, heldOut, seed, data.labels);
  const marked = new Uint8Array(data.rows);
  data.heldOut.forEach((row) => (marked[row] = 1));
  return parts(marked);
}

/** Accuracy of classes, R² of numbers; weighted where rows are. */
export function scoreOf(data: Data, rows: Int32Array, outputs: Float32Array): number {
  const { nOut, labels, targets, weight } = data, w = (row: number): number => weight?.[row] ?? 1;
  let total = 0, first = 0, second = 0;
  rows.forEach((row) => (total += w(row)));
  if (labels) {
    rows.forEach((row, i) => {
      let top = 0;
      if (nOut === 1) top = Number(outputs[i]! > (data.target.low + data.target.high) / 2); // one output says which of two
      for (let j = 1; j < nOut; ++j) if (outputs[i * nOut + j]! > outputs[i * nOut + top]!) top = j;
      if (top === labels[row]) first += w(row);
    });
    return first / total;
  }
  let mean = 0;
  rows.forEach((row) => (mean += (w(row) * targets[row * nOut]!) / total));
  const { clamp, low, high, ...scale } = data.target, [least, greatest] = clamp ? [low, high].map((x) => (x - scale.centre) / scale.width + scale.shift) : [-Infinity, Infinity];
  rows.forEach((row, i) => {
    first += w(row) * (targets[row * nOut]! - Math.min(Math.max(outputs[i * nOut]!, least!), greatest!)) ** 2;
    second += w(row) * (targets[row * nOut]! - mean) ** 2;
  });
  return second > 0 ? 1 - first / second : NaN;
}
