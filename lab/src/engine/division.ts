// Who is held out: deltaw.models.rows.division's `split`, and rows spread evenly over others.
import { drawn } from './random.ts';
import type { Core } from './core.ts';

/** As Python rounds: halves to the even neighbour. */
export const rounded = (x: number): number => {
  const floor = Math.floor(x), rest = x - floor;
  return rest === 0.5 ? floor + (floor % 2) : Math.round(x);
};

export interface Parts {
  trained: Int32Array;
  heldOut: Int32Array;
}

/** n rows at random into two, ascending; with `labels` each class gives its share, within a row, and keeps one at least. */
export function split(core: Core, n: number, share: number, seed: number, labels: Int32Array | null): Parts {
  let order = [...drawn(core, seed, (random) => random.permutation(n))];
  if (labels) {
    order.sort((a, b) => labels[a]! - labels[b]!); // stable
    order = order.filter((row, i) => i > 0 && labels[order[i - 1]!] === labels[row]);
  } else order = order.slice(1);
  const count = Math.min(Math.max(rounded(n * share), share > 0 ? 1 : 0), order.length);
  const chosen = new Uint8Array(n);
  for (let i = 0; i < count; ++i) chosen[order[Math.trunc((i + 0.5) * (order.length / count))]!] = 1;
  return parts(chosen);
}

/** Rows that are marked, and the others. */
export function parts(heldOut: Uint8Array): Parts {
  const rows = Int32Array.from(heldOut.keys());
  return { trained: rows.filter((row) => !heldOut[row]), heldOut: rows.filter((row) => heldOut[row]) };
}

/** At most so many of the rows, spread evenly: deltaw's `Rows.some`. */
export function some(rows: Int32Array, most: number): Int32Array {
  const count = Math.min(most, rows.length), last = rows.length - 1;
  if (count === rows.length) return rows;
  const step = last / (count - 1);
  const places = Array.from({ length: count }, (_, i) => (i === count - 1 ? last : Math.trunc(i * step)));
  return Int32Array.from([...new Set(places)], (place) => rows[place]!);
}
