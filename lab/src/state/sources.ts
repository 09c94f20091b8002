// Where data comes from: the notes' toy sets, digits, a file of the reader's, a table that Python put into the page. One place
// that knows the tables' room.

import { base64, bytes } from '../base64';
import { core } from '../engine';
import type { Data, Settings } from '../engine/types';
import { openModel, type Opened } from '../files/model';
import { Refusal, said } from '../said';
import { ENCODINGS as ALL_ENCODINGS } from '../tables/encodings';
import { given, type Given } from '../tables/embedded';
import { withNones } from '../tables/cells';
import { present } from '../tables/kinds';
import { FIRST } from './settings';
import { SCALINGS as ALL_SCALINGS } from '../tables/scaling';
import { areAlike, dataOf, decoded, isWorkbook, joined, readText, recordsOf, tableOf, unzipped, type Choice, type Learnt, type Table, type Written } from '../tables/table';
import { TOYS as ALL, toy, toyTable, type ToyChoice } from '../tables/toys';

export const TOYS = ALL;
export const SCALINGS = Object.keys(ALL_SCALINGS);
export const ENCODINGS = ALL_ENCODINGS;

/** What the reader chose of a table, over what is chosen for it. */
export interface Chosen {
  scaling?: string;
  columns?: string[]; // the only ones to use
  model?: string; // a .deltaw file in base64: it says how the table is prepared, and what is predicted
}

/** How a set can be asked for again: what a shared link or a saved page says of it. */
export type Source = Chosen &
  (| { kind: 'toy'; name: string; noise: number; seed: number }
    | { kind: 'csv'; name: string; text: string; target: string; encoding?: string | null; written?: Written } // the encoding: that was guessed
    | { kind: 'given'; name: string });

/** Which rows are held out; they prepare nothing. */
export type Division = Pick<Settings, 'seed' | 'heldOut'>;

const ROWS: Record<string, number> = { digits: 1500 };
const ours = new WeakSet<Data>();
let came: Given | null = null; // the table that the page came with

/** The table, settings and perhaps weights that the page came with; null for an empty page. */
export async function cameWith(): Promise<Given | null> {
  const early = (globalThis as { deltawTable?: Promise<ArrayBuffer | null> | null }).deltawTable; // lab/making/loader.js
  return (came = await given(document.getElementById('table')?.textContent, await early));
}

function brought(name: string): Data {
  if (!came) throw new Refusal('expected the table "{name}" in this page', said('none'), 'open the page that the link is of', { name });
  return came.data;
}

export async function load(source: Source, division: Division): Promise<Data> {
  const made = await core();
  if (source.model) {
    const { preparation, target } = modelIn(source);
    return dataOf(made, await tableIn(source), choice(target.name, preparation.scaling, division, source), { preparation, target });
  }
  if (source.kind === 'given' && !source.scaling && !source.columns) return brought(source.name);
  if (source.kind === 'toy') {
    const whole = toy(made, source.name, ofToy(source, division)), data = source.name === 'digits' ? whole : single(whole);
    ours.add(data);
    return data;
  }
  const table = await tableIn(source), known: Learnt = source.kind === 'given' ? { target: brought(source.name).target } : {};
  const target = known.target?.name ?? ((source.kind === 'csv' && source.target) || table.target || guessed(table));
  return dataOf(made, table, { ...choice(target, source.scaling ?? 'standard', division, source), columns: source.columns }, known);
}

const choice = (target: string, scaling: string, division: Division, source: Source): Choice => ({
  target, scaling, encoding: 'labels', low: 0.01, high: 0.99, ...division, apart: source.kind === 'given' ? brought(source.name).heldOut : null,
});
const ofToy = ({ name, noise, seed }: { name: string; noise: number; seed: number }, division: Division): ToyChoice => ({
  rows: ROWS[name] ?? 300, noise, seed, heldOut: division.heldOut, division: division.seed,
});

/** Whether it is a toy set, whose names are the page's own words. */
export const isToy = (data: Data): boolean => ours.has(data);

let opened: [bytes: Uint8Array, name: string] | null = null; // the last file, in case it is in another encoding
/** A file of the reader's as a source. */
export function ofFile(bytes: Uint8Array, name: string, encoding?: string): Source {
  opened = [bytes, name];
  return { kind: 'csv', name, ...decoded(bytes, name, encoding), target: '' };
}
/** Files of the reader's as a source: those with the columns of the first one below the other, as deltaw reads a folder; and which have others. */
export async function ofFiles(files: { bytes: Uint8Array; name: string }[]): Promise<{ source: Source; others: string[] }> {
  const [first] = files as [(typeof files)[0]], bytes = await unzipped(first.bytes, first.name);
  if (files.length === 1 && !isWorkbook(bytes)) return { source: ofFile(bytes, first.name), others: [] };
  const all = await Promise.all(files.map(async ({ bytes, name }) => ({ name, ...(await recordsOf(bytes, name)) }))), alike = all.filter((each) => areAlike(all[0]!, each));
  const { text, written } = joined(alike), name = alike.length > 1 ? `${first.name} + ${alike.length - 1}` : first.name;
  if (alike.length > 1) written.notes.push(said('{n} files with the same columns, one below the other', { n: alike.length }));
  return { source: { kind: 'csv', name, text, target: '', written }, others: all.filter((each) => !alike.includes(each)).map((each) => each.name) };
}
/** A source's file in another encoding, if it is the last one that was opened here. */
export const inEncoding = (source: Source, encoding: string): Source => (opened?.[1] === source.name ? ofFile(...opened, encoding) : source);

/** A source as a table. */
async function tableIn(source: Source): Promise<Table> {
  if (source.kind === 'csv') return readText(source.text, source.name, source.encoding, source.written);
  return source.kind === 'given' ? tableOf(brought(source.name)) : toyTable(await core(), source.name, ofToy(source, FIRST));
}

/** What a source's model file says. */
export const modelIn = (source: Source): Opened => openModel(bytes(source.model!));
export const asModel = (file: Uint8Array): string => base64(file);

/** Whether a source's columns and their scaling can be chosen: pictures have none, and a model says all of it. */
export const choosable = (source: Source, data: Data): boolean => source.kind !== 'toy' && !source.model && !data.image && data.columns.length > 1;

/** The column that is most likely the question: the last one that says different things, and is not all different words. */
function guessed(table: Table): string {
  const fits = table.columns.filter((cells) => {
    const n = new Set(present(withNones(cells))).size;
    return n > 1 && (cells.type !== 'words' || n <= Math.max(2, cells.words.length / 4));
  });
  return (fits.at(-1) ?? table.columns.at(-1)!).name;
}

/** Two classes by one output: yes or no to the second. A sigmoid of z says what a softmax of (0, z) says. */
function single(data: Data): Data {
  const targets = Float32Array.from({ length: data.rows }, (_, row) => data.targets[row * data.nOut + 1]);
  return { ...data, targets, nOut: 1 };
}
