// The end of a training as `deltaw train` has it: the weights of the best epoch, and answers as strong as rows say that were not learnt from.

import { bestMoment } from '../engine/curves';
import type { Settings } from '../engine/types';
import { lab } from './lab.svelte';
import { number, percent, whole } from './numbers';
import { say } from './page.svelte';

export async function finish(): Promise<void> {
  await lab.pause();
  const run = lab.run!;
  await lab.goTo(bestMoment(await run.course()));
  const { strength, share, mixture } = await run.calibrate();
  if (lab.run !== run) return; // something else has taken its place
  const how = mixture ? say('finished_leant', { share: percent(share, 0) }) : strength === 1 ? '' : say('finished_sure', { strength: number(strength, 3) });
  const epoch = whole(run.state.epoch);
  if (mixture) {
    const settings: Settings = { ...run.settings, layers: mixture.layers, fromLine: false, beyondLine: share };
    if (!(await lab.replace(run, settings, mixture.now))) return;
  } else await run.pause(); // its state is another
  lab.tell('finished', { epoch, how }, 'told', mixture !== null);
}
