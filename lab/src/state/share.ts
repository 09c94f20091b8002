// The whole set-up in the address: settings, weights where they are few, and the fork, as packed JSON after the #.

import { base64, bytes } from '../base64';
import type { Settings, Weights } from '../engine/types';
import type { Source } from './sources';

export interface SharedRun {
  settings: Settings;
  weights: string | null; // base64 of float32, layer by layer, W then b; null where there are too many
}
export interface Shared {
  v: 1;
  source: Source | null; // null: a table of the reader's own, which no address can hold
  name: string; // of the data
  runs: SharedRun[];
  axes: [number, number];
  row: number;
  lesson: [string, number] | null;
}

export const MOST = 2500; // weights in an address

export function packedWeights({ weights, biases }: Weights): string {
  const all = weights.flatMap((W, l) => [W, biases[l]]);
  const flat = new Float32Array(all.reduce((n, each) => n + each.length, 0));
  let at = 0;
  for (const each of all) {
    flat.set(each, at);
    at += each.length;
  }
  return base64(new Uint8Array(flat.buffer));
}

/** The same again, for so many inputs; null where the text does not hold as many numbers as the layers need. */
export function unpackedWeights(text: string, settings: Settings, nIn: number): Weights | null {
  const flat = new Float32Array(bytes(text).slice().buffer);
  const found: Weights = { weights: [], biases: [] };
  let [at, n] = [0, nIn];
  for (const { units } of settings.layers) {
    found.weights.push(flat.slice(at, at + n * units));
    found.biases.push(flat.slice(at + n * units, at + n * units + units));
    at += n * units + units;
    n = units;
  }
  return at === flat.length && flat.every(Number.isFinite) ? found : null;
}

export async function toHash(shared: Shared): Promise<string> {
  const stream = new Blob([JSON.stringify(shared)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const packed = base64(new Uint8Array(await new Response(stream).arrayBuffer()));
  return `#lab=${packed.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** What an address says, or null where it says nothing that can be read. */
export async function fromHash(hash: string): Promise<Shared | null> {
  const text = /^#lab=([\w-]+)$/.exec(hash)?.[1];
  if (!text) return null;
  try {
    const stream = new Blob([bytes(text.replaceAll('-', '+').replaceAll('_', '/')).slice()]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const shared = JSON.parse(await new Response(stream).text()) as Shared;
    return shared.v === 1 && Array.isArray(shared.runs) && shared.runs.length > 0 ? shared : null;
  } catch {
    return null;
  }
}

/** What a saved page holds. */
export function fromPage(): Shared | null {
  const text = document.getElementById('page')?.textContent;
  return text ? (JSON.parse(text) as Shared) : null;
}
