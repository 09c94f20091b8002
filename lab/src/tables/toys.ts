// The notes' toy sets, made anew from a seed: points of two classes in a plane, and digits written by a pen of few strokes.
import type { Core } from '../engine/core.ts';
import { drawn, type Generator } from '../engine/random.ts';
import type { Data } from '../engine/types.ts';
import { strokes } from './strokes.ts';
import type { Cells } from './cells.ts';
import { dataOf, type Choice } from './data.ts';
import type { Table } from './table.ts';

export interface ToyChoice {
  rows: number;
  noise: number; // 0 … 1: how far points are strewn
  seed: number;
  heldOut: number;
  division?: number; // the seed that holds rows out; that of the points if not given
}
type Point = [x: number, y: number, second: boolean];
/** A point of a set, both coordinates within ±1, from a number u in 0 … 1 and two in ±1. */
const PLANE: Record<string, (u: number, x: number, y: number, i: number) => Point> = {
  line: (_, x, y) => [x, y, y > 0.5 * x],
  xor: (_, x, y) => [x, y, x * y < 0],
  circle: (_, x, y) => [x, y, Math.hypot(x, y) > 0.65],
  spiral: (u, _, __, i) => {
    const turn = 2 * Math.PI * (0.1 + 1.5 * u) + Math.PI * (i % 2);
    return [(0.05 + 0.95 * u) * Math.sin(turn), (0.05 + 0.95 * u) * Math.cos(turn), i % 2 === 1];
  },
};
export const TOYS = [...Object.keys(PLANE), 'digits'];

const numbers = (name: string, values: Float64Array): Cells => ({ name, type: 'number', numbers: values, words: [] });

function plane(random: Generator, name: string, { rows, noise }: ToyChoice): Table {
  const u = random.uniform(rows), at = random.uniform(2 * rows, -1, 1), strewn = random.normal(2 * rows, 0, 0.3 * noise);
  const points = Array.from(u, (each, i) => PLANE[name]!(each, at[2 * i]!, at[2 * i + 1]!, i));
  const cells: Cells = { name: 'class', type: 'words', numbers: new Float64Array(), words: points.map(([, , second]) => (second ? 'orange' : 'blue')) };
  return {
    name, target: 'class', block: null, notes: [],
    columns: [numbers('x', Float64Array.from(points, ([x], i) => x + strewn[2 * i]!)), numbers('y', Float64Array.from(points, ([, y], i) => y + strewn[2 * i + 1]!)), cells],
  };
}

export const SIDE = 16; // pixels of a digit's side
/** Digits as somebody might write them: the strokes slanted, stretched, moved, drawn by pens of different widths. */
function digits(random: Generator, { rows, noise }: ToyChoice): Table {
  const pixels = Array.from({ length: SIDE * SIDE }, () => new Float64Array(rows));
  const labels = Float64Array.from({ length: rows }, (_, i) => i % 10);
  for (let row = 0; row < rows; ++row) {
    const [slant, wide, tall, turn, right, down, pen] = random.uniform(7, -1, 1) as unknown as [number, number, number, number, number, number, number];
    const hand = random.normal(64, 0, 0.02 + 0.06 * noise);
    const shape = (x: number, y: number, k: number): [number, number] => {
      const [a, b] = [(x - 0.5) * (1 + 0.2 * wide) + 0.3 * slant * (0.5 - y), (y - 0.5) * (1 + 0.15 * tall)], angle = 0.15 * turn;
      return [
        0.5 + a * Math.cos(angle) - b * Math.sin(angle) + 0.06 * right + hand[(2 * k) % 64]!,
        0.5 + a * Math.sin(angle) + b * Math.cos(angle) + 0.06 * down + hand[(2 * k + 1) % 64]!,
      ];
    };
    const drawn = inked(strokes(labels[row]!, Math.floor(row / 10)), shape, 0.055 + 0.02 * pen);
    drawn.forEach((ink, p) => (pixels[p]![row] = ink));
  }
  const names = pixels.map((_, p) => `pixel_${Math.floor(p / SIDE)}_${p % SIDE}`);
  return {
    name: 'digits', target: 'digit', notes: [],
    block: { name: 'pixels', columns: names, shape: [SIDE, SIDE], low: 0, high: 255 },
    columns: [...pixels.map((values, p): Cells => ({ name: names[p]!, type: 'whole', numbers: values, words: [] })), { name: 'digit', type: 'whole', numbers: labels, words: [] }],
  };
}

/** Lines in a unit square as ink, 0 … 255, SIDE × SIDE: full within the pen's radius, none a pixel beyond. */
function inked(lines: [number, number][][], shape: (x: number, y: number, k: number) => [number, number], pen: number): Uint8Array {
  const ink = new Uint8Array(SIDE * SIDE);
  let k = 0;
  for (const line of lines) {
    const points = line.map(([x, y]) => shape(x, y, k++));
    for (let i = 1; i < points.length; ++i) {
      const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!], length = (x1 - x0) ** 2 + (y1 - y0) ** 2 || 1;
      for (let p = 0; p < ink.length; ++p) {
        const [x, y] = [((p % SIDE) + 0.5) / SIDE, (Math.floor(p / SIDE) + 0.5) / SIDE];
        const along = Math.min(Math.max(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0), 1);
        const away = Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
        ink[p] = Math.max(ink[p]!, Math.round(255 * Math.min(Math.max((pen - away) * SIDE + 0.5, 0), 1)));
      }
    }
  }
  return ink;
}

/** A toy set as a table: for a file of it, or another preparation. */
export const toyTable = (core: Core, name: string, choice: ToyChoice): Table =>
  drawn(core, choice.seed, (random) => (name === 'digits' ? digits(random, choice) : plane(random, name, choice)));

/** A toy set as data; the plane as it is, pixels from 0 to 1. */
export function toy(core: Core, name: string, choice: ToyChoice): Data {
  const prepared: Choice = {
    target: name === 'digits' ? 'digit' : 'class', task: 'classification', scaling: name === 'digits' ? 'unit' : 'none', encoding: 'labels', low: 0.01, high: 0.99,
    heldOut: choice.heldOut, seed: choice.division ?? choice.seed,
  };
  return dataOf(core, toyTable(core, name, choice), prepared);
}
