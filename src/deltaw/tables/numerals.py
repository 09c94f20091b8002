"""Ways in which people write numbers, brought to the one that computers read: "−1.5", "１２", "٣٫٥", "(1.2)", "-$5"."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

# Signs that are typeset, full-width ones, and the digits of Arabic and Persian; under each what it stands for.
WRITTEN = "−－＋．，％（）＄￥０１２３４５６７８９٫٬٪٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"
MEANT = "--+.,%()$¥0123456789.,%01234567890123456789"

CODES = "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|KRW|AUD|CAD|BRL|MXN|RUB|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR"
POINTED = r"(?:Rs|kr|Rp|S?Fr)\."
CURRENCY = rf"(?:\p{{Lu}}{{0,3}}\p{{Sc}}|{CODES}|{POINTED}|Rs|kr|Rp)"

# Rows of: a form, and how it is meant. Accountants put what is below 0 in brackets, and Excel reads it so. The point
# behind a short name, as in Rs.500, belongs to it and to no number.
FORMS = (
    (r"^\(\s*([^\d.()]*?)\s*(\.?\d[^()]*?)\s*\)$", "${1}-${2}"),
    (rf"^([+-])\s*({CURRENCY}\s*)([.\d])", "${2}${1}${3}"),
    (rf"^({POINTED})([+-]?\.?\d)", "${1} ${2}"),
)
LOOKS_ODD = rf"[{WRITTEN}]|^\(|^[+-]\s*[^\s\d.]|^{POINTED}[+-]?\.?\d"


def plain_numerals(words: pl.Series) -> pl.Series:
    """Stripped text with its numbers in plain signs, the sign before the digits; words may change, too."""
    if not words.str.contains(LOOKS_ODD).any():  # a look is cheaper
        return words
    return per_cell(words, _plain)


def _plain(cell: pl.Expr) -> pl.Expr:
    cell = cell.str.replace_many(list(WRITTEN), list(MEANT))
    for form, meant in FORMS:
        cell = cell.str.replace(form, meant)
    return cell


def per_cell(words: pl.Series, what: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """A column of what an expression makes of each cell, or of those that it keeps."""
    return words.to_frame("cell").select(what(pl.col("cell"))).to_series().alias(words.name)


def without_gaps(column: pl.Series) -> pl.Series:
    """The cells that are not null: where all are, the column, since to look for them takes longer than to count."""
    return column.drop_nulls() if column.null_count() else column
