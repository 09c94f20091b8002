// Numbers that are written with a unit: deltaw.tables.units. A unit is kept as its form, the number's place in it a #: "#kg".
import { CURRENCY, plainNumerals } from './numerals.ts';

const NUMBER = /[+-]?(?:\d(?:[\d.,'’ \u00a0\u202f]*\d)?\.?|\.\d+)(?:[eE][+-]?\d+)?/;
// Thousands are parted by one sign, in threes or as in India: the 5'11 of 5'11" is no number, nor is the 1.10.2 of 1.10.2b.
const WELL_PARTED = new RegExp(
  String.raw`^[+-]?(?:(?:\d+(?:[.,]\d*)?|[.,]\d+)\.?(?:[eE].*)?|\d{1,3}(?:(?:,\d{3})+(?:\.\d*)?|(?:\.\d{3})+(?:,\d+)?|(?:['’]\d{3})+(?:[.,]\d+)?` +
    String.raw`|(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?)|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d*)?)$`,
);
const SIGN = '\u2103\u2109\u3371-\u33df'; // ℃, ℉, and units that fill one square, as in ㎡ and ㎏
const BEHIND = `(?:[\\p{L}\\p{Sc}%‰°′″'"${SIGN}]|/ ?[\\p{L}${SIGN}])[^#]{0,19}`;
const WITH_UNIT = new RegExp(`^(?:${CURRENCY}#(?:${BEHIND})?|#${BEHIND})$`, 'u');
const ENOUGH = 0.95; // the share of cells with one unit from which on it is the column's
const FEW = 50, MOST = 10; // cells that are looked at first; units of one column
export const CODES = 20; // so many different numbers may be those of codes, which letters tell apart: 7a, 10b

// What a clock shows, hours and minutes of a day or longer, is a number of seconds.
const CLOCK = /^(?:(\d{1,6}) days? )?(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?: ?([ap])\.?m\.?)?$/i;
const SECONDS = '#s';
/** 1:00:05 -> 3605, 1:00 pm -> 46800; any other text as it is. */
function inSeconds(cell: string): string {
  const [shown, days = 0, hours, minutes, seconds = 0, half] = CLOCK.exec(cell) ?? [];
  if (!shown) return cell;
  const ofTwelve = Number(hours) % 12 + (half?.toLowerCase() === 'p' ? 12 : 0);
  return String(((Number(days) * 24 + (half ? ofTwelve : Number(hours))) * 60 + Number(minutes)) * 60 + Number(seconds));
}

const formOf = (cell: string): string => (CLOCK.test(plainNumerals(cell)) ? SECONDS : isParted(cell) ? numberOf(cell) : '');
const isParted = (cell: string): boolean => WELL_PARTED.test(NUMBER.exec(plainNumerals(cell))?.[0] ?? '');
const numberOf = (cell: string): string => plainNumerals(cell).replace(NUMBER, '#').replace(/\s*#\s*/, '#').replace(/(\p{L}{3})s$/u, '$1');

// Multiples of a unit that cells may name, each with its power of ten; they stand as × in a form: "#×g" for 1.5 kg and 800 g.
const TIMES = '×', UNGROUPED = /^[+-]?\d*(?:\.\d*|,\d{1,2})?$/;
const COUNTED = '0 k3 K3 thousand3 Tsd3 M6 mn6 Mn6 Mio6 million6 Million6 B9 bn9 Bn9 Mrd9 billion9 Billion9 T12 tn12 trillion12 千3 万4 萬4 百万6 千万7 亿8 億8 万亿12';
const MULTIPLES: [unit: string, powers: string][] = [
  ['|[元円원人]', COUNTED],
  [CURRENCY, `${COUNTED} m6 b9 Th3`],
  ['B', '0 k3 K3 M6 G9 T12'],
  ['[gG]', '0 µ-6 m-3 k3 K3'],
  ['m', '0 µ-6 m-3 c-2 k3'],
  ['[lL]', '0 µ-6 m-3 c-2 d-1 h2'],
  ['s', '0 n-9 µ-6 m-3'],
  ['W|Wh|V|Hz', '0 m-3 k3 M6 G9'],
];
const powersOf = (unit: string): Map<string, number> =>
  new Map((MULTIPLES.find(([pattern]) => new RegExp(`^(?:${pattern})$`, 'u').test(unit))?.[1] ?? '').split(' ').filter(Boolean).map((each) => [each.replace(/-?\d+$/, ''), Number(/-?\d+$/.exec(each)![0])]));
/** The form of cells that are multiples of one unit, of which `counts` have a form each; '' where they are not, or where letters may make codes of few
 * numbers. */
function scaled(cells: string[], forms: string[], counts: Map<string, number>, whole: boolean): string {
  const parts = [...counts.keys()].map((form) => form.replace(/[. ]/g, '').split('#') as [string, string]), behind = parts.map((part) => part[1]);
  if (!parts.length || parts.length > MOST || new Set(parts.map((part) => part[0])).size > 1) return '';
  const shortest = behind.reduce((a, b) => (b.length < a.length ? b : a));
  for (let i = 0; i <= shortest.length; i++) {
    const unit = shortest.slice(i), powers = powersOf(parts[0]![0] + unit), found = behind.map((text) => (text.endsWith(unit) ? powers.get(text.slice(0, text.length - unit.length)) : undefined));
    if (found.includes(undefined)) continue;
    const numbers = cells.map((cell) => NUMBER.exec(cell)?.[0]), isForm = (i: number): boolean => counts.has(forms[i]!);
    const bare = cells.filter((cell, i) => !isForm(i) && cell === numbers[i]).length, enough = ENOUGH * cells.length;
    const one = new Set(found).size === 1 && (unit || !bare || Math.max(...counts.values()) >= enough);
    const grouped = cells.some((cell, i) => isForm(i) && (!UNGROUPED.test(numbers[i] ?? '') || cell.includes(':')));
    return sumOf([...counts]) + bare < enough || one || grouped || (whole && new Set(numbers).size <= CODES) ? '' : `${parts[0]![0]}#${TIMES}${unit}`;
  }
  return '';
}

/** The forms that numbers have, the commonest first, and how many cells have each; none where not nearly all are numbers with units. */
function formsOf(present: string[]): [form: string, cells: number][] {
  const counts = new Map<string, number>();
  for (const cells of [present.slice(0, FEW), present]) {
    counts.clear();
    const forms = cells.map(formOf);
    for (const form of forms) if (WITH_UNIT.test(form)) counts.set(form, (counts.get(form) ?? 0) + 1);
    const form = scaled(cells, forms, counts, cells === present);
    if (form && cells === present) return [[form, cells.length]];
    if (form) continue;
    if (cells !== present && !counts.size && cells.every((cell) => NUMBER.exec(cell)?.[0] === cell)) continue; // 1.2万 may be below
    if (!cells.length || sumOf([...counts]) < (2 * ENOUGH - 1) * cells.length) return [];
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
const sumOf = (forms: [string, number][]): number => forms.reduce((sum, [, count]) => sum + count, 0);
/** The unit that all cells have, or nearly all; '' for none. */
export function unitOf(present: string[]): string {
  const [unit, count] = formsOf(present)[0] ?? ['', 0];
  return count >= ENOUGH * present.length ? unit : '';
}
/** The units of numbers that have several, and are no codes: [] for any other words. */
export function unitsOf(present: string[]): string[] {
  const forms = formsOf(present), several = forms.length > 1 && forms.length <= MOST && sumOf(forms) >= ENOUGH * present.length && !unitOf(present);
  return several && new Set(present.map((cell) => NUMBER.exec(cell)?.[0])).size > CODES ? forms.map(([form]) => plainUnit(form)) : [];
}
/** As people write it: "kg". */
export const plainUnit = (unit: string): string => unit.replace(/[#×]+/, '') || unit.replace(/#×?/, '1');

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
/** A cell without the unit, where it has it; its number in plain signs. */
export function withoutUnit(unit: string): (cell: string) => string {
  const [before, behind = ''] = unit.split('#') as [string, string?], more = /\p{L}{3}$/u.test(behind) ? 's?' : '';
  if (behind[0] === TIMES) {
    const unit = behind.slice(1), powers = powersOf(before + unit), names = [...powers.keys()].sort((a, b) => b.length - a.length).join('|');
    const form = new RegExp(`^(?:${escaped(before)})?\\s*(${NUMBER.source})(?:\\s*(${names})\\.?\\s*${escaped(unit)})?$`, 'u');
    return (cell) => {
      const plain = plainNumerals(cell), [, number, name = ''] = form.exec(plain) ?? [], power = powers.get(name);
      return number ? number + (power ? `e${power}` : '') : plain;
    };
  }
  const first = new RegExp(`^${escaped(before)}\\s*`, 'u'), last = new RegExp(`\\s*${escaped(behind)}${more}$`, 'u');
  const bare = (cell: string): string => (behind ? (before ? cell.replace(first, '') : cell).replace(last, '') : cell.replace(first, ''));
  return (cell) => bare(unit === SECONDS ? inSeconds(plainNumerals(cell)) : plainNumerals(cell));
}
