// What the thread does that reads: from a source, or the reader's files, to data and what the page shows of them. Nothing of it holds
// the page up, and what it leaves is gone with its thread.

import type { Core } from '../engine/core';
import type { Column, Data, Preparation } from '../engine/types';
import { said, type Text } from '../said';
import { checkSize, plain, unzipped } from '../tables/archives';
import { beyond } from '../tables/beyond';
import { countOf, withNones } from '../tables/cells';
import { present } from '../tables/kinds';
import type { Decimals } from '../tables/notations';
import { part, type Tell } from '../tables/progress';
import { asText } from '../tables/delimited';
import { dataOf, inputsOf, tableOf, type Choice, type Learnt } from '../tables/data';
import { areAlike, decoded, isWorkbook, joined, readText, recordsOf, recordsOfText, tableFrom, type Table } from '../tables/table';
import { toy, toyTable, type ToyChoice } from '../tables/toys';
import { axes, type Axis } from './plane';
import { FIRST } from './settings';
import type { Division, Files, Source } from './sources';

export interface Request {
  source: Source | Files;
  division: Division;
  learnt?: Learnt; // by a model
  came?: Came; // the table that the page came with, where the source is that
}
/** What is learnt of a table anew. */
export type Came = Pick<Data, 'name' | 'columns' | 'target' | 'heldOut' | 'gaps' | 'decimals'>;
/** A source that was read. */
export interface Loaded {
  source: Source;
  others: string[]; // files that have other columns
  data: Data;
  axes: Axis[];
}

/** Files whose rows are to be answered, by what was learnt of another table. */
export interface Unanswered {
  answer: Files;
  preparation: Preparation;
  gaps?: string[];
  decimals?: Decimals;
}
/** Their inputs, and their records as they are written. */
export interface ToAnswer {
  inputs: Float32Array;
  names: string[];
  lines: string[];
  notes: Text[];
}

const ROWS: Record<string, number> = { digits: 1500 };

export const read = (core: Core, request: Request | Unanswered, tell: Tell): Promise<Loaded | ToAnswer> => ('answer' in request ? toAnswer(request, tell) : loaded(core, request, tell));

async function toAnswer({ answer, ...learnt }: Unanswered, tell: Tell): Promise<ToAnswer> {
  const { source } = await ofFiles(answer);
  if (source.kind !== 'csv') throw new Error(source.kind);
  const records = recordsOfText(source.text, source.name, source.encoding, source.written, part(tell, 0, 0.4));
  return { ...inputsOf(tableFrom(records, source.name, part(tell, 0.4, 0.7), learnt), learnt, part(tell, 0.7, 1)), names: records.names, lines: records.rows.map((row) => asText([row])) };
}

async function loaded(core: Core, { source: wanted, division, learnt, came }: Request, tell: Tell): Promise<Loaded> {
  const { source, others } = wanted.kind === 'files' ? await ofFiles(wanted) : { source: wanted, others: [] };
  const data = dataIn(core, source, division, learnt, came && unpacked(came), tell), found = { source, others, data, axes: axes(data) };
  data.columns.forEach(pack);
  return found;
}

// --- words on their way from a thread to another: by their places, there is less to hand over ------------------------------

/** For the other side, whose columns these are no more. */
const pack = (column: Column): void => {
  if (!(column.values instanceof Float64Array)) column.values = placesOf(column.values) as never;
};
export const packed = ({ name, columns, target, heldOut, gaps, decimals }: Data): Came => {
  const own = columns.map((column) => ({ ...column }));
  own.forEach(pack);
  return { name, columns: own, target, heldOut, gaps, decimals };
};
/** On the other side. */
export function unpacked<D extends Pick<Data, 'columns'>>(data: D): D {
  for (const column of data.columns) {
    const { places, words } = column.values as unknown as Places;
    if (!words) continue;
    const values = new Array<string | null>(places.length); // by hand: there may be millions
    for (let row = 0; row < values.length; row++) values[row] = words[places[row]] ?? null;
    column.values = values;
  }
  return data;
}
/** Words by their places in a list of the different ones, −1 where missing. */
interface Places {
  places: Int32Array;
  words: string[];
}
function placesOf(values: (string | null)[]): Places {
  const known = new Map<string, number>();
  const places = Int32Array.from(values, (word) => (word === null ? -1 : (known.get(word) ?? (known.set(word, known.size), known.size - 1))));
  return { places, words: [...known.keys()] };
}

// --- from a source to data ---------------------------------------------------------------------------------------------

function dataIn(core: Core, source: Source, division: Division, learnt: Learnt | undefined, came: Came | undefined, tell: Tell): Data {
  if (source.kind === 'toy' && !learnt) {
    const whole = toy(core, source.name, ofToy(source, division));
    return source.name === 'digits' ? whole : single(whole);
  }
  const table = tableIn(core, source, came, learnt, part(tell, 0, 0.6)), known: Learnt = learnt ?? (came ? { target: came.target, gaps: came.gaps } : {});
  const target = known.target?.name ?? ((source.kind === 'csv' && source.target) || table.target || guessed(table));
  const choice: Choice = {
    target, scaling: learnt?.preparation?.scaling ?? source.scaling ?? '', encoding: 'labels', low: 0.01, high: 0.99, ...division, apart: came?.heldOut ?? null,
    ...(learnt ? {} : { columns: source.columns }),
  };
  const data = dataOf(core, table, choice, known, part(tell, 0.6, 1));
  return source.kind === 'csv' && !learnt ? { ...data, notes: [...data.notes, ...beyond(data)] } : data;
}
const ofToy = ({ name, noise, seed }: { name: string; noise: number; seed: number }, division: Division): ToyChoice => ({
  rows: ROWS[name] ?? 300, noise, seed, heldOut: division.heldOut, division: division.seed,
});
function tableIn(core: Core, source: Source, came: Came | undefined, learnt: Learnt | undefined, tell: Tell): Table {
  if (source.kind === 'csv') return readText(source.text, source.name, source.encoding, source.written, tell, learnt);
  return source.kind === 'given' ? tableOf(came!) : toyTable(core, source.name, ofToy(source, FIRST));
}

/** Files of the reader's as a source: those with the columns of the first one below the other, as deltaw reads a folder; and which have others. */
async function ofFiles({ kind: _, files: given, encoding, ...chosen }: Files): Promise<{ source: Source; others: string[] }> {
  const files = await Promise.all(given.map(async (file) => ({ name: file.name, bytes: await bytesOf(file) })));
  const [first] = files as [(typeof files)[0]], notes: Text[] = [], bytes = await unzipped(first.bytes, first.name, notes);
  if (files.length === 1 && !notes.length && !isWorkbook(bytes)) return { source: { kind: 'csv', name: first.name, ...decoded(bytes, first.name, encoding), target: '', ...chosen }, others: [] };
  const all = await Promise.all(files.map(({ bytes, name }) => recordsOf(bytes, name, encoding))), alike = all.filter((each) => areAlike(all[0]!, each));
  const { text, written } = joined(alike), name = alike.length > 1 ? `${first.name} + ${alike.length - 1}` : first.name;
  if (alike.length > 1) written.notes.push(said('{n} files with the same columns, one below the other', { n: alike.length }));
  return { source: { kind: 'csv', name, text, target: '', written, ...chosen }, others: all.filter((each) => !alike.includes(each)).map((each) => each.name) };
}

async function bytesOf(file: File): Promise<Uint8Array> {
  checkSize(file.size, file.name);
  return plain(new Uint8Array(await file.arrayBuffer()), file.name);
}

/** The column that is most likely the question: the last one that says different things of most rows, and is not all different words. */
function guessed(table: Table): string {
  const fits = table.columns.filter((cells) => {
    const there = present(withNones(cells)), n = new Set(there).size;
    return n > 1 && there.length > countOf(cells) / 2 && (cells.type !== 'words' || n <= Math.max(2, cells.words.length / 4));
  });
  return (fits.at(-1) ?? table.columns.at(-1)!).name;
}

/** Two classes by one output: yes or no to the second. A sigmoid of z says what a softmax of (0, z) says. */
function single(data: Data): Data {
  const targets = Float32Array.from({ length: data.rows }, (_, row) => data.targets[row * data.nOut + 1]);
  return { ...data, targets, nOut: 1 };
}

/** The memory of all arrays in what is said to the page: it is handed over. */
export function memoryIn(said: unknown, found = new Set<Transferable>()): Transferable[] {
  if (ArrayBuffer.isView(said)) found.add(said.buffer as ArrayBuffer);
  else if (said instanceof Array ? typeof said[0] === 'object' : typeof said === 'object' && said) for (const each of Object.values(said as object)) memoryIn(each, found);
  return [...found];
}
