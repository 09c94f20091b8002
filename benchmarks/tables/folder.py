"""Tables of your own: a folder of CSV files, the last column of each its target.

    python -m benchmarks.accuracy.beside_others --folder FOLDER [--part choosing|confirming] [--networks default]

A third of the tables, by a hash of their names, is `confirming`: whoever changes the recipe looks at the others, and at
these once. The network reads the file as anybody would; its rivals get the columns as kinds by a rule of this file, so
that a column that is taken wrongly is seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import pandas as pd

from benchmarks.tables.divided import Data, divided
from deltaw.tables import Column, kinds, read

MOST_WORDS = 250  # of a category, or a quarter of the rows


def hashed(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)


def confirming(name: str) -> bool:
    """Whether nothing may be chosen on a table."""
    return hashed(name) % 3 == 0


PARTS: dict[str, Callable[[str], bool]] = {
    "choosing": lambda name: not confirming(name),
    "confirming": confirming,
    "all": lambda name: True,
}


def numeric(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def plain_kinds(frame: pd.DataFrame, target: str, dates: Collection[str] = ()) -> tuple[Column, ...]:
    """What the others take a column for: a number, a date, a category, or nothing."""
    found = []
    for name in frame.columns.drop(target):
        cells = frame[name]
        words = cells.dropna().astype(str).nunique() + int(cells.isna().any())  # what is missing says something, too
        if numeric(cells):
            kind = "number"
        elif name in dates or pd.api.types.is_datetime64_any_dtype(cells):
            kind = "date"
        else:
            kind = "category" if 2 <= words <= max(MOST_WORDS, len(frame) / 4) else "empty"
        if words >= 2 and kind != "empty":
            found.append(Column(name, kind, ""))
    return tuple(found)


class Folder:
    """The CSV files of a folder by name."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.stem: path for path in sorted(folder.glob("*.csv"))}
        if not self.files:
            raise SystemExit(f"{folder}: expected CSV files, found none")
        self.sets = {part: [name for name in self.files if belongs(name)] for part, belongs in PARTS.items()}

    def load(self, name: str, folds: int, rows: int) -> Data:
        """A table as benchmarks/accuracy/beside_others.py has it, at most so many of its rows at random."""
        plain, table = pd.read_csv(self.files[name], low_memory=False), read(self.files[name])
        target = str(plain.columns[-1])
        dates = [column.name for column in kinds(table, target) if column.kind == "date"]
        return divided(table, name, target, folds, rows, plain_kinds(plain, target, dates))
