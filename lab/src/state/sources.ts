// Where data comes from: the notes' toy sets, digits, a file of the reader's, a table that Python put into the page. One place
// that knows the tables' room.

import { core } from '../engine';
import type { Data } from '../engine/types';
import { given, type Given } from '../tables/embedded';
import { dataOf, readCsv, type Table } from '../tables/table';
import { TOYS as ALL, toy } from '../tables/toys';

export const TOYS = ALL;

/** How a set can be asked for again: what a shared link or a saved page says of it. */
export type Source =
  | { kind: 'toy'; name: string; noise: number; seed: number }
  | { kind: 'csv'; name: string; text: string; target: string }
  | { kind: 'given'; name: string };

let came: Given | null = null; // the table that the page came with

/** The table, settings and perhaps weights that the page came with; null for an empty page. */
export async function cameWith(): Promise<Given | null> {
  return (came = await given(document.getElementById('table')?.textContent));
}

const HELD_OUT = 0.25; // rows that prepare nothing, and are held out unless the settings say otherwise
const ROWS: Record<string, number> = { digits: 1500 };

export async function load(source: Source): Promise<Data> {
  if (source.kind === 'given' && came) return came.data;
  if (source.kind === 'given') throw new Error(`expected the table "${source.name}" in this page, found none`);
  const made = await core();
  if (source.kind === 'toy') {
    const data = toy(made, source.name, { rows: ROWS[source.name] ?? 300, noise: source.noise, seed: source.seed, heldOut: HELD_OUT });
    return source.name === 'digits' ? data : single(data);
  }
  const table = readCsv(new TextEncoder().encode(source.text), source.name);
  const target = source.target || table.target || guessed(table);
  return dataOf(made, table, { target, scaling: table.block ? 'unit' : 'standard', encoding: 'labels', low: 0.01, high: 0.99, heldOut: HELD_OUT, seed: 0 });
}

/** The column that is most likely the question: the last one that is not all different words. */
function guessed(table: Table): string {
  const fits = table.columns.filter((cells) => cells.type !== 'words' || new Set(cells.words).size <= Math.max(2, cells.words.length / 4));
  return (fits.at(-1) ?? table.columns.at(-1)!).name;
}

/** Two classes by one output: yes or no to the second. A sigmoid of z says what a softmax of (0, z) says. */
function single(data: Data): Data {
  const targets = Float32Array.from({ length: data.rows }, (_, row) => data.targets[row * data.nOut + 1]);
  return { ...data, targets, nOut: 1 };
}
