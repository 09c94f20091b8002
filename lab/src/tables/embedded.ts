// The table that Python put into the page (src/deltaw/live/); engine/types.ts says how it lies there.

import { bytes } from '../base64.ts';
import type { Column, Data, Embedded, Settings, Weights } from '../engine/types.ts';
import { stepOf } from './steps.ts';
import { readTensors, type Tensor } from './tensors.ts';

export interface Given {
  data: Data;
  settings: Settings;
  weights?: Weights; // of a network that was trained before
  language: 'en' | 'zh' | null;
  origin: string;
}

/** What the page was given; null for an empty page. `early`: its bytes, where they have been unpacked already. */
export async function given(text: string | null | undefined, early: ArrayBuffer | null = null): Promise<Given | null> {
  return text ? opened(new Uint8Array(early ?? (await unpacked(text)))) : null;
}
async function unpacked(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([bytes(text) as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

export function opened(bytes: Uint8Array): Given {
  const { metadata, tensors } = readTensors(bytes);
  const { data, settings, language, origin } = JSON.parse(metadata.lab) as Embedded;
  const columns = data.columns.map(({ words, ...column }, place): Column => {
    const cells = tensors[`column.${place}`];
    return { ...column, values: words ? Array.from(cells, (cell) => words[cell] ?? null) : (cells as Float64Array) };
  });
  const some = <T extends Tensor>(name: string): T | null => (tensors[name] as T | undefined) ?? null;
  const layers = settings.layers.map((_, l) => l);
  const weights = tensors['W.0'] && {
    weights: layers.map((l) => (tensors[`W.${l}`] as Float32Array).slice()),
    biases: layers.map((l) => (tensors[`b.${l}`] as Float32Array).slice()),
  };
  return {
    data: {
      ...data,
      columns,
      preparation: { ...data.preparation, steps: data.preparation.steps.map(stepOf) },
      inputs: some<Float32Array>('inputs') ?? { places: tensors['inputs.place'] as Uint8Array, values: tensors['inputs.value'] as Float32Array },
      targets: tensors.targets as Float32Array,
      labels: some<Int32Array>('labels'),
      weight: some<Float32Array>('weight'),
      heldOut: some<Int32Array>('heldOut'),
    },
    settings,
    weights,
    language,
    origin,
  };
}
