"""What the first records of delimited text say: whether one names the columns, whether numbers have decimal commas."""

from __future__ import annotations

from itertools import zip_longest

import polars as pl

from deltaw.speech import say
from deltaw.tables.cells import has_decimal_comma, missing_to_null
from deltaw.tables.missing import MISSING
from deltaw.tables.notations import are_grouped
from deltaw.tables.table import clip

FEW = 4  # times and oftener each word stands in a column of few, on average


def has_decimal_commas(records: list[list[str]], missing: tuple[str, ...] = MISSING) -> bool:
    """Whether a column of these records has numbers with decimal commas, with a unit or without.

    Where one has, a point in another parts thousands if it can: in such a file 3.153 is 3153, for who wrote it would
    have written a fraction as 3,153.
    """
    columns = (pl.Series(cells, dtype=pl.String) for cells in zip_longest(*records))
    return any(has_decimal_comma(missing_to_null(column, missing)) for column in columns)


def told_of_points(frame: pl.DataFrame, missing: tuple[str, ...]) -> tuple[str, ...]:
    """What is said of the columns of such text in which points part thousands, of which it was said nowhere else."""
    texts = (
        column.dtype.categories if isinstance(column.dtype, pl.Enum) else column for column in frame.iter_columns()
    )
    words = (missing_to_null(text, missing).drop_nulls() for text in texts)
    line = '"{name}": points part thousands, as other numbers of the file have decimal commas'
    found = zip(frame.columns, words, strict=True)
    return tuple(say(line, name=clip(name)) for name, cells in found if len(cells) and are_grouped(cells))


def lacking(head: list[list[str]]) -> int:
    """How many fields all rows have behind those that the first record names, where nothing stands in them; else 0."""
    width, widths = len(head[0]), {len(record) for record in head[1:]}
    more = max(widths, default=width) - width
    if width < 2 or more < 1 or len(widths) > 1 or any("\n" in cell for cell in head[0]):
        return 0
    return 0 if any(cell.strip() for record in head[1:] for cell in record[width:]) else more


def leaves_out_row_names(head: list[list[str]]) -> bool:
    """Whether the first record names all columns but the first, which names rows: so R writes tables."""
    names = [record[0] for record in head[1:]]
    return {len(record) for record in head[1:]} == {len(head[0]) + 1} and 1 < len(names) == len(set(names))


def has_header(head: list[list[str]], missing: tuple[str, ...] = MISSING) -> bool:
    """Whether the first record names the columns rather than being data itself.

    It is data if it has only numbers. It also is data if every column that is numeric below it starts with a number
    and one of its cells cannot be a name: a number with a fraction, or a word that the column repeats, unless as many
    columns of few words never repeat theirs. Where it stands below again, files were joined, and it is not looked at
    to tell what is numeric. So "country,2019,2020" above numbers is a header, and "5.1,3.5,setosa"
    above more flowers is not.
    """

    def is_number(cell: str) -> bool:
        return not is_missing(cell) and _is_number(cell)

    def is_missing(cell: str) -> bool:
        return cell.strip().lower() in missing

    first = [cell.strip() for cell in head[0]]
    if any(map(is_number, first)) and all(is_number(cell) or is_missing(cell) for cell in first):
        return False
    places = range(len(first))
    below = [[record[j].strip() for record in head[1:] if j < len(record)] for j in places]
    others = [[record[j].strip() for record in head[1:] if record != head[0] and j < len(record)] for j in places]
    numeric = [any(map(is_number, cells)) and all(_is_number(c) or is_missing(c) for c in cells) for cells in others]
    columns = list(zip(first, below, numeric, strict=True))
    if any(is_numeric and not is_number(cell) for cell, _, is_numeric in columns):
        return True
    if any("." in cell for cell, _, is_numeric in columns if is_numeric):
        return False
    words = [(cell, cells) for cell, cells, is_numeric in columns if cell and not is_numeric]
    repeated = sum(cell in cells for cell, cells in words)
    names = sum(cell not in cells and FEW * len(set(cells)) <= len(cells) for cell, cells in words)
    return repeated <= names if names else not repeated


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
