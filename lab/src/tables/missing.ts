// Words that mean that a cell is missing; see deltaw.tables.missing.

export const MISSING = [
  '', 'na', 'n/a', 'nan', 'null', 'none', '?', '<na>', '#n/a', 'nat',
  '.', '..', '(null)', '\\n', '#na', '#value!', '#div/0!', '#ref!', '#name?', '#num!', '#null!',
];
export const isMissing = (cell: string): boolean => MISSING.includes(cell.trim().toLowerCase());

/** A cell's word, null where it is missing; composed (Unicode's NFC), so that Köln is one word: some systems write ö as o and two points. */
export const wordOf = (cell: string): string | null => (isMissing(cell) ? null : cell.trim().normalize('NFC'));
