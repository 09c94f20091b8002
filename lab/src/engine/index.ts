// The engine for the page: the core that lab/build_core.py made, and Vite's worker.
import { makeLab } from './client.ts';
import { Core, unpacked } from './core.ts';
import { CORE } from './core.gen.ts';
import type { Lab } from './types.ts';
import EngineWorker, { source } from './worker.ts?worker&inline';

const compiled: Promise<WebAssembly.Module> = unpacked(CORE).then((bytes) => WebAssembly.compile(bytes)); // once, for all threads
const made = (): Promise<Lab> => makeLab(compiled, { start: () => new EngineWorker(), source });

let first: Promise<Lab> | null = made(); // while the page reads its table
export function newLab(): Promise<Lab> {
  const lab = first ?? made();
  first = null;
  return lab;
}

let own: Promise<Core> | undefined;
/** The core on this thread, for what needs NumPy's random numbers: tables' divisions and toy sets. */
export const core = (): Promise<Core> => (own ??= compiled.then(Core.start));
