// Text with one record a line, by the rules of deltaw.tables.reading.formats.delimited: the delimiter and the header are found, quotes are kept.

const DELIMITERS = ['\t', ';', '|', ',', ' ']; // of those that explain the first lines equally well, the first is taken
const AGREEMENT: Record<string, number> = { '\t': 0.5, ';': 0.5, '|': 0.5, ',': 0.5, ' ': 0.95 };
const HEAD_RECORDS = 200, HEAD_SIGNS = 1 << 22;
const UNNAMED = 'Unnamed: 0';

/** Words that mean that a cell is missing; see deltaw.tables.missing. */
export const MISSING = ['', 'na', 'n/a', 'nan', 'null', 'none', '?', '<na>', '#n/a', 'nat'];
export const isMissing = (cell: string): boolean => MISSING.includes(cell.trim().toLowerCase());

export interface Records {
  names: string[];
  rows: string[][];
  delimiter: string;
}

/** Bytes as text: UTF-8, UTF-16 by its mark, or as whoever gives them says. */
export function decoded(bytes: Uint8Array, source: string, encoding?: string): string {
  const marks: [number[], string][] = [[[0xff, 0xfe], 'utf-16le'], [[0xfe, 0xff], 'utf-16be']];
  const found = encoding ?? marks.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(found, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${source}: expected text in ${found.toUpperCase()}, found other bytes; save it as UTF-8`);
  }
}

export function readDelimited(text: string, source: string): Records {
  if (!text.trim()) throw new Error(`${source}: expected a table, found an empty file; give a file with a header and rows`);
  if (text.includes('\0')) throw new Error(`${source}: expected a table, found binary data; give CSV`);
  if (text.includes('\r') && !text.includes('\n')) text = text.replaceAll('\r', '\n');
  text = text.replace(/[\r\n]+$/, '') + '\n';
  const delimiter = findDelimiter(text);
  if (delimiter === ' ') text = unaligned(text);
  const records = [...parsed(text, delimiter)];
  const head = records.filter((record) => !isBlank(record)).slice(0, HEAD_RECORDS);
  if (!head.length) throw new Error(`${source}: expected a header and rows, found only quotes and spaces; give a file with rows`);
  const width = head[0]!.length, named = hasHeader(head);
  const rows = records.filter((record, i) => !isBlank(record) || (width === 1 && i > 0)).map((record) => (isBlank(record) ? [''] : record));
  const ragged = rows.findIndex((record) => record.length !== width);
  if (ragged >= 0)
    throw new Error(`${source}: expected ${width} fields in record ${ragged + 1}, as in the first, found ${rows[ragged]!.length}; mend the line`);
  const names = named ? head[0]!.map((cell, i) => cell.trim() || (i ? `column_${i + 1}` : UNNAMED)) : head[0]!.map((_, i) => `column_${i + 1}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${source}: expected a name of its own for every column, found "${twice}" twice; rename one of them`);
  const body = rows.slice(named ? 1 : 0);
  if (!body.length) throw new Error(`${source}: expected rows below the header, found only the header; give a file with data rows`);
  return { names, rows: body, delimiter };
}

const isBlank = (record: string[]): boolean => record.length < 2 && !record.join('').trim();
/** Columns aligned by spaces or tabs, with one space between fields. */
const unaligned = (text: string): string => text.replaceAll('\t', ' ').replace(/^ +| +(?=\r?$)|(?<= ) +/gm, '');

/** Records as Python's csv module reads them. */
function* parsed(text: string, delimiter: string): Generator<string[]> {
  let record: string[] = [], field = '', quoted = false, begun = false;
  for (let i = 0; i < text.length; ++i) {
    const sign = text[i]!;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[i + 1] === '"') (field += '"'), ++i;
      else quoted = false;
    } else if (sign === '"' && !begun) quoted = begun = true;
    else if (sign === delimiter) record.push(field), (field = ''), (begun = false);
    else if (sign === '\n') {
      record.push(field.replace(/\r$/, ''));
      yield record;
      (record = []), (field = ''), (begun = false);
    } else (field += sign), (begun = true);
  }
  if (field || record.length) throw new Error('expected closed quotes, found a quote that the file ends in; check its quotes');
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

/** Whether the first record names the columns rather than being data itself. */
export function hasHeader(head: string[][]): boolean {
  const number = (cell: string): boolean => !isMissing(cell) && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity)$/i.test(cell);
  const first = head[0]!.map((cell) => cell.trim());
  if (first.some(number) && first.every((cell) => number(cell) || isMissing(cell))) return false;
  const below = first.map((_, j) => head.slice(1).filter((record) => j < record.length).map((record) => record[j]!.trim()));
  const numeric = below.map((cells) => cells.some(number) && cells.every((cell) => number(cell) || isMissing(cell)));
  if (first.some((cell, j) => numeric[j] && !number(cell))) return true;
  return !first.some((cell, j) => (numeric[j] ? cell.includes('.') : cell && below[j]!.includes(cell)));
}
