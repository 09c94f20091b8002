// Prepared inputs, row after row. Those of few different numbers, as of pixels, stay places in a list of these: a quarter to
// unpack, to hand over and to keep.
import type { Weights } from './types.ts';

export interface Few {
  places: Uint8Array;
  values: Float32Array; // at most 256
}
export type Inputs = Float32Array | Few;

const areFew = (inputs: Inputs): inputs is Few => !(inputs instanceof Float32Array);

export const countOf = (inputs: Inputs): number => (areFew(inputs) ? inputs.places : inputs).length;
export const at = (inputs: Inputs, i: number): number => (areFew(inputs) ? inputs.values[inputs.places[i]!]! : inputs[i]!);

/** All of them into `out`, which is as long. */
export function write(inputs: Inputs, out: Float32Array): Float32Array {
  if (areFew(inputs)) {
    const { places, values } = inputs;
    for (let i = 0; i < places.length; ++i) out[i] = values[places[i]!]!;
  } else out.set(inputs);
  return out;
}
/** From one place to another: a view, where there is memory to look at. */
export function part(inputs: Inputs, from: number, to: number): Float32Array {
  const found = within(inputs, from, to);
  return areFew(found) ? write(found, new Float32Array(to - from)) : found;
}
const within = (inputs: Inputs, from: number, to: number): Inputs => (areFew(inputs) ? { ...inputs, places: inputs.places.subarray(from, to) } : inputs.subarray(from, to));
/** Some rows of a matrix, one after another, into `out`. */
export function gather(matrix: Inputs, width: number, rows: Int32Array, out: Float32Array): Float32Array {
  rows.forEach((row, i) => write(within(matrix, row * width, (row + 1) * width), out.subarray(i * width, (i + 1) * width)));
  return out;
}
export const gathered = (matrix: Inputs, width: number, rows: Int32Array): Float32Array => gather(matrix, width, rows, new Float32Array(rows.length * width));
const AT_ONCE = 2 ** 22; // numbers that are copied before the page goes on
/** The same in memory of its own. */
export async function copied(inputs: Inputs): Promise<Inputs> {
  const all = areFew(inputs) ? inputs.places : inputs, own = areFew(inputs) ? new Uint8Array(all.length) : new Float32Array(all.length);
  for (let at = 0; at < all.length; at += AT_ONCE) {
    if (at) await new Promise((done) => setTimeout(done));
    own.set(all.subarray(at, at + AT_ONCE), at);
  }
  return areFew(inputs) ? { places: own as Uint8Array, values: inputs.values.slice() } : (own as Float32Array);
}
/** Where they lie. */
export const arrays = (inputs: Inputs): (Float32Array | Uint8Array)[] => (areFew(inputs) ? [inputs.places, inputs.values] : [inputs]);
/** Numbers among which the least and the greatest are. */
export const among = (inputs: Inputs): Float32Array => (areFew(inputs) ? inputs.values : inputs);

/** Weights layer by layer, W then b, in one array. */
export function flat({ weights, biases }: Weights): Float32Array<ArrayBuffer> {
  const all = weights.flatMap((W, l) => [W, biases[l]!]), found = new Float32Array(all.reduce((n, each) => n + each.length, 0));
  all.reduce((at, each) => (found.set(each, at), at + each.length), 0);
  return found;
}
