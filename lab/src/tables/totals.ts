// Rows that may not be data: a total below the table, as in spreadsheets, and column names again, as in files that were joined with them;
// deltaw.tables.reading.totals.
import { listed, said, type Text } from '../said.ts';
import { clipped, countOf, saysName, saysTotal, type Cells } from './cells.ts';
import { greatest } from './statistics.ts';

const FEWEST = 10, LAST = 3, EXACT = 1e-6; // rows above a total; in which a word may say that one is a total; how far it may be off

/** What to say of a row that repeats the names, or of the last one that is a total, or says so. */
export function noteOnOddRows(columns: Cells[]): Text[] {
  const rows = countOf(columns[0]!);
  if (rows <= FEWEST) return [];
  const again = columns.length > 1 && columns.every(({ type }) => type === 'words') ? columns[0]!.words.findIndex((_, row) => columns.every(({ name, words }) => words[row] !== null && saysName(words[row]!, name))) : -1;
  if (again >= 0) return [said('row {row:,} repeats the column names: remove it, or it counts as a row', { row: again + 1 })];
  const summed = columns.filter((cells) => ['whole', 'number'].includes(cells.type) && isSum(cells.numbers)).map(({ name }) => clipped(name));
  if (summed.length) return [said('row {row:,}, the last, is the total of the rows above it ({columns}): remove it, or it counts as a row', { row: rows, columns: listed(summed, 3) })];
  for (const { name, type, words } of columns)
    for (let row = rows - LAST; type === 'words' && row < rows; ++row) {
      const word = words[row];
      if (word && saysTotal(word) && words.indexOf(word) === words.lastIndexOf(word))
        return [said('row {row:,} ("{word}" in "{name}") seems to be a total: remove it, or it counts as a row', { row: row + 1, word: clipped(word, 20), name: clipped(name) })];
    }
  return [];
}
/** Whether the last number is the sum of the others, and larger than each. */
function isSum(numbers: Float64Array): boolean {
  const last = numbers.at(-1)!, above = numbers.slice(0, -1).filter((x) => !Number.isNaN(x));
  return last > greatest(above) && last > 0 && Math.abs(above.reduce((a, b) => a + b, 0) - last) <= EXACT * last;
}
