// How strong a network's answers are to be, by rows that it has not learnt from: deltaw.models.fitting.trainings.calibration and .shrinkage.
import { part } from './inputs.ts';
import { lineOf, mixed } from './line.ts';
import type { Machine } from './machine.ts';
import type { Calibrated, Data, Settings } from './types.ts';

const FEWEST_ROWS = 150; // learnt from: of fewer it is chance how far from the line
const STRONGEST = 4; // a factor, and one over it the weakest
const STEPS = 30, LONGEST = 0.3, NEAR = 1e-6; // of Newton's method, in ln f
const ALIKE = 0.5; // a row that is of all classes alike
const SMALLEST = 1e-30;

/** What rows held out, and what is answered for them, make of a network. */
export function calibrated(data: Data, settings: Settings, network: Machine, trained: Int32Array, heldOut: { rows: Int32Array; outputs: Float32Array } | null): Calibrated {
  const { labels, targets, weight, inputs, nIn, target } = data, found: Calibrated = { strength: 1, share: 1, mixture: null };
  if (!heldOut) return found;
  const { rows, outputs } = heldOut, counts = Float64Array.from(rows, (row) => weight?.[row] ?? 1), output = settings.layers.at(-1)!.activation;
  if (labels) return target.encoding === 'labels' && settings.loss === 'cross_entropy' && output === 'softmax' ? { ...found, strength: sharpness(outputs, Array.from(rows, (row) => labels[row]!), counts) } : found;
  const line = settings.loss === 'squared' && trained.length >= FEWEST_ROWS ? lineOf(data, settings, trained) : null;
  if (!line) return found;
  const along = Float64Array.from(rows, (row) => part(inputs, row * nIn, (row + 1) * nIn).reduce((sum, x, k) => sum + x * line.w[k]!, line.b));
  const share = shareOf(Array.from(rows, (row) => targets[row]!), along, outputs, counts), mixture = share < 1 ? mixed(network.read(), settings, line, share) : null;
  return mixture ? { ...found, share, mixture } : found;
}

/** The factor f = eᵃ before the softmax with the least cross-entropy, less what is chance of it; `shares`: n × K, of rows of these classes. */
export function sharpness(shares: Float32Array, labels: ArrayLike<number>, weight: ArrayLike<number>): number {
  const n = labels.length, K = shares.length / n, z = Float64Array.from(shares, (share) => Math.log(Math.max(share, SMALLEST)));
  for (let row = 0; row < n; ++row) {
    const own = z.subarray(row * K, (row + 1) * K), mean = own.reduce((a, b) => a + b, 0) / K;
    own.forEach((each, k) => (own[k] = each - mean));
  }
  let a = 0, error = 0;
  for (let step = 1, i = 0; i < STEPS && Math.abs(step) >= NEAR; ++i) {
    const f = Math.exp(a);
    let slopes = 0, squares = 0, bend = 0;
    for (let row = 0; row < n; ++row) {
      const own = z.subarray(row * K, (row + 1) * K), top = Math.max(...own), w = weight[row]!;
      let all = 0, first = 0, second = 0;
      for (const each of own) {
        const share = Math.exp(f * (each - top));
        all += share, first += share * each, second += share * each * each;
      }
      const mean = first / all, slope = f * (mean - (own[labels[row]!]! * n) / (n + ALIKE));
      slopes += w * slope, squares += (w * slope) ** 2, bend += w * (second / all - mean * mean) * f * f;
    }
    bend = Math.max(bend, SMALLEST), error = Math.sqrt(squares) / bend;
    step = Math.min(Math.max(slopes / bend, -LONGEST), LONGEST);
    a = Math.min(Math.max(a - step, -Math.log(STRONGEST)), Math.log(STRONGEST));
  }
  return Math.exp(a && a * Math.max(0, 1 - (error / a) ** 2));
}

/** The share of the way from the line to the network, within 0 and 1, that leaves least of the targets. */
export function shareOf(targets: ArrayLike<number>, line: ArrayLike<number>, network: ArrayLike<number>, weight: ArrayLike<number>): number {
  let along = 0, squares = 0;
  for (let i = 0; i < targets.length; ++i) {
    const away = network[i]! - line[i]!;
    along += weight[i]! * (targets[i]! - line[i]!) * away, squares += weight[i]! * away * away;
  }
  return squares ? Math.min(Math.max(along / squares, 0), 1) : 1;
}
