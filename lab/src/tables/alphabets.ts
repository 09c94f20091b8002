// Encodings of one byte a sign, recognised by pairs of neighbouring signs: deltaw.tables.reading.formats.alphabets, whose choice this is.

import { BALTIC, CENTRAL, CYRILLIC, GREEK, SIGNS, TURKISH, WESTERN } from './pairs.ts';

const HEBREW = ` ${String.fromCharCode(...Array.from({ length: 27 }, (_, i) => 0x5d0 + i))}`; // without a table: any two are as usual
const HEBREWS = `${HEBREW}\n${HEBREW}${`\n${'4'.repeat(28)}`.repeat(28)}`;
const ALPHABETS: [encoding: string, rarer: number, pairs: string][] = [
  ['Windows-1252', 0, WESTERN], ['Windows-1250', 2, CENTRAL], ['Windows-1251', 1, CYRILLIC], ['Windows-1253', 3, GREEK], ['Windows-1254', 3, TURKISH],
  ['Windows-1255', 5, HEBREWS], ['Windows-1257', 5, BALTIC], ['ISO-8859-15', 6, WESTERN], ['ISO-8859-2', 4, CENTRAL], ['ISO-8859-7', 10, GREEK], ['KOI8-U', 5, CYRILLIC],
  ['CP866', 5, CYRILLIC], ['Mac Cyrillic', 8, CYRILLIC], ['Mac Roman', 7, WESTERN], ['CP850', 7, WESTERN], ['CP852', 9, CENTRAL],
];
export const ALPHABETIC = ALPHABETS.map(([encoding]) => encoding);

// Bits of pairs that no language has; bits ahead of all other readings; bits of an average pair at most, and more in all; bytes that are looked at.
const UNUSUAL = 17, LEAD = 8, MOST = 10, ONCE = 5, SAMPLE = 1 << 14;
const WORD = /[^\s,;\t"|]*[^\0-\x7f][^\s,;\t"|]*/g, CONTROLS = /[\x80-\x9f]/;
const END = '(?![\\p{L}\\p{N}_])', BEGIN = '(?<![\\p{L}\\p{N}_])', LETTER = '[\\p{L}\\p{N}_]';
const ELISION = new RegExp(`(?<=${LETTER})’(?=(?:[sStdm]|re|ll|ve)${END})|(?<=${BEGIN}[cdjlmnstoCDJLMNSTO])’(?=${LETTER})|(?<=qu|Qu|ll|un)’(?=${LETTER})`, 'gu');
const isSmall = (sign: string): boolean => /\p{Lowercase}/u.test(sign), isLetter = (sign: string): boolean => /\p{L}/u.test(sign), isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** The bits of each pair in a text of pairs.ts. */
export function bitsIn(pairs: string): Map<string, number> {
  const [firsts, seconds, ...rows] = pairs.split('\n') as [string, string, ...string[]];
  return new Map(rows.flatMap((row, i) => [...row].flatMap((tier, k) => (+tier ? [[firsts[i]! + seconds[k], 2 + 2 * +tier] as const] : []))));
}

/** The encoding of lines with bytes beyond ASCII, which `read` reads in each; undefined where none is clear. */
export function alphabetOf(lines: Uint8Array[], read: (bytes: Uint8Array, encoding: string) => string | null): string | undefined {
  const sample = Uint8Array.from(lines.flatMap((line) => [...line.subarray(0, SAMPLE), 10]).slice(0, SAMPLE)), signs = bitsIn(SIGNS);
  const found = new Map<string, { encoding: string; bits: number; usual: boolean }>();
  for (const [encoding, rarer, pairs] of ALPHABETS) {
    const text = read(sample, encoding);
    if (text === null || CONTROLS.test(text)) continue;
    const usual = bitsIn(pairs);
    let bits = 0, count = 0;
    for (const [a, b] of pairsIn(text)) (bits += bitsOf(a, b, usual, signs)), count++;
    if (!(found.get(text)!?.bits < bits + rarer)) found.set(text, { encoding, bits: bits + rarer, usual: bits <= MOST * count + ONCE });
  }
  const [best, ...others] = [...found.values()].sort((a, b) => a.bits - b.bits);
  return best!.usual && others.every(({ bits }) => bits > best!.bits + LEAD) ? best!.encoding : undefined;
}

/** Pairs of neighbours in the different words of a text, with a sign beyond ASCII, and a blank at the ends. A small letter stands before a second
 * capital that small ones follow. */
function* pairsIn(text: string): Generator<[string, string]> {
  for (const word of new Set(text.replace(ELISION, "'").match(WORD)?.filter((word) => !isAscii(word)))) {
    const signs = [...` ${word} `];
    for (let i = 1; i < signs.length; i++) {
      const a = signs[i - 1]!, b = signs[i]!, first = /\p{Uppercase}/u.test(b) && isSmall(signs[i + 1] ?? ' ') ? a.toLowerCase() : a;
      if (!isAscii(first + b)) yield [first, b];
    }
  }
}

function bitsOf(a: string, b: string, usual: Map<string, number>, signs: Map<string, number>): number {
  if (isSmall(a) && /\p{Uppercase}/u.test(b)) return UNUSUAL;
  const pair = folded(a) + folded(b), kinds = [...pair].map((sign) => (isLetter(sign) ? 'a' : sign)).join('');
  return usual.get(pair) ?? signs.get(pair) ?? signs.get(kinds) ?? UNUSUAL;
}
/** A small letter, 0 for digits, a blank for other signs of ASCII; others as they are. */
const folded = (sign: string): string => (/\p{Nd}/u.test(sign) ? '0' : isLetter(sign) || !isAscii(sign) || sign === '/' ? sign.toLowerCase()[0]! : ' ');
