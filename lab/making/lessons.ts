// The sentences of the lessons, from the same files that Python reads: a module that the page imports by name.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'smol-toml';
import type { Plugin } from 'vite';

const FOLDER = resolve(import.meta.dirname, '../../src/deltaw/lessons/words');
// In the order in which they are best read; what of their words the page has use for.
const LESSONS = ['line', 'lines', 'neuron', 'signals', 'errors', 'descent', 'split', 'gradient', 'step', 'data', 'network'];
const KEYS = ['title', 'idea'];

const NAME = 'virtual:lessons';
const RESOLVED = `\0${NAME}`;

export function lessons(): Plugin {
  return {
    name: 'deltaw-lessons',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) return undefined;
      const all = LESSONS.map((name) => {
        const file = resolve(FOLDER, `${name}.toml`);
        this.addWatchFile(file);
        const words = parse(readFileSync(file, 'utf8'));
        return [name, Object.fromEntries(KEYS.map((key) => [key, words[key]]))];
      });
      return `export default ${JSON.stringify(Object.fromEntries(all))}`;
    },
  };
}
