// The engine for the page: the core that lab/build_core.py made, and Vite's worker.
import { makeLab } from './client.ts';
import { Core, unpacked } from './core.ts';
import { CORE } from './core.gen.ts';
import type { Lab } from './types.ts';
import EngineWorker from './worker.ts?worker&inline';

export const newLab = (): Promise<Lab> => makeLab(CORE, () => new EngineWorker());

let own: Promise<Core> | undefined;
/** The core on this thread, for what needs NumPy's random numbers: tables' divisions and toy sets. */
export const core = (): Promise<Core> =>
  (own ??= unpacked(CORE).then((bytes) => WebAssembly.compile(bytes as BufferSource)).then(Core.start));
