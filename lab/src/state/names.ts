// What units and weights are called, in words and in the notes' letters.

import type { Data, Settings, Step } from '../engine/types';
import { said, type Sentence, type Text } from '../said';
import { page, say } from './page.svelte';
import { className } from './scores';

const LEAST = 4; // letters of a column's name
const TWO = 12; // for which there is room beside a word's
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';
const subscript = (n: number): string => String(n).replace(/\d/g, (digit) => SUBSCRIPTS[Number(digit)]);

/** What a layer is called; −1: the inputs. */
export const layerName = ({ layers }: Settings, l: number): string => (l < 0 ? say('inputs') : l === layers.length - 1 ? say('output') : say('layer_n', { n: l + 1 }));

/** An input, and the step of its column. */
function input({ preparation: { steps } }: Data, unit: number): { feature: Text; step: Step } {
  const step = steps.find(({ features }) => (unit -= features.length) < 0)!;
  return { feature: step.features.at(unit)!, step };
}
export const inputName = (data: Data, unit: number): string => page.tell(input(data, unit).feature);

/** "Layer 1, neuron 3"; an input's and an output's own name, alone where it is short for a label. */
export function unitName(data: Data, settings: Settings, layer: number, unit: number, brief = false): string {
  if (layer < 0) return brief ? inputName(data, unit) : say('input_named', { name: inputName(data, unit) });
  if (layer < settings.layers.length - 1) return say('neuron_named', { layer: layer + 1, n: unit + 1 });
  const name = outputName(data, unit);
  return brief ? name : say('output_named', { name });
}

type Cut = (text: string, length: number) => string;
const whole: Cut = (text) => text;
/** In letters of Latin, of which a sign of Chinese takes two. */
export const breadth = (text: string): number => text.length + (text.match(/[\u1100-\u11ff\u2e80-\ud7ff\uf900-\uffdc]/g)?.length ?? 0);
/** The first signs of a text for all of which there is no room. */
const within = (signs: string[], room: number): string[] => signs.slice(0, signs.findIndex((sign) => (room -= breadth(sign)) < 0));
export const shortened: Cut = (text, length) => (breadth(text) > length ? `${within([...text], length - 1).join('')}…` : text);
/** Both ends; the dots are as wide as two letters. */
export function ends(text: string, length: number): string {
  const last = Math.floor((length - 1) / 2);
  return breadth(text) <= length || last < 1 ? shortened(text, length) : shortened(text, length - last - 1) + within([...text].reverse(), last).reverse().join('');
}
/** Texts by both ends where their beginnings are alike, by what comes after these where the ends are, too; the others as they are, or cut. */
export function distinct<T>(all: T[], made: (each: T, cut: Cut) => string, cut: Cut = whole): string[] {
  const full = all.map((each) => made(each, whole));
  const alike = (cut: Cut): string[][] => { const labels = all.map((each) => made(each, cut)); return labels.map((one) => full.filter((_, i) => labels[i] === one)); };
  const begun = alike(shortened), ended = alike(ends);
  return all.map((each, i) => made(each, begun[i]!.length < 2 ? cut : ended[i]!.length < 2 ? ends : (text, length) => `…${shortened(text.slice(common(ended[i]!)), length - 1)}`));
}
/** How many letters some texts begin with alike, of numbers none. */
function common(texts: string[]): number {
  let n = 0;
  while (texts[0]![n] && texts.every((text) => text[n] === texts[0]![n])) n++;
  return texts[0]!.slice(0, n).search(/[\d\ud800-\udbff]*$/);
}

/** An input's name in so many letters: what tells the inputs of a column apart stays longest, or alone. */
function inputLabel(data: Data, unit: number, room: number, cut: Cut): string {
  const { feature, step: { column, features } } = input(data, unit), name = page.tell(feature), { say, values = {} } = feature as Sentence, { slot, word, number } = values;
  if (word !== undefined && features.some((each) => breadth(page.tell(each)) > room)) return cut(`"${word}"`, room);
  if (breadth(name) <= room || name === column || !name.startsWith(column)) return cut(name, room);
  const own = number === undefined ? name.slice(column.length) : page.tell(said(say, { ...values, number: '' })); // of a bin its place
  if (room < TWO && slot !== undefined) return cut(page.tell(slot), room);
  const shown = cut(own, Math.max(LEAST, room - LEAST));
  return shortened(column, Math.max(LEAST, room - breadth(shown))) + shown;
}

/** The names at both sides of a network, of the units that are shown there, in so many letters. */
export const outerNames = (data: Data, shown: number[][], letters: { left: number; right: number }, cut = whole): { left: string[]; right: string[] } => ({
  left: distinct(shown[0], (unit, cut) => inputLabel(data, unit, letters.left, cut), cut),
  right: distinct(shown.at(-1)!, (unit, cut) => cut(outputName(data, unit), letters.right), cut),
});

/** An output's class, or the target. */
export function outputName(data: Data, unit: number): string {
  if (data.target.task === 'regression') return data.nOut > 1 ? `${data.target.name} ${unit + 1}` : data.target.name;
  return data.nOut === 1 ? className(data, 1) : className(data, unit);
}

/** "w²₃₁": of layer 2, to neuron 3 from unit 1. Numbers of two digits take a comma. */
export function linkName(link: { layer: number; j: number; k: number }): string {
  const layer = say('layer_short', { n: link.layer + 1 });
  if (link.k < 0) return `${layer} b${subscript(link.j + 1)}`;
  const comma = link.j > 8 || link.k > 8 ? '‚' : '';
  return `${layer} w${subscript(link.j + 1)}${comma}${subscript(link.k + 1)}`;
}
