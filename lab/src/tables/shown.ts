/** A number as deltaw.numbers writes it: to five digits, thousands apart. */
export function shown(x: number, digits = 5): string {
  const exponent = x === 0 ? 0 : Math.floor(Math.log10(Math.abs(x)));
  if (!Number.isFinite(x) || exponent < -4 || exponent >= 12) return x.toPrecision(digits).replace(/\.?0*(e|$)/, '$1').replace('e+', 'e').replaceAll('-', '−');
  const places = Number.isInteger(x) ? 0 : Math.max(digits - 1 - exponent, 0);
  const text = x.toLocaleString('en-US', { maximumFractionDigits: Math.min(places, 20) });
  return (/^-?\d,\d{3}$/.test(text) ? text.replace(',', '') : text).replace('-', '−');
}
