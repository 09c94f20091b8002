// Error functions, a row each, in double precision: the table of deltaw.equations.losses, for showing numbers. E is summed over the
// outputs of one row of data.
import { chain } from './activations.ts';
import { lossSettings, parsed, unknown } from './specs.ts';

type Array = Float64Array;
interface Loss {
  E(o: number, t: number, p: number): number;
  dE(o: number, t: number, p: number): number; // ∂E/∂o
}

const EPSILON = 2 ** -23; // logarithms are taken this far from where they are infinite

/** A loss of logarithms, which o has from EPSILON to high: past these edges E goes on along its tangent if that rises, and else stays as it is. */
function pastTheEdge(E: (o: number, t: number) => number, dE: (o: number, t: number) => number, high = Infinity): Loss {
  const edge = (o: number): number => Math.min(Math.max(o, EPSILON), high);
  const rise = (o: number, t: number): number => dE(edge(o), t) * (o - edge(o));
  return {
    E: (o, t) => E(edge(o), t) + Math.max(0, rise(o, t)),
    dE: (o, t) => (rise(o, t) < 0 ? 0 : dE(edge(o), t)),
  };
}

/** p: the row's setting, huber's δ or pinball's q. */
const LOSSES: Record<string, Loss> = {
  absolute: { E: (o, t) => Math.abs(t - o), dE: (o, t) => Math.sign(o - t) },
  squared: { E: (o, t) => 0.5 * (t - o) ** 2, dE: (o, t) => o - t },
  huber: {
    E: (o, t, d) => (Math.abs(t - o) <= d ? 0.5 * (t - o) ** 2 : d * (Math.abs(t - o) - 0.5 * d)),
    dE: (o, t, d) => Math.min(Math.max(o - t, -d), d),
  },
  binary_cross_entropy: pastTheEdge(
    (o, t) => -(t * Math.log(o) + (1 - t) * Math.log1p(-o)),
    (o, t) => (o - t) / (o * (1 - o)),
    1 - EPSILON,
  ),
  cross_entropy: pastTheEdge((o, t) => -t * Math.log(o), (o, t) => -t / o),
  poisson: pastTheEdge((o, t) => o - t * Math.log(o), (o, t) => 1 - t / o),
  hinge: { E: (o, t) => Math.max(0, 1 - t * o), dE: (o, t) => (t * o < 1 ? -t : 0) },
  pinball: {
    E: (o, t, q) => Math.max(q * (t - o), (q - 1) * (t - o)),
    dE: (o, t, q) => (o < t ? -q : o > t ? 1 - q : 0),
  },
};
const LOSS_NAMES = Object.keys(LOSSES);

/** The name of a loss without its settings. Raises for one that is not in the table, or has no minimum to train towards. */
export function lossName(text: string): string {
  const { name } = parsed(text, 'loss');
  if (Object.hasOwn(LOSSES, name)) return name;
  throw unknown(name, LOSS_NAMES, 'loss');
}

const sum = (a: Array, of: (x: number, i: number) => number = (x) => x): number => a.reduce((total, x, i) => total + of(x, i), 0);

/** An activation and a loss whose E from z, and δ = ∂E/∂z, are short and stable. */
const FUSED: Record<string, { E(z: Array, t: Array): number; delta(o: Array, t: Array): Array }> = {
  'softmax cross_entropy': {
    E: (z, t) => {
      const top = Math.max(...z);
      return sum(t) * (top + Math.log(sum(z, (x) => Math.exp(x - top)))) - sum(t, (x, i) => x * z[i]!);
    },
    delta: (o, t) => {
      const total = sum(t);
      return o.map((x, i) => x * total - t[i]!);
    },
  },
  'sigmoid binary_cross_entropy': {
    E: (z, t) => sum(z, (x, i) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - t[i]! * x),
    delta: (o, t) => o.map((x, i) => x - t[i]!),
  },
  'exponential poisson': {
    E: (z, t) => sum(z, (x, i) => Math.exp(x) - t[i]! * x),
    delta: (o, t) => o.map((x, i) => x - t[i]!),
  },
};

export interface OutputError {
  E: number;
  sent: Array; // ∂E/∂o as the output layer gets it; δ itself for a fused pair
  delta: Array; // ∂E/∂z
}

/** E of one row and its way into the output layer, as deltaw.equations.backprop begins. */
export function outputError(activation: string, text: string, z: Array, o: Array, t: Array): OutputError {
  const kind = parsed(text, 'loss').name, own = lossSettings(text), loss = LOSSES[kind]!;
  const p = (i: number): number => own[own.length > 1 ? i : 0] ?? 0;
  const pair = FUSED[`${activation} ${kind}`];
  if (pair) {
    const delta = pair.delta(o, t);
    return { E: pair.E(z, t), sent: delta, delta };
  }
  const sent = o.map((x, i) => loss.dE(x, t[i]!, p(i)));
  return { E: sum(o, (x, i) => loss.E(x, t[i]!, p(i))), sent, delta: chain(activation, sent, z, o) };
}

/** Label smoothing: this share of every target given to "don't know". */
export function smoothed(text: string, t: Array, share: number): Array {
  if (!share) return t;
  const unknown = parsed(text, 'loss').name === 'binary_cross_entropy' ? 0.5 : sum(t) / t.length;
  return t.map((x) => x * (1 - share) + share * unknown);
}
