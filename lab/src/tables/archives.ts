// ZIP archives: the members that a workbook is made of, or a table in one, and perhaps what describes it; deltaw.tables.reading.formats.zipped.
import { Refusal, listed, said, type Text } from '../said.ts';

export interface Member {
  name: string;
  locked: boolean; // by a password
  read: () => Promise<Uint8Array>;
}

const GROWTH = 100, HARMLESS = 2 ** 26; // archives that grow more, and beyond what harms nobody, are made to fill a memory
/** The members of an archive; raises where it is none, or gives too much. */
export function members(bytes: Uint8Array): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), found: Member[] = [];
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) --end; // raises where there is none
  let at = view.getUint32(end + 16, true), room = Math.max(HARMLESS, GROWTH * bytes.length);
  for (let n = view.getUint16(end + 10, true); n > 0; --n) {
    const [flags, method, packed, size, own, more, comment, place] = [...[8, 10].map((k) => view.getUint16(at + k, true)), ...[20, 24].map((k) => view.getUint32(at + k, true)), ...[28, 30, 32].map((k) => view.getUint16(at + k, true)), view.getUint32(at + 42, true)] as [number, number, number, number, number, number, number, number];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + own)), from = place + 30 + view.getUint16(place + 26, true) + view.getUint16(place + 28, true);
    if ((room -= size) < 0) throw new RangeError(`${name}: ${size.toLocaleString('en-US')} bytes`);
    const read = async (): Promise<Uint8Array> => {
      const content = bytes.subarray(from, from + packed);
      return method ? inflated(content, size) : content;
    };
    found.push({ name, locked: (flags & 1) > 0, read });
    at += 46 + own + more + comment;
  }
  return found;
}

async function inflated(content: Uint8Array, size: number): Promise<Uint8Array> {
  const reader = new Blob([content as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader(), whole = new Uint8Array(size);
  for (let at = 0, part = await reader.read(); !part.done; at += part.value.length, part = await reader.read()) whole.set(part.value, at); // raises where it gives more than it says
  return whole;
}

const FORMATS = /\.npy$|^(xl\/|\[Content_Types\]\.xml|mimetype)/; // of archives that are formats themselves
const BESIDE = /\/$|^__MACOSX\/|(^|\/)\.[^/]*$/; // folders, and what systems put beside files
// What holds a table, and what does where no other file does; and what describes one, by its name.
const TABLES = [/\.(csv|tsv|tab|data|dat|parquet|arrow|feather|jsonl|ndjson|npz|xlsx)(\.gz)?$/i, /\.(txt|json)(\.gz)?$/i];
const ABOUT = /(read.?me|licen[cs]e|copying|notice|meta.?data|datapackage|code.?book|dictionary|description)[^/]*$/i;
/** The table in an archive, telling the others in it; other bytes as they are. */
export async function unzipped(bytes: Uint8Array, name: string, notes: Text[] = []): Promise<Uint8Array> {
  const inside = bytes[0] === 0x50 && bytes[1] === 0x4b ? membersOf(bytes) : [];
  if (!inside.length || inside.some((member) => FORMATS.test(member.name))) return bytes;
  const refuse = (found: Text, remedy: string): never => {
    throw new Refusal('{name}: expected a ZIP archive with one table in it', found, remedy, { name });
  };
  const there = inside.filter(({ name }) => !BESIDE.test(name)), names = (of: Member[]): string[] => of.map(({ name }) => name);
  const files = there.length < 2 ? there : TABLES.map((ending) => there.filter(({ name }) => ending.test(name) && !ABOUT.test(name))).find(({ length }) => length) ?? [], [file] = files;
  if (!file || files.length > 1) return refuse(there.length ? listed(names(file ? files : there)) : said('none'), 'unpack it, and give one of its files');
  if (there.length > 1) notes.push(said('read from "{name}" in the archive, not {others}', { name: file.name, others: listed(names(there.filter((each) => each !== file)), 3) }));
  if (file.locked) return refuse(said('one that a password locks'), 'unpack it');
  const found = await file.read().catch((error: Error) => refuse(said('an unreadable one ({reason})', { reason: error.message }), 'unpack it'));
  return plain(found, name);
}

const MOST = 2 ** 28; // bytes that are read: more would not fit into a page
export function checkSize(n: number, name: string): void {
  if (n > MOST) throw new Refusal('{name}: expected at most {most:,} bytes', said('{n:,}', { n }), 'learn from it by deltaw train, or open a part of it', { name, most: MOST });
}
/** A file's bytes, without gzip around them. */
export async function plain(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const reader = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip')).getReader(), parts: BlobPart[] = [];
  const read = (): ReturnType<typeof reader.read> => reader.read().catch(({ message }: Error) => {
    throw new Refusal('{name}: expected a whole gzip, bzip2 or xz file', said('an unreadable one ({reason})', { reason: message }), 'compress or fetch it again', { name });
  });
  for (let size = 0, part = await read(); !part.done; part = await read()) {
    parts.push(part.value as BlobPart);
    checkSize((size += part.value.length), name);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
/** None where bytes are no archive that can be read: who reads the format says so. */
function membersOf(bytes: Uint8Array): Member[] {
  try {
    return members(bytes);
  } catch {
    return [];
  }
}
