// Text with one record a line, by the rules of deltaw.tables.reading.formats.delimited: the delimiter and the header are found, quotes are kept.

import { Refusal, said, type Sentence, type Text } from '../said.ts';
import { FEWEST_NAMES, hasHeader, lacking, leavesOutRowNames, noteOnNotes, notesBelow, noteOnNames, noteOnTotal, notesOnRepeated, notesOnRows, numbered, rowsAbove, rowsBelow, rowsOfNames, totalAtEnd } from './heads.ts';
import { wordOf } from './missing.ts';
import { unprinted } from './printed.ts';
import { quiet } from './progress.ts';
import { markOf, ofFile } from './notations.ts';

const DELIMITERS = ['\t', ';', '|', ',', ' ', '^', '~', '\x01']; // of those that explain the first lines equally well, the first is taken
const AGREEMENT = [0.5, 0.5, 0.5, 0.5, 0.95, 1, 1, 1];
export const HEAD_RECORDS = 200;
const HEAD_SIGNS = 1 << 22;
const SEPARATOR_TOLD = /^"?sep=(\t|[!-~])"?\r?\n/i; // a first line with which files tell Excel
const COMMENTS = ['#', '%', '//']; // what may stand before the names, as a field of its own
const UNNAMED = 'Unnamed: 0';

export interface Records {
  names: string[];
  rows: string[][];
  notation: string; // what separates fields, behind a prefix where numbers have a mark before their decimals
  notes: Text[];
  texts?: string[]; // columns with text in them, of a file that keeps numbers as such
}

export function readDelimited(text: string, source: string, tell = quiet): Records {
  const refuse = (expected: string, found: Text, remedy: string, values: Sentence['values'] = {}): never => {
    throw new Refusal(expected, found, remedy, { source, ...values });
  };
  if (!text.trim()) refuse('{source}: expected a table', said('an empty file'), 'give a file with a header and rows');
  if (text.includes('\r') && !text.includes('\n')) text = text.replaceAll('\r', '\n');
  text = text.replace(/[\r\n]+$/, '') + '\n';
  const whole = text, told = SEPARATOR_TOLD.exec(text);
  text = text.slice(told?.[0].length ?? afterComments(text));
  const begun = whole.length - text.length && whole.slice(0, -text.length).split('\n').length - 1; // lines before the text
  const printed = !told || told[1] === '|' ? unprinted(text) : null, delimiter = told?.[1] ?? (printed === null ? findDelimiter(text) : '|');
  text = printed ?? text;
  text = delimiter === ' ' ? unaligned(text) : plainFields(text, `\\${delimiter}`);
  const records = [...parsed(text, delimiter, source, begun, tell)];
  if (text.includes('="')) for (const record of records) record.forEach((cell, k) => (record[k] = cell.replace(/^="([^"]*)"$/, '$1'))); // as programs write text for Excel
  let head = records.filter((record) => !isBlank(record)).slice(0, HEAD_RECORDS);
  if (!head.length) refuse('{source}: expected a header and rows', said('only quotes and spaces'), 'give a file with rows');
  const lineIn = (record: string[]): number => beginOf(record, records) + begun, title = rowsAbove(head);
  head = head.slice(title);
  const [over, together] = rowsOfNames(head), joined = over > 0 && together.length > 0, notes = joined ? [noteOnNames(lineIn(head[0]!), over, together)] : [];
  head = head.slice(joined ? over - 1 : over);
  if (joined) head[0] = records[records.indexOf(head[0]!)] = together;
  const begin = records.indexOf(head[0]!), line = lineIn(head[0]!), below = head.splice(1, rowsBelow(head));
  const named = hasHeader(head);
  if (named) head[0]!.push(...Array<string>(lacking(head)).fill('')); // every row ends in separators that the names do not have
  notes.unshift(...notesOnRows(title || (over && !joined) || (begun && !told) ? line - 1 : 0, below));
  if (printed !== null) notes.push(said('a printed table: lines of dashes, and lines without its bars, are no rows'));
  const surely = !', '.includes(delimiter) || whole.split('\n', line + 1)[line]!.startsWith('"'); // a comma or blank in a field needs quotes
  if (named && COMMENTS.includes(head[0]![0]!) && head.slice(1).every((record) => record.length + 1 === head[0]!.length)) head[0]!.shift(); // as numpy.savetxt marks the names
  else if (named && leavesOutRowNames(head, surely)) {
    head[0]!.unshift('');
    if (!surely) notes.push(said('the first column, which counts the rows, has no name in the header'));
  }
  const width = head[0]!.length, last = width < FEWEST_NAMES ? records.length : begin + notesBelow(records.slice(begin), width);
  if (last < records.length) notes.push(noteOnNotes(records.slice(last).find((record) => record.some((cell) => cell.trim()))!.join(delimiter).replace(new RegExp(`["\\s\\${delimiter}]+$`), '')));
  const total = totalAtEnd(records.slice(begin + 1, last)), end = last - Number(Boolean(total));
  if (total) notes.push(noteOnTotal(total));
  const from = width === 1 && !named ? 0 : begin; // in a single column a blank line is a missing value
  const rows = records.slice(from, end).filter((record, i) => !below.includes(record) && (!isBlank(record) || (width === 1 && (i > 0 || !named)))).map((record) => (isBlank(record) ? [''] : record));
  const ragged = rows.findIndex((record) => record.length !== width);
  if (ragged >= 0)
    refuse(width === 1 ? '{source}: expected {expected} field in line {begin:,}, as in the first line' : '{source}: expected {expected} fields in line {begin:,}, as in the first line', String(rows[ragged]!.length), remedyOf(rows, ragged), {
      expected: width, begin: lineIn(rows[ragged]!), delimiter,
    });
  if (named) notes.push(...notesOnRepeated(head[0]!.map((cell) => cell.trim())));
  const names = named ? numbered(head[0]!.map((cell, i) => cell.trim() || (i ? `column_${i + 1}` : UNNAMED))) : head[0]!.map((_, i) => `column_${i + 1}`);
  const body = rows.slice(named ? 1 : 0);
  if (!body.length) refuse('{source}: expected rows below the header', said('only the header'), 'give a file with data rows');
  return { names, rows: body, notation: notationOf(head.slice(Number(named)), delimiter), notes: [...notes, ...rowsInACell(names, body, delimiter, lineIn)] };
}
/** How the numbers of a file are written, by its first rows: between commas they tell it by themselves. */
export const notationOf = (head: string[][], separator: string): string => (separator === ',' ? separator : ofFile(separator, markOf((head[0] ?? []).map((_, k) => head.map((row) => wordOf(row[k] ?? ''))))));

/** Records as text that `ofText` reads. */
export const asText = (records: string[][]): string => records.map((record) => record.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',') + '\n').join('');
export const ofText = (text: string, tell = quiet): string[][] => [...parsed(text, ',', '', 0, tell)];

const SEVERAL = 3; // cells of several lines, at most, are looked at
/** What to say of a cell that holds line ends and as many delimiters as rows would: a quote may be missing. */
function rowsInACell(names: string[], rows: string[][], delimiter: string, lineIn: (record: string[]) => number): Text[] {
  const count = (text: string, sign: string): number => text.split(sign).length - 1;
  const found = names.map((column, k) => rows.flatMap((record, row) => (record[k]!.includes('\n') ? { column, row, cell: record[k]! } : []))).filter(({ length }) => length <= SEVERAL);
  return found.flat().filter(({ cell }) => names.length > 2 && count(cell, delimiter) === count(cell, '\n') * (names.length - 1)).slice(0, 1).map(({ column, row, cell }) =>
    said('line {line:,}: a cell of column "{column}" holds what looks like {n:,} rows; is a quote missing?', { line: lineIn(rows[row]!), column, n: 1 + count(cell, '\n') }));
}

const ABOVE = 20; // rows that a title may be followed by, in a file of one column
function remedyOf(rows: string[][], ragged: number): string {
  const width = rows[0]!.length, found = rows[ragged]!.length, title = found > width && (ragged <= (width === 1 ? ABOVE : 1) || found > 2 * width);
  if (rows[ragged]!.join('').includes('\n')) return 'close its quote';
  if (width > 1 && found > width && !rows[ragged]!.slice(width).join('').trim()) return 'remove each "{delimiter}" behind its last field, or add them to all lines';
  if (!title) return 'mend the line, or put fields that contain "{delimiter}" in quotes';
  if (ragged === 1 && width > 1 && found === width + 1) return 'remove the lines above the column names, or name the first column there, or put fields that contain "{delimiter}" in quotes';
  return 'remove the lines above the column names, or put fields that contain "{delimiter}" in quotes';
}
/** Where the last of many lines of comments (#) begins, which may have the names; else 0. */
function afterComments(text: string): number {
  const comments = /^(?:#[^\n]*\n)*/.exec(text)![0];
  return comments.length < text.length && comments.split('\n').length > HEAD_RECORDS / 2 ? comments.lastIndexOf('\n', comments.length - 2) + 1 : 0;
}
const isBlank = (record: string[]): boolean => record.length < 2 && !record.join('').trim();
/** The line, from 1 on, that a record begins in: a field in quotes may have several. */
const beginOf = (record: string[], records: string[][]): number =>
  records.slice(0, records.indexOf(record)).reduce((line, each) => line + each.join('').split('\n').length, 1);
/** Columns aligned by spaces or tabs, with one space between fields. */
const unaligned = (text: string): string => text.replaceAll('\t', ' ').replace(/^ +| +(?=\r?$)|(?<= ) +/gm, '');

/** Text without spaces before fields in quotes, in which quotes are doubled that have a backslash before them. */
function plainFields(text: string, sign: string): string {
  const before = `(?<![^\\n${sign}])`, behind = `(?=[\\r\\n${sign}])`, field = '"[^"]*(?:""[^"]*)*"';
  if (new RegExp(`\\\\"(?![\\r\\n"${sign}])`).test(text)) text = text.replace(new RegExp(`${before}"(?:[^"\\\\]|\\\\.|"")*"${behind}`, 'gs'), (found) => found.replaceAll('\\"', '""'));
  return new RegExp(`${sign} +"(?!")`).test(text) ? text.replace(new RegExp(`(${before}${field})|(?<=${sign}) +(?=${field}${behind})`, 'g'), '$1') : text;
}

const OFTEN = 5000; // records between two words on how far it has come
/** Records as Polars reads them: in a field that begins with a quote each further one opens or closes. `above`: lines before the text. */
function* parsed(text: string, delimiter: string, source = '', above = 0, tell = quiet): Generator<string[]> {
  let told = 0, record: string[] = [], field = '', quoted = false, begun = false, marked = false, opened = 0; // marked: a field that began with a quote
  for (let i = 0; i < text.length; ++i) {
    const sign = text[i]!;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[i + 1] === '"') (field += '"'), ++i;
      else if ((quoted = false), source && field.includes('\n')) checkEnd(text, opened, i, delimiter, source, above);
    } else if (sign === '"' && (marked || !begun)) (quoted = begun = marked = true), (opened = i);
    else if (sign === delimiter) record.push(field), (field = ''), (begun = marked = false);
    else if (sign === '\n') {
      record.push(field.replace(/\r$/, ''));
      yield record;
      if (++told % OFTEN === 0) tell(i / text.length);
      (record = []), (field = ''), (begun = marked = false);
    } else (field += sign), (begun = true);
  }
  if (quoted) throw new Refusal('{source}: expected the quote in line {n:,} closed', said('the end of the file'), 'close it in its cell, or double quotes that belong to the text', { source, n: lineOf(text, opened) + above });
}
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;
/** Raise where a quote that runs on over lines is closed amidst a cell: nobody writes so, but who forgot to close it. */
function checkEnd(text: string, opened: number, at: number, delimiter: string, source: string, above: number): void {
  let end = at + 1;
  while (end < text.length && ![delimiter, '\r', '\n'].includes(text[end]!)) ++end;
  if (!text.slice(at + 1, end).trim()) return;
  const found = said('it closed amidst a cell in line {n:,}', { n: lineOf(text, at) + above });
  throw new Refusal('{source}: expected the quote in line {n:,} closed', found, 'close it in its cell, or double quotes that belong to the text', { source, n: lineOf(text, opened) + above });
}

// A field in quotes beside any of the delimiters.
const QUOTED = /(?<![^\t;|, ^~\x01\n])"(?=([^"]*(?:""[^"]*)*))\1"(?![^\t;|, ^~\x01\r\n])/g;
// Signs that are surely between fields (in a group): text has a blank behind them, &amp; is a sign, 1,5 a number.
const PARTS: Record<string, RegExp> = { ';': /&#?\w+;|(;(?! ))/g, '|': /(\|(?! ))/g, ',': /(?<![\w.,-])[+-]?[\d.]*\d,\d+(?![\w.,-])|(,(?! ))/g };

/** The delimiter that gives most of the first records the same number of fields (more than one); of equally good ones a tab, else the one that parts
 * most fields; else the comma. Signs in quotes do not count. */
function findDelimiter(text: string): string {
  const head = text.length > HEAD_SIGNS ? text.slice(0, text.lastIndexOf('\n', HEAD_SIGNS - 1) + 1) || text : text;
  const records = head.replace(QUOTED, 'x').split('\n').filter((line) => line.trim()).slice(0, HEAD_RECORDS), all = records.join('\n');
  const goodness = DELIMITERS.map((delimiter, i): number[] => {
    const widths = records.map((record) => (delimiter === ' ' ? record.trim().split(/\s+/) : record.split(delimiter)).length);
    const count = (width: number): number => widths.filter((each) => each === width).length;
    const usual = [...new Set(widths)].reduce((a, b) => (count(b) > count(a) || (count(b) === count(a) && b > a) ? b : a), 1);
    const other = Math.abs(widths[0]! - usual) === 1 && count(usual) === widths.length - 1; // R leaves out the name of the row names, NumPy writes a # before the names
    const share = usual > 1 ? count(usual) / widths.length : 0;
    if ((delimiter === ' ' && other && widths[0] === 1) || (other && usual > 2 ? 1 : share) < AGREEMENT[i]!) return [0, 0, 0];
    return [share, Number(delimiter === '\t'), [...all.matchAll(PARTS[delimiter] ?? /(?!)/g)].filter((found) => found[1]).length];
  });
  const better = (a: number[], b: number[]): boolean => [0, 1, 2].some((k) => a[k]! > b[k]! && a.slice(0, k).every((each, j) => each === b[j]));
  const best = goodness.reduce((a, b) => (better(b, a) ? b : a)), found = best[0] ? DELIMITERS[goodness.indexOf(best)]! : ',';
  return found === '\t' && 2 * records.filter((record) => /\S  +\S/.test(record)).length > records.length && goodness[DELIMITERS.indexOf(' ')]![0]! >= best[0]! ? ' ' : found;
}
