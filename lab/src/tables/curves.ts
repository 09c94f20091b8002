// Numbers whose answers draw a finer curve than their column's bins can follow get more bins: deltaw.preparation.columns.curves and .lines.
import { NO_BINS, fitEdges, position } from './scaling.ts';
import { ascending, mean } from './statistics.ts';

const DEVIATIONS = 5, WORTH = 0.1, FEWEST = 30, TWICE = 2, STEADY = 1e-9;
export const TOLD_BY = 20_000; // rows

/** What the rows with each of a column's numbers answer. */
interface Told {
  numbers: Float64Array; // ascending, each once
  rows: number[];
  means: number[];
}

/** The edges of at most so many bins where answers draw a curve between these; else these. `x`: NaN where missing; `answers`: in deviations. */
export function finer(x: Float64Array, answers: Float64Array, edges: number[], most: number): number[] {
  const every = Math.ceil(x.length / TOLD_BY), some = x.filter((_, row) => row % every === 0), sorted = ascending(some.filter((each) => !Number.isNaN(each)));
  const numbers = sorted.filter((each, i) => each !== sorted[i - 1]);
  if (numbers.length < FEWEST || most < TWICE * Math.max(edges.length - 1, 1)) return edges;
  const places = new Map([...numbers].map((each, g) => [each, g])), rows = Array<number>(numbers.length).fill(0), sums = rows.slice();
  some.forEach((each, i) => {
    const g = places.get(each);
    if (g !== undefined) ++rows[g]!, (sums[g]! += answers[i * every]!);
  });
  const told = { numbers, rows, means: sums.map((sum, g) => sum / rows[g]!) }, least = Math.max(WORTH, DEVIATIONS / Math.sqrt(numbers.length));
  const middle = mean(Float64Array.from(told.means)), coarse = edges.length ? edges : [numbers[0]!, numbers.at(-1)!];
  const isCurve = knownByNeighbours(told, told.means.map((each) => each - middle), 1) >= least && knownByNeighbours(told, besideLine(told, coarse), coarse.length) >= least;
  return isCurve ? fitEdges(sorted, { ...NO_BINS, most }) : edges;
}

/** 1 − S / B of what so many coefficients have left of each number's answers. */
function knownByNeighbours({ rows }: Told, left: number[], taken: number): number {
  const last = rows.length - 1, whole = left.reduce((sum, each, g) => sum + rows[g]! * each ** 2, 0) / Math.max(rows.length - taken, 1);
  const noise = left.slice(1).reduce((sum, each, g) => sum + (each - left[g]!) ** 2 / (1 / rows[g + 1]! + 1 / rows[g]!), 0) / last;
  return whole > 0 ? 1 - noise / whole : 0;
}

const besideLine = ({ numbers, rows, means }: Told, edges: number[]): number[] => {
  const line = throughKnots(numbers, rows, means.map((each, g) => rows[g]! * each), edges);
  return means.map((each, g) => each - line[g]!);
};

/** The least-squares line with kinks at these edges through the sums of so many rows' answers, at each number: a sum of hats over the edges, of which only neighbours overlap. */
export function throughKnots(numbers: Float64Array, rows: ArrayLike<number>, sums: ArrayLike<number>, edges: number[]): Float64Array {
  const bins = edges.length - 1, places = numbers.map((x) => position(x, edges)), lows = places.map((place) => Math.min(Math.floor(place), bins - 1));
  const [own, next, along] = [edges, edges, edges].map((all) => all.map(() => 0)) as [number[], number[], number[]];
  lows.forEach((low, g) => {
    const up = places[g]! - low, n = rows[g]!;
    own[low]! += (1 - up) ** 2 * n, (own[low + 1]! += up ** 2 * n), (next[low]! += up * (1 - up) * n);
    along[low]! += (1 - up) * sums[g]!, (along[low + 1]! += up * sums[g]!);
  });
  const little = STEADY * Math.max(...own);
  own.forEach((_, k) => {
    own[k]! += little;
    if (!k) return;
    const share = next[k - 1]! / own[k - 1]!;
    own[k]! -= share * next[k - 1]!, (along[k]! -= share * along[k - 1]!);
  });
  for (let k = bins; k >= 0; --k) along[k] = (along[k]! - (next[k]! && next[k]! * along[k + 1]!)) / own[k]!; // the heights, from the last on
  return places.map((place, g) => along[lows[g]!]! + (place - lows[g]!) * (along[lows[g]! + 1]! - along[lows[g]!]!));
}
