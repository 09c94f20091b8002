// Model files, as deltaw.files has them: Python loads what is written here, with the same answers; and what Python wrote goes on here.
import { DATE_FORMATS } from '../tables/days.ts';
import { KINDS, stepOf } from '../tables/steps.ts';
import { isMixture } from '../engine/line.ts';
import { initFor } from '../engine/specs.ts';
import { MISSING } from '../tables/missing.ts';
import type { Decimals } from '../tables/notations.ts';
import { readTensors, type Tensor } from '../tables/tensors.ts';
import { Refusal, said, type Sentence, type Text } from '../said.ts';
import type { Data, Preparation, Settings, Step, TargetSpec, Weights } from '../engine/types.ts';
import { canonical, checkFinite, type Json } from './canonical.ts';
import { sha256 } from './sha256.ts';

const FORMAT_VERSION = 1;
const MOST_EMBEDDED = 2 ** 18; // signs of JSON up to which the document stands in the header
const DTYPES = { Float32Array: ['F32', 'float32'], Uint8Array: ['U8', 'uint8'] } as const;

interface Arrays {
  [name: string]: { values: Float32Array | Uint8Array; shape: number[] };
}
const bytesOf = ({ values }: Arrays[string]): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const kindOf = ({ values }: Arrays[string]): readonly [string, string] => DTYPES[values.constructor.name as keyof typeof DTYPES];

/** What a training here leaves, for a file. */
export interface Learnt {
  data: Data;
  settings: Settings;
  now: Weights;
  parts: { trained: Int32Array; heldOut: Int32Array };
  losses: Float64Array; // E of each epoch
  steps: number;
  version: string; // of DeltaW
}

export function modelFile(learnt: Learnt): Uint8Array {
  const { settings, now } = learnt, nIn = (l: number): number => (l ? settings.layers[l - 1]!.units : learnt.data.nIn);
  const arrays: Arrays = {};
  for (const each of [...now.weights, ...now.biases]) each.forEach(checkFinite);
  settings.layers.forEach(({ units }, l) => {
    arrays[`W${l}`] = { values: now.weights[l]!, shape: [units, nIn(l)] };
    arrays[`b${l}`] = { values: now.biases[l]!, shape: [units] };
  });
  const document = described(learnt), text = canonical(document);
  if (text.length > MOST_EMBEDDED) {
    const values = new TextEncoder().encode(text);
    arrays['document'] = { values, shape: [values.length] };
  }
  const listed = Object.fromEntries(Object.entries(arrays).map(([name, each]) => [name, [kindOf(each)[1], each.shape]]));
  const names = Object.keys(arrays).sort();
  const digest = sha256([new TextEncoder().encode(canonical([document, listed])), ...names.map((name) => bytesOf(arrays[name]!))]);
  const envelope = canonical({ format_version: FORMAT_VERSION, sha256: digest, arrays: listed, document: 'document' in arrays ? null : document });
  let at = 0;
  const entries = names.map((name): [string, Json] => {
    const each = arrays[name]!, begin = at;
    at += each.values.byteLength;
    return [name, { dtype: kindOf(each)[0], shape: each.shape, data_offsets: [begin, at] }];
  });
  let header = canonical({ ...Object.fromEntries(entries), __metadata__: { deltaw: envelope } });
  header += ' '.repeat(-header.length & 7); // safetensors wants the numbers at a multiple of 8
  const file = new Uint8Array(8 + header.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(new TextEncoder().encode(header), 8);
  names.reduce((place, name) => (file.set(bytesOf(arrays[name]!), place), place + arrays[name]!.values.byteLength), 8 + header.length);
  return file;
}

/** Everything but the weights; see deltaw.models.storage. */
function described({ data, settings, now, parts, losses, steps, version }: Learnt): Json {
  const { target, preparation } = data, layers = settings.layers, names = layers.map(({ activation }) => activation);
  const inits = layers.map(({ activation }) => settings.init ?? initFor(activation)), notes = target.encoding === 'one_hot' || target.encoding === 'range';
  const classes = target.task === 'classification';
  return {
    network: { sizes: [data.nIn, ...layers.map(({ units }) => units)], activations: names, bias: layers.map(() => settings.bias), init: inits, seed: settings.seed },
    preparation: { scaling: preparation.scaling, steps: preparation.steps.map(documentOf), left_out: preparation.left_out ?? [] },
    target: {
      name: target.name, task: target.task, reason: target.reason, classes: target.classes, low: classes ? 0 : target.low, high: classes ? 0 : target.high,
      scale: classes ? { centre: 0, width: 1, shift: 0, bend: false } : { centre: target.centre, width: target.width, shift: target.shift, bend: false }, clamp: Boolean(target.clamp),
    },
    recipe: {
      name: notes ? 'notes' : 'default', scaling: preparation.scaling, targets: target.encoding, activation: names[0]!, output_activation: names.at(-1)!,
      loss: settings.loss, optimizer: settings.optimizer, learning_rate: settings.rate, target_low: 0.01, target_high: 0.99, clamp: classes ? !notes : Boolean(target.clamp),
      hidden: layers.slice(0, -1).map(({ units }) => units), bias: settings.bias, init: settings.init, schedule: settings.schedule, batch_size: settings.batch,
      epochs: Math.max(1, Math.min(settings.epochs, 1e9)), backward: settings.backward, l2: settings.l2, dropout: settings.dropout, dropout_schedule: settings.dropoutSchedule,
      label_smoothing: settings.labelSmoothing, max_grad_norm: settings.maxGradNorm, validation: 0, keep: 'loss', patience: null,
      ...(settings.fromLine ? { from_line: true } : {}),
    },
    baseline: baseline(data, parts.trained),
    history: { loss: [...losses].map((E) => (Number.isFinite(E) ? E : null)), validation_loss: [], ended: 'finished', best_epoch: null, batch_steps: steps, score: [], held_out: '',
      ...(settings.beyondLine !== undefined && isMixture(now, layers) ? { beyond_line: settings.beyondLine } : {}) },
    scores: null,
    origin: {
      source: data.name, training_rows: parts.trained.length, validation_rows: 0, test_rows: parts.heldOut.length, seed: settings.seed,
      test_size: settings.heldOut, engine: 'native', versions: { deltaw: version }, folds: 0, group: null, time: null, test: null, validation: null,
    },
    missing: [...MISSING, ...(data.gaps ?? [])],
    ...marksOf(data),
  };
}
/** The decimal marks of the columns that are read, pixels aside. */
function marksOf({ decimals = {}, preparation, target }: Data): { decimals?: Decimals } {
  const read = new Set([...preparation.steps.filter(({ kind }) => kind in KINDS).map(({ column }) => column), target.name]);
  const found = Object.entries(decimals).filter(([name]) => read.has(name));
  return found.length ? { decimals: Object.fromEntries(found) } : {};
}
function documentOf(step: Step): Json {
  const { features: _, ...document } = step as Step & { [key: string]: Json };
  if (!(step.kind in KINDS)) delete (document as { column?: string }).column;
  return document as Json;
}
/** The classes' shares, or the mean in the target's own units. */
function baseline({ labels, targets, target, nOut }: Data, trained: Int32Array): number[] {
  if (labels) return target.classes.map((_, k) => trained.reduce((count, row) => count + Number(labels[row] === k), 0) / trained.length);
  const sum = trained.reduce((total, row) => total + (targets[row * nOut]! - target.shift) * target.width + target.centre, 0);
  return [sum / trained.length];
}

// --- reading -----------------------------------------------------------------------------------------------------------

export interface Opened {
  settings: Settings;
  weights: Weights;
  preparation: Preparation;
  target: TargetSpec;
  notes: Text[]; // what of the file has no place here
  gaps: string[]; // words that are missing beyond the usual ones
  decimals: Decimals | undefined;
}

const refuse = (found: Sentence, remedy: string): never => {
  throw new Refusal('expected a model file that DeltaW wrote', found, remedy);
};

export function openModel(bytes: Uint8Array): Opened {
  try {
    return opened(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return refuse(said('another kind of file'), 'give a .deltaw file');
  }
}

/** Where the JSON value that begins at a place of a text ends. */
function endOfValue(text: string, from: number): number {
  const signs = /"(?:[^"\\]|\\.)*"|[[{]|[\]}]|,/y;
  let depth = 0, at = from;
  for (; at < text.length; ) {
    signs.lastIndex = at;
    const sign = signs.exec(text)?.[0] ?? text[at]!;
    if (depth === 0 && /^[\]},]/.test(sign)) break;
    depth += Number('[{'.includes(sign)) - Number(']}'.includes(sign));
    at += sign.length;
  }
  return at;
}

/** The digest of what a file holds, taken of its description's own text: Python's 1.0 is written 1 here. */
function digestOf(envelope: string, tensors: Record<string, Tensor>): string {
  const from = '{"arrays":'.length, end = endOfValue(envelope, from), listed = envelope.slice(from, end);
  const start = end + ',"document":'.length, inArray = tensors['document'];
  const document = inArray ? new TextDecoder().decode(inArray) : envelope.slice(start, endOfValue(envelope, start));
  const values = Object.keys(tensors).sort().map((name) => tensors[name]!);
  return sha256([new TextEncoder().encode(`[${document},${listed}]`), ...values.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))]);
}

function opened(bytes: Uint8Array): Opened {
  const read = readTensors(bytes), text = read.metadata['deltaw'];
  if (!text) return refuse(said('another kind of file'), 'give a .deltaw file');
  const envelope = JSON.parse(text);
  if (envelope.format_version > FORMAT_VERSION) return refuse(said('format version {n}', { n: envelope.format_version }), 'it comes from a later DeltaW');
  const inArray = read.tensors['document'];
  const document = envelope.document ?? (inArray ? JSON.parse(new TextDecoder().decode(inArray as Uint8Array)) : refuse(said('no description'), 'the file is damaged'));
  if (digestOf(text, read.tensors) !== envelope.sha256) refuse(said('others'), 'the file is damaged; train or copy it again');
  const { network, recipe, origin } = document, notes: Text[] = [];
  if (document.others?.length) notes.push(said('a model of {n} networks: the first goes on here', { n: document.others.length + 1 }));
  if ('offset' in document.target.scale) refuse(said('numbers on a log scale'), 'the lab learns them as they are: train it here anew');
  if (new Set(network.bias).size > 1) refuse(said('layers with and without biases'), 'the lab has biases in all or none');
  const strange = document.preparation.steps.find((step: Step & { format?: string }) => step.kind === 'date' && step.format && !Object.hasOwn(DATE_FORMATS, step.format));
  if (strange) refuse(said('dates written {how}', { how: strange.format }), 'it comes from a later DeltaW');
  const names: string[] = network.activations, inits: string[] = network.init;
  const usual = names.every((name, l) => inits[l] === initFor(name));
  const float = (name: string, count: number): Float32Array => {
    const found = read.tensors[name] ?? refuse(said('no array {name}', { name }), 'the file is damaged');
    if (found.length !== count || !found.every(Number.isFinite)) refuse(said('others'), 'the file is damaged');
    return Float32Array.from(found);
  };
  const encoding = recipe.targets as TargetSpec['encoding'], { scale, ...target } = document.target;
  const ends = encoding === 'one_hot' ? [recipe.target_low, recipe.target_high] : [0, 1];
  return {
    weights: { weights: names.map((_, l) => float(`W${l}`, network.sizes[l] * network.sizes[l + 1])), biases: names.map((_, l) => float(`b${l}`, network.sizes[l + 1])) },
    settings: {
      layers: names.map((activation, l) => ({ units: network.sizes[l + 1], activation })), bias: network.bias[0], init: usual ? null : inits[0]!, loss: recipe.loss,
      optimizer: recipe.optimizer ?? 'sgd', rate: recipe.learning_rate ?? 0.1, schedule: recipe.schedule, epochs: recipe.epochs ?? 1, batch: recipe.batch_size ?? 1,
      shuffle: true, seed: network.seed, backward: recipe.backward, l2: recipe.l2, dropout: recipe.dropout, dropoutSchedule: recipe.dropout_schedule,
      labelSmoothing: recipe.label_smoothing, maxGradNorm: recipe.max_grad_norm, heldOut: origin.test_size ?? 0,
      ...('beyond_line' in document.history ? { beyondLine: document.history.beyond_line } : {}),
    },
    preparation: { ...document.preparation, steps: document.preparation.steps.map(stepOf) },
    target: { name: target.name, task: target.task, reason: target.reason, classes: target.classes, encoding, low: target.classes.length ? ends[0] : target.low,
      high: target.classes.length ? ends[1] : target.high, clamp: target.clamp, centre: scale.centre, width: scale.width, shift: scale.shift },
    notes,
    gaps: (document.missing ?? []).filter((word: string) => !MISSING.includes(word)),
    decimals: document.decimals,
  };
}
