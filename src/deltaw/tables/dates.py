"""What is worth saying of words that look like dates: why they are none, or that the same text says other ones."""

from __future__ import annotations

import polars as pl

from deltaw.speech import listed, say
from deltaw.tables.cells import DATE_FORMATS, MISTAKES, read_dates
from deltaw.tables.table import clip

LIKE_A_DATE = r"\d\D+\d"
SOME = 50  # cells that tell in which ways dates may be written
ENOUGH = 0.5  # of all cells: so many dates are no chance


def otherwise(spelling: str) -> str:
    """The spelling by which the same text says another date, "" for none: of 03/04/2024 no cell is sure to tell."""
    swapped = spelling.translate(str.maketrans("dm", "md")) if "/" in spelling else ""
    return swapped if swapped != spelling and swapped in DATE_FORMATS else ""


def note_on_dates(words: pl.Series, spelling: str) -> str:
    """What to say of a column whose dates are read by `spelling`, where another way reads all of them, too."""
    other = otherwise(spelling)
    if not other or read_dates(words.head(SOME), other).has_nulls() or read_dates(words, other).has_nulls():
        return ""
    line = '"{name}" is read as {how}, but all of its dates could also be {other}: write year-month-day to be sure'
    return say(line, name=clip(words.name), how=say(DATE_FORMATS[spelling]), other=say(DATE_FORMATS[other]))


def note_on_words(words: pl.Series) -> str:
    """What keeps words that look like dates from being some, "" where they do not: no way of writing reads nearly all.

    Args:
        words: stripped strings, none missing.
    """
    some = words.gather_every(max(1, len(words) // SOME)).head(SOME)
    if some.str.contains(LIKE_A_DATE).sum() < ENOUGH * len(some):  # cheaper than trying every format
        return ""
    read = {spelling: read_dates(some, spelling).is_not_null() for spelling in DATE_FORMATS}
    best = max(read, key=lambda spelling: read[spelling].sum())
    together, ways = read[best], [best]
    for spelling, found in read.items():
        if (found & ~together).any():
            together, ways = together | found, [*ways, spelling]
    name = clip(words.name)
    if len(ways) > 1 and together.sum() >= (1 - MISTAKES) * len(some):
        line = '"{name}" is read as categories, since its dates are written in several ways ({ways}): use one'
        return say(line, name=name, ways=listed(dict.fromkeys(say(DATE_FORMATS[way]) for way in ways)))
    if read[best].sum() < ENOUGH * len(some):
        return ""
    wrong = words.filter(read_dates(words, best).is_null())
    line = (
        '"{name}" is read as categories, since {n:,} of its {rows:,} cells are not dates written {how} '
        '("{cell}"): correct them, or list them in na, which makes them missing'
    )
    how = say(DATE_FORMATS[best])
    return say(line, name=name, n=len(wrong), rows=len(words), how=how, cell=clip(str(wrong[0]), 20))
