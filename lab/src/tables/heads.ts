// The first records of a table: which of them name the columns, and which are no rows; deltaw.tables.reading.formats.heads.
import { said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import { isMissing } from './missing.ts';
import { mayBeNumber } from './numerals.ts';

const FEW = 4; // times and oftener each word stands in a column of few, on average
export const FEWEST_NAMES = 3; // columns of a table below a title
const MOST_BELOW = 2, ROWS_BELOW = 5; // rows of units or descriptions below the names, and how many rows there must be below those

const number = (cell: string): boolean => !isMissing(cell) && /^[+-]?((\p{Nd}+(\.\p{Nd}*)?|\.\p{Nd}+)(e[+-]?\p{Nd}+)?|inf|infinity)$/iu.test(cell);
const numbers = (cells: string[]): boolean => cells.some(number) && cells.every((cell) => number(cell) || isMissing(cell));
const filled = (row: string[]): string[] => row.filter(Boolean);
const present = (cells: string[]): string[] => cells.filter((cell) => !isMissing(cell));

/** The number that comes most often, the first of equals. */
function usualOf(all: number[]): number {
  const counts = new Map<number, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0];
}

/** How many rows stand above the column names: where the first is a title (its first cell and few others), those above the first that has a
 * different word in every column. */
export function rowsAbove(rows: string[][]): number {
  const cells = rows.map((row) => row.map((cell) => cell.trim())), title = cells.find((row) => row.some(Boolean)) ?? [''];
  const usual = usualOf(cells.map(({ length }) => length)), whole = cells.filter(({ length }) => length === usual);
  const width = Math.max(0, ...whole.map((row) => filled(row).length)); // blanks may stand behind all
  if (width < FEWEST_NAMES || !title[0] || 2 * filled(title).length > width) return 0;
  const first = cells.findIndex((row) => row.length === usual && new Set(filled(row.slice(0, width))).size === width);
  return first > 0 && hasHeader(cells.slice(first)) ? first : 0;
}

/** How many rows directly below the column names are units or descriptions: they have no number, and words in columns of numbers, the first
 * of them two different ones or more. */
export function rowsBelow(head: string[][]): number {
  const most = Math.min(MOST_BELOW, head.length - 1 - ROWS_BELOW);
  if (most < 1) return 0;
  const apart = head.slice(1, 1 + most).findIndex((row) => row.some(mayBeNumber));
  const width = Math.min(...head.map(({ length }) => length)), columns = Array.from({ length: width }, (_, k) => head.map((row) => row[k]!));
  for (let count = apart < 0 ? most : apart; count > 0; --count) {
    const ofNumbers = columns.filter(([name, ...column]) => {
      const data = present(column.slice(count));
      return data.length && data.every(mayBeNumber) && !isMissing(name!) && !mayBeNumber(name!);
    });
    const words = (row: number): number => new Set(present(ofNumbers.map((column) => column[row]!))).size;
    if (words(1) > 1 && words(count)) return count;
  }
  return 0;
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
  return surely ? rows.length > 1 && new Set(first).size === rows.length : rows.length >= ROWS_BELOW && [0, 1].some((from) => first.every((cell, i) => cell === String(i + from)));
}

const isBlank = (row: string[]): boolean => row.every((cell) => !cell.trim());
/** Where notes below a table begin: behind its only blank rows, of rows that begin with a word and fill at most half of the columns; the
 * number of rows where there are none. */
export function notesBelow(rows: string[][], width: number): number {
  const blank = rows.findIndex(isBlank), rest = blank < 0 ? [] : rows.slice(blank).filter((row) => row.some(Boolean) && !isBlank(row));
  const are = rest.length && rest.every((row) => row[0]!.trim() && !number(row[0]!.trim()) && 2 * filled(row).length <= width);
  return are ? blank : rows.length;
}
export const noteOnNotes = (cell: string): Text => said('what stands below the table is left out ("{cell}")', { cell: clipped(cell) });

/** Whether the first record names the columns rather than being data itself. */
export function hasHeader(head: string[][]): boolean {
  const first = head[0]!.map((cell) => cell.trim());
  if (first.some(number) && first.every((cell) => number(cell) || isMissing(cell))) return false;
  const cellsOf = (records: string[][]): string[][] => first.map((_, j) => records.filter((record) => j < record.length).map((record) => record[j]!.trim()));
  const again = (record: string[]): boolean => record.length === head[0]!.length && record.every((cell, j) => cell === head[0]![j]); // files that were joined
  const below = cellsOf(head.slice(1)), numeric = cellsOf(head.slice(1).filter((record) => !again(record))).map(numbers);
  if (first.some((cell, j) => numeric[j] && !number(cell) && !(cell && isMissing(cell)))) return true;
  if (first.some((cell, j) => numeric[j] && cell.includes('.'))) return false;
  const words = first.map((cell, j) => ({ cell, cells: below[j]! })).filter(({ cell }, j) => cell && !numeric[j]);
  const repeated = words.filter(({ cell, cells }) => cells.includes(cell)).length;
  const names = words.filter(({ cell, cells }) => !cells.includes(cell) && FEW * new Set(cells).size <= cells.length).length;
  return names ? repeated <= names : !repeated;
}
