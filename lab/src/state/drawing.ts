// From a drawing to the pixels that a network knows: the ink's box is scaled to fill most of the picture and moved to its
// middle, and every pixel is the share of ink in it, on the scale that the inputs were prepared by.

import { among } from '../engine/inputs';
import type { Data } from '../engine/types';

const FILL = 0.78; // of the picture, as in MNIST: 20 of 28
const MNIST = 28; // its pictures have their middle of mass in the middle
const INK = 40; // of 255: where there is any

/** side × side pixels of four bytes (ink is the alpha) to prepared inputs; null where nothing is drawn. */
export function pixels(rgba: Uint8ClampedArray, side: number, data: Data): Float32Array | null {
  const { width, height } = data.image!;
  const box = inkBox(rgba, side);
  if (!box) return null;
  const long = Math.max(box.right - box.left, box.bottom - box.top) + 1;
    const scale = (FILL * Math.min(width, height)) / long;
  const [cx, cy] = width === MNIST ? [box.massX, box.massY] : [(box.left + box.right + 1) / 2, (box.top + box.bottom + 1) / 2];
  const shares = new Float32Array(width * height);
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
    const left = cx + (c - width / 2) / scale;
    const top = cy + (r - height / 2) / scale;
    shares[r * width + c] = share(rgba, side, left, top, 1 / scale);
  }
  const { low, high } = ends(data);
  return shares.map((v) => low + v * (high - low));
}

function inkBox(rgba: Uint8ClampedArray, side: number) {
  let [left, right, top, bottom, mass, mx, my] = [side, -1, side, -1, 0, 0, 0];
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const ink = rgba[4 * (y * side + x) + 3];
    if (ink < INK) continue;
    left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    mass += ink; mx += ink * x; my += ink * y;
  }
  return right < 0 ? null : { left, right, top, bottom, massX: mx / mass, massY: my / mass };
}

/** The mean ink of a square of the drawing. */
function share(rgba: Uint8ClampedArray, side: number, left: number, top: number, size: number): number {
  let [sum, n] = [0, 0];
  for (let y = Math.floor(top); y < top + size; y++) for (let x = Math.floor(left); x < left + size; x++) {
    n++;
    if (x >= 0 && x < side && y >= 0 && y < side) sum += rgba[4 * (y * side + x) + 3] / 255;
  }
  return n ? sum / n : 0;
}

/** What no ink and full ink are as inputs: the ends over all pixels. */
export function ends(data: Data): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  const values = among(data.inputs);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]; // by hand: there may be millions
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return { low, high };
}
