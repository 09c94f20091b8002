// Bytes as text: deltaw.tables.reading.formats.encodings. UTF-8 and UTF-16 are known by their form, the encodings of Chinese, Japanese and
// Korean by the letters that they give; of the others Python asks its user, and the lab takes one, says which, and lets the reader choose.

import { Refusal, said } from '../said.ts';
import { JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL } from './letters.ts';

export interface Decoded {
  text: string;
  encoding: string | null; // that was guessed or chosen, where the bytes are no UTF
}

const MARKS: [mark: number[], encoding: string][] = [[[0xff, 0xfe], 'utf-16le'], [[0xfe, 0xff], 'utf-16be']];
/** What bytes that are no UTF can be read as. */
export const ENCODINGS = ['GB18030', 'Big5', 'Shift_JIS', 'EUC-JP', 'EUC-KR', 'Windows-1252', 'Windows-1250', 'Windows-1251', 'Windows-1253', 'KOI8-R'];

const LANGUAGES: [encoding: string, frequent: string][] = [['GB18030', SIMPLIFIED], ['Big5', TRADITIONAL + SIMPLIFIED], ['Shift_JIS', JAPANESE], ['EUC-JP', JAPANESE], ['EUC-KR', KOREAN]];
// The share of letters that must be frequent ones, and how many there must be.
const SHARE = 0.4, FEWEST = 2;
const SAMPLE = 1 << 16; // bytes of lines with other signs than ASCII that are looked at
// Of those that take any bytes, the words that a right reading has: of one alphabet, with capitals in front only.
const SMALL = /(?<!\p{L})[А-ЯЁ]?[а-яё]{2,}(?!\p{L})/gu, CAPITAL = /(?<!\p{L})[А-ЯЁ]{3,}(?!\p{L})/gu;
const WORDS: [encoding: string, words: RegExp][] = [['Windows-1251', SMALL], ['KOI8-R', SMALL], ['Windows-1251', CAPITAL]];

// Files that are tables, and no text: deltaw.tables.reading.read.
const TO_CSV = 'write the table as CSV', ANEW = 'unpack it, or compress it with gzip', COMPRESSED = 'a file that is compressed otherwise than by gzip';
const FOREIGN: [sign: RegExp, found: string, remedy: string][] = [
  [/^\0{12}\xc2\xea\x81\x60/, 'a table of SAS', TO_CSV], [/^\0{4}/, 'zero bytes, as a disk leaves them where a write was broken off', 'write or fetch the file again'],
  [/^\$FL[23]@/, 'a table of SPSS', TO_CSV], [/^<stata_dta>|^[\x69-\x73][\x01\x02]\x01\0/, 'a table of Stata', TO_CSV],
  [/^RDX[23]\nX\n|^[XAB]\n\0\0\0[\x02\x03]/, 'an object of R', TO_CSV], [/^PK\x03\x04[^]{26}mimetypeapplication\/vnd\.oasis/, 'an OpenDocument file', 'save it as .xlsx or CSV'],
  [/^PK\x03\x04[^]{26}[^/]*\.npy/, 'arrays of NumPy (.npz)', TO_CSV], [/^PK\x03\x04/, 'a ZIP archive', 'unpack it'],
  [/^BZh[1-9](1AY&SY|\x17rE8P)|^\xfd7zXZ\0|^\x28\xb5\x2f\xfd|^7z\xbc\xaf\x27\x1c|^Rar!/, COMPRESSED, ANEW],
  [/^\xd0\xcf\x11\xe0/, 'an Excel workbook of the old kind (.xls)', 'save it as .xlsx or CSV'], [/^PAR1/, 'a Parquet file', TO_CSV], [/^ARROW1|^FEA1\0|^\xff{4}/, 'an Arrow file', TO_CSV],
  [/^ORC[^]{0,99}?[\0-\x08\x0e-\x1f]/, 'an ORC file', TO_CSV], [/^Obj\x01/, 'an Avro file', TO_CSV], [/^\x93NUMPY/, 'a single NumPy array', TO_CSV], [/^\x89HDF/, 'HDF5', TO_CSV],
  [/^SQLite format 3/, 'an SQLite database', TO_CSV], [/^%PDF/, 'a PDF', 'write its table as CSV'], [/^\x80[\x04\x05]/, 'a Python pickle', TO_CSV],
  [/^\x89PNG|^\xff\xd8\xff/, 'a picture', 'give a table with one row an image'], [/^<([!?]|html)|^<[^,;\t|\r\n]*([\r\n]|$)/i, 'HTML or XML', 'write its table as CSV'],
];

const inEncoding = (bytes: Uint8Array, encoding: string): string | null => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** UTF-16 without a mark: the signs of ASCII have a zero in one half of their bytes, never in the other. */
function unmarked(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, 4096), zeros = [0, 0];
  head.forEach((byte, i) => (zeros[i % 2]! += Number(!byte)));
  return Math.min(...zeros) ? undefined : ['utf-16be', 'utf-16le'].find((_, i) => zeros[i]! > head.length / 8);
}

/** The first lines that have other signs than ASCII. */
function oddLines(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let begin = 0, size = 0, odd = false, i = 0; i <= bytes.length && size < SAMPLE; ++i) {
    if (i < bytes.length && bytes[i] !== 10 && bytes[i] !== 13) odd ||= bytes[i]! >= 0x80;
    else {
      if (odd) size += found[found.push(bytes.subarray(begin, Math.min(i, begin + SAMPLE))) - 1]!.length;
      (begin = i + 1), (odd = false);
    }
  }
  return found;
}

/** Which share of the letters beyond ASCII is frequent, 0 where some line cannot be read or says too little. */
function shareOf(lines: Uint8Array[], encoding: string, frequent: string): number {
  const known = new Set(frequent);
  let letters = 0, right = 0;
  for (const line of lines) {
    const text = inEncoding(line, encoding);
    if (text === null) return 0;
    for (const sign of text.match(/[^\0-\x7f]/gu) ?? []) (letters += Number(/\p{L}/u.test(sign))), (right += Number(known.has(sign)));
  }
  return right < FEWEST ? 0 : right / letters;
}

/** The encoding whose reading has most frequent letters, the first of equals; undefined where none has enough. */
function language(bytes: Uint8Array): string | undefined {
  const lines = oddLines(bytes), shares = LANGUAGES.map(([encoding, frequent]) => ({ encoding, share: shareOf(lines, encoding, frequent) }));
  const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
  return best.share >= SHARE ? best.encoding : undefined;
}

/** Bytes as text: UTF-8 or UTF-16; else by the encoding whose signs they seem to be, or Windows-1252; or as the reader chose. */
export function decoded(bytes: Uint8Array, source: string, chosen?: string): Decoded {
  const head = String.fromCharCode(...bytes.subarray(0, 200)), foreign = FOREIGN.find(([sign]) => sign.test(head));
  if (foreign) throw new Refusal('{source}: expected a table', said(foreign[1]), foreign[2], { source });
  const marked = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? unmarked(bytes);
  const text = inEncoding(bytes, chosen ?? marked ?? 'utf-8');
  if (text !== null) return { text, encoding: chosen ?? null };
  if (chosen || marked) throw new Refusal('{source}: expected text in {expected}', said('others'), 'mend the file', { source, expected: (chosen ?? marked!).toUpperCase() });
  const likely = (encoding: string, words: RegExp): boolean => {
    const text = inEncoding(bytes, encoding) ?? '', count = (found: RegExp): number => (text.match(found) ?? []).join('').length;
    return 2 * count(words) > count(/[^\0-\x7f]/g);
  };
  const encoding = language(bytes) ?? WORDS.find((each) => likely(...each))?.[0] ?? 'Windows-1252';
  return { text: inEncoding(bytes, encoding)!, encoding };
}
