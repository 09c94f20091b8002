// The data that a network learns from a table: what deltaw.fit plans before it trains.
import { split, parts } from '../engine/division.ts';
import type { Core } from '../engine/core.ts';
import { Refusal, listed, said, told as inEnglish, type Text } from '../said.ts';
import type { Column, Data, Preparation, Settings, Step, TargetSpec } from '../engine/types.ts';
import { unknown } from './beyond.ts';
import { checkFinite, checkStrays, countOf, rowsOf, typed, withNones, type Cells } from './cells.ts';
import { without, withoutGaps } from './gaps.ts';
import { LEFT_OUT, kinds, noteOnUnit, type Found } from './kinds.ts';
import { answersOf, type Answers } from './means.ts';
import type { Decimals } from './notations.ts';
import { part, quiet, type Tell } from './progress.ts';
import { NO_BINS, SCALINGS, binsOf, type Scaling } from './scaling.ts';
import { checkDays, columnsOf, encoderOf, fitBlock, fitStep, presentIn } from './steps.ts';
import { evenly, noteOnSample, type Table } from './table.ts';
import { asSaid, encoded, fitTarget, learnt, type Asked } from './target.ts';

/** How a table is prepared: the recipe's words. */
export interface Choice extends Asked {
  target: string;
  scaling: string; // '': that suits the columns
  columns?: string[]; // the only ones to use, beside the target
  heldOut: Settings['heldOut'];
  seed: number;
  apart?: Int32Array | null; // the rows that are held out, whatever seed
}

const MOST_BYTES = 50 * 2 ** 20; // prepared; of larger tables a sample is taken
const MOST_ANSWERED = 2 ** 29; // bytes, prepared, of a table that is only answered for

function sampled(table: Table, most: number, rows: number): Table {
  const which = evenly(most, rows);
  return { ...table, columns: table.columns.map((cells) => rowsOf(cells, which)), notes: [...table.notes, noteOnSample(most, rows)] };
}

/** What is known already, by a model file or by Python, and not learnt of the table. */
export interface Learnt {
  preparation?: Preparation;
  target?: TargetSpec;
  gaps?: string[]; // words that are missing beyond the usual ones
  decimals?: Decimals | undefined;
}

/** The table that data was made of, as far as it is known: pictures are inputs enough, and have no columns. */
export const tableOf = ({ name, columns }: Pick<Data, 'name' | 'columns'>): Table => ({
  name, target: null, block: null, notes: [],
  columns: columns.map(({ name, kind, values }): Cells =>
    values instanceof Float64Array ? { name, type: kind === 'boolean' ? 'truth' : 'number', numbers: values, words: [] } : { name, type: 'words', numbers: new Float64Array(), words: values }),
});

export function dataOf(core: Core, read: Table, choice: Choice, learnt?: Learnt, tell = quiet): Data {
  const { table: given, gaps, notes } = learnt?.preparation ? { table: without(read, new Set(learnt.gaps)), gaps: [], notes: [] } : withoutGaps(read, choice.target);
  const asked = given.columns.find(({ name }) => name === choice.target) ?? missing(given, choice.target), known = learnt?.target?.classes;
  const answers = !known ? withNones(asked) : known.some((each) => /^none$/i.test(String(each))) ? { ...asked, words: asked.nones ?? asked.words } : asked;
  const whole = { ...given, columns: given.columns.map((cells) => (cells === asked ? answers : cells)), notes: [...given.notes, ...(known || answers === asked ? [] : [said('the target says None: taken for a class')])] };
  const answered = presentIn(answers), unanswered = countOf(answers) - answered.length;
  if (unanswered && !learnt) kinds(chosenOf(whole, choice), whole.name), checkStrays(answers, whole.name), checkFinite(answers, whole.name); // which row is bad does not depend on the answers
  const first = { ...whole, columns: whole.columns.map((cells) => rowsOf(cells, answered)) };
  if (unanswered && !learnt) first.columns = first.columns.map((cells) => (cells.name === choice.target ? cells : readAnew(cells, given.notation?.(cells.name))));
  const data = prepare(core, first, choice, learnt, tell);
  return { ...noted({ ...data, notes: [...data.notes, ...notes] }, unanswered), gaps: [...(learnt?.gaps ?? []), ...gaps], decimals: learnt?.preparation ? (learnt.decimals ?? {}) : marksOf(given.columns) };
}
/** Words that are all numbers, now that other rows are left out; a comma tells nothing any more. */
function readAnew(cells: Cells, notation = ','): Cells {
  if (cells.type !== 'words') return cells;
  const { raw, words } = cells, found = typed(cells.name, (raw ?? words).map((word) => word ?? ''), notation);
  return found.unit || (found.numbers.length && found.type !== 'truth' && !words.some((word) => word?.includes(','))) ? found : cells;
}
const marksOf = (columns: Cells[]): Decimals => Object.fromEntries(columns.flatMap(({ name, mark }) => (mark ? [[name, mark]] : [])));
const noted = (data: Data, unanswered: number): Data =>
  unanswered ? { ...data, notes: [...data.notes, said('rows without an answer, which are left out: {without:,}', { without: unanswered })] } : data;
const ABOVE = 20; // rows in which names are looked for that are not the first
function missing({ name: source, columns }: Table, name: string, give = 'give one of these names'): never {
  const names = columns.map((cells) => cells.name), row = rowOfNames(columns, name), alike = names.some((each) => each.normalize() === name.normalize());
  const below = row < 0 ? give : 'row {row} below has it: remove the lines above the column names';
  const remedy = alike ? 'rename the one that looks the same: its letters differ in Unicode normalization (NFC, NFD)' : below;
  throw new Refusal('{source}: expected a column "{name}"', said('the columns {known}', { known: listed(names) }), remedy, { source, name, row: row + 1 });
}
/** Which of the first rows has this cell and is one of names: different words, of which no row below says it once more. −1: none. */
function rowOfNames(columns: Cells[], name: string): number {
  const place = columns.findIndex(({ words }) => words.slice(0, ABOVE).includes(name)), words = columns[place]?.words.slice(0, ABOVE) ?? [], row = words.indexOf(name);
  const cells = columns.map((each) => (each.type === 'words' ? each.words[row] : each.numbers[row])).filter((cell) => cell !== null && !Number.isNaN(cell));
  return new Set(cells).size === cells.length && cells.every((cell) => typeof cell === 'string') && words.lastIndexOf(name) === row ? row : -1;
}

const marked = (rows: number, apart?: Int32Array | null): Uint8Array => {
  const found = new Uint8Array(rows);
  apart?.forEach((row) => (found[row] = 1));
  return found;
};

/** A step, the columns that it reads, and what the rows that are learnt from are told instead of its last inputs. */
interface Fitted {
  step: Step;
  cells: Cells[];
  apart?: number[][];
}

/** The columns that are asked for, beside the target and a block. */
const chosenOf = ({ columns, block }: Table, choice: Choice): Cells[] =>
  columns.filter(({ name }) => !block?.columns.includes(name) && name !== choice.target && (!choice.columns || choice.columns.includes(name)));

function prepare(core: Core, table: Table, choice: Choice, given: Learnt = {}, tell = quiet): Data {
  const { name: source, block } = table, rows = countOf(table.columns[0]!), target = table.columns.find(({ name }) => name === choice.target)!;
  const inputs = chosenOf(table, choice), pixels = table.columns.filter(({ name }) => block?.columns.includes(name));
  const found = kinds(inputs, source, part(tell, 0, 0.4)), chosen = given.preparation?.scaling ?? (choice.scaling || suited(found, pixels)), scaling = scalingOf(chosen);
  const whole = given.target ?? fitTarget(target, choice, source), { labels } = encoded(whole, target, source);
  const { trained, heldOut } = choice.apart || choice.heldOut <= 0 ? parts(marked(rows, choice.apart)) : split(core, rows, choice.heldOut, choice.seed, labels);
  const training = rowsOf(target, trained), spec = given.target ?? learnt(whole, training, choice, source);
  /** What the rows that are learnt from answer: only bins and means ask. */
  const answers = (): Answers | null => (scaling.bins ? answersOf(core, spec, asSaid(spec, training, source), labels && trained.map((row) => labels[row]!), choice.seed) : null);
  const steps = given.preparation ? told(table, given.preparation.steps) : fitted(table, { inputs, pixels, found, trained }, scaling, answers(), part(tell, 0.4, 0.7));
  const nIn = widthOf(steps), most = Math.floor(MOST_BYTES / (4 * nIn));
  if (rows > most) return prepare(core, sampled(table, most, rows), choice, given, part(tell, 0.7, 1));
  const named = (name: string): Cells | undefined => table.columns.find((cells) => cells.name === name);
  return {
    name: source, rows, ...encoded(spec, target, source), labels, weight: null, heldOut, target: spec,
    nIn, inputs: matrix(steps, rows, scaling, source, part(tell, 0.7, 1), trained),
    notes: [...table.notes, ...(given.preparation ? unknown(given.preparation, named) : [...found.map(({ note }) => note), noteOnUnit(target)].flatMap((note) => note ?? []))],
    columns: shown({ inputs, pixels, found }, target, whole, steps),
    preparation: given.preparation ?? { scaling: chosen, steps: steps.map(({ step }) => step), left_out: leftOut(found, steps) },
    image: block && steps.length === 1 ? { width: block.shape[1], height: block.shape[0] } : null,
  };
}
/** Words of text are asked for where numbers have bins: so it is where there is text alone. */
const suited = (found: Found[], pixels: Cells[]): string => (!pixels.length && found.some(({ kind }) => kind === 'text') && found.every(({ kind }) => kind === 'text' || LEFT_OUT.includes(kind)) ? 'piecewise' : 'standard');
function scalingOf(name: string): Scaling {
  const found = SCALINGS[name];
  if (!found) throw new Refusal('scaling: expected one of {scalings}', name, 'choose one of these', { scalings: Object.keys(SCALINGS) });
  return found;
}

/** The columns that can be inputs, what they are, the pixels of a block, and the rows that are learnt from. */
interface Parts {
  inputs: Cells[];
  found: Found[];
  pixels: Cells[];
  trained: Int32Array;
}
/** All columns as they are shown, the target last. */
function shown({ inputs, found, pixels }: Omit<Parts, 'trained'>, target: Cells, { task, reason }: TargetSpec, steps: Fitted[]): Column[] {
  const used = new Set(steps.map(({ step }) => step.column)), pixelsAre: Found = { name: '', kind: 'number', why: said('numbers'), missing: 0, format: '' };
  const targetIs: Found = { ...pixelsAre, kind: task === 'regression' ? 'number' : 'category', why: reason };
  return [...inputs.map((cells, i) => shownAs(cells, found[i]!, used.has(cells.name))), ...pixels.map((cells) => shownAs(cells, pixelsAre, true)), shownAs(target, targetIs, true)];
}
const leftOut = (found: Found[], steps: Fitted[]): Preparation['left_out'] => found.filter(({ name }) => !steps.some(({ step }) => step.column === name)).map(({ name, kind, why }) => ({ column: name, kind, reason: inEnglish(why) }));

const widthOf = (steps: Fitted[]): number => steps.reduce((sum, { step }) => sum + step.features.length, 0);

const FEWEST_ALONE = 8; // words of text without other columns
function fitted(table: Table, { inputs, found, pixels, trained }: Parts, scaling: Scaling, answers: Answers | null, tell: Tell): Fitted[] {
  const used = inputs.map((cells, i) => ({ cells, found: found[i]! })).filter(({ found: { kind } }) => !LEFT_OUT.includes(kind) && (answers || kind !== 'text'));
  const numbers = used.filter((each) => ['number', 'date'].includes(each.found.kind)).length, alone = used.every(({ found: { kind } }) => kind === 'text');
  const bins = { ...(scaling.bins ? binsOf(numbers, trained.length) : NO_BINS), fewestWords: alone ? FEWEST_ALONE : 0 };
  const steps = used.flatMap(({ cells, found }, k): Fitted[] => {
    tell(k / used.length);
    const step = fitStep(rowsOf(cells, trained), found, scaling, bins, answers);
    if (step.step.features.length) return [{ cells: [cells], ...step }];
    found.why = said('no word in it tells the target');
    return [];
  });
  if (table.block) steps.push({ cells: pixels, step: fitBlock(table.block, pixels.map((cells) => rowsOf(cells, trained)), scaling) });
  if (!steps.length) {
    const why = found.slice(0, 5).map(({ name, kind, why }) => said('{name} ({kind}: {why})', { name, kind: said(kind), why }));
    throw new Refusal('{source}: expected at least one column of numbers, categories, truth values, dates or text beside the target', why.length ? why : said('no column at all'), 'add a column to learn from', { source: table.name });
  }
  return inOrder(table, steps);
}
/** The steps of a model file, with the table's columns of these names. */
function told(table: Table, steps: Step[]): Fitted[] {
  const column = (name: string): Cells => table.columns.find((cells) => cells.name === name) ?? missing(table, name, 'rename the one that is meant, or add an empty one');
  return steps.map((step) => {
    const cells = columnsOf(step).map(column);
    if (step.kind === 'date') checkDays(cells[0]!, String(step['format']), table.name);
    return { step, cells };
  });
}

function matrix(steps: Fitted[], rows: number, scaling: Scaling, source: string, tell: Tell, trained?: Int32Array): Float32Array {
  const nIn = widthOf(steps), X = new Float32Array(rows * nIn);
  let at = 0;
  for (const { cells, step, apart } of steps) {
    const write = encoderOf(step, cells, scaling, source);
    for (let row = 0; row < rows; ++row) write(row, X, row * nIn + at);
    at += step.features.length;
    apart?.forEach((means, i) => X.set(means, trained![i]! * nIn + at - means.length));
    tell(at / nIn);
  }
  return X;
}
/** The inputs of all rows, prepared as what was learnt from: no answer is asked for. */
export function inputsOf(read: Table, { preparation, gaps }: { preparation: Preparation; gaps?: string[] }, tell = quiet): { inputs: Float32Array; notes: Text[] } {
  const table = without(read, new Set(gaps)), { name, columns } = table, steps = told(table, preparation.steps);
  const rows = countOf(columns[0]!), bytes = 4 * rows * widthOf(steps);
  if (bytes > MOST_ANSWERED) throw new Refusal('{name}: expected at most {most:,} bytes', said('{n:,}', { n: bytes }), 'answer for it by deltaw predict, or open a part of it', { name, most: MOST_ANSWERED });
  for (const { cells } of steps) for (const each of cells) checkFinite(each, name);
  const notes = [...table.notes, ...unknown(preparation, (wanted) => columns.find((cells) => cells.name === wanted))];
  return { inputs: matrix(steps, rows, SCALINGS[preparation.scaling]!, name, tell), notes };
}
/** Steps in the order of the table's columns; a block stands where its first column does. */
function inOrder<F extends { cells: Cells[] }>(table: Table, fitted: F[]): F[] {
  const place = (each: F): number => table.columns.findIndex(({ name }) => name === each.cells[0]!.name);
  return fitted.sort((a, b) => place(a) - place(b));
}
function shownAs(cells: Cells, { kind, why, missing }: Found, used: boolean): Column {
  return { name: cells.name, kind, values: cells.type === 'words' ? cells.words : cells.numbers, missing, used, why };
}
