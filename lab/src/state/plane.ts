// The plane that pictures are drawn over: two columns of the table in their own units, the others at chosen values.

import { at } from '../engine/inputs';
import type { Column, Data, Step } from '../engine/types';
import type { Cells } from '../tables/cells';
import { SCALINGS } from '../tables/scaling';
import { ALIKE, KINDS, OTHER } from '../tables/steps';
import { dayIn, dayText, ISO, isoOf } from './dates';
import { median, number, typed } from './numbers';

export type Own = number | string; // a value of a column, as the table has it; of dates the day, as a number

/** A column that can be an axis, or be set by hand. */
export interface Axis {
  name: string;
  words: string[]; // in order; none for numbers
  date: boolean;
  values: Float64Array | null; // of its rows; null for words
  low: number; // in its own units; words stand at 0, 1, 2, …
  high: number;
  typical: Own; // the middle one, or the commonest
  at: number; // its first input
  features: number;
  step: Step;
  column: Column;
}

export interface Plane {
  x: Axis;
  y: Axis;
  rest: Float32Array; // every input off the axes
}

const PAD = 0.08;
const MOST_WORDS = 30; // along an axis: the frequent ones

const made = new WeakMap<Data, Axis[]>();
/** Axes that were made elsewhere, with the data. */
export const known = (data: Data, axes: Axis[]): void => void made.set(data, axes);
/** The axes of all columns that can be one, in the order of the inputs. */
export function axes(data: Data): Axis[] {
  const found = made.get(data) ?? axesOf(data);
  made.set(data, found);
  return found;
}
function axesOf(data: Data): Axis[] {
  const found: Axis[] = [];
  let at = 0;
  for (const step of data.preparation.steps) {
    const column = data.columns.find((each) => each.name === step.column);
    if (column && step.kind in KINDS) found.push(axis(step, column, at));
    at += step.features.length;
  }
  return found;
}

function axis(step: Step, column: Column, at: number): Axis {
  const date = step.kind === 'date';
  const values = column.values instanceof Float64Array ? column.values : date ? Float64Array.from(column.values, (word) => (word === null ? NaN : dayIn(word, String(step.format)))) : null;
  const own = { name: column.name, at, features: step.features.length, step, column, date, values };
  if (values) {
    const present = values.filter((v) => !Number.isNaN(v));
    const low = present.reduce((a, b) => Math.min(a, b), Infinity);
    const high = present.reduce((a, b) => Math.max(a, b), -Infinity);
    const pad = (high - low || 1) * PAD;
    return { ...own, words: [], low: low - pad, high: high + pad, typical: step.kind === 'boolean' ? Math.round(median(present)) : median(present) };
  }
  const counts = new Map<string, number>();
  for (const word of column.values as (string | null)[]) if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!).slice(0, MOST_WORDS);
  const words = counts.size > frequent.length ? [...new Set([...frequent, OTHER])] : frequent;
  return { ...own, words, low: -0.5, high: Math.max(1, words.length) - 0.5, typical: words[0] ?? '' };
}

/** Some of a column's values as the network sees them: one after the other, `features` inputs each. */
export function encoded(data: Data, axis: Axis, values: Own[]): Float32Array {
  const { column, features, date } = axis, step = date ? { ...axis.step, format: ISO } : axis.step;
  const words = values.map((value) => (date ? isoOf(Number(value)) : String(value)));
  const cells: Cells = column.values instanceof Float64Array
    ? { name: column.name, type: step.kind === 'boolean' ? 'truth' : 'number', numbers: Float64Array.from(values, Number), words: [] }
    : { name: column.name, type: 'words', numbers: new Float64Array(), words };
  const write = KINDS[step.kind].encode(step, cells, SCALINGS[data.preparation.scaling], data.name);
  const out = new Float32Array(values.length * features);
  values.forEach((_, row) => write(row, out, row * features));
  return out;
}

/** What stands at a place along an axis. */
export const ownAt = (axis: Axis, place: number): Own => (axis.words.length ? axis.words[Math.max(0, Math.min(axis.words.length - 1, Math.round(place)))] : place);

/** Where a row stands along an axis, rarer words at the last place; NaN where its cell is missing. */
export function placeOf({ values, words, column }: Axis, row: number): number {
  if (values) return values[row];
  const word = (column.values as (string | null)[])[row];
  const place = word === null ? NaN : words.indexOf(word);
  return place < 0 ? words.length - 1 : place;
}

/** A row's own value, or '' where its cell is missing. */
export const cellOf = ({ values, column }: Axis, row: number): Own => (values ? values[row] : ((column.values as (string | null)[])[row] ?? ''));

/** A value as text, and back; null for what is none. */
export const shownOwn = ({ date }: Axis, value: Own, digits = 3): string => (typeof value === 'string' ? value : Number.isNaN(value) ? '' : date ? dayText(value) : number(value, digits));
export function readOwn({ date, words, step }: Axis, text: string): Own | null {
  if (words.length) return text;
  const value = date ? dayIn(text.trim(), String(step.format)) : typed(text);
  return Number.isFinite(value) ? value : null;
}

/** The inputs of a row that is like none that was learnt from: what rows alike answer is nothing of it. */
export function unlike(data: Data, inputs: Float32Array): Float32Array {
  let at = 0;
  for (const { kind, features } of data.preparation.steps) {
    if (kind === ALIKE) inputs.fill(0, at, at + features.length);
    at += features.length;
  }
  return inputs;
}

/** All inputs with every column at its typical value, or at one that was chosen. */
export function typical(data: Data, all: Axis[], chosen: ReadonlyMap<string, Own> = new Map()): Float32Array {
  const inputs = unlike(data, medians(data));
  for (const each of all) inputs.set(encoded(data, each, [chosen.get(each.name) ?? each.typical]), each.at);
  return inputs;
}

function medians(data: Data): Float32Array {
  const found = new Float32Array(data.nIn);
  const stride = Math.max(1, Math.floor(data.rows / 500));
  for (let k = 0; k < data.nIn; k++) {
    const values: number[] = [];
    for (let i = 0; i < data.rows; i += stride) values.push(at(data.inputs, i * data.nIn + k));
    found[k] = median(values);
  }
  return found;
}

const ENOUGH = 12, MOST_PRODUCTS = 3e6, LEAST_ROWS = 50; // outputs that are asked, of many; of rows as many as do not hold the page up
/** The two columns that go most with the target: a first choice for the axes. */
export function telling(data: Data, all: Axis[]): [number, number] {
  if (all.length < 3) return [0, all.length - 1];
  const outputs = spread(data.nOut, ENOUGH), rows = spread(data.rows, Math.max(LEAST_ROWS, Math.min(1000, Math.floor(MOST_PRODUCTS / (data.nIn * outputs.length)))));
  const said = all.map((each, i) => {
    let most = 0;
    for (let k = each.at; k < each.at + each.features; k++) for (const c of outputs) most = Math.max(most, Math.abs(correlation(data, rows, k, c)));
    return [most, i];
  }).sort((a, b) => b[0] - a[0]);
  return [said[0][1], said[1][1]];
}
/** At most so many of the first n numbers, evenly. */
const spread = (n: number, most: number): number[] => Array.from({ length: Math.min(n, most) }, (_, i) => Math.floor((i * n) / Math.min(n, most)));

function correlation(data: Data, rows: number[], k: number, c: number): number {
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  const n = rows.length;
  for (const row of rows) {
    const x = at(data.inputs, row * data.nIn + k);
    const y = data.targets[row * data.nOut + c];
    sx += x; sy += y; sxx += x * x; syy += y * y; sxy += x * y;
  }
  const widths = Math.sqrt((sxx - (sx * sx) / n) * (syy - (sy * sy) / n));
  return widths > 0 ? (sxy - (sx * sy) / n) / widths : 0;
}

/** side × side rows of inputs, from the top left. */
export function grid(data: Data, { x, y, rest }: Plane, side: number): Float32Array {
  const n = rest.length;
  const along = (axis: Axis, down: boolean): Float32Array =>
    encoded(data, axis, Array.from({ length: side }, (_, i) => ownAt(axis, (down ? axis.high : axis.low) + (down ? -1 : 1) * ((i + 0.5) / side) * (axis.high - axis.low))));
  const [across, down] = [along(x, false), along(y, true)];
  const rows = new Float32Array(side * side * n);
  for (let r = 0, at = 0; r < side; r++) for (let c = 0; c < side; c++, at += n) {
    rows.set(rest, at);
    rows.set(down.subarray(r * y.features, (r + 1) * y.features), at + y.at);
    rows.set(across.subarray(c * x.features, (c + 1) * x.features), at + x.at);
  }
  return rows;
}
