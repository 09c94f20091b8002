"""Decimal commas: detecting them, and whether rows to be predicted still have the decimal marks of training."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from deltaw.tables.cells import read_by
from deltaw.tables.notations import COMMA, EITHER, POINT, WITH_COMMAS, Decimals, decimal_comma
from deltaw.tables.units import unit_of, without_unit


def has_mark(words: pl.Series, mark: str) -> bool:
    """Whether the stripped words with a comma or point are numbers, with or without a unit, and one certainly has this
    decimal mark.
    """
    words = words.filter(words.str.contains("[.,]"))
    if words.is_empty() or (mark == COMMA and not words.str.contains(COMMA, literal=True).any()):
        return False
    bare = without_unit(words, unit_of(words))
    way, numbers = read_by(bare, "", EITHER if mark == COMMA else WITH_COMMAS)
    return (way is decimal_comma) == (mark == COMMA) and not numbers.has_nulls()


def valid_decimals(columns: Iterable[pl.Series], known: Decimals) -> Decimals:
    """The known decimal marks of these columns of words; {} if one of them certainly has another one."""
    here = [(column, known[column.name]) for column in columns if column.name in known]
    other = {COMMA: POINT, POINT: COMMA}
    if any(has_mark(column, other[mark]) for column, mark in here):
        return {}
    return {column.name: mark for column, mark in here}
