// A table as it was read, and the data that a network learns from it: what deltaw.fit plans before it trains.
import { split, parts } from '../engine/division.ts';
import type { Core } from '../engine/core.ts';
import { Refusal, listed, said, told as inEnglish, type Text } from '../said.ts';
import type { Column, Data, Preparation, Settings, Step, TargetSpec } from '../engine/types.ts';
import { checkFinite, checkStrays, countOf, rowsOf, typed, withNones, type Cells } from './cells.ts';
import { unzipped } from './archives.ts';
import { unknown } from './beyond.ts';
import { asText, commasIn, ofText, pointsIn, readDelimited, type Records } from './delimited.ts';
import { notationsOf, type Known } from './decimals.ts';
import { CELLS, COMMAS, type Decimals } from './notations.ts';
import { decoded } from './encodings.ts';
import { without, withoutGaps } from './gaps.ts';
import { areObjects, readObjects } from './objects.ts';
import { LEFT_OUT, kinds, type Found } from './kinds.ts';
import { part, quiet, type Tell } from './progress.ts';
import { checkSorts } from './sorts.ts';
import { answersOf, type Answers } from './means.ts';
import { NO_BINS, SCALINGS, binsOf, type Scaling } from './scaling.ts';
import { wordOf } from './missing.ts';
import { isWorkbook, readWorkbook } from './workbook.ts';
import { checkDays, columnsOf, encoderOf, fitBlock, fitStep, presentIn, type Block } from './steps.ts';
import { asSaid, encoded, fitTarget, learnt, type Asked } from './target.ts';

export interface Table {
  name: string;
  columns: Cells[];
  target: string | null; // where the source says so
  block: Block | null; // columns that are the pixels of one image
  notes: Text[];
  notation?(column: string): string; // how numbers are written in it
  withCommas?(isGap: (word: string | null) => boolean): Table | null; // the same as of a file with decimal commas, if it is one but for such words
}

/** How a table is prepared: the recipe's words. */
export interface Choice extends Asked {
  target: string;
  scaling: string;
  columns?: string[]; // the only ones to use, beside the target
  heldOut: Settings['heldOut'];
  seed: number;
  apart?: Int32Array | null; // the rows that are held out, whatever seed
}

const HEAD = 199; // rows that say whether a file has decimal commas
const MOST_BYTES = 50 * 2 ** 20; // prepared; of larger tables a sample is taken
const MOST_ANSWERED = 2 ** 29; // bytes, prepared, of a table that is only answered for

/** Text that this page wrote, of a workbook or of several files: its first record names the columns. */
export interface Written {
  notation: string; // of what it was read from
  notes: Text[];
}

/** What a file holds, and its encoding where that was guessed. */
export interface Read extends Records {
  name: string;
  encoding: string | null;
  inWorkbook: boolean;
}
export async function recordsOf(bytes: Uint8Array, name: string): Promise<Read> {
  bytes = await unzipped(bytes, name);
  if (isWorkbook(bytes)) return { ...(await readWorkbook(bytes, name)), name, notation: `${CELLS},`, encoding: null, inWorkbook: true };
  const { text, encoding } = decoded(bytes, name);
  return { ...recordsIn(text, name), name, encoding, inWorkbook: false };
}
const recordsIn = (text: string, name: string, tell = quiet): Records => (areObjects(text) ? readObjects : readDelimited)(text, name, tell);

/** Some files' records as one text, in the order of the first one's columns. Raises where one has cells of another sort. */
export function joined(all: Read[]): { text: string; written: Written } {
  if (all.length > 1) checkSorts(all);
  const { names } = all[0]!, alike = new Set(all.map((each) => each.notation.at(-1))).size === 1, notes = all.flatMap((each) => [...each.notes, ...readAs(each.encoding)]);
  const notation = alike ? all.map((each) => each.notation).reduce((a, b) => (b.length > a.length ? b : a)) : ',';
  const rows = all.flatMap((each) => {
    const places = names.map((name) => each.names.indexOf(name)), own = alike ? each.rows : plainly(each);
    return own.map((row) => places.map((place) => row[place]!));
  });
  return { text: asText([names, ...rows]), written: { notation, notes } };
}
/** Rows with their numbers as computers write them, whatever separated the fields. */
function plainly({ names, rows, notation }: Records): string[][] {
  const columns = names.map((name, k) => typed(name, rows.map((row) => row[k]!), notation));
  return rows.map((row, i) => row.map((cell, k) => {
    const { type, numbers, words } = columns[k]!;
    return words[i] ?? (type === 'number' && !Number.isNaN(numbers[i]!) ? String(numbers[i]).replace(/^-?\d+$/, '$&.0') : cell);
  }));
}
/** Whether two files have the same columns. */
export const areAlike = (a: Records, b: Records): boolean => a.names.length === b.names.length && a.names.every((name) => b.names.includes(name));

const readAs = (encoding: string | null): Text[] => (encoding ? [said('this file is no UTF-8: it was read as {encoding}', { encoding })] : []);

/** A file's bytes as a table. */
export async function readFile(bytes: Uint8Array, name: string, known?: Known): Promise<Table> {
  const { names, rows, notation, notes, encoding } = await recordsOf(bytes, name);
  return tableFrom({ names, rows, notation, notes: [...notes, ...readAs(encoding)] }, name, quiet, known);
}
export { decoded, isWorkbook, unzipped };

/** Text as a table; `encoding`: what its bytes were taken for, where that was guessed. */
export function readText(text: string, name: string, encoding: string | null = null, written?: Written, tell = quiet, known?: Known): Table {
  return tableFrom(recordsOfText(text, name, encoding, written, part(tell, 0, 0.5)), name, part(tell, 0.5, 1), known);
}
export function recordsOfText(text: string, name: string, encoding: string | null = null, written?: Written, tell = quiet): Records {
  const found = written ? { ...headed(ofText(text, tell)), ...written } : recordsIn(text, name, tell);
  return { ...found, notes: [...found.notes, ...readAs(encoding)] };
}
const headed = ([names, ...rows]: string[][]): { names: string[]; rows: string[][] } => ({ names: names!, rows });
/** `known`: of those that these rows are to be like. */
export function tableFrom(records: Records, name: string, tell = quiet, known?: Known): Table {
  const { names, rows, notation } = records, { of, notes } = notationsOf(records, known);
  const columns = names.map((column, k) => {
    tell(k / names.length);
    return typed(column, rows.map((row) => row[k]!), of(column));
  });
  const named = !names.every((column, k) => column === `column_${k + 1}`);
  const open = !notation.endsWith(',') && !notation.startsWith(COMMAS) && rows.slice(0, HEAD).some((row) => row.some((cell) => cell.includes(',')));
  const withCommas: Table['withCommas'] = (isGap) =>
    commasIn(names.map((_, k) => rows.slice(0, HEAD).map((row) => wordOf(row[k]!)).map((word) => (isGap(word) ? null : word)))) ? tableFrom({ names, rows, notation: COMMAS + notation, notes: [...records.notes, ...pointsIn(names, rows)] }, name, quiet, known) : null;
  return images({ name, columns, target: null, block: null, notes, notation: of, ...(open ? { withCommas } : {}) }, named);
}

// --- images: deltaw.tables.reading.formats.pixels -------------------------------------------------------------------

const SMALLEST = 64, FAINTEST = 16, BYTE = 255;
const PIXEL_NAME = /^((pixel|px)[_ ]?\d+([_x]\d+)*|\d+x\d+)$/i;

function images(table: Table, named: boolean): Table {
  const { columns } = table, side = (count: number): number => (count >= SMALLEST && Number.isInteger(Math.sqrt(count)) ? Math.sqrt(count) : 0);
  const others = named ? columns.filter(({ name }) => !PIXEL_NAME.test(name)) : side(columns.length) ? [] : columns.slice(0, 1);
  const pixels = columns.filter((each) => !others.includes(each)), n = side(pixels.length);
  const bytes = pixels.every(({ type, numbers }) => type === 'whole' && numbers.every((x) => x >= 0 && x <= BYTE));
  if (!n || others.length > 1 || !bytes || !pixels.some(({ numbers }) => numbers.some((x) => x > FAINTEST))) return table;
  if (!named) pixels.forEach((each, i) => (each.name = `pixel_${Math.floor(i / n)}_${i % n}`));
  if (!named && others[0]) others[0].name = 'label';
  const block: Block = { name: 'pixels', columns: pixels.map(({ name }) => name), shape: [n, n], low: 0, high: BYTE };
  return { ...table, target: others[0]?.name ?? null, block };
}

// --- from a table to data --------------------------------------------------------------------------------------------

/** At most so many rows, spread evenly. */
function sampled(table: Table, most: number): Table {
  const rows = countOf(table.columns[0]!);
  if (rows <= most) return table;
  const which = Int32Array.from({ length: most }, (_, i) => Math.floor((i * rows) / most));
  const notes = [...table.notes, said('{most:,} of {rows:,} rows, spread evenly: more would not fit into a page', { most, rows })];
  return { ...table, columns: table.columns.map((cells) => rowsOf(cells, which)), notes };
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
  const prepared = prepare(core, first, choice, learnt, tell), most = Math.floor(MOST_BYTES / (4 * prepared.nIn));
  const data = prepared.rows <= most ? prepared : prepare(core, sampled(first, most), choice, learnt);
  return { ...noted({ ...data, notes: [...data.notes, ...notes] }, unanswered), gaps: [...(learnt?.gaps ?? []), ...gaps], decimals: learnt?.preparation ? (learnt.decimals ?? {}) : marksOf(given.columns) };
}
const marksOf = (columns: Cells[]): Decimals => Object.fromEntries(columns.flatMap(({ name, mark }) => (mark ? [[name, mark]] : [])));
const noted = (data: Data, unanswered: number): Data =>
  unanswered ? { ...data, notes: [...data.notes, said('rows without an answer, which are left out: {without:,}', { without: unanswered })] } : data;
const ABOVE = 20; // rows in which names are looked for that are not the first
function missing({ name: source, columns }: Table, name: string, give = 'give one of these names'): never {
  const names = columns.map((cells) => cells.name), row = rowOfNames(columns, name), alike = names.some((each) => each.normalize() === name.normalize());
  const below = row < 0 ? give : 'row {row} below them has it: remove what stands above the names';
  const remedy = alike ? 'rename the one that looks the same: its letters are composed, or taken apart, these not (NFC, NFD)' : below;
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

function prepare(core: Core, table: Table, choice: Choice, given?: Learnt, tell = quiet): Data {
  const { name: source, block } = table, inBlock = new Set(block?.columns), rows = countOf(table.columns[0]!);
  const target = table.columns.find(({ name }) => name === choice.target)!;
  const inputs = chosenOf(table, choice), pixels = table.columns.filter(({ name }) => inBlock.has(name));
  const found = kinds(inputs, source, part(tell, 0, 0.4)), whole = given?.target ?? fitTarget(target, choice, source), { labels } = encoded(whole, target, source), scaling = SCALINGS[given?.preparation?.scaling ?? choice.scaling];
  if (!scaling) throw new Refusal('scaling: expected one of {scalings}', choice.scaling, 'choose one of these', { scalings: Object.keys(SCALINGS) });
  const { trained, heldOut } = choice.apart || choice.heldOut <= 0 ? parts(marked(rows, choice.apart)) : split(core, rows, choice.heldOut, choice.seed, labels);
  const training = rowsOf(target, trained), spec = given?.target ?? learnt(whole, training, choice, source);
  const answers = given?.preparation || !scaling.bins ? null : answersOf(core, spec, asSaid(spec, training, source), labels && trained.map((row) => labels[row]!), choice.seed);
  const steps = given?.preparation ? told(table, given.preparation.steps) : fitted(table, inputs, pixels, found, trained, scaling, part(tell, 0.4, 0.7), answers ?? undefined), used = new Set(steps.map(({ step }) => step.column));
  const pixelsAre: Found = { name: '', kind: 'number', why: said('numbers'), missing: 0, format: '' };
  const targetIs: Found = { ...pixelsAre, kind: whole.task === 'regression' ? 'number' : 'category', why: whole.reason };
  return {
    name: source, rows, ...encoded(spec, target, source), labels, weight: null, heldOut, target: spec, notes: [...table.notes, ...(given?.preparation ? unknown(given.preparation, (name) => table.columns.find((cells) => cells.name === name)) : found.flatMap(({ note }) => note ?? []))],
    nIn: steps.reduce((sum, { step }) => sum + step.features.length, 0), inputs: matrix(steps, rows, scaling, source, part(tell, 0.7, 1), trained), inputNames: steps.flatMap(({ step }) => step.features),
    columns: [...inputs.map((cells, i) => shownAs(cells, found[i]!, used.has(cells.name))), ...pixels.map((cells) => shownAs(cells, pixelsAre, true)), shownAs(target, targetIs, true)],
    preparation: given?.preparation ?? { scaling: choice.scaling, steps: steps.map(({ step }) => step), left_out: leftOut(found) },
    image: block && steps.length === 1 ? { width: block.shape[1], height: block.shape[0] } : null,
  };
}
const leftOut = (found: Found[]): Preparation['left_out'] => found.filter(({ kind }) => LEFT_OUT.includes(kind)).map(({ name, kind, why }) => ({ column: name, kind, reason: inEnglish(why) }));

function fitted(table: Table, inputs: Cells[], pixels: Cells[], found: Found[], trained: Int32Array, scaling: Scaling, tell: Tell, answers?: Answers): Fitted[] {
  const used = inputs.map((cells, i) => ({ cells, found: found[i]! })).filter((each) => !LEFT_OUT.includes(each.found.kind));
  if (!used.length && !table.block) {
    const why = found.slice(0, 5).map(({ name, kind, why }) => said('{name} ({kind}: {why})', { name, kind: said(kind), why }));
    throw new Refusal('{source}: expected at least one column of numbers, categories, truth values or dates beside the target', why.length ? why : said('no column at all'), 'add a column to learn from', { source: table.name });
  }
  const numbers = used.filter((each) => ['number', 'date'].includes(each.found.kind)).length, bins = scaling.bins ? binsOf(numbers, trained.length) : NO_BINS;
  const steps = used.map(({ cells, found }, k): Fitted => {
    tell(k / used.length);
    return { cells: [cells], ...fitStep(rowsOf(cells, trained), found, scaling, bins, answers) };
  });
  if (table.block) steps.push({ cells: pixels, step: fitBlock(table.block, pixels.map((cells) => rowsOf(cells, trained)), scaling) });
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
  const nIn = steps.reduce((sum, { step }) => sum + step.features.length, 0), X = new Float32Array(rows * nIn);
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
  const rows = countOf(columns[0]!), bytes = 4 * rows * steps.reduce((sum, { step }) => sum + step.features.length, 0);
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
