// What deltaw's recipes decide for data: deltaw.models.recipes, "notes" and "default", as the lab's settings. A test holds them to Python's.
import type { Data, LayerSpec, Settings } from '../engine/types';

export type Recipe = 'notes' | 'default';

const COMMON: Omit<Settings, 'layers' | 'batch' | 'epochs' | 'rate' | 'seed' | 'heldOut'> = {
  bias: true, init: null, loss: 'cross_entropy', optimizer: 'sgd', schedule: 'constant', shuffle: true, backward: 'gradient', l2: 0,
  dropout: 0, dropoutSchedule: 'constant', labelSmoothing: 0, maxGradNorm: null,
};
const twoDigits = (x: number): number => Number(x.toPrecision(2));
/** The share of the rarest class among rows that prepared the inputs, weights counted; 1 where there are no classes. */
function rarest({ labels, weight, heldOut }: Data): number {
  if (!labels) return 1;
  const apart = new Set(heldOut), sums = new Map<number, number>();
  labels.forEach((label, row) => apart.has(row) || sums.set(label, (sums.get(label) ?? 0) + (weight?.[row] ?? 1)));
  const shares = [...sums.values()].filter((sum) => sum > 0);
  return Math.min(...shares) / shares.reduce((a, b) => a + b, 0);
}
const written = (x: number): string => String(twoDigits(x));

/** The settings of a recipe for data; every one as deltaw has it. `epochs` may be raised: a lab goes on. */
export function settings(recipe: Recipe, data: Data, trained: number, seed: number, heldOut: number): Settings {
  const { nIn, nOut, image, target } = data, classes = target.task === 'classification';
  const layers = (hidden: number[], activation: string, output: string): LayerSpec[] => [...hidden.map((units) => ({ units, activation })), { units: nOut, activation: output }];
  if (recipe === 'notes')
    return { ...COMMON, layers: layers([image ? 200 : 100], 'sigmoid', 'sigmoid'), bias: false, init: 'notes', loss: 'squared', rate: 0.1, batch: 1, epochs: 5, backward: 'notes', seed, heldOut };
  const few = image ? 1 : Math.max(1, (150 / trained) ** 2); // so few rows hardly say when to stop
  const power = (x: number): number => 2 ** Math.floor(Math.log2(Math.max(x, 2)));
  const decay = Math.min(Math.max(100 / trained * few, 0.02), 5);
  const [enough, ofRows, least] = image ? [10_000, 16, 16] : [2_000, 32, Math.min(16, power(trained / 8))];
  const plenty = !image && trained >= 800_000, many = !image && trained >= 50_000, large = !image && trained >= 10_000, several = classes && nOut >= 4;
  const rate = (many || (large && several) ? 0.016 : 0.012) * Math.min(1, Math.sqrt(32 / nIn)) * Math.min(1, trained / 256) * (plenty ? 2 : 1);
  const shared = several && trained >= 40 * nOut; // every unit is needed
  const dropout = image ? 0.15 : large || shared ? 0 : twoDigits(Math.min(0.15 * Math.min(1, 1_500 / trained) * few, 0.5));
  const longer = !image && several ? 2 : 1;
  return {
    ...COMMON,
    layers: layers(image ? [256, 128] : [64, 64], classes && few === 1 ? 'selu' : 'mish', classes ? 'softmax' : 'identity'),
    loss: classes ? 'cross_entropy' : 'squared',
    optimizer: `adamw(beta1=0.9, beta2=0.95, weight_decay=${written(decay)}, decay_schedule='flat_cosine')`,
    schedule: many ? 'cosine' : 'coslog', dropout, dropoutSchedule: 'flat_cosine', labelSmoothing: classes && !large ? twoDigits(Math.min(0.05, (rarest(data) * nOut) / 8)) : 0,
    rate: twoDigits(rate), batch: Math.min(plenty ? 1024 : many || image ? 256 : 128, Math.max(least, power(trained / ofRows + 1))),
    fromLine: !classes, epochs: longer * Math.max(Math.min(12, Math.max(5, Math.round(6_000_000 / trained))), Math.round((image ? 64 : 56) * Math.min(1, Math.sqrt(enough / trained)))), seed, heldOut,
  };
}

/** What `deltaw lab DATA` begins with (deltaw.live.write): the default recipe's steps, few units, nothing left out at random. */
export function toLookAt(data: Data, seed: number, heldOut: number): Settings {
  const whole = settings('default', data, data.rows - (data.heldOut?.length ?? 0), seed, heldOut), [{ activation }, output] = [whole.layers[0]!, whole.layers.at(-1)!];
  return { ...whole, layers: [...(data.image ? [32] : [8, 8]).map((units) => ({ units, activation })), output], dropout: 0, labelSmoothing: 0 };
}
