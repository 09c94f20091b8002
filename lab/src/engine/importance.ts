// Permutation importance: how much worse the score gets when the cells of one column are shuffled; deltaw.models.scoring.importance.
import type { Core } from './core.ts';
import { some } from './division.ts';
import { gathered } from './inputs.ts';
import { drawn } from './random.ts';
import { scoreOf, type Training } from './training.ts';

export const ROWS = 1_000, REPEATS = 5;

/** How much of the score each column's shuffled cells cost, one column after another; `widths`: how many inputs are made of each. */
export function* drops(core: Core, training: Training, widths: number[]): Generator<number> {
  const { data, parts: { heldOut, trained }, settings: { seed } } = training, { nIn } = data;
  const rows = some(heldOut.length ? heldOut : trained, ROWS), n = rows.length, whole = gathered(data.inputs, nIn, rows);
  const orders = Array.from({ length: REPEATS }, (_, i) => drawn(core, [seed, 3, i], (random) => random.permutation(n)));
  const score = (inputs: Float32Array): number => scoreOf(data, rows, training.predict(inputs)), before = score(whole);
  let from = 0;
  for (const width of widths) {
    const to = from + width, moved = whole.slice();
    const after = orders.reduce((sum, order) => {
      order.forEach((other, i) => moved.set(whole.subarray(other * nIn + from, other * nIn + to), i * nIn + from));
      return sum + score(moved);
    }, 0);
    yield before - after / REPEATS;
    from = to;
  }
}
