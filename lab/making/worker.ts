// A worker's script stands once in the page: what imports a worker can have its text, too, for browsers that have no workers.

import type { Plugin } from 'vite';

export function sources(): Plugin {
  return {
    name: 'deltaw-worker-sources',
    enforce: 'post',
    // Vite keeps it in a constant of this name where it builds, and nowhere where it serves.
    transform: (code, id) => (/worker\.ts\?worker&inline/.test(id) ? `${code}\nexport const source = ${code.includes('jsContent') ? 'jsContent' : "''"};` : undefined),
  };
}
