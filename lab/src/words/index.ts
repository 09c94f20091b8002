// All words of the page in every language; a sentence's numbers stand in braces: "{share} of {units}".

import { en } from './en';
import { zh } from './zh';

export type Key = keyof typeof en;
export type Lang = 'en' | 'zh';
export const LANGUAGES: Record<Lang, string> = { en: 'English', zh: '中文' };

const CATALOGUES: Record<Lang, Record<Key, string>> = { en, zh };

export function text(lang: Lang, key: Key, values: Record<string, string | number> = {}): string {
  return CATALOGUES[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const known = (key: string): key is Key => key in en;

/** The first of the reader's languages that there are words for. */
export function preferred(wanted: readonly string[]): Lang {
  for (const tag of wanted) {
    const lang = tag.slice(0, 2).toLowerCase();
    if (lang in LANGUAGES) return lang as Lang;
  }
  return 'en';
}
