// What sort of cells the columns of several files have, and which sorts may stand in one column: deltaw.tables.reading.sorts.
import { areCodes, clipped, typed, type Cells } from './cells.ts';
import type { Read } from './table.ts';
import { Refusal, said } from '../said.ts';

type Sort = 'codes' | 'numerals' | 'numbers' | 'truth' | 'dates' | 'words' | 'mixed';
// Numerals are text all of which could be numbers; mixed are words some of which could be numbers, or truth values.
const SAID = { codes: said('codes'), numerals: said('numbers'), numbers: said('numbers'), truth: said('truth values'), dates: said('dates'), words: said('words'), mixed: said('words') };
const COUNTED: Sort[] = ['codes', 'numerals', 'numbers'], SPELT: Sort[] = ['codes', 'numerals', 'words', 'mixed'];
const TOGETHER: Sort[][] = [COUNTED, [...SPELT, 'dates'], ['mixed', 'numbers'], ['mixed', 'truth']]; // the last two turn all of it to words

const LOOK = 1000; // cells that tell what looks like a number
const NUMERAL = /^\s*[+-]?(\p{Nd}[\p{Nd}.,'’_ ]*|\.\p{Nd}+)(e[+-]?\p{Nd}+)?\s*$/iu, TRUE_OR_FALSE = /^\s*(true|false)\s*$/i;
const DAY = /^\d{4}-\d\d-\d\d( [\d:.]+)?$/; // as a workbook's days are written here

/** What cells are; null where there is none. */
function sortOf({ type, unit, words }: Cells, inWorkbook: boolean): Sort | null {
  if (type !== 'words' && !unit) return type === 'truth' ? 'truth' : 'numbers';
  const present = words.filter((word) => word !== null), step = Math.max(1, Math.floor(present.length / LOOK));
  if (!present.length) return null;
  if (areCodes(present)) return 'codes';
  if (inWorkbook && present.every((word) => DAY.test(word))) return 'dates';
  const some = present.filter((_, i) => i % step === 0), numerals = some.filter((word) => NUMERAL.test(word)).length;
  if (numerals === some.length) return 'numerals';
  return numerals || some.some((word) => TRUE_OR_FALSE.test(word)) ? 'mixed' : 'words';
}
function both(known: Sort, found: Sort): Sort {
  if (known === found) return known;
  return [known, found].every((each) => COUNTED.includes(each)) ? (['numbers', 'numerals'] as const).find((each) => [known, found].includes(each))! : 'mixed';
}

/** Raise for the first file with a column whose cells are of another sort than those of the files before it. */
export function checkSorts(files: Read[]): void {
  const known = new Map<string, Sort>();
  for (const { name: source, names, rows, notation, inWorkbook } of files)
    for (const column of files[0]!.names) {
      const k = names.indexOf(column), found = sortOf(typed(column, rows.map((row) => row[k]!), notation), inWorkbook), before = known.get(column) ?? found;
      if (!found || !before) continue;
      if (found !== before && !TOGETHER.some((sorts) => sorts.includes(found) && sorts.includes(before)))
        throw new Refusal('{source}: expected {sort} in column "{column}", as in the files before it', SAID[found], 'write all files alike', { source, sort: SAID[before], column: clipped(column) });
      known.set(column, both(before, found));
    }
}
