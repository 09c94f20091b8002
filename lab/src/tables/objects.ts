// JSON with an object a row, in an array or each in a line of its own: deltaw.tables.reading.formats.json_lines.
import { Refusal, said, type Text } from '../said.ts';
import type { Records } from './delimited.ts';
import { CELLS } from './notations.ts';

/** Whether text is JSON; a table's first name may begin with [, too. */
export const areObjects = (text: string): boolean => /^\s*(\{|\[\s*[[{\]])/.test(text);

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
  const all = /^\s*\[/.test(text) ? (read(text) as unknown[]) : text.split('\n').filter((line) => line.trim()).map(read);
  const rows = all.map((row) => new Map<string, unknown>(row && !Array.isArray(row) ? Object.entries(row) : []));
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  if (!names.length) refuse(said('no rows'), 'give a file with rows');
  const cell = (value: unknown): string => (typeof value === 'object' && value ? JSON.stringify(value) : String(value ?? ''));
  return { names, rows: rows.map((row) => names.map((name) => cell(row.get(name)))), notation: `${CELLS},`, notes: [], texts: names.filter((name) => rows.some((row) => typeof row.get(name) === 'string')) };
}
