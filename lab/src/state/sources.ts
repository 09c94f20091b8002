// Where data comes from: the notes' toy sets, digits, a file of the reader's. One place that knows the tables' room.

import { fakeToy } from './toy';
import type { Data } from '../engine/types';
import { given, type Given } from '../tables/embedded';

export const TOYS = ['line', 'xor', 'circle', 'spiral'] as const;

/** How a set can be asked for again: what a shared link or a saved page says of it. */
export type Source = { kind: 'toy'; name: string; noise: number; seed: number } | { kind: 'csv'; name: string; text: string; target: string } | { kind: 'given'; name: string };

let came: Given | null = null; // the table that the page came with

/** The table, settings and perhaps weights that the page came with; null for an empty page. */
export async function cameWith(): Promise<Given | null> {
  return (came = await given(document.getElementById('table')?.textContent));
}

export function load(source: Source): Data {
  if (source.kind === 'toy') return fakeToy(source.name, source.noise, source.seed);
  if (source.kind === 'given' && came) return came.data;
  throw new Error('not yet');
}
