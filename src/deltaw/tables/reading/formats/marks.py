"""The decimal marks of delimited text, by its first records."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

import polars as pl

from deltaw.speech import say
from deltaw.tables.cells import missing_to_null
from deltaw.tables.decimals import has_mark, valid_decimals
from deltaw.tables.notations import COMMA, MARKS, POINT, Decimals, are_grouped
from deltaw.tables.table import clip

# What is said of signs that may separate thousands, by the sign and what decided.
PARTED = {
    (POINT, "file"): '"{name}": points are read as thousands separators, since other numbers of the file have decimal '
    "commas",
    (POINT, "model"): '"{name}": points are read as thousands separators, as in the training rows',
    (POINT, ""): '"{name}": points are read as decimal points; if they separate thousands, write the numbers without '
    "them",
    (COMMA, "file"): '"{name}": commas are read as thousands separators, since other numbers of the file have decimal '
    "points",
    (COMMA, "model"): '"{name}": commas are read as thousands separators, as in the training rows',
    (COMMA, ""): '"{name}": commas are read as decimal commas; if they separate thousands, write the numbers without '
    "them",
}


class Marks(NamedTuple):
    """Decimal marks, by the first records.

    Attributes:
        file: the mark that a column certainly has, a comma before a point; "" if none has. The other sign separates
            thousands in all columns where it can: beside decimal commas 3.153 is 3153.
        known: decimal marks of training that still hold (`valid_decimals`).
        left: names of columns whose points are ambiguous.
    """

    file: str = ""
    known: Decimals = {}  # noqa: RUF012  # never changed
    left: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, records: list[list[str]], names: list[str], separator: str, missing: tuple[str, ...],
        known: Decimals | None,
    ) -> Marks:  # fmt: skip
        """The marks of records with these column names; `known`: see `Reading.decimals`."""
        if separator == "," and COMMA not in (known or {}).values():
            return cls()
        cells = zip(names, zip_longest(*records), strict=False)
        columns = [missing_to_null(pl.Series(name, each, dtype=pl.String), missing) for name, each in cells]
        found = next((mark for mark in MARKS if any(has_mark(each, mark) for each in columns)), "")
        commas, file = found == COMMA, "" if separator == "," else found
        if known is None and separator == ";" and not file:
            twice = r"\..*\."  # 1.234.567 has one meaning
            unsure = [each for each in columns if are_grouped(each) and not each.str.contains(twice).any()]
            return cls(left=tuple(each.name for each in unsure))
        if known is None or (file == COMMA and COMMA not in known.values()):
            return cls(file)
        here = valid_decimals(columns, known) if commas or separator != "," else {}  # in CSV only with evidence
        usual = POINT if known else COMMA
        unsure = [each for each in columns if known.get(each.name, usual) == COMMA and not (commas or here)]
        return cls(file, here, tuple(each.name for each in unsure if are_grouped(each)))


def notes_on_marks(
    frame: pl.DataFrame, missing: tuple[str, ...], separator: str, marks: Marks, decimals: Decimals
) -> tuple[str, ...]:
    """Notes on columns in which points or commas are thousands separators against the habit, or may be.

    `decimals`: as the columns were read, which other files of a table decide as well.
    """
    found = [say(PARTED[POINT, ""], name=clip(name)) for name in marks.left]
    for column in frame.iter_columns():
        text = column.dtype.categories if isinstance(column.dtype, pl.Enum) else column
        known = marks.known.get(column.name)
        sign = POINT if (known or marks.file) == COMMA else COMMA
        if marks.file and decimals.get(column.name) == sign:
            continue
        if text.dtype == pl.String and (sign == POINT or separator == ";"):
            cells = missing_to_null(text, missing).drop_nulls()
            if len(cells) and are_grouped(cells, sign) and (sign == POINT or not has_mark(cells, POINT)):
                found.append(
                    say(PARTED[sign, "model" if known else "file" if marks.file else ""], name=clip(column.name))
                )
    return tuple(found)
