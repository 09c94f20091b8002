"""The forms (languages), one file each, listed in `table`: each writes every operation.

Each has a function `write(program, path, options)` that returns what is `Written`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options of some forms.

    Attributes:
        dialect: of SQL.
        table: that SQL reads from.
        libm: whether C may call math.h.
        remarks: more sentences for the head of the C file, as functions that give them in the current language.
    """

    dialect: str = "duckdb"
    table: str = "data"
    libm: bool = True
    remarks: tuple[Callable[[], str], ...] = ()


@dataclass(frozen=True)
class Written:
    """A form in memory: name -> bytes, the main file first; and notes."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()
