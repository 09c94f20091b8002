// Errors and scores as they came, at most so many points: then every other one is forgotten, and only points as far apart come after.
import type { History } from './types.ts';

const MOST = 2000;
export const POINT = ['moments', 'epochs', 'trainError', 'heldError', 'trainScore', 'heldScore'] as const;
export type Point = Record<(typeof POINT)[number], number>;

export class Curves {
  private points: Point[] = [];
  private apart = 1; // moments

  /** The moment of the last point. */
  get end(): number {
    return this.points.at(-1)?.moments ?? -1;
  }
  add(point: Point): void {
    const last = this.points.at(-1);
    if (last && point.moments <= last.moments) this.forgetAfter(point.moments - 1);
    // The last point always stands; it makes room for the next one where the one before it is too near.
    const before = this.points.at(-2);
    if (before && this.points.length > 2 && this.points.at(-1)!.moments - before.moments < this.apart) this.points.pop();
    this.points.push(point);
    if (this.points.length <= MOST) return;
    this.points = this.points.filter((_, i) => i % 2 === 0);
    this.apart = (2 * (this.points.at(-1)!.moments - this.points[0]!.moments)) / MOST;
  }
  forgetAfter(moment: number): void {
    while (this.points.length && this.points.at(-1)!.moments > moment) this.points.pop();
  }
  all(): History {
    const column = (name: (typeof POINT)[number]): Float64Array => Float64Array.from(this.points, (point) => point[name]);
    return Object.fromEntries(POINT.map((name) => [name, column(name)])) as unknown as History;
  }
  static from(history: History): Curves {
    const made = new Curves();
    history.moments.forEach((_, i) => made.points.push(Object.fromEntries(POINT.map((name) => [name, history[name][i]])) as Point));
    return made;
  }
}

/** The moment of the least E of the rows held out, at the end of an epoch: other points of a curve come when there is time. */
export function bestMoment({ moments, epochs, heldError }: History): number {
  let best = -1;
  heldError.forEach((E, i) => { if (Number.isInteger(epochs[i]) && E < (heldError[best] ?? Infinity)) best = i; });
  return moments[best] ?? 0;
}
