// The eleven lessons as paths through the lab: how it is set up, what to do, and when that is done. The sentences stand in the
// catalogues under lesson_NAME_1, lesson_NAME_2, …; titles and ideas come from the lessons of Python.

import type { LayerSpec, Settings } from '../engine/types';
import type { Key } from '../words';
import { lab } from './lab.svelte';
import type { Source } from './sources';

export interface Step {
  setup?: Partial<Settings>; // of the settings, before it
  done: () => boolean;
}
export interface Lesson {
  name: string;
  source: Source;
  settings: Partial<Settings>;
  steps: Step[];
}

const toy = (name: string, noise = 0.05): Source => ({ kind: 'toy', name, noise, seed: 0 });
const hidden = (activation: string, ...units: number[]): LayerSpec[] => units.map((n) => ({ units: n, activation }));
const two: LayerSpec = { units: 1, activation: 'sigmoid' };

const settings = () => lab.run!.settings;
const state = () => lab.run!.state;
const score = () => (Number.isNaN(state().heldScore) ? state().trainScore : Math.min(state().trainScore, state().heldScore));
const began = (): Lesson['settings'] => ({ optimizer: 'sgd', loss: 'squared', batch: 10 });

export const LESSONS: Lesson[] = [
  {
    name: 'line', source: toy('line'), settings: { ...began(), layers: [two], rate: 0.5 },
    steps: [{ done: () => score() > 0.93 }, { done: () => lab.tab === 'weight' }, { done: () => lab.edits > 0 }],
  },
  {
    name: 'lines', source: toy('xor'), settings: { layers: [two], rate: 0.03, loss: 'squared' },
    steps: [{ done: () => state().epoch >= 20 }, { done: () => settings().layers.length > 1 }, { done: () => settings().layers.length > 1 && score() > 0.9 }],
  },
  {
    name: 'neuron', source: toy('circle'), settings: { layers: [...hidden('tanh', 3), two] },
    steps: [{ done: () => lab.tab === 'unit' }, { done: () => lab.edits > 0 }, { done: () => settings().layers[0].activation !== 'tanh' && settings().layers.length > 1 }],
  },
  {
    name: 'signals', source: toy('xor'), settings: { layers: [...hidden('sigmoid', 4, 4), two] },
    steps: [{ done: () => lab.tab === 'row' }, { done: () => lab.input !== null }, { done: () => lab.tab === 'unit' }],
  },
  {
    name: 'errors', source: toy('circle'), settings: { ...began(), layers: [...hidden('tanh', 6), two], rate: 0.5 },
    steps: [{ done: () => state().epoch >= 10 }, { done: () => lab.tab === 'score' }, { done: () => settings().loss === 'absolute' || lab.runs.length > 1 }],
  },
  {
    name: 'descent', source: toy('circle'), settings: { ...began(), layers: [...hidden('tanh', 6), two], rate: 0.003 },
    steps: [{ done: () => state().epoch >= 10 }, { done: () => settings().rate >= 0.1 && score() > 0.85 }, { done: () => settings().rate >= 5 && state().moment > 100 }],
  },
  {
    name: 'split', source: toy('circle'), settings: { ...began(), layers: [...hidden('sigmoid', 6), two], rate: 0.5 },
    steps: [{ done: () => lab.tab === 'row' }, { done: () => settings().backward === 'notes' }, { done: () => lab.runs.length > 1 && state().epoch >= 5 }],
  },
  {
    name: 'gradient', source: toy('xor'), settings: { ...began(), layers: [...hidden('sigmoid', 3), two], rate: 0.5 },
    steps: [{ done: () => lab.tab === 'weight' }, { done: () => lab.edits > 0 }, { done: () => lab.tab === 'weight' && lab.link !== null && lab.link.layer === 0 }],
  },
  {
    name: 'step', source: toy('line'), settings: { ...began(), layers: [...hidden('sigmoid', 2), two], rate: 0.5, batch: 1 },
    steps: [{ done: () => lab.tab === 'row' }, { done: () => state().moment >= 1 }, { done: () => state().moment >= 200 }],
  },
  {
    name: 'data', source: toy('circle'), settings: { layers: [...hidden('tanh', 8, 8), two], init: 'normal(5.0)', rate: 0.01 },
    steps: [{ done: () => state().moment > 50 && lab.tab === 'health' }, { done: () => settings().init === null }, { done: () => settings().init === 'zeros' && state().moment > 50 }],
  },
  {
    name: 'network', source: toy('digits'), settings: {},
    steps: [{ done: () => score() > 0.9 }, { done: () => lab.input !== null }, { done: () => lab.tab === 'draw' }],
  },
];

export const textKey = (name: string, step: number): Key => `lesson_${name}_${step + 1}` as Key;
