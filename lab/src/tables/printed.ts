// Printed tables, with lines of dashes: between bars, as SAP, Markdown and the clients of databases have them, or at fixed places above
// dashes; deltaw.tables.reading.formats.printed.
const BARS = /[│┃┆┇┊┋║]/g, HINT = /\||[\u2500-\u257f]|[-=][ \t]+[-=]/;
const DRAWN = /^[-=:|+_\s\u2500-\u257f]*$/, RULED = /--|==|:-|-:|[─━═]/;
const APART = /^\s*(-+|=+)(\s+(-+|=+))+$/; // a line of dashes below fields at fixed places
const LOOKED = 200, SIGNS = 1 << 16; // lines and signs in which the names and the dashes below them are looked for

const dashes = (line: string | undefined): boolean => line !== undefined && DRAWN.test(line) && RULED.test(line);
const plainLine = (line: string): string => line.replace(BARS, '|').trimEnd();

/** What makes a line of a printed table one with bars between its fields, and a blank one of what is no row; null for text that is not printed. */
function howPrinted(text: string): ((line: string) => string) | null {
  if (!HINT.test(text.slice(0, SIGNS))) return null;
  const lines = text.split('\n', LOOKED).map(plainLine), drawn = lines.filter((line) => line.includes('|') || dashes(line));
  const at = drawn.findIndex((line, i) => i + 1 < drawn.length && !dashes(line)), names = at < 0 ? '' : drawn[at]!.trim();
  if (dashes(drawn[at + 1]) && names.replace(/^\|+|\|+$/g, '').includes('|')) {
    const [before, behind] = [names.startsWith('|'), names.endsWith('|')];
    return (line) => {
      if (dashes(line) || !line.includes('|')) return '';
      const begun = before ? line.trim().replace(/^\|/, '') : line;
      return behind ? begun.replace(/\|$/, '') : begun;
    };
  }
  const above = lines.findIndex((line, i) => line && !dashes(line) && dashes(lines[i + 1]) && APART.test(lines[i + 1]!));
  if (above < 0) return null;
  const places = [...lines[above + 1]!.matchAll(/[-=]+/g)].map(({ index, 0: each }): [number, number] => [index, index + each.length]);
  const last = places.length - 1, between = (line: string): string => places.map(([begin], k) => line.slice(k && places[k - 1]![1], begin)).join('');
  const fields = (line: string): string => (!line || between(line).trim() ? line : places.map(([begin, end], k) => line.slice(begin, k < last ? end : undefined).trim()).join('|'));
  return fields(lines[above]!).includes('|') ? (line) => (dashes(line) ? '' : fields(line)) : null;
}
/** A printed table's text with bars between its fields; null for other text. */
export function unprinted(text: string): string | null {
  const plain = howPrinted(text);
  return plain && text.split('\n').map((line) => plain(plainLine(line))).join('\n').replace(/\n*$/, '\n');
}
