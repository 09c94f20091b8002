// What cells of text say: numbers, truth values, days, or words; by the rules of deltaw.tables.cells.
import { wordOf } from './missing.ts';
import { CELLS, COMMAS, asWritten, failures, numbersIn, pointed, readColumn, readNumbers, type Mark } from './notations.ts';
import { Refusal, said, type Text } from '../said.ts';
import { plainUnit, unitOf } from './units.ts';

/**
 * A column as all its cells say. `numbers`: NaN where missing, 1 and 0 for truth values; `words`: null where missing.
 * `unit`: that its numbers are written with; the words are there, too.
 */
export interface Cells {
  name: string;
  type: 'whole' | 'number' | 'truth' | 'words';
  numbers: Float64Array;
  words: (string | null)[];
  unit?: string;
  nones?: (string | null)[]; // its words with those that say None, which may be an answer
  mark?: Mark; // before its decimals, of numbers that were text
  raw?: (string | null)[]; // its words as they stand, where a comma or a point in them was taken for something by all cells
}

// Pairs of words, true first, that make a column of text a yes-or-no question.
export const TRUTHS = [
  ['true', 'false'], ['yes', 'no'], ['y', 'n'], ['t', 'f'], ['1', '0'], ['on', 'off'],
  ['是', '否'], ['真', '假'], ['对', '错'], ['有', '无'],
] as const;
export const MANY = 10; // different numbers of a column that is not categories
export const MISTAKES = 0.05; // up to this share a column is numbers (or dates) with mistakes in it, not words

/** Whether words are digits of one width, some with a zero in front: 01067, 80331. Such are names. */
export const areCodes = (words: string[]): boolean =>
  words.length > 0 && words[0]!.length > 1 && words.some((word) => word.startsWith('0')) && words.every((word) => word.length === words[0]!.length && /^[0-9]+$/.test(word));

/** A column of text as what all its cells say; `notation`: as for `readNumbers`; `asText`: whether it stays text, whatever it looks like. */
export function typed(name: string, cells: string[], notation: string, asText = false): Cells {
  let words = cells.map(wordOf);
  if (words.some((word) => word && SIGNED_NAN.test(word))) words = ofNumbers(words, notation) ?? words;
  const present = words.filter((word) => word !== null), none = new Float64Array();
  if (!present.length) return { name, type: 'words', numbers: none, words };
  if (!asText && present.every((word) => ['true', 'false'].includes(word.toLowerCase())))
    return { name, type: 'truth', numbers: Float64Array.from(words, (word) => (word === null ? NaN : Number(word.toLowerCase() === 'true'))), words: [] };
  const { numbers, mark } = readColumn(words, notation), text = !notation.startsWith(CELLS);
  if (asText || failures(words, numbers)) {
    const unit = unitOf(present);
    if (!unit) return { name, type: 'words', numbers: none, words, ...(cells.some(saysNone) ? { nones: cells.map((cell, i) => (saysNone(cell) ? cell.trim() : words[i]!)) } : {}) };
    const written = pointed(words, unit, notation), found = numbersIn(written, unit);
    if (asText || failures(words, found)) return { name, type: 'words', numbers: none, words: written, raw: words };
    return { name, type: found.every((x) => Number.isNaN(x) || Number.isInteger(x)) ? 'whole' : 'number', numbers: found, words: written, unit, ...(text && { mark: written !== words || (notation.includes(COMMAS) && !words.some((word) => word && /[.,]/.test(word))) ? ',' : '.' }) };
  }
  if (areCodes(present)) return { name, type: 'words', numbers: none, words };
  const whole = present.every((word) => /^[+-]?\d+$/.test(word) && Math.abs(Number(word)) < 2 ** 63);
  return { name, type: whole ? 'whole' : 'number', numbers, words: [], ...(text && { mark }) };
}

// As C writes what is no number: missing where all other cells are numbers.
const SIGNED_NAN = /^[+-]nan$/i;
function ofNumbers(words: (string | null)[], notation: string): (string | null)[] | null {
  const others = words.map((word) => (word && SIGNED_NAN.test(word) ? null : word));
  return failures(others, readNumbers(others, notation)) ? null : others;
}
const saysNone = (cell: string): boolean => /^\s*none\s*$/i.test(cell), FEWEST_NONES = 0.05;
/** A target in which None is a class: a twentieth of the rows or more say it beside words that are no yes and no; deltaw.tables.reading.answers. */
export function withNones(cells: Cells): Cells {
  const present = cells.words.filter((word) => word !== null), others = [...new Set(present)], all = cells.nones?.filter((word) => word !== null).length ?? 0;
  const answers = TRUTHS.some((pair) => others.every((word) => (pair as readonly string[]).includes(word.toLowerCase())));
  const unlikely = !others.length || all - present.length < FEWEST_NONES * all || answers || unitOf(others) || areCodes(others);
  return !cells.nones || unlikely || 2 * failures(others, asWritten(others)) <= others.length ? cells : { ...cells, words: cells.nones };
}

export const isPresent = (cells: Cells, row: number): boolean => (cells.type === 'words' ? cells.words[row] !== null : !Number.isNaN(cells.numbers[row]!));
export const countOf = (cells: Cells): number => (cells.type === 'words' ? cells.words : cells.numbers).length;

/** Values as words, spelt alike whatever the type: 1 and 1.0 are "1", true is "true". */
export function asWords(cells: Cells): (string | null)[] {
  if (cells.type === 'words' || cells.unit) return cells.words;
  return Array.from(cells.numbers, (x) => (Number.isNaN(x) ? null : cells.type === 'truth' ? String(x === 1) : String(x)));
}

/** Some of a column's rows. */
export function rowsOf(cells: Cells, rows: Int32Array): Cells {
  return {
    ...cells,
    numbers: cells.type === 'words' ? cells.numbers : Float64Array.from(rows, (row) => cells.numbers[row]!),
    words: cells.type === 'words' || cells.unit ? Array.from(rows, (row) => cells.words[row]!) : [],
  };
}

// What spreadsheets write at the beginning of a row that sums up those above it, in lower case.
const TOTALS = (
  'total,totals,grand total,subtotal,sub total,sum,summe,gesamt,gesamtsumme,insgesamt,zwischensumme,somme,total général,suma,totale,totaal,totalt,summa,soma,toplam,' +
  'итого,всего,сумма,合计,合計,总计,總計,小计,小計,共计,总和,總和,합계,総計'
).split(',');
export const saysTotal = (cell: string): boolean => TOTALS.includes(cell.replace(/^[ :：]+|[ :：]+$/g, '').toLowerCase());
export const saysName = (cell: string, name: string): boolean => cell.replace(/^\ufeff/, '') === name;


/** Raise where nearly all cells are numbers and a few are not; words that recur among few different numbers are classes. */
export function checkStrays(cells: Cells, source: string): void {
  const present = cells.words.filter((word) => word !== null);
  if (present.length < 10) return;
  const unit = unitOf(present);
  const written = unit ? numbersIn(cells.words, unit) : asWritten(cells.words);
  const wrong = failures(cells.words, written);
  if (wrong === 0 || (!unit && wrong > Math.max(1, MISTAKES * present.length))) return;
  const strays = new Map<string, number>();
  cells.words.forEach((word, i) => word !== null && Number.isNaN(written[i]!) && strays.set(word, (strays.get(word) ?? 0) + 1));
  if (!unit && new Set(written).size <= MANY && [...strays].every(([word, count]) => count > 1 && !saysName(word, cells.name))) return; // NaN is one of them
  if (!unit && areCodes(cells.words.filter((word, i) => word !== null && !Number.isNaN(written[i]!)) as string[])) return;
  const row = cells.words.findIndex((word, i) => word !== null && Number.isNaN(written[i]!));
  if (unit) refuse(source, cells.name, row, said('a number in {unit}', { unit: plainUnit(unit) }), cells.words[row]!, 'correct the cell or leave it empty');
  refuse(source, cells.name, row, said('a number'), cells.words[row]!, saysName(cells.words[row]!, cells.name) ? 'remove the row, which repeats the column names' : saysTotal(cells.words[row]!) ? 'remove the row, which seems to be a total'
    : row === 0 ? 'correct the cell, leave it empty or drop the column; if the row has names, join them with those above it' : 'correct the cell, leave it empty, or drop the column');
}
/** Raise for the first number that is infinite. */
export function checkFinite({ name, numbers }: Cells, source: string): void {
  const row = numbers.findIndex((x) => Math.abs(x) === Infinity);
  if (row >= 0) refuse(source, name, row, said('a finite number'), numbers[row]! < 0 ? '-inf' : 'inf', 'correct it or leave it empty');
}
export function refuse(source: string, column: string, row: number, expected: Text, found: string, remedy: string): never {
  throw new Refusal('{source}: expected {expected} in row {row:,} of column "{column}"', `"${clipped(found)}"`, remedy, { source, expected, row: row + 1, column: clipped(column, 200) });
}
export const clipped = (text: string, length = 60): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** The order of Python's strings: by code points. */
export function byCodePoints(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  const at = x.findIndex((sign, i) => sign !== y[i]);
  if (at < 0) return x.length - y.length;
  return y[at] === undefined ? 1 : x[at]!.codePointAt(0)! - y[at]!.codePointAt(0)!;
}
