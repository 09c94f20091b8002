// The first records of a table: which of them name the columns, and which are no rows; deltaw.tables.reading.formats.heads.
import { listed, said, type Text } from '../said.ts';
import { clipped, saysTotal } from './cells.ts';
import { isMissing } from './missing.ts';
import { mayBeNumber } from './numerals.ts';

const FEW = 4; // times and oftener each word stands in a column of few, on average
export const FEWEST_NAMES = 3; // columns of a table below a title
const MOST_BELOW = 2, ROWS_BELOW = 5; // rows of units or descriptions below the names, and how many rows there must be below those

const number = (cell: string): boolean => !isMissing(cell) && /^[+-]?((\p{Nd}+(\.\p{Nd}*)?|\.\p{Nd}+)(e[+-]?\p{Nd}+)?|inf|infinity)$/iu.test(cell);
const filled = (row: string[]): string[] => row.filter(Boolean);
const present = (cells: string[]): string[] => cells.filter((cell) => !isMissing(cell));

/** The number that comes most often, the first of equals. */
function usualOf(all: number[]): number {
  const counts = new Map<number, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0];
}

const different = (cells: string[]): number => new Set(filled(cells)).size;

/** How many rows stand above the column names: where the first is a title (its first cell and few others, or another number of cells), those
 * above the first that has a different word in every column, or above groups of columns. */
export function rowsAbove(rows: string[][]): number {
  const cells = rows.map((row) => row.map((cell) => cell.trim())), title = cells.find((row) => row.some(Boolean)) ?? [''];
  const usual = usualOf(cells.map(({ length }) => length)), whole = cells.filter(({ length }) => length === usual);
  const width = Math.max(0, ...whole.map((row) => filled(row).length)), isTitle = 2 * filled(title).length <= width || Math.abs(title.length - usual) > 1; // blanks may stand behind all
  if ((width < FEWEST_NAMES && !twoColumns(cells)) || !title[0] || !isTitle) return 0;
  const named = ({ length }: string[]): boolean => length <= usual && length >= Math.max(width, usual - 1); // a delimiter may be behind all rows but the names
  const first = Math.max(0, cells.findIndex((row) => named(row) && different(row.slice(0, width)) === width));
  const groups = cells.slice(0, first || cells.length).findIndex((_, i) => i && rowsOfNames(cells.slice(i))[0]);
  return groups > 0 ? groups : hasHeader(cells.slice(first)) ? first : 0;
}
/** Whether single cells stand above two columns of enough rows, all of which are complete. */
function twoColumns(rows: string[][]): boolean {
  const first = rows.findIndex(({ length }) => length !== 1);
  return first >= 0 && rows.length - first > ROWS_BELOW && rows.slice(first).every(({ length }) => length === 2);
}

/** How many rows directly below the first have no number, at most MOST_BELOW, where enough rows are below. */
function withoutNumbers(head: string[][]): number {
  const most = Math.max(0, Math.min(MOST_BELOW, head.length - 1 - ROWS_BELOW)), first = head.slice(1, 1 + most).findIndex((row) => row.some(mayBeNumber));
  return first < 0 ? most : first;
}
/** The columns that have only numbers from a row on. */
const ofNumbers = (head: string[][], from: number): number[] =>
  [...Array(Math.min(...head.map(({ length }) => length))).keys()].filter((j) => {
    const cells = present(head.slice(from).map((row) => row[j]!));
    return cells.length && cells.every(mayBeNumber);
  });

/** How many rows directly below the column names are units or descriptions: they have no number, and words in columns of numbers, the first
 * of them two different ones or more. */
export function rowsBelow(head: string[][]): number {
  for (let count = withoutNumbers(head); count > 0; --count) {
    const named = ofNumbers(head, 1 + count).filter((j) => !isMissing(head[0]![j]!) && !mayBeNumber(head[0]![j]!));
    const words = (row: number): number => new Set(present(named.map((j) => head[row]![j]!))).size;
    if (words(1) > 1 && words(count)) return count;
  }
  return 0;
}

/** Groups of columns above their names, as of merged cells: a number of first rows, and the names in their place, none where the next row has
 * them. One of its words stands over several columns, and the rows below have no number, but words in columns of numbers. */
export function rowsOfNames(head: string[][]): [number, string[]] {
  const alike = new Set(head.map(({ length }) => length)).size === 1;
  for (let count = alike ? withoutNumbers(head) : 0; count > 0; --count) {
    const [first, ...others] = head.slice(0, 1 + count).map((row) => row.map((cell) => cell.trim())) as [string[], ...string[][]], last = others.at(-1)!;
    const ofIndex = count > 1 && !last.some((cell, j) => cell && (first[j] || others[0]![j]));
    const told = ofNumbers(head, 1 + count).map((j) => (ofIndex ? others[0]! : last)[j]!), below = first.map((_, j) => filled(others.map((row) => row[j]!)).join(' '));
    let before = '';
    const groups = first.map((group, j) => (before = group || (below[j] ? before : ''))), names = groups.map((group, j) => `${group} ${below[j]}`.trim());
    const unnamed = last.filter((_, j) => !first[j]), ofAnswers = told.length && !told.some(Boolean) && unnamed.length && unnamed.every(Boolean); // below the questions of a survey
    const over = groups.filter((group, j) => group && below[j]);
    if ((ofAnswers || present(told).length) && different(over) < over.length && different(names) === filled(names).length) return different(last) === last.length ? [count, []] : [1 + count, names];
  }
  return [0, []];
}
/** What to say of names in several rows, of which the first is `first`. */
export function noteOnNames(first: number, rows: number, names: string[]): Text {
  const several = names.filter((name) => name.includes(' ')), some = several.length ? several : names;
  return said('the column names are joined from rows {first:,} to {last:,} ({names})', { first, last: first + rows - 1, names: listed(some.map((name) => `"${clipped(name, 30)}"`), 3) });
}

export const rowsIn = (count: number): Text => (count > 1 ? said('{count} rows', { count }) : said('{count} row', { count }));

/** What to say of `above` rows above the names, and of those directly below that are left out. */
export function notesOnRows(above: number, below: string[][]): Text[] {
  const notes: Text[] = above ? [said('the column names are in row {row}; the rows above are ignored', { row: above + 1 })] : [];
  if (!below.length) return notes;
  const words = below[0]!.filter((cell) => cell.trim()).slice(0, 3).map((cell) => said('"{word}"', { word: clipped(cell, 20) }));
  return [...notes, said('{rows} below the column names left out, with words ({words}) where the others have numbers', { rows: rowsIn(below.length), words })];
}

/** How many fields all rows have behind those that the first record names, where nothing stands in them; else 0. */
export function lacking([names, ...rows]: string[][]): number {
  const width = names!.length, all = rows[0]?.length ?? 0;
  const alike = width > 1 && all > width && rows.every((row) => row.length === all) && !names!.some((cell) => cell.includes('\n'));
  return alike && rows.every((row) => !row.slice(width).join('').trim()) ? all - width : 0;
}
/** Whether the first record names all columns but the first, which names rows: so R writes tables. Unless `surely`, another name may be
 * lacking: then the first column counts the rows. */
export function leavesOutRowNames([names, ...rows]: string[][], surely: boolean): boolean {
  const first = rows.map(([cell]) => cell!.trim());
  if (!rows.length || !rows.every((row) => row.length === names!.length + 1)) return false;
  return surely ? rows.length > 1 && new Set(first).size === rows.length : counts(first);
}

const isBlank = (row: string[]): boolean => row.every((cell) => !cell.trim());
const SIGNED = /^\s*([#*_(=©]|.*(:\s|：))/; // "# 80 rows", "(c) office", "Source: x"
/** Where notes below a table begin: behind its only blank rows, of rows that begin with a word and fill at most half of the columns; or last
 * rows of one field that are notes by their signs; the number of rows where there are none. */
export function notesBelow(rows: string[][], width: number): number {
  const blank = rows.findIndex(isBlank), rest = blank < 0 ? [] : rows.slice(blank).filter((row) => row.some(Boolean) && !isBlank(row));
  const are = rest.length && rest.every((row) => row[0]!.trim() && !number(row[0]!.trim()) && 2 * filled(row).length <= width);
  let end = rows.length;
  while (!are && rows[end - 1]?.slice(1).every((cell) => !cell.trim()) && SIGNED.test(`${rows[end - 1]![0]}\n`)) --end;
  return are ? blank : end;
}
const FEWEST_SUMMED = 10; // rows above a total
/** The word in the last row that says that this is the total of those above; none where other rows say it. */
export function totalAtEnd(rows: string[][]): string {
  const last = rows.at(-1) ?? [], word = last.find((cell) => cell.trim())?.trim() ?? '';
  return rows.length > FEWEST_SUMMED && last.length > 1 && saysTotal(word) && !rows.slice(0, -1).some((row) => row.some((cell) => cell.trim() === word)) ? word : '';
}
export const noteOnTotal = (word: string): Text => said('the last row is left out, which seems to be a total ("{word}")', { word: clipped(word, 20) });

/** Names with a number behind each that was there before: x, x_1, x_2. */
export function numbered(names: string[]): string[] {
  const found = new Set<string>(), again: Record<string, number> = Object.create(null);
  for (const name of names) {
    let own = name;
    while (found.has(own) || (own !== name && names.includes(own))) own = `${name}_${(again[name] = (again[name] ?? 0) + 1)}`;
    found.add(own);
  }
  return [...found];
}
/** What to say of names that several columns have. */
export function notesOnRepeated(names: string[]): Text[] {
  const several = [...new Set(names.filter((name, k) => name && names.indexOf(name) < k))].sort((a, b) => names.indexOf(a) - names.indexOf(b)).map((name) => clipped(name, 30));
  return several.length ? [said('several columns are called {names}: those behind the first are read as "{second}", …', { names: listed(several.map((name) => `"${name}"`), 3), second: `${several[0]}_1` })] : [];
}
export const noteOnNotes = (cell: string): Text => said('what stands below the table is left out ("{cell}")', { cell: clipped(cell) });

const YEAR = /^(1[89]|2[01])\d\d$/, FEWEST_WHOLE = 3, FEWEST = 6; // numbers that do not increase, or have equal steps, by chance
const NUMBER = '#'; // in place of a number, and the form of numbers
const isNumber = (cell: string): boolean => number(cell) || /^[+-]?nan$/i.test(cell);
/** A text without its numbers, "#-#-#" of a day; of numbers as people write them, NUMBER; of words, themselves. */
const form = (cell: string): string => (isNumber(cell) || mayBeNumber(cell) ? NUMBER : cell.replace(/\p{Nd}[\p{Nd}.,'’]*/gu, NUMBER));
/** The form of all cells that are not missing; empty if they have several, or there are none. */
const commonForm = (cells: string[]): string => {
  const [first = '', ...others] = new Set(present(cells).map(form));
  return others.length ? '' : first;
};
/** Whether cells are 1, 2, 3, … or 0, 1, 2, …, and enough for that to be no chance. */
const counts = (cells: string[]): boolean => cells.length >= ROWS_BELOW && [0, 1].some((from) => cells.every((cell, i) => cell === String(i + from)));

interface Column { cell: string; below: string[]; form: string } // its first cell, and those below
/** Whether cells of the same form as those below them may be names: years above other numbers, or numbers that increase. */
function mayBeNames(columns: Column[]): boolean {
  const cells = columns.map(({ cell }) => cell), all = cells.map(Number), whole = cells.every((cell) => /^\p{Nd}+$/u.test(cell));
  const areYears = (some: string[]): boolean => some.every((cell) => YEAR.test(cell));
  if (!cells.every(isNumber)) return false;
  if (areYears(cells) && !areYears(columns.flatMap(({ below }) => below))) return true;
  return (all.length >= (whole ? FEWEST_WHOLE : FEWEST) && all.every((n, i) => !i || all[i - 1]! < n)) || (whole && [0, 1].some((from) => all.every((n, i) => n === i + from)));
}
/** Whether cells are numbers in equal steps, as names that count columns, or tell wave lengths, are. */
function areSteps(cells: string[]): boolean {
  const all = cells.map(Number), step = all[1]! - all[0]!;
  if (!cells.every(isNumber)) return false;
  if (all.length < FEWEST) return all.length >= FEWEST_WHOLE && all.every((n, i) => n === i);
  return step > 0 && all.every((n, i) => !i || Math.abs(n - all[i - 1]! - step) <= 1e-6 * Math.max(Math.abs(n - all[i - 1]!), step));
}

/** Whether the first record names the columns rather than being data itself: it has a word above numbers, and no cell of its column's form that
 * can be no name, nor words that come again. */
export function hasHeader(head: string[][]): boolean {
  const first = head[0]!.map((cell) => cell.trim());
  const cellsOf = (records: string[][]): string[][] => first.map((_, j) => records.filter((record) => j < record.length).map((record) => record[j]!.trim()));
  const again = (record: string[]): boolean => record.length === head[0]!.length && record.every((cell, j) => cell === head[0]![j]); // files that were joined
  const below = cellsOf(head.slice(1)), others = cellsOf(head.slice(1).filter((record) => !again(record)));
  const columns = first.map((cell, j): Column => ({ cell, below: below[j]!, form: commonForm(others[j]!) })), given = columns.filter(({ cell }) => !isMissing(cell));
  if (commonForm(first) === NUMBER) {
    const ofRows = !first[0] && below[0]!.every(Boolean) && (columns[0]!.form !== NUMBER || counts(below[0]!));
    return ofRows ? mayBeNames(given) : areSteps(first) && !head.slice(1, 3).some(areSteps);
  }
  if (given.some((each) => each.form === NUMBER && form(each.cell) !== NUMBER)) return true;
  if (!mayBeNames(given.filter((each) => each.form.includes(NUMBER) && form(each.cell) === each.form))) return false;
  const words = columns.filter((each) => each.cell && each.form !== NUMBER);
  const repeated = words.filter(({ cell, below }) => below.includes(cell)).length;
  const names = words.filter(({ cell, below }) => !below.includes(cell) && FEW * new Set(below).size <= below.length).length;
  return names ? repeated <= names : !repeated;
}
