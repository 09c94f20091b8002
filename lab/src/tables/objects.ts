// JSON with an object a row, in an array or each in a line of its own, or one object that is a table: deltaw.tables.reading.formats.json_lines.
import { Refusal, said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import { HEAD_RECORDS, type Records } from './delimited.ts';
import { hasHeader } from './heads.ts';
import { CELLS } from './notations.ts';

/** Whether text is JSON; a table's first name may begin with [, too. */
export const areObjects = (text: string): boolean => /^\s*(\{|\[\s*[[{\]])/.test(text);

type Row = Record<string, unknown>;
const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const areAll = <T>(values: unknown[], are: (value: unknown) => value is T): values is T[] => values.length > 0 && values.every(are);
const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const areAlike = (lists: unknown[][]): boolean => new Set(lists.map(({ length }) => length)).size === 1;
const count = (names: string[]): boolean => names.every((name) => /^\x7f?\d+$/.test(name)); // rows rather than names of columns

const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|NaN|Infinity/g, BEFORE = '\x7f'; // a name of digits: objects would put these first
/** JSON, and the numbers that are none, which Python writes, too. */
const parsed = (json: string): unknown =>
  JSON.parse(/"\d+"\s*:|NaN|Infinity/.test(json) ? json.replace(TOKEN, (token, key) => ({ NaN: 'null', Infinity: '1e999' })[token] ?? (key && /^"\d+"/.test(token) ? `"${BEFORE}${token.slice(1)}` : token)) : json);
function checkNames(names: string[], source: string): void {
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i), name = names[twice]!;
  if (twice >= 0) throw new Refusal('{source}: expected a name of its own for every column', said('"{name}" for columns {place} and {i}', { name, place: names.indexOf(name) + 1, i: twice + 1 }), 'rename one of them', { source });
}
const ENOUGH = 10; // cells of a column, rather than of a list in a row
/** The rows of columns as lists of one length; none of others. */
function rowsOf(columns: Row): Row[] | null {
  const values = Object.values(columns), names = Object.keys(columns);
  return areAll(values, Array.isArray) && areAlike(values) && !values.some((each) => each.some(isNested)) ? values[0]!.map((_, i) => Object.fromEntries(names.map((name, k) => [name, values[k]![i]]))) : null;
}
/** The rows of one object, and the name that it has them by; null if it is no table. */
function rowsWithin(whole: Row): { rows: unknown[]; within?: string } | null {
  const names = Object.keys(whole), values: unknown[] = Object.values(whole), { columns, data } = whole, own = rowsOf(whole);
  if (own) return { rows: own };
  if (Array.isArray(columns) && Array.isArray(data) && areAll(data, Array.isArray) && data.every((row) => row.length === columns.length))
    return new Set(columns.map(String)).size < columns.length ? null : { rows: data.map((row) => Object.fromEntries(columns.map((name, k) => [String(name), row[k]]))) };
  const within = names.filter((name) => Array.isArray(whole[name]) && areAll(whole[name] as unknown[], isObject));
  if (within.length) return within.length === 1 ? { rows: whole[within[0]!] as unknown[], within: within[0]! } : null;
  const parts = names.flatMap((within) => (isObject(whole[within]) ? [{ rows: rowsOf(whole[within]) ?? [], within }] : [])).filter(({ rows }) => rows.length >= ENOUGH && Object.keys(rows[0]!).length > 1);
  if (parts.length === 1) return parts[0]!;
  if (areAll(values, isObject)) {
    const keys = Object.keys(values[0]!), alike = values.every((each) => Object.keys(each).length === keys.length && keys.every((key) => key in each));
    if (alike && count(names) !== count(keys)) return { rows: count(names) ? values : keys.map((key) => Object.fromEntries(names.map((name, k) => [name, values[k]![key]]))) };
  }
  return values.some((value) => !isNested(value)) ? { rows: [whole] } : null;
}

const LONGEST = 4096; // values of a list that become columns
const cellOf = (value: unknown): string => (isNested(value) ? JSON.stringify(value) : String(value ?? ''));

const within = (value: unknown, key: string | number): unknown => (isNested(value) && Object.hasOwn(value as Row, key) ? (value as Row)[key] : undefined); // not what all objects have
/** A column, or those that its objects have (place.lat), or its lists if they are of one length (place.0); of lists of words, text. */
function* columnsOf(name: string, cells: unknown[]): Generator<[name: string, cells: unknown[]]> {
  const there = cells.filter((cell) => cell != null), lists = areAll(there, Array.isArray);
  if (lists && there.some((list) => list.some(isText)) && there.every((list) => list.every((each) => each == null || isText(each)))) return yield [name, cells.map((cell) => (cell as string[] | null)?.filter((word) => word != null).join(', '))];
  const keys = lists ? (areAlike(there) && there[0]!.length <= LONGEST ? [...there[0]!.keys()] : []) : areAll(there, isObject) ? [...new Set(there.flatMap(Object.keys))] : [];
  if (!keys.length) yield [name, cells];
  for (const key of keys) yield* columnsOf(`${name}.${key}`, cells.map((cell) => within(cell, key)));
}

/** Lists of one length as objects; the first may have the names. */
function namedBy(lists: unknown[][], source: string): Row[] {
  const head = lists.slice(0, HEAD_RECORDS).map((row) => row.map(cellOf)), named = lists.length > 1 && hasHeader(head), names = named ? head[0]! : head[0]!.map((_, k) => `column_${k + 1}`);
  checkNames(names, source);
  return lists.slice(Number(named)).map((row) => Object.fromEntries(row.map((cell, k) => [names[k]!.replace(/^\d+$/, `${BEFORE}$&`), cell])));
}

const EXPECTED = '{source}: expected JSON Lines or an array of objects', REMEDY = 'give JSON Lines (an object a line), an array of objects, or CSV';
const sortOf = (value: unknown): Text => (value === null ? said('null') : Array.isArray(value) ? said('a list') : isText(value) ? said('text') : typeof value === 'boolean' ? said('a boolean') : said('a number'));

/** Every name in an object is a column, with nothing where others lack it. */
export function readObjects(text: string, source: string): Records {
  const refuse = (found: Text, remedy: string, expected = EXPECTED, number = 0): never => {
    throw new Refusal(expected, found, remedy, { source, number });
  };
  let whole: unknown, all: unknown[];
  try {
    whole = parsed(text);
  } catch (error) {
    if (/^\s*\[/.test(text)) refuse(said('JSON with a mistake ({error})', { error: (error as Error).message }), 'mend it');
  }
  const found = isObject(whole) ? (rowsWithin(whole) ?? refuse(said('a single object'), REMEDY)) : null, IN_LINE = '{source}: expected a JSON object in line {number:,}';
  if (found) all = found.rows;
  else if (Array.isArray(whole)) all = areAll(whole, Array.isArray) && areAlike(whole) ? namedBy(whole, source) : whole;
  else
    all = text.split('\n').flatMap((line, i) => {
      if (!line.trim()) return [];
      try {
        const row = parsed(line);
        return isObject(row) ? [row] : refuse(sortOf(row), REMEDY, IN_LINE, i + 1);
      } catch (error) {
        throw error instanceof Refusal ? error : refuse(said('a mistake ({reason})', { reason: (error as Error).message }), 'mend the line', IN_LINE, i + 1);
      }
    });
  const wrong = all.findIndex((row) => !isObject(row)), rows = all as Row[];
  if (wrong >= 0) refuse(said('{sort} as element {number:,}', { sort: sortOf(all[wrong]), number: wrong + 1 }), REMEDY);
  const columns = [...new Set(rows.flatMap(Object.keys))].flatMap((name) => [...columnsOf(name, rows.map((row) => within(row, name)))]), names = columns.map(([name]) => name.replaceAll(BEFORE, ''));
  if (!names.length) refuse(said('no rows'), 'give a file with rows');
  checkNames(names, source);
  return {
    names, rows: rows.map((_, i) => columns.map(([, cells]) => cellOf(cells[i]))), notation: `${CELLS},`,
    notes: found?.within ? [said('the rows are those of "{name}" in the file', { name: clipped(found.within, 200) })] : [],
    texts: names.filter((_, k) => columns[k]![1].some(isText)),
  };
}
