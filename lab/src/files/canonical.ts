// The one text of a JSON value, as Python's json writes it: sorted keys, no spaces, signs beyond ASCII escaped, numbers as Python shows
// them. A model file's digest is taken of that.

import { Refusal, said } from '../said.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function checkFinite(x: number): void {
  if (!Number.isFinite(x)) throw new Refusal('expected finite numbers in a model file', said('others'), 'go back to before they broke');
}
function number(x: number): string {
  checkFinite(x);
  if (x === 0 || (Math.abs(x) >= 1e-4 && Math.abs(x) < 1e16)) return String(x);
  const [digits, power] = x.toExponential().split('e') as [string, string];
  return `${digits}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}
const string = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
/** By code points, as Python sorts. */
function sorted(keys: string[]): string[] {
  const points = (key: string): number[] => [...key].map((sign) => sign.codePointAt(0)!);
  return keys.sort((a, b) => {
    const [x, y] = [points(a), points(b)], at = x.findIndex((point, i) => point !== y[i]);
    return at < 0 ? x.length - y.length : x[at]! - (y[at] ?? -1);
  });
}

export function canonical(value: Json): string {
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return string(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') return `{${sorted(Object.keys(value)).map((key) => `${string(key)}:${canonical(value[key]!)}`).join(',')}}`;
  return String(value);
}
