// In which way a column writes its numbers, what a comma and a point in it mean: deltaw.tables.notations.
import { plainNumerals } from './numerals.ts';
import { unitOf, withoutUnit } from './units.ts';

type Words = (string | null)[];
export type Way = (cell: string) => number; // NaN for what is no number
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
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
const grouped = (mark: Mark): RegExp => new RegExp(`^[+-]?([1-9]\\d{0,2}([${mark}]\\d{3})+|0|[1-9]\\d{0,2})$`);
const [INNER, OUTER] = [new RegExp(`[,${APART}]`, 'g'), new RegExp(`[.${APART}]`, 'g')];
const thousands: Way = (cell) => (THOUSANDS.test(cell) ? plain(cell.replace(INNER, '')) : NaN);
const decimalComma: Way = (cell) => (COMMA.test(cell) && /\d/.test(cell) ? plain(cell.replace(OUTER, '').replace(',', '.')) : NaN);

/** What stands before a column's decimals, of columns whose numbers are text. */
export type Mark = ',' | '.';
export type Decimals = Readonly<Record<string, Mark>>;

/** Before what separates fields: of a file with some, where points part thousands if they can; of a column that is known to have points; of a
 * file with some, where commas part thousands if they can; of what kept numbers as such. */
export const COMMAS = 'decimal commas', POINTS = 'decimal points', OPEN = 'open', CELLS = 'cells';
const POINTED = [plain, thousands], EITHER = [...POINTED, decimalComma], WITH_COMMAS = [decimalComma, ...POINTED];
const PREFIXES: Record<string, Way[]> = { [COMMAS]: WITH_COMMAS, [POINTS]: POINTED, [OPEN]: EITHER };
// By what separates fields: in files with semicolons a comma is the decimal sign, unless it cannot be.
const WAYS: Record<string, Way[]> = { ',': POINTED, ';': [plain, decimalComma, thousands] };
const waysOf = (notation: string): Way[] => PREFIXES[Object.keys(PREFIXES).find((prefix) => notation.includes(prefix)) ?? ''] ?? WAYS[notation.slice(-1)] ?? EITHER;

export const failures = (words: Words, read: Float64Array): number => words.reduce((count, word, i) => count + Number(word !== null && Number.isNaN(read[i]!)), 0);
const asNumbers = (words: Words, way: Way): Float64Array =>
  Float64Array.from(words, (word) => {
    const found = word === null ? NaN : way(word);
    return word === null || !Number.isNaN(found) ? found : plain(word);
  });
/** Whether all numbers can be meant as whole ones, with such marks between thousands: 3.153 and 512, but no 0.153, 3.15 or 3153. */
export function areGrouped(words: Words, mark: Mark = '.'): boolean {
  const whole = grouped(mark);
  return words.some((word) => word?.includes(mark)) && words.every((word) => word === null || whole.test(word));
}

/** By which way numbers are read, the first of those that read most cells, and the numbers, NaN for what is none. */
function readBy(words: Words, ways: Way[]): [Way, Float64Array] {
  const found = asNumbers(words, plain);
  if (!failures(words, found)) return ways[0] === decimalComma && areGrouped(words) ? [decimalComma, asNumbers(words, decimalComma)] : [plain, found];
  words = words.map((word) => word && plainNumerals(word));
  const readings = ways.filter((way) => way !== plain).map((way): [Way, Float64Array] => [way, asNumbers(words, way)]);
  return readings.reduce((a, b) => (failures(words, b[1]) < failures(words, a[1]) ? b : a));
}
/** Numbers from words, NaN for what is none; `notation`: what separates fields, behind a prefix. */
export const readNumbers = (words: Words, notation = ','): Float64Array => readBy(words, waysOf(notation))[1];
/** The same of a column, and its mark where it has one: that of its file where its cells leave it open. */
export function readColumn(words: Words, notation: string): { numbers: Float64Array; mark: Mark } {
  const [way, numbers] = readBy(words, waysOf(notation)), open = way === plain && !words.some((word) => word?.includes('.'));
  return { numbers, mark: way === decimalComma || (open && notation.includes(COMMAS)) ? ',' : '.' };
}
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

/** Whether the words that have a comma or a point are numbers, with a unit or without, and one has this mark before its decimals for sure. */
export function hasMark(words: Words, mark: Mark): boolean {
  const some = words.filter((word) => word !== null && /[.,]/.test(word)) as string[];
  if (!some.length || (mark === ',' && !some.some((word) => word.includes(',')))) return false;
  const cells = bare(some, unitOf(some)), [way, numbers] = readBy(cells, mark === ',' ? EITHER : WITH_COMMAS);
  return (way === decimalComma) === (mark === ',') && !failures(cells, numbers);
}
/** The mark that one of some columns has for sure, a comma before a point; '' for none. */
export const markOf = (columns: Words[]): Mark | '' => ([',', '.'] as const).find((mark) => columns.some((words) => hasMark(words, mark))) ?? '';
/** The notation of a file by what separates its fields and its mark; and the mark of a notation. */
export const ofFile = (separator: string, mark: Mark | ''): string => ({ ',': COMMAS, '.': OPEN, '': '' })[mark] + separator;
export const markIn = (notation: string): Mark | '' => (notation.startsWith(COMMAS) ? ',' : notation.startsWith(OPEN) ? '.' : '');
