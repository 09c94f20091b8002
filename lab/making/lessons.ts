// The sentences of the lessons, from the same files that Python reads: a module that the page imports by name.

import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { virtual } from './virtual';

const FOLDER = resolve(import.meta.dirname, '../../src/deltaw/lessons/words');
// In the order in which they are best read; what of their words the page has use for.
const LESSONS = ['line', 'lines', 'neuron', 'signals', 'errors', 'descent', 'split', 'gradient', 'step', 'data', 'network'];
const KEYS = ['title', 'idea'];

export const lessons = (): Plugin =>
  virtual('lessons', (words) => {
    const keysOf = (found: ReturnType<typeof words>): unknown => Object.fromEntries(KEYS.map((key) => [key, found[key]]));
    return Object.fromEntries(LESSONS.map((name) => [name, keysOf(words(resolve(FOLDER, `${name}.toml`)))]));
  });
