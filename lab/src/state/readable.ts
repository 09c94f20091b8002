// Whether what an address or a saved page holds is a set-up that can be opened: it may have been cut, or written by anybody.

import { ACTIVATION_NAMES } from '../engine/activations';
import { POINT } from '../engine/curves';
import type { Origin } from '../engine/training';
import type { Settings } from '../engine/types';
import type { Shared, SharedRun } from './share';
import { TOYS } from './sources';

type Is = (value: unknown) => boolean;
type Fields = Record<string, unknown>;

const MOST_LAYERS = 32, MOST_UNITS = 10_000, MOST = 2 ** 53;

const text: Is = (value) => typeof value === 'string';
const flag: Is = (value) => typeof value === 'boolean';
const number = (least: number, most: number): Is => (value) => typeof value === 'number' && value >= least && value <= most;
const whole = (least: number, most = MOST): Is => (value) => Number.isInteger(value) && number(least, most)(value);
const maybe = (is: Is, none: unknown = undefined): Is => (value) => value === none || is(value);
const list = (is: Is, least = 0, most = Infinity): Is => (value) => Array.isArray(value) && value.length >= least && value.length <= most && value.every(is);
const fields = (of: Record<string, Is>): Is => (value) => typeof value === 'object' && value !== null && Object.entries(of).every(([name, is]) => is((value as Fields)[name]));

const SETTINGS = {
  layers: list(fields({ units: whole(1, MOST_UNITS), activation: (value) => ACTIVATION_NAMES.includes(value as string) }), 1, MOST_LAYERS),
  bias: flag, init: maybe(text, null), loss: text, optimizer: text, rate: number(0, 1e9), schedule: text, epochs: whole(1), batch: whole(1), shuffle: flag, seed: whole(0),
  backward: (value) => value === 'gradient' || value === 'notes', l2: number(0, 1e9), dropout: number(0, 0.99), dropoutSchedule: text, labelSmoothing: number(0, 0.99),
  maxGradNorm: maybe(number(0, 1e30), null), heldOut: number(0, 0.9), fromLine: maybe(flag), beyondLine: maybe(number(0, 1)),
} satisfies Record<keyof Settings, Is>;
const settings = fields(SETTINGS);

const curve: Is = (value) => value instanceof Float64Array;
const history: Is = (value) => fields(Object.fromEntries(POINT.map((name) => [name, curve])))(value) && new Set(Object.values(value as Record<string, Float64Array>).map(({ length }) => length)).size === 1;
const snapshot = fields({ moment: whole(0), epoch: whole(0), base: whole(0), applied: whole(0), settings, slots: whole(0), kept: (value) => value instanceof Uint8Array });
const change: Is = (value) => fields({ moment: whole(0) })(value) && (fields({ settings: fields({}) })(value) || fields({ weight: fields({ layer: whole(0), j: whole(0), k: whole(-1), value: number(-Infinity, Infinity) }) })(value) || fields({ strength: number(0, Infinity) })(value));
const origin = fields({ snapshots: list(snapshot, 1), changes: list(change), moment: whole(0), history, losses: curve } satisfies Record<keyof Origin, Is>);

const chosen = { scaling: maybe(text), columns: maybe(list(text)), model: maybe(text) };
const SOURCES: Is[] = [
  fields({ ...chosen, kind: (value) => value === 'toy', name: (value) => (TOYS as readonly unknown[]).includes(value), noise: number(0, 10), seed: whole(0) }),
  fields({ ...chosen, kind: (value) => value === 'csv', name: text, text, target: text }),
  fields({ ...chosen, kind: (value) => value === 'given', name: text }),
];

const SHARED = {
  v: (value) => value === 1, source: maybe((value) => SOURCES.some((is) => is(value)), null), name: text, forkedAt: whole(0), axes: list(whole(0), 2, 2), row: whole(0),
  runs: list(fields({ settings, weights: maybe(text, null), origin: maybe(origin) } satisfies Record<keyof SharedRun, Is>), 1, 2), lesson: maybe((value) => Array.isArray(value) && text(value[0]) && whole(0)(value[1]), null),
} satisfies Record<keyof Shared, Is>;

export const readable = fields(SHARED) as (value: unknown) => value is Shared;
