// How good a network is, from its outputs for some rows: the same questions as a report of deltaw asks.

import { REPEATS, ROWS } from '../engine/importance';
import type { Data } from '../engine/types';
import { said, type Text } from '../said';
import { known } from '../words';
import { ofShare, ofSquares, type Estimate } from './intervals';
import { median, number, percent } from './numbers';
import { say } from './page.svelte';
import { isToy } from './sources';

/** The class that a row of outputs answers. */
export function answer(data: Data, o: ArrayLike<number>, at = 0): number {
  if (data.nOut === 1) return o[at] > (data.target.encoding === 'labels' ? 0.5 : (data.target.low + data.target.high) / 2) ? 1 : 0;
  let best = 0;
  for (let k = 1; k < data.nOut; k++) if (o[at + k] > o[at + best]) best = k;
  return best;
}

/** How sure it is of class k, 0 … 1 for outputs that are shares. */
export function sureness(data: Data, o: ArrayLike<number>, k: number, at = 0): number {
  if (data.nOut > 1) return o[at + k];
  return k === 1 ? o[at] : 1 - o[at];
}

/** A number in the target's own units from what is wanted of an output; and the answer that an output is, between the numbers learnt from. */
export const ownUnits = ({ target }: Data, t: number): number => (t - target.shift) * target.width + target.centre;
export function answered(data: Data, o: number): number {
  const { clamp, low, high } = data.target, answer = ownUnits(data, o);
  return clamp ? Math.min(Math.max(answer, low), high) : answer;
}

/** classes × classes: rows are what it is, columns what was said. */
export function confusion(data: Data, rows: Int32Array, outputs: Float32Array): number[][] {
  const k = data.target.classes.length;
  const counts = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  rows.forEach((row, i) => counts[data.labels![row]][answer(data, outputs, i * data.nOut)]++);
  return counts;
}

export interface Residual { row: number; said: number; is: number }

export function residuals(data: Data, rows: Int32Array, outputs: Float32Array): Residual[] {
  return Array.from(rows, (row, i) => ({ row, said: answered(data, outputs[i * data.nOut]), is: ownUnits(data, data.targets[row * data.nOut]) }));
}

/** A score with its 95% interval, and what guessing would score: the mean, or the commonest class. */
export interface Judged { name: string; value: string; between: string; guess: string }

/** How good, on rows that it did not learn from. */
export function judged(data: Data, rows: Int32Array, outputs: Float32Array): Judged[] {
  const n = rows.length, line = (name: string, of: (x: number) => string, [value, low, high]: Estimate, guess: number): Judged =>
    ({ name, value: of(value), between: low < high ? `${of(low)} – ${of(high)}` : '', guess: of(guess) });
  if (data.target.task === 'classification') {
    const right = rows.reduce((sum, row, i) => sum + Number(data.labels![row] === answer(data, outputs, i * data.nOut)), 0);
    return [line(say('right'), percent, ofShare(right / n, n), guessing(data, rows))];
  }
  const found = residuals(data, rows, outputs), mean = found.reduce((sum, { is }) => sum + is, 0) / n, spreads = found.map(({ is }) => (is - mean) ** 2);
  const { r2, rmse } = ofSquares(found.map(({ is, said }) => (is - said) ** 2), spreads), three = (x: number): string => number(x, 3);
  return [line(say('r2'), squares, r2, 0), line('RMSE', three, rmse, Math.sqrt(spreads.reduce((sum, x) => sum + x, 0) / n))];
}

export interface Worst { row: number; said: string | number; is: string | number; by: number; wrong: boolean }

/** The rows that it is most wrong about. */
export function worst(data: Data, rows: Int32Array, outputs: Float32Array, most: number): Worst[] {
  const all = Array.from(rows, (row, i): Worst => {
    const at = i * data.nOut;
    if (data.target.task === 'regression') {
      const said = answered(data, outputs[at]);
      const is = ownUnits(data, data.targets[row * data.nOut]);
      return { row, said, is, by: Math.abs(said - is), wrong: false };
    }
    const label = data.labels![row];
    const found = answer(data, outputs, at);
    return { row, said: className(data, found), is: className(data, label), by: 1 - sureness(data, outputs, label, at), wrong: found !== label };
  });
  const least = Float64Array.from(all, ({ by }) => by).sort().at(-most) ?? -Infinity; // to sort all of them would hold the page up
  return all.filter(({ by }) => by >= least).sort((a, b) => b.by - a.by).slice(0, most);
}

export function className(data: Data, k: number): string {
  const name = String(data.target.classes[k] ?? k), key = `class_${name}`;
  return isToy(data) && known(key) ? say(key) : name;
}

/** A score as one reads it: accuracy, or R², of which one row has none; alone, or with its name. */
export const scoreShown = ({ target }: Data, score: number): string => (Number.isNaN(score) ? '–' : target.task === 'classification' ? percent(score) : squares(score));
/** R²: to four decimals at most, of which the third tells enough where it is not nearly 1. */
const squares = (r2: number): string => number(Math.round(1e4 * r2) / 1e4, r2 > 0.999 ? 4 : 3);
export const scoreText = (data: Data, score: number): string => `${say(data.target.task === 'classification' ? 'right' : 'r2')} ${scoreShown(data, score)}`;

/** What the best answer without looking at any input would score: the commonest class, or R² = 0 of the mean. */
export function guessing(data: Data, rows: Int32Array): number {
  if (data.target.task === 'regression' || !data.labels || rows.length === 0) return 0;
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(data.labels[row], (counts.get(data.labels[row]) ?? 0) + 1);
  return Math.max(...counts.values()) / rows.length;
}

const SHOWN = 12; // columns that matter most
export interface Important { title: Text; heads: Text[]; about: Text[]; columns: { name: string; drop: string }[] }

/** The columns by what their shuffled cells cost, as a report of deltaw says it. */
export function important(data: Data, drops: number[], rows: number): Important {
  const title = say(data.target.task === 'classification' ? 'right' : 'r2'), left = drops.length - SHOWN;
  const sorted = drops.map((drop, k) => ({ name: data.preparation.steps[k].column, drop })).sort((a, b) => b.drop - a.drop);
  const about = [said('Permutation importance: how much worse the {title} of {rows:,} rows gets when the cells of one column are shuffled (mean of {repeats} times). Columns that carry the same information can replace each other.', { title, rows: Math.min(rows, ROWS), repeats: REPEATS })];
  if (left > 0) about.push(said(' … and {n:,} more columns.', { n: left }));
  return { title: said('importance'), heads: [said('column'), said('{title} worse by', { title })], about, columns: sorted.slice(0, SHOWN).map(({ name, drop }) => ({ name, drop: scoreShown(data, drop) })) };
}

export interface ClassScore { name: string; rows: number; found: number; right: number }

const MOST_SHOWN = 30; // classes, one by one
/** The classes with most rows, as many as are shown. */
export function frequent(counts: number[][]): number[] {
  const rows = counts.map((line) => line.reduce((a, b) => a + b, 0));
  return [...rows.keys()].sort((a, b) => rows[b] - rows[a]).slice(0, MOST_SHOWN).sort((a, b) => a - b);
}

/** Of some classes: how many of its rows were found, and how many of those said to be it are. */
export function perClass(data: Data, counts: number[][], classes: number[]): ClassScore[] {
  return classes.map((k) => {
    const line = counts[k], rows = line.reduce((a, b) => a + b, 0);
    const said = counts.reduce((sum, other) => sum + other[k], 0);
    return { name: className(data, k), rows, found: rows ? line[k] / rows : NaN, right: said ? line[k] / said : NaN };
  });
}

/** The middle error of numbers, in the target's own units. */
export const middleError = (found: Residual[]): number => median(found.map((r) => Math.abs(r.said - r.is)));
