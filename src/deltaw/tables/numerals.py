"""Normalisation of typographic numbers: "−1.5", "１２", "٣٫٥", "(1.2)", "-$5"."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

# Zeros of the scripts that have digits of their own, each followed by 1 to 9: full-width, Arabic, Persian, Devanagari,
# Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam, Thai, Lao, Tibetan, Burmese, Khmer.
ZEROS = "０٠۰०০੦૦୦௦౦೦൦๐໐༠၀០"
# Typographic, full-width and Arabic characters, and digits; in MEANT the ASCII character of each.
WRITTEN = "−－＋．，％（）＄￥٫٬٪" + "".join(chr(ord(zero) + i) for zero in ZEROS for i in range(10))
MEANT = "--+.,%()$¥.,%" + "0123456789" * len(ZEROS)

CODES = "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|KRW|AUD|CAD|BRL|MXN|RUB|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR"
POINTED = r"(?:Rs|kr|Rp|S?Fr)\."
# \ is how Shift_JIS writes the yen, and EUC-KR the won.
CURRENCY = rf"(?:\p{{Lu}}{{0,3}}\p{{Sc}}|\\|{CODES}|{POINTED}|Rs|kr|Rp)"

# Pattern -> replacement. In accounting and Excel brackets mean a negative number, and in SAP a minus behind a fraction
# (behind a whole number it may be part of a mark: 2-). The point of an abbreviation, as in Rs.500, is not part of the
# number, nor is /- in India, which says that nothing follows.
FORMS = (
    (r"^\(\s*([^\d.()]*?)\s*(\.?\d[^()]*?)\s*\)$", "${1}-${2}"),
    (r"^([\d.,'’ \u00a0\u202f]*\d[.,]\d{2,})-$", "-${1}"),
    (r"^([^/]*\d)\s*/-$", "${1}"),
    (rf"^({CURRENCY})\s*\(\s*(\.?\d[^()]*?)\s*\)$", "${1}-${2}"),
    (rf"^([+-])\s*({CURRENCY}\s*)([.\d])", "${2}${1}${3}"),
    (rf"^({POINTED})([+-]?\.?\d)", "${1} ${2}"),
)
LOOKS_ODD = rf"[{WRITTEN}]|^\(|\d\s*\)$|\d-$|/-$|^[+-]\s*[^\s\d.]|^{POINTED}[+-]?\.?\d"


def plain_numerals(words: pl.Series) -> pl.Series:
    """Stripped text with numbers in ASCII, the sign before the digits; words may change, too."""
    if not words.str.contains(LOOKS_ODD).any():
        return words
    return per_cell(words, _plain)


def _plain(cell: pl.Expr) -> pl.Expr:
    cell = cell.str.replace_many(list(WRITTEN), list(MEANT))
    for form, meant in FORMS:
        cell = cell.str.replace(form, meant)
    return cell


def per_cell(words: pl.Series, what: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """The column after an expression."""
    return words.to_frame("cell").select(what(pl.col("cell"))).to_series().alias(words.name)


def without_gaps(column: pl.Series) -> pl.Series:
    """`drop_nulls`, faster if there are none."""
    return column.drop_nulls() if column.null_count() else column
