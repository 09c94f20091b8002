// Sentences as deltaw.speech has them: English with named fields, kept beside what stands in these, and said in the language of
// whoever reads them. What stands in fields is anybody's and stays as it is.

export interface Sentence {
  readonly say: string;
  readonly values: Readonly<Record<string, Text>>;
}
export type Text = string | number | Sentence | readonly Text[]; // several: one after the other

export const said = (say: string, values: Sentence['values'] = {}): Sentence => ({ say, values });

/** A text in the language whose words are given, English sentence -> the sentence; a sentence that it lacks, in English. */
export function told(text: Text, words: Readonly<Record<string, string>> = {}): string {
  if (text instanceof Array) return text.map((each) => told(each, words)).join(words[', '] ?? ', ');
  if (typeof text !== 'object') return String(text);
  const { say, values } = text as Sentence;
  return (words[say] ?? say).replace(/\{(\w+)(:,)?\}/g, (whole, name: string, thousands?: string) => {
    const value = values[name];
    return value === undefined ? whole : thousands && typeof value === 'number' ? value.toLocaleString('en-US') : told(value, words);
  });
}

/** What cannot be used: what was expected, what was found, what to do; deltaw.exceptions. */
export class Refusal extends Error {
  readonly said: Sentence;

  constructor(expected: string, found: Text, remedy: string, values: Sentence['values'] = {}) {
    const message = said('{expected}, found {found}', { expected: said(expected, values), found });
    const whole = said('{message}; {remedy}', { message, remedy: said(remedy, values) });
    super(told(whole));
    this.said = whole;
  }
}

/** Why something went wrong, to be said. */
export const reason = (error: unknown): Text => (error instanceof Refusal ? error.said : error instanceof Error ? error.message : String(error));
