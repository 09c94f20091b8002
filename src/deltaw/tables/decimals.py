"""What stands before the decimals of a column's numbers, a comma or a point; whether what is known of it still holds.

A model knows it of the rows that it learnt from; rows to be answered may be few, and leave it open.
"""

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
    """Whether all of some stripped words are numbers, with a unit or without, and one has a decimal comma for sure."""
    if not words.str.contains(",", literal=True).any():  # a look is cheaper
        return False
    bare = without_unit(words, unit_of(words))
    way, numbers = read_by(bare, ";", ways_of(";"))
    none = words.null_count()
    return way is decimal_comma and numbers.null_count() == none and as_numbers(bare, thousands).null_count() > none


def still_held(columns: Iterable[pl.Series], known: Decimals) -> Decimals:
    """The decimal marks that are known of some columns of words, where none of these has another for sure; else none:
    they are written in another way then.
    """
    here = [(column, known[column.name]) for column in columns if column.name in known]
    return {} if any(_contradicts(*each) for each in here) else {column.name: mark for column, mark in here}


def _contradicts(words: pl.Series, mark: str) -> bool:
    """Whether some stripped words are numbers, with a unit or without, that have another decimal mark for sure."""
    if not words.str.contains(POINT if mark == COMMA else COMMA, literal=True).any():  # a look is cheaper
        return False
    words = words.filter(words.str.contains("[.,]"))
    bare = without_unit(words, unit_of(words))
    way, numbers = read_by(bare, "", WITH_COMMAS if mark == COMMA else EITHER)
    return (way is decimal_comma) != (mark == COMMA) and not numbers.has_nulls()
