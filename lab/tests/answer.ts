// The lab's engine without a page, for tests/lab: jobs as JSON on stdin, their answers on stdout. Arrays are {kind, base64}.
import { readFileSync } from 'node:fs';
import { sharpness } from '../src/engine/calibrating.ts';
import { Core } from '../src/engine/core.ts';
import { parts, split } from '../src/engine/division.ts';
import { part } from '../src/engine/inputs.ts';
import { lineOf, mixed, withLine } from '../src/engine/line.ts';
import { initialWeights } from '../src/engine/machine.ts';
import { drawn } from '../src/engine/random.ts';
import { drops } from '../src/engine/importance.ts';
import { Session } from '../src/engine/session.ts';
import { Training } from '../src/engine/training.ts';
import type { Data, Settings, Weights } from '../src/engine/types.ts';
import { canonical } from '../src/files/canonical.ts';
import { modelFile, openModel } from '../src/files/model.ts';
import { sha256 } from '../src/files/sha256.ts';
import { filled, told } from '../src/said.ts';
import { ofShare, ofSquares } from '../src/state/intervals.ts';
import { settings as recipe, toLookAt } from '../src/state/recipes.ts';
import { visible } from '../src/state/signs.ts';
import { bitsIn } from '../src/tables/alphabets.ts';
import { beyond } from '../src/tables/beyond.ts';
import { decoded } from '../src/tables/encodings.ts';
import * as pairs from '../src/tables/pairs.ts';
import { dataOf, inputsOf, type Choice } from '../src/tables/data.ts';
import type { Decimals } from '../src/tables/notations.ts';
import { areAlike, joined, readFile, readText, recordsOf } from '../src/tables/table.ts';
import { toy } from '../src/tables/toys.ts';

const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array } as const;

const revived = (_: string, value: any): unknown =>
  value && typeof value === 'object' && 'base64' in value
    ? new KINDS[value.kind as keyof typeof KINDS](Uint8Array.from(Buffer.from(value.base64, 'base64')).buffer)
    : value;
const plain = (_: string, value: any): unknown => {
  const kind = Object.entries(KINDS).find(([, kind]) => value instanceof kind)?.[0];
  if (kind) return { kind, base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  return typeof value === 'number' && !Number.isFinite(value) ? { float: String(value) } : value;
};

type Does = 'advance' | 'change' | 'setWeight' | 'row' | 'link' | 'weightHistory' | 'history' | 'losses' | 'units' | 'predict';
type Action = [name: Does | 'rewind' | 'mark' | 'parts' | 'state', ...given: any[]];

const marked = (rows: number, which: Int32Array): Uint8Array => {
  const made = new Uint8Array(rows);
  which.forEach((row) => (made[row] = 1));
  return made;
};

const allOf = ({ rows }: Data): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);

const JOBS: Record<string, (core: Core, job: any) => unknown> = {
  /** What bytes are read as; the refusal where that is not clear. */
  decoded: (_, { bytes, encoding }: { bytes: Uint8Array; encoding?: string }) => decoded(bytes, 'x', encoding),
  /** Bits of usual pairs of signs, by the name of their languages. */
  pairs: () => Object.fromEntries(Object.entries(pairs).map(([name, text]) => [name, Object.fromEntries(bitsIn(text))])),
  /** Texts as they are shown. */
  visible: (_, { texts }: { texts: string[] }) => texts.map(visible),
  /** A training that does as it is told; what each action said. */
  train(core, { data, settings, weights, actions }: { data: Data; settings: Settings; weights?: Weights; actions: Action[] }) {
    const training = new Training(core, data, settings, weights), said: unknown[] = [];
    for (const [name, ...given] of actions) {
      if (name === 'rewind') said.push([...training.rewind(given[0])].length);
      else if (name === 'state') said.push(training.state(true, false));
      else if (name === 'parts') said.push(training.parts);
      else if (name === 'mark') said.push({ ...training.state(true, false), settings: training.settings });
      else said.push((training[name] as (...given: unknown[]) => unknown).apply(training, given) ?? null);
    }
    training.close();
    return said;
  },
  /** Two runs: one forks from the other. */
  fork(core, { data, settings, steps, changed, after }) {
    const first = new Training(core, data, settings);
    for (const n of steps) first.advance(n);
    const origin = structuredClone(first.origin());
    const second = new Training(core, data, settings, undefined, origin);
    for (const _ of second.replay(origin.moment));
    const begun = second.state(true, false);
    second.change(changed);
    second.advance(after);
    return { first: first.state(true, false), begun, second: second.state(true, false) };
  },
  /** A session that runs by itself while it is asked for other things. */
  async session(_, { data, settings, actions }: { data: Data; settings: Settings; actions: any[][] }) {
    const told: { moment: number; running: boolean; ended: string | null }[] = [];
    const session = new Session(readFileSync(wasm), ({ moment, running, ended }) => void told.push({ moment, running, ended }));
    const said: unknown[] = [await session.configure(data, settings)];
    for (const [name, ...given] of actions)
      if (name === 'wait') await new Promise((done) => setTimeout(done, given[0]));
      else if (name === 'until') while (!given.every((moment) => (told.at(-1)?.moment ?? 0) >= moment)) session.seen(), await new Promise((done) => setTimeout(done, 5));
      else if (name === 'seen') session.seen();
      else if (name === 'told') said.push(told.splice(0));
      else if (name === 'run') said.push(null), void session.run(); // until it is paused
      else if (name === 'fails') {
        const { training } = session as any;
        training.advance = () => { throw new Error('no memory'); };
        said.push(await session.run().catch(({ message }) => message));
        delete training.advance;
      }
      else said.push((await (session[name as 'run'] as (...given: unknown[]) => unknown).apply(session, given)) ?? null);
    return said;
  },
  draws(core, { seed, sizes }: { seed: number; sizes: number[] }) {
    return drawn(core, seed, (random) => ({ key: random.key(), orders: sizes.map((n) => random.permutation(n)), normal: random.normal(50), uniform: random.uniform(50) }));
  },
  initial: (core, { data, settings }) => withLine(initialWeights(core, data, settings), data, settings, allOf(data)),
  /** Initial weights mixed with their line; null where no units carry one. */
  mixed(core, { data, settings, share }: { data: Data; settings: Settings; share: number }) {
    return mixed(withLine(initialWeights(core, data, settings), data, settings, allOf(data)), settings, lineOf(data, settings, allOf(data))!, share)?.now ?? null;
  },
  /** What each column is worth to a network that has learnt nothing. */
  importance: (core, { data, settings, widths }: { data: Data; settings: Settings; widths: number[] }) => [...drops(core, new Training(core, data, settings), widths)],
  sharpness: (_, { shares, labels, weight }) => sharpness(shares, labels, weight),
  table: async (core, { bytes, name, choice }: { bytes: Uint8Array; name: string; choice: Choice }) => dataOf(core, await readFile(bytes, name), choice),
  /** Rows as those that a model learnt from: the numbers of each column, its decimal mark, and what is said. */
  async rows(_, { bytes, name, decimals }: { bytes: Uint8Array; name: string; decimals?: Decimals }) {
    const { columns, notes } = await readFile(bytes, name, decimals && { decimals });
    return { numbers: Object.fromEntries(columns.map(({ name, numbers }) => [name, numbers])), decimals: Object.fromEntries(columns.map(({ name, mark }) => [name, mark])), notes: notes.map((note) => told(note)) };
  },
  /** Files that are dropped together. */
  async files(core, { files, choice }: { files: { bytes: Uint8Array; name: string }[]; choice: Choice }) {
    const all = await Promise.all(files.map(({ bytes, name }) => recordsOf(bytes, name))), alike = all.filter((each) => areAlike(all[0]!, each));
    const { text, written } = joined(alike);
    return { files: alike.length, ...dataOf(core, readText(text, files[0]!.name, null, written), choice) };
  },
  /** What deltaw train asks beyond the lab. */
  beyond: async (core, { bytes, name, choice }: { bytes: Uint8Array; name: string; choice: Choice }) => beyond(dataOf(core, await readFile(bytes, name), choice)),
  /** Nothing where files can be one table. */
  async joined(_, { files }: { files: { bytes: Uint8Array; name: string }[] }) {
    joined(await Promise.all(files.map(({ bytes, name }) => recordsOf(bytes, name))));
    return null;
  },
  /** A table as it is dropped on a page, and the settings that it begins with. */
  async dropped(core, { bytes, name, choice }: { bytes: Uint8Array; name: string; choice: Choice }) {
    const data = dataOf(core, await readFile(bytes, name), choice);
    return { settings: toLookAt(data, choice.seed, choice.heldOut), nIn: data.nIn, heldOut: data.heldOut?.length };
  },
  /** A table learnt by a recipe's settings: its model file, and what it answers. */
  async model(core, { bytes, name, choice, kind, own, finished }) {
    const data = dataOf(core, await readFile(bytes, name), choice), { trained } = parts(marked(data.rows, data.heldOut!));
    let training = new Training(core, data, { ...recipe(kind, data, trained.length, choice.seed, choice.heldOut), ...own });
    while (training.advance(1000));
    const losses = training.losses(), { mixture, share } = finished ? training.calibrate() : { mixture: null, share: 1 };
    const settings = mixture ? { ...training.settings, layers: mixture.layers, fromLine: false, beyondLine: share } : training.settings;
    if (mixture) training = new Training(core, data, settings, mixture.now);
    const { weights, biases } = training.state(true, false);
    const file = modelFile({ data, settings, now: { weights, biases }, parts: training.parts, losses, steps: training.moment, version: '0.0.test' });
    return { file, outputs: training.predict(part(data.inputs, 0, data.rows * data.nIn)), losses, settings, share };
  },
  /** What a model file answers for a table. */
  async open(core, { file, bytes, name }) {
    const { settings, weights, notes, ...learnt } = openModel(file);
    const choice = { target: learnt.target.name, scaling: learnt.preparation.scaling, encoding: learnt.target.encoding, low: 0, high: 1, heldOut: 0, seed: 0 };
    const data = dataOf(core, await readFile(bytes, name, learnt), choice, learnt);
    return { outputs: new Training(core, data, settings, weights).predict(part(data.inputs, 0, data.rows * data.nIn)), notes, told: data.notes, settings };
  },
  /** What a model file that goes on with a table answers for rows without one. */
  async others(core, { file, bytes, name, others }) {
    const { settings, weights, notes: _, ...learnt } = openModel(file), { target, preparation } = learnt;
    const data = dataOf(core, await readFile(bytes, name, learnt), { target: target.name, scaling: preparation.scaling, encoding: target.encoding, low: 0, high: 1, heldOut: 0, seed: 0 }, learnt);
    const { inputs, notes } = inputsOf(await readFile(others, name, learnt), learnt);
    return { outputs: new Training(core, data, settings, weights).predict(inputs), notes };
  },
  intervals: (_, { right, n, errors, spreads }) => [ofShare(right / n, n), ...Object.values(ofSquares([...errors], [...spreads]))],
  canonical: (_, { value }) => ({ text: canonical(value) }),
  sha: (_, { text }) => sha256([new TextEncoder().encode(text)]),
  toy: (core, { name, choice }) => toy(core, name, choice),
  recipe: (_, { name, data, trained, seed, heldOut }) => recipe(name, data, trained, seed, heldOut),
  filled: (_, { sentences, values }: { sentences: string[]; values: Record<string, string> }) => sentences.map((each) => filled(each, values, {})),
  split: (core, { n, share, seed, labels }) => split(core, n, share, seed, labels),
};

const [wasm] = process.argv.slice(2) as [string];
const core = await Core.start(await WebAssembly.compile(readFileSync(wasm)));
const jobs = JSON.parse(readFileSync(0, 'utf8'), revived) as { do: string }[];
const answers: object[] = [];
for (const job of jobs)
  try {
    answers.push({ answer: await JOBS[job.do]!(core, job) });
  } catch (error) {
    answers.push({ error: error instanceof Error ? error.message : String(error) });
  }
process.stdout.write(JSON.stringify(answers, plain));
