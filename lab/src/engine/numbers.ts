// Every number of one row's way forward and back, by the equations of deltaw.equations.backprop in double precision, from the weights as
// they are: what the core does in float32, to be read. For learning that one row alone would cause.
import { chain, outputs, slopes } from './activations.ts';
import { part } from './inputs.ts';
import { outputError, smoothed } from './losses.ts';
import { OPTIMIZER_NAMES, optimizer, type Optimizer } from './specs.ts';
import type { Data, LinkNumbers, RowNumbers, Settings, Weights } from './types.ts';

type Array = Float64Array;

/** What the numbers are seen through: the weights now, the optimiser's state, α and decay of the next step, its number t. */
export interface Lens {
  data: Data;
  settings: Settings;
  now: Weights;
  slots: Weights[];
  alpha: number;
  decay: number;
  t: number;
  row: number | Float32Array;
}

// --- what becomes of a gradient g, element by element: deltaw.equations.optimizers ------------------------------------

type Step = (g: number, state: number[], own: Optimizer, alpha: number, t: number) => number;
const momentum: Step = (g, [v], { momentum: mu }, alpha) => mu * v! - alpha * g;
const adam: Step = (g, [m, v], { beta1, beta2, epsilon }, alpha, t) => {
  const mHat = (beta1 * m! + (1 - beta1) * g) / (1 - beta1 ** t), vHat = (beta2 * v! + (1 - beta2) * g * g) / (1 - beta2 ** t);
  return (-alpha * mHat) / (Math.sqrt(vHat) + epsilon);
};
const STEPS: Record<string, Step> = {
  sgd: (g, _, __, alpha) => -alpha * g,
  momentum,
  nesterov: (g, state, own, alpha, t) => own.momentum * momentum(g, state, own, alpha, t) - alpha * g,
  adam,
  adamw: adam,
  rmsprop: (g, [s], { rho, epsilon }, alpha) => (-alpha * g) / (Math.sqrt(rho * s! + (1 - rho) * g * g) + epsilon),
  adagrad: (g, [s], { epsilon }, alpha) => (-alpha * g) / (Math.sqrt(s! + g * g) + epsilon),
};

// --- products: W is (n_out × n_in), row after row -----------------------------------------------------------------------

const double = (a: Float32Array): Array => Float64Array.from(a);
const product = (W: Array, x: Array, b: Array): Array =>
  b.map((start, j) => {
    let sum = start;
    for (let k = 0; k < x.length; ++k) sum += W[j * x.length + k]! * x[k]!;
    return sum;
  });
const back = (W: Array, from: Array, nIn: number): Array => {
  const sent = new Float64Array(nIn);
  from.forEach((each, j) => {
    for (let k = 0; k < nIn; ++k) sent[k]! += W[j * nIn + k]! * each;
  });
  return sent;
};
const outer = (delta: Array, a: Array): Array => Float64Array.from({ length: delta.length * a.length }, (_, i) => delta[Math.floor(i / a.length)]! * a[i % a.length]!);
const negated = (a: Array): Array => a.map((x) => 0 - x);

interface Forward {
  a: Array[]; // a[0] is the input
  z: Array[];
  o: Array[];
  W: Array[];
}

function forward({ settings, now }: Lens, x: Array): Forward {
  const found: Forward = { a: [x], z: [], o: [], W: now.weights.map(double) };
  settings.layers.forEach(({ activation }, l) => {
    const z = product(found.W[l]!, found.a[l]!, double(now.biases[l]!));
    found.z.push(z), found.o.push(outputs(activation, z));
    found.a.push(found.o[l]!);
  });
  return found;
}

export function rowNumbers(lens: Lens): RowNumbers {
  const { data, settings, row } = lens, { nIn, nOut } = data, last = settings.layers.length - 1;
  const own = typeof row === 'number';
  const x = double(own ? part(data.inputs, row * nIn, (row + 1) * nIn) : row);
  const { a, z, o, W } = forward(lens, x);
  const slope = settings.layers.map(({ activation }, l) => slopes(activation, z[l]!, o[l]!));
  const none = { t: null, E: NaN, e: new Float64Array(), splitBack: [], gradientBack: [], delta: [], dEdW: [], dEdb: [], deltaW: [], deltaB: [] };
  if (!own) return { x, z, o, slope, ...none };

  const t = smoothed(settings.loss, double(data.targets.subarray(row * nOut, (row + 1) * nOut)), settings.labelSmoothing);
  const end = outputError(settings.layers[last]!.activation, settings.loss, z[last]!, o[last]!, t);
  const gradientBack = [end.sent], splitBack = [negated(end.sent)];
  const byGradient = [end.delta], byNotes = [end.delta];
  for (let l = last; l > 0; --l) {
    const { activation } = settings.layers[l - 1]!;
    gradientBack.unshift(back(W[l]!, byGradient[0]!, a[l]!.length));
    splitBack.unshift(back(W[l]!, splitBack[0]!, a[l]!.length));
    byGradient.unshift(chain(activation, gradientBack[0]!, z[l - 1]!, o[l - 1]!));
    byNotes.unshift(chain(activation, negated(splitBack[0]!), z[l - 1]!, o[l - 1]!));
  }
  const delta = settings.backward === 'notes' ? byNotes : byGradient;
  const dEdW = delta.map((each, l) => outer(each, a[l]!).map((g, i) => g + settings.l2 * W[l]![i]!));
  const dEdb = delta.map((each) => each.slice());
  return { x, t, E: end.E, z, o, slope, e: splitBack.at(-1)!, splitBack, gradientBack, delta, dEdW, dEdb, ...steps(lens, W, dEdW, dEdb) };
}

/** ΔW and Δb of the run's optimiser with the state that it has. */
function steps({ settings, slots, alpha, decay, t }: Lens, W: Array[], dEdW: Array[], dEdb: Array[]): Pick<RowNumbers, 'deltaW' | 'deltaB'> {
  const own = optimizer(settings.optimizer), step = STEPS[own.name]!;
  const trained = [...dEdW, ...(settings.bias ? dEdb : [])];
  const norm = Math.sqrt(trained.reduce((sum, g) => sum + g.reduce((s, x) => s + x * x, 0), 0));
  const scale = settings.maxGradNorm !== null && norm > settings.maxGradNorm ? settings.maxGradNorm / norm : 1;
  const state = (what: 'weights' | 'biases', l: number, i: number): number[] => slots.map((slot) => slot[what][l]![i]!);
  return {
    deltaW: dEdW.map((g, l) => g.map((each, i) => step(scale * each, state('weights', l, i), own, alpha, t) - alpha * decay * W[l]![i]!)),
    deltaB: dEdb.map((g, l) => g.map((each, i) => (settings.bias ? step(scale * each, state('biases', l, i), own, alpha, t) : 0))),
  };
}

export function link(lens: Lens, layer: number, j: number, k: number): LinkNumbers {
  const numbers = rowNumbers(lens), { now, settings, alpha } = lens, bias = k < 0;
  const nIn = layer ? settings.layers[layer - 1]!.units : lens.data.nIn, i = bias ? j : j * nIn + k;
  const from = bias ? 'biases' : 'weights', w = now[from][layer]![i]!;
  const a = bias ? 1 : layer ? numbers.o[layer - 1]![k]! : numbers.x[k]!;
  const sent = settings.backward === 'notes' ? negated(numbers.splitBack[layer]!) : numbers.gradientBack[layer]!;
  const delta = numbers.delta[layer]![j]!, dEdw = delta * a, g = dEdw + (bias ? 0 : settings.l2 * w);
  const running = optimizer(settings.optimizer).name;
  const wouldDo = (name: string): number => {
    if (name === running) return (bias ? numbers.deltaB : numbers.deltaW)[layer]![i]!;
    const own = optimizer(name);
    return STEPS[name]!(g, [0, 0], own, alpha, 1) - (bias ? 0 : alpha * own.decay * w);
  };
  return {
    w, a, z: numbers.z[layer]![j]!, o: numbers.o[layer]![j]!, slope: numbers.slope[layer]?.[j] ?? NaN, back: sent[j]!, delta, dEdw,
    deltaW: Object.fromEntries(OPTIMIZER_NAMES.map((name) => [name, wouldDo(name)])),
  };
}
