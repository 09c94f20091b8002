// What each column is, and why: deltaw.tables.columns.
import { TRUTHS, checkStrays, clipped, countOf, readNumbers, refuse, type Cells } from './cells.ts';
import { DATE_FORMATS, dateFormat, dayOf } from './days.ts';
import { greatest, least } from './statistics.ts';
import { shown } from './shown.ts';
import type { Kind } from '../engine/types.ts';

export interface Found {
  name: string;
  kind: Kind;
  why: string;
  missing: number;
  format: string; // of dates
}

export const LEFT_OUT: Kind[] = ['identifier', 'constant', 'text'];
const IDENTIFIER_NAME = /^((.*[_ .-])?(id|key|uuid|guid|index|rownames?|row)|unnamed: 0)$/i, CAMEL = /^.*[a-z]I[dD]$/;
const SENTENCE = 4; // words a cell, from which on different cells are text
const DISTINCT = 0.95, ENOUGH = 10;

const present = (cells: Cells): (string | number)[] =>
  cells.type === 'words' ? cells.words.filter((word) => word !== null) : [...cells.numbers].filter((x) => !Number.isNaN(x));

export function kinds(columns: Cells[], source: string): Found[] {
  for (const { name, numbers } of columns) {
    const row = numbers.findIndex((x) => Math.abs(x) === Infinity);
    if (row >= 0) refuse(source, name, row, 'a finite number', String(numbers[row]), 'correct it or leave it empty');
  }
  const found = columns.map((cells) => kindOf(cells, source));
  if (found.some(({ kind }) => !LEFT_OUT.includes(kind))) return found;
  return found.map((each, i) =>
    each.kind === 'identifier' && columns[i]!.type === 'whole' ? { ...each, kind: 'number', why: 'whole numbers; all other columns are left out' } : each,
  );
}

function kindOf(cells: Cells, source: string): Found {
  const there = present(cells), distinct = new Set(there).size, missing = countOf(cells) - there.length;
  const told = (kind: Kind, why: string, format = ''): Found => ({ name: cells.name, kind, why, missing, format });
  if (!there.length) return told('constant', 'no value at all');
  if (distinct === 1 && !missing) return told('constant', `always ${clipped(String(there[0]), 30)}`);
  if (cells.type === 'truth') return told('boolean', 'true or false');
  if (cells.type === 'words') return told(...words(cells, there as string[], distinct, source));
  return told(...number(cells, there as number[], distinct));
}

function number(cells: Cells, there: number[], distinct: number): [Kind, string] {
  const [low, high] = [least, greatest].map((of) => of(Float64Array.from(there))) as [number, number];
  if (cells.type === 'whole' && distinct === countOf(cells) && distinct >= ENOUGH) {
    const countsRows = (low === 0 || low === 1) && high - low === distinct - 1;
    if (countsRows || IDENTIFIER_NAME.test(cells.name) || CAMEL.test(cells.name)) return ['identifier', `${distinct} distinct values in ${there.length} rows`];
  }
  return ['number', `${cells.type === 'whole' ? 'whole numbers' : 'numbers'}, ${shown(low)} to ${shown(high)}`];
}

function words(cells: Cells, there: string[], distinct: number, source: string): [Kind, string, string?] {
  const unique = new Set(there), lower = new Set(there.map((word) => word.toLowerCase()));
  if (distinct <= 2 && TRUTHS.some((pair) => [...lower].every((word) => (pair as readonly string[]).includes(word)))) return ['boolean', [...unique].sort().join(' or ')];
  checkStrays(cells, source);
  const [format, wrong] = dateFormat(there);
  if (format && wrong) {
    const row = cells.words.findIndex((word) => word !== null && Number.isNaN(dayOf(word, format)));
    refuse(source, cells.name, row, `a date, ${DATE_FORMATS[format]}`, cells.words[row]!, 'correct it or leave it empty');
  }
  if (format) return ['date', `written ${DATE_FORMATS[format]}`, format];
  const many = `${distinct} distinct values in ${there.length} rows`, first = there.slice(0, 1000);
  const length = first.reduce((sum, word) => sum + word.split(' ').length, 0) / first.length;
  if (distinct > there.length / 2 && length >= SENTENCE) return ['text', many];
  if (distinct >= DISTINCT * there.length && there.length >= ENOUGH) return ['identifier', many];
  const numbers = readNumbers(first), stray = first.find((_, i) => Number.isNaN(numbers[i]!));
  const none = numbers.filter(Number.isNaN).length;
  if (none <= first.length / 2) return ['category', stray ? `${distinct} values, some not numbers: "${clipped(stray, 20)}"` : many];
  return ['category', `${distinct} distinct values`];
}
