// How activation functions look: the range that pictures show, and the formulas of f and f'. A row for each of the engine's.

export interface Look {
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

export const LOOKS: Record<string, Look> = {
  identity: { low: -2, high: 2, formula: mi('z'), slope: one },
  step: { low: 0, high: 1, formula: row(mo('['), mi('z'), mo('>'), mn('0'), mo(']')), slope: mn('0') },
  sigmoid: { low: 0, high: 1, formula: frac(one, row(one, mo('+'), expo(minusZ))), slope: row(o, mo('('), one, mo('−'), o, mo(')')) },
  tanh: { low: -1, high: 1, formula: row(mi('tanh'), mi('z')), slope: row(one, mo('−'), `<msup>${o}${mn('2')}</msup>`) },
  relu: { low: -2, high: 2, formula: max0, slope: row(mo('['), mi('z'), mo('>'), mn('0'), mo(']')) },
  leaky_relu: { low: -2, high: 2, formula: row(mi('max'), mo('('), mn('0.01'), mi('z'), mo(','), mi('z'), mo(')')), slope: row(mi('max'), mo('('), mn('0.01'), mo(','), mo('['), mi('z'), mo('>'), mn('0'), mo(']'), mo(')')) },
  elu: { low: -2, high: 2, formula: row(max0, mo('+'), mi('min'), mo('('), mn('0'), mo(','), expo(mi('z')), mo('−'), one, mo(')')), slope: row(mi('min'), mo('('), one, mo(','), o, mo('+'), one, mo(')')) },
  selu: { low: -2, high: 2, formula: row(mi('selu'), mo('('), mi('z'), mo(')')), slope: row(mi("selu′"), mo('('), mi('z'), mo(')')) },
  gelu: { low: -2, high: 2, formula: row(mi('z'), mi('Φ'), mo('('), mi('z'), mo(')')), slope: row(mi('Φ'), mo('('), mi('z'), mo(')'), mo('+'), mi('z'), mi('φ'), mo('('), mi('z'), mo(')')) },
  silu: { low: -2, high: 2, formula: frac(mi('z'), row(one, mo('+'), expo(minusZ))), slope: row(mi('σ'), mo('('), one, mo('+'), mi('z'), mo('('), one, mo('−'), mi('σ'), mo(')'), mo(')')) },
  mish: {
    low: -2, high: 2, formula: row(mi('z'), mi('tanh'), mo('('), mi('ln'), mo('('), one, mo('+'), expo(mi('z')), mo(')'), mo(')')), slope: row(mi("mish′"), mo('('), mi('z'), mo(')')),
  },
  softplus: { low: -2, high: 2, formula: row(mi('ln'), mo('('), one, mo('+'), expo(mi('z')), mo(')')), slope: frac(one, row(one, mo('+'), expo(minusZ))) },
  softsign: { low: -1, high: 1, formula: frac(mi('z'), row(one, mo('+'), mo('|'), mi('z'), mo('|'))), slope: `<msup>${row(mo('('), one, mo('−'), mo('|'), o, mo('|'), mo(')'))}${mn('2')}</msup>` },
  exponential: { low: 0, high: 3, formula: expo(mi('z')), slope: o },
  // Of one unit alone; what the others do to it stands where all of them are at hand.
  softmax: { low: 0, high: 1, formula: frac(`<msup>${mi('e')}<msub>${mi('z')}${mi('k')}</msub></msup>`, row(`<munder>${mo('∑')}${mi('j')}</munder>`, `<msup>${mi('e')}<msub>${mi('z')}${mi('j')}</msub></msup>`)), slope: row(o, mo('('), one, mo('−'), o, mo(')')) },
};
