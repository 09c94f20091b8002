// What is to be predicted: which task a column sets, and how it becomes numbers to train on; deltaw.preparation.target.
import { asWords, byCodePoints, clipped, checkFinite, checkStrays, countOf, refuse, type Cells } from './cells.ts';
import { readNumbers } from './notations.ts';
import { SCALINGS, fitScale, rangeOnto, scaled, unscaled } from './scaling.ts';
import { placesOf, wordsAs } from './spelling.ts';
import { greatest, least } from './statistics.ts';
import { Refusal, said } from '../said.ts';
import type { TargetSpec } from '../engine/types.ts';

const FEW_CLASSES = 20, CLASS_SHARE = 0.05, MOST_CLASSES = 10_000, ROWS_PER_CLASS = 2, ENOUGH = 10;

/** How answers are to be learnt: the notes' way (one_hot, range) or the other (labels, standard), by the task that is found. */
export interface Asked {
  task?: TargetSpec['task'];
  encoding: TargetSpec['encoding'];
  low: number;
  high: number;
}

function inferred(cells: Cells, distinct: number): [TargetSpec['task'], string] {
  const rows = countOf(cells);
  if (cells.type === 'words' || cells.type === 'truth') return ['classification', `${distinct} different values that are not numbers`];
  if (distinct === 2) return ['classification', 'two different values'];
  if (cells.numbers.some((x) => !Number.isInteger(x))) return ['regression', 'numbers with fractions'];
  const said = `${distinct} different whole numbers in ${rows} rows`;
  return distinct <= FEW_CLASSES && distinct <= CLASS_SHARE * rows ? ['classification', said] : ['regression', said];
}

/** What has a unit as words: numbers that are few are classes as they are written. */
const asWritten = (cells: Cells): Cells => ({ ...cells, type: 'words' });

/** The target of all rows that have an answer (`cells` holds no missing one). */
export function fitTarget(given: Cells, asked: Asked, source: string): TargetSpec {
  const cells = given.unit && (asked.task ?? inferred(given, new Set(given.numbers).size)[0]) === 'classification' ? asWritten(given) : given;
  if (cells.type === 'words') checkStrays(cells, source);
  checkFinite(cells, source);
  const distinct = new Set<unknown>(cells.type === 'words' ? cells.words : cells.numbers).size;
  if (distinct < 2) {
    const found = distinct ? said('only {value}', { value: clipped(asWords(cells)[0]!) }) : said('no value at all');
    throw new Refusal('{source}: expected different values in target "{name}"', found, 'choose another target', { source, name: cells.name });
  }
  const [task, reason] = asked.task ? ([asked.task, 'as asked'] as const) : inferred(cells, distinct);
  const { encoding, low, high } = asked, none = { centre: 0, width: 1, shift: 0 };
  if (task === 'regression') {
    const x = numbersOf(cells, source), scaling = encoding === 'range' || encoding === 'one_hot' ? 'range' : 'standard';
    return { name: cells.name, task, reason, classes: [], encoding: scaling, ...none, low: least(x), high: greatest(x), clamp: scaling === 'standard' };
  }
  if (distinct * ROWS_PER_CLASS > countOf(cells) || distinct > MOST_CLASSES)
    throw new Refusal('{source}: expected {rows_per_class} rows a class and at most {most_classes:,} classes in target "{name}"', said('{distinct:,} classes in {n:,} rows', { distinct, n: countOf(cells) }),
      countOf(cells) < ENOUGH ? 'give more rows' : 'it looks like an identifier: choose another target, or merge rare classes', { source, name: cells.name, rows_per_class: ROWS_PER_CLASS, most_classes: MOST_CLASSES });
  const large = cells.type === 'whole' ? cells.numbers.find((x) => Math.abs(x) > Number.MAX_SAFE_INTEGER) : undefined;
  if (large !== undefined) throw new Refusal('{source}: expected whole numbers below 2^53 as classes in target "{name}"', BigInt(large).toString(), 'turn them into text', { source, name: cells.name });
  const shares = encoding === 'one_hot' || encoding === 'range';
  return { name: cells.name, task, reason, classes: classesOf(cells), encoding: shares ? 'one_hot' : 'labels', low: shares ? low : 0, high: shares ? high : 1, ...none };
}
function classesOf(cells: Cells): TargetSpec['classes'] {
  if (cells.type === 'words') return [...new Set(cells.words as string[])].sort(byCodePoints);
  const numbers = [...new Set(cells.numbers)].sort((a, b) => a - b);
  return cells.type === 'truth' ? numbers.map(Boolean) : numbers;
}
function numbersOf(cells: Cells, source: string): Float64Array {
  const found = cells.type === 'words' ? readNumbers(cells.words) : cells.numbers;
  if (found.some(Number.isNaN)) throw new Refusal('{source}: expected classes or numbers in target "{name}"', said('words'), 'choose another target', { source, name: cells.name });
  return found;
}

/** Answers as a network can say them: numbers, or nothing of classes. */
export function asSaid(spec: TargetSpec, training: Cells, source: string): Float64Array {
  const scale = { ...spec, bend: false };
  return spec.task === 'classification' ? new Float64Array(countOf(training)) : numbersOf(training, source).map((x) => unscaled(scaled(x, scale), scale));
}

/** Numbers are scaled by the training rows alone. */
export function learnt(whole: TargetSpec, training: Cells, asked: Asked, source: string): TargetSpec {
  if (whole.task === 'classification') return whole;
  const x = numbersOf(training, source);
  const { centre, width, shift } = fitScale(whole.encoding === 'range' ? rangeOnto(asked.low, asked.high) : SCALINGS['standard']!.fit, x);
  return { ...whole, low: least(x), high: greatest(x), centre, width, shift };
}

function unseen({ name, classes }: TargetSpec, row: number, word: string, source: string): never {
  refuse(source, name, row, said('a class seen in training ({classes})', { classes: classes.slice(0, 8).map(String) }), word, 'remove the row, or train with such rows too');
}

/** Targets as the network learns them, rows × n_out, and each row's class. */
export function encoded(target: TargetSpec, cells: Cells, source: string): { targets: Float32Array; labels: Int32Array | null; nOut: number } {
  if (target.task === 'regression') {
    const { centre, width, shift } = target;
    return { targets: Float32Array.from(numbersOf(cells, source), (x) => scaled(x, { centre, width, shift, bend: false })), labels: null, nOut: 1 };
  }
  const classes = target.classes.map(String), places = placesOf(classes), words = wordsAs(cells, classes), nOut = classes.length;
  const labels = Int32Array.from(words, (word, row) => places.get(word!) ?? unseen(target, row, word!, source));
  const targets = new Float32Array(labels.length * nOut).fill(target.low);
  labels.forEach((label, row) => (targets[row * nOut + label] = target.high));
  return { targets, labels, nOut };
}
