// What was there before another table, or another network, took its place: for a while it can come back.

import type { Data } from '../engine/types';
import type { Tab } from './places';
import type { Axis } from './plane';
import type { Run } from './run.svelte';
import type { Source } from './sources';

export interface Aside {
  data: Data | null;
  source: Source | null;
  runs: Run[];
  active: number;
  forkedAt: number;
  all: Axis[];
  axes: [number, number];
  output: number;
  row: number;
  speed: number;
  tab: Tab | null;
}

/** All of it, at rest; null where nothing was learnt yet, so that nothing is lost. */
export function aside({ data, source, runs, active, forkedAt, all, axes, output, row, speed, tab }: Aside): Aside | null {
  if (!runs.some(({ live }) => live.moment)) return null;
  runs.forEach((run) => void run.pause());
  return { data, source, runs, active, forkedAt, all, axes, output, row, speed, tab };
}

/** Runs that are not among those that stay. */
export function closeAll(runs: Run[], stay: Run[]): void {
  runs.filter((run) => !stay.includes(run)).forEach((run) => run.close());
}
