"""Decimal commas: detecting them, and whether rows to be predicted still have the decimal marks of training."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from deltaw.tables.cells import read_by
from deltaw.tables.notations import (
    COMMA,
    EITHER,
    POINT,
    WITH_COMMAS,
    Decimals,
    as_numbers,
    decimal_comma,
    thousands,
    ways_of,
)
from deltaw.tables.units import unit_of, without_unit


def has_decimal_comma(words: pl.Series) -> bool:
    """Whether all stripped words are numbers, with or without a unit, and one certainly has a decimal comma."""
    if not words.str.contains(",", literal=True).any():
        return False
    bare = without_unit(words, unit_of(words))
    way, numbers = read_by(bare, ";", ways_of(";"))
    none = words.null_count()
    return way is decimal_comma and numbers.null_count() == none and as_numbers(bare, thousands).null_count() > none


def still_held(columns: Iterable[pl.Series], known: Decimals) -> Decimals:
    """The known decimal marks of these columns of words; {} if one of them certainly has another one."""
    here = [(column, known[column.name]) for column in columns if column.name in known]
    return {} if any(_contradicts(*each) for each in here) else {column.name: mark for column, mark in here}


def _contradicts(words: pl.Series, mark: str) -> bool:
    """Whether stripped words are numbers, with or without a unit, that certainly have another decimal mark."""
    if not words.str.contains(POINT if mark == COMMA else COMMA, literal=True).any():
        return False
    words = words.filter(words.str.contains("[.,]"))
    bare = without_unit(words, unit_of(words))
    way, numbers = read_by(bare, "", WITH_COMMAS if mark == COMMA else EITHER)
    return (way is decimal_comma) != (mark == COMMA) and not numbers.has_nulls()
