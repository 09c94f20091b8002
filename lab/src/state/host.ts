// A page within a notebook's cell tells what holds it of its weights: src/deltaw/live/widget.js listens.

import type { Settings, State } from '../engine/types';

const EVERY = 500; // ms between two tellings
let next = 0;
let later: ReturnType<typeof setTimeout> | undefined;

/** Tell of this state now, or of the latest a little later. Of no use, and of no harm, where nobody holds the page. */
export function tellHost(state: State, settings: Settings, inputs: number): void {
  if (window.parent === window) return;
  clearTimeout(later);
  const wait = next - performance.now();
  if (wait > 0) {
    later = setTimeout(() => tellHost(state, settings, inputs), wait);
    return;
  }
  next = performance.now() + EVERY;
  const { weights, biases, moment, epoch, trainError, heldError, trainScore, heldScore } = state;
  const all = weights.flatMap((W, l) => [W, biases[l]]);
  const flat = new Float32Array(all.reduce((n, each) => n + each.length, 0));
  let at = 0;
  for (const each of all) {
    flat.set(each, at);
    at += each.length;
  }
  const told = { inputs, moment, epoch, trainError, heldError, trainScore, heldScore };
  // To whoever it is: the weights are of the table that the holder itself put here.
  window.parent.postMessage({ deltaw: 'state', weights: flat.buffer, settings, told }, '*', [flat.buffer]);
}
