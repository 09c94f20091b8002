// Formulas as MathML. Only letters of the notation and numbers ever come in here, never a word of somebody's table: that
// is what makes it safe to be set as markup.

import { number } from './numbers';

export const mi = (letter: string, sub?: string): string => (sub ? `<msub><mi>${letter}</mi>${/^[\d,]+$/.test(sub) ? `<mn>${sub}</mn>` : `<mi>${sub}</mi>`}</msub>` : `<mi>${letter}</mi>`);
export const mo = (sign: string): string => `<mo${'()'.includes(sign) ? ' stretchy="false"' : ''}>${sign}</mo>`;
export const row = (...parts: string[]): string => `<mrow>${parts.join('')}</mrow>`;
export const frac = (top: string, bottom: string): string => `<mfrac>${row(top)}${row(bottom)}</mfrac>`;
export const partial = (of: string, by: string): string => frac(`<mo>∂</mo>${of}`, `<mo>∂</mo>${by}`);
export const sum = (index: string): string => `<munder><mo>∑</mo><mi>${index}</mi></munder>`;
export const transposed = (letter: string): string => `<msup><mi>${letter}</mi><mi mathvariant="normal">T</mi></msup>`;

/** A number in a formula; a negative one in brackets where something stands before it. */
export function mn(value: number, first = true, digits = 4): string {
  const text = number(value, digits);
  const [mantissa, power] = text.split('e');
  const body = power === undefined ? `<mn>${mantissa}</mn>` : row(`<mn>${mantissa}</mn>`, mo('·'), `<msup><mn>10</mn><mn>${power}</mn></msup>`);
  return first || value >= 0 ? body : row(mo('('), body, mo(')'));
}

export const factors = (values: number[], digits = 4, first = true): string => values.map((v, i) => mn(v, first && i === 0, digits)).join(mo('·'));

/** Lines with an = below each other. */
export const lines = (...rows: [string, string][]): string =>
  `<mtable columnalign="right left">${rows.map(([left, right]) => `<mtr><mtd>${row(left)}</mtd><mtd>${row(mo('='), right)}</mtd></mtr>`).join('')}</mtable>`;
