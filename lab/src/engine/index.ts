// The engine for the page: the core that lab/build_core.py made, and Vite's worker.
import { makeLab } from './client.ts';
import { CORE } from './core.gen.ts';
import type { Lab } from './types.ts';
import EngineWorker from './worker.ts?worker&inline';

export const newLab = (): Promise<Lab> => makeLab(CORE, () => new EngineWorker());
