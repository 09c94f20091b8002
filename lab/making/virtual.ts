// A module that the page imports by name, made when it is built of files that Python reads, too.

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import type { Plugin } from 'vite';

type Words = ReturnType<typeof parse>;

/** `made`: what the module exports, as JSON has it; `words` reads a file, and has the page made again when it changes. */
export function virtual(name: string, made: (words: (file: string) => Words) => unknown): Plugin {
  const asked = `virtual:${name}`, resolved = `\0${asked}`;
  return {
    name: `deltaw-${name}`,
    resolveId: (id) => (id === asked ? resolved : undefined),
    load(id) {
      if (id !== resolved) return undefined;
      const words = (file: string): Words => {
        this.addWatchFile(file);
        return parse(readFileSync(file, 'utf8'));
      };
      return `export default ${JSON.stringify(made(words))}`;
    },
  };
}
