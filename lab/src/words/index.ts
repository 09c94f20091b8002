// All words of the page in every language; a sentence's numbers stand in braces: "{share} of {units}".

import pythons from 'virtual:sentences';
import { ENGLISH, filled, retold, told, type Text } from '../said';
import { en } from './en';
import { SENTENCES } from './sentences';
import { zh } from './zh';

export type Key = keyof typeof en;
export type Lang = 'en' | 'zh';
export const LANGUAGES: Record<Lang, string> = { en: 'English', zh: '中文' };

const SAID = { en: ENGLISH, zh: { ...pythons.said, ...pythons.kept, ...SENTENCES } };
const CATALOGUES: Record<Lang, Record<Key, string>> = { en, zh };

export function text(lang: Lang, key: Key, values: Record<string, Text> = {}): string {
  return filled(CATALOGUES[lang][key], values, SAID[lang]);
}

/** What tables and files say: their sentences are Python's. */
export const inWords = (lang: Lang, said: Text): string => told(said, SAID[lang]);

/** A reason that Python has kept in English. */
export const kept = (reason: string): Text => retold(reason, Object.keys(pythons.kept));

export const known = (key: string): key is Key => key in en;

/** The first of the reader's languages that there are words for. */
export function preferred(wanted: readonly string[]): Lang {
  for (const tag of wanted) {
    const lang = tag.slice(0, 2).toLowerCase();
    if (lang in LANGUAGES) return lang as Lang;
  }
  return 'en';
}
