// Activation functions o = f(z) in double precision, for what the page draws and explains; the training has its own, in
// the core. The rows are those of deltaw.equations.activations.

export interface Activation {
  f: (z: number) => number;
  df: (z: number, o: number) => number;
  low: number; // of its outputs, as pictures show them
  high: number;
  formula: string; // of f(z), as MathML without its outermost tag
  slope: string; // of f'(z)
}

const mi = (s: string) => `<mi>${s}</mi>`;
const mn = (s: string) => `<mn>${s}</mn>`;
const mo = (s: string) => `<mo>${s}</mo>`;
const row = (...s: string[]) => `<mrow>${s.join('')}</mrow>`;
const frac = (a: string, b: string) => `<mfrac>${row(a)}${row(b)}</mfrac>`;
const expo = (s: string) => `<msup>${mi('e')}${row(s)}</msup>`;
const minusZ = row(mo('−'), mi('z'));
const max0 = row(mi('max'), mo('('), mn('0'), mo(','), mi('z'), mo(')'));
const o = mi('o');
const one = mn('1');

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** The normal distribution's Φ, to about 1e-7: Abramowitz and Stegun 7.1.26 would do 1e-7 for erf, too. */
function phi(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const erf = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return 0.5 * (1 + Math.sign(z) * erf);
}
const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

export const ACTIVATIONS: Record<string, Activation> = {
  identity: { f: (z) => z, df: () => 1, low: -2, high: 2, formula: mi('z'), slope: one },
  step: { f: (z) => (z > 0 ? 1 : 0), df: () => 0, low: 0, high: 1, formula: row(mo('['), mi('z'), mo('>'), mn('0'), mo(']')), slope: mn('0') },
  sigmoid: { f: sigmoid, df: (_, v) => v * (1 - v), low: 0, high: 1, formula: frac(one, row(one, mo('+'), expo(minusZ))), slope: row(o, mo('('), one, mo('−'), o, mo(')')) },
  tanh: { f: Math.tanh, df: (_, v) => 1 - v * v, low: -1, high: 1, formula: row(mi('tanh'), mi('z')), slope: row(one, mo('−'), `<msup>${o}${mn('2')}</msup>`) },
  relu: { f: (z) => Math.max(z, 0), df: (z) => (z > 0 ? 1 : 0), low: -2, high: 2, formula: max0, slope: row(mo('['), mi('z'), mo('>'), mn('0'), mo(']')) },
  leaky_relu: { f: (z) => (z > 0 ? z : 0.01 * z), df: (z) => (z > 0 ? 1 : 0.01), low: -2, high: 2, formula: row(mi('max'), mo('('), mn('0.01'), mi('z'), mo(','), mi('z'), mo(')')), slope: row(mi('z'), mo('>'), mn('0'), mo('?'), one, mo(':'), mn('0.01')) },
  elu: { f: (z) => (z > 0 ? z : Math.expm1(z)), df: (z, v) => (z > 0 ? 1 : v + 1), low: -2, high: 2, formula: row(mi('z'), mo('>'), mn('0'), mo('?'), mi('z'), mo(':'), expo(mi('z')), mo('−'), one), slope: row(mi('z'), mo('>'), mn('0'), mo('?'), one, mo(':'), o, mo('+'), one) },
  selu: { f: (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)), df: (z, v) => (z > 0 ? SELU_SCALE : v + SELU_SCALE * SELU_ALPHA), low: -2, high: 2, formula: row(mi('selu'), mo('('), mi('z'), mo(')')), slope: row(mi("selu′"), mo('('), mi('z'), mo(')')) },
  gelu: { f: (z) => z * phi(z), df: (z) => phi(z) + z * density(z), low: -2, high: 2, formula: row(mi('z'), mi('Φ'), mo('('), mi('z'), mo(')')), slope: row(mi('Φ'), mo('('), mi('z'), mo(')'), mo('+'), mi('z'), mi('φ'), mo('('), mi('z'), mo(')')) },
  silu: { f: (z) => z * sigmoid(z), df: (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z))), low: -2, high: 2, formula: frac(mi('z'), row(one, mo('+'), expo(minusZ))), slope: row(mi('σ'), mo('('), one, mo('+'), mi('z'), mo('('), one, mo('−'), mi('σ'), mo(')'), mo(')')) },
  mish: {
    f: (z) => z * Math.tanh(softplus(z)),
    df: (z) => { const w = Math.tanh(softplus(z)); return w + z * (1 - w * w) * sigmoid(z); },
    low: -2, high: 2, formula: row(mi('z'), mi('tanh'), mo('('), mi('ln'), mo('('), one, mo('+'), expo(mi('z')), mo(')'), mo(')')), slope: row(mi("mish′"), mo('('), mi('z'), mo(')')),
  },
  softplus: { f: softplus, df: sigmoid, low: -2, high: 2, formula: row(mi('ln'), mo('('), one, mo('+'), expo(mi('z')), mo(')')), slope: frac(one, row(one, mo('+'), expo(minusZ))) },
  softsign: { f: (z) => z / (1 + Math.abs(z)), df: (_, v) => (1 - Math.abs(v)) ** 2, low: -1, high: 1, formula: frac(mi('z'), row(one, mo('+'), mo('|'), mi('z'), mo('|'))), slope: `<msup>${row(mo('('), one, mo('−'), mo('|'), o, mo('|'), mo(')'))}${mn('2')}</msup>` },
  exponential: { f: Math.exp, df: (_, v) => v, low: 0, high: 3, formula: expo(mi('z')), slope: o },
  // Of one unit alone; what the others do to it stands where all of them are at hand.
  softmax: { f: Math.exp, df: (_, v) => v * (1 - v), low: 0, high: 1, formula: frac(`<msup>${mi('e')}<msub>${mi('z')}${mi('k')}</msub></msup>`, row(`<munder>${mo('∑')}${mi('j')}</munder>`, `<msup>${mi('e')}<msub>${mi('z')}${mi('j')}</msub></msup>`)), slope: row(o, mo('('), one, mo('−'), o, mo(')')) },
};

/** All of a layer's outputs from its z, softmax included, in place of z. */
export function activate(name: string, z: Float64Array): Float64Array {
  if (name !== 'softmax') return z.map(ACTIVATIONS[name].f);
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}
