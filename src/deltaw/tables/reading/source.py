"""The options of reading a source; by default they are detected."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deltaw.tables.missing import MISSING, missing_words, words_of
from deltaw.tables.notations import Decimals, Notations

# The options that `deltaw.read`, `deltaw.fit` and the command line have in common.
WORDS = ("delimiter", "encoding", "na", "not_na", "sheet", "max_bytes")


@dataclass(frozen=True)
class Reading:
    """The options of reading; see `deltaw.tables.read`.

    Attributes:
        delimiter, encoding, sheet, max_bytes: None: detected.
        missing: words for a missing value (`missing_words`).
        written: whether the table keeps the raw text of its cells.
        words: names of columns of text that are not converted; more may be added while a file is read.
        unrounded: names and patterns of columns that are not rounded to float32 if the table is large
            (`deltaw.tables.reading.halving`); None: all.
        named: the user's own words for a missing value.
        target: name of the column to be predicted, if known.
        classes: words in `missing` that stay words in a target of words.
        notations: of the parts read before, if the table is read in parts.
        decimals: decimal marks of the training rows, for rows to be predicted.
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
        """Names of columns that are read as text first."""
        return self.words if self.notations is None else self.words | self.notations.as_text

    def noted(self) -> Notations:
        """The `notations`, or new ones for a table read at once."""
        return self.notations or Notations(in_parts=False)

    @classmethod
    def of(cls, **words: Any) -> Reading:
        """From options in WORDS. Raises SettingError for invalid `na` and `not_na`."""
        na = words.pop("na", None)
        missing = missing_words(na, words.pop("not_na", None))
        return cls(**words, missing=missing, named=words_of("na", na))

    @classmethod
    def taken(cls, settings: Mapping[str, Any]) -> tuple[Reading, dict[str, Any]]:
        """(the options of reading among some settings, the other settings)."""
        words = {name: value for name, value in settings.items() if name in WORDS}
        return cls.of(**words), {name: value for name, value in settings.items() if name not in WORDS}


@dataclass(frozen=True)
class Source:
    """A file being read: its decompressed bytes, its name in messages, its path, and the options."""

    data: bytes
    name: str
    path: Path
    reading: Reading = field(default_factory=Reading)
