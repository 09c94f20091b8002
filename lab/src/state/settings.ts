// The settings by Python's words: what each may be, how it is shown, and what a fresh start takes.

import type { Division } from './sources';
import { WHILE_RUNNING, type Data, type Settings } from '../engine/types';
import { quoted } from '../tables/beyond';
import type { Key } from '../words';

export const HIDDEN_ACTIVATIONS = ['sigmoid', 'tanh', 'relu', 'leaky_relu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'softsign', 'identity', 'step'];
export const OUTPUT_ACTIVATIONS = ['identity', 'sigmoid', 'softmax', 'tanh', 'relu', 'softplus', 'exponential'];

export interface Field {
  key: keyof Settings;
  word: string; // as Python says it
  kind: 'choice' | 'number' | 'log' | 'share' | 'flag';
  choices?: (string | null)[];
  low?: number;
  high?: number;
  step?: number;
  deep?: boolean; // behind "more"
}

const INITS = [null, 'notes', 'xavier_normal', 'xavier_uniform', 'he_normal', 'he_uniform', 'lecun_normal', 'lecun_uniform', 'normal(0.05)', 'normal(1.0)', 'normal(5.0)', 'uniform(1.0)', 'zeros'];

export const FIELDS: Field[] = [
  { key: 'rate', word: 'learning_rate', kind: 'log', low: 1e-4, high: 10 },
  { key: 'batch', word: 'batch_size', kind: 'number', low: 1, high: 4096, step: 1 },
  { key: 'optimizer', word: 'optimizer', kind: 'choice', choices: ['sgd', 'momentum', 'nesterov', 'adam', 'adamw', 'rmsprop', 'adagrad'] },
  { key: 'loss', word: 'loss', kind: 'choice', choices: ['squared', 'absolute', 'huber(1.0)', 'binary_cross_entropy', 'cross_entropy', 'poisson', 'hinge', 'pinball(0.5)'] },
  { key: 'backward', word: 'backward', kind: 'choice', choices: ['gradient', 'notes'] },
  { key: 'l2', word: 'l2', kind: 'choice', choices: ['0', '0.0001', '0.001', '0.01', '0.1'] },
  { key: 'dropout', word: 'dropout', kind: 'share', low: 0, high: 0.8, step: 0.05 },
  { key: 'heldOut', word: 'test_size', kind: 'share', low: 0, high: 0.8, step: 0.05 },
  { key: 'init', word: 'init', kind: 'choice', choices: INITS },
  { key: 'seed', word: 'seed', kind: 'number', low: 0, high: 2 ** 31, step: 1 },
  { key: 'schedule', word: 'schedule', kind: 'choice', choices: ['constant', 'step(0.5, 10)', 'exponential(0.95)', 'inverse_time(0.1)', 'cosine', 'flat_cosine', 'one_cycle', 'coslog'], deep: true },
  { key: 'epochs', word: 'epochs', kind: 'number', low: 1, high: 1e6, step: 1, deep: true },
  { key: 'bias', word: 'bias', kind: 'flag', deep: true },
  { key: 'shuffle', word: 'shuffle', kind: 'flag', deep: true },
  { key: 'labelSmoothing', word: 'label_smoothing', kind: 'share', low: 0, high: 0.5, step: 0.05, deep: true },
  { key: 'maxGradNorm', word: 'max_grad_norm', kind: 'choice', choices: [null, '0.1', '1', '10'], deep: true },
];

export const nameOf = (field: Field): Key => `set_${field.word}` as Key;

export const needsStart = (key: keyof Settings): boolean => !(WHILE_RUNNING as readonly string[]).includes(key);

/** What a choice gives to the settings: a word, a number where the field is one, or nothing. */
export function chosen(field: Field, text: string): unknown {
  if (text === '') return null;
  return ['l2', 'maxGradNorm'].includes(field.key) ? Number(text) : text;
}

export const FIRST: Division = { seed: 0, heldOut: 0.2 };

/** A good beginning for a toy set: quick to look at, and it learns. */
export function fresh(data: Data, { seed, heldOut } = FIRST): Settings {
  const classes = data.target.task === 'classification';
  const output = !classes ? 'identity' : data.nOut === 1 ? 'sigmoid' : 'softmax';
  const loss = !classes ? 'squared' : data.nOut === 1 ? 'binary_cross_entropy' : 'cross_entropy';
  const hidden = data.image ? [{ units: 32, activation: 'relu' }] : [{ units: 8, activation: 'tanh' }, { units: 8, activation: 'tanh' }].slice(0, data.nIn === 1 ? 1 : 2);
  return {
    layers: [...hidden, { units: data.nOut, activation: output }],
    bias: true, init: null, loss, optimizer: 'adam', rate: data.image ? 0.003 : 0.01, schedule: 'constant', epochs: 10_000,
    batch: data.rows >= 1000 ? 32 : 10, shuffle: true, seed, backward: 'gradient', l2: 0, dropout: 0, dropoutSchedule: 'constant',
    labelSmoothing: 0, maxGradNorm: null, heldOut: data.rows >= 20 ? heldOut : 0,
  };
}

/** The same settings for data of another shape: layers stay, the output is that of the data. */
export function fitted(settings: Settings, data: Data): Settings {
  const own = fresh(data);
  return { ...settings, layers: [...settings.layers.slice(0, -1), own.layers.at(-1)!], loss: own.loss };
}

/** Pairs that no training can go with, in a word's key; '' where all is well. */
export function impossible(settings: Settings, data: Data): Key | '' {
  const output = settings.layers.at(-1)!.activation;
  if (settings.loss === 'difference') return 'bad_difference';
  if (output === 'softmax' && data.nOut === 1) return 'bad_softmax';
  if (settings.loss === 'hinge' && data.target.low >= 0) return 'bad_hinge';
  return '';
}

/** The same training from a terminal. */
export function command(settings: Settings, data: Data): string {
  const hidden = settings.layers.slice(0, -1);
  const sets: [string, unknown][] = [
    ['activation', hidden[0]?.activation], ['loss', settings.loss], ['optimizer', settings.optimizer], ['schedule', settings.schedule === 'constant' ? null : settings.schedule],
    ['init', settings.init], ['backward', settings.backward === 'notes' ? 'notes' : null], ['l2', settings.l2 || null], ['dropout', settings.dropout || null],
  ];
  return [
    `deltaw train ${quoted(data.name)} -t ${quoted(data.target.name)}`,
    `--hidden ${hidden.map((layer) => layer.units).join(',') || 'none'} --learning-rate ${settings.rate} --batch-size ${settings.batch} --test-size ${settings.heldOut} --seed ${settings.seed}`,
    ...sets.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => `--set ${quoted(`${name}=${value}`)}`),
  ].join(' \\\n  ');
}
