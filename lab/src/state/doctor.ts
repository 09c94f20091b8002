// The doctor's eye: what the layers look like from inside, judged by a few rules, each with a reason and a repair.
// The thresholds are those of deltaw.doctor where it has them.

import { at } from '../engine/inputs';
import type { Data, History, Settings, State } from '../engine/types';
import { inputName } from './names';
import { number, percent } from './numbers';
import type { Key } from '../words';

export interface Finding {
  key: Key; // the sentence
  values: Record<string, string | number>;
  severe: boolean;
  repair: Repair | null;
}
export interface Repair {
  key: Key;
  values: Record<string, string | number>;
  change: Partial<Settings>;
  scaling?: string; // of the inputs, instead
}

const FLAT = 0.5, FLAT_IN_TRAINING = 0.8; // share of a layer's signals where the activation is flat
const DEAD = 0.5; // share of a layer's units
const LARGE = 0.1; // of a step against the weights' length
const SMALL = 1e-5;
const RISEN = 1.2; // E of held-out rows over its lowest
const WIDE = 10; // root mean square of an input
const UNEVEN = 1000; // the widest input's range over the narrowest's
const SQUASHING = ['sigmoid', 'tanh', 'softsign'];
const ONE_SIDED = ['relu', 'step'];

type Rule = (state: State, settings: Settings, history: History, data: Data) => Finding | null;

const paced = (settings: Settings, times: number): Repair => {
  const rate = Number((settings.rate * times).toPrecision(2));
  return { key: 'repair_rate', values: { rate: number(rate) }, change: { rate } };
};
const activated = ({ layers }: Settings, l: number, activation: string): Repair => ({
  key: 'repair_activation', values: { activation }, change: { layers: layers.map((each, k) => (k === l ? { ...each, activation } : each)) },
});
const INIT: Repair = { key: 'repair_init', values: {}, change: { init: null } };

const ofLayers = (judge: (l: number, state: State, settings: Settings, history: History) => Finding | null): Rule => (state, settings, history) => {
  for (let l = 0; l < state.health.length; l++) {
    const found = judge(l, state, settings, history);
    if (found) return found;
  }
  return null;
};

const broken: Rule = (state, settings) =>
  state.broken && {
    key: 'found_broken', severe: true, repair: paced(settings, 1 / 10),
    values: { step: state.broken.step, layer: state.broken.layer + 1, rate: number(settings.rate) },
  };

const frozen = ofLayers((l, state, settings) =>
  state.moment > 0 && state.health[l].gradient === 0 && state.trainError > 0 && settings.layers[l].activation === 'step'
    ? { key: 'found_step', severe: true, values: { layer: l + 1 }, repair: activated(settings, l, 'sigmoid') }
    : null);

const alike: Rule = (_, settings) =>
  ['zeros', 'ones'].includes(settings.init ?? '') || settings.init?.startsWith('constant')
    ? { key: 'found_alike', severe: true, values: { init: settings.init! }, repair: INIT }
    : null;

/** Whether E has halved: what has learnt so much may well lie where it is flat. */
const hasLearnt = ({ trainError: E }: History): boolean => E.length > 4 && E.at(-1)! < 0.5 * E[0];
const saturated = ofLayers((l, state, settings, history) => {
  const { activation } = settings.layers[l];
  const last = l === settings.layers.length - 1;
  if (last || !SQUASHING.includes(activation) || !(state.health[l].saturated > (state.moment ? FLAT_IN_TRAINING : FLAT)) || (!settings.init && hasLearnt(history))) return null;
  return { key: 'found_saturated', severe: true, values: { layer: l + 1, share: percent(state.health[l].saturated, 0), activation }, repair: settings.init ? INIT : paced(settings, 1 / 3) };
});

const dead = ofLayers((l, state, settings) => {
  const { activation, units } = settings.layers[l];
  if (!ONE_SIDED.includes(activation) || !(state.health[l].dead > DEAD * units)) return null;
  return { key: 'found_dead', severe: true, values: { layer: l + 1, dead: state.health[l].dead, units, activation }, repair: activated(settings, l, 'leaky_relu') };
});

const large = ofLayers((l, state, settings) => {
  const ratio = state.health[l].update / state.health[l].weight;
  if (state.moment < 10 || !(ratio > LARGE)) return null;
  return { key: 'found_large', severe: ratio > 3 * LARGE, values: { layer: l + 1, ratio: number(ratio, 2) }, repair: paced(settings, 1 / 5) };
});

const small: Rule = (state, settings, history) => {
  const last = state.health.map((h) => h.update / h.weight);
  const warming = state.alpha < 0.1 * settings.rate; // by its schedule
  if (state.moment < 10 || hasLearnt(history) || warming || !last.every((ratio) => ratio < SMALL)) return null;
  return { key: 'found_small', severe: false, values: { ratio: number(Math.max(...last), 2) }, repair: paced(settings, 10) };
};

const overfitted: Rule = (state, settings, history) => {
  const held = history.heldError;
  let lowest = Infinity;
  let at = 0;
  held.forEach((E, i) => { if (E < lowest) [lowest, at] = [E, i]; });
  if (!(state.heldError > RISEN * lowest) || state.trainError > lowest || held.length < 8) return null;
  const l2 = settings.l2 ? settings.l2 * 10 : 0.001;
  return {
    key: 'found_overfitted', severe: false, values: { epoch: number(history.epochs[at], 3), lowest: number(lowest, 3), now: number(state.heldError, 3) },
    repair: settings.l2 >= 0.1 ? null : { key: 'repair_l2', values: { l2: number(l2) }, change: { l2 } },
  };
};

/** Inputs far from 1, or of very different widths; of the rows, some. Of columns that were scaled each has its width, but a date's hardly turns. */
const unscaled: Rule = (_, __, ___, data) => {
  if (data.preparation.scaling !== 'none') return null;
  const { widest, rms, uneven } = sizes(data);
  if (rms <= WIDE && uneven <= UNEVEN) return null;
  return {
    key: rms > WIDE ? 'found_unscaled' : 'found_uneven', severe: true, values: { name: inputName(data, widest), rms: number(rms, 3), uneven: number(uneven, 2) },
    repair: { key: 'repair_scaling', values: {}, change: {}, scaling: 'standard' },
  };
};

interface Sizes { widest: number; rms: number; uneven: number } // which input is, and its root mean square
const known = new WeakMap<Data, Sizes>();
function sizes(data: Data): Sizes {
  const found = known.get(data) ?? measured(data);
  known.set(data, found);
  return found;
}
function measured({ inputs, rows, nIn, image }: Data): Sizes {
  let [widest, rms, most, least] = [0, 0, 0, Infinity];
  const stride = Math.max(1, Math.floor(rows / 500));
  for (let k = 0; k < (image ? 0 : nIn); k++) {
    let [sum, n, low, high] = [0, 0, Infinity, -Infinity];
    for (let row = 0; row < rows; row += stride) {
      const x = at(inputs, row * nIn + k);
      sum += x * x; n++;
      low = Math.min(low, x); high = Math.max(high, x);
    }
    if (!(high > low)) continue;
    const size = Math.sqrt(sum / n);
    if (size > rms) [widest, rms] = [k, size];
    most = Math.max(most, high - low);
    least = Math.min(least, high - low);
  }
  return { widest, rms, uneven: most / least || 1 };
}

/** The gravest first; what broke hides what it did to others. */
const RULES: Rule[] = [broken, alike, frozen, unscaled, dead, saturated, large, overfitted, small];

export function examine(state: State, settings: Settings, history: History, data: Data): Finding[] {
  const found = RULES.map((rule) => rule(state, settings, history, data)).filter((f): f is Finding => f !== null);
  return found[0]?.key === 'found_broken' ? found.slice(0, 1) : found.slice(0, 3);
}
