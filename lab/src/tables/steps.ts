// One step a column: fitted on training rows, it turns the column's cells into inputs; deltaw.preparation.columns.steps. A step is plain data:
// deltaw's own document of it, with `column` and `features` for all.
import { TRUTHS, asWords, byCodePoints, isPresent, refuse, type Cells } from './cells.ts';
import { finer } from './curves.ts';
import { areMonths, dateFormat, dayOf, how, swapped } from './days.ts';
import type { Found } from './kinds.ts';
import { fitMeans, type Answers, type Means } from './means.ts';
import { numbersIn, readNumbers } from './notations.ts';
import { fitRecurring, type Recurring } from './recurring.ts';
import { SCALINGS, binned, fitEdges, fitScale, scaled, type Bins, type Scale, type Scaling } from './scaling.ts';
import { placesOf, wordsAs } from './spelling.ts';
import { median } from './statistics.ts';
import { lowered, telling } from './text.ts';
import { plainUnit } from './units.ts';
import { Refusal, retold, said, type Text } from '../said.ts';
import type { Step } from '../engine/types.ts';

const RARE_ROWS = 2, RARE_SHARE = 0.001, MOST_SLOTS = 100, LOUD_WORDS = 20;
export const MISSING = '(missing)', OTHER = '(other)';
const CYCLES: Record<string, number> = { year: 365.2425, week: 7, day: 1 };

const SIGNS = ['$#', '€#', '£#', '¥#', '#$', '#€', '#£', '#¥', '#%']; // which models of earlier versions did not keep
/** Cells as numbers, NaN where missing; `unit`: that they may be written with. */
function numbersOf(cells: Cells, source: string, unit: string): Float64Array {
  if (cells.type !== 'words' && (cells.unit === undefined || cells.unit === unit || (!unit && SIGNS.includes(cells.unit)))) return cells.numbers;
  const found = unit ? numbersIn(cells.words, unit) : readNumbers(cells.words);
  const row = cells.words.findIndex((word, i) => word !== null && Number.isNaN(found[i]!));
  if (row >= 0) refuse(source, cells.name, row, unit ? said('a number in {unit}', { unit: plainUnit(unit) }) : said('a number'), cells.words[row]!, 'correct the cell or leave it empty');
  return found;
}
/** Cells as days; of files whose dates are no text, as workbooks and Parquet, a model says no way of writing them. Text that
 * writes all of them in another way is read, too, where that way can be no other. */
function daysOf({ words }: Cells, format: string): Float64Array {
  const there = words.filter((word) => word !== null);
  const read = (written: string): Float64Array => Float64Array.from(words, (word) => (word === null || !written ? NaN : dayOf(word, written)));
  const days = read(format || dateFormat(there)[0]);
  if (known(days).length === there.length) return days;
  const [another, wrongly] = dateFormat(there);
  return another && !wrongly && !swapped(another) && areMonths(another) <= areMonths(format) ? read(another) : days;
}
/** Raise for the first cell that is no date, where a model's dates are. */
export function checkDays(cells: Cells, format: string, source: string): void {
  if (cells.type !== 'words') throw new Refusal('{source}: expected dates in column "{name}", as in training', said('numbers'), 'convert the column', { source, name: cells.name });
  const days = daysOf(cells, format), row = cells.words.findIndex((word, i) => word !== null && Number.isNaN(days[i]!));
  if (row >= 0) refuse(source, cells.name, row, said('a date, {how}', { how: how(format || '%Y-%m-%d') }), cells.words[row]!, 'correct it or leave it empty');
}
const ANSWERS = new Map(TRUTHS.flatMap(([yes, no]): [string, number][] => [[yes, 1], [no, 0]]));
const sharesOf = (cells: Cells): number[] => asWords(cells).map((word) => (word === null ? NaN : (ANSWERS.get(word.toLowerCase()) ?? NaN)));
const known = (x: Float64Array): Float64Array => x.filter((each) => !Number.isNaN(each));
const missingFeature = (column: string, indicator: boolean): Text[] => (indicator ? [said('{column} {part}', { column, part: said(MISSING) })] : []);
const binFeatures = (number: Text, edges: number[]): Text[] => edges.slice(1).map((_, k) => said('{number} bin {k}', { number, k: k + 1 }));
const MEANS = ['mean {name} on a log scale (residual)', 'mean {name} (residual)', 'mean {name} on a log scale', 'mean {name}', 'share of {name} (residual)', 'share of {name}'];
const meanFeatures = (column: Text, means: { names: string[] } | undefined): Text[] => (means?.names ?? []).map((name) => said('{column}: {name}', { column, name: retold(name, MEANS) }));
const mostly = (counts: number[]): number => counts.indexOf(Math.max(...counts));

type Write = (row: number, out: Float32Array, at: number) => void;
interface Numbers {
  scale: Scale;
  fill: number;
  indicator: boolean;
  edges: number[];
}
interface Documents {
  number: Numbers & { means?: Recurring; unit?: string };
  boolean: { words: string[]; indicator: boolean; usual: number };
  category: { words: string[]; missing: boolean; weight: number; usual: number; means?: Means };
  date: Numbers & { format: string; time: boolean };
  text: { words: string[] };
}
/** Of a step whose document has the settings S. */
interface Kind<S = object> {
  fit(cells: Cells, found: Found, scaling: Scaling, bins: Bins, source: string, answers: Answers | null): S & { apart?: number[][] };
  features(step: S & { column: string }): Text[];
  /** Writes a row's features to `out` from `at` on. */
  encode(step: S, cells: Cells, scaling: Scaling, source: string): Write;
}

const OWN: { [K in keyof Documents]: Kind<Documents[K]> } = {
  number: {
    fit({ name, ...cells }, _, scaling, bins, source, answers) {
      const unit = cells.unit ?? '', x = numbersOf({ name, ...cells }, source, unit), present = known(x), indicator = present.length < x.length;
      const edges = fitEdges(present, bins), fine = answers && !answers.ofClasses ? finer(x, answers.values[0]!, edges, bins.finest) : edges;
      const step = { scale: fitScale(scaling.fit, present, scaling.bend), fill: median(present), indicator, edges: fine, ...(unit ? { unit } : {}) };
      const told = answers && fitRecurring(x, fine, answers);
      return told ? { ...step, means: told.means, apart: told.apart.map((means, i) => (indicator ? [...means, Number.isNaN(x[i]!) ? scaling.high : scaling.low] : means)) } : step;
    },
    features({ column, edges, means, indicator }) {
      return [column, ...binFeatures(column, edges), ...meanFeatures(column, means), ...missingFeature(column, indicator)];
    },
    encode({ scale, fill, indicator, edges, means, unit }, cells, { low, high }, source) {
      const x = numbersOf(cells, source, unit ?? ''), none = means?.names.map(() => 0) ?? [], after = Math.max(edges.length, 1);
      const known = new Map(means?.numbers.map((number, i) => [number, means.values[i]!]));
      return (row, out, at) => {
        const missing = Number.isNaN(x[row]!), value = missing ? fill : x[row]!;
        out[at] = scaled(value, scale);
        if (edges.length) out.set(binned(value, edges), at + 1);
        out.set(known.get(x[row]!) ?? none, at + after);
        if (indicator) out[at + after + none.length] = missing ? high : low;
      };
    },
  },
  boolean: {
    fit(cells) {
      const present = [...new Set(asWords(cells).filter((word) => word !== null))].sort(byCodePoints);
      const pair = TRUTHS.find((each) => present.every((word) => (each as readonly string[]).includes(word.toLowerCase()))) ?? TRUTHS[0];
      const spelt = new Map(present.map((word) => [word.toLowerCase(), word]));
      const shares = sharesOf(cells), indicator = asWords(cells).some((word) => word === null);
      const usual = mostly([1, 0, NaN].map((answer) => shares.filter((share) => Object.is(share, answer)).length));
      return { words: cells.type === 'truth' ? [] : pair.map((word) => spelt.get(word) ?? word), indicator, usual };
    },
    features: ({ column, indicator }) => [column, ...missingFeature(column, indicator)],
    encode({ indicator }, cells, { low, high }) {
      const shares = sharesOf(cells);
      return (row, out, at) => {
        const share = shares[row]!, missing = Number.isNaN(share);
        out[at] = low + (high - low) * (missing ? 0.5 : share);
        if (indicator) out[at + 1] = missing ? high : low;
      };
    },
  },
  category: {
    fit(cells, _, scaling, __, ___, answers) {
      const all = asWords(cells), told = answers && fitMeans(all, answers), counts = new Map<string, number>();
      for (const word of all) if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
      const enough = Math.max(RARE_ROWS, Math.ceil(RARE_SHARE * all.length));
      const frequent = [...counts].filter(([, rows]) => rows >= enough).sort((a, b) => b[1] - a[1] || byCodePoints(a[0], b[0])).slice(0, MOST_SLOTS);
      frequent.sort((a, b) => byCodePoints(a[0], b[0]));
      const missing = all.filter((word) => word === null).length, rows = frequent.map(([, count]) => count);
      const others = all.length - missing - rows.reduce((a, b) => a + b, 0), taken = frequent.map(([word]) => word);
      const weight = scaling.hushed && taken.length > LOUD_WORDS ? taken.length ** -0.5 : 1;
      return { words: taken, missing: missing > 0, weight, usual: mostly([...rows, others, missing]), ...told };
    },
    features({ column, words, missing, means }) {
      const slots = [...words, said(OTHER), ...(missing ? [said(MISSING)] : [])].map((slot) => said('{column}={slot}', { column, slot }));
      return [...slots, ...meanFeatures(column, means)];
    },
    encode({ words, missing, weight, means }, cells, { low, high }) {
      const told = means?.words ?? [], places = placesOf(words), all = wordsAs(cells, words.concat(told)), taken = low + weight * (high - low);
      const slots = words.length + 1 + Number(missing), known = placesOf(told);
      return (row, out, at) => {
        const word = all[row]!;
        out.fill(low, at, at + slots);
        out[at + (word === null ? slots - 1 : (places.get(word) ?? words.length))] = taken;
        if (means) out.set(word === null ? means.missing : (means.values[known.get(word) ?? -1] ?? means.other), at + slots);
      };
    },
  },
  date: {
    fit(cells, { format }, scaling, bins) {
      const x = daysOf(cells, format), present = known(x), indicator = present.length < x.length;
      const time = present.some((day) => !Number.isInteger(day)), edges = fitEdges(present, bins);
      return { format, time, scale: fitScale(scaling.fit, present, scaling.bend), fill: median(present), indicator, edges };
    },
    features({ column, time, edges, indicator }) {
      const days = said('{column} days', { column });
      const swings = cyclesOf(time).flatMap((cycle) => ['sin', 'cos'].map((swing) => said('{column} {cycle} {swing}', { column, cycle: said(cycle), swing })));
      return [days, ...binFeatures(days, edges), ...swings, ...missingFeature(column, indicator)];
    },
    encode({ format, time, scale, fill, indicator, edges }, cells, { low, high, swing }) {
      const x = daysOf(cells, format), cycles = cyclesOf(time), bins = Math.max(edges.length - 1, 0);
      return (row, out, at) => {
        const missing = Number.isNaN(x[row]!), day = missing ? fill : x[row]!;
        out[at] = scaled(day, scale);
        if (bins) out.set(binned(day, edges), at + 1);
        cycles.forEach((cycle, i) => {
          const turns = day / CYCLES[cycle]!, angle = 2 * Math.PI * (turns - Math.floor(turns));
          [Math.sin(angle), Math.cos(angle)].forEach((wave, j) => (out[at + 1 + bins + 2 * i + j] = swing[0] + ((swing[1] - swing[0]) * (1 + wave)) / 2));
        });
        if (indicator) out[at + 1 + bins + 2 * cycles.length] = missing ? high : low;
      };
    },
  },
  text: {
    fit: (cells, _, __, { fewestWords }, ___, answers) => ({ words: answers ? telling(asWords(cells), answers, fewestWords) : [] }),
    features: ({ column, words }) => words.map((word) => said('{column} has "{word}"', { column, word })),
    encode({ words }, cells, { low, high }) {
      const texts = asWords(cells).map((text) => lowered(text ?? ''));
      return (row, out, at) => words.forEach((word, i) => (out[at + i] = texts[row]!.includes(word) ? high : low));
    },
  },
};

type Document = { kind: string; [setting: string]: unknown };
/** By the names that documents have, whose settings are looked at here alone. */
export const KINDS = OWN as unknown as Record<string, Kind>;

/** The step of a column, learnt from training rows and their answers; `apart`: what each of these rows is told by the others, its last inputs. */
export function fitStep(cells: Cells, found: Found, scaling: Scaling, bins: Bins, answers: Answers | null): { step: Step; apart?: number[][] } {
  const { apart, ...fit } = KINDS[found.kind]!.fit(cells, found, scaling, bins, 'training rows', answers), step = { kind: found.kind, column: cells.name, ...fit };
  return { step: { ...step, features: featuresOf(step) }, ...(apart ? { apart } : {}) };
}
/** The names of its inputs, by its document alone. */
const featuresOf = (step: Document): Text[] =>
  step.kind === 'block' ? (step['columns'] as string[]) : step.kind === ALIKE ? meanFeatures(said(TITLE), step['means'] as Recurring) : KINDS[step.kind]!.features(step as unknown as { column: string });
/** The step that a document says. */
export function stepOf(document: Document): Step {
  const whole = { column: document.kind === ALIKE ? TITLE : (document['name'] as string), ...document };
  return { ...whole, features: featuresOf(whole) };
}
/** The columns that it is made of. */
export const columnsOf = (step: Step): string[] =>
  step.kind === 'block' ? (step['columns'] as string[]) : step.kind === ALIKE ? (step['columns'] as Coded[]).map(({ column }) => column) : [step.column];
/** What writes a row's features to `out` from `at` on; `columns`: the cells of `columnsOf`. */
export function encoderOf(step: Step, columns: Cells[], scaling: Scaling, source: string): Write {
  if (step.kind === 'block') return encodeBlock(step, columns);
  return step.kind === ALIKE ? encodeAlike(step, columns, source) : KINDS[step.kind]!.encode(step, columns[0]!, scaling, source);
}

const cyclesOf = (time: boolean): string[] => Object.keys(CYCLES).filter((cycle) => time || cycle !== 'day');

// --- blocks: columns that share one scale, such as pixels; a missing value is taken as the lowest --------------------------

export interface Block {
  name: string;
  columns: string[];
  shape: [number, number];
  low: number;
  high: number;
}
export function fitBlock(block: Block, columns: Cells[], scaling: Scaling): Step {
  let scale: Scale;
  if (scaling.block === 'range') scale = fitScale(scaling.fit, Float64Array.of(block.low, block.high));
  else {
    const rows = columns[0]!.numbers.length, all = new Float64Array(rows * columns.length);
    columns.forEach(({ numbers }, k) => numbers.forEach((x, row) => (all[row * columns.length + k] = x)));
    scale = fitScale(SCALINGS[scaling.block]!.fit, known(all));
  }
  return { kind: 'block', column: block.name, name: block.name, columns: block.columns, shape: block.shape, low: block.low, scale, features: block.columns };
}
function encodeBlock(step: Step, columns: Cells[]): Write {
  const { low, scale } = step as unknown as { low: number; scale: Scale };
  return (row, out, at) => columns.forEach(({ numbers }, k) => (out[at + k] = scaled(Number.isNaN(numbers[row]!) ? low : numbers[row]!, scale)));
}

// --- rows that are alike: what those with exactly these cells answer, in a model file; deltaw.preparation.columns.alike ----

export const ALIKE = 'alike', TITLE = '(rows alike)';
interface Coded {
  column: string;
  kind: string;
  format: string;
  cells: (number | string)[];
  codes: number[];
}
function encodeAlike(step: Step, columns: Cells[], source: string): Write {
  const { columns: all, means } = step as unknown as { columns: Coded[]; means: Recurring };
  const known = new Map(means.numbers.map((sum, i) => [sum, means.values[i]!])), none = means.names.map(() => 0);
  const codes = all.map(({ kind, format, cells, codes }, k) => {
    const column = columns[k]!, places: ReadonlyMap<number | string, number> = kind === 'category' ? placesOf(cells as string[]) : new Map(cells.map((cell, i) => [cell, i])), missing = codes.at(-1)!;
    const read = kind === 'category' ? wordsAs(column, cells as string[]) : kind === 'boolean' ? sharesOf(column) : kind === 'date' ? daysOf(column, format) : numbersOf(column, source, format);
    return Array.from<number | string | null, number>(read, (cell) => (cell === null || Number.isNaN(cell) ? missing : (codes[places.get(cell) ?? -1] ?? 0)));
  });
  return (row, out, at) => out.set(known.get(codes.reduce((sum, column) => sum + column[row]!, 0)) ?? none, at);
}

export const presentIn = (cells: Cells): Int32Array => Int32Array.from([...(cells.type === 'words' ? cells.words : cells.numbers).keys()].filter((row) => isPresent(cells, row)));
