// Text with one record a line, by the rules of deltaw.tables.reading.formats.delimited: the delimiter and the header are found, quotes are kept.

import { Refusal, said, type Sentence, type Text } from '../said.ts';

const DELIMITERS = ['\t', ';', '|', ',', ' ']; // of those that explain the first lines equally well, the first is taken
const AGREEMENT: Record<string, number> = { '\t': 0.5, ';': 0.5, '|': 0.5, ',': 0.5, ' ': 0.95 };
const HEAD_RECORDS = 200, HEAD_SIGNS = 1 << 22;
const SEPARATOR_TOLD = /^"?sep=(\t|[!-~])"?\r?\n/i; // a first line with which files tell Excel
const UNNAMED = 'Unnamed: 0';

/** Words that mean that a cell is missing; see deltaw.tables.missing. */
export const MISSING = [
  '', 'na', 'n/a', 'nan', 'null', 'none', '?', '<na>', '#n/a', 'nat',
  '.', '..', '(null)', '\\n', '#na', '#value!', '#div/0!', '#ref!', '#name?', '#num!', '#null!',
];
export const isMissing = (cell: string): boolean => MISSING.includes(cell.trim().toLowerCase());

export interface Records {
  names: string[];
  rows: string[][];
  delimiter: string;
  notes: Text[];
}

export interface Decoded {
  text: string;
  encoding: string | null; // that was guessed or chosen, where the bytes are no UTF
}

const MARKS: [mark: number[], encoding: string][] = [[[0xff, 0xfe], 'utf-16le'], [[0xfe, 0xff], 'utf-16be']];
/** What bytes that are no UTF can be read as. */
export const ENCODINGS = ['GB18030', 'Big5', 'Shift_JIS', 'EUC-JP', 'EUC-KR', 'Windows-1252', 'Windows-1250', 'Windows-1251'];
// Of those that take bytes of others too, the signs that stand together where the reading is right, in this order.
const TOGETHER: [encoding: string, signs: RegExp][] = [['Windows-1251', /[а-яё]{3,}/gi], ['Big5', /\p{Script=Han}{2,}/gu], ['Shift_JIS', /[ぁ-ヶ一-龠]{2,}/g]];
// Files that are tables, and no text.
const FOREIGN: [sign: RegExp, found: string, remedy: string][] = [
  [/^PK\x03\x04/, 'an Excel workbook', 'save the sheet as CSV'], [/^\xd0\xcf\x11\xe0/, 'an Excel workbook of the old kind (.xls)', 'save the sheet as CSV'],
  [/^PAR1/, 'a Parquet file', 'write the table as CSV'], [/^SQLite/, 'an SQLite database', 'write the table as CSV'], [/^%PDF/, 'a PDF', 'write its table as CSV'],
  [/^\x89PNG|^\xff\xd8\xff/, 'a picture', 'give a table with one row an image'], [/^<([!?]|html)|^<[^,;\t|\r\n]*([\r\n]|$)/i, 'HTML or XML', 'write its table as CSV'],
];

const inEncoding = (bytes: Uint8Array, encoding: string): string | null => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** Whether of signs beyond ASCII two in three would be among the 3755 commonest of Chinese, which GB18030 has in rows 16 to 55; of Big5 half are not. */
function looksChinese(bytes: Uint8Array): boolean {
  let common = 0, others = 0;
  for (let i = 0; i < bytes.length; ++i) {
    const lead = bytes[i]!;
    if (lead < 0x80) continue;
    if (bytes[++i]! >= 0xa1 && lead >= 0xb0 && lead <= 0xd7) ++common;
    else ++others;
  }
  return common > 2 * others;
}

/** UTF-16 without a mark: the signs of ASCII have a zero in one half of their bytes, never in the other. */
function unmarked(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, 4096), zeros = [0, 0];
  head.forEach((byte, i) => (zeros[i % 2]! += Number(!byte)));
  return Math.min(...zeros) ? undefined : ['utf-16be', 'utf-16le'].find((_, i) => zeros[i]! > head.length / 8);
}

/** Bytes as text: UTF-8 or UTF-16; else by the encoding whose signs they seem to be, or Windows-1252; or as the reader chose. */
export function decoded(bytes: Uint8Array, source: string, chosen?: string): Decoded {
  const head = String.fromCharCode(...bytes.subarray(0, 200)), foreign = FOREIGN.find(([sign]) => sign.test(head));
  if (foreign) throw new Refusal('{source}: expected a table', said(foreign[1]), foreign[2], { source });
  const marked = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? unmarked(bytes);
  const text = inEncoding(bytes, chosen ?? marked ?? 'utf-8');
  if (text !== null) return { text, encoding: chosen ?? null };
  if (chosen || marked) throw new Refusal('{source}: expected text in {expected}', said('others'), 'mend the file', { source, expected: (chosen ?? marked!).toUpperCase() });
  const likely = (encoding: string, signs: RegExp): boolean => {
    const text = inEncoding(bytes, encoding) ?? '', count = (found: RegExp): number => (text.match(found) ?? []).join('').length;
    return 2 * count(signs) > count(/[^\0-\x7f]/g);
  };
  const encoding = looksChinese(bytes) && inEncoding(bytes, 'gb18030') !== null ? 'GB18030' : TOGETHER.find((each) => likely(...each))?.[0] ?? 'Windows-1252';
  return { text: inEncoding(bytes, encoding)!, encoding };
}

export function readDelimited(text: string, source: string): Records {
  const refuse = (expected: string, found: Text, remedy: string, values: Sentence['values'] = {}): never => {
    throw new Refusal(expected, found, remedy, { source, ...values });
  };
  if (!text.trim()) refuse('{source}: expected a table', said('an empty file'), 'give a file with a header and rows');
  if (text.includes('\0')) refuse('{source}: expected a table', said('binary data (a zero byte at position {position:,})', { position: text.indexOf('\0') }), 'write the table as CSV');
  if (text.includes('\r') && !text.includes('\n')) text = text.replaceAll('\r', '\n');
  text = text.replace(/[\r\n]+$/, '') + '\n';
  const told = SEPARATOR_TOLD.exec(text);
  text = text.slice(told?.[0].length ?? 0);
  const delimiter = told?.[1] ?? findDelimiter(text);
  if (delimiter === ' ') text = unaligned(text);
  const records = [...parsed(text, delimiter, source, Number(told !== null))];
  const head = records.filter((record) => !isBlank(record)).slice(0, HEAD_RECORDS);
  if (!head.length) refuse('{source}: expected a header and rows', said('only quotes and spaces'), 'give a file with rows');
  const width = head[0]!.length, named = hasHeader(head);
  const rows = records.filter((record, i) => !isBlank(record) || (width === 1 && i > 0)).map((record) => (isBlank(record) ? [''] : record));
  const ragged = rows.findIndex((record) => record.length !== width);
  if (ragged >= 0)
    refuse('{source}: expected {expected} fields in line {begin:,}, as in the first line', String(rows[ragged]!.length), remedyOf(rows, ragged), {
      expected: width, begin: beginOf(rows[ragged]!, records) + Number(told !== null), delimiter,
    });
  const names = named ? head[0]!.map((cell, i) => cell.trim() || (i ? `column_${i + 1}` : UNNAMED)) : head[0]!.map((_, i) => `column_${i + 1}`);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i), name = names[twice]!;
  if (twice >= 0)
    refuse('{source}: expected a name of its own for every column', said('"{name}" for columns {place} and {i}', { name, place: names.indexOf(name) + 1, i: twice + 1 }), 'rename one of them');
  const body = rows.slice(named ? 1 : 0);
  if (!body.length) refuse('{source}: expected rows below the header', said('only the header'), 'give a file with data rows');
  return { names, rows: body, delimiter, notes: rowsInACell(names, body, delimiter, Number(named) + Number(told !== null)) };
}

const SEVERAL = 3; // cells of several lines, at most, are looked at
/** What to say of a cell that holds line ends and as many delimiters as rows would: a quote may be missing. */
function rowsInACell(names: string[], rows: string[][], delimiter: string, above: number): Text[] {
  const count = (text: string, sign: string): number => text.split(sign).length - 1;
  const found = names.map((column, k) => rows.flatMap((record, row) => (record[k]!.includes('\n') ? { column, row, cell: record[k]! } : []))).filter(({ length }) => length <= SEVERAL);
  return found.flat().filter(({ cell }) => names.length > 2 && count(cell, delimiter) === count(cell, '\n') * (names.length - 1)).slice(0, 1).map(({ column, row, cell }) =>
    said('line {line:,}: a cell of column "{column}" holds what looks like {n:,} rows; is a quote missing?', { line: beginOf(rows[row]!, rows) + above, column, n: 1 + count(cell, '\n') }));
}

function remedyOf(rows: string[][], ragged: number): string {
  const width = rows[0]!.length, title = rows[ragged]!.length > width && (ragged === 1 || width === 1);
  if (rows[ragged]!.join('').includes('\n')) return 'close its quote';
  return title ? 'remove what stands above the names, or put fields that contain "{delimiter}" in quotes' : 'mend the line, or put fields that contain "{delimiter}" in quotes';
}
const isBlank = (record: string[]): boolean => record.length < 2 && !record.join('').trim();
/** The line, from 1 on, that a record begins in: a field in quotes may have several. */
const beginOf = (record: string[], records: string[][]): number =>
  records.slice(0, records.indexOf(record)).reduce((line, each) => line + each.join('').split('\n').length, 1);
/** Columns aligned by spaces or tabs, with one space between fields. */
const unaligned = (text: string): string => text.replaceAll('\t', ' ').replace(/^ +| +(?=\r?$)|(?<= ) +/gm, '');

/** Records as Python's csv module reads them; `above`: lines before the text. */
function* parsed(text: string, delimiter: string, source = '', above = 0): Generator<string[]> {
  let record: string[] = [], field = '', quoted = false, begun = false, opened = 0;
  for (let i = 0; i < text.length; ++i) {
    const sign = text[i]!;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[i + 1] === '"') (field += '"'), ++i;
      else quoted = false;
    } else if (sign === '"' && !begun) (quoted = begun = true), (opened = i);
    else if (sign === delimiter) record.push(field), (field = ''), (begun = false);
    else if (sign === '\n') {
      record.push(field.replace(/\r$/, ''));
      yield record;
      (record = []), (field = ''), (begun = false);
    } else (field += sign), (begun = true);
  }
  if (quoted) throw new Refusal('{source}: expected the quote in line {n:,} closed', said('the end of the file'), 'close it in its cell, or double quotes that belong to the text', { source, n: text.slice(0, opened).split('\n').length + above });
}

function firstRecords(text: string, delimiter: string): string[][] {
  const found: string[][] = [];
  try {
    for (const record of parsed(text.slice(0, HEAD_SIGNS), delimiter)) {
      if (!isBlank(record)) found.push(record);
      if (found.length === HEAD_RECORDS) break;
    }
  } catch {
    // what was cut in the middle of a record
  }
  return found;
}

/** The delimiter that gives most of the first lines the same number of fields (more than one); else the comma. */
export function findDelimiter(text: string): string {
  const head = text.slice(0, HEAD_SIGNS);
  const shares = DELIMITERS.map((delimiter) => {
    const widths = firstRecords(delimiter === ' ' ? unaligned(head) : head, delimiter).map((record) => record.length);
    const count = (width: number): number => widths.filter((each) => each === width).length;
    const usual = [...new Set(widths)].reduce((a, b) => (count(b) > count(a) || (count(b) === count(a) && b > a) ? b : a), 1);
    const share = usual > 1 ? count(usual) / widths.length : 0;
    return share >= AGREEMENT[delimiter]! ? share : 0;
  });
  const best = Math.max(...shares);
  return best > 0 ? DELIMITERS[shares.indexOf(best)]! : ',';
}

const FEW = 4; // times and oftener each word stands in a column of few, on average
/** Whether the first record names the columns rather than being data itself. */
export function hasHeader(head: string[][]): boolean {
  const number = (cell: string): boolean => !isMissing(cell) && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity)$/i.test(cell);
  const first = head[0]!.map((cell) => cell.trim());
  if (first.some(number) && first.every((cell) => number(cell) || isMissing(cell))) return false;
  const below = first.map((_, j) => head.slice(1).filter((record) => j < record.length).map((record) => record[j]!.trim()));
  const numeric = below.map((cells) => cells.some(number) && cells.every((cell) => number(cell) || isMissing(cell)));
  if (first.some((cell, j) => numeric[j] && !number(cell))) return true;
  if (first.some((cell, j) => numeric[j] && cell.includes('.'))) return false;
  const words = first.map((cell, j) => ({ cell, cells: below[j]! })).filter(({ cell }, j) => cell && !numeric[j]);
  const repeated = words.filter(({ cell, cells }) => cells.includes(cell)).length;
  const names = words.filter(({ cell, cells }) => !cells.includes(cell) && FEW * new Set(cells).size <= cells.length).length;
  return names ? repeated <= names : !repeated;
}
