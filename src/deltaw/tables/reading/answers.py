"""A target of words: those that usually mean a missing value may be classes there.

R writes NA, databases NULL: whoever says so means that nobody knows. "None" is a word as well.
benchmarks/recipe/none_as_word.py finds it in 19 columns of few words in the tables of R's packages, where it is an
answer each time (which religion, which medication, how much ethanol: none), while NA, a gap, makes up a twentieth of
125 columns or more. Python calls what is missing None, too: so what few rows say, or rows beside yes and no, stays a
gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from shlex import quote

import polars as pl

from deltaw.numbers import amount
from deltaw.speech import listed, say
from deltaw.tables.cells import TRUTHS, first_stray, missing_to_null
from deltaw.tables.codes import are_codes
from deltaw.tables.held import are_words, as_read
from deltaw.tables.missing import MISSING
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import clip
from deltaw.tables.units import unit_of

NONE = "none"
SHARE = 0.05  # of the rows that say something
MOST = 1_000  # other words that are looked at


def to_be_told(reading: Reading, target: str) -> Reading:
    """The same, which leaves in the target the words that usually mean a missing value: `told_apart` sorts them out."""
    usual = {*MISSING[1:]} - {*reading.named}
    return replace(reading, target=target, classes=tuple(word for word in reading.missing if word in usual))


def told_apart(series: pl.Series, reading: Reading) -> tuple[pl.Series, tuple[str, ...]]:
    """A target that was read so, without the words that mean a missing value; and what is to be said of them."""
    said = Said(reading)
    series = said.see(series)
    return (series, said.notes) if said.are_classes else (_without(series, said.nones), said.notes)


@dataclass
class Said:
    """What a target's cells say that usually means a missing value, some rows after the others.

    Attributes:
        reading: how they are read.
        words: as they are written, and how many rows say each.
        count: how many rows say something else.
        others: what these say, or the first of it.
    """

    reading: Reading
    words: dict[str, int] = field(default_factory=dict)
    count: int = 0
    others: set[str] = field(default_factory=set)

    def see(self, series: pl.Series) -> pl.Series:
        """The next rows; returns them without the words that mean a missing value, but for None."""
        if not are_words(series) or not self.reading.classes:
            return series
        counts = as_read(series).drop_nulls().alias("word").value_counts(name="rows")
        counts = counts.sort("rows", "word", descending=[True, False])
        usual = counts["word"].str.to_lowercase().is_in(list(self.reading.classes))
        for word, rows in counts.filter(usual).iter_rows():
            self.words[word] = self.words.get(word, 0) + rows
        others = counts.filter(~usual)
        self.count += int(others["rows"].sum())
        self.others.update(others["word"].head(max(0, MOST - len(self.others))))
        return _without(series, self.words.keys() - self.nones)

    @property
    def nones(self) -> dict[str, int]:
        """The spellings of None, and how many rows say each."""
        return {word: rows for word, rows in self.words.items() if word.lower() == NONE}

    @property
    def are_classes(self) -> bool:
        """Whether None is one, by what the others say."""
        nones = sum(self.nones.values())
        if not nones or not self.count or nones < SHARE * (nones + self.count):
            return False
        each = pl.Series(sorted(self.others), dtype=pl.String)
        answers = {word.lower() for word in self.others}
        yes_or_no = any(answers <= {*pair} for pair in TRUTHS)
        return not (yes_or_no or first_stray(each)[0] or are_codes(each) or unit_of(each))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the words that usually mean a missing value."""
        classes = self.nones if self.are_classes else {}
        gaps = {word: rows for word, rows in self.words.items() if word not in classes}
        found = []
        if classes:
            found.append(say("the target contains {said}: read as a class; --na {words} to change", **_told(classes)))
        if gaps:
            found.append(say("the target contains {said}: read as missing; --not-na {words} to change", **_told(gaps)))
        return tuple(found)


def _told(words: dict[str, int]) -> dict[str, str]:
    """Some words with their rows, and as an option of the command line has them."""
    said = (say('"{word}" ({rows})', word=clip(word), rows=amount(rows, "row")) for word, rows in words.items())
    return {"said": listed(said), "words": quote(",".join(dict.fromkeys(word.lower() for word in words)))}


def _without(series: pl.Series, words: Iterable[str]) -> pl.Series:
    """Null in place of some words."""
    gone = [*words]
    if not gone or not as_read(series).is_in(gone).any():
        return series
    return pl.select(pl.when(~as_read(series).is_in(gone)).then(series).alias(series.name)).to_series()


def with_classes(reading: Reading, target: str, classes: Iterable[object]) -> Reading:
    """A `Reading` that keeps these classes of the target, though they may be words for a missing value."""
    kept = {str(each).lower() for each in classes if isinstance(each, str)}.intersection(reading.missing)
    if not kept:
        return replace(reading, target=None, classes=())
    # Where all rows say "None", nothing else says that the column is one of words.
    return replace(reading, target=target, classes=tuple(sorted(kept)), words=frozenset({*reading.words, target}))


def in_some_parts(parts: Iterable[pl.Series], reading: Reading) -> bool:
    """Whether the target is of words in some parts of a table, and without a value in others: read as words, these may
    turn out to have some.
    """
    if not reading.classes or reading.target in reading.words:
        return False
    sorts = {part.dtype == pl.String and part.null_count() < len(part) for part in parts if are_words(part)}
    return len(sorts) > 1


def with_words(found: pl.Series, written: pl.Series, reading: Reading) -> pl.Series:
    """A column of a file as its cells say; that of `reading.target`, where it is of words, with those in `classes`.

    `written`: text as it stands, of the same cells.
    """
    if found.name != reading.target or not reading.classes or found.dtype != pl.String:
        return found
    without_value = found.null_count() == len(found) and found.name not in reading.words
    if found.null_count() == written.null_count() or without_value:  # of which nobody knows what it is of
        return found
    kept = [word for word in reading.missing if word not in reading.classes]
    return found.zip_with(found.is_not_null(), missing_to_null(written, kept))
