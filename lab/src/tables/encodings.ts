// Bytes as text: deltaw.tables.reading.formats.encodings. UTF-8 and UTF-16 are known by their form, the encodings of Chinese, Japanese and
// Korean by the letters that they give, others by pairs of letters (alphabets.ts). Where none is clear, the reader chooses.

import { Refusal, said } from '../said.ts';
import { ALPHABETIC, alphabetOf } from './alphabets.ts';
import { JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL } from './letters.ts';

export interface Decoded {
  text: string;
  encoding: string | null; // that was guessed or chosen, where the bytes are no UTF
}

const MARKS: [mark: number[], encoding: string][] = [[[0xff, 0xfe], 'utf-16le'], [[0xfe, 0xff], 'utf-16be']];
const LANGUAGES: [encoding: string, frequent: string][] = [['GB18030', SIMPLIFIED], ['Big5', TRADITIONAL + SIMPLIFIED], ['Shift_JIS', JAPANESE], ['EUC-JP', JAPANESE], ['EUC-KR', KOREAN]];
/** What bytes that are no UTF can be read as. */
export const ENCODINGS = [...LANGUAGES.map(([encoding]) => encoding), ...ALPHABETIC, 'Windows-1256', 'Windows-874', 'ISO-8859-5', 'ISO-8859-6'];
// The share of letters that must be frequent ones, how many there must be, and the ratio to the second best share.
const SHARE = 0.4, FEWEST = 2, LEAD = 1.5;
const SAMPLE = 1 << 16; // bytes of lines with other signs than ASCII that are looked at
// What browsers call otherwise, and the upper halves of what they do not know.
const CALLED: Record<string, string> = { 'Mac Cyrillic': 'x-mac-cyrillic', 'Mac Roman': 'macintosh' };
const BYTES = 'x-user-defined'; // a sign for each byte, those of ASCII as they are
const UPPER: Record<string, string> = {
  CP850: 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\xad±‗¾¶§÷¸°¨·¹³²■\xa0',
  CP852: 'ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\xad˝˛ˇ˘§÷¸°¨˙űŘř■\xa0',
};

// Files that are tables, and no text: deltaw.tables.reading.read.
const TO_CSV = 'write the table as CSV', AGAIN = 'write or fetch the file again', ANEW = 'unpack it, or compress it with gzip', COMPRESSED = 'a file that is compressed otherwise than by gzip';
const FOREIGN: [sign: RegExp, found: string, remedy: string][] = [
  [/^\0{12}\xc2\xea\x81\x60/, 'a table of SAS', TO_CSV], [/^\0{4}/, 'zero bytes, as a disk leaves them where a write was broken off', AGAIN],
  [/^\$FL[23]@/, 'a table of SPSS', TO_CSV], [/^<stata_dta>|^[\x69-\x73][\x01\x02]\x01\0/, 'a table of Stata', TO_CSV],
  [/^[+-]?\d[\d.eE+-]*( +(qid|\d+):[+-]?[\d.][\d.eE+-]*){2,} *(#|\r?\n|.{0,9}$)/, 'a sparse file (LIBSVM)', TO_CSV], [/^(%[^\n]*\n|\s)*@relation\s/i, 'an ARFF file (Weka)', TO_CSV],
  [/^RDX[23]\nX\n|^[XAB]\n\0\0\0[\x02\x03]/, 'an object of R', TO_CSV], [/^PK\x03\x04[^]{26}mimetypeapplication\/vnd\.oasis/, 'an OpenDocument file', 'save it as .xlsx or CSV'],
  [/^PK\x03\x04[^]{26}[^/]*\.npy/, 'arrays of NumPy (.npz)', TO_CSV], [/^PK\x03\x04/, 'an unreadable ZIP archive', AGAIN],
  [/^BZh[1-9](1AY&SY|\x17rE8P)|^\xfd7zXZ\0|^\x28\xb5\x2f\xfd|^7z\xbc\xaf\x27\x1c|^Rar!/, COMPRESSED, ANEW],
  [/^\xd0\xcf\x11\xe0/, 'an Excel workbook of the old kind (.xls)', 'save it as .xlsx or CSV'], [/^PAR1/, 'a Parquet file', TO_CSV], [/^ARROW1|^FEA1\0|^\xff{4}/, 'an Arrow file', TO_CSV],
  [/^ORC[^]{0,99}?[\0-\x08\x0e-\x1f]/, 'an ORC file', TO_CSV], [/^Obj\x01/, 'an Avro file', TO_CSV], [/^\x93NUMPY/, 'a single NumPy array', TO_CSV], [/^\x89HDF/, 'HDF5', TO_CSV],
  [/^SQLite format 3/, 'an SQLite database', TO_CSV], [/^%PDF/, 'a PDF', 'write its table as CSV'], [/^\x80[\x04\x05]/, 'a Python pickle', TO_CSV],
  [/^\x89PNG|^\xff\xd8\xff/, 'a picture', 'give a table with one row an image'], [/^<([!?]|html)|^<[^,;\t|\r\n]*([\r\n]|$)/i, 'HTML or XML', 'write its table as CSV'],
];

const HEAD = 9999; // bytes: comments may stand before what tells a format

const inEncoding = (bytes: Uint8Array, encoding: string): string | null => {
  const upper = UPPER[encoding];
  try {
    const text = new TextDecoder(upper ? BYTES : (CALLED[encoding] ?? encoding), { fatal: true }).decode(bytes);
    return upper ? text.replace(/[^\0-\x7f]/g, (sign) => upper[sign.charCodeAt(0) - 0xf780]!) : text;
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

/** The encoding in which some lines have mostly frequent letters, or usual pairs of them; undefined where none is clearly ahead, or one of each kind is. */
function language(bytes: Uint8Array): string | undefined {
  const lines = oddLines(bytes), shares = LANGUAGES.map(([encoding, frequent]) => ({ encoding, share: shareOf(lines, encoding, frequent) }));
  const [best, second] = shares.sort((a, b) => b.share - a.share) as [(typeof shares)[0], (typeof shares)[0]], alphabet = alphabetOf(lines, inEncoding);
  return best.share < SHARE || best.share < LEAD * second.share ? alphabet : alphabet ? undefined : best.encoding;
}

/** Whether most bytes beyond ASCII are UTF-8, and some are not. */
const isDamaged = (bytes: Uint8Array): boolean => {
  const right = new TextDecoder().decode(bytes).replace(/[\0-\x7f\ufffd]/g, '');
  return 2 * new TextEncoder().encode(right).length > bytes.reduce((count, byte) => count + Number(byte > 127), 0);
};

/** The word with the first byte that is no UTF-8, in each encoding that can read its line: a reader chooses by that. */
function readings(bytes: Uint8Array, source: string): Refusal {
  const at = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\ufffd', 1)[0]).length;
  const begin = bytes.lastIndexOf(10, at) + 1, end = bytes.indexOf(10, at), line = bytes.subarray(begin, end < 0 ? undefined : end), place = at - begin;
  const signs = inEncoding(line, BYTES)!, before = /[^\0-/;|]{0,12}$/.exec(signs.slice(0, place))![0].length, after = /^[^\0-/;|]*/.exec(signs.slice(place))![0].length;
  const words = new Map<string, string>();
  for (const encoding of ENCODINGS) {
    const text = inEncoding(line, encoding) && inEncoding(line.subarray(place - before, place + after), encoding)?.slice(0, 24);
    if (text && !/[\x80-\x9f]/.test(text) && !words.has(text)) words.set(text, encoding);
  }
  const n = bytes.subarray(0, at).reduce((count, byte) => count + Number(byte === 10), 1);
  return new Refusal(said('{source}: no encoding clearly fits line {n:,}; choose the one that reads it right', { source, n, readings: [...words] }));
}

/** Bytes as text: UTF-8 or UTF-16; else as the reader chose, or in the encoding whose signs they seem to be. */
export function decoded(bytes: Uint8Array, source: string, chosen?: string): Decoded {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD)), foreign = FOREIGN.find(([sign]) => sign.test(head));
  if (foreign) throw new Refusal('{source}: expected a table', said(foreign[1]), foreign[2], { source });
  const marked = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? unmarked(bytes), refused = (expected: string): Refusal =>
    new Refusal('{source}: expected text in {expected}', said('others'), 'mend the file', { source, expected });
  const zero = marked ? -1 : bytes.indexOf(0);
  if (zero >= 0) throw new Refusal('{source}: expected a table', said('binary data (a zero byte at position {position:,})', { position: zero }), TO_CSV, { source });
  const text = inEncoding(bytes, marked ?? 'utf-8');
  const japanese = text?.includes('\x1b$') ? inEncoding(bytes, 'ISO-2022-JP') : null; // sequences that switch between sets of signs
  if (text !== null) return { text: japanese ?? text, encoding: null };
  if (marked) throw refused(marked.toUpperCase());
  const encoding = chosen ?? (isDamaged(bytes) ? undefined : language(bytes));
  if (!encoding) throw readings(bytes, source);
  const own = inEncoding(bytes, encoding);
  if (own === null) throw refused(encoding);
  return { text: own, encoding };
}
