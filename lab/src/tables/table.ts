// A table as it was read.
import { said, type Text } from '../said.ts';
import { unzipped } from './archives.ts';
import { typed, type Cells } from './cells.ts';
import { HEAD, notationsOf, type Known } from './decimals.ts';
import { asText, notationOf, ofText, readDelimited, type Records } from './delimited.ts';
import { decoded } from './encodings.ts';
import { wordOf } from './missing.ts';
import { CELLS, markIn } from './notations.ts';
import { areObjects, readObjects } from './objects.ts';
import { part, quiet } from './progress.ts';
import { checkSorts } from './sorts.ts';
import { textColumns } from './spelling.ts';
import type { Block } from './steps.ts';
import { noteOnOddRows } from './totals.ts';
import { isWorkbook, readWorkbook } from './workbook.ts';

export interface Table {
  name: string;
  columns: Cells[];
  target: string | null; // where the source says so
  block: Block | null; // columns that are the pixels of one image
  notes: Text[];
  notation?(column: string): string; // how numbers are written in it
  without?(isGap: (word: string | null) => boolean): Table; // such words, which may have hidden how its file writes numbers
}

/** Text that this page wrote, of a workbook or of several files: its first record names the columns. */
export type Written = Pick<Records, 'notation' | 'notes' | 'texts'>; // of what it was read from

/** What a file holds, and its encoding where that was guessed. */
export interface Read extends Records {
  name: string;
  encoding: string | null;
  inWorkbook: boolean;
}
export async function recordsOf(bytes: Uint8Array, name: string, chosen?: string): Promise<Read> {
  const notes: Text[] = [], inWorkbook = isWorkbook((bytes = await unzipped(bytes, name, notes)));
  const { text, encoding } = inWorkbook ? { text: '', encoding: null } : decoded(bytes, name, chosen);
  const read = inWorkbook ? { ...(await readWorkbook(bytes, name)), notation: `${CELLS},` } : recordsIn(text, name);
  return { ...read, notes: [...notes, ...read.notes], name, encoding, inWorkbook };
}
const recordsIn = (text: string, name: string, tell = quiet): Records => (areObjects(text) ? readObjects : readDelimited)(text, name, tell);

/** Some files' records as one text, in the order of the first one's columns. Raises where one has cells of another sort. */
export function joined(all: Read[]): { text: string; written: Written } {
  if (all.length > 1) checkSorts(all);
  const { names } = all[0]!, alike = new Set(all.map((each) => each.notation.at(-1))).size === 1, notes = all.flatMap((each) => [...each.notes, ...readAs(each.encoding)]);
  const notation = alike ? all.map((each) => each.notation).reduce((a, b) => (b.length > a.length ? b : a)) : ',';
  const rows = all.flatMap((each) => {
    const places = names.map((name) => each.names.indexOf(name)), own = alike ? each.rows : plainly(each);
    return own.map((row) => places.map((place) => row[place]!));
  });
  return { text: asText([names, ...rows]), written: { notation, notes, texts: all.flatMap(({ texts }) => texts ?? []) } };
}
/** Rows with their numbers as computers write them, whatever separated the fields. */
function plainly({ names, rows, notation }: Records): string[][] {
  const columns = names.map((name, k) => typed(name, rows.map((row) => row[k]!), notation));
  return rows.map((row, i) => row.map((cell, k) => {
    const { type, numbers, words } = columns[k]!;
    return words[i] ?? (type === 'number' && !Number.isNaN(numbers[i]!) ? String(numbers[i]).replace(/^-?\d+$/, '$&.0') : cell);
  }));
}
/** Whether two files have the same columns. */
export const areAlike = (a: Records, b: Records): boolean => a.names.length === b.names.length && a.names.every((name) => b.names.includes(name));

const readAs = (encoding: string | null): Text[] => (encoding ? [said('this file is no UTF-8: it was read as {encoding}', { encoding })] : []);

/** A file's bytes as a table. */
export async function readFile(bytes: Uint8Array, name: string, known?: Known): Promise<Table> {
  const records = await recordsOf(bytes, name);
  return tableFrom({ ...records, notes: [...records.notes, ...readAs(records.encoding)] }, name, quiet, known);
}
export { decoded, isWorkbook };

/** Text as a table; `encoding`: what its bytes were taken for, where that was guessed. */
export function readText(text: string, name: string, encoding: string | null = null, written?: Written, tell = quiet, known?: Known): Table {
  return tableFrom(enough(recordsOfText(text, name, encoding, written, part(tell, 0, 0.5))), name, part(tell, 0.5, 1), known);
}
const MOST_CELLS = 2 ** 23; // of more a thread's memory would not hold what is made
function enough(records: Records): Records {
  const { names, rows, notes } = records, most = Math.floor(MOST_CELLS / names.length);
  return rows.length > most ? { ...records, rows: Array.from(evenly(most, rows.length), (row) => rows[row]!), notes: [...notes, noteOnSample(most, rows.length)] } : records;
}
/** So many of the rows, spread evenly. */
export const evenly = (most: number, rows: number): Int32Array => Int32Array.from({ length: most }, (_, i) => Math.floor((i * rows) / most));
export const noteOnSample = (most: number, rows: number): Text => said('{most:,} of {rows:,} rows, spread evenly: more would not fit into a page', { most, rows });
export function recordsOfText(text: string, name: string, encoding: string | null = null, written?: Written, tell = quiet): Records {
  const found = written ? { ...headed(ofText(text, tell)), ...written } : recordsIn(text, name, tell);
  return { ...found, notes: [...found.notes, ...readAs(encoding)] };
}
const headed = ([names, ...rows]: string[][]): { names: string[]; rows: string[][] } => ({ names: names!, rows });
/** `known`: of those that these rows are to be like. */
export function tableFrom(records: Records, name: string, tell = quiet, known?: Known): Table {
  const { names, rows, notation } = records, { of, notes } = notationsOf(records, known), texts = textColumns(known ?? {});
  const columns = names.map((column, k) => {
    tell(k / names.length);
    return typed(column, rows.map((row) => row[k]!), of(column), texts.has(column));
  });
  const named = !names.every((column, k) => column === `column_${k + 1}`);
  const without: Table['without'] = (isGap) => {
    const left = rows.map((row) => row.map((cell) => (isGap(wordOf(cell)) ? '' : cell)));
    return tableFrom({ ...records, rows: left, notation: markIn(notation) === ',' ? notation : notationOf(left.slice(0, HEAD), notation.at(-1)!) }, name, quiet, known);
  };
  return images({ name, columns, target: null, block: null, notes: [...notes, ...noteOnOddRows(columns)], notation: of, ...(notation.endsWith(',') ? {} : { without }) }, named);
}

// --- images: deltaw.tables.reading.formats.pixels -------------------------------------------------------------------

const SMALLEST = 64, FAINTEST = 16, BYTE = 255;
const PIXEL_NAME = /^((pixel|px)[_ ]?\d+([_x]\d+)*|\d+x\d+)$/i;

function images(table: Table, named: boolean): Table {
  const { columns } = table, side = (count: number): number => (count >= SMALLEST && Number.isInteger(Math.sqrt(count)) ? Math.sqrt(count) : 0);
  const others = named ? columns.filter(({ name }) => !PIXEL_NAME.test(name)) : side(columns.length) ? [] : columns.slice(0, 1);
  const pixels = columns.filter((each) => !others.includes(each)), n = side(pixels.length);
  const bytes = pixels.every(({ type, numbers }) => type === 'whole' && numbers.every((x) => x >= 0 && x <= BYTE));
  if (!n || others.length > 1 || !bytes || !pixels.some(({ numbers }) => numbers.some((x) => x > FAINTEST))) return table;
  if (!named) pixels.forEach((each, i) => (each.name = `pixel_${Math.floor(i / n)}_${i % n}`));
  if (!named && others[0]) others[0].name = 'label';
  const block: Block = { name: 'pixels', columns: pixels.map(({ name }) => name), shape: [n, n], low: 0, high: BYTE };
  return { ...table, target: others[0]?.name ?? null, block };
}
