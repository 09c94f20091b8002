"""A target of words, in which "None" may be a class rather than a missing value.

NA (of R) and NULL (of databases) are missing values. "None" is a word as well: benchmarks/recipe/none_as_word.py finds
it in 19 categorical columns of R's data sets, where it always is a value (religion, medication, amount of ethanol). But
Python calls missing values None, too: so "None" in few rows, or beside yes and no, is a missing value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from deltaw.numbers import amount
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as
from deltaw.tables.cells import TRUTHS, first_stray, missing_to_null
from deltaw.tables.codes import are_codes
from deltaw.tables.held import are_words, as_read
from deltaw.tables.missing import MISSING
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import clip
from deltaw.tables.units import unit_of

NONE = "none"
SHARE = 0.05  # least share of "None" as a class, among rows with a target
MOST = 1_000  # other words that are checked


def keeping_missing_words(reading: Reading, target: str) -> Reading:
    """A `Reading` that keeps the usual words for missing values in the target, for `missing_words_to_null`."""
    usual = {*MISSING[1:]} - {*reading.named}
    return replace(reading, target=target, classes=tuple(word for word in reading.missing if word in usual))


def missing_words_to_null(series: pl.Series, reading: Reading) -> tuple[pl.Series, tuple[str, ...]]:
    """(the target read by `keeping_missing_words`, with null for missing values; notes)."""
    said = TargetWords(reading)
    series = said.see(series)
    return (series, said.notes) if said.are_classes else (_without(series, said.nones), said.notes)


@dataclass
class TargetWords:
    """The usual words for missing values in a target, in batches of rows.

    Attributes:
        reading: options of reading.
        words: spelling of such a word -> number of rows.
        count: number of rows with other words.
        others: other words, at most MOST.
    """

    reading: Reading
    words: dict[str, int] = field(default_factory=dict)
    count: int = 0
    others: set[str] = field(default_factory=set)

    def see(self, series: pl.Series) -> pl.Series:
        """Add the next rows; returns them with null for these words, except for "None"."""
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
        """Spellings of "None" -> number of rows."""
        return {word: rows for word, rows in self.words.items() if word.lower() == NONE}

    @property
    def are_classes(self) -> bool:
        """Whether "None" is a class, judged by the other words."""
        nones = sum(self.nones.values())
        if not nones or not self.count or nones < SHARE * (nones + self.count):
            return False
        each = pl.Series(sorted(self.others), dtype=pl.String)
        answers = {word.lower() for word in self.others}
        yes_or_no = any(answers <= {*pair} for pair in TRUTHS)
        return not (yes_or_no or first_stray(each)[0] or are_codes(each) or unit_of(each))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on these words."""
        classes = self.nones if self.are_classes else {}
        gaps = {word: rows for word, rows in self.words.items() if word not in classes}
        found = []
        if classes:
            found.append(
                say("the target contains {said}: read as a class; {option} to change", **_note_fields("na", classes))
            )
        if gaps:
            found.append(
                say("the target contains {said}: read as missing; {option} to change", **_note_fields("not_na", gaps))
            )
        return tuple(found)


def _note_fields(name: str, words: dict[str, int]) -> dict[str, str]:
    """Fields of a note: the words with their numbers of rows, and the setting that would read them otherwise."""
    said = (say('"{word}" ({rows})', word=clip(word), rows=amount(rows, "row")) for word, rows in words.items())
    return {"said": listed(said), "option": given_as(name, [*dict.fromkeys(word.lower() for word in words)])}


def _without(series: pl.Series, words: Iterable[str]) -> pl.Series:
    """The series with null for some words."""
    gone = [*words]
    if not gone or not as_read(series).is_in(gone).any():
        return series
    return pl.select(pl.when(~as_read(series).is_in(gone)).then(series).alias(series.name)).to_series()


def with_classes(reading: Reading, target: str, classes: Iterable[object]) -> Reading:
    """A `Reading` that keeps these classes of the target, even if they are words for missing values."""
    kept = {str(each).lower() for each in classes if isinstance(each, str)}.intersection(reading.missing)
    if not kept:
        return replace(reading, target=None, classes=())
    # `words`, since the column would not be recognised as text if all rows are "None".
    return replace(reading, target=target, classes=tuple(sorted(kept)), words=frozenset({*reading.words, target}))


def in_some_parts(parts: Iterable[pl.Series], reading: Reading) -> bool:
    """Whether the target is words in some parts of a table, and empty in others, which may have such words."""
    if not reading.classes or reading.target in reading.words:
        return False
    sorts = {part.dtype == pl.String and part.null_count() < len(part) for part in parts if are_words(part)}
    return len(sorts) > 1


def with_words(found: pl.Series, written: pl.Series, reading: Reading) -> pl.Series:
    """A converted column; if it is a target of words, with the words in `reading.classes`. `written`: its raw text."""
    if found.name != reading.target or not reading.classes or found.dtype != pl.String:
        return found
    without_value = found.null_count() == len(found) and found.name not in reading.words
    if found.null_count() == written.null_count() or without_value:
        return found
    kept = [word for word in reading.missing if word not in reading.classes]
    return found.zip_with(found.is_not_null(), missing_to_null(written, kept))
