// What a unit looks like: what it answers over the plane, the image of its weights for pixels, or one colour for the row that is
// looked at.

import type { Data, Settings, State } from '../engine/types';
import { LOOKS } from './activations';
import { paint, type Theme } from './colour';
import { ends } from './drawing';
import { grid, type Plane } from './plane';
import type { Pictures } from './run.svelte';

/** Values as a picture of width × height, every `stride`th from `offset` on; `middle ± half` are the ends of the scale. */
export interface Seen {
  values: ArrayLike<number>;
  width: number;
  height: number;
  offset: number;
  stride: number;
  middle: number;
  half: number;
  smooth: boolean;
}

/** What there is to see of a run. */
export interface View {
  data: Data;
  settings: Settings;
  state: State;
  pictures: Pictures | null;
  signals: Float32Array[] | null; // each layer's, for the row that is looked at
  plane: Plane | null;
  inputs: Float32Array; // of that row
}

const SIDE = 16; // of an input's own picture

/** A unit's picture; layer −1: an input's. Null where nothing is known yet. */
export function seen(view: View, layer: number, unit: number): Seen | null {
  const { data, settings, pictures, plane, signals, state } = view;
  if (layer < 0) return data.image ? theImage(view) : plane && input(data, plane, unit);
  if (layer === 0 && data.image) return weights(data, state, unit);
  const { units } = settings.layers[layer], range = rangeOf(view, layer);
  const over = pictures?.layers[layer];
  if (pictures && over?.length === pictures.side ** 2 * units) return { values: over, width: pictures.side, height: pictures.side, offset: unit, stride: units, ...range, smooth: true };
  const signal = signals?.[layer]?.[unit];
  return signal === undefined ? null : { values: [signal], width: 1, height: 1, offset: 0, stride: 1, middle: 0, half: range.middle + range.half, smooth: false };
}

/** The ends of the scale for a layer's outputs. */
function rangeOf({ data, settings }: Pick<View, 'data' | 'settings'>, layer: number): { middle: number; half: number } {
  if (layer === settings.layers.length - 1 && data.target.task === 'regression') return data.target.encoding === 'range' ? { middle: 0.5, half: 0.5 } : { middle: 0, half: 2 };
  const { low, high } = LOOKS[settings.layers[layer].activation];
  return { middle: (low + high) / 2, half: (high - low) / 2 };
}

function theImage({ data, inputs }: View): Seen {
  const { low, high } = limits(data);
  return { values: inputs, width: data.image!.width, height: data.image!.height, offset: 0, stride: 1, middle: low, half: high - low, smooth: false };
}

function weights(data: Data, { weights: [W] }: State, unit: number): Seen {
  let most = 0;
  for (let k = unit * data.nIn; k < (unit + 1) * data.nIn; k++) most = Math.max(most, Math.abs(W[k]));
  return { values: W, width: data.image!.width, height: data.image!.height, offset: unit * data.nIn, stride: 1, middle: 0, half: most, smooth: false };
}

function input(data: Data, plane: Plane, unit: number): Seen {
  const values = planeOf(data, plane);
  let [low, high] = [Infinity, -Infinity];
  for (let i = unit; i < values.length; i += data.nIn) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
  const span = high > low ? { middle: (low + high) / 2, half: (high - low) / 2 } : { middle: 0, half: 2 };
  return { values, width: SIDE, height: SIDE, offset: unit, stride: data.nIn, ...span, smooth: true };
}

/** What depends on the data or the plane alone is worked out once. */
const planes = new WeakMap<Plane, Float32Array>();
function planeOf(data: Data, plane: Plane): Float32Array {
  if (!planes.has(plane)) planes.set(plane, grid(data, plane, SIDE));
  return planes.get(plane)!;
}
const allLimits = new WeakMap<Data, { low: number; high: number }>();
export function limits(data: Data): { low: number; high: number } {
  if (!allLimits.has(data)) allLimits.set(data, ends(data));
  return allLimits.get(data)!;
}

/** Its colours, four bytes a pixel, into `image`. */
export function coloured(image: Uint8ClampedArray, { values, width, height, offset, stride, middle, half }: Seen, theme: Theme): void {
  paint(image, width * height, (i) => values[offset + i * stride], middle, half, theme);
}
