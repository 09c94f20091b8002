// Days as text, and round ones along an axis. A day is a number: days since 1970-01-01, with the time as a fraction.

import { DATE_FORMATS, dayOf } from '../tables/days';
import { ticks } from './numbers';

const DAY = 86_400_000; // milliseconds
const STEPS = [1 / 60, 1 / 12, 0.25, 1, 3, 6]; // hours that are round
export const ISO = '%Y-%m-%dT%H:%M:%S%.f';

/** "2024-03-01T12:00:00.000": what dayOf reads by ISO. */
export const isoOf = (day: number): string => new Date(Math.round(day * DAY)).toISOString().slice(0, -1);

/** A day as one reads it, with its time where it has one. */
export const dayText = (day: number): string => (Number.isFinite(day) ? isoOf(day).slice(0, Number.isInteger(day) ? 10 : 16).replace('T', ' ') : '');

/** A day of a column's own way to write it, or of any known one; NaN for none. */
export function dayIn(word: string, format: string): number {
  for (const each of [format, ...Object.keys(DATE_FORMATS)]) {
    const day = dayOf(word, each);
    if (!Number.isNaN(day)) return day;
  }
  return NaN;
}

/** Round years, months, days or hours between two ends. */
export function dayTicks(low: number, high: number): { text: string; at: number }[] {
  const [from, to] = [new Date(low * DAY), new Date(high * DAY)];
  const months = (date: Date): number => 12 * date.getUTCFullYear() + date.getUTCMonth();
  const first = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12) / DAY;
  const whole = (a: number, b: number): number[] => ticks(a, b, 3).filter(Number.isInteger);
  if (high - low > 1000) return whole(from.getUTCFullYear() + 1, to.getUTCFullYear()).map((year) => ({ text: String(year), at: Date.UTC(year, 0) / DAY }));
  if (high - low > 90) return whole(months(from) + 1, months(to)).map((month) => ({ text: isoOf(first(month)).slice(0, 7), at: first(month) }));
  if (high - low < 2) {
    const step = (STEPS.find((hours) => 24 * (high - low) <= 6 * hours) ?? 12) / 24, begin = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - begin + 1 }, (_, i) => (begin + i) * step).map((at) => ({ text: dayText(at).slice(-5), at }));
  }
  return whole(low, high).map((day) => ({ text: isoOf(day).slice(5, 10), at: day }));
}
