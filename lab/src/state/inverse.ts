// From an answer back to its inputs, in double precision on the page: which pixels spoke for it, and what picture the
// network would say yes to. Ways back are ∂o/∂x by the chain rule, layer by layer.

import type { Settings, Weights } from '../engine/types';
import { chain, outputs } from '../engine/activations';

interface Passed { z: Float64Array[]; o: Float64Array[] }

/** The signals of one row, forward. */
export function forward(settings: Settings, { weights, biases }: Weights, x: ArrayLike<number>): Passed {
  let a: ArrayLike<number> = x;
  const z: Float64Array[] = [];
  const o: Float64Array[] = [];
  weights.forEach((W, l) => {
    const n = a.length;
    const sums = Float64Array.from(biases[l]);
    for (let j = 0, at = 0; j < sums.length; j++) for (let k = 0; k < n; k++, at++) sums[j] += W[at] * a[k];
    z.push(sums);
    o.push(outputs(settings.layers[l].activation, sums));
    a = o[l];
  });
  return { z, o };
}

/** ∂/∂x of Σ seed · z of the output layer: the sum before the last activation says most about what speaks for an answer. */
function slopeOfInputs(settings: Settings, { weights }: Weights, passed: Passed, seed: Float64Array, nIn: number): Float64Array {
  let delta = seed;
  for (let l = weights.length - 1; ; l--) {
    const n = l ? passed.o[l - 1].length : nIn;
    const back = new Float64Array(n);
    for (let j = 0, at = 0; j < delta.length; j++) for (let k = 0; k < n; k++, at++) back[k] += weights[l][at] * delta[j];
    if (l === 0) return back;
    delta = chain(settings.layers[l - 1].activation, back, passed.z[l - 1], passed.o[l - 1]);
  }
}

/** What each input adds to the answer's z, against an input of `base`: gradient times input, +for and −against it. */
export function spoke(settings: Settings, weights: Weights, x: ArrayLike<number>, answer: number, base = 0): Float64Array {
  const passed = forward(settings, weights, x);
  const seed = new Float64Array(passed.z.at(-1)!.length);
  seed[answer] = 1;
  return slopeOfInputs(settings, weights, passed, seed, x.length).map((g, k) => g * (x[k] - base));
}

/** One step uphill from a picture, towards more of an answer: smoothed a little, and kept within the inputs' limits. */
export function dream(settings: Settings, weights: Weights, x: Float64Array, answer: number, width: number, low: number, high: number): Float64Array {
  const passed = forward(settings, weights, x);
  const out = passed.o.at(-1)!;
  const seed = out.map((o, k) => (k === answer ? 1 - o : -o / Math.max(1, out.length - 1)));
  const g = slopeOfInputs(settings, weights, passed, seed, x.length);
  const size = Math.max(1e-12, Math.max(...g.map(Math.abs)));
  const stepped = x.map((v, k) => v + (0.08 * (high - low) * g[k]) / size - 0.01 * (v - low));
  return blurred(stepped, width, 0.06).map((v) => Math.max(low, Math.min(high, v)));
}

function blurred(x: Float64Array, width: number, share: number): Float64Array {
  const height = x.length / width;
  return x.map((v, i) => {
    const [r, c] = [Math.floor(i / width), i % width];
    let sum = 0;
    let n = 0;
    for (const [dr, dc] of [[0, 1], [1, 0], [0, -1], [-1, 0]]) {
      if (r + dr < 0 || r + dr >= height || c + dc < 0 || c + dc >= width) continue;
      sum += x[(r + dr) * width + c + dc];
      n++;
    }
    return (1 - share) * v + (share * sum) / n;
  });
}
