// A word among numbers or days that says a gap is missing: deltaw.tables.strays.
import { MANY, MISTAKES, areCodes, clipped, typed, type Cells } from './cells.ts';
import { dateFormat } from './days.ts';
import { asWritten } from './notations.ts';
import { said, type Text } from '../said.ts';
import type { Table } from './table.ts';
import { unitOf } from './units.ts';

const DIGIT = /\p{Nd}/u, LETTER = /\p{L}/u;
const FIRST = 1000, MOST = 3; // cells that tell enough; words of one column

const presentOf = (words: Cells['words']): string[] => words.filter((word) => word !== null);

/** Whether half of some words or more have a digit, and these are numbers, of one unit or none, or days. */
function areMeasured(present: string[]): boolean {
  const rest = present.filter((word) => DIGIT.test(word));
  if (!rest.length || 2 * rest.length < present.length || areCodes(rest)) return false;
  const [format, wrong] = dateFormat(rest);
  return !asWritten(rest).some(Number.isNaN) || unitOf(rest) !== '' || (format !== '' && !wrong);
}

/** Such words of a column, in lower case, and how many cells say each. `few`: whether nearly all cells may be few different numbers. */
function gapsAmong({ name, words }: Cells, few: boolean): [string, number][] {
  const present = presentOf(words);
  if (present.every((word) => DIGIT.test(word)) || !areMeasured(presentOf(words.slice(0, FIRST)))) return [];
  const rest = present.filter((word) => DIGIT.test(word)), rows = new Map<string, number>();
  for (const word of present) if (!DIGIT.test(word)) rows.set(word.toLowerCase(), (rows.get(word.toLowerCase()) ?? 0) + 1);
  const found = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)), once = found.some(([word, n]) => n === 1 && LETTER.test(word));
  if (once || rows.has(name.toLowerCase()) || !found.length || found.length > MOST || !areMeasured(present)) return [];
  const isFew = few && present.length - rest.length <= MISTAKES * present.length;
  return isFew || new Set(rest).size >= MANY ? found : [];
}

/** A table in which such words are missing, wherever they stand; none of them is a word of the target. */
export function withoutGaps(table: Table, target: string): { table: Table; gaps: string[]; notes: Text[] } {
  const gaps = new Set<string>(), notes: Text[] = [], answers = table.columns.find(({ name }) => name === target);
  const ofAnswers = answers ? gapsAmong(answers, false) : [], known = new Set(answers && !ofAnswers.length ? presentOf(answers.words).map((word) => word.toLowerCase()) : []);
  for (const cells of table.columns) {
    const found = cells === answers ? ofAnswers : gapsAmong(cells, true);
    if (!found.length || found.some(([word]) => known.has(word))) continue;
    for (const [word] of found) gaps.add(word);
    const told = {
      name: clipped(cells.name), words: found.map(([word]) => said('"{word}"', { word: clipped(word, 20) })),
      n: found.reduce((sum, [, n]) => sum + n, 0), rows: presentOf(cells.words).length,
    };
    notes.push(
      cells === answers
        ? said('"{name}" has {words} in {n:,} of {rows:,} cells, and numbers or dates otherwise: these rows have no target', told)
        : said('"{name}" has {words} in {n:,} of {rows:,} cells, and numbers or dates otherwise: read as missing', told),
    );
  }
  if (!gaps.size) return { table, gaps: [], notes };
  const again = withoutGaps(without(table, gaps), target); // without these, others may be seen
  return { table: again.table, gaps: [...gaps, ...again.gaps], notes: [...again.notes, ...notes] };
}

/** A table in which some words, in lower case, are missing. A column that has none but numbers then may say what a point is in all others. */
export function without(table: Table, gaps: ReadonlySet<string>): Table {
  const isGap = (word: string | null): boolean => word !== null && gaps.has(word.toLowerCase()), hasGaps = table.columns.some(({ words }) => words.some(isGap));
  if (!hasGaps) return table;
  if (table.without) return table.without(isGap);
  const columns = table.columns.map((cells) =>
    cells.words.some(isGap) ? typed(cells.name, (cells.raw ?? cells.words).map((word) => (word === null || isGap(word) ? '' : word)), table.notation?.(cells.name) ?? ',') : cells,
  );
  return { ...table, columns };
}
