// Words that mean that a cell is missing; see deltaw.tables.missing.

export const MISSING = [
  '', 'na', 'n/a', 'nan', 'null', 'none', '?', '<na>', '#n/a', 'nat',
  '.', '..', '(null)', '\\n', '#na', '#value!', '#div/0!', '#ref!', '#name?', '#num!', '#null!',
];
export const isMissing = (cell: string): boolean => MISSING.includes(cell.trim().toLowerCase());

// Signs that are not seen (a zero-width space, marks of the direction of writing, a byte order mark), and blanks of typesetting and of Chinese.
const UNSEEN = /[\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069]/g, BLANKS = /[\u00a0\u2007\u202f\u3000]/g;
/** A cell in Unicode's NFC, so that Köln is one word: some systems write ö as o and two points; without what is not seen. */
const composed = (cell: string): string => (/[^\0-\x7f]/.test(cell) ? cell.normalize('NFC').replace(UNSEEN, '').replace(BLANKS, ' ') : cell);
/** A cell's word, null where it is missing. */
export const wordOf = (cell: string): string | null => {
  const word = composed(cell).trim();
  return isMissing(word) ? null : word;
};
