// A table as it was read, and the data that a network learns from it: what deltaw.fit plans before it trains.
import { split, parts } from '../engine/division.ts';
import type { Core } from '../engine/core.ts';
import type { Column, Data, Settings } from '../engine/types.ts';
import { countOf, rowsOf, typed, type Cells } from './cells.ts';
import { decoded, readDelimited } from './delimited.ts';
import { LEFT_OUT, kinds, type Found } from './kinds.ts';
import { SCALINGS, mostBins } from './scaling.ts';
import { KINDS, encodeBlock, fitBlock, presentIn, type Block } from './steps.ts';
import { encoded, fitTarget, learnt, type Asked } from './target.ts';

export interface Table {
  name: string;
  columns: Cells[];
  target: string | null; // where the source says so
  block: Block | null; // columns that are the pixels of one image
  notes: string[];
}

/** How a table is prepared: the recipe's words. */
export interface Choice extends Asked {
  target: string;
  scaling: string;
  columns?: string[]; // the only ones to use, beside the target
  heldOut: Settings['heldOut'];
  seed: number;
}

const MOST_BYTES = 50 * 2 ** 20; // prepared; of larger tables a sample is taken

export function readCsv(bytes: Uint8Array, name: string, encoding?: string): Table {
  const { names, rows, delimiter } = readDelimited(decoded(bytes, name, encoding), name);
  const columns = names.map((column, k) => typed(column, rows.map((row) => row[k]!), delimiter));
  const named = !names.every((column, k) => column === `column_${k + 1}`);
  return images({ name, columns, target: null, block: null, notes: [] }, named);
}

// --- images: deltaw.tables.formats.pixels ---------------------------------------------------------------------------

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
  const notes = [...table.notes, `${most} of ${rows} rows, spread evenly: more would not fit into a page`];
  return { ...table, columns: table.columns.map((cells) => rowsOf(cells, which)), notes };
}

export function dataOf(core: Core, whole: Table, choice: Choice): Data {
  const answers = whole.columns.find(({ name }) => name === choice.target);
  if (!answers) throw new Error(`${whole.name}: expected a column "${choice.target}", found ${whole.columns.slice(0, 8).map(({ name }) => name).join(', ')}; choose one of these`);
  const answered = presentIn(answers), without = countOf(answers) - answered.length;
  const first = { ...whole, columns: whole.columns.map((cells) => rowsOf(cells, answered)) };
  const prepared = prepare(core, first, choice);
  if (4 * prepared.rows * prepared.nIn <= MOST_BYTES) return noted(prepared, without);
  return noted(prepare(core, sampled(first, Math.floor(MOST_BYTES / (4 * prepared.nIn))), choice), without);
}
const noted = (data: Data, without: number): Data =>
  without ? { ...data, notes: [...data.notes, `${without} row${without === 1 ? ' has' : 's have'} no answer and ${without === 1 ? 'is' : 'are'} left out`] } : data;

function prepare(core: Core, table: Table, choice: Choice): Data {
  const { name: source, block } = table, inBlock = new Set(block?.columns);
  const target = table.columns.find(({ name }) => name === choice.target)!;
  const asked = (name: string): boolean => !choice.columns || choice.columns.includes(name);
  const inputs = table.columns.filter(({ name }) => name !== choice.target && !inBlock.has(name) && asked(name));
  const whole = fitTarget(target, choice, source), { targets: _, labels } = encoded(whole, target, source);
  const found = kinds(inputs, source), used = found.map(({ kind }) => !LEFT_OUT.includes(kind));
  if (!used.some(Boolean) && !block) throw new Error(`${source}: expected at least one column of numbers, categories, truth values or dates beside the target, found ${found.slice(0, 5).map(({ name, kind }) => `${name} (${kind})`).join(', ') || 'no column at all'}; add a column to learn from`);

  const { trained, heldOut } = choice.heldOut > 0 ? split(core, countOf(target), choice.heldOut, choice.seed, labels) : parts(new Uint8Array(countOf(target)));
  const scaling = SCALINGS[choice.scaling];
  if (!scaling) throw new Error(`scaling: expected one of ${Object.keys(SCALINGS).join(', ')}, found "${choice.scaling}"; choose one of these`);
  const numbers = found.filter(({ kind }) => kind === 'number' || kind === 'date').length, bins = scaling.bins ? mostBins(numbers, trained.length) : 0;
  const pixels = table.columns.filter(({ name }) => inBlock.has(name));
  const fitted = inputs.flatMap((cells, i) =>
    used[i] ? [{ cells: [cells], step: { kind: found[i]!.kind, column: cells.name, ...KINDS[found[i]!.kind]!.fit(rowsOf(cells, trained), found[i]!, scaling, bins, 'training rows') } as Data['preparation']['steps'][number] }] : [],
  );
  if (block) fitted.push({ cells: pixels, step: fitBlock(block, pixels.map((cells) => rowsOf(cells, trained)), scaling) });
  const steps = inOrder(table, fitted), rows = countOf(target), nIn = steps.reduce((sum, { step }) => sum + step.features.length, 0);
  const X = new Float32Array(rows * nIn);
  let at = 0;
  for (const { cells, step } of steps) {
    const write = step.kind === 'block' ? encodeBlock(step, cells) : KINDS[step.kind]!.encode(step, cells[0]!, scaling, source);
    for (let row = 0; row < rows; ++row) write(row, X, row * nIn + at);
    at += step.features.length;
  }
  const spec = learnt(whole, rowsOf(target, trained), choice, source), { targets, nOut } = encoded(spec, target, source);
  return {
    name: source, rows, nIn, nOut, inputs: X, targets, labels, weight: null, heldOut, target: spec, notes: table.notes,
    inputNames: steps.flatMap(({ step }) => step.features),
    columns: [...inputs.map((cells, i) => shownAs(cells, found[i]!, used[i]!)), ...(block ? pixels.map((cells) => shownAs(cells, { name: cells.name, kind: 'number', why: 'a pixel', missing: 0, format: '' }, true)) : []), shownAs(target, { name: target.name, kind: whole.task === 'regression' ? 'number' : 'category', why: whole.reason, missing: 0, format: '' }, true)],
    preparation: { scaling: choice.scaling, steps: steps.map(({ step }) => step), left_out: found.filter((_, i) => !used[i]).map(({ name, kind, why }) => ({ column: name, kind, reason: why })) },
    image: block && steps.length === 1 ? { width: block.shape[1], height: block.shape[0] } : null,
  };
}
/** Steps in the order of the table's columns; a block stands where its first column does. */
function inOrder<F extends { cells: Cells[] }>(table: Table, fitted: F[]): F[] {
  const place = (each: F): number => table.columns.findIndex(({ name }) => name === each.cells[0]!.name);
  return fitted.sort((a, b) => place(a) - place(b));
}
function shownAs(cells: Cells, { kind, why, missing }: Found, used: boolean): Column {
  return { name: cells.name, kind, values: cells.type === 'words' ? cells.words : cells.numbers, missing, used, why };
}
