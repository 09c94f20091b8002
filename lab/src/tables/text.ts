// The words of a column of text that tell the target, and whether cells have them: deltaw.preparation.columns.text.
import { byCodePoints } from './cells.ts';
import type { Answers } from './means.ts';

const CHANCE = 0.1, MOST = 512, ROOM = 4, CELLS = 2 ** 27, FEWEST = 3, ROWS = 20_000, SIGNS = 2 ** 22;
/** Signs of scripts without blanks between words: Thai, kana, Chinese. */
export const UNSPACED = '\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff';
const RUN = new RegExp(`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{N}])+`, 'gu'), WITHOUT_BLANKS = new RegExp(`^[${UNSPACED}]`);

/** With a–z for A–Z; other letters stay. */
export const lowered = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Runs of letters and digits; where no blanks part words, single signs and pairs of neighbours. */
function wordsIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const [run] of lowered(text).matchAll(RUN)) {
    const signs = [...run];
    if (WITHOUT_BLANKS.test(run)) for (const [i, sign] of signs.entries()) found.add(sign).add(sign + (signs[i + 1] ?? ''));
    else if (signs.length > 1) found.add(run);
  }
  return found;
}

/** The words that tell the answers, the surest first, or the `fewest` surest, if less do. */
export function telling(cells: (string | null)[], answers: Answers, fewest: number): string[] {
  const n = cells.length, head = cells.slice(0, ROWS).filter((cell) => cell !== null), signs = head.reduce((sum, cell) => sum + [...cell].length, 0) / head.length || 1;
  const each = Math.max(1, Math.ceil(n / ROWS), Math.floor((n * signs) / SIGNS)), rows = [...cells.keys()].filter((row) => row % each === 0);
  const having = new Map<string, number[]>();
  rows.forEach((row, i) => {
    for (const word of wordsIn(cells[row] ?? '')) if (!having.get(word)?.push(i)) having.set(word, [i]);
  });
  const words = [...having].filter(([, { length }]) => length >= FEWEST && length < rows.length).map(([word]) => word);
  const columns = answers.written.map((t) => evidence(rows.map((row) => t[row]!), answers.ofClasses));
  const sure = new Map(words.map((word) => [word, Math.max(...columns.map((of) => of(having.get(word)!)))]));
  words.sort((a, b) => sure.get(b)! - sure.get(a)! || byCodePoints(a, b));
  const tests = 2 * words.length * columns.length, count = words.findLastIndex((word, i) => sure.get(word)! > Math.log(tests / (CHANCE * (i + 1)))) + 1;
  return words.slice(0, Math.min(Math.max(count, fewest), MOST, Math.floor(n / ROOM), Math.floor(CELLS / n)));
}

/** −ln(p/2) of some rows, for one column of answers: Chernoff's bound for classes, the sum of ranks for numbers. */
function evidence(t: number[], ofClasses: boolean): (rows: number[]) => number {
  const n = t.length;
  if (ofClasses) {
    const whole = t.reduce((sum, x) => sum + x, 0) / n, part = (q: number, p: number): number => (q > 0 ? q * Math.log(q / p) : 0);
    return (rows) => {
      const share = rows.reduce((sum, row) => sum + t[row]!, 0) / rows.length;
      return rows.length * (part(share, whole) + part(1 - share, 1 - whole));
    };
  }
  const counts = new Map<number, number>(), middle = new Map<number, number>();
  for (const x of t) counts.set(x, (counts.get(x) ?? 0) + 1);
  let below = 0, squares = 0;
  for (const [x, rows] of [...counts].sort(([a], [b]) => a - b)) {
    below += rows;
    const rank = (below - rows / 2) / n; // in the middle of equal ones
    middle.set(x, rank);
    squares += rank ** 2 * rows;
  }
  const variance = Math.max(squares / n - 0.25, 1e-12);
  return (rows) => (rows.length * (rows.reduce((sum, row) => sum + middle.get(t[row]!)!, 0) / rows.length - 0.5) ** 2) / (2 * variance * (1 - rows.length / n));
}
