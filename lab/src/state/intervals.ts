// How far a score may be off for want of rows: 95% intervals; deltaw.models.scoring.intervals.

const Z = 1.959964; // of a normal distribution 95% lie so many deviations about its mean

export type Estimate = [value: number, low: number, high: number];

/** A share of n rows, by Wilson's interval: right also where all or none are. */
export function ofShare(share: number, n: number): Estimate {
  const z2 = Z ** 2 / n, middle = (share + z2 / 2) / (1 + z2), reach = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n));
  return [share, middle - reach, middle + reach];
}

/** R² and RMSE by the squared errors and the squared distances from the mean: the delta method on the logarithm of the mean squares that
 * both are made of. Python draws rows anew, which comes to nearly the same. */
export function ofSquares(errors: number[], spreads: number[]): { r2: Estimate; rmse: Estimate } {
  const n = errors.length, mean = (of: (i: number) => number): number => errors.reduce((sum, _, i) => sum + of(i), 0) / n;
  const error = mean((i) => errors[i]!), spread = mean((i) => spreads[i]!), share = error / spread, rmse = Math.sqrt(error);
  const reach = (pull: (i: number) => number): number => Math.exp(Z * Math.sqrt(mean((i) => pull(i) ** 2) / n));
  const ofR2 = reach((i) => errors[i]! / error - spreads[i]! / spread), ofRmse = Math.sqrt(reach((i) => errors[i]! / error - 1));
  return { r2: [1 - share, 1 - share * ofR2, 1 - share / ofR2], rmse: [rmse, rmse / ofRmse, rmse * ofRmse] };
}
