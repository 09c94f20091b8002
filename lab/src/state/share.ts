// The whole set-up as JSON: packed after the # of an address, with weights and the run's state where they are few; whole in a saved
// page.

import { base64, bytes } from '../base64';
import { flat } from '../engine/inputs';
import type { Settings, Weights } from '../engine/types';
import type { Origin } from '../engine/training';
import { readable } from './readable';
import { fromText, toText } from './texts';
import type { Source } from './sources';

export interface SharedRun {
  settings: Settings;
  weights: string | null; // base64 of float32, layer by layer, W then b; null where there are too many
  origin?: Origin; // the moment, the optimiser's state, the curves, and of a saved page the way there
}
export interface Shared {
  v: 1;
  source: Source | null; // null: a table of the reader's own, which no address can hold
  name: string; // of the data
  runs: SharedRun[];
  forkedAt: number;
  axes: [number, number];
  row: number;
  lesson: [string, number] | null;
}

export const MOST = 2500; // weights in an address
const MOST_STATE = 12_000; // bytes of a run's state there
export const SAVED = 8 * 2 ** 20; // of its snapshots in a saved page
const START = '#lab=';
const POINTS = 60; // of the curves, in an address

/** Only what an address can hold: the last snapshot, few points of the curves; null where even that is too much. */
export function brief(origin: Origin): Origin | undefined {
  const { snapshots, history } = origin, last = snapshots.at(-1)!;
  if (last.kept.length > MOST_STATE) return undefined;
  const n = history.moments.length, every = Math.max(1, Math.ceil(n / POINTS));
  const few = (values: Float64Array): Float64Array => values.filter((_, i) => (n - 1 - i) % every === 0);
  const thinned = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, few(values)])) as unknown as Origin['history'];
  return { ...origin, snapshots: [last], history: thinned, losses: new Float64Array() };
}

export const packedWeights = (weights: Weights): string => base64(new Uint8Array(flat(weights).buffer));

/** The same again, for so many inputs; null where the text does not hold as many numbers as the layers need. */
export function unpackedWeights(text: string, settings: Settings, nIn: number): Weights | null {
  const all = bytes(text).slice();
  if (all.length % 4) return null;
  const numbers = new Float32Array(all.buffer);
  const found: Weights = { weights: [], biases: [] };
  let [at, n] = [0, nIn];
  for (const { units } of settings.layers) {
    found.weights.push(numbers.slice(at, at + n * units));
    found.biases.push(numbers.slice(at + n * units, at + n * units + units));
    at += n * units + units;
    n = units;
  }
  return at === numbers.length && numbers.every(Number.isFinite) ? found : null;
}

export async function toHash(shared: Shared): Promise<string> {
  const stream = new Blob([toText(shared)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const packed = base64(new Uint8Array(await new Response(stream).arrayBuffer()));
  return `${START}${packed.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** What an address says, 'unreadable' where that is nothing that could be opened, or null where it says nothing. */
export async function fromHash(hash: string): Promise<Shared | 'unreadable' | null> {
  if (!hash.startsWith(START)) return null;
  const text = hash.slice(START.length);
  try {
    const stream = new Blob([bytes(text.replaceAll('-', '+').replaceAll('_', '/')).slice()]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return known(fromText(await new Response(stream).text()));
  } catch {
    return 'unreadable';
  }
}

/** What a saved page holds. */
export function fromPage(): Shared | 'unreadable' | null {
  const text = document.getElementById('page')?.textContent;
  try {
    return text ? known(fromText(text)) : null;
  } catch {
    return 'unreadable';
  }
}

const known = (found: unknown): Shared | 'unreadable' => (readable(found) ? found : 'unreadable');
