// Numbers that recur as names do: what rows with exactly a number answer beyond the line with kinks over its column's bins;
// deltaw.preparation.columns.recurring and .lines, whose letters and tests these are.
import { TOLD_BY, throughKnots } from './curves.ts';
import { DIGITS, FEWEST_ROWS, MOST_KNOWN, PARTS, SMALLEST, smoothing, type Answers } from './means.ts';
import { scaled, type Scale } from './scaling.ts';
import { ascending } from './statistics.ts';

/** As a model file has them. */
export interface Recurring {
  names: string[];
  scales: Scale[];
  numbers: number[]; // ascending
  values: number[][]; // of each, an output after the other
}

const CHANCE = 1e-6, WORTH = 0.02; // p of the F test; the share of what the line leaves that the means must explain across parts
const FEWEST_NUMBERS = 3, LEAST_SHARE = 0.05, STEADY = 1e-9;
const ALL = [...Array(PARTS).keys()], OTHERS = ALL.map((part) => ALL.filter((other) => other !== part));

/** Rows, and the sums of their answers, by number. */
interface Sums {
  numbers: Float64Array; // ascending, each once
  places: Int32Array; // of each row among them; −1 where missing
  counts: Float64Array;
  rows: Float64Array[]; // of each part
  sums: Float64Array[][]; // of each output and part
  squares: number[][];
}

function sumsOf(x: Float64Array, { written, parts }: Answers, scales: Scale[], every: number): Sums {
  const at = Int32Array.from({ length: Math.ceil(x.length / every) }, (_, i) => i * every), there = ascending(Float64Array.from(at, (row) => x[row]!).filter((each) => !Number.isNaN(each)));
  const numbers = there.filter((each, i) => each !== there[i - 1]), known = new Map([...numbers].map((each, g) => [each, g])), places = Int32Array.from(at, (row) => known.get(x[row]!) ?? -1);
  const none = (): Float64Array => new Float64Array(numbers.length), rows = ALL.map(none), sums = scales.map(() => ALL.map(none)), squares = scales.map(() => ALL.map(() => 0));
  places.forEach((g, i) => {
    const row = at[i]!, part = parts[row]!;
    if (g < 0) return;
    ++rows[part]![g]!;
    scales.forEach((scale, k) => {
      const t = scaled(written[k]![row]!, scale);
      sums[k]![part]![g]! += t, (squares[k]![part]! += t * t);
    });
  });
  return { numbers, places, counts: added(rows, ALL), rows, sums, squares };
}
const added = (of: Float64Array[], parts: number[]): Float64Array => of[0]!.map((_, g) => parts.reduce((sum, part) => sum + of[part]![g]!, 0));

/** The line by the rows of some parts, the smoothed means beside it, and what it leaves of the squares of parts. */
function fitted({ numbers, rows, sums, squares }: Sums, edges: number[], k: number, parts: number[]): { line: Float64Array; means: Float64Array; left(line: Float64Array, parts: number[]): number } {
  const count = added(rows, parts), sum = added(sums[k]!, parts), line = throughKnots(numbers, count, sum, edges);
  const left = (by: Float64Array, some: number[]): number => some.reduce((whole, part) => whole + squares[k]![part]! - by.reduce((all, y, g) => all + y * (2 * sums[k]![part]![g]! - rows[part]![g]! * y), 0), 0);
  const rest = sum.map((each, g) => each - count[g]! * line[g]!), m = smoothing(count, rest, left(line, parts));
  return { line, means: rest.map((each, g) => each / (count[g]! + m)), left };
}

/** Whether enough numbers recur, and what their rows answer differs from the line by more than chance: an F test. */
function isNoChance(all: Sums, edges: number[], units: number[]): boolean {
  const { counts, places, sums, squares } = all, within = counts.reduce((sum, each) => sum + each - 1, 0), among = counts.length - edges.length;
  if (counts.filter((each) => each > 1).length < FEWEST_NUMBERS || within < LEAST_SHARE * places.length || among <= 0) return false;
  let apart = 0, inside = 0;
  units.forEach((unit, k) => {
    const { line } = fitted(all, edges, k, ALL), sum = added(sums[k]!, ALL), own = sum.reduce((all, each, g) => all + each ** 2 / counts[g]!, 0);
    apart += unit * (own - sum.reduce((all, each, g) => all + each * line[g]!, 0));
    inside += unit * (squares[k]!.reduce((a, b) => a + b, 0) - own);
  });
  const ratio = apart / among / Math.max(inside / within, (STEADY * apart) / among, SMALLEST), a = 2 / (9 * among), w = 2 / (9 * within), root = Math.cbrt(ratio);
  return ratio > 1 && upper(((1 - w) * root - (1 - a)) / Math.sqrt(a + w * root ** 2)) < CHANCE; // Paulson 1942
}
/** P(Z > z) of a standard normal Z, to a ten millionth (Abramowitz & Stegun 26.2.17), as far as CHANCE asks. */
function upper(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  return z < 0 ? 1 : (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
}

/** The means of a column's numbers, and for each row those by the rows of other parts; null where they are no names. */
export function fitRecurring(x: Float64Array, edges: number[], answers: Answers): { means: Recurring; apart: number[][] } | null {
  if (!edges.length) return null;
  const every = Math.max(1, Math.ceil(x.length / TOLD_BY)), scales = answers.scales.map(({ width }) => ({ centre: 0, width, shift: 0, bend: false })), sample = sumsOf(x, answers, scales, every), outputs = [...scales.keys()];
  const widest = Math.max(...answers.scales.map(({ width }) => width)), units = answers.scales.map(({ width }) => (width / widest) ** 2);
  if (!isNoChance(sample, edges, units)) return null;
  let left = 0, after = 0;
  for (const k of outputs)
    OTHERS.forEach((others, part) => {
      const { line, means, left: leaves } = fitted(sample, edges, k, others);
      left += units[k]! * leaves(line, [part]), (after += units[k]! * leaves(line.map((y, g) => y + means[g]!), [part]));
    });
  if (!(left - after > WORTH * left)) return null;
  const all = every > 1 ? sumsOf(x, answers, scales, 1) : sample, of = (parts: number[]): Float64Array[] => outputs.map((k) => fitted(all, edges, k, parts).means);
  const whole = of(ALL), apart = OTHERS.map(of), most = [...all.counts.keys()].filter((g) => all.counts[g]! >= FEWEST_ROWS).sort((a, b) => all.counts[b]! - all.counts[a]! || a - b);
  const known = most.slice(0, Math.floor(MOST_KNOWN / outputs.length)).sort((a, b) => a - b), names = answers.names.map((name) => `${name} (residual)`);
  const values = known.map((g) => whole.map((means) => Math.round(means[g]! * DIGITS) / DIGITS + 0));
  return {
    means: { names, scales, numbers: known.map((g) => all.numbers[g]!), values },
    apart: Array.from(all.places, (g, i) => apart[answers.parts[i]!]!.map((means) => means[g] ?? 0)),
  };
}
