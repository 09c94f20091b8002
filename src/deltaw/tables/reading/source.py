"""How a source is to be read, where that shall not be found out."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deltaw.tables.missing import MISSING, missing_words, words_of
from deltaw.tables.notations import Decimals, Notations

# The words for it that `deltaw.read`, `deltaw.fit` and the command line have in common.
WORDS = ("delimiter", "encoding", "na", "not_na", "sheet", "max_bytes")


@dataclass(frozen=True)
class Reading:
    """What the caller says of a source; `deltaw.tables.read` says what each means.

    Attributes:
        delimiter, encoding, sheet, max_bytes: None: found out.
        missing: the words that mean a missing value (`missing_words`).
        written: whether the table is to have the cells as the source writes them, too.
        words: columns of text that stays text, whatever it looks like; they may become more while a file is read.
        unrounded: columns, by names and patterns, whose numbers stay what they are where others of a large table may be
            rounded to float32 (`deltaw.tables.reading.halving`); None: all.
        named: the words that the caller names as missing.
        target: the column to be predicted, where that is known.
        classes: of `missing` those that stay words in the target where it is one of words.
        notations: what is known of the ways in which numbers are written, where this is a part of a table.
        decimals: the decimal marks of columns in the rows that a model learnt from, where rows are read for one.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    max_bytes: int | None = None
    missing: tuple[str, ...] = MISSING
    written: bool = False
    words: Set[str] = frozenset()
    unrounded: tuple[str, ...] | None = None
    named: tuple[str, ...] = ()
    target: str | None = None
    classes: tuple[str, ...] = ()
    notations: Notations | None = field(default=None, repr=False, compare=False)
    decimals: Decimals | None = None

    @property
    def as_text(self) -> Set[str]:
        """Columns whose cells are read as text, whatever that is of."""
        return self.words if self.notations is None else self.words | self.notations.as_text

    def noted(self) -> Notations:
        """Where the ways in which numbers are written are noted: where the other parts of the table do, or anew."""
        return self.notations or Notations(in_parts=False)

    @classmethod
    def of(cls, **words: Any) -> Reading:
        """From some of WORDS. Raises SettingError for words of `na` and `not_na` that cannot be."""
        na = words.pop("na", None)
        missing = missing_words(na, words.pop("not_na", None))
        return cls(**words, missing=missing, named=words_of("na", na))

    @classmethod
    def taken(cls, settings: Mapping[str, Any]) -> tuple[Reading, dict[str, Any]]:
        """The reading that is among some settings, and the other settings."""
        words = {name: value for name, value in settings.items() if name in WORDS}
        return cls.of(**words), {name: value for name, value in settings.items() if name not in WORDS}


@dataclass(frozen=True)
class Source:
    """A file that is being read: its bytes, decompressed; its name for messages; its path; how it is to be read."""

    data: bytes
    name: str
    path: Path
    reading: Reading = field(default_factory=Reading)
