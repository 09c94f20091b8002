"""Numbers that are written with a unit: "12 kg", "48.1°N", "USD 1,200", "3 days".

A unit is kept as its form, the number's place in it a #: "#kg", "USD#". What stands before a number is a currency:
"A12" is no twelve. What a clock shows, "11:38", "3:05:10.5 pm", "0 days 00:01:30", is a number of seconds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import polars as pl

from deltaw.tables.numerals import CURRENCY, per_cell, plain_numerals, without_gaps

PLACE = "#"
NUMBER = r"[+-]?(?:\d(?:[\d.,'’ \u00a0\u202f]*\d)?\.?|\.\d+)(?:[eE][+-]?\d+)?"
# Thousands are parted by one sign, in threes or as in India: the 5'11 of 5'11" is no number, nor the 1.10.2 of 1.10.2b.
WELL_PARTED = (
    r"^[+-]?(?:(?:\d+(?:[.,]\d*)?|[.,]\d+)\.?(?:[eE].*)?|\d{1,3}(?:(?:,\d{3})+(?:\.\d*)?|(?:\.\d{3})+(?:,\d+)?"
    r"|(?:['’]\d{3})+(?:[.,]\d+)?|(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?)|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d*)?)$"
)
SIGN = "\u2103\u2109\u3371-\u33df"  # ℃, ℉, and units that fill one square, as in ㎡ and ㎏
BEHIND = rf"(?:[\p{{L}}\p{{Sc}}%‰°′″'\x22{SIGN}]|/ ?[\p{{L}}{SIGN}])[^#]{{0,19}}"
WITH_UNIT = rf"^(?:{CURRENCY}#(?:{BEHIND})?|#{BEHIND})$"
PLURAL = re.compile(r"[^\W\d_]{3}$")  # what may have an s behind it: 1 day, 2 days

# Hours and minutes, of a day or longer; with the days that pandas writes before them.
CLOCK = r"(?i)^(?:(\d{1,6}) days? )?(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?: ?([ap])\.?m\.?)?$"
SECONDS = "#s"

ENOUGH = 0.95  # the share of cells with one unit from which on it is the column's
A_NUMBER, BLANKS, ODD = re.compile(NUMBER), re.compile(rf"\s*{PLACE}\s*"), re.compile(r"[:(]|^[+-]|^[A-Za-z]+\.")
FEW, MOST = 50, 10  # cells that are looked at first; units of one column
CODES = 20  # so many different numbers may be those of codes, which letters tell apart: 7a, 10b, 2XL
LONGEST = 40  # letters of a form


class Units(NamedTuple):
    """The forms that the numbers of a column have, the commonest first, and the share of all cells that have each."""

    forms: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, words: pl.Series) -> Units:
        """Those of stripped text, null where missing; none where not nearly all cells are numbers with units."""
        present = without_gaps(words).alias("cell")
        head = present.head(FEW)
        for cells in (head, present):  # a look at a few is cheaper, and mostly enough
            different = cells.value_counts(name="rows")  # each of which is looked at once
            around = _around(different)
            if around is not None and max(around.values(), default=0) < ENOUGH * len(cells):
                if cells is head and sum(around.values()) >= (2 * ENOUGH - 1) * len(cells):
                    continue  # "1. Single" and "2. Married" have none in common, but the others may
                return cls((), ())
            forms = different.with_columns(_forms(different["cell"]).alias("form")).drop_nulls("form")
            if not len(cells) or forms["rows"].sum() < (2 * ENOUGH - 1) * len(cells):
                return cls((), ())
        counts = forms.group_by("form").agg(pl.col("rows").sum()).sort("rows", "form", descending=[True, False])
        return cls(tuple(counts["form"]), tuple(counts["rows"] / len(present)))

    @property
    def one(self) -> str:
        """The unit that all cells have, or nearly all: "#kg"; "" for none."""
        return self.forms[0] if self.forms and self.shares[0] >= ENOUGH else ""

    def several(self, words: pl.Series) -> tuple[str, ...]:
        """The units of `words` where all cells are numbers, or nearly all, and have several; else ().

        What is measured has many different numbers; of few, words say as much, and they may be codes.
        """
        several = 1 < len(self.forms) <= MOST and sum(self.shares) >= ENOUGH and not self.one
        if not several or per_cell(words, lambda cell: cell.str.extract(f"({NUMBER})")).n_unique() <= CODES:
            return ()
        return tuple(map(plain_unit, self.forms))


def unit_of(words: pl.Series) -> str:
    """The unit that all cells have, or nearly all: "#kg"; "" for none. `words`: stripped text, null where missing."""
    return Units.of(words).one


def with_unit(words: pl.Series) -> bool:
    """Whether any of some stripped words is a number with a unit."""
    return _forms(words).null_count() < len(words)


def plain_unit(unit: str) -> str:
    """A unit as people write it: "kg"."""
    return unit.replace(PLACE, "")


def is_unit(value: object) -> bool:
    """Whether a value is a form that a unit may have."""
    return isinstance(value, str) and value != PLACE and value.count(PLACE) == 1 and len(value) <= LONGEST


def without_unit(words: pl.Series, unit: str) -> pl.Series:
    """The same text without the unit, where a cell has it; its numbers in plain signs."""
    before, _, behind = unit.partition(PLACE)
    more = "s?" if PLURAL.search(behind) else ""
    words = plain_numerals(words)
    words = per_cell(words, _in_seconds) if unit == SECONDS else words
    words = words.str.replace(rf"^{re.escape(before)}\s*", "") if before else words
    return words.str.replace(rf"\s*{re.escape(behind)}{more}$", "") if behind else words


def _around(counts: pl.DataFrame) -> dict[str, int] | None:
    """What stands around the numbers of so few words that they may be codes, and how many cells have it; None for more
    words, and for others than plain ones, which only `_forms` tells.

    Units that differ here differ there, and Python says so without Polars' start of an expression.
    """
    words, rows = counts["cell"].to_list(), counts["rows"].to_list()
    if len(words) > CODES or any(not word.isascii() or ODD.search(word) for word in words):
        return None
    found: dict[str, int] = {}
    for word, n in zip(words, rows, strict=True):
        form, numbers = A_NUMBER.subn(PLACE, word, count=1)
        if numbers:
            form = BLANKS.sub(PLACE, form).rstrip("s")
            found[form] = found.get(form, 0) + n
    return found


def _forms(cells: pl.Series) -> pl.Series:
    """The form of each cell that is a number with a unit, null for others."""
    return per_cell(plain_numerals(cells), _form)


def _form(cell: pl.Expr) -> pl.Expr:
    bare = cell.str.replace(NUMBER, PLACE).str.replace(r"\s*#\s*", PLACE).str.replace(r"([\p{L}]{3})s$", "$1")
    form = pl.when(cell.str.contains(CLOCK)).then(pl.lit(SECONDS)).otherwise(bare)
    number = pl.when(form != SECONDS).then(cell.str.extract(f"({NUMBER})")).otherwise(pl.lit("0"))
    return pl.when(form.str.contains(WITH_UNIT) & number.str.contains(WELL_PARTED)).then(form)


def _in_seconds(cell: pl.Expr) -> pl.Expr:
    """1:00:05 -> 3605.0, 1:00 pm -> 46800.0; any other text as it is."""
    days, hours, minutes, seconds = (cell.str.extract(CLOCK, i).cast(pl.Float64) for i in range(1, 5))
    half = cell.str.extract(CLOCK, 5).str.to_lowercase()
    hours = pl.when(half.is_null()).then(hours).otherwise(hours % 12 + 12 * (half == "p"))
    total = ((days.fill_null(0) * 24 + hours) * 60 + minutes) * 60 + seconds.fill_null(0)
    return pl.coalesce(total.cast(pl.String), cell)
