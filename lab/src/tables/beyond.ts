// What deltaw train asks of a table, and the lab does not: said of those for which it may matter. deltaw.preparation.equal_rows, .screening
// and .columns.recurring, as far as a look tells.
import { parts } from '../engine/division.ts';
import { at } from '../engine/inputs.ts';
import type { Column, Data, Preparation } from '../engine/types.ts';
import { listed, said, type Text } from '../said.ts';
import { TRUTHS, asWords, clipped, type Cells } from './cells.ts';
import { SCALINGS } from './scaling.ts';
import { knownTo, placesOf, wordsAs } from './spelling.ts';

const MOST_TOLD = 10; // classes, of which each word has a mean
const MOST_ROWS = 20_000, MOST_KNOWN = 10_000, MOST_INPUTS = 1000, RECURRING = 0.05; // of rows that are alike: so many are known, and asked
const FEWEST_COLUMNS = 20, LOOK = 1000, QUIET = 0.6745, MOSTLY = 0.6, SURE = 2; // of columns that say nothing: where a quarter of chance lies
const FEWEST_NUMBERS = 30, UNEVEN = 5; // numbers that recur; how much more than chance parts them, in standard errors or so

/** How a text stands in a command. */
export const quoted = (text: string): string => (/^[\w.,=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export function beyond(data: Data): Text[] {
  const { columns, target, rows, heldOut, nOut, image, preparation: { scaling } } = data, marked = new Uint8Array(rows);
  if (image) return [];
  heldOut?.forEach((row) => (marked[row] = 1));
  const { trained } = parts(marked), used = columns.filter((column) => column.used && column.name !== target.name);
  const again = alike(data, used, trained), few = nOut <= MOST_TOLD && !SCALINGS[scaling]!.bins ? used : []; // with bins the lab does it (recurring.ts)
  const numbers = few.filter(({ kind, values }) => kind === 'number' && values instanceof Float64Array && areNames(values, trained, data));
  const unread = columns.filter(({ kind, used }) => kind === 'text' && !used && !SCALINGS[scaling]!.bins);
  const what = [
    ...(numbers.length ? [said('target encoding of numbers that may be identifiers ({names})', { names: listed(numbers.map(({ name }) => clipped(name, 20)), 4) })] : []),
    ...(unread.length ? [said('the words of text ({names})', { names: listed(unread.map(({ name }) => clipped(name, 20)), 4) })] : []),
    ...(again ? [said('target encoding of duplicate rows ({n:,} of {rows:,} repeat an earlier one)', { n: again, rows: trained.length })] : []),
    ...(mostlyQuiet(data, trained) ? [said('leaving out uninformative columns, as most here seem to be')] : []),
  ];
  const name = target.name.length > 40 ? 'TARGET' : quoted(target.name);
  return what.length ? [said('deltaw train FILE -t {name} also tries: {what}', { name, what })] : [];
}
const valuesOf = ({ values }: Column): (string | null)[] | Float64Array => values;

/** How many rows are as one before them in all columns; 0 where these are too few, or too many. */
function alike({ nIn, preparation }: Data, used: Column[], trained: Int32Array): number {
  const n = trained.length, most = Math.min(MOST_KNOWN, (1 - RECURRING) * n), exact = preparation.steps.some(({ kind, time }) => kind === 'date' && time);
  if (exact || n > MOST_ROWS || nIn > MOST_INPUTS || used.length < 2) return 0;
  let places = new Int32Array(n), different = 0;
  for (const column of used) {
    const known = new Map<string, number>(), values = valuesOf(column);
    places = places.map((place, i) => {
      const key = `${place} ${values[trained[i]!]}`, found = known.get(key) ?? known.size;
      known.set(key, found);
      return found;
    });
    if ((different = known.size) > most) return 0;
  }
  return n - different;
}

/** Whether most columns say nothing of the answers, by their first inputs and a few rows, and one does say something. */
function mostlyQuiet({ inputs, nIn, nOut, targets, labels, preparation: { steps } }: Data, trained: Int32Array): boolean {
  const count = steps.length, every = Math.max(1, Math.ceil(trained.length / LOOK)), some = trained.filter((_, i) => i % every === 0), n = some.length;
  if (count < FEWEST_COLUMNS) return false;
  let place = 0;
  const surprises = steps.map(({ features }) => {
    const x = Float64Array.from(some, (row) => at(inputs, row * nIn + place)), groups = new Map<number, [n: number, sum: number]>();
    place += features.length;
    const mean = x.reduce((a, b) => a + b, 0) / n, spread = x.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    if (!(spread > 0)) return 0;
    let explained = 0;
    if (labels) {
      some.forEach((row, i) => {
        const [rows, sum] = groups.get(labels[row]!) ?? [0, 0];
        groups.set(labels[row]!, [rows + 1, sum + x[i]! - mean]);
      });
      for (const [rows, sum] of groups.values()) explained += sum ** 2 / rows;
    } else {
      const t = Float64Array.from(some, (row) => targets[row * nOut]!), middle = t.reduce((a, b) => a + b, 0) / n;
      explained = t.reduce((sum, each, i) => sum + (each - middle) * (x[i]! - mean), 0) ** 2 / (t.reduce((sum, each) => sum + (each - middle) ** 2, 0) || 1);
    }
    const k = Math.max(1, groups.size - 1), share = Math.min(explained / spread, 1 - 1e-12);
    const ratio = share / k / ((1 - share) / Math.max(1, n - 1 - k)); // F, which is a χ² of few rows
    return (Math.cbrt(ratio) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k)); // Wilson & Hilferty 1931
  });
  const quiet = surprises.filter((z) => z < QUIET).length, share = 0.75;
  return quiet >= share * MOSTLY * count + SURE * Math.sqrt(share * 0.25 * count) && Math.max(...surprises) > Math.sqrt(2 * Math.log(4 * count));
}

/** Whether numbers may be names: the mean answers of those next to each other differ by more than chance, nearly everywhere. */
function areNames(x: Float64Array, trained: Int32Array, { targets, nOut }: Data): boolean {
  const rows = new Map<number, number[]>(), every = Math.ceil(trained.length / MOST_ROWS);
  for (const row of trained.filter((_, i) => i % every === 0)) if (!Number.isNaN(x[row]!)) rows.get(x[row]!)?.push(row) ?? rows.set(x[row]!, [row]);
  const groups = [...rows].filter(([, { length }]) => length > 1).sort((a, b) => a[0] - b[0]).map(([, each]) => each), of = groups.reduce((sum, { length }) => sum + length, 0);
  if (groups.length < FEWEST_NUMBERS || of - groups.length < (RECURRING * trained.length) / every) return false;
  return Array.from({ length: nOut }, (_, k) => {
    const means = groups.map((group) => group.reduce((sum, row) => sum + targets[row * nOut + k]!, 0) / group.length);
    const within = groups.reduce((sum, group, g) => sum + group.reduce((all, row) => all + (targets[row * nOut + k]! - means[g]!) ** 2, 0), 0) / (of - groups.length);
    const bends = groups.slice(1, -1).map((group, g) => Math.abs(means[g + 1]! - (means[g]! + means[g + 2]!) / 2) / Math.sqrt(within * (1 / group.length + 0.25 / groups[g]!.length + 0.25 / groups[g + 2]!.length) || 1e-12));
    return bends.reduce((a, b) => a + b, 0) / bends.length > Math.sqrt(2 / Math.PI) * (1 + UNEVEN / Math.sqrt(groups.length));
  }).some(Boolean);
}

/** Columns of which a model knows few of the words; deltaw.preparation.unknown. */
export function unknown({ steps }: Preparation, cells: (name: string) => Cells | undefined): Text[] {
  return steps.flatMap((step) => {
    const column = cells(step.column), isWords = step.kind === 'category';
    if (!column || !(isWords || (step.kind === 'boolean' && column.type !== 'truth'))) return [];
    const told = isWords ? knownTo(step) : [], known = isWords ? placesOf(told) : new Map(TRUTHS.flat().map((word) => [word, 0]));
    const present = (isWords ? wordsAs(column, told) : asWords(column)).filter((word) => word !== null), others = present.filter((word) => !known.has(isWords ? word : word.toLowerCase()));
    if (!others.length || (isWords && (2 * others.length <= present.length || step['usual'] === (step['words'] as string[]).length))) return [];
    return [said('{n:,} of {present:,} cells of {column} are words that the model does not know ("{word}"): it learnt from none of them, or from too few', { n: others.length, present: present.length, column: clipped(step.column), word: clipped(others[0]!, 20) })];
  });
}
