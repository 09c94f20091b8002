// Words as a model knows them: numbers and truth values as its words spell them, codes with as many digits; deltaw.preparation.reading,
// deltaw.tables.codes.
import { areCodes, asWords, type Cells } from './cells.ts';
import { asWritten } from './notations.ts';
import type { Preparation, Step, TargetSpec } from '../engine/types.ts';

/** How each of some words is spelt where it stands alone: as a number or a truth value where it is one. */
function alone(words: readonly string[]): string[] {
  const numbers = asWritten([...words]);
  return words.map((word, i) => (/^(true|false)$/i.test(word) ? word.toLowerCase() : Number.isNaN(numbers[i]!) ? word : String(numbers[i])));
}
/** Numbers and truth values as `asWords` spells them -> as these words do: 1 -> 1.0, true -> TRUE; of several such words the first. */
function spellings(words: readonly string[]): Map<string, string> {
  const known = new Set(words), found = new Map<string, string>();
  alone(words).forEach((each, i) => {
    if (!known.has(each) && !found.has(each)) found.set(each, words[i]!);
  });
  return found;
}

/** All words that a step of words knows. */
export const knownTo = (step: Step): string[] => [...(step['words'] as string[]), ...((step['means'] as { words: string[] } | undefined)?.words ?? [])];
/** Columns of words some of which look like numbers or truth values: of a few rows they might be misread. */
export function textColumns({ preparation, target }: { preparation?: Preparation; target?: TargetSpec }): Set<string> {
  const known = (preparation?.steps ?? []).filter(({ kind }) => kind === 'category').map((step): [string, string[]] => [step.column, knownTo(step)]);
  if (target) known.push([target.name, target.classes.filter((each) => typeof each === 'string')]);
  return new Set(known.filter(([, words]) => String(alone(words)) !== String(words)).map(([name]) => name));
}

/** The width of words that are codes; 0 where no word is digits behind a zero; null of others. */
const widthOf = (words: readonly string[]): number | null => (!words.some((word) => /^0[0-9]+$/.test(word)) ? 0 : areCodes([...words]) ? words[0]!.length : null);
/** A word with the zeros in front that codes of this width have, which are lost where codes were read as numbers. */
function inWidth(word: string, width: number | null): string {
  if (!width) return width === 0 ? word.replace(/^0+([0-9]+)$/, '$1') : word;
  const bare = word.replace(/\.0$/, '');
  return /^[0-9]+$/.test(bare) ? bare.padStart(width, '0') : word;
}

/** Cells as words, spelt as those that are known. */
export function wordsAs(cells: Cells, known: readonly string[]): (string | null)[] {
  const same = spellings(known), width = widthOf(known);
  return asWords(cells).map((word) => (word === null ? null : inWidth(same.get(word) ?? word, width)));
}

/** The place of each word, as cells say it: composed, as those of models of earlier versions may not be. Of two that would become one the composed one counts. */
export function placesOf(words: readonly string[]): Map<string, number> {
  const taken = new Set(words), found = new Map<string, number>();
  words.forEach((word, place) => {
    const composed = word.normalize('NFC');
    found.set(taken.has(composed) ? word : composed, place);
    taken.add(composed);
  });
  return found;
}
