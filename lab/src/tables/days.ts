// Days and times as text writes them, by the formats of deltaw.tables.dates; the unambiguous ones first.
import { MISTAKES, clipped } from './cells.ts';
import { plainNumerals } from './numerals.ts';
import { said, type Text } from '../said.ts';
import { median } from './statistics.ts';

const DAYS: Record<string, string> = {
  '%Y-%m-%d': 'year-month-day', '%Y/%m/%d': 'year/month/day', '%d.%m.%Y': 'day.month.year', '%m/%d/%Y': 'month/day/year',
  '%d/%m/%Y': 'day/month/year', '%d-%m-%Y': 'day-month-year', '%d %b %Y': 'day name year', '%d-%b-%Y': 'day-name-year',
  '%b %d, %Y': 'name day, year', '%d.%m.%y': 'day.month.yy', '%m/%d/%y': 'month/day/yy', '%d/%m/%y': 'day/month/yy', '%y-%m-%d': 'yy-month-day',
  '%d-%b-%y': 'day-name-yy', '%Y年%m月%d日': 'year年month月day日', '%Y.%m.%d': 'year.month.day', '%Y. %m. %d.': 'year. month. day.',
  '%b %d %Y': 'name day year', '%m-%d-%Y': 'month-day-year', '%d-%m-%y': 'day-month-yy',
  '%d. %m. %Y': 'day. month. year', '%Y. %m. %d': 'year. month. day', '%Y년 %m월 %d일': 'year년 month월 day일', '%d %b %y': 'day name yy', '%d/%b/%Y': 'day/name/year', '%d/%b/%y': 'day/name/yy',
};
const TIME = ' time', HALVES = ' time AM or PM';
const ISO: Record<string, string> = {
  '%Y-%m-%d %H:%M:%S%.f': 'year-month-day time', '%Y-%m-%dT%H:%M:%S%.f': 'year-month-dayTtime', '%Y-%m-%dT%H:%M:%S%.fZ': 'year-month-dayTtimeZ',
  '%Y-%m-%dT%H:%M:%S%.f%#z': 'year-month-dayTtime, its zone', '%Y-%m-%d %H:%M:%S%.f%#z': 'year-month-day time, its zone', '%Y-%m-%d %H:%M:%S%.f UTC': 'year-month-day time UTC',
  '%Y-%m-%d %H:%M': 'year-month-day time', '%Y-%m-%dT%H:%M': 'year-month-dayTtime', '%Y-%m-%dT%H:%MZ': 'year-month-dayTtimeZ', '%Y年%m月%d日%H时%M分': 'year年month月day日hour时minute分',
};
const CLOCKS = ['%H:%M:%S', '%H:%M', '%I:%M:%S %p', '%I:%M %p', '%H:%M:%S%.f', '%H:%M:%S%#z', '%I:%M:%S %p%#z'];
const TIMES = { ...ISO, ...Object.fromEntries([' ', ', '].flatMap((between) => CLOCKS.flatMap((clock) => Object.entries(DAYS).map(([day, how]) => [day + between + clock, how + (clock.includes('p') ? HALVES : TIME)])))) };
// Read as their first days.
const MONTHS_ALONE: Record<string, string> = {
  '%Y-%m': 'year-month', '%Y/%m': 'year/month', '%m/%Y': 'month/year', '%m-%Y': 'month-year', '%b %Y': 'name year', '%b-%Y': 'name-year', '%YM%m': 'yearMmonth', '%Y年%m月': 'year年month月',
};
const TERMS = 4, [FIRST_YEAR, LAST_YEAR] = [1800, 2199]; // of a year, at most; of dates without a day
export const areMonths = (format: string): boolean => format in MONTHS_ALONE;
export const DATE_FORMATS: Record<string, string> = { ...DAYS, ...TIMES, ...MONTHS_ALONE };

/** How a known format is called. */
export function how(format: string): Text {
  const called = DATE_FORMATS[format] ?? format, time = [HALVES, TIME].find((each) => called.endsWith(each));
  return time ? said(`{day}${time}`, { day: said(called.slice(0, -time.length)) }) : said(called);
}

const PARTS: Record<string, string> = { // the others are numbers of a digit or two
  '%Y': '(?<Y>\\d{4})', '%y': '(?<y>\\d\\d)', '%b': '(?<b>[A-Za-z]+)', '%I': '(?<H>\\d\\d?)', '%p': '(?<p>[AaPp][Mm])', '%.f': '(?:\\.(?<f>\\d+))?', '%#z': '\\s*(?<z>[Zz]|[+-]\\d\\d(?::?\\d\\d)?)',
  ' ': '\\s*', '.': '\\.',
};
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const PATTERNS = new Map(
  Object.keys(DATE_FORMATS).map((format) => [
    format,
    new RegExp(`^${format.replace(/%[.#]?[A-Za-z]|[ .]/g, (part) => PARTS[part] ?? `(?<${part[1]}>\\d\\d?)`)}$`),
  ]),
);
const LIKE_A_DATE = /\p{Nd}\P{Nd}+\p{Nd}|[A-Za-z]{3}[ -]\p{Nd}{4}/u, DAY = 86_400_000_000; // microseconds

/** Days since 1970-01-01, with the time as a fraction; NaN for what is not written so. */
export function dayOf(word: string, format: string): number {
  const found = PATTERNS.get(format)?.exec(plainNumerals(word))?.groups;
  if (!found) return NaN;
  const called = found['b']?.toLowerCase(); // whole, or cut to three letters
  const month = called ? MONTHS.findIndex((name) => called === name || called === name.slice(0, 3)) + 1 : Number(found['m']);
  const [year, day] = [Number(found['Y'] ?? (found['y']! < '70' ? '20' : '19') + found['y']), Number(found['d'] ?? 1)];
  if (!found['d'] && (year < FIRST_YEAR || year > LAST_YEAR)) return NaN;
  const [written, minute, second] = ['H', 'M', 'S'].map((part) => Number(found[part] ?? 0)) as [number, number, number];
  if (found['p'] && (written < 1 || written > 12)) return NaN;
  const hour = found['p'] ? (written % 12) + (found['p'].toLowerCase() === 'pm' ? 12 : 0) : written;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!real) return NaN;
  const fraction = Number((found['f'] ?? '').padEnd(6, '0').slice(0, 6));
  const east = (found['z'] ?? 'z').replace(/z/i, '+00').replace(':', ''); // hours and minutes ahead of UTC
  const ahead = Number(`${east[0]}1`) * (Number(east.slice(1, 3)) * 60 + Number(east.slice(3)));
  return (date.getTime() * 1000 + ((hour * 60 + minute - ahead) * 60 + second) * 1e6 + fraction) / DAY;
}

/** How a column of words (none missing) writes dates: the first format that reads most cells; '' for none. And how many it does not read. */
export function dateFormat(words: string[]): [string, number] {
  const few = words.slice(0, 50), fails = (some: string[], format: string): number => some.filter((word) => Number.isNaN(dayOf(word, format))).length;
  if (few.filter((word) => LIKE_A_DATE.test(word)).length < (1 - 2 * MISTAKES) * few.length) return ['', 0];
  const hopeful = Object.keys(DATE_FORMATS).filter((format) => fails(few, format) <= 2 * MISTAKES * few.length);
  const counted = hopeful.map((format): [string, number] => [format, fails(words, format)]);
  const best = counted.reduce((a, b) => (b[1] < a[1] ? b : a), counted[0] ?? ['', 0]);
  return best[0] && best[1] <= MISTAKES * words.length && !(areMonths(best[0]) && noMonths(words, best[0])) ? best : ['', 0];
}
const HERE = [1500, 2300] as const; // years of most dates in this calendar; in that of Thailand 2020 is 2563, in that of Iran 1399
/** Whether most dates have years of another calendar, some of whose days, 29/2/2563, are none in this. */
export function ofAnotherCalendar(words: string[], format: string): boolean {
  const year = new Date((median(Float64Array.from(words, (word) => dayOf(word, format)).filter((day) => !Number.isNaN(day))) * DAY) / 1000).getUTCFullYear();
  return year < HERE[0] || year > HERE[1];
}
/** Whether months may be something else: seasons (2010-11), or terms and quarters (2000-1), of a single digit. */
function noMonths(words: string[], format: string): boolean {
  const days = words.map((word) => dayOf(word, format)).filter((day) => !Number.isNaN(day)).map((day) => new Date((day * DAY) / 1000)), months = days.map((day) => day.getUTCMonth() + 1);
  const seasons = days.every((day, i) => (day.getUTCFullYear() + 1) % 100 === months[i]), single = words.some((word) => /(?<!\p{Nd})\p{Nd}(?!\p{Nd})/u.test(word));
  return seasons || (single && months.every((month) => month <= TERMS));
}

// --- what is worth saying of words that look like dates: deltaw.tables.dates ------------------------------------------

const MOST_SHAPES = 3; // of dates in one way of writing
const SOME = 50, ENOUGH = 0.5; // cells that tell in which ways dates may be written; so many of them are no chance

/** The format by which the same text is another date: of 03/04/2024. */
export const swapped = (format: string): string | undefined =>
  ['dm', 'dy'].map((pair) => format.replace(/%[dmy]/g, ([, part]) => `%${pair.includes(part!) ? pair.replace(part!, '') : part}`)).find((other) => other !== format && other in DATE_FORMATS);

/** What to say of dates that another way reads, too: of 03/04/2024 no cell is sure to tell. */
export function noteOnDates(name: string, words: string[], format: string): Text | undefined {
  const other = swapped(format);
  if (!other || words.some((word) => Number.isNaN(dayOf(word, other)))) return undefined;
  return said('"{name}" is read as {how}, but all of its dates could also be {other}: write year-month-day to be sure', { name: clipped(name), how: how(format), other: how(other) });
}
/** What keeps words that look like dates from being some: no way of writing reads nearly all. */
export function noteOnWords(column: string, words: string[]): Text | undefined {
  const step = Math.max(1, Math.floor(words.length / SOME)), some = words.filter((_, i) => i % step === 0).slice(0, SOME), name = clipped(column);
  if (some.filter((word) => LIKE_A_DATE.test(word)).length < ENOUGH * some.length) return undefined;
  const unread = (cells: string[], format: string): string[] => cells.filter((word) => Number.isNaN(dayOf(word, format)));
  const best = Object.keys(DATE_FORMATS).reduce((a, b) => (unread(some, b).length < unread(some, a).length ? b : a));
  let left = unread(some, best);
  const n = some.length - left.length, ways = [best];
  for (const format of Object.keys(DATE_FORMATS)) {
    const now = unread(left, format);
    if (now.length < left.length) (left = now), ways.push(format);
  }
  if (ways.length > 1 && some.length - left.length >= (1 - MISTAKES) * some.length)
    return said('"{name}" is read as categories, since its dates are written in several ways ({ways}): use one', { name, ways: ways.filter((way, i) => i === ways.findIndex((each) => DATE_FORMATS[each] === DATE_FORMATS[way])).map(how) });
  if (n < ENOUGH * some.length) {
    const shapes = new Set(some.map((word) => word.replace(/\p{Nd}+/gu, '0').replace(/\p{L}+/gu, 'a')));
    return shapes.size <= MOST_SHAPES && some.every(mayBeDate) ? said('"{name}" looks like dates ("{cell}"), but in no known way of writing: write year-month-day, to have dates', { name, cell: clipped(some[0]!, 40) }) : undefined;
  }
  const wrong = unread(words, best);
  if (areMonths(best) && noMonths(words, best)) return undefined;
  if (ofAnotherCalendar(words, best)) return said('"{name}" is read as categories, since its years are of another calendar, whose {cell} is no day in this', { name, cell: clipped(wrong[0] ?? '', 20) });
  return said('"{name}" is read as categories, since {n:,} of its {rows:,} cells are not dates written {how} ("{cell}"): correct them, or leave them empty', { name, n: wrong.length, rows: words.length, how: how(best), cell: clipped(wrong[0] ?? '', 20) });
}
/** Whether the numbers of a text are a year and others below 60, a fraction of seconds and a zone aside, and its letters are words, or mark a
 * quarter, a week or a time; but not seasons (2010-11). */
function mayBeDate(cell: string): boolean {
  if (/^\d{4}[-/]\d\d$|(?<![A-Za-z])[A-PR-SU-VX-Y](?![A-Za-z])/.test(cell)) return false;
  const parts = cell.replace(/(?<=:\d\d)[.,]\d+| [+-]\d{4}/g, '').match(/\d+/g) ?? [], others = parts.filter((part) => !/^(19|20)\d\d$/.test(part));
  return others.length > 0 && parts.length - others.length === 1 && others.every((part) => part.length < 3 && Number(part) < 60);
}

const DIGITS = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$/, LOOKED = 1000, FEWEST = 10; // numbers that are looked at; different ones that tell
/** What to say of numbers that are all days or months without dashes: 20240131, 202401, 01.2024. */
export function noteOnDigits(name: string, there: number[]): Text | undefined {
  const found = [...new Set(there.slice(0, LOOKED))], asMonths = found.some((x) => !Number.isInteger(x)) && found.every((x) => x > 1 && x < 13);
  const words = found.map((x) => String(asMonths ? Math.round((x % 1) * 10_000) * 100 + Math.floor(x) : x)), [first = ''] = words;
  if (found.length < FEWEST || !words.every((word) => DIGITS.test(word) && word.length === first.length)) return undefined;
  const date = [first.slice(0, 4), first.slice(4, 6), first.slice(6)].filter(Boolean).join('-');
  return said('"{name}" is read as numbers, but they look like dates ("{cell}"): write {date} to have dates', { name: clipped(name), cell: asMonths ? `${first.slice(4)}.${first.slice(0, 4)}` : first, date });
}
