// The engine for the page: the core that lab/build_core.py made, and its threads.
import { makeLab } from './client.ts';
import { unpacked } from './core.ts';
import { CORE } from './core.gen.ts';
import { Refusal, reason } from '../said.ts';
import type { Lab } from './types.ts';

const module = async (): Promise<WebAssembly.Module> => {
  try {
    return await WebAssembly.compile(await unpacked(CORE));
  } catch (error) {
    throw new Refusal('expected a browser that runs WebAssembly with SIMD', reason(error), 'take a newer one, or allow it in the settings of this one');
  }
};
let compiled: Promise<WebAssembly.Module> | undefined; // once, for all threads
const made = (): Promise<Lab> => makeLab((compiled ??= module()));

let spare: Promise<Lab> | null = null;
/** A thread begins while the page reads its table. */
export const prepare = (): void => void (spare = made());
export function newLab(): Promise<Lab> {
  const lab = spare ?? made();
  spare = null;
  return lab;
}

/** What is asked for is no longer wanted: something else is, or nothing. */
export class Overtaken extends Error {}

const LITTLE = 300; // milliseconds of reading, after which a thread holds little that is to be forgotten
let overtake = (): void => {};
/** Read something in a thread of its own, state/reading.ts. What was asked for before is not waited for any more. */
export async function readApart<R>(request: object, tell: (share: number) => void): Promise<R> {
  stopReading();
  let over = false;
  overtake = () => (over = true);
  const lab = await newLab(), begin = performance.now();
  const keep = (): void => void (spare ? lab.close() : (spare = Promise.resolve(lab)));
  if (over) {
    keep();
    throw new Overtaken();
  }
  return new Promise<R>((done, failed) => {
    const end = (): void => {
      overtake = () => {};
      if (performance.now() - begin < LITTLE) keep();
      else lab.close(); // and with it all that reading left
    };
    overtake = () => {
      lab.close();
      failed(new Overtaken());
    };
    lab.read<R>(request, tell).then((answer) => (end(), done(answer)), (error) => (end(), failed(error)));
  });
}
export function stopReading(): void {
  overtake();
  overtake = () => {};
}
