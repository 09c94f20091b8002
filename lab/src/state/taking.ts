// What the reader takes away: an address, this page with everything in it, the model as Python reads it.

import type { Data, Settings, Weights } from '../engine/types';
import { modelFile } from '../files/model';
import { reason } from '../said';
import { readApart } from '../engine';
import { asText } from '../tables/delimited';
import { lab } from './lab.svelte';
import { path } from './path.svelte';
import { whole } from './numbers';
import type { ToAnswer, Unanswered } from './reading';
import { chooseFiles, hand, pageAsItCame } from './saving';
import { answer, answered, className, sureness } from './scores';
import { brief, MOST, packedWeights, SAVED, toHash, type Shared } from './share';
import { TABLES } from './sources';
import { toText } from './texts';

/** All that is worth keeping; with `all` the way to it, the table and any number of weights, else what an address can hold. */
export async function kept(all: boolean): Promise<Shared> {
  const own = lab.source?.kind === 'csv' || Boolean(lab.source?.model);
  const runs = await Promise.all(lab.runs.map(async (run) => {
    const origin = await run.origin(all ? SAVED : 0), { settings, live } = run;
    const n = [...live.weights, ...live.biases].reduce((sum, each) => sum + each.length, 0);
    // A state is of these rows and no others: without its table it is of no use.
    return { settings, weights: all || n <= MOST ? packedWeights(live) : null, origin: all ? origin : own ? undefined : brief(origin) };
  }));
  return {
    v: 1,
    source: own && !all ? null : lab.source,
    name: lab.data!.name,
    runs,
    forkedAt: lab.forkedAt,
    axes: lab.axes,
    row: lab.row,
    lesson: path.name ? [path.name, path.step] : null,
  };
}

/** Whether this page has an address of its own: within a notebook's cell it has none that could be opened elsewhere. */
export const hasAddress = (): boolean => !['about:', 'blob:', 'data:'].includes(location.protocol);

/** This page's address with the set-up in it; the address bar shows it, too, where the browser lets it. */
export async function address(): Promise<string> {
  const hash = await toHash(await kept(false));
  try {
    history.replaceState(null, '', hash);
  } catch { /* a page within a page may have no address of its own */ }
  return location.href.replace(/#.*$/, '') + hash;
}

const MARK = '<!--deltaw-->';
const ELEMENT = /<script type="application\/json" id="page">[\s\S]*?<\/script>/;

/** The page as it came, with what it holds now: it opens where it was left. */
export async function savePage(): Promise<void> {
  const json = toText(await kept(true)).replaceAll('<', '\\u003c');
  const page = `<!doctype html>\n${pageAsItCame()}`.replace(ELEMENT, '').replace(MARK, () => `${MARK}<script type="application/json" id="page">${json}</script>`);
  hand('lab.html', page, 'text/html');
}

const stem = (name: string): string => name.replace(/\.\w+$/, '');

export const chooseRows = (): void => chooseFiles(TABLES, (files) => void answerFiles(files));
/** Other rows with an answer each, as `deltaw predict --keep '*'` writes them: a file for the reader. */
async function answerFiles(files: File[], encoding?: string): Promise<void> {
  const run = lab.runs[lab.active], { data } = run, { preparation, gaps, decimals, target } = data;
  await lab.pause();
  await lab.reading(async () => {
    const { inputs, names, lines, notes } = await lab.withProgress(files[0].name, (tell) => readApart<ToAnswer>({ answer: { kind: 'files', files, encoding }, preparation, gaps, decimals } satisfies Unanswered, tell));
    const outputs = await run.predict(inputs, lines.length), classes = target.task === 'classification' ? target.classes.map((_, k) => k) : [];
    const own = ['prediction', ...classes.map((k) => `probability_${className(data, k)}`)].map((name) => (names.includes(name) ? `deltaw_${name}` : name));
    const told = lines.map((line, row) => {
      const at = row * data.nOut, shares = classes.map((k) => Math.max(sureness(data, outputs, k, at), 1e-12)), all = shares.reduce((sum, share) => sum + share, 0);
      return `${row + 1},${line.slice(0, -1)},${asText([[classes.length ? className(data, answer(data, outputs, at)) : String(answered(data, outputs[at])), ...shares.map((share) => String(share / all))]])}`;
    });
    const file = `${stem(files[0].name)}-predictions.csv`;
    hand(file, `\ufeffrow,${asText([[...names, ...own]])}${told.join('')}`, 'text/csv');
    lab.tell('answers_are_in', { n: whole(lines.length), file, notes });
  }, 'data_refused', (chosen) => answerFiles(files, chosen));
}

/** The run as a file that Python reads: the same answers. */
export async function saveModel(): Promise<void> {
  await lab.pause(); // what is taken is what the page shows
  const run = lab.runs[lab.active];
  const found = asTwo(run.data, run.settings, run.state);
  if (!found) return lab.tell('model_refused', {}, 'wrong');
  try {
    const bytes = modelFile({ ...found, parts: run.parts, losses: await run.losses(), steps: run.state.moment, version: __VERSION__ });
    hand(`${stem(run.data.name)}.deltaw`, bytes as BlobPart, 'application/octet-stream');
  } catch (error) {
    lab.tell('it_failed', { why: reason(error) }, 'wrong');
  }
}

/** Two classes by one sigmoid as two by softmax, which is how Python has them: softmax of (0, z) says what the sigmoid of z
 * says. Null for one output that is no sigmoid. */
function asTwo(data: Data, settings: Settings, now: Weights): { data: Data; settings: Settings; now: Weights } | null {
  if (data.target.task === 'regression' || data.nOut > 1) return { data, settings, now };
  const last = settings.layers.length - 1;
  if (settings.layers[last].activation !== 'sigmoid') return null;
  const W = now.weights[last];
  return {
    data: { ...data, nOut: 2, targets: Float32Array.from({ length: 2 * data.rows }, (_, i) => (i % 2 ? data.targets[i >> 1] : 1 - data.targets[i >> 1])) },
    settings: { ...settings, loss: 'cross_entropy', layers: [...settings.layers.slice(0, -1), { units: 2, activation: 'softmax' }] },
    now: {
      weights: [...now.weights.slice(0, -1), Float32Array.from({ length: 2 * W.length }, (_, i) => (i < W.length ? 0 : W[i - W.length]))],
      biases: [...now.biases.slice(0, -1), Float32Array.of(0, now.biases[last][0])],
    },
  };
}
