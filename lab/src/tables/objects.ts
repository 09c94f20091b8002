// JSON with an object a row, in an array or each in a line of its own, or one object that is a table: deltaw.tables.reading.formats.json_lines.
import { Refusal, said, type Text } from '../said.ts';
import { clipped } from './cells.ts';
import type { Records } from './delimited.ts';
import { CELLS } from './notations.ts';

/** Whether text is JSON; a table's first name may begin with [, too. */
export const areObjects = (text: string): boolean => /^\s*(\{|\[\s*[[{\]])/.test(text);

type Row = Record<string, unknown>;
const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const areAll = <T>(values: unknown[], are: (value: unknown) => value is T): values is T[] => values.length > 0 && values.every(are);
const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;
const count = (names: string[]): boolean => names.every((name) => /^\d+$/.test(name)); // rows rather than names of columns

function wholeOf(text: string): Row | null {
  try {
    return JSON.parse(text) as Row;
  } catch {
    return null; // a line an object, or a mistake that will be told
  }
}
/** The rows of one object, and the name that it has them by; null if it is no table. */
function rowsWithin(whole: Row): { rows: unknown[]; within?: string } | null {
  const names = Object.keys(whole), values: unknown[] = Object.values(whole), { columns, data } = whole;
  if (areAll(values, Array.isArray) && new Set(values.map((each) => each.length)).size === 1 && !values.some((each) => each.some(isNested)))
    return { rows: values[0]!.map((_, i) => Object.fromEntries(names.map((name, k) => [name, values[k]![i]]))) };
  if (Array.isArray(columns) && Array.isArray(data) && areAll(data, Array.isArray) && data.every((row) => row.length === columns.length))
    return new Set(columns.map(String)).size < columns.length ? null : { rows: data.map((row) => Object.fromEntries(columns.map((name, k) => [String(name), row[k]]))) };
  const within = names.filter((name) => Array.isArray(whole[name]) && areAll(whole[name] as unknown[], isObject));
  if (within.length) return within.length === 1 ? { rows: whole[within[0]!] as unknown[], within: within[0]! } : null;
  if (areAll(values, isObject)) {
    const keys = Object.keys(values[0]!), alike = values.every((each) => Object.keys(each).length === keys.length && keys.every((key) => key in each));
    if (alike && count(names) !== count(keys)) return { rows: count(names) ? values : keys.map((key) => Object.fromEntries(names.map((name, k) => [name, values[k]![key]]))) };
  }
  return values.some((value) => !isNested(value)) ? { rows: [whole] } : null;
}

/** Every name in an object is a column, with nothing where others lack it. */
export function readObjects(text: string, source: string): Records {
  const refuse = (found: Text, remedy: string): never => {
    throw new Refusal('{source}: expected JSON Lines or an array of objects', found, remedy, { source });
  };
  const read = (json: string): unknown => {
    try {
      return JSON.parse(json);
    } catch (error) {
      return refuse(said('JSON with a mistake ({error})', { error: (error as Error).message }), 'mend it');
    }
  };
  const whole = /^\s*\{/.test(text) ? wholeOf(text) : null, found = whole && rowsWithin(whole);
  if (whole && !found) refuse(said('a single object'), 'give JSON Lines (an object a line), an array of objects, or CSV');
  const all = found ? found.rows : /^\s*\[/.test(text) ? (read(text) as unknown[]) : text.split('\n').filter((line) => line.trim()).map(read);
  const rows = all.map((row) => new Map<string, unknown>(row && !Array.isArray(row) ? Object.entries(row) : []));
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  if (!names.length) refuse(said('no rows'), 'give a file with rows');
  const cell = (value: unknown): string => (typeof value === 'object' && value ? JSON.stringify(value) : String(value ?? ''));
  return { names, rows: rows.map((row) => names.map((name) => cell(row.get(name)))), notation: `${CELLS},`, notes: found?.within ? [said('the rows are those of "{name}" in the file', { name: clipped(found.within, 200) })] : [], texts: names.filter((name) => rows.some((row) => typeof row.get(name) === 'string')) };
}
