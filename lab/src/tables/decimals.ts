// A comma or a point before the decimals of a model's columns, where the rows to be answered leave it open: deltaw.tables.decimals and
// .reading.formats.heads.
import { said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import type { Records } from './delimited.ts';
import { wordOf } from './missing.ts';
import { CELLS, COMMAS, POINTS, areGrouped, hasMark, markIn, type Decimals, type Mark } from './notations.ts';
import type { Preparation, TargetSpec } from '../engine/types.ts';

export const HEAD = 199; // rows that say how a file writes numbers

/** What is known of the columns of rows, of those that a model learnt from. */
export interface Known {
  decimals?: Decimals | undefined;
  gaps?: string[] | undefined;
  preparation?: Preparation;
  target?: TargetSpec;
}
type Words = (string | null)[];
type Column = [name: string, words: Words];

// What is said of signs that part thousands, or may, by the sign and what tells it.
const PARTED: Record<string, string> = {
  '.file': '"{name}": points are read as thousands separators, since other numbers of the file have decimal commas',
  '.model': '"{name}": points are read as thousands separators, as in the training rows',
  '.': '"{name}": points are read as decimal points; if they separate thousands, write the numbers without them',
  ',file': '"{name}": commas are read as thousands separators, since other numbers of the file have decimal points',
  ',model': '"{name}": commas are read as thousands separators, as in the training rows',
  ',': '"{name}": commas are read as decimal commas; if they separate thousands, write the numbers without them',
};

/** The notation of each column, and what is to be said of it. */
export function notationsOf({ names, rows, notation, notes, texts }: Records, known: Known | undefined): { of: (column: string) => string; notes: Text[] } {
  const gaps = new Set(known?.gaps), words = (some: string[][], k: number): Words => some.map((row) => wordOf(row[k]!)).map((word) => (word && gaps.has(word.toLowerCase()) ? null : word));
  const columns = known || notation === ';' ? names.map((name, k): Column => [name, words(rows.slice(0, HEAD), k)]) : [], marks = known?.decimals ?? {};
  if (notation.startsWith(CELLS)) {
    const held = heldOf(columns.filter(([name]) => texts?.includes(name)), marks);
    return { of: (column) => marked(texts?.includes(column) ? notation.slice(CELLS.length) : notation, held[column]), notes };
  }
  const { held, left } = known ? marksIn(columns, notation, marks) : { held: {}, left: columns.flatMap(([name, words]) => (areGrouped(words) ? [name] : [])) }, file = markIn(notation);
  const told = (name: string, by: string): Text => said(PARTED[by]!, { name: clipped(name) });
  const parted = names.flatMap((name, k) => {
    const sign = (held[name] ?? file) === ',' ? '.' : ',';
    if ((sign === ',' && notation.at(-1) !== ';') || !rows.some((row) => row[k]!.includes(sign))) return [];
    const all = words(rows, k);
    return areGrouped(all, sign) && (sign === '.' || !hasMark(all, '.')) ? [told(name, sign + (name in held ? 'model' : file && 'file'))] : [];
  });
  return { of: (column) => marked(notation, held[column]), notes: [...notes, ...left.map((name) => told(name, '.')), ...parted] };
}
const marked = (notation: string, mark: Mark | undefined): string => (mark ? (mark === ',' ? COMMAS : POINTS) + notation.at(-1)! : notation);

/** Which of the known marks hold here, and the columns whose points may be either, where nothing tells. */
function marksIn(columns: Column[], notation: string, known: Decimals): { held: Decimals; left: string[] } {
  const byCommas = notation.at(-1) === ',', asCommas = Object.values(known).includes(',');
  if (byCommas && !asCommas) return { held: {}, left: [] };
  const commas = columns.some(([, words]) => hasMark(words, ','));
  if (commas && !byCommas && !asCommas) return { held: {}, left: [] };
  const held = commas || !byCommas ? heldOf(columns, known) : {};
  const usual = Object.keys(known).length ? '.' : ',', told = commas || Object.keys(held).length > 0;
  return { held, left: told ? [] : columns.filter(([name, words]) => (known[name] ?? usual) === ',' && areGrouped(words)).map(([name]) => name) };
}
/** The known marks of some columns, where none of these has another for sure; else none. */
function heldOf(columns: Column[], known: Decimals): Decimals {
  const here = columns.filter(([name]) => name in known);
  return here.some(([name, words]) => hasMark(words, known[name] === ',' ? '.' : ',')) ? {} : Object.fromEntries(here.map(([name]) => [name, known[name]!]));
}
