// A network in the core, and the rows that it learns from: what deltaw.engines.native is in Python.
import type { Address, Core } from './core.ts';
import { ACTIVATION_NAMES, flatBelow } from './activations.ts';
import { countOf, gather, gathered, part as partOf, write, type Inputs } from './inputs.ts';
import { drawn } from './random.ts';
import { lossName } from './losses.ts';
import { initFor, initializer, lossSettings, optimizer, unknown } from './specs.ts';
import { Refusal, said } from '../said.ts';
import type { Data, LayerHealth, Settings, Weights } from './types.ts';

const MOST_WEIGHTS = 20_000_000; // with the optimiser's state and copies to look at, a page's memory
const MOSTLY = 0.6; // as deltaw.engines.native: one row at a time is trained by the others alone

/** What a part of the data's rows is for the core. */
interface Rows {
  at: Address;
  arrays: Address[];
  count: number;
}

/** How much rows count, their mean 1: deltaw's `mean_one`. */
export function meanOne(weight: Float32Array): Float32Array {
  const most = weight.reduce((a, b) => Math.max(a, b), 0);
  const share = Float64Array.from(weight, (w) => w / most);
  const sum = share.reduce((a, b) => a + b, 0);
  return Float32Array.from(share, (w) => w * (weight.length / sum));
}

/** The commonest number of the rows and its share, by a sample spread over all. */
function commonest(data: Data, rows: Int32Array): [number, number] {
  const every = Math.max(1, Math.floor(rows.length / 32)), counts = new Map<number, number>();
  const sample = rows.filter((_, i) => i % every === 0).slice(0, 64);
  for (const row of sample)
    for (const each of partOf(data.inputs, row * data.nIn, (row + 1) * data.nIn)) {
      const x = each + 0; // −0 is 0
      counts.set(x, (counts.get(x) ?? 0) + 1);
    }
  const [top, count] = [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
  return [top, count / (sample.length * data.nIn)];
}

/** Layers as (n_in, n_out). */
export const shapes = (data: Data, settings: Settings): [number, number][] =>
  settings.layers.map(({ units }, l) => [l ? settings.layers[l - 1]!.units : data.nIn, units]);

const MANY_CLASSES = 4, LARGER = 3;
/** Which inputs are numbers that have bins beside them. */
function besideBins({ preparation: { steps } }: Data): number[] {
  const widths = steps.map(({ features }) => features.length), first = (i: number): number => widths.slice(0, i).reduce((a, b) => a + b, 0);
  return steps.flatMap(({ edges }, i) => ((edges as number[] | undefined)?.length ? [first(i)] : []));
}
/** The initial weights that deltaw.Network draws for the same seed, of numbers beside bins larger where there are many classes:
 * deltaw.models.fitting.deciding.plans. */
export function initialWeights(core: Core, data: Data, settings: Settings): Weights {
  const sizes = shapes(data, settings), larger = settings.init === null && data.target.classes.length >= MANY_CLASSES ? besideBins(data) : [];
  return drawn(core, settings.seed, (random) => ({
    weights: sizes.map(([nIn, nOut], l) => {
      const drawn = initializer(settings.init ?? initFor(settings.layers[l]!.activation))(random, nOut, nIn);
      if (l === 0) for (const k of larger) for (let j = 0; j < nOut; ++j) drawn[j * nIn + k]! *= LARGER;
      return new Float32Array(drawn);
    }),
    biases: sizes.map(([, nOut]) => new Float32Array(nOut)),
  }));
}

export class Machine {
  readonly core: Core;
  readonly settings: Settings;
  readonly part: Int32Array;
  readonly sizes: [number, number][];
  readonly batch: number;
  readonly slots: number;
  /** Whether rows are trained by their other numbers alone, around one that is not 0: then a run is kept at the ends of epochs only. */
  readonly apart: boolean;
  private run: Address;
  private rows: Rows;
  private alphas: Address = 0;
  private room = 0; // steps that fit there
  private shown: Address = 0; // where a layer's weights are written for `read`

  constructor(core: Core, data: Data, settings: Settings, part: Int32Array) {
    this.core = core, this.settings = settings, this.part = part;
    const own = optimizer(settings.optimizer), loss = lossName(settings.loss);
    const other = settings.layers.find(({ activation }) => !ACTIVATION_NAMES.includes(activation));
    if (other) throw unknown(other.activation, ACTIVATION_NAMES, 'activation');
    this.sizes = shapes(data, settings);
    const n = this.sizes.reduce((sum, [nIn, nOut]) => sum + nIn * nOut, 0);
    if (n > MOST_WEIGHTS) throw new Refusal('expected at most {most:,} weights in a page', said('{n:,}', { n }), 'take fewer units', { most: MOST_WEIGHTS });
    this.batch = Math.min(settings.batch, part.length);
    const one = this.batch === 1 && own.name === 'sgd';
    const [common, share] = one ? commonest(data, part) : [0, 0];
    const sparse = one && share > MOSTLY;
    const plain = settings.l2 === 0 && settings.maxGradNorm === null;
    this.apart = sparse && common !== 0 && plain;

    const weight = data.weight && new Float32Array(data.rows);
    if (weight) meanOne(gathered(data.weight!, 1, part)).forEach((w, i) => (weight[part[i]!] = w));
    this.rows = this.lay(data.inputs, null, data.targets, weight, settings.labelSmoothing, sparse ? common : null);

    const hidden = settings.dropout > 0 ? this.sizes.slice(1).map(() => settings.dropout) : [];
    const parameters = lossSettings(settings.loss);
    if (parameters.length > 1 && parameters.length !== data.nOut) throw new Refusal('{what}: expected one setting, or one for each output', String(parameters.length), 'correct it', { what: 'loss' });
    const random = drawn(core, settings.seed, (each) => each.key());
    const names = [loss, own.name, ...settings.layers.map((layer) => layer.activation)].join('\0') + '\0';
    const numbers = [
      this.batch, Number(settings.backward === 'notes'), settings.l2, settings.maxGradNorm ?? 0, ...random,
      own.momentum, own.beta1, own.beta2, own.rho, own.epsilon,
      hidden.length, ...hidden, parameters.length, ...parameters,
    ];
    const sizes = Int32Array.from(this.sizes.flatMap(([nIn, nOut]) => [nIn, nOut, Number(settings.bias)]));
    this.run = core.lend([new TextEncoder().encode(names), sizes, Float64Array.from(numbers)], (...at) =>
      core.call.run_new(this.sizes.length, at[0]!, at[1]!, at[2]!),
    );
    core.lend([part], (at) => core.call.run_on(this.run, this.rows.at, at, part.length, Number(settings.shuffle)));
    drawn(core, settings.seed, (each) => {
      each.key(); // the masks', drawn first
      core.call.run_seed(this.run, each.at);
    });
    this.slots = core.call.slots(this.run);
  }

  close(): void {
    this.core.call.run_free(this.run);
    this.remove(this.rows);
    [this.alphas, this.shown].filter(Boolean).forEach((each) => this.core.call.release(each));
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.part.length / this.batch);
  }
  get stepOfEpoch(): number {
    return this.core.call.steps_of_epoch(this.run);
  }

  /** Rows for the core's functions: prepared inputs, all of them or some, and targets where there are any. */
  private lay(X: Inputs, rows: Int32Array | null, T: Float32Array | null, weight: Float32Array | null, smoothing: number, common: number | null): Rows {
    const [nIn, nOut] = [this.sizes[0]![0], this.sizes.at(-1)![1]];
    const count = rows?.length ?? countOf(X) / nIn, inputs = this.core.room(Float32Array, count * nIn);
    const there = this.core.view(Float32Array, inputs, count * nIn);
    if (rows) gather(X, nIn, rows, there);
    else write(X, there);
    const arrays = [inputs, ...[T, weight].map((each) => (each ? this.core.put(each) : 0))] as [Address, Address, Address];
    const alone = Number(lossName(this.settings.loss) === 'binary_cross_entropy');
    const at = this.core.call.data_new(count, nIn, nOut, ...arrays, smoothing, alone, Number(common !== null), common ?? 0);
    return { at, arrays, count };
  }
  private remove(rows: Rows): void {
    this.core.call.data_free(rows.at);
    rows.arrays.filter(Boolean).forEach((each) => this.core.call.release(each));
  }
  /** Some of the data's rows for looking at. */
  some(data: Data, rows: Int32Array, smoothing: number): Rows {
    const weight = data.weight && meanOne(gathered(data.weight, 1, rows));
    return this.lay(data.inputs, rows, gathered(data.targets, data.nOut, rows), weight, smoothing, null);
  }
  forget(rows: Rows): void {
    this.remove(rows);
  }

  /** Steps with α, decay and dropout's factor of each; the number made is negative where a number broke in the last of them. */
  advance(first: number, pace: { alpha: Float64Array; decay: Float64Array; dropout: Float64Array }): number {
    const steps = pace.alpha.length;
    if (steps > this.room) {
      if (this.room) this.core.call.release(this.alphas);
      this.alphas = this.core.room(Float64Array, 3 * steps);
      this.room = steps;
    }
    const places = [0, 1, 2].map((i) => this.alphas + 8 * steps * i) as [Address, Address, Address];
    [pace.alpha, pace.decay, pace.dropout].forEach((each, i) => this.core.view(Float64Array, places[i]!, steps).set(each));
    return this.core.call.advance(this.run, steps, first, ...places);
  }
  /** E of each epoch that ended since this was asked last. */
  epochErrors(): Float64Array {
    const count = this.core.call.epochs_ended(this.run);
    const found = this.core.view(Float64Array, this.core.call.epoch_errors(this.run), count).slice();
    this.core.call.forget_epochs(this.run);
    return found;
  }
  endEpoch(): void {
    this.core.call.end_epoch(this.run);
  }

  /** Slot −1: the weights; 0 and 1: the optimiser's state. */
  read(slot = -1): Weights {
    const weights: Float32Array[] = [], biases: Float32Array[] = [];
    this.shown ||= this.core.room(Float32Array, Math.max(...this.sizes.map(([nIn, nOut]) => nOut * (nIn + 1))));
    this.sizes.forEach(([nIn, nOut], l) => {
      const b = this.shown + 4 * nOut * nIn;
      this.core.call.read(this.run, l, slot, this.shown, b);
      weights.push(this.core.view(Float32Array, this.shown, nOut * nIn).slice());
      biases.push(this.core.view(Float32Array, b, nOut).slice());
    });
    return { weights, biases };
  }
  write({ weights, biases }: Weights, slot = -1): void {
    this.sizes.forEach((_, l) =>
      this.core.lend([weights[l]!, biases[l]!], (W, b) => this.core.call.write(this.run, l, slot, W, b)),
    );
  }

  /** How many bytes `keep` gives. */
  get bytes(): number {
    return this.core.call.kept_bytes(this.run);
  }
  /** All that changes, to go on from; in the middle of an epoch not for a run that is `apart`. */
  keep(): Uint8Array {
    return this.core.filled(Uint8Array, this.bytes, (at) => this.core.call.keep(this.run, at));
  }
  restore(kept: Uint8Array): void {
    this.core.lend([kept], (at) => this.core.call.restore(this.run, at));
  }
  /** Before it is kept for another machine. */
  settle(): void {
    this.core.call.settle(this.run);
  }
  /** Mean E over rows, and their outputs. */
  evaluate(rows: Rows): { error: number; outputs: Float32Array } {
    let error = NaN;
    const outputs = this.core.filled(Float32Array, rows.count * this.sizes.at(-1)![1], (out) => {
      error = this.core.call.evaluate(this.run, rows.at, out);
    });
    return { error, outputs };
  }
  /** n × nOut outputs of prepared rows. */
  predict(X: Float32Array): Float32Array {
    const rows = this.lay(X, null, null, null, 0, null);
    try {
      return this.evaluate(rows).outputs;
    } finally {
      this.remove(rows);
    }
  }
  /** Of each layer n × units outputs of prepared rows. */
  units(X: Float32Array, n: number): Float32Array[] {
    const { call } = this.core, nIn = this.sizes[0]![0], most = call.most_units_rows();
    const made = this.sizes.map(([, units]) => new Float32Array(n * units));
    const width = this.sizes.reduce((sum, [, units]) => sum + units, 0);
    const out = this.core.room(Float32Array, most * width);
    try {
      this.core.lend([X], (at) => {
        for (let first = 0; first < n; first += most) {
          const rows = Math.min(most, n - first);
          call.units(this.run, at + 4 * first * nIn, rows, out);
          let from = out;
          this.sizes.forEach(([, units], l) => {
            made[l]!.set(this.core.view(Float32Array, from, rows * units), first * units);
            from += 4 * rows * units;
          });
        }
      });
    } finally {
      call.release(out);
    }
    return made;
  }
  /** The layers from inside, at some rows. */
  look(rows: Rows): LayerHealth[] {
    const flat = Float64Array.from(this.settings.layers, ({ activation }) => flatBelow(activation) || 0);
    const found = this.core.filled(Float64Array, 5 * this.sizes.length, (to) =>
      this.core.lend([flat], (below) => this.core.call.look(this.run, rows.at, below, to)),
    );
    return this.sizes.map(([, units], l) => {
      const [signals, dead, gradient, update, weight] = found.subarray(5 * l, 5 * l + 5) as unknown as [number, number, number, number, number];
      const none = Number.isNaN(flatBelow(this.settings.layers[l]!.activation));
      return { saturated: none ? NaN : signals / (rows.count * units), dead, gradient, update, weight };
    });
  }
}
