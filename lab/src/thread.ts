// Threads run the script of the page itself, which asks by its name what it is to do (main.ts).

export type Name = 'engine' | 'painter';

const { deltawScript } = globalThis as { deltawScript?: string }; // making/loader.js; none where Vite serves
export const threadFor = (name: Name): Worker => (deltawScript ? new Worker(deltawScript, { name }) : new Worker('/src/main.ts', { name, type: 'module' }));
