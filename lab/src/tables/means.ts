// What rows with a word answer on the average, of a column of many words: deltaw.preparation.columns.means.
import type { Core } from '../engine/core.ts';
import { drawn } from '../engine/random.ts';
import type { TargetSpec } from '../engine/types.ts';
import { byCodePoints, clipped } from './cells.ts';
import { SCALINGS, fitScale, scaled, type Scale } from './scaling.ts';

/** As a model file has them. */
export interface Means {
  names: string[];
  scales: Scale[];
  words: string[];
  values: number[][];
  missing: number[];
  other: number[];
}
/** Of the rows that are learnt from: each column in deviations, what it is called, and the part that a row lies in. */
export interface Answers {
  names: string[];
  scales: Scale[];
  values: Float64Array[];
  written: Float64Array[]; // as they are, not in deviations
  parts: Uint8Array;
  ofClasses: boolean;
}

/** From more words on a column has means. */
export const MANY = 100;
export const PARTS = 5, MOST_KNOWN = 5_000, FEWEST_ROWS = 2, DIGITS = 1e6, SMALLEST = 2 ** -1022;
const MOST_OUTPUTS = 10, LEAST_SMOOTHING = 1, MOST_SMOOTHING = 1e4;

/** What rows answer, numbers or classes; null of too many classes. */
export function answersOf(core: Core, { name, classes }: TargetSpec, numbers: Float64Array, labels: Int32Array | null, seed: number): Answers | null {
  if (classes.length > MOST_OUTPUTS) return null;
  const n = numbers.length, named = classes.slice(classes.length > 2 ? 0 : 1), first = classes.length - named.length;
  const columns = labels ? named.map((_, k) => Float64Array.from(labels, (label) => Number(label === first + k))) : [numbers];
  const scales = columns.map((column) => fitScale(SCALINGS['standard']!.fit, column)), parts = new Uint8Array(n);
  drawn(core, seed, (random) => random.permutation(n)).forEach((row, i) => (parts[row] = i % PARTS));
  const names = labels ? named.map((each) => `share of ${clipped(String(each))}`) : [`mean ${name}`];
  return { names, scales, values: columns.map((column, k) => column.map((x) => scaled(x, scales[k]!))), written: columns, parts, ofClasses: labels !== null };
}

/** The means of a column's words, and for each row those by the rows of other parts; null where there are few words. */
export function fitMeans(words: (string | null)[], answers: Answers): { means: Means; apart: number[][] } | null {
  const known = [...new Set(words)].filter((word) => word !== null).sort(byCodePoints);
  if (known.length <= MANY) return null;
  const places = new Map<string | null, number>([null, ...known].map((word, g) => [word, g])), groups = Int32Array.from(words, (word) => places.get(word)!);
  const counts = new Float64Array(places.size);
  groups.forEach((g) => ++counts[g]!);
  const by = answers.values.map((column) => Array.from({ length: PARTS + 1 }, (_, part) => smoothed(groups, column, answers.parts, part, places.size)));
  const told = (part: number, g: number): number[] => by.map((parts) => parts[part]!.means[g]!), plain = (means: number[]): number[] => means.map((x) => Math.round(x * DIGITS) / DIGITS + 0);
  const most = known.map((word, i): [string, number] => [word, i + 1]).filter(([, g]) => counts[g]! >= FEWEST_ROWS);
  const taken = most.sort(([, a], [, b]) => counts[b]! - counts[a]! || b - a).slice(0, Math.floor(MOST_KNOWN / by.length)).sort(([, a], [, b]) => a - b);
  const other = by.map((parts) => parts[PARTS]!.whole), { names, scales } = answers;
  const means = { names, scales, words: taken.map(([word]) => word), values: taken.map(([, g]) => plain(told(PARTS, g))), missing: plain(counts[0] ? told(PARTS, 0) : other), other: plain(other) };
  return { means, apart: Array.from(groups, (g, i) => told(answers.parts[i]!, g)) };
}

/** The smoothed mean of each group, by the rows that do not lie in a part, and that of all of these. */
function smoothed(groups: Int32Array, column: Float64Array, parts: Uint8Array, without: number, count: number): { means: Float64Array; whole: number } {
  const rows = new Float64Array(count), sums = new Float64Array(count);
  let n = 0, sum = 0, squares = 0;
  groups.forEach((g, i) => {
    if (parts[i] === without) return;
    const x = column[i]!;
    ++rows[g]!, (sums[g]! += x), ++n, (sum += x), (squares += x * x);
  });
  const whole = sum / n, m = smoothing(rows, sums, squares);
  return { means: sums.map((each, g) => (each + m * whole) / (rows[g]! + m)), whole };
}

/** m = σ² / τ²: as many rows that answer as all do stand beside those with a word. */
export function smoothing(rows: Float64Array, sums: Float64Array, squares: number): number {
  let n = 0, words = 0, between = 0, all = 0, crowded = 0;
  rows.forEach((count, g) => {
    n += count, words += Number(count > 0), all += sums[g]!, crowded += count * count;
    between += sums[g]! ** 2 / Math.max(count, SMALLEST);
  });
  const within = Math.max(squares - between, 0) / Math.max(n - words, 1), apart = between - all ** 2 / n - (words - 1) * within;
  const variance = Math.max(apart / Math.max(n - crowded / n, 1), within / MOST_SMOOTHING);
  return Math.max(within / Math.max(variance, SMALLEST), LEAST_SMOOTHING);
}
