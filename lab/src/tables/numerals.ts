// Ways in which people write numbers, brought to the one that computers read: deltaw.tables.numerals.
const WRITTEN = '−－＋．，％（）＄￥０１２３４５６７８９٫٬٪٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹';
const MEANT = '--+.,%()$¥0123456789.,%01234567890123456789';

const CODES = 'USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|KRW|AUD|CAD|BRL|MXN|RUB|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR';
const POINTED = '(?:Rs|kr|Rp|S?Fr)\\.';
export const CURRENCY = `(?:\\p{Lu}{0,3}\\p{Sc}|${CODES}|${POINTED}|Rs|kr|Rp)`;

// Rows of: a form, and how it is meant.
const FORMS: [form: RegExp, meant: string][] = [
  [/^\(\s*([^\d.()]*?)\s*(\.?\d[^()]*?)\s*\)$/, '$1-$2'],
  [new RegExp(`^([+-])\\s*(${CURRENCY}\\s*)([.\\d])`, 'u'), '$2$1$3'],
  [new RegExp(`^(${POINTED})([+-]?\\.?\\d)`, 'u'), '$1 $2'],
];
const MARK = new RegExp(`[${WRITTEN}]`, 'g'), LOOKS_ODD = new RegExp(`[${WRITTEN}]|^\\(|^[+-]\\s*[^\\s\\d.]|^${POINTED}[+-]?\\.?\\d`);

/** A stripped cell with its numbers in plain signs, the sign before the digits; words may change, too. */
export function plainNumerals(cell: string): string {
  if (!LOOKS_ODD.test(cell)) return cell;
  const signs = cell.replace(MARK, (sign) => MEANT[WRITTEN.indexOf(sign)]!);
  return FORMS.reduce((text, [form, meant]) => text.replace(form, meant), signs);
}
