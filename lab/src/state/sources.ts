// Where data comes from: the notes' toy sets, digits, a file of the reader's. One place that knows the tables' room.

import { fakeToy } from '../engine/fake';
import type { Data } from '../engine/types';

export const TOYS = ['line', 'xor', 'circle', 'spiral'] as const;

/** How a set can be asked for again: what a shared link or a saved page says of it. */
export type Source = { kind: 'toy'; name: string; noise: number; seed: number } | { kind: 'csv'; name: string; text: string; target: string };

export function load(source: Source): Data {
  if (source.kind === 'toy') return fakeToy(source.name, source.noise, source.seed);
  throw new Error('not yet');
}
