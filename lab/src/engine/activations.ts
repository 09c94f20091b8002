// Activation functions o = f(z), a row each, in double precision: the table of deltaw.equations.activations. The core has its own, in
// float32, which trains; these are for showing numbers.

export interface Activation {
  f(z: number): number;
  df(z: number, o: number): number;
  flat: boolean; // whether it is so anywhere
}

const LEAK = 0.01;
const SELU_ALPHA = 1.6732632423543772, SELU_SCALE = 1.0507009873554805;
const SHUT = -800; // where every gate has long shut

const sigmoid = (z: number): number => {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
};
const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** The normal distribution's Φ(z) = ½ erfc(−z/√2): its series near 0, its continued fraction beyond. */
function normalCdf(z: number): number {
  const a = Math.abs(z);
  if (Number.isNaN(z)) return NaN;
  if (a > 38.5) return z > 0 ? 1 : 0;
  if (a < 3) {
    let term = z, sum = z; // Σ z^(2k+1) / (1·3·5 … (2k+1))
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); ++k) sum += term *= (z * z) / (2 * k + 1);
    return 0.5 + density(z) * sum;
  }
  let below = a;
  for (let k = 120; k > 0; --k) below = a + k / below;
  const tail = density(a) / below;
  return z > 0 ? 1 - tail : tail;
}

const mishSlope = (z: number): number => {
  const w = Math.tanh(softplus(z));
  return w + z * (1 - w * w) * sigmoid(z);
};

const row = (f: Activation['f'], df: Activation['df'], flat = true): Activation => ({ f, df, flat });

export const ACTIVATIONS: Record<string, Activation> = {
  identity: row((z) => z, () => 1, false),
  step: row((z) => (z > 0 ? 1 : z <= 0 ? 0 : NaN), () => 0),
  sigmoid: row(sigmoid, (_, o) => o * (1 - o)),
  tanh: row(Math.tanh, (_, o) => 1 - o * o),
  relu: row((z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)),
  leaky_relu: row((z) => (z > 0 ? z : LEAK * z), (z) => (z > 0 ? 1 : LEAK), false),
  elu: row((z) => (z > 0 ? z : Math.expm1(z)), (z, o) => (z > 0 ? 1 : o + 1)),
  selu: row(
    (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)),
    (z, o) => (z > 0 ? SELU_SCALE : o + SELU_SCALE * SELU_ALPHA),
  ),
  gelu: row((z) => Math.max(z, SHUT) * normalCdf(z), (z) => normalCdf(z) + z * density(z)),
  silu: row((z) => Math.max(z, SHUT) * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
  mish: row((z) => Math.max(z, SHUT) * Math.tanh(softplus(z)), mishSlope),
  softplus: row(softplus, sigmoid),
  softsign: row((z) => z / (1 + Math.abs(z)), (z) => (1 + Math.abs(z)) ** -2),
  exponential: row(Math.exp, (_, o) => o),
};
export const ACTIVATION_NAMES = [...Object.keys(ACTIVATIONS), 'softmax'];

/** o = f(z) of a layer; softmax joins all its units. */
export function outputs(name: string, z: Float64Array): Float64Array {
  if (name !== 'softmax') return z.map(ACTIVATIONS[name]!.f);
  const top = Math.max(...z);
  const powers = z.map((each) => Math.exp(each - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((each) => each / sum);
}

/** f'(z) of each unit; null for softmax, where every output depends on every z. */
export function slopes(name: string, z: Float64Array, o: Float64Array): Float64Array | null {
  const own = ACTIVATIONS[name];
  return own ? z.map((each, i) => own.df(each, o[i]!)) : null;
}

/** ∂E/∂z from g = ∂E/∂o. */
export function chain(name: string, g: Float64Array, z: Float64Array, o: Float64Array): Float64Array {
  const slope = slopes(name, z, o);
  if (slope) return g.map((each, i) => each * slope[i]!);
  const joined = g.reduce((sum, each, i) => sum + each * o[i]!, 0);
  return o.map((each, i) => each * (g[i]! - joined));
}

const FLAT = 0.05;
const limits = new Map<string, number>(); // worked out for those that are asked for

/** The |f'(z)| below which a signal is flat, a twentieth of its steepest for |z| ≤ 1 (deltaw.engines.look); 0 where none can be; NaN for
 * softmax, where that has no meaning. */
export function flatBelow(name: string): number {
  if (name === 'softmax') return NaN;
  if (!limits.has(name)) limits.set(name, FLAT * steepest(ACTIVATIONS[name]!));
  return limits.get(name)!;
}
function steepest({ f, df, flat }: Activation): number {
  const slopes = Array.from({ length: flat ? 201 : 0 }, (_, i) => Math.abs(df(-1 + i / 100, f(-1 + i / 100))));
  return flat ? Math.max(...slopes) || 1 : 0;
}
