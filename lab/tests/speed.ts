// Samples a second on one thread: the lab's engine, and the same trainings as pages usually do them, both in this V8.
//
//   node lab/tests/speed.ts        (after `make lab`, by Node 22.18 or newer)
//
// "graph": a network of objects, nodes and links, a sample at a time, which is how TensorFlow Playground is built (its
// nn.ts; written anew here); "loops": plain loops over typed arrays. Plain descent, batches of 10, tanh, squared error.
import { readFileSync } from 'node:fs';
import { Core } from '../src/engine/core.ts';
import { Training } from '../src/engine/training.ts';
import type { Data, Settings } from '../src/engine/types.ts';

const ROWS = 500, BATCH = 10, RATE = 0.03, SECONDS = 1, RUNS = 5;
const SHAPES = [[2, 8, 8, 1], [30, 64, 64, 1], [784, 200, 10]];

type Trainer = () => number; // trains for a while; how many samples

interface Node { bias: number; sum: number; out: number; slope: number; back: number; biasSlope: number; into: Link[]; from: Link[] }
interface Link { source: Node; target: Node; weight: number; slope: number }

function graph(sizes: number[], X: Float32Array, T: Float32Array): Trainer {
  const layers = sizes.map((n) => Array.from({ length: n }, (): Node => ({ bias: 0.1, sum: 0, out: 0, slope: 0, back: 0, biasSlope: 0, into: [], from: [] })));
  for (let l = 1; l < layers.length; l++)
    for (const target of layers[l]) for (const source of layers[l - 1]) {
      const link = { source, target, weight: (Math.random() - 0.5) / Math.sqrt(layers[l - 1].length), slope: 0 };
      target.into.push(link), source.from.push(link);
    }
  const [nIn, nOut] = [sizes[0], sizes.at(-1)!];
  return () => {
    for (let row = 0; row < ROWS; row++) {
      layers[0].forEach((node, k) => (node.out = X[row * nIn + k]));
      for (const layer of layers.slice(1)) for (const node of layer) {
        node.sum = node.bias;
        for (const link of node.into) node.sum += link.weight * link.source.out;
        node.out = Math.tanh(node.sum);
      }
      layers.at(-1)!.forEach((node, j) => (node.back = node.out - T[row * nOut + j]));
      for (let l = layers.length - 1; l > 0; l--) {
        for (const node of layers[l]) {
          node.slope = node.back * (1 - node.out * node.out);
          node.biasSlope += node.slope;
          for (const link of node.into) link.slope += node.slope * link.source.out;
        }
        if (l > 1) for (const node of layers[l - 1]) {
          node.back = 0;
          for (const link of node.from) node.back += link.weight * link.target.slope;
        }
      }
      if ((row + 1) % BATCH === 0) for (const layer of layers.slice(1)) for (const node of layer) {
        node.bias -= (RATE / BATCH) * node.biasSlope, node.biasSlope = 0;
        for (const link of node.into) link.weight -= (RATE / BATCH) * link.slope, (link.slope = 0);
      }
    }
    return ROWS;
  };
}

function loops(sizes: number[], X: Float32Array, T: Float32Array): Trainer {
  const W = sizes.slice(1).map((n, l) => Float32Array.from({ length: n * sizes[l] }, () => (Math.random() - 0.5) / Math.sqrt(sizes[l])));
  const b = sizes.slice(1).map((n) => new Float32Array(n)), dW = W.map((w) => new Float32Array(w.length)), db = b.map((w) => new Float32Array(w.length));
  const o = sizes.map((n) => new Float32Array(n)), delta = b.map((w) => new Float32Array(w.length));
  const [nIn, nOut, L] = [sizes[0], sizes.at(-1)!, W.length];
  return () => {
    for (let row = 0; row < ROWS; row++) {
      o[0] = X.subarray(row * nIn, (row + 1) * nIn);
      for (let l = 0; l < L; l++) for (let j = 0; j < sizes[l + 1]; j++) {
        let z = b[l][j];
        for (let k = 0; k < sizes[l]; k++) z += W[l][j * sizes[l] + k] * o[l][k];
        o[l + 1][j] = Math.tanh(z);
      }
      for (let j = 0; j < nOut; j++) delta[L - 1][j] = (o[L][j] - T[row * nOut + j]) * (1 - o[L][j] ** 2);
      for (let l = L - 1; l >= 0; l--) {
        for (let j = 0; j < sizes[l + 1]; j++) {
          db[l][j] += delta[l][j];
          for (let k = 0; k < sizes[l]; k++) dW[l][j * sizes[l] + k] += delta[l][j] * o[l][k];
        }
        if (l > 0) for (let k = 0; k < sizes[l]; k++) {
          let back = 0;
          for (let j = 0; j < sizes[l + 1]; j++) back += W[l][j * sizes[l] + k] * delta[l][j];
          delta[l - 1][k] = back * (1 - o[l][k] ** 2);
        }
      }
      if ((row + 1) % BATCH === 0) for (let l = 0; l < L; l++) {
        for (let i = 0; i < W[l].length; i++) W[l][i] -= (RATE / BATCH) * dW[l][i];
        for (let j = 0; j < b[l].length; j++) b[l][j] -= (RATE / BATCH) * db[l][j];
        dW[l].fill(0), db[l].fill(0);
      }
    }
    return ROWS;
  };
}

function lab(core: Core, sizes: number[], X: Float32Array, T: Float32Array): Trainer {
  const data = { name: '', rows: ROWS, nIn: sizes[0], nOut: sizes.at(-1)!, inputs: X, targets: T, labels: null, weight: null, heldOut: null,
    target: { low: 0, high: 1, classes: [] } } as unknown as Data;
  const settings: Settings = { layers: sizes.slice(1).map((units) => ({ units, activation: 'tanh' })), bias: true, init: null, loss: 'squared', optimizer: 'sgd',
    rate: RATE, schedule: 'constant', epochs: 1e9, batch: BATCH, shuffle: true, seed: 0, backward: 'gradient', l2: 0, dropout: 0, dropoutSchedule: 'constant',
    labelSmoothing: 0, maxGradNorm: null, heldOut: 0 };
  const training = new Training(core, data, settings), slice = () => Math.max(1, Math.min(Math.floor(training.stepsPerSecond * 0.008), training.stepsToLook));
  return () => {
    const made = training.advance(slice());
    training.state(false, true);
    return made * BATCH;
  };
}

function rate(train: Trainer): number {
  let samples = 0;
  const began = performance.now();
  while (performance.now() - began < 1000 * SECONDS) samples += train();
  return (1000 * samples) / (performance.now() - began);
}

const core = await Core.start(await WebAssembly.compile(readFileSync(new URL('../build/core.wasm', import.meta.url))));
const whole = (n: number): string => new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(n);
console.log('| network | the lab | loops | graph | lab / graph |\n|---|---|---|---|---|');
for (const sizes of SHAPES) {
  const X = Float32Array.from({ length: ROWS * sizes[0] }, () => Math.random() - 0.5), T = Float32Array.from({ length: ROWS * sizes.at(-1)! }, () => Math.sign(Math.random() - 0.5) * 0.9);
  const trainers = [lab(core, sizes, X, T), loops(sizes, X, T), graph(sizes, X, T)];
  const found = trainers.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) trainers.forEach((each, i) => found[i].push(rate(each))); // in turn
  const [own, plain, objects] = found.map((all) => all.sort((a, b) => a - b)[RUNS >> 1]);
  console.log(`| ${sizes.join('-')} | ${whole(own)} | ${whole(plain)} | ${whole(objects)} | ${(own / objects).toFixed(1)} |`);
}
