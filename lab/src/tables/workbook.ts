// Excel workbooks (.xlsx), which are ZIP archives of XML: the first sheet with rows, by the rules of deltaw.tables.reading.formats.workbooks.
import { Refusal, listed, said, type Text } from '../said.ts';
import { members } from './archives.ts';
import { FEWEST_NAMES, noteOnNotes, notesBelow, noteOnNames, noteOnTotal, notesOnRepeated, notesOnRows, numbered, rowsAbove, rowsBelow, rowsIn, rowsOfNames, totalAtEnd } from './heads.ts';

/** What a sheet holds, as text. */
export interface Sheet {
  names: string[];
  rows: string[][];
  notes: Text[];
  texts: string[]; // columns with text in them
}

// --- XML, as programs write it ----------------------------------------------------------------------------------------

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const plain = (text: string): string =>
  text.includes('&') ? text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, digits, name) => (name ? (NAMED[name] ?? whole) : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(digits)))) : text;
/** The elements of a name: their attributes as they stand, and what is in them. */
const elements = (xml: string, name: string) => xml.matchAll(pattern(`<(?:\\w+:)?${name}(\\s[^>]*?)?(?:/>|>([^]*?)</(?:\\w+:)?${name}>)`, 'g'));
function attribute(attributes: string | undefined, name: string): string | undefined {
  const found = pattern(`\\s(?:\\w+:)?${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes ?? '');
  return found ? plain(found[1] ?? found[2]!) : undefined;
}
const PATTERNS = new Map<string, RegExp>(); // made once: a sheet has a million cells
function pattern(text: string, flags = ''): RegExp {
  const known = PATTERNS.get(text) ?? new RegExp(text, flags);
  PATTERNS.set(text, known);
  return known;
}
/** The text of an item, without how it is to be spoken. */
const textOf = (xml = ''): string => [...elements(xml.replace(/<(?:\w+:)?rPh[^]*?<\/(?:\w+:)?rPh>/g, ''), 't')].map(([, , text = '']) => plain(text)).join('');

// --- cells ------------------------------------------------------------------------------------------------------------

const DAY = 86_400_000, LEAP = 60; // milliseconds; the day that 1900 did not have, from which on Excel counts one too many
const [FROM_1900, FROM_1904] = [Date.UTC(1899, 11, 30), Date.UTC(1904, 0, 1)];
type Format = 'number' | 'day' | 'lasting';

/** What a number format shows; the first 164 have no code. */
function formatOf(id: number, codes: Map<number, string>): Format {
  const code = codes.get(id);
  if (code === undefined) return id === 46 ? 'lasting' : (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || id === 45 || id === 47 || (id >= 50 && id <= 58) ? 'day' : 'number';
  if (/\[(h+|m+|s+)\]/i.test(code)) return 'lasting';
  return /[dmyhs]/i.test(code.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|General|E[+-]/gi, '')) ? 'day' : 'number';
}
function shownAs(value: number, format: Format, since: number): string {
  if (format === 'number' || !Number.isFinite(value)) return String(value);
  if (format === 'lasting') return String(Math.round(value * DAY) / 1000);
  if (since === FROM_1900 && value < 1) return String(Math.floor(Math.round(value * DAY) / 1000)); // a time of the clock, without a day
  const begin = since + (since === FROM_1900 && value < LEAP ? DAY : 0), moment = new Date(begin + Math.round(value * DAY));
  return Number.isNaN(moment.getTime()) ? String(value) : moment.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '');
}

const column = (place: string): number => [...place].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1;

interface Book {
  texts: string[];
  formats: Format[]; // of styles
  since: number;
}

const [ROWS, COLUMNS, HEAD] = [2 ** 20, 2 ** 14, 20]; // of a sheet, at most; in which names are looked for
interface Row {
  at: number; // in its sheet, from 0
  cells: string[];
}

/** The rows of a sheet that hold something, from its first column that does; and the last row in which each column has text. */
function rowsOf(xml: string, { texts, formats, since }: Book): { all: Row[]; lastTexts: number[] } {
  const rows: Map<number, string>[] = [], lastTexts: number[] = [];
  for (const [, about, inside = ''] of elements(xml, 'row')) {
    const cells = new Map<number, string>(), row = Number(attribute(about, 'r') ?? rows.length + 1) - 1;
    for (const [, its, within = ''] of elements(inside, 'c')) {
      const place = /^[A-Z]+/.exec(attribute(its, 'r') ?? '')?.[0], at = place ? column(place) : Math.max(-1, ...cells.keys()) + 1;
      const type = attribute(its, 't'), value = [...elements(within, 'v')][0]?.[2], read = value === undefined ? '' : plain(value);
      const text = type === 's' ? (texts[Number(read)] ?? '') : type === 'inlineStr' ? textOf(within) : type === 'b' ? String(read === '1') : type === 'e' || read === '' ? '' : type === 'str' ? read
        : type === 'd' ? read.replace('T', ' ') : shownAs(Number(read), formats[Number(attribute(its, 's') ?? 0)] ?? 'number', since);
      if (text !== '') cells.set(at, text);
      if (type === 's' || type === 'inlineStr' || type === 'str') lastTexts[at] = row;
    }
    if (row >= ROWS || [...cells.keys()].some((at) => at >= COLUMNS)) throw new Error(`row ${row + 1}`);
    rows[row] = cells;
  }
  const there = [...rows.entries()].filter(([, row]) => row?.size);
  let left = Infinity, right = -1;
  for (const [, row] of there) for (const at of row.keys()) (left = Math.min(left, at)), (right = Math.max(right, at));
  return { all: there.map(([at, row]) => ({ at, cells: Array.from({ length: right - left + 1 }, (_, i) => row.get(left + i) ?? '') })), lastTexts: lastTexts.slice(left) };
}

const MOST_NOTES = 50; // rows of notes below a table
/** Which row is the first of notes below a table; their number where there are none. A row that is empty is not among them. */
function firstNote(rows: Row[]): number {
  const width = rows[0]!.cells.length, gap = rows.findIndex(({ at }, i) => i > 1 && at > rows[i - 1]!.at + 1);
  const are = width >= FEWEST_NAMES && gap > 0 && rows.length - gap < MOST_NOTES && notesBelow([[], ...rows.slice(gap).map(({ cells }) => cells)], width) === 0;
  return are ? gap : rows.length;
}

/** The names that the first row gives, each once; and no columns that have neither a name nor a cell. */
function tidy([head, ...rows]: string[][], hasText: (i: number) => boolean): Omit<Sheet, 'notes'> {
  const kept = head!.map((_, i) => i).filter((i) => head![i] || rows.some((row) => row[i])), names = numbered(kept.map((i) => head![i] || `column_${i + 1}`));
  return { names, rows: rows.map((row) => kept.map((i) => row[i]!)), texts: names.filter((_, k) => hasText(kept[k]!)) };
}

const MERGED = /<mergeCell ref="([A-Z]+(\d+):[A-Z]+(\d+))"/g, UNCALCULATED = /<c r="([A-Z]+\d+)"[^>]*><f[^>]*(?:\/>|>[^<]*<\/f>)(?:<v ?\/>|<v><\/v>)?<\/c>/g;
/** What to say of cells that show a value in a spreadsheet and have none in the file; `names`: the row of the names, above which merged cells are a title. */
function withoutValues(xml: string, names: number): Text[] {
  const merged = [...xml.matchAll(MERGED)].filter(([, , first, last]) => Number(last) > Math.max(Number(first), names)).map(([, cells]) => cells!), formulas = [...xml.matchAll(UNCALCULATED)].map(([, cell]) => cell!);
  const notes = merged.length ? [said('merged cells ({cells}) have a value in the first row only, the others are read as missing: unmerge them', { cells: listed(merged, 3) })] : [];
  if (formulas.length) notes.push(said('formulas without results ({cells}) are read as missing: open the workbook in a spreadsheet program and save it', { cells: listed(formulas, 3) }));
  const count = [...xml.matchAll(/<row [^>]*hidden="(?:1|true)"/g)].length;
  return count ? [...notes, said('{rows} that the sheet hides, as its filters do, are read as well: delete them if they are not meant', { rows: rowsIn(count) })] : notes;
}

export const isWorkbook = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && new TextDecoder('latin1').decode(bytes).includes('xl/workbook');

/** The first sheet with a header and rows. */
export async function readWorkbook(bytes: Uint8Array, source: string): Promise<Sheet> {
  const wrong = (reason: string): never => {
    throw new Refusal('{name}: expected an Excel workbook', said('an unreadable one ({reason})', { reason }), 'save it anew', { name: source });
  };
  try {
    const parts = new Map(members(bytes).map((each) => [each.name.toLowerCase(), each.read])), text = async (name: string): Promise<string> => new TextDecoder().decode(await parts.get(name.toLowerCase())?.());
    const [book, links, styles, strings] = await Promise.all(['workbook.xml', '_rels/workbook.xml.rels', 'styles.xml', 'sharedStrings.xml'].map((name) => text(`xl/${name}`))) as [string, string, string, string];
    const codes = new Map([...elements(styles, 'numFmt')].map(([, about]) => [Number(attribute(about, 'numFmtId')), attribute(about, 'formatCode') ?? '']));
    const formats = [...elements([...elements(styles, 'cellXfs')][0]?.[2] ?? '', 'xf')].map(([, about]) => formatOf(Number(attribute(about, 'numFmtId') ?? 0), codes));
    const since = /^(1|true)$/.test(attribute([...elements(book, 'workbookPr')][0]?.[1], 'date1904') ?? '') ? FROM_1904 : FROM_1900;
    const targets = new Map([...elements(links, 'Relationship')].map(([, about]) => [attribute(about, 'Id'), attribute(about, 'Target') ?? '']));
    const sheets = [...elements(book, 'sheet')].map(([, about]) => ({ name: attribute(about, 'name') ?? '', target: targets.get(attribute(about, 'id')) ?? '', hidden: /idden$/.test(attribute(about, 'state') ?? '') }));
    sheets.sort((a, b) => Number(a.hidden) - Number(b.hidden));
    const texts = [...elements(strings, 'si')].map(([, , inside]) => textOf(inside));
    if (!sheets.length) wrong('xl/workbook.xml');
    for (const { name, target } of sheets) {
      const xml = await text(target.startsWith('/') ? target.slice(1) : `xl/${target}`), { all, lastTexts } = rowsOf(xml, { texts, formats, since });
      const head = all.filter(({ at }) => at < all[0]!.at + HEAD).map(({ cells }) => cells), title = rowsAbove(head), [over, together] = rowsOfNames(head.slice(title)), joined = over > 0 && together.length > 0;
      const above = title + over - Number(joined), rows = all.slice(above), below = rows.splice(1, rowsBelow([...(joined ? [together] : []), ...head.slice(above + Number(joined))]));
      if (joined) rows[0] = { ...rows[0]!, cells: together };
      if (rows.length < 2) continue;
      const foot = rows.splice(firstNote(rows)), total = totalAtEnd(rows.slice(1).map(({ cells }) => cells));
      if (total) rows.pop();
      const others = sheets.filter((each) => each.name !== name).map((each) => each.name), notes: Text[] = [];
      if (others.length) notes.push(said('read from its sheet "{name}", not {others}', { name, others }));
      const [{ at: first }] = rows as [Row], last = below.at(-1)?.at ?? first;
      return { ...tidy(rows.map(({ cells }) => cells), (i) => lastTexts[i]! > last), notes: [...notes, ...notesOnRows(joined ? 0 : above && first, below.map(({ cells }) => cells)), ...(joined ? [noteOnNames(all[title]!.at + 1, over, together)] : []), ...(over ? [] : notesOnRepeated(rows[0]!.cells)), ...foot.slice(0, 1).map(({ cells }) => noteOnNotes(cells.find(Boolean)!)), ...(total ? [noteOnTotal(total)] : []), ...withoutValues(xml, first + 1)] };
    }
    throw new Refusal('{name}: expected a sheet with a header and rows', said('none in {names}', { names: sheets.map(({ name }) => name) }), 'give another sheet', { name: source });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return wrong(error instanceof Error ? error.message : String(error));
  }
}
