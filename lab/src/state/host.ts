// A page within a notebook's cell tells what holds it of its weights: src/deltaw/live/widget.js listens.

import { flat } from '../engine/inputs';
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
  const { moment, epoch, trainError, heldError, trainScore, heldScore } = state;
  const weights = flat(state).buffer;
  const told = { inputs, moment, epoch, trainError, heldError, trainScore, heldScore };
  // To whoever it is: the weights are of the table that the holder itself put here.
  window.parent.postMessage({ deltaw: 'state', weights, settings, told }, '*', [weights]);
}
