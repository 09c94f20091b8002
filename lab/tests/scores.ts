// How good the lab's networks are on other rows: `node lab/tests/scores.ts FOLDER`, with NAME.train.csv and NAME.test.csv in it, whose target is the last
// column. A line of JSON for each: "All as deltaw train has it" at its end, and as "Finish as deltaw train does" leaves it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Core } from '../src/engine/core.ts';
import { bestMoment } from '../src/engine/curves.ts';
import { scoreOf, Training } from '../src/engine/training.ts';
import type { Data } from '../src/engine/types.ts';
import { settings as recipe } from '../src/state/recipes.ts';
import { dataOf } from '../src/tables/data.ts';
import { readFile } from '../src/tables/table.ts';

const HELD_OUT = 0.2, SEED = 0;
const core = await Core.start(await WebAssembly.compile(readFileSync(join(import.meta.dirname, '../build/core.wasm'))));
const read = (folder: string, name: string) => readFile(readFileSync(join(folder, name)), name);

/** The test rows as what was learnt of the others. */
async function others(folder: string, name: string, { preparation, target, gaps }: Data): Promise<Data> {
  const choice = { target: target.name, scaling: preparation.scaling, encoding: target.encoding, low: 0, high: 1, heldOut: 0, seed: SEED };
  return dataOf(core, await read(folder, `${name}.test.csv`), choice, { preparation, target, gaps });
}

async function scored(folder: string, name: string): Promise<object> {
  const table = await read(folder, `${name}.train.csv`);
  const data = dataOf(core, table, { target: table.columns.at(-1)!.name, scaling: 'piecewise', encoding: 'labels', low: 0, high: 1, heldOut: HELD_OUT, seed: SEED });
  const test = await others(folder, name, data), rows = Int32Array.from({ length: test.rows }, (_, row) => row);
  const score = (training: Training): number => scoreOf(test, rows, training.predict(test.inputs as Float32Array));
  const settings = recipe('default', data, data.rows - data.heldOut!.length, SEED, HELD_OUT), training = new Training(core, data, settings);
  while (training.advance(training.stepsToLook));
  const end = score(training);
  for (const _ of training.rewind(bestMoment(training.history())));
  const { mixture } = training.calibrate();
  const finished = mixture ? new Training(core, data, { ...settings, layers: mixture.layers }, mixture.now) : training;
  return { name, end, finished: score(finished) };
}

const [folder] = process.argv.slice(2) as [string];
for (const file of readdirSync(folder).filter((each) => each.endsWith('.train.csv'))) console.log(JSON.stringify(await scored(folder, file.slice(0, -'.train.csv'.length))));
