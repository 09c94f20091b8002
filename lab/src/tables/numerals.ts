// Ways in which people write numbers, brought to the one that computers read: deltaw.tables.numerals.
// Zeros of scripts that have digits of their own, each followed by 1 to 9.
const ZEROS = '０٠۰०০੦૦୦௦౦೦൦๐໐༠၀០', DIGITS = '0123456789';
const WRITTEN = '−－＋．，％（）＄￥٫٬٪' + [...ZEROS].flatMap((zero) => [...DIGITS].map((_, i) => String.fromCharCode(zero.charCodeAt(0) + i))).join('');
const MEANT = '--+.,%()$¥.,%' + DIGITS.repeat(ZEROS.length);

const CODES = 'USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|KRW|AUD|CAD|BRL|MXN|RUB|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR';
const POINTED = '(?:Rs|kr|Rp|S?Fr)\\.';
export const CURRENCY = `(?:\\p{Lu}{0,3}\\p{Sc}|${CODES}|${POINTED}|Rs|kr|Rp)`;

// Rows of: a form, and how it is meant. In brackets a number is negative.
const FORMS: [form: RegExp, meant: string][] = [
  [/^([\d.,'’ \u00a0\u202f]*\d[.,]\d{2,})-$/, '-$1'],
  [new RegExp(`^([+-])\\s*(${CURRENCY}\\s*)([.\\d])`, 'u'), '$2$1$3'],
  [new RegExp(`^(${POINTED})([+-]?\\.?\\d)`, 'u'), '$1 $2'],
];
const BRACKETS = /^\(([^\d.()]*)(\.?\d[^()]*)\)$/;
const MARK = new RegExp(`[${WRITTEN}]`, 'g'), LOOKS_ODD = new RegExp(`[${WRITTEN}]|^\\(|\\d-$|^[+-]\\s*[^\\s\\d.]|^${POINTED}[+-]?\\.?\\d`);
// Nothing else is a number that has a digit.
const MAYBE_NUMBER = new RegExp(`^[\\s+(-]*(?!\\s)[\\p{Nd}.,'’_\\s${WRITTEN}]*(e[+${WRITTEN}-]*\\p{Nd}*)?[)-]?$`, 'iu');
export const mayBeNumber = (cell: string): boolean => /\p{Nd}/u.test(cell) && MAYBE_NUMBER.test(cell.trim());

/** A stripped cell with its numbers in plain signs, the sign before the digits; words may change, too. */
export function plainNumerals(cell: string): string {
  if (!LOOKS_ODD.test(cell)) return cell;
  const signs = cell.replace(MARK, (sign) => MEANT[WRITTEN.indexOf(sign)]!);
  const plain = signs.replace(BRACKETS, (_, before: string, number: string) => `${before.trim()}-${number.trim()}`);
  return FORMS.reduce((text, [form, meant]) => text.replace(form, meant), plain);
}
