// How a number reads: the same way everywhere on the page, with a true minus, never longer than it has to be.

/** To so many significant digits; very large and very small ones by powers of ten. */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, 'e') : trimmed(value, digits);
  return text.replace('e+', 'e').replaceAll('-', '−');
}

/** A number as it stands in a field, and one as it was typed there: with whichever minus, comma or point. */
export const editable = (value: number, digits = 4): string => number(value, digits).replaceAll('−', '-');
export const typed = (text: string): number => (text.trim() ? Number(text.replaceAll('−', '-').replace(',', '.')) : NaN);

function trimmed(value: number, digits: number): string {
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(decimals, 12));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A count, with its thousands apart. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en').replaceAll('-', '−');

/** A share as per cent: "97.3%". */
export const percent = (share: number, digits = 1): string => (Number.isFinite(share) ? `${trimmedZero(100 * share, digits)}%` : '–');

const trimmedZero = (value: number, digits: number): string => value.toFixed(digits).replace(/\.0+$/, '').replace('-', '−');

/** Round numbers between two ends, about so many and two at least: 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, about = 4): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((s) => 1.25 * s * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9), found = Array.from({ length: 2 * about + 2 }, (_, i) => (first + i) * step || 0);
  return [...new Set(found)].filter((tick) => tick <= high + 1e-9 * step);
}

/** Numbers as texts that tell them apart. */
export function apart(values: number[]): string[] {
  const texts = (digits: number): string[] => values.map((value) => number(value, digits));
  let digits = 3;
  while (digits < 17 && new Set(texts(digits)).size < values.length) digits++;
  return texts(digits);
}

/** The middle one of some numbers. */
export function median(values: ArrayLike<number>): number {
  const sorted = new Float64Array(values).sort(); // NaN last
  let n = sorted.length;
  while (n && Number.isNaN(sorted[n - 1])) n--;
  const half = n >> 1;
  return n === 0 ? 0 : n % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
