// The words of deltaw for optimisers, schedules, initial weights and settings of a loss: "adam(beta1=0.8)", "step(0.5, every=3)".
import { Refusal } from '../said.ts';
import type { Generator } from './random.ts';

export interface Spec {
  name: string;
  values: Record<string, number | string>; // by name; those without one by place: "0", "1", …
}

const CALL = /^\s*([a-z_]\w*)\s*(?:\(([^()]*)\))?\s*$/i;

export function parsed(text: string, what: string): Spec {
  const found = CALL.exec(text);
  if (!found) throw new Refusal('{what}: expected a name, or a name with its settings like name(0.5)', quoted(text), 'correct it', { what });
  const values: Spec['values'] = {};
  const given = (found[2] ?? '').split(',').map((each) => each.trim()).filter(Boolean);
  given.forEach((each, place) => {
    const [value, name] = each.split('=').map((part) => part.trim()).reverse() as [string, string | undefined];
    const word = /^'([^']*)'$|^"([^"]*)"$/.exec(value);
    const number = Number(value.replace(/_/g, ''));
    if (!word && !Number.isFinite(number)) throw new Refusal('{what}: expected a finite number', quoted(value), 'choose another value', { what });
    values[name ?? String(place)] = word ? (word[1] ?? word[2] ?? '') : number;
  });
  return { name: found[1]!, values };
}

const quoted = (text: string): string => `'${text.length > 60 ? `${text.slice(0, 59)}…` : text}'`;
/** That there is no such name in a table. */
export const unknown = (name: string, names: string[], what: string): Refusal => new Refusal('{what}: expected one of {names}', quoted(name), 'choose one of these', { what, names });

/** A row's settings by name, those that were given in the place of its own. */
function settled<T extends Record<string, number | string>>(usual: T, spec: Spec, what: string): T {
  const names = Object.keys(usual);
  const found = { ...usual } as Record<string, number | string>;
  for (const [key, value] of Object.entries(spec.values)) {
    const name = /^\d+$/.test(key) ? names[Number(key)] : key;
    if (name === undefined || !Object.hasOwn(usual, name)) throw new Refusal("{what}: expected settings that '{name}' takes", quoted(key), names.length ? 'it takes {takes}' : 'it takes none', { what, name: spec.name, takes: names });
    found[name] = value;
  }
  return found as T;
}

function row<R>(table: Record<string, R>, name: string, what: string): R {
  if (!Object.hasOwn(table, name)) throw unknown(name, Object.keys(table), what);
  return table[name]!;
}

// --- optimisers: what each may be told, in the order of deltaw.equations.optimizers --------------------------------

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const OPTIMIZERS: Record<string, Record<string, number | string>> = {
  sgd: {},
  momentum: { momentum: 0.9 },
  nesterov: { momentum: 0.9 },
  adam: ADAM,
  adamw: { ...ADAM, weight_decay: 0.01, decay_schedule: 'constant' },
  rmsprop: { rho: 0.9, epsilon: 1e-8 },
  adagrad: { epsilon: 1e-8 },
};

export interface Optimizer {
  name: string;
  momentum: number;
  beta1: number;
  beta2: number;
  rho: number;
  epsilon: number;
  decay: number;
  decaySchedule: string;
}

export function optimizer(text: string): Optimizer {
  const spec = parsed(text, 'optimizer');
  const own = settled(row(OPTIMIZERS, spec.name, 'optimizer'), spec, 'optimizer');
  const number = (name: string): number => Number(own[name] ?? 0);
  return {
    name: spec.name, momentum: number('momentum'), beta1: number('beta1'), beta2: number('beta2'), rho: number('rho'),
    epsilon: number('epsilon'), decay: number('weight_decay'), decaySchedule: String(own['decay_schedule'] ?? 'constant'),
  };
}
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS);

// --- schedules: the factor of α by the place in time, in epochs and as the share τ of all of them --------------------

type Factor = (epoch: number, tau: number) => number;
type Settings = Record<string, number>;
const fall = (x: number): number => 0.5 * (1 + Math.cos(Math.PI * x));

/** A row's usual settings, and what is made of them. */
const entry = <S extends Settings, R>(usual: S, make: (own: S) => R): [Settings, (own: Settings) => R] => [usual, make as (own: Settings) => R];

const SCHEDULES: Record<string, [Settings, (own: Settings) => Factor]> = {
  constant: [{}, () => () => 1],
  step: entry({ drop: 0.5, every: 10 }, ({ drop, every }) => (epoch) => drop ** Math.floor(epoch / every)),
  exponential: entry({ decay: 0.95 }, ({ decay }) => (epoch) => decay ** epoch),
  inverse_time: entry({ decay: 0.1 }, ({ decay }) => (epoch) => 1 / (1 + decay * epoch)),
  cosine: [{}, () => (_, tau) => fall(tau)],
  flat_cosine: entry({ flat: 0.5 }, ({ flat }) => (_, tau) => fall(Math.max(0, tau - flat) / (1 - flat))),
  one_cycle: entry(
    { warm_up: 0.3, start: 0.04, end: 1e-4 },
    ({ warm_up, start, end }) => (_, tau) =>
      tau < warm_up
        ? 1 + (start - 1) * fall(Math.min(tau / warm_up, 1))
        : end + (1 - end) * fall(Math.max(tau - warm_up, 0) / (1 - warm_up)),
  ),
  coslog: [{}, () => (_, tau) => 0.5 * (1 - Math.cos(2 * Math.PI * Math.log2(1 + 15 * tau)))],
};

export function schedule(text: string): Factor {
  const spec = parsed(text, 'schedule');
  const [usual, make] = row(SCHEDULES, spec.name, 'schedule');
  return make(settled(usual, spec, 'schedule'));
}
export const isConstant = (text: string): boolean => parsed(text, 'schedule').name === 'constant';

// --- initial weights: W (n_out × n_in) from a stream of random numbers ------------------------------------------------

type Draw = (random: Generator, nOut: number, nIn: number) => Float64Array;
const normal = (deviation: number): Draw => (random, nOut, nIn) => random.normal(nOut * nIn, 0, deviation);
const uniform = (bound: number): Draw => (random, nOut, nIn) => random.uniform(nOut * nIn, -bound, bound);
const constant = (value: number): Draw => (_, nOut, nIn) => new Float64Array(nOut * nIn).fill(value);

const FANS: Record<string, (nOut: number, nIn: number) => number> = {
  xavier: (nOut, nIn) => 1 / ((nIn + nOut) / 2),
  he: (_, nIn) => 2 / nIn,
  lecun: (_, nIn) => 1 / nIn,
};
const SHAPES: Record<string, [(width: number) => Draw, number]> = { normal: [normal, 1], uniform: [uniform, Math.sqrt(3)] };

const INITIALIZERS: Record<string, [Settings, (own: Settings) => Draw]> = {
  notes: [{}, () => (random, nOut, nIn) => normal(nIn ** -0.5)(random, nOut, nIn)],
  ...Object.fromEntries(
    Object.entries(FANS).flatMap(([family, variance]) =>
      Object.entries(SHAPES).map(([shape, [draw, width]]): [string, [Settings, () => Draw]] => [
        `${family}_${shape}`,
        [{}, () => (random, nOut, nIn) => draw(width * Math.sqrt(variance(nOut, nIn)))(random, nOut, nIn)],
      ]),
    ),
  ),
  normal: entry({ std: 0.05 }, ({ std }) => normal(std)),
  uniform: entry({ bound: 0.05 }, ({ bound }) => uniform(bound)),
  zeros: [{}, () => constant(0)],
  ones: [{}, () => constant(1)],
  constant: entry({ value: 0 }, ({ value }) => constant(value)),
};

// The rule that keeps the size of signals, for each kind of activation (deltaw.network.INIT_FOR).
const HE = ['relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'mish', 'softplus'];
export const initFor = (activation: string): string =>
  HE.includes(activation) ? 'he_normal' : activation === 'selu' ? 'lecun_normal' : 'xavier_uniform';

export function initializer(text: string): Draw {
  const spec = parsed(text, 'init');
  const [usual, make] = row(INITIALIZERS, spec.name, 'init');
  return make(settled(usual, spec, 'init'));
}

// --- the settings of a loss: huber's δ, pinball's q -------------------------------------------------------------------

const LOSS_SETTINGS: Record<string, number[]> = { huber: [1], pinball: [0.5] };

export function lossSettings(text: string): number[] {
  const spec = parsed(text, 'loss');
  const given = Object.values(spec.values).map(Number);
  return given.length ? given : (LOSS_SETTINGS[spec.name] ?? []);
}
