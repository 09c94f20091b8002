// In which way a column writes its numbers, what a comma and a point in it mean: deltaw.tables.notations.
import { plainNumerals } from './numerals.ts';
import { unitOf, withoutUnit } from './units.ts';

type Words = (string | null)[];
export type Way = (cell: string) => number; // NaN for what is no number
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)(inf|infinity)$/i;
const plain: Way = (cell) => {
  if (NUMBER.test(cell)) return Number(cell);
  const infinite = INFINITE.exec(cell);
  return infinite ? (infinite[1] === '-' ? -Infinity : Infinity) : NaN;
};
// What stands between thousands in either notation, of one kind in a number.
const APART = " \u00a0\u202f'’", GROUPS = "([ \u00a0\u202f]\\d{3})+|(['’]\\d{3})+";
const THOUSANDS = new RegExp(`^[+-]?([1-9]\\d{0,2}((,\\d{3})+|${GROUPS})|[1-9]\\d?(,\\d\\d)+,\\d{3})(\\.\\d*)?$`);
const COMMA = new RegExp(`^[+-]?([1-9]\\d{0,2}((\\.\\d{3})+|${GROUPS})|\\d*)(,\\d+)?(e[+-]?\\d+)?$`, 'i');
const GROUPED = /^[+-]?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d{0,2})$/;
const [INNER, OUTER] = [new RegExp(`[,${APART}]`, 'g'), new RegExp(`[.${APART}]`, 'g')];
const thousands: Way = (cell) => (THOUSANDS.test(cell) ? plain(cell.replace(INNER, '')) : NaN);
const decimalComma: Way = (cell) => (COMMA.test(cell) && /\d/.test(cell) ? plain(cell.replace(OUTER, '').replace(',', '.')) : NaN);

/** What stands before a column's decimals, of columns whose numbers are text. */
export type Mark = ',' | '.';
export type Decimals = Readonly<Record<string, Mark>>;

/** Before what separates fields: of a file with some, where points part thousands if they can; of a column that is known to have points; of what kept numbers as such. */
export const COMMAS = 'decimal commas', POINTS = 'decimal points', CELLS = 'cells';
// By what separates fields: in files with semicolons a comma is the decimal sign, unless it cannot be.
export const EITHER = [plain, thousands, decimalComma], WITH_COMMAS = [decimalComma, plain, thousands];
const WAYS: Record<string, Way[]> = { ',': [plain, thousands], ';': [plain, decimalComma, thousands] };
const waysOf = (notation: string): Way[] => (notation.includes(COMMAS) ? WITH_COMMAS : (WAYS[notation.includes(POINTS) ? ',' : notation.slice(-1)] ?? EITHER));

export const failures = (words: Words, read: Float64Array): number => words.reduce((count, word, i) => count + Number(word !== null && Number.isNaN(read[i]!)), 0);
const asNumbers = (words: Words, way: Way): Float64Array =>
  Float64Array.from(words, (word) => {
    const found = word === null ? NaN : way(word);
    return word === null || !Number.isNaN(found) ? found : plain(word);
  });
/** Whether all numbers can be meant as whole ones, with points between thousands: 3.153 and 512, but no 0.153, 3.15 or 3153. */
export const areGrouped = (words: Words): boolean => words.some((word) => word?.includes('.')) && words.every((word) => word === null || GROUPED.test(word));

/** By which way numbers are read, the first of those that read most cells, and the numbers, NaN for what is none. */
function readBy(words: Words, ways: Way[]): [Way, Float64Array] {
  const found = asNumbers(words, plain);
  if (!failures(words, found)) return ways[0] === decimalComma && areGrouped(words) ? [decimalComma, asNumbers(words, decimalComma)] : [plain, found];
  words = words.map((word) => word && plainNumerals(word));
  const readings = ways.filter((way) => way !== plain).map((way): [Way, Float64Array] => [way, asNumbers(words, way)]);
  return readings.reduce((a, b) => (failures(words, b[1]) < failures(words, a[1]) ? b : a));
}
/** Numbers from words, NaN for what is none; `notation`: what separates fields, behind COMMAS where they have decimal commas. */
export const readNumbers = (words: Words, notation = ','): Float64Array => readBy(words, waysOf(notation))[1];
/** The same of a column, and its mark where it has one: that of its file where its cells leave it open. */
export function readColumn(words: Words, notation: string): { numbers: Float64Array; mark: Mark } {
  const [way, numbers] = readBy(words, waysOf(notation)), open = way === plain && !words.some((word) => word?.includes('.'));
  return { numbers, mark: isCommaWay(way) || (open && notation.includes(COMMAS)) ? ',' : '.' };
}
export const isCommaWay = (way: Way): boolean => way === decimalComma;
/** By which of these ways words with a unit are read, and their numbers. */
export const inWay = (words: Words, unit: string, ways: Way[]): [Way, Float64Array] => readBy(bare(words, unit), ways);
/** The same, by whichever way of reading a comma explains more cells. */
export const asWritten = (words: Words): Float64Array => readNumbers(words, '');
/** Numbers from words that write them with a unit, or without. */
export const numbersIn = (words: Words, unit: string): Float64Array => asWritten(bare(words, unit));
const bare = (words: Words, unit: string): Words => {
  const without = withoutUnit(unit);
  return words.map((word) => word && without(word));
};

const WITH_COMMA = new RegExp(`^\\P{Nd}*\\p{Nd}([\\p{Nd}.${APART}]*,\\p{Nd}+|\\p{Nd}{0,2}(\\.\\p{Nd}{3})+)(\\P{Nd}|$)`, 'u'); // digits of any script
/** Words with a unit, 12,5 kg as 12.5 kg and 1.234 kg as 1234 kg where the column says that a comma is the decimal sign. */
export function pointed(words: Words, unit: string, notation: string): Words {
  const known = notation.includes(COMMAS) || notation.includes(POINTS) || (notation === ';' && !unit.endsWith('#'));
  if (readBy(bare(words, unit), known ? waysOf(notation) : EITHER)[0] !== decimalComma) return words;
  return words.map((word) => (word && WITH_COMMA.test(word) ? word.replaceAll('.', '').replace(',', '.') : word));
}

/** Whether all of some words are numbers, with a unit or without, and one has a decimal comma for sure. */
export function hasDecimalComma(words: Words): boolean {
  if (!words.some((word) => word?.includes(','))) return false;
  const cells = bare(words, unitOf(words.filter((word) => word !== null)));
  const [way, numbers] = readBy(cells, waysOf(';'));
  return way === decimalComma && !failures(cells, numbers) && failures(cells, asNumbers(cells, thousands)) > 0;
}
