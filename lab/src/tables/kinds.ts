// What each column is, and why: deltaw.tables.columns.
import { TRUTHS, areCodes, checkFinite, checkStrays, clipped, countOf, refuse, saysTotal, type Cells } from './cells.ts';
import { dateFormat, dayOf, how, noteOnDates, noteOnDigits, noteOnWords, ofAnotherCalendar } from './days.ts';
import { asWritten } from './notations.ts';
import { quiet } from './progress.ts';
import { said, type Text } from '../said.ts';
import { greatest, least } from './statistics.ts';
import { shown } from './shown.ts';
import { UNSPACED } from './text.ts';
import { CODES, plainUnit, unitOf, unitsOf, withoutUnit } from './units.ts';
import type { Kind } from '../engine/types.ts';

export interface Found {
  name: string;
  kind: Kind;
  why: Text;
  missing: number;
  format: string; // of dates
  note?: Text | undefined; // worth saying where words look like numbers
}

export const LEFT_OUT: Kind[] = ['identifier', 'constant'];
const IDENTIFIER_NAME = /^((.*[_ .-])?(id|key|uuid|guid|index|rownames?|row)|unnamed: 0|.*([编序学工证行单账卡]号|号码)|主键|索引)$/i, CAMEL = /^.*[a-z]I[dD]$/;
const SENTENCE = 3; // words a cell, from which on different cells are text; two signs without blanks are one
const WORD = /\S*\p{L}\S*/gu, SIGN = new RegExp(`[${UNSPACED}]`, 'g');
const DISTINCT = 0.95, ENOUGH = 10;
const MANY = '{distinct} distinct values in {rows} rows';

/** The values that are there. */
export const present = (cells: Cells): (string | number)[] =>
  cells.type === 'words' ? cells.words.filter((word) => word !== null) : [...cells.numbers].filter((x) => !Number.isNaN(x));

export function kinds(columns: Cells[], source: string, tell = quiet): Found[] {
  for (const cells of columns) checkFinite(cells, source);
  const found = columns.map((cells, k) => {
    tell(k / columns.length);
    return kindOf(cells, source);
  });
  if (found.some(({ kind }) => !LEFT_OUT.includes(kind))) return found;
  return found.map((each, i) =>
    each.kind === 'identifier' && columns[i]!.type === 'whole' && !columns[i]!.unit ? { ...each, kind: 'number', why: said('whole numbers; all other columns are left out') } : each,
  );
}

function kindOf(cells: Cells, source: string): Found {
  const there = present(cells), written = cells.unit ? cells.words.filter((word) => word !== null) : there; // 5 kg and 5.0 kg are two
  const distinct = new Set<string | number>(written).size, missing = countOf(cells) - there.length;
  const told = (kind: Kind, why: Text, format = '', note?: Text): Found => ({ name: cells.name, kind, why, missing, format, note });
  if (!there.length) return told('constant', said('no value at all'));
  if (distinct === 1 && !missing) return told('constant', said('always {value}', { value: clipped(String(written[0]), 30) }));
  if (cells.type === 'truth') return told('boolean', said('true or false'));
  if (cells.type === 'words') return told(...words(cells, there as string[], distinct, source));
  return told(...number(cells, there as number[], distinct));
}

const either = ([first, second]: string[]): Text => (second === undefined ? first! : said('{first} or {second}', { first: first!, second }));

function number(cells: Cells, there: number[], distinct: number): [Kind, Text, string?, Text?] {
  const [low, high] = [least, greatest].map((of) => of(Float64Array.from(there))) as [number, number];
  if (cells.type === 'whole' && distinct === countOf(cells) && distinct >= ENOUGH) {
    const countsRows = (low === 0 || low === 1) && high - low === distinct - 1;
    if (countsRows || IDENTIFIER_NAME.test(cells.name) || CAMEL.test(cells.name)) return ['identifier', said(MANY, { distinct, rows: there.length })];
  }
  const ends = { low: shown(low), high: shown(high) }, note = noteOnDigits(cells.name, there);
  if (cells.unit) return ['number', said(cells.type === 'whole' ? 'whole numbers, {low} to {high}, in {unit}' : 'numbers, {low} to {high}, in {unit}', { ...ends, unit: plainUnit(cells.unit) }), '', noteOnUnit(cells)];
  return ['number', said(cells.type === 'whole' ? 'whole numbers, {low} to {high}' : 'numbers, {low} to {high}', ends), '', note];
}

function words(cells: Cells, there: string[], distinct: number, source: string): [Kind, Text, string?, Text?] {
  const spelt = new Map([...new Set(there)].sort().map((word) => [word.toLowerCase(), word])); // Yes, YES and yes are one answer
  if (TRUTHS.some((pair) => [...spelt.keys()].every((word) => (pair as readonly string[]).includes(word)))) return ['boolean', either([...spelt.values()].sort())];
  checkStrays(cells, source);
  const [format, wrong] = dateFormat(there), elsewhere = wrong && ofAnotherCalendar(there, format);
  if (wrong && !elsewhere) {
    const row = cells.words.findIndex((word) => word !== null && Number.isNaN(dayOf(word, format)));
    refuse(source, cells.name, row, said('a date, {how}', { how: how(format) }), cells.words[row]!, saysTotal(cells.words[row]!) ? 'remove the row, which seems to be a total' : 'correct it or leave it empty');
  }
  if (format && !elsewhere) return ['date', said('written {how}', { how: how(format) }), format, noteOnDates(cells.name, there, format)];
  const many = said(MANY, { distinct, rows: there.length }), first = there.slice(0, 1000);
  const length = first.reduce((sum, word) => sum + (word.match(WORD)?.length ?? 0) + ((word.match(SIGN)?.length ?? 0) >> 1), 0) / first.length;
  const numbers = asWritten(first), stray = first.find((_, i) => Number.isNaN(numbers[i]!));
  const readable = numbers.filter(Number.isNaN).length <= first.length / 2, note = noteOn(cells.name, there, readable, stray) ?? noteOnWords(cells.name, there) ?? noteOnMore(cells.name, first, distinct);
  if (distinct > there.length / 2 && length >= SENTENCE) return ['text', many, '', note];
  if (distinct >= DISTINCT * there.length && there.length >= ENOUGH) return ['identifier', many, '', areCodes(there) ? undefined : note];
  if (readable) return ['category', stray ? said('{distinct} values, some not numbers: "{word}"', { distinct, word: clipped(stray, 20) }) : many, '', note];
  return ['category', said('{distinct} distinct values', { distinct }), '', note];
}

/** That numbers of a unit are multiples of it, or that some lack it. */
export function noteOnUnit({ name: column, words, unit = '' }: Cells): Text | undefined {
  const there = words.filter((word) => word !== null), name = clipped(column), [first, again] = unit.split('#×') as [string, string?];
  if (again === undefined) {
    const numbers = asWritten(there), bare = unit ? there.filter((_, i) => numbers[i]) : []; // 0 needs none
    return bare.length ? said('"{name}" has no unit in {n:,} of {rows:,} cells ("{cell}"): read in {unit} too; write the unit if not', { name, n: bare.length, rows: there.length, cell: clipped(bare[0]!, 20), unit: plainUnit(unit) }) : undefined;
  }
  const plain = there.map(withoutUnit(unit)), row = Math.max(0, plain.findIndex((each) => each.includes('e'))), number = asWritten([plain[row]!])[0]!.toLocaleString('en-US', { maximumSignificantDigits: 12 });
  return said('"{name}" has numbers in multiples of one unit: "{cell}" is read as {number}', { name, cell: clipped(there[row]!, 20), number: first + number + again });
}

// A number with a mark, letters, or another number behind it: 12.5*, 12.5 p, 3 ± 1, 120/80.
const MORE = /^[+-]?\d+([.,]\d+)?(\s*[*†‡§¶^]+|\s+[a-z]{1,3}|\s*(±|\+\/?-|\/)\s*\d+([.,]\d+)?)$/, NEARLY = 0.95;
function noteOnMore(column: string, first: string[], distinct: number): Text | undefined {
  const some = first.filter((word) => /\p{Nd}/u.test(word)), numbers = asWritten(some), others = some.filter((_, i) => Number.isNaN(numbers[i]!));
  const united = others.length < some.length && some.length >= NEARLY * first.length && unitOf(others); // a unit in some cells
  const more = united ? others : others.filter((word) => MORE.test(word));
  if (distinct <= CODES || !more.length || more.length + some.length - others.length < NEARLY * some.length) return undefined;
  return said('"{name}" is read as categories, since its numbers are followed by other text ("{cell}"): move that text to another column, to have numbers', { name: clipped(column), cell: clipped(more[0]!, 20) });
}

/** What keeps words that look like numbers from being some. */
function noteOn(column: string, there: string[], readable: boolean, stray: string | undefined): Text | undefined {
  const name = clipped(column), units = unitsOf(there);
  if (units.length) return said('"{name}" is read as categories, since its numbers have several units ({units}): use one unit', { name, units });
  if (!readable) return undefined;
  if (areCodes(there)) return said('"{name}" is read as categories, since its numbers have leading zeros ("{cell}")', { name, cell: there.find((word) => word.startsWith('0'))! });
  if (stray === undefined) return said('"{name}" is read as categories, since its numbers have a decimal comma ("{cell}"), which only files with semicolons or tabs can have: write a decimal point', { name, cell: clipped(there[0]!, 20) });
  return said('"{name}" is read as categories, since {n:,} of its {rows:,} cells are not numbers ("{cell}"): correct them, or leave them empty', { name, n: asWritten(there).filter(Number.isNaN).length, rows: there.length, cell: clipped(stray, 20) });
}
