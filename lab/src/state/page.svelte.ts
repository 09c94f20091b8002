// How the page looks to this reader: language, colours, motion, and what a teacher hid. Kept between visits where the
// browser allows it.

import type { Text } from '../said';
import { inWords, LANGUAGES, preferred, text, type Key, type Lang } from '../words';
import type { Theme } from './colour';

const HIDEABLE = ['data', 'settings', 'play', 'rewind', 'fork', 'curves', 'surface', 'drawer', 'doctor', 'lessons', 'share', 'structure'] as const;
export type Part = (typeof HIDEABLE)[number];

class Page {
  lang = $state<Lang>('en');
  choice = $state<Theme | 'auto'>('auto');
  system = $state<Theme>('light');
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  wide = $state(true);
  low = $state(false); // a screen on which there is not room for all of the right column
  scale = $state(1); // of pixels against a page of 15 px letters
  theme = $derived<Theme>(this.choice === 'auto' ? this.system : this.choice);

  begin(): void {
    const asked = new URLSearchParams(location.search);
    const before = kept('lang');
    this.lang = before !== null && before in LANGUAGES ? (before as Lang) : preferred(asked.get('lang') ? [asked.get('lang')!] : navigator.languages);
    this.choice = (kept('theme') as Theme) ?? 'auto';
    this.hidden = new Set((asked.get('hide') ?? '').split(',').filter(Boolean));
    follow('(prefers-color-scheme: dark)', (dark) => { this.system = dark ? 'dark' : 'light'; });
    follow('(min-width: 1000px)', (wide) => { this.wide = wide; });
    follow('(min-width: 1000px) and (max-height: 850px)', (low) => { this.low = low; });
    const measure = () => { this.scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15; };
    measure();
    addEventListener('resize', measure);
  }

  say = (key: Key, values?: Record<string, Text>): string => text(this.lang, key, values);
  tell = (said: Text): string => inWords(this.lang, said);

  shows = (part: Part): boolean => !this.hidden.has(part);

  /** Whoever made the page speaks this: it counts before the browser's language, not before what the reader chose. */
  suggest(lang: Lang): void {
    if (!kept('lang') && !new URLSearchParams(location.search).get('lang')) this.lang = lang;
  }

  speak(lang: Lang): void {
    this.lang = lang;
    keep('lang', lang);
  }

  dress(choice: Theme | 'auto'): void {
    this.choice = choice;
    keep('theme', choice);
  }
}

function follow(query: string, then: (matches: boolean) => void): void {
  const media = matchMedia(query);
  then(media.matches);
  media.addEventListener('change', (event) => then(event.matches));
}

/** From a file a browser may refuse to keep anything: then nothing is kept. */
function kept(name: string): string | null {
  try {
    return localStorage.getItem(`deltaw.${name}`);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`deltaw.${name}`, value);
  } catch { /* see above */ }
}

export const page = new Page();
export const say = page.say;
