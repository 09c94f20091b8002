// What units and weights are called, in words and in the notes' letters.

import type { Data, Settings } from '../engine/types';
import { say } from './page.svelte';
import { clipped } from '../tables/cells';
import { className } from './scores';

const LEAST = 4; // letters of a column's name
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';
const subscript = (n: number): string => String(n).replace(/\d/g, (digit) => SUBSCRIPTS[Number(digit)]);

/** What a layer is called; −1: the inputs. */
export const layerName = ({ layers }: Settings, l: number): string => (l < 0 ? say('inputs') : l === layers.length - 1 ? say('output') : say('layer_n', { n: l + 1 }));

/** "Layer 1, neuron 3"; an input's and an output's own name, alone where it is short for a label. */
export function unitName(data: Data, settings: Settings, layer: number, unit: number, brief = false): string {
  if (layer < 0) return brief ? data.inputNames[unit] : say('input_named', { name: data.inputNames[unit] });
  if (layer < settings.layers.length - 1) return say('neuron_named', { layer: layer + 1, n: unit + 1 });
  const name = outputName(data, unit);
  return brief ? name : say('output_named', { name });
}

/** An input's name in so many letters: what tells the inputs of a column apart stays longest. */
export function inputName(data: Data, unit: number, room: number): string {
  const name = data.inputNames[unit], column = data.preparation.steps.find(({ features }) => (unit -= features.length) < 0)?.column ?? '';
  if (name.length <= room || !name.startsWith(column)) return name;
  const own = clipped(name.slice(column.length), Math.max(LEAST, Math.floor(room) - LEAST));
  return clipped(column, Math.max(LEAST, Math.floor(room) - own.length)) + own;
}

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
