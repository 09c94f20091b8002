// What the page holds and shows: the data, one run or two, and which row, neuron, weight and columns are looked at.

import { part } from '../engine/inputs';
import type { Data } from '../engine/types';
import type { LinkPlace, Tab, UnitPlace } from './places';
import { typical, type Axis, type Own, type Plane } from './plane';
import type { Run } from './run.svelte';
import type { View } from './seen';

export class Looking {
  data = $state.raw<Data | null>(null);
  runs = $state.raw<Run[]>([]);
  active = $state(0); // which run the settings are of
  axes = $state.raw<[number, number]>([0, 1]);
  all = $state.raw<Axis[]>([]); // the columns that can be axes
  chosen = $state.raw<ReadonlyMap<string, Own>>(new Map()); // where columns off the axes stand, if not at their middle
  output = $state(0); // which output the surface shows where there are many; −1: the answer
  tab = $state<Tab | null>(null);
  row = $state(0);
  input = $state.raw<Float32Array | null>(null); // an input made up by hand, in place of the row
  unit = $state.raw<UnitPlace | null>(null);
  link = $state.raw<LinkPlace | null>(null);
  run = $derived<Run | undefined>(this.runs[this.active]);
  plane = $derived<Plane | null>(this.data && !this.data.image && this.all.length ? { x: this.all[this.axes[0]], y: this.all[this.axes[1]], rest: typical(this.data, this.all, this.chosen) } : null);

  pickRow(row: number, open = true): void {
    this.row = Math.max(0, Math.min((this.data?.rows ?? 1) - 1, Math.round(row)));
    this.input = null;
    if (open) this.tab = 'row';
    this.look();
  }

  pickInput(input: Float32Array | null): void {
    this.input = input;
    this.look();
  }

  pickUnit(unit: UnitPlace): void {
    this.unit = unit;
    this.tab = 'unit';
    this.look();
  }

  pickLink(link: LinkPlace): void {
    this.link = link;
    this.tab = 'weight';
    this.look();
  }

  pickTab(tab: Tab | null): void {
    this.tab = this.tab === tab ? null : tab;
    this.look();
  }

  pickAxes(x: number, y: number): void {
    this.axes = [x, y];
    this.look();
  }

  /** Put a column off the axes elsewhere; all of them to their middles. */
  setRest(name?: string, value?: Own): void {
    this.chosen = name === undefined ? new Map() : new Map(this.chosen).set(name, value!);
    this.look();
  }

  /** The inputs that are looked at: the row's, or those made up by hand. */
  get inputs(): Float32Array {
    const { data } = this;
    if (!data) return new Float32Array();
    return this.input ?? part(data.inputs, this.row * data.nIn, (this.row + 1) * data.nIn);
  }

  /** What there is to see of a run. */
  view = (run: Run, state = run.state): View => ({ data: run.data, settings: run.settings, state, pictures: run.pictures, signals: run.signals, plane: this.plane, inputs: this.inputs });

  /** What somebody looks at now is asked of the runs. */
  protected look(): void {
    const numbers = this.tab === 'row' || this.tab === 'unit' || this.tab === 'weight';
    const glance = this.data?.image ? this.inputs.slice() : null;
    for (const run of this.runs) run.watch({ plane: this.plane, row: numbers ? (this.input ?? this.row) : null, glance, outputs: this.tab === 'score' });
  }
}
