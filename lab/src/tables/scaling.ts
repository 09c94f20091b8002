// How a column's values become small numbers, and back: deltaw.preparation.scales.scaling and .bins.
import { ascending, deviation, greatest, least, mean, quantile, quantileAmong } from './statistics.ts';

/** z = (x − centre) / width + shift, then, if `bend`, z / √(1 + (z/3)²). */
export interface Scale {
  centre: number;
  width: number;
  shift: number;
  bend: boolean;
}
type Fit = (x: Float64Array) => [centre: number, width: number, shift: number];

const LIMIT = 1e30, BEND = 3;
const LARGEST = Number.MAX_VALUE, SMALLEST = 4 * 2 ** -1022;

export function scaled(x: number, { centre, width, shift, bend }: Scale): number {
  const z = Math.min(Math.max((x / 2 - centre / 2) / (width / 2), -LIMIT), LIMIT) + shift;
  return Math.fround(bend ? z / Math.sqrt(1 + (z / BEND) * (z / BEND)) : z);
}
export function unscaled(y: number, { centre, width, shift, bend }: Scale): number {
  const flat = Math.min(Math.max(y / BEND, -1 + 2 ** -24), 1 - 2 ** -24);
  return ((bend ? (BEND * flat) / Math.sqrt((1 - flat) * (1 + flat)) : y) - shift) * width + centre;
}

export const rangeOnto = (low: number, high: number): Fit => (x) => {
  const [smallest, largest] = [least(x), greatest(x)];
  return smallest === largest ? [smallest, 0, (low + high) / 2] : [smallest, (largest - smallest) / (high - low), low];
};
const standard: Fit = (x) => (least(x) === greatest(x) ? [x[0]!, 0, 0] : [mean(x), deviation(x), 0]);
const quartiles: Fit = (x) => {
  const sorted = ascending(x), [lower, median, upper] = [0.25, 0.5, 0.75].map((q) => quantile(sorted, q)) as [number, number, number];
  return [median, upper - lower || (greatest(x) - least(x)) / 2, 0];
};

export interface Scaling {
  fit: Fit;
  low: number; // what no and yes become
  high: number;
  swing: [number, number]; // what −1 and 1 become in features that swing
  block: string; // the scaling of a block's values; "range": `fit` on its own range
  bend: boolean;
  bins: boolean; // whether the place of a number in bins stands beside it
  hushed: boolean; // whether the slots of a column of many words are small
}
const robust = { fit: quartiles, low: 0, high: 1, swing: [-1, 1] as [number, number], block: 'standard', bend: true, bins: false, hushed: false };
export const SCALINGS: Record<string, Scaling> = {
  unit: { ...robust, fit: rangeOnto(0.01, 0.99), low: 0.01, high: 0.99, swing: [0.01, 0.99], block: 'range', bend: false },
  symmetric: { ...robust, fit: rangeOnto(-1, 1), low: -1, block: 'range', bend: false },
  standard: { ...robust, fit: standard, bend: false },
  robust,
  piecewise: { ...robust, bins: true, hushed: true },
  none: { ...robust, fit: () => [0, 1, 0], block: 'none', bend: false },
};

export function fitScale(fit: Fit, given: Float64Array, bend = false): Scale {
  const x = given.length ? given : new Float64Array(1);
  // Statistics of numbers near the largest float overflow; a power of two scales without rounding.
  const most = Math.max(greatest(x), -least(x)), exponent = most > 0 ? Math.floor(Math.log2(most)) + 1 : 0;
  const unit = 2 ** (exponent - Math.min(Math.max(exponent, -500), 500));
  const [centre, width, shift] = fit(unit === 1 ? x : x.map((each) => each / unit));
  const within = (value: number): number => Math.min(Math.max(value * unit, -LARGEST), LARGEST);
  return { centre: within(centre), width: within(width) >= SMALLEST ? within(width) : 1, shift, bend };
}

// --- bins ----------------------------------------------------------------------------------------------------------

const SHARED = 128, FEWEST = 4, MOST = 16, FEWEST_ROWS = 60, FEWEST_OF_ONE = 8, FINER = 4, FEWEST_OF_CURVE = 6;
/** How many bins a column gets at most; one with few different numbers, of each of which there are rows enough; and one whose answers draw a curve. */
export interface Bins {
  most: number;
  ofFew: number;
  finest: number;
  fewestWords: number; // of text, whether they tell the target or not
}
export const NO_BINS: Bins = { most: 0, ofFew: 0, finest: 0, fewestWords: 0 };
export function binsOf(columns: number, rows: number): Bins {
  const ofFew = Math.min(Math.max(Math.floor(SHARED / Math.max(columns, 1)), FEWEST), MOST);
  return { most: Math.min(ofFew, Math.floor(rows / FEWEST_ROWS)), ofFew, finest: Math.min(FINER * ofFew, Math.floor(rows / FEWEST_OF_CURVE)), fewestWords: 0 };
}

/** The different ones of sorted values, if each has rows enough, and they are at most so many bins' edges. */
function few(sorted: Float64Array, most: number): Float64Array {
  const numbers = sorted.filter((value, i) => value !== sorted[i - 1]);
  return numbers.length >= 3 && numbers.length <= most + 1 && sorted.length >= FEWEST_OF_ONE * numbers.length ? numbers : new Float64Array();
}

export function fitEdges(present: Float64Array, { most, ofFew }: Bins): number[] {
  let sorted = ascending(present);
  const numbers = most < ofFew ? few(sorted, ofFew) : new Float64Array();
  if (numbers.length) [most, sorted] = [numbers.length - 1, numbers];
  if (most < 2 || !present.length) return [];
  const edges: number[] = [];
  for (let i = 0; i <= most; ++i) {
    const edge = quantileAmong(sorted, i === most ? 1 : i * (1 / most));
    if (!edges.length || edge / 2 - edges.at(-1)! / 2 >= SMALLEST) edges.push(edge);
  }
  return edges.length > 2 ? edges : [];
}
/** How many bins x has come through: 2.4 where it lies 40% into the third. */
export function position(x: number, edges: number[]): number {
  const bins = edges.length - 1;
  if (x <= edges[0]!) return 0;
  for (let j = 0; j < bins; ++j)
    if (x / 2 < edges[j + 1]! / 2) {
      const slope = 1 / (edges[j + 1]! / 2 - edges[j]! / 2);
      return slope * (x / 2 - edges[j]! / 2) + j;
    }
  return bins;
}
/** How far x has come through each bin, 0 … 1. */
export function binned(x: number, edges: number[]): number[] {
  const passed = position(x, edges);
  return edges.slice(1).map((_, k) => Math.min(Math.max(passed - k, 0), 1));
}
