// What the engine, the tables and the page say to each other: plain data only, so that all of it can go to a worker and back.
//
// Letters as everywhere in DeltaW: a layer is z = W a + b, o = f(z), W is (n_out × n_in), row after row; t target, e = t − o,
// δ = ∂E/∂z, α the learning rate. Rows of data are rows of a batch. Layers are counted from 0 and the last one is the output.

import type { Text } from '../said.ts';
import type { Decimals } from '../tables/notations.ts';
import type { Inputs } from './inputs.ts';
import type { Origin } from './training.ts';

export interface LayerSpec {
  units: number;
  activation: string; // as in deltaw.equations.activations
}

/** Everything that `deltaw.train` and `deltaw.Network` take, by the same words. Noise belongs to the toy sets: see tables/toys.ts. */
export interface Settings {
  layers: LayerSpec[]; // the hidden ones and the output, whose units are the data's nOut
  bias: boolean;
  init: string | null; // "he_normal", "uniform(0.1)", …; null: by each layer's activation
  loss: string; // "squared", "huber(0.5)", …
  optimizer: string; // "sgd", "adam(beta1=0.8)", …
  rate: number; // α
  schedule: string; // of α: "constant", "cosine", "step(0.5, 10)", …
  epochs: number; // where a run ends by itself, and what schedules stretch over; may be raised at any time
  batch: number;
  shuffle: boolean;
  seed: number; // of the initial weights, the orders, the masks and the rows held out
  backward: 'gradient' | 'notes';
  l2: number;
  dropout: number;
  dropoutSchedule: string;
  labelSmoothing: number;
  maxGradNorm: number | null;
  heldOut: number; // share of the rows that is never trained on, 0 … 0.9
  fromLine?: boolean; // whether a network that learns numbers begins with the best line of its inputs; engine/line.ts
  beyondLine?: number; // where it begins as a mixture with one: its share
}

/** Settings that can change in the middle of a run; any other needs a new start. */
export const WHILE_RUNNING = ['rate', 'schedule', 'epochs', 'l2', 'dropout', 'dropoutSchedule', 'labelSmoothing', 'maxGradNorm', 'batch', 'backward', 'loss', 'optimizer', 'shuffle'] as const;

// --- data ----------------------------------------------------------------------------------------------------------

export type Kind = 'number' | 'category' | 'boolean' | 'date' | 'constant' | 'identifier' | 'text';

/** A column as it was read. `values`: numbers (NaN where missing; 1 and 0 for truth values), or words (null where missing). */
export interface Column {
  name: string;
  kind: Kind;
  values: Float64Array | (string | null)[];
  missing: number; // cells
  used: boolean; // whether the network sees it, or it is the target
  why: Text; // in a few words: why it is of that kind, or is not used
}

/** How a column (or a block of pixels) became inputs: deltaw.preparation's own document of it, with `column` and `features` for all (tables/steps.ts). */
export interface Step {
  kind: string;
  column: string;
  features: Text[]; // names of its inputs, in order
  [setting: string]: unknown;
}
export interface Preparation {
  scaling: string;
  steps: Step[];
  left_out: { column: string; kind: string; reason: string }[];
}

export interface TargetSpec {
  name: string;
  task: 'classification' | 'regression';
  reason: string; // why this task
  classes: (string | number | boolean)[]; // in order; none for numbers
  encoding: 'labels' | 'one_hot' | 'range' | 'standard'; // as a recipe's `targets`
  low: number; // of classes: what is wanted of wrong and right ones; of numbers: the least and greatest that were learnt from
  high: number;
  clamp?: boolean; // whether answers stay between these
  centre: number; // a number y is wanted as (y − centre) / width + shift
  width: number;
  shift: number;
}

export interface Data {
  name: string;
  rows: number;
  nIn: number;
  nOut: number;
  inputs: Inputs; // rows × nIn, prepared
  targets: Float32Array; // rows × nOut
  labels: Int32Array | null; // the class of each row, for classification
  weight: Float32Array | null; // of each row, mean 1
  heldOut: Int32Array | null; // rows that prepared nothing: held out where the settings ask for as many, else it is by their share and seed
  target: TargetSpec;
  columns: Column[]; // only the rows that have an answer
  preparation: Preparation;
  image: { width: number; height: number } | null; // where the inputs are the pixels of one
  notes: Text[]; // what was left out, or could not be read, a sentence each
  gaps?: string[]; // words that are missing beyond the usual ones
  decimals?: Decimals; // of columns whose numbers were text
}

// --- what Python puts into the page --------------------------------------------------------------------------------
//
// <script type="text/plain" id="table">…</script>: base64 of gzip of a safetensors file. Its tensors: "inputs", "targets",
// "labels", "weight", "heldOut" (those that there are), "column.0" … for the columns in order (F64 numbers, NaN where missing;
// I32 places in the column's words, −1 where missing), and "W.0", "b.0", … where a trained network comes along. Its metadata
// has one entry "lab": JSON of `Embedded`. Inputs of at most 256 different numbers come as "inputs.place" (U8) in
// "inputs.value". A page without the element, or with an empty one, is the empty page.

export interface Embedded {
  data: Omit<Data, 'inputs' | 'targets' | 'labels' | 'weight' | 'heldOut' | 'columns' | 'preparation'> & {
    preparation: Omit<Preparation, 'steps'> & { steps: { kind: string }[] }; // as documents
    columns: (Omit<Column, 'values'> & { words: (string | null)[] | null })[]; // words: of I32 columns
  };
  settings: Settings;
  language: 'en' | 'zh' | null; // null: the browser's
  origin: string; // what was trained, by which version, in a sentence
}

// --- a run ---------------------------------------------------------------------------------------------------------

export interface Weights {
  weights: Float32Array[]; // W of each layer
  biases: Float32Array[];
}

/** One layer from inside, by the definitions of deltaw.engines.look, at some of the training rows. */
export interface LayerHealth {
  saturated: number; // share of the signals where the activation is flat; NaN for softmax, which has no slope of its own
  dead: number; // units that are flat for every row looked at
  gradient: number; // ‖∂E/∂W‖
  update: number; // ‖ΔW‖ of the last step
  weight: number; // ‖W‖ before it; update / weight near 1e-3 is common
}

export interface State extends Weights {
  moment: number; // steps done since the start, counted over forks too
  epoch: number; // whole epochs done
  step: number; // within the epoch
  stepsPerEpoch: number;
  running: boolean;
  ended: 'finished' | 'broken' | null; // all epochs done, or numbers that broke
  trainError: number; // E as deltaw evaluates it (no dropout, smoothing, l2), of the rows that are scored, spread evenly
  heldError: number; // NaN where no rows are held out
  trainScore: number; // accuracy, or R²
  heldScore: number;
  scored: [trained: number, heldOut: number];
  alpha: number; // α of the next step
  health: LayerHealth[];
  samplesPerSecond: number;
  broken: { step: number; layer: number; what: 'weights' | 'error' } | null; // the first step after which a number no longer was one
}

export interface History {
  moments: Float64Array;
  epochs: Float64Array; // as fractions
  trainError: Float64Array;
  heldError: Float64Array;
  trainScore: Float64Array;
  heldScore: Float64Array;
}

/** All numbers of one row's way forward and back, in double precision, and of the step that it alone would cause. */
export interface RowNumbers {
  x: Float64Array;
  t: Float64Array | null; // null where an input was made up: then nothing goes back
  E: number;
  z: Float64Array[];
  o: Float64Array[];
  slope: (Float64Array | null)[]; // f'(z); null for softmax, where every output depends on every z
  e: Float64Array; // −∂E/∂o of the output; t − o for the squared error
  splitBack: Float64Array[]; // of each layer what the notes send it: the last one's is e, the others' Wᵀe
  gradientBack: Float64Array[]; // of each layer ∂E/∂o: the last one's −e, the others' Wᵀδ
  delta: Float64Array[]; // by the run's rule
  dEdW: Float64Array[];
  dEdb: Float64Array[];
  deltaW: Float64Array[]; // by the run's optimiser with the state that it has now
  deltaB: Float64Array[];
}

/** One weight for one row: the factors of the chain rule, and what each optimiser would do with their product. */
export interface LinkNumbers {
  w: number;
  a: number; // what comes in: 1 for a bias
  z: number;
  o: number;
  slope: number;
  back: number; // ∂E/∂o by the run's rule
  delta: number;
  dEdw: number; // delta · a, without l2
  deltaW: Record<string, number>; // by optimiser; for the run's own with its state, for others as if this were their first step
}

/** What rows held out made of a run: answers so many times as strong, or a mixture, whose answers are that share of the way from the line. */
export interface Calibrated {
  strength: number;
  share: number;
  mixture: { layers: LayerSpec[]; now: Weights } | null;
}

export interface WeightHistory {
  moments: Float64Array;
  values: Float64Array;
}

/** One training; client.ts makes it, in a worker or in slices on the page's own thread. */
export interface Lab {
  /** Read a table in this thread (state/reading.ts); `tell`: how much of it is done. */
  read<R>(request: object, tell: (share: number) => void): Promise<R>;
  /** `origin`: where another run stood; it goes on from there, with these settings. */
  configure(data: Data, settings: Settings, weights?: Weights, origin?: Origin): Promise<State>;
  settings(): Settings;
  /** Until it is paused, ends, or fails. */
  run(): Promise<void>;
  pause(): Promise<State>;
  step(n?: number): Promise<State>;
  epoch(): Promise<State>;
  speed(stepsPerSecond: number | 'full'): void;
  /** Back to any moment, exactly: the same bits as on the way there. Forgets what came after. */
  rewind(moment: number): Promise<State>;
  /** A second run from this moment on, with these settings instead; it has its own worker. */
  fork(settings?: Partial<Settings>): Promise<Lab>;
  change(settings: Partial<Settings>): Promise<'went on' | 'needs a new start'>;
  setWeight(layer: number, j: number, k: number /* −1: the bias */, value: number): Promise<State>;
  row(row: number | Float32Array): Promise<RowNumbers>;
  link(row: number, layer: number, j: number, k: number /* −1: the bias */): Promise<LinkNumbers>;
  /** n × nOut outputs for n rows of prepared inputs. */
  predict(inputs: Float32Array, n: number): Promise<Float32Array>;
  /** Of each layer n × units outputs: the pictures in the neurons. */
  units(inputs: Float32Array, n: number): Promise<Float32Array[]>;
  weightHistory(layer: number, j: number, k: number): Promise<WeightHistory>;
  history(): Promise<History>;
  /** Its answers as strong as rows held out want them; see Training. */
  calibrate(): Promise<Calibrated>;
  /** How much of the score each column's shuffled cells cost, by how many inputs it has; null where the network has changed meanwhile. */
  importance(widths: number[]): Promise<number[] | null>;
  /** E of each epoch, each row counted before the update that it caused: deltaw's History.loss. */
  losses(): Promise<Float64Array>;
  /** All that a run needs to go on from here, with snapshots of the way as far as `bytes` hold them. */
  origin(bytes?: number): Promise<Origin>;
  /** Which rows are trained on and which are held out, by number. */
  parts(): Promise<{ trained: Int32Array; heldOut: Int32Array }>;
  /** The latest state only, at most one a frame. Returns what ends the listening. */
  onState(listener: (state: State) => void): () => void;
  /** End the worker. */
  close(): void;
}
