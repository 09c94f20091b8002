// Sentences as deltaw.speech has them: English with named fields, kept beside what stands in these, and said in the language of
// whoever reads them. What stands in fields is anybody's and stays as it is.

export interface Sentence {
  readonly say: string;
  readonly values: Readonly<Record<string, Text>>;
}
export type Text = string | number | Sentence | readonly Text[]; // several: one after the other

export const said = (say: string, values: Sentence['values'] = {}): Sentence => ({ say, values });
/** Some names, and how many more there are. */
export const listed = (names: string[], most = 8): Text => (names.length > most ? said('{shown} and {n:,} more', { shown: names.slice(0, most), n: names.length - most }) : names);

/** A text that was kept in English as the first of some sentences that it can be; itself where it is none. */
export function retold(text: string, sentences: string[]): Text {
  for (const say of sentences) {
    const found = new RegExp(`^${say.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+)')}$`, 's').exec(text);
    if (found) return said(say, { ...found.groups, ...(found.groups?.['how'] && { how: said(found.groups['how']) }) });
  }
  return text;
}

export type Words = Readonly<Record<string, string>>;
export const ENGLISH: Words = {};

/** A text in the language whose words are given, English sentence -> the sentence; a sentence that it lacks, in English. */
export function told(text: Text, words = ENGLISH): string {
  if (text instanceof Array) return text.map((each) => told(each, words)).join(words[', '] ?? ', ');
  if (typeof text !== 'object') return String(text);
  const { say, values } = text as Sentence;
  return filled(words[say] ?? say, values, words);
}

/** A sentence with the values in its fields; in Chinese each `beside` what it stands beside. */
export function filled(sentence: string, values: Sentence['values'], words = ENGLISH): string {
  const join = words === ENGLISH ? (left: string, right: string) => left + right : beside;
  const parts = sentence.split(/\{(\w+)(:,)?\}/); // text, a field's name, whether its thousands are parted; and so on
  let whole = parts[0]!;
  for (let i = 1; i < parts.length; i += 3) {
    const name = parts[i]!, value = values[name];
    const shown = value === undefined ? `{${name}}` : parts[i + 1] && typeof value === 'number' ? value.toLocaleString('en-US') : told(value, words);
    whole = join(join(whole, shown), parts[i + 2]!);
  }
  return whole;
}

const HAN = '\u4e00-\u9fff', WORD = '0-9A-Za-z²³\u00c0-\u03ff\u2070-\u209c∂∇√∞‖"\'`#$€_';
const TIGHT = new RegExp(`^(?:[${HAN}](?:[${WORD}(\\[\\-−+±~.]|/[${WORD}.])|[${WORD})\\]%′][${HAN}])`);

/** Two texts as one, with a blank where Chinese and a word or number of another script would touch: deltaw.speech. */
export const beside = (left: string, right: string): string => (TIGHT.test(left.slice(-1) + right.slice(0, 2)) ? `${left} ${right}` : left + right);

/** What cannot be used: what was expected, what was found, what to do; deltaw.exceptions. */
export class Refusal extends Error {
  readonly said: Sentence;

  /** Of its parts, or as another thread has said it. */
  constructor(whole: Sentence);
  constructor(expected: string, found: Text, remedy: string, values?: Sentence['values']);
  constructor(expected: string | Sentence, found: Text = '', remedy = '', values: Sentence['values'] = {}) {
    const whole = typeof expected === 'object' ? expected
      : said('{message}; {remedy}', { message: said('{expected}, found {found}', { expected: said(expected, values), found }), remedy: said(remedy, values) });
    super(told(whole));
    this.said = whole;
  }
}

/** Why something went wrong, to be said. */
export const reason = (error: unknown): Text => (error instanceof Refusal ? error.said : error instanceof Error ? error.message : String(error));
