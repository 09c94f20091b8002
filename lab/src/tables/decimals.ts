// A comma or a point before the decimals of a model's columns, where the rows to be answered leave it open: deltaw.tables.decimals and
// .reading.formats.heads.
import { said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import { FROM_FILE, commasIn, type Records } from './delimited.ts';
import { wordOf } from './missing.ts';
import { CELLS, COMMAS, EITHER, POINTS, WITH_COMMAS, areGrouped, failures, inWay, isCommaWay, type Decimals, type Mark } from './notations.ts';
import { unitOf } from './units.ts';

const HEAD = 199; // rows that say how a file writes numbers

/** What is known of the columns of rows, of those that a model learnt from. */
export interface Known {
  decimals?: Decimals | undefined;
  gaps?: string[] | undefined;
}
type Words = (string | null)[];

/** The notation of each column, and what is to be said of points that part thousands, or may. */
export function notationsOf(records: Records, known: Known | undefined): { of: (column: string) => string; notes: Text[] } {
  const { names, rows, notation, notes } = records, gaps = new Set(known?.gaps);
  if (!known || notation.startsWith(CELLS)) return { of: () => notation, notes };
  const words = (some: string[][], k: number): Words => some.map((row) => wordOf(row[k]!)).map((word) => (word && gaps.has(word.toLowerCase()) ? null : word));
  const head = rows.slice(0, HEAD), { held, left } = marksIn(names.map((name, k) => [name, words(head, k)]), notation, known.decimals ?? {});
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
function marksIn(columns: [name: string, words: Words][], notation: string, known: Decimals): { held: Decimals; left: string[] } {
  const byCommas = notation.at(-1) === ',', asCommas = Object.values(known).includes(',');
  if (byCommas && !asCommas) return { held: {}, left: [] };
  const commas = commasIn(columns.map(([, words]) => words));
  if (commas && !byCommas && !asCommas) return { held: {}, left: [] };
  const here = commas || !byCommas ? columns.filter(([name]) => name in known) : [];
  const held = here.some(([name, words]) => contradicts(words, known[name]!)) ? {} : Object.fromEntries(here.map(([name]) => [name, known[name]!]));
  const usual = Object.keys(known).length ? '.' : ',', told = commas || Object.keys(held).length > 0;
  return { held, left: told ? [] : columns.filter(([name, words]) => (known[name] ?? usual) === ',' && areGrouped(words)).map(([name]) => name) };
}
/** Whether some words are numbers, with a unit or without, that have the other mark for sure. */
function contradicts(words: Words, mark: Mark): boolean {
  const some = words.filter((word) => word !== null && /[.,]/.test(word)) as string[];
  if (!some.length) return false;
  const [way, numbers] = inWay(some, unitOf(some), mark === ',' ? WITH_COMMAS : EITHER);
  return isCommaWay(way) !== (mark === ',') && !failures(some, numbers);
}
