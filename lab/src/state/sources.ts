// Where data comes from: the notes' toy sets, digits, a file of the reader's, a table that Python put into the page. A thread reads
// them (reading.ts).

import { base64, bytes } from '../base64';
import { readApart } from '../engine';
import type { Data, Settings } from '../engine/types';
import { openModel, type Opened } from '../files/model';
import { Refusal, said } from '../said';
import { ENCODINGS as ALL_ENCODINGS } from '../tables/encodings';
import { given, type Given } from '../tables/embedded';
import { SCALINGS as ALL_SCALINGS } from '../tables/scaling';
import type { Written } from '../tables/table';
import { kept } from '../words';
import { known } from './plane';
import { packed, unpacked, type Loaded, type Request } from './reading';

export const TOYS = ['line', 'xor', 'circle', 'spiral', 'digits'] as const; // tables/toys.ts
export const SCALINGS = Object.keys(ALL_SCALINGS);
export const ENCODINGS = ALL_ENCODINGS;

export const TABLES = '.csv,.tsv,.txt,.json,.jsonl,.xlsx,.xlsm,.gz,.zip,text/csv'; // files of them

/** What the reader chose of a table, over what is chosen for it. */
export interface Chosen {
  scaling?: string;
  columns?: string[]; // the only ones to use
  model?: string; // a .deltaw file in base64: it says how the table is prepared, and what is predicted
}

/** How a set can be asked for again: what a shared link or a saved page says of it. */
export type Source = Chosen &
  (| { kind: 'toy'; name: string; noise: number; seed: number }
    | { kind: 'csv'; name: string; text: string; target: string; encoding?: string | null; written?: Written } // the encoding: that was guessed
    | { kind: 'given'; name: string });
/** Files that become a source when they are read. */
export type Files = Chosen & { kind: 'files'; files: File[]; encoding?: string };

/** Which rows are held out; they prepare nothing. */
export type Division = Pick<Settings, 'seed' | 'heldOut'>;

const ours = new WeakSet<Data>();
let came: Given | null = null; // the table that the page came with

/** The table, settings and perhaps weights that the page came with; null for an empty page. */
export async function cameWith(): Promise<Given | null> {
  const early = (globalThis as { deltawTable?: Promise<ArrayBuffer | null> | null }).deltawTable; // lab/making/loader.js
  came = await given(document.getElementById('table')?.textContent, await early);
  for (const column of came?.data.columns ?? []) column.why = kept(column.why as string);
  return came;
}

function brought(name: string): Data {
  if (!came) throw new Refusal('expected the table "{name}" in this page', said('none'), 'open the page that the link is of', { name });
  return came.data;
}

let opened: File | null = null; // the last one, in case it is in another encoding
/** What a source or files are; `tell`: how much of them is read. Raises Overtaken where something else is asked for meanwhile. */
export async function load(source: Source | Files, division: Division, tell: (share: number) => void): Promise<Loaded> {
  const whole = source.kind === 'given' ? brought(source.name) : undefined;
  if (whole && source.kind === 'given' && !source.scaling && !source.columns && !source.model) return { source, others: [], data: whole, axes: [] };
  const model = source.model ? modelIn(source) : undefined, learnt = model && { preparation: model.preparation, target: model.target, gaps: model.gaps, decimals: model.decimals };
  const found = await readApart<Loaded>({ source, division, learnt, came: whole && packed(whole) } satisfies Request, tell);
  unpacked(found.data);
  known(found.data, found.axes);
  found.data.notes.push(...(model?.notes ?? []));
  if (source.kind === 'toy') ours.add(found.data);
  if (source.kind === 'files') opened = source.files[0]!;
  return found;
}

/** Whether it is a toy set, whose names are the page's own words. */
export const isToy = (data: Data): boolean => ours.has(data);

/** A source's file in another encoding, if it is the last one that was opened here. */
export const inEncoding = (source: Source, encoding: string): Source | Files => (opened && opened.name === source.name ? { kind: 'files', files: [opened], encoding } : source);

/** What a source's model file says. */
export const modelIn = (source: Chosen): Opened => openModel(bytes(source.model!));
export const asModel = (file: Uint8Array): string => base64(file);

/** Whether a source's columns and their scaling can be chosen: pictures have none, and a model says all of it. */
export const choosable = (source: Source, data: Data): boolean => source.kind !== 'toy' && !source.model && !data.image && data.columns.length > 1;
