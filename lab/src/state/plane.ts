// The plane that pictures are drawn over: two inputs, the others at chosen values; and the inputs' own units beside it.

import type { Column, Data } from '../engine/types';
import { median } from './numbers';

export interface Axis {
  input: number;
  name: string;
  low: number; // prepared, as the network sees them
  high: number;
}

export interface Plane {
  x: Axis;
  y: Axis;
  rest: Float32Array; // every input's value off the axes
}

const PAD = 0.08;

export function axis(data: Data, input: number): Axis {
  let low = Infinity;
  let high = -Infinity;
  for (let i = input; i < data.inputs.length; i += data.nIn) {
    low = Math.min(low, data.inputs[i]);
    high = Math.max(high, data.inputs[i]);
  }
  const pad = (high - low || 1) * PAD;
  return { input, name: data.inputNames[input], low: low - pad, high: high + pad };
}

/** The medians of all inputs. */
export function medians(data: Data): Float32Array {
  const found = new Float32Array(data.nIn);
  const values = new Float64Array(data.rows);
  for (let k = 0; k < data.nIn; k++) {
    for (let i = 0; i < data.rows; i++) values[i] = data.inputs[i * data.nIn + k];
    found[k] = median(values);
  }
  return found;
}

/** The two inputs that go most with the target: a first choice for the axes. */
export function telling(data: Data): [number, number] {
  if (data.nIn === 1) return [0, 0];
  if (data.nIn === 2) return [0, 1];
  const said = Array.from({ length: data.nIn }, (_, k) => {
    let most = 0;
    for (let c = 0; c < data.nOut; c++) most = Math.max(most, Math.abs(correlation(data, k, c)));
    return [most, k];
  }).sort((a, b) => b[0] - a[0]);
  return [said[0][1], said[1][1]];
}

function correlation(data: Data, k: number, c: number): number {
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  const n = Math.min(data.rows, 2000);
  for (let i = 0; i < n; i++) {
    const x = data.inputs[i * data.nIn + k];
    const y = data.targets[i * data.nOut + c];
    sx += x; sy += y; sxx += x * x; syy += y * y; sxy += x * y;
  }
  const spread = Math.sqrt((sxx - (sx * sx) / n) * (syy - (sy * sy) / n));
  return spread > 0 ? (sxy - (sx * sy) / n) / spread : 0;
}

/** side × side rows of inputs, from the top left; with one input only, a line of them. */
export function grid(plane: Plane, side: number): Float32Array {
  const n = plane.rest.length;
  const rows = new Float32Array(side * side * n);
  for (let r = 0, at = 0; r < side; r++) {
    const y = plane.y.high - ((r + 0.5) / side) * (plane.y.high - plane.y.low);
    for (let c = 0; c < side; c++, at += n) {
      rows.set(plane.rest, at);
      if (plane.y.input !== plane.x.input) rows[at + plane.y.input] = y;
      rows[at + plane.x.input] = plane.x.low + ((c + 0.5) / side) * (plane.x.high - plane.x.low);
    }
  }
  return rows;
}

/** From prepared to the column's own units and back, by the rows themselves: any preparation that keeps an order. */
export interface Units {
  own: (prepared: number) => number;
  prepared: (own: number) => number;
}
const SAME: Units = { own: (v) => v, prepared: (v) => v };

export function units(data: Data, input: number): Units {
  const column = columnOf(data, input);
  if (!column || !(column.values instanceof Float64Array)) return SAME;
  const pairs: [number, number][] = [];
  for (let i = 0; i < data.rows; i++) if (!Number.isNaN(column.values[i])) pairs.push([data.inputs[i * data.nIn + input], column.values[i]]);
  pairs.sort((a, b) => a[0] - b[0]);
  const distinct = pairs.filter((pair, i) => i === 0 || pair[0] > pairs[i - 1][0]);
  if (distinct.length < 2) return SAME;
  const rising = distinct.at(-1)![1] > distinct[0][1];
  return { own: (v) => between(distinct, 0, 1, v), prepared: (v) => between(rising ? distinct : distinct.toReversed(), 1, 0, v) };
}

function between(pairs: [number, number][], from: 0 | 1, to: 0 | 1, value: number): number {
  let [low, high] = [0, pairs.length - 1];
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (pairs[half][from] <= value) low = half;
    else high = half;
  }
  // Beyond the ends the line through the ends themselves goes on: neighbours there may be too near for a slope.
  const outside = value < pairs[0][from] || value > pairs.at(-1)![from];
  const [a, b] = outside ? [pairs[0], pairs.at(-1)!] : [pairs[low], pairs[high]];
  return a[to] + ((value - a[from]) / (b[from] - a[from] || 1)) * (b[to] - a[to]);
}

/** The column that an input alone stands for, or null where several inputs share it. */
export function columnOf(data: Data, input: number): Column | null {
  const name = data.inputNames[input];
  const step = data.preparation.steps.find((s) => s.features.includes(name));
  return data.columns.find((column) => column.name === (step?.features.length === 1 ? step.column : name)) ?? null;
}
