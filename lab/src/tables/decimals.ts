// A comma or a point before the decimals of a model's columns, where the rows to be answered leave it open: deltaw.tables.decimals and
// .reading.formats.heads.
import { said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import { FROM_FILE, commasIn, type Records } from './delimited.ts';
import { wordOf } from './missing.ts';
import { CELLS, COMMAS, EITHER, POINTS, WITH_COMMAS, areGrouped, failures, inWay, isCommaWay, type Decimals, type Mark } from './notations.ts';
import { unitOf } from './units.ts';
import type { Preparation, TargetSpec } from '../engine/types.ts';

const HEAD = 199; // rows that say how a file writes numbers

/** What is known of the columns of rows, of those that a model learnt from. */
export interface Known {
  decimals?: Decimals | undefined;
  gaps?: string[] | undefined;
  preparation?: Preparation;
  target?: TargetSpec;
}
type Words = (string | null)[];
type Column = [name: string, words: Words];

/** The notation of each column, and what is to be said of points that part thousands, or may. */
export function notationsOf(records: Records, known: Known | undefined): { of: (column: string) => string; notes: Text[] } {
  const { names, rows, notation, notes, texts } = records, gaps = new Set(known?.gaps), cells = notation.startsWith(CELLS);
  const own = (column: string): string => (cells && texts?.includes(column) ? notation.slice(CELLS.length) : notation);
  if (!known) return { of: own, notes };
  const words = (some: string[][], k: number): Words => some.map((row) => wordOf(row[k]!)).map((word) => (word && gaps.has(word.toLowerCase()) ? null : word));
  const head = rows.slice(0, HEAD), columns = names.map((name, k): Column => [name, words(head, k)]);
  if (cells) {
    const held = heldOf(columns.filter(([name]) => texts?.includes(name)), known.decimals ?? {});
    return { of: (column) => marked(own(column), held[column]), notes };
  }
  const { held, left } = marksIn(columns, notation, known.decimals ?? {});
  const parted = names.filter((name, k) => held[name] === ',' && areGrouped(words(rows, k)));
  return {
    of: (column) => marked(notation, held[column]),
    notes: [
      ...notes.filter((note) => typeof note !== 'object' || !('say' in note) || note.say !== FROM_FILE || !(String(note.values['name']) in held)),
      ...left.map((name) => said('"{name}": points are read as decimal points; if they separate thousands, write the numbers without them', { name: clipped(name) })),
      ...parted.map((name) => said('"{name}": points are read as thousands separators, as in the training rows', { name: clipped(name) })),
    ],
  };
}
const marked = (notation: string, mark: Mark | undefined): string => (mark ? (mark === ',' ? COMMAS : POINTS) + notation.at(-1)! : notation);

/** Which of the known marks hold here, and the columns whose points may be either, where nothing tells. */
function marksIn(columns: Column[], notation: string, known: Decimals): { held: Decimals; left: string[] } {
  const byCommas = notation.at(-1) === ',', asCommas = Object.values(known).includes(',');
  if (byCommas && !asCommas) return { held: {}, left: [] };
  const commas = commasIn(columns.map(([, words]) => words));
  if (commas && !byCommas && !asCommas) return { held: {}, left: [] };
  const held = commas || !byCommas ? heldOf(columns, known) : {};
  const usual = Object.keys(known).length ? '.' : ',', told = commas || Object.keys(held).length > 0;
  return { held, left: told ? [] : columns.filter(([name, words]) => (known[name] ?? usual) === ',' && areGrouped(words)).map(([name]) => name) };
}
/** The known marks of some columns, where none of these has another for sure; else none. */
function heldOf(columns: Column[], known: Decimals): Decimals {
  const here = columns.filter(([name]) => name in known);
  return here.some(([name, words]) => contradicts(words, known[name]!)) ? {} : Object.fromEntries(here.map(([name]) => [name, known[name]!]));
}
/** Whether some words are numbers, with a unit or without, that have the other mark for sure. */
function contradicts(words: Words, mark: Mark): boolean {
  const some = words.filter((word) => word !== null && /[.,]/.test(word)) as string[];
  if (!some.length) return false;
  const [way, numbers] = inWay(some, unitOf(some), mark === ',' ? WITH_COMMAS : EITHER);
  return isCommaWay(way) !== (mark === ',') && !failures(some, numbers);
}
