// The Chinese of what tables and files say, from the same files that Python reads: the sentences that stand in the lab's sources, and the
// reasons that Python keeps in English.

import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { virtual } from './virtual';

const CATALOGUE = resolve(import.meta.dirname, '../../src/deltaw/speech/zh'), SOURCES = resolve(import.meta.dirname, '../src');
const SPOKEN = ['engine', 'files', 'state', 'tables'];
const CALLED = ['constant', 'identifier', 'text', 'year', 'week', 'day']; // said as they are called

const within = (folder: string, ending: string): string[] => readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => resolve(folder, name));

export const sentences = (): Plugin =>
  virtual('sentences', (words) => {
    const text = [resolve(SOURCES, 'said.ts'), ...SPOKEN.flatMap((folder) => within(resolve(SOURCES, folder), '.ts'))].map((file) => readFileSync(file, 'utf8')).join('').replaceAll("\\'", "'");
    const stands = (english: string): boolean => (/^\w+$/.test(english) ? CALLED.includes(english) || text.includes(`said('${english}'`) : text.includes(`'${english}'`) || text.includes(`"${english}"`));
    const all = within(CATALOGUE, '.toml').flatMap((file) => Object.entries(words(file)));
    return { said: Object.fromEntries(all.filter(([english]) => stands(english))), kept: words(resolve(CATALOGUE, 'kept/reasons.toml')) };
  });
