"""A last row that is no row like the others but their sum, as spreadsheets have it below a table."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from deltaw.speech import say
from deltaw.tables.table import Table, listing

FEWEST = 10  # rows above it: of fewer, one may be the sum of the others by chance
SOME = 1_000  # rows that tell, as a rule, that the last is no sum
EXACT = 1e-6  # of the sum: what is summed was rounded in another place


def with_total_told(table: Table) -> Table:
    """The table, with a note where its last row is the sum of those above it."""
    if len(table.frame) <= FEWEST or table.test is not None:
        return table
    summed = [column.name for column in table.frame.iter_columns() if column.dtype.is_numeric() and _is_sum(column)]
    if not summed:
        return table
    line = "row {row:,}, the last, is the sum of the rows above it ({columns}): remove it, or it counts as one"
    note = say(line, row=len(table.frame), columns=listing(summed, 3))
    return replace(table, notes=(*table.notes, note))


def _is_sum(column: pl.Series) -> bool:
    """Whether the last number is the sum of the others, and larger than each: a 1 below a single 1 is none."""
    last, above = column[-1], column[:-1]
    if last is None or not last > (above.head(SOME).max() or 0):  # a look is cheaper
        return False
    total, most = above.cast(pl.Float64).sum(), above.max()
    return bool(abs(total - last) <= EXACT * last and last > most)
