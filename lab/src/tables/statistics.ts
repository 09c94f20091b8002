// Sums and quantiles as NumPy makes them, to the last bit: what a preparation learns here is what it learns in Python.

/** Pairwise, in blocks of 128 with eight sums each. */
export function sum(x: Float64Array, from = 0, count = x.length): number {
  if (count < 8) {
    let total = 0;
    for (let i = 0; i < count; ++i) total += x[from + i]!;
    return total;
  }
  if (count <= 128) {
    const r = Array.from({ length: 8 }, (_, j) => x[from + j]!);
    let i = 8;
    for (; i + 8 <= count; i += 8) for (let j = 0; j < 8; ++j) r[j]! += x[from + i + j]!;
    let total = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
    for (; i < count; ++i) total += x[from + i]!;
    return total;
  }
  const half = Math.floor(count / 2), left = half - (half % 8);
  return sum(x, from, left) + sum(x, from + left, count - left);
}
export const mean = (x: Float64Array): number => sum(x) / x.length;
export const deviation = (x: Float64Array): number => {
  const centre = mean(x);
  return Math.sqrt(sum(x.map((each) => (each - centre) * (each - centre))) / x.length);
};

export const ascending = (x: Float64Array): Float64Array => x.slice().sort();

/** Of sorted numbers, the line between the two nearest. */
export function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1), below = Math.floor(place), t = place - below;
  const a = sorted[below]!, b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}
/** Of sorted numbers, one of them: "inverted_cdf". */
export function quantileAmong(sorted: Float64Array, q: number): number {
  const place = sorted.length * q - 1, below = Math.floor(place);
  return sorted[Math.max(0, place === below ? below : below + 1)]!;
}
/** In halves: the mean of two may overflow. */
export function median(x: Float64Array): number {
  if (!x.length) return 0;
  const halves = ascending(x.map((each) => each / 2)), middle = halves.length >> 1;
  return 2 * (halves.length % 2 ? halves[middle]! : (halves[middle - 1]! + halves[middle]!) / 2);
}
export const least = (x: Float64Array): number => x.reduce((a, b) => Math.min(a, b), Infinity);
export const greatest = (x: Float64Array): number => x.reduce((a, b) => Math.max(a, b), -Infinity);
