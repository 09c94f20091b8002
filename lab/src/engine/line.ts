// The best line through the inputs: what a network that learns numbers begins with, drawn among random weights, and how far it leaves
// that in the end. deltaw.models.fitting.trainings.linear_start and .shrinkage.
import { ACTIVATIONS } from './activations.ts';
import { some } from './division.ts';
import { part } from './inputs.ts';
import type { Data, LayerSpec, Settings, Weights } from './types.ts';

/** w·x + b. */
export interface Line {
  w: Float64Array;
  b: number;
}

const SHARE = 8, FEWEST = 2; // units of a layer for a pair; pairs that are worth it
const MOST_ROWS = 8_192, MOST_INPUTS = 512; // deltaw draws it through 1,024, which would hold a page up for ten seconds
const STRENGTHS = Array.from({ length: 15 }, (_, i) => 10 ** (i / 2 - 3));
const DIGITS = 1e6, LEAST = 1e-9;
const SMALL = 0.5; // where f(s y) − f(−s y) bends little
const FAR = 8, NEARLY = 0.01; // deviations of the target up to which it is so nearly a line
const STEPS = Array.from({ length: 10 }, (_, k) => 2 ** -(k + 1));

const pairsOf = (layers: LayerSpec[]): number => Math.floor(Math.min(...layers.slice(0, -1).map(({ units }) => units)) / SHARE);

/** The line of some rows; null where the settings want none, or there is no room for it. */
export function lineOf({ inputs, targets, weight, nIn, nOut }: Data, { layers, fromLine, init }: Settings, trained: Int32Array): Line | null {
  const pairs = pairsOf(layers);
  if (!fromLine || init || nOut > 1 || nIn > MOST_INPUTS || layers.at(-1)!.activation !== 'identity' || !(pairs >= FEWEST && pairs < Infinity)) return null;
  const rows = some(trained, MOST_ROWS), n = rows.length, shares = Float64Array.from(rows, (row) => weight?.[row] ?? 1), whole = shares.reduce((a, b) => a + b, 0);
  const G = Array.from({ length: nIn }, () => new Float64Array(nIn)), along = new Float64Array(nIn), centre = new Float64Array(nIn);
  let mean = 0, squares = 0;
  rows.forEach((row, i) => {
    const x = part(inputs, row * nIn, (row + 1) * nIn), t = targets[row]!, share = shares[i]! / whole, there = Int32Array.from(x.keys()).filter((k) => x[k] !== 0);
    mean += share * t, squares += share * t * t;
    for (let at = 0; at < there.length; ++at) {
      const k = there[at]!, own = G[k]!, scaled = share * x[k]!;
      centre[k]! += scaled, along[k]! += scaled * t;
      for (let before = 0; before <= at; ++before) own[there[before]!]! += scaled * x[there[before]!]!;
    }
  });
  G.forEach((own, k) => { for (let j = 0; j <= k; ++j) G[j]![k] = own[j] = n * (own[j]! - centre[k]! * centre[j]!); });
  const w = ridge(G, along.map((sum, k) => n * (sum - centre[k]! * mean)), n * (squares - mean * mean), n);
  return { w: w.map(rounded), b: rounded(mean - w.reduce((sum, each, k) => sum + each * centre[k]!, 0)) };
}
const rounded = (x: number): number => Math.round(x * DIGITS) / DIGITS;

/**
 * w with (G + λ) w = b, by the λ that generalised cross-validation chooses; of n rows, the squares of whose answers add up to `whole`.
 *
 * G = Q T Qᵀ by Householder's reflections, T tridiagonal: for each λ all that is asked takes k steps. G is used up.
 */
function ridge(G: Float64Array[], b: Float64Array, whole: number, n: number): Float64Array {
  const k = b.length, beside = new Float64Array(k), c = b.slice();
  const reflected = (x: Float64Array, i: number): void => {
    const v = G[i]!;
    let dot = 0;
    for (let j = i + 1; j < k; ++j) dot += v[j]! * x[j]!;
    for (let j = i + 1; j < k; ++j) x[j]! -= dot * v[j]!;
  };
  for (let i = 0; i + 2 < k; ++i) {
    const v = G[i]!, length = Math.hypot(...v.subarray(i + 1));
    beside[i] = v[i + 1]! > 0 ? -length : length;
    v[i + 1]! -= beside[i]!;
    const size = Math.hypot(...v.subarray(i + 1)) / Math.SQRT2 || 1;
    for (let j = i + 1; j < k; ++j) v[j]! /= size; // I − v vᵀ reflects
    const p = new Float64Array(k);
    let half = 0;
    for (let r = i + 1; r < k; ++r) for (let j = i + 1; j < k; ++j) p[r]! += G[r]![j]! * v[j]!;
    for (let j = i + 1; j < k; ++j) half += (p[j]! * v[j]!) / 2;
    for (let j = i + 1; j < k; ++j) p[j]! -= half * v[j]!;
    for (let r = i + 1; r < k; ++r) for (let j = i + 1; j < k; ++j) G[r]![j]! -= v[r]! * p[j]! + p[r]! * v[j]!;
    reflected(c, i);
  }
  if (k > 1) beside[k - 2] = G[k - 2]![k - 1]!;
  /** (T + λ)⁻¹ c, and what is left by that, over the square of the share of rows that is not used up. */
  const solved = (strength: number): { x: Float64Array; left: number } => {
    const x = c.slice(), pivots = new Float64Array(k);
    let trace = 0, slope = 1; // d ln det (T + λ) / dλ; of the last pivot
    for (let i = 0; i < k; ++i) {
      const share = i ? beside[i - 1]! / pivots[i - 1]! : 0;
      pivots[i] = G[i]![i]! + strength - (i && share * beside[i - 1]!);
      if (i) x[i]! -= share * x[i - 1]!;
      trace += (slope = 1 + share * share * (i ? slope : 0)) / pivots[i]!;
    }
    for (let i = k - 1; i >= 0; --i) x[i] = (x[i]! - (i + 1 < k ? beside[i]! * x[i + 1]! : 0)) / pivots[i]!;
    const rest = x.reduce((sum, each, i) => sum - each * (c[i]! + strength * each), whole), free = n - 1 - k + strength * trace;
    return { x, left: Math.max(rest, 0) / Math.max(free / n, LEAST) ** 2 };
  };
  const { x } = STRENGTHS.map(solved).reduce((best, each) => (each.left < best.left ? each : best));
  for (let i = k - 3; i >= 0; --i) reflected(x, i);
  return x;
}

const swing = ({ activation }: LayerSpec, y: number): number => ACTIVATIONS[activation]!.f(y) - ACTIVATIONS[activation]!.f(-y);

/** Let the first pairs of units of each layer carry the line, and the last layer nothing else. What they carry is multiplied by `small`. */
function drawInto({ weights, biases }: Weights, { w, b }: Line, { layers, bias }: Settings, pairs: number, small: number): void {
  layers.forEach(({ units }, l) => {
    const W = weights[l]!, nIn = W.length / units, last = l === layers.length - 1;
    for (let u = 0; u < (last ? 1 : 2 * pairs); ++u) {
      const sign = u % 2 ? -1 : 1, own = W.subarray(u * nIn, (u + 1) * nIn), each = sign * (last ? 1 : small);
      own.forEach((_, k) => (own[k] = l === 0 ? each * w[k]! : k < 2 * pairs ? ((k % 2 ? -1 : 1) * each) / (pairs * swing(layers[l - 1]!, small)) : 0));
      biases[l]![u] = l === 0 && bias ? each * b : 0;
    }
  });
}
export function withLine(drawn: Weights, data: Data, settings: Settings, trained: Int32Array): Weights {
  const line = lineOf(data, settings, trained);
  if (line) drawInto(drawn, line, settings, pairsOf(settings.layers), SMALL);
  return drawn;
}

/** c times the network and 1 − c times the line as one network, of two units more in each hidden layer, the first; null where no such units are nearly a line. */
export function mixed(now: Weights, settings: Settings, line: Line, c: number): { layers: LayerSpec[]; now: Weights } | null {
  const hidden = settings.layers.slice(0, -1);
  const isLine = (each: LayerSpec, s: number): boolean => Math.abs(swing(each, FAR * s) - FAR * swing(each, s)) <= NEARLY * FAR * Math.abs(swing(each, s)) && swing(each, s) !== 0;
  const small = STEPS.find((s) => hidden.every((each) => isLine(each, s)));
  if (!small) return null;
  const layers = settings.layers.map((each, l) => ({ ...each, units: each.units + (l < hidden.length ? 2 : 0) }));
  const wider = (l: number): number => (l ? layers[l - 1]!.units : line.w.length);
  const made: Weights = { weights: layers.map(({ units }, l) => new Float32Array(units * wider(l))), biases: layers.map(({ units }) => new Float32Array(units)) };
  drawInto(made, line, { ...settings, layers }, 1, small);
  layers.forEach(({ units }, l) => {
    const last = l === hidden.length, first = last ? 0 : 2, nIn = wider(l), skip = l ? 2 : 0, W = made.weights[l]!;
    if (last) W.forEach((each, k) => (W[k] = (1 - c) * each));
    for (let u = first; u < units; ++u) {
      for (let k = skip; k < nIn; ++k) W[u * nIn + k]! += (last ? c : 1) * now.weights[l]![(u - first) * (nIn - skip) + k - skip]!;
      made.biases[l]![u]! += (last ? c : 1) * now.biases[l]![u - first]!;
    }
  });
  return { layers, now: made };
}

/** Whether the first two units of each hidden layer carry a line and nothing else: a step moves them apart. */
export const isMixture = ({ weights }: Weights, layers: LayerSpec[]): boolean =>
  layers.length > 1 && layers.slice(0, -1).every(({ units }, l) => {
    const W = weights[l]!, nIn = W.length / units;
    return units > 2 && W.subarray(0, nIn).every((each, k) => W[nIn + k] === -each && (l === 0 || k < 2 || each === 0));
  });
