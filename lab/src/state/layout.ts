// Where the network's parts stand in a picture of it: pure geometry, in pixels. Of a layer with more units than there is
// room for the strongest are shown, and the rest are a list.

import type { LayerSpec, Weights } from '../engine/types';
import { BEND } from '../painting/links';

export interface Place {
  layer: number; // −1: the inputs
  unit: number;
  x: number; // of its middle
  y: number;
  size: number;
}
export interface ColumnPlace {
  layer: number;
  x: number;
  units: Place[];
  of: number; // units of the layer
}
export interface Link {
  layer: number;
  j: number; // to
  k: number; // from
  x1: number; y1: number; x2: number; y2: number;
}
export interface Layout {
  width: number;
  height: number;
  columns: ColumnPlace[];
  links: Link[];
  pitch: number; // from column to column
}

export interface Shape {
  nIn: number;
  layers: LayerSpec[];
  image: boolean; // the inputs are one picture
}

const GAP = 4;
const HEAD = 74; // above the units: a layer's name and its settings
const NARROW_HEAD = 96; // and where the buttons stand below the number
export const NARROW = 80; // a pitch of columns below which they do
export const LEAST_PITCH = 54; // below which nobody could press them: the picture is wider than its place then
export const UNIT = 2.6; // times as wide as a unit is a column, at least
const SIDE = 52, SMALL = 40, GROWN = 1.6; // of a unit's picture; of many columns; times as large where there is room
const FOOT = 30; // below: "and 52 more"

const FINGER = 24; // from unit to unit, at least, for whoever presses one (WCAG 2.2, 2.5.8)

export const NAMES = { left: 0.22, right: 0.17 }; // of the width, for the names at both sides, at most

/** How many units of a layer there is room for. */
export function room({ layers }: Shape, width: number, height: number, scale: number): number {
  const pitch = ((1 - NAMES.left - NAMES.right) * width / scale - SIDE) / layers.length; // at least
  return Math.max(2, Math.floor((height / scale - (pitch < NARROW ? NARROW_HEAD : HEAD) - FOOT) / FINGER));
}

/** Where all of it stands; `shown` has the units of each column (inputs first), in order. */
export function layout(shape: Shape, width: number, height: number, shown: number[][], scale: number, margin: { left: number; right: number }): Layout {
  const count = shape.layers.length + 1;
  const deepest = Math.max(...shown.slice(1).map((units) => units.length), shape.image ? 1 : shown[0].length);
  const usual = (count > 5 ? SMALL : SIDE) * scale, airy = (height - (HEAD + FOOT) * scale) / deepest - 3 * GAP * scale;
  const largest = Math.min(Math.max(usual, Math.min(GROWN * usual, airy)), width / (UNIT * count)); // and the links have to be seen
  const left = margin.left + (shape.image ? 46 * scale : 0);
  const span = width - left - margin.right - largest;
  const pitchX = count > 1 ? span / (count - 1) : width, head = (pitchX < NARROW * scale ? NARROW_HEAD : HEAD) * scale;
  const columns = shown.map((units, c): ColumnPlace => {
    const x = left + largest / 2 + (count > 1 ? pitchX * c : 0);
    const free = height - head - FOOT * scale;
    const size = c === 0 && shape.image ? Math.min(120 * scale, width / 4) : Math.max(18, Math.min(largest, free / units.length - GAP * scale));
    const pitch = Math.min(size + 26 * scale, free / Math.max(1, units.length));
    const top = head + (free - pitch * units.length) / 2 + pitch / 2;
    return { layer: c - 1, x, of: c === 0 ? shape.nIn : shape.layers[c - 1].units, units: units.map((unit, i) => ({ layer: c - 1, unit, x, y: top + i * pitch, size })) };
  });
  const links = columns.slice(1).flatMap((to, c) =>
    to.units.flatMap((b) =>
      columns[c].units.map((a) => ({ layer: c, j: b.unit, k: a.unit, x1: a.x + a.size / 2, y1: a.y, x2: b.x - b.size / 2, y2: b.y })),
    ),
  );
  return { width, height, columns, links, pitch: pitchX };
}

/** The units to show: all, or the strongest by what goes in and out of them, in the order of their numbers. */
export function strongest(shape: Shape, weights: Weights, most: number[]): number[][] {
  const sizes = [shape.image ? 1 : shape.nIn, ...shape.layers.map((layer) => layer.units)];
  return sizes.map((n, c) => {
    const all = Array.from({ length: n }, (_, i) => i);
    if (n <= most[c]) return all;
    const strength = power(shape, weights, c);
    return all.sort((a, b) => strength[b] - strength[a]).slice(0, most[c]).sort((a, b) => a - b);
  });
}

/** Σ|w| of each unit of a column: out of it, and of what leads into it where nothing goes out. */
export function power(shape: Shape, weights: Weights, column: number): Float64Array {
  const sizes = [shape.nIn, ...shape.layers.map((layer) => layer.units)];
  const n = sizes[column];
  const found = new Float64Array(n);
  const out = weights.weights[column];
  if (out) for (let i = 0; i < out.length; i++) found[i % n] += Math.abs(out[i]);
  else for (let i = 0, W = weights.weights[column - 1], k = sizes[column - 1]; i < W.length; i++) found[Math.floor(i / k)] += Math.abs(W[i]);
  return found;
}

/** The weight of a link; of an image all pixels' links into a unit as one: the length of its row of weights. */
export function weightOf({ nIn, layers, image }: Shape, { weights }: Pick<Weights, 'weights'>, { layer, j, k }: Pick<Link, 'layer' | 'j' | 'k'>): number {
  const W = weights[layer], n = layer ? layers[layer - 1].units : nIn;
  if (!image || layer) return W[j * n + k];
  let sum = 0;
  for (let i = j * n; i < (j + 1) * n; i++) sum += W[i] * W[i];
  return Math.sqrt(sum / n);
}

/** The way of a link: a curve that leaves and arrives level. */
export function curve(link: Link): string {
  const bend = (link.x2 - link.x1) * BEND;
  return `M${link.x1.toFixed(1)} ${link.y1.toFixed(1)}C${(link.x1 + bend).toFixed(1)} ${link.y1.toFixed(1)} ${(link.x2 - bend).toFixed(1)} ${link.y2.toFixed(1)} ${link.x2.toFixed(1)} ${link.y2.toFixed(1)}`;
}

/** The link next to a point, within some pixels, or none. */
export function nearest(links: Link[], x: number, y: number, within: number): Link | null {
  let best: Link | null = null;
  let least = within;
  for (const link of links) {
    if (x < link.x1 || x > link.x2) continue;
    const distance = Math.abs(height(link, x) - y);
    if (distance < least) [best, least] = [link, distance];
  }
  return best;
}

/** y of a link's curve at x: its x is nearly even in t, so a few steps of Newton's method find the t. */
function height(link: Link, x: number): number {
  const u = (x - link.x1) / (link.x2 - link.x1 || 1);
  let t = u;
  for (let i = 0; i < 4; i++) {
    const at = 3 * BEND * t * (1 - t) ** 2 + 3 * (1 - BEND) * t * t * (1 - t) + t ** 3;
    const slope = 3 * BEND * (1 - t) ** 2 + 6 * (1 - 2 * BEND) * t * (1 - t) + 3 * BEND * t * t;
    t = Math.max(0, Math.min(1, t - (at - u) / slope));
  }
  return link.y1 + (link.y2 - link.y1) * (3 * t * t - 2 * t ** 3);
}
