// How what is kept of a run lies: its place in the epoch, then of each layer the weights and the optimiser's state, as native/layer.hpp has
// them: groups of units, for each input (and last for the bias) the weights of a group's units.
const LANES = 4; // units of a group: simd.hpp's VL

export type Sizes = readonly (readonly [number, number])[];

const floatsOf = (sizes: Sizes): number[] => sizes.map(([nIn, nOut]) => LANES * Math.ceil(nOut / LANES) * (nIn + 1));
const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The same for an optimiser of another number of slots: its state is zeros. */
export function translated(kept: Uint8Array, sizes: Sizes, from: number, to: number): Uint8Array {
  const floats = floatsOf(sizes), head = kept.length - 4 * sum(floats) * (1 + from);
  const made = new Uint8Array(head + 4 * sum(floats) * (1 + to));
  made.set(kept.subarray(0, head));
  let read = head, write = head;
  for (const each of floats) {
    made.set(kept.subarray(read, read + 4 * each), write);
    (read += 4 * each * (1 + from)), (write += 4 * each * (1 + to));
  }
  return made;
}

/** One weight of it; k = −1: the bias. */
export function weightIn(kept: Uint8Array, sizes: Sizes, slots: number, layer: number, j: number, k: number): number {
  const floats = floatsOf(sizes), head = kept.length - 4 * sum(floats) * (1 + slots), nIn = sizes[layer]![0];
  const before = sum(floats.slice(0, layer)) * (1 + slots);
  const at = Math.floor(j / LANES) * LANES * (nIn + 1) + (k < 0 ? nIn : k) * LANES + (j % LANES);
  return new DataView(kept.buffer, kept.byteOffset).getFloat32(head + 4 * (before + at), true);
}
