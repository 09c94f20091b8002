"""Numbers with a unit: "12 kg", "48.1°N", "USD 1,200", "3 days".

A unit is stored as a form with # for the number: "#kg", "USD#". Only currencies come before a number ("A12" is a word).
Times and durations, "11:38", "3:05:10.5 pm", "0 days 00:01:30", are numbers of seconds. × stands for a multiple of the
unit that each cell names: "€#×" for €1.2M and €650K, "#×g" for 1.5 kg and 800 g.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import NamedTuple

import polars as pl

from deltaw.tables.numerals import CURRENCY, per_cell, plain_numerals, without_gaps

PLACE = "#"
NUMBER = r"[+-]?(?:\d(?:[\d.,'’ \u00a0\u202f]*\d)?\.?|\.\d+)(?:[eE][+-]?\d+)?"
# With one thousands separator, in threes or as in India: not the 5'11 of 5'11", nor the 1.10.2 of 1.10.2b.
WELL_PARTED = (
    r"^[+-]?(?:(?:\d+(?:[.,]\d*)?|[.,]\d+)\.?(?:[eE].*)?|\d{1,3}(?:(?:,\d{3})+(?:\.\d*)?|(?:\.\d{3})+(?:,\d+)?"
    r"|(?:['’]\d{3})+(?:[.,]\d+)?|(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?)|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d*)?)$"
)
SIGN = "\u2103\u2109\u3371-\u33df"  # ℃, ℉, and square units such as ㎡ and ㎏
BEHIND = rf"(?:[\p{{L}}\p{{Sc}}%‰°′″'\x22{SIGN}]|/ ?[\p{{L}}{SIGN}])[^#]{{0,19}}"
WITH_UNIT = rf"^(?:(?:{CURRENCY}|±)#(?:{BEHIND})?|#{BEHIND})$"
PLURAL = re.compile(r"[^\W\d_]{3}$")  # may be followed by an s: 1 day, 2 days

# Times of day and durations, with days as pandas and Python write them; and of several parts, 2h 50m, or by ISO 8601.
CLOCK = r"(?i)^(?:(\d{1,6}) days?,? )?(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?: ?([ap])\.?m\.?)?$"
SPAN = (
    r"(?i)^(?:(\d+) ?d(?:ays?)?,? ?)?(?:(\d+) ?h(?:rs?|ours?)?,? ?)?(?:(\d+) ?m(?:ins?|inutes?)?,? ?)?"
    r"(?:(\d+(?:\.\d+)?) ?s(?:ecs?|econds?)?)?$"
)
PARTS, ISO = r"\d ?[A-Za-z]+,? ?\d", r"^P(\d+D)?(?:T(\d.*))?$"
SECONDS = "#s"

# (pattern of a unit, its multiples by their powers of ten); without those that others write for something else: m for a
# million of no currency, MG for a thousandth.
MULTIPLE = "×"
COUNTED = {
    "": 0, "k": 3, "K": 3, "thousand": 3, "Tsd": 3, "M": 6, "mn": 6, "Mn": 6, "Mio": 6, "million": 6, "Million": 6,
    "B": 9, "bn": 9, "Bn": 9, "Mrd": 9, "billion": 9, "Billion": 9, "T": 12, "tn": 12, "trillion": 12,
    "Lac": 5, "Lakh": 5, "Cr": 7, "Crore": 7,
    "千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8, "万亿": 12,
}  # fmt: skip
MULTIPLES = (
    ("|[元円원人]", COUNTED),
    (CURRENCY, COUNTED | {"m": 6, "b": 9, "Th": 3, "L": 5}),
    ("B", {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12}),
    ("[gG]", {"": 0, "µ": -6, "m": -3, "k": 3, "K": 3}),
    ("m", {"": 0, "µ": -6, "m": -3, "c": -2, "k": 3}),
    ("[lL]", {"": 0, "µ": -6, "m": -3, "c": -2, "d": -1, "h": 2}),
    ("s", {"": 0, "n": -9, "µ": -6, "m": -3}),
    ("W|Wh|V|Hz", {"": 0, "m": -3, "k": 3, "M": 6, "G": 9}),
)
ZERO = r"^0(?:[.,]0+)?$"
UNGROUPED = r"^[+-]?\d*(?:\.\d*|,\d{1,2})?$"  # numbers that may be multiplied: 1,200K would be read in two ways

ENOUGH = 0.95  # share of cells with the column's unit
A_NUMBER, BLANKS, ODD = (
    re.compile(NUMBER),
    re.compile(rf"\s*{PLACE}\s*"),
    re.compile(rf"[:(]|^[+-]|^[A-Za-z]+\.|{PARTS}|{ISO}"),
)
FEW, MOST = 50, 10  # cells checked first; units of one column
CODES = 20  # distinct numbers up to which letters may make codes of them: 7a, 10b, 2XL
LONGEST = 40  # characters of a form


class Units(NamedTuple):
    """The forms of a column's numbers, the most frequent first, and the share of cells of each."""

    forms: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, words: pl.Series) -> Units:
        """The units of stripped text (null if missing); none unless nearly all cells are numbers with units, or 0."""
        present = without_zeros(without_gaps(words)).alias("cell")
        head = present.head(FEW)
        for cells in (head, present):  # mostly the first few are enough
            different = cells.value_counts(name="rows")
            around = _around(different)
            if around is not None and max(around.values(), default=0) < ENOUGH * len(cells):
                if cells is head and sum(around.values()) >= (2 * ENOUGH - 1) * len(cells):
                    continue  # "1. Single" and "2. Married" differ, but others may share a unit
                return cls((), ())
            read = different.with_columns(_forms(different["cell"]).alias("form"))
            if scaled := _scaled(read, whole=cells is present):
                if cells is head:
                    continue
                return cls((scaled,), (1.0,))
            forms = read.drop_nulls("form")
            if cells is head and forms.is_empty() and different["cell"].str.contains(f"^{NUMBER}$").all():
                continue  # 1.2万 may be below
            if not len(cells) or forms["rows"].sum() < (2 * ENOUGH - 1) * len(cells):
                return cls((), ())
        counts = forms.group_by("form").agg(pl.col("rows").sum()).sort("rows", "form", descending=[True, False])
        return cls(tuple(counts["form"]), tuple(counts["rows"] / len(present)))

    @property
    def one(self) -> str:
        """The unit of nearly all cells: "#kg"; "" for none."""
        return self.forms[0] if self.forms and self.shares[0] >= ENOUGH else ""

    def several(self, words: pl.Series) -> tuple[str, ...]:
        """The units of `words`, if nearly all are numbers, with several units and many distinct values; else ()."""
        several = 1 < len(self.forms) <= MOST and sum(self.shares) >= ENOUGH and not self.one
        if not several or per_cell(words, lambda cell: cell.str.extract(f"({NUMBER})")).n_unique() <= CODES:
            return ()
        return tuple(map(plain_unit, self.forms))


def without_zeros(words: pl.Series) -> pl.Series:
    """Words but 0, which is the same in any unit."""
    zeros = words.str.contains(ZERO)
    return words.filter(~zeros) if zeros.any() else words


def unit_of(words: pl.Series) -> str:
    """The unit of nearly all cells: "#kg"; "" for none. `words`: stripped text, null if missing."""
    return Units.of(words).one


def with_unit(words: pl.Series) -> bool:
    """Whether any stripped word is a number with a unit."""
    return _forms(words).null_count() < len(words)


def plain_unit(unit: str) -> str:
    """A unit for messages: "kg"; of counts in thousands and millions "1"."""
    shown = unit.replace(PLACE, "")
    return "1" if shown == MULTIPLE else shown.replace(MULTIPLE, "")


def is_unit(value: object) -> bool:
    """Whether a value is a valid form."""
    return isinstance(value, str) and value != PLACE and value.count(PLACE) == 1 and len(value) <= LONGEST


def without_unit(words: pl.Series, unit: str) -> pl.Series:
    """The text without the unit, normalised."""
    before, _, behind = unit.partition(PLACE)
    if behind.startswith(MULTIPLE):
        return per_cell(plain_numerals(words), partial(_multiplied, before=before, unit=behind[1:]))
    more = "s?" if PLURAL.search(behind) else ""
    words = plain_numerals(words)
    words = per_cell(words, _in_seconds) if unit == SECONDS else words
    words = words.str.replace(rf"^{re.escape(before)}\s*", "") if before else words
    return words.str.replace(rf"\s*{re.escape(behind)}{more}$", "") if behind else words


def _around(counts: pl.DataFrame) -> dict[str, int] | None:
    """Forms of at most CODES plain words -> number of cells, faster than `_forms` (which may merge none of them); None
    for other words.
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
    """The form of each cell that is a number with a unit; null for others."""
    cells = plain_numerals(cells)
    found = per_cell(cells, _form)
    if not per_cell(cells, _of_parts).any():
        return found
    alone = found.str.replace(PLACE, "1").str.contains(SPAN)  # 19h beside 2h 50m
    return pl.select(pl.when(alone).then(pl.lit(SECONDS)).otherwise(found)).to_series()


def _of_parts(cell: pl.Expr) -> pl.Expr:
    """Whether it is a duration of several parts, or of ISO 8601."""
    plain = cell.str.replace(ISO, "${1}${2}")
    return plain.str.contains(SPAN) & (cell.str.contains(PARTS) | ((plain != cell) & (plain != "")))


def _form(cell: pl.Expr) -> pl.Expr:
    bare = cell.str.replace(NUMBER, PLACE).str.replace(r"\s*#\s*", PLACE).str.replace(r"([\p{L}]{3})s$", "$1")
    form = pl.when(cell.str.contains(CLOCK) | _of_parts(cell)).then(pl.lit(SECONDS)).otherwise(bare)
    number = pl.when(form != SECONDS).then(cell.str.extract(f"({NUMBER})")).otherwise(pl.lit("0"))
    return pl.when(form.str.contains(WITH_UNIT) & number.str.contains(WELL_PARTED)).then(form)


def _scaled(read: pl.DataFrame, whole: bool) -> str:
    """The form with ×, if nearly all cells are multiples of one unit; "" if not, or if the letters may be codes.

    Args:
        read: different cells, their `form` and number of `rows`.
        whole: whether these are all cells, so that few different numbers make codes.
    """
    counts = dict(read.drop_nulls("form").group_by("form").agg(pl.col("rows").sum()).iter_rows())
    parts = {form: form.replace(".", "").replace(" ", "").partition(PLACE) for form in counts}
    before = {part[0] for part in parts.values()}
    one_unit = 0 < len(parts) <= MOST and len(before) == 1
    found = _multiples({part[2] for part in parts.values()}, *before) if one_unit else None
    if found is None:
        return ""
    unit, powers = found
    rows = int(read["rows"].sum())
    bare = read.filter(pl.col("form").is_null() & pl.col("cell").str.contains(f"^{NUMBER}$"))
    one = len(set(powers.values())) == 1  # multiple, beside numbers without any
    if sum(counts.values()) + int(bare["rows"].sum()) < ENOUGH * rows or (
        one and (unit or not len(bare) or max(counts.values()) >= ENOUGH * rows)
    ):
        return ""
    numbers = read["cell"].str.extract(f"({NUMBER})")
    grouped = read["form"].is_not_null() & (~numbers.str.contains(UNGROUPED) | read["cell"].str.contains(":"))
    if grouped.any() or (whole and numbers.n_unique() <= CODES):
        return ""
    return f"{before.pop()}{PLACE}{MULTIPLE}{unit}"


def _multiples(behind: set[str], before: str) -> tuple[str, dict[str, int]] | None:
    """(the unit, the powers of ten) of which all these texts behind numbers are multiples; None if there is none."""
    shortest = min(behind, key=len)
    for unit in (shortest[i:] for i in range(len(shortest) + 1)):
        powers = _powers(before + unit)
        if powers and all(text.endswith(unit) and text.removesuffix(unit) in powers for text in behind):
            return unit, {text: powers[text.removesuffix(unit)] for text in behind}
    return None


@cache
def _powers(unit: str) -> dict[str, int]:
    """The multiples of a unit, by their powers of ten; {} if it has none."""
    cell = pl.Series([unit])
    return next((powers for pattern, powers in MULTIPLES if cell.str.contains(f"^(?:{pattern})$")[0]), {})


def _multiplied(cell: pl.Expr, before: str, unit: str) -> pl.Expr:
    """€1.2M -> 1.2e6; other text, and numbers of the unit itself, without the unit."""
    powers = {name: f"e{power}" if power else "" for name, power in _powers(before + unit).items()}
    names = "|".join(sorted(filter(None, powers), key=len, reverse=True))
    form = rf"^(?:{re.escape(before)})?\s*({NUMBER})(?:\s*(?:({names})s?)?\.?\s*{re.escape(unit)})?$"
    power = cell.str.extract(form, 2).fill_null("").replace_strict(powers, default=None, return_dtype=pl.String)
    return pl.coalesce(cell.str.extract(form, 1) + power, cell)


def _in_seconds(cell: pl.Expr) -> pl.Expr:
    """1:00:05 -> 3605.0, 1:00 pm -> 46800.0, 2h 50m -> 10200.0; other text unchanged."""
    plain = cell.str.replace(ISO, "${1}${2}")
    parts = (pl.coalesce(cell.str.extract(CLOCK, i), plain.str.extract(SPAN, i)) for i in range(1, 5))
    days, hours, minutes, seconds = (part.cast(pl.Float64).fill_null(0) for part in parts)
    half = cell.str.extract(CLOCK, 5).str.to_lowercase()
    hours = pl.when(half.is_null()).then(hours).otherwise(hours % 12 + 12 * (half == "p"))
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    known = cell.str.contains(CLOCK) | (plain.str.contains(SPAN) & (plain != ""))
    return pl.when(known).then(total.cast(pl.String)).otherwise(cell)
