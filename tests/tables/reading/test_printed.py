"""Printed tables: what is drawn around the rows is no part of them, however the file is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from deltaw.exceptions import TableError
from deltaw.tables import Reading, read
from deltaw.tables.reading.formats.pieces import joined, pieces

NAMES = ("temp", "n", "the word", "y")
ROWS = [(f"{i}.5", f"{i % 7}", "a -- b" if i % 3 else "", f'{i}"' if i % 2 else f"-{i}") for i in range(90)]
WIDTHS = [max(map(len, column)) for column in zip(NAMES, *ROWS, strict=True)]


def drawn(row: tuple[str, ...], between: str = " | ", before: str = "| ", behind: str = " |") -> str:
    return before + between.join(cell.rjust(width) for cell, width in zip(row, WIDTHS, strict=True)) + behind + "\n"


def dashes(sign: str = "-", between: str = "+", edge: str = "+", wider: int = 2) -> str:
    return edge + between.join(sign * (width + wider) for width in WIDTHS) + edge + "\n"


NAMED, BODY = drawn(NAMES), "".join(map(drawn, ROWS))
LINE, WHOLE = dashes(), "-" * len(NAMED) + "\n"
ROUND = str.maketrans("|", "│")
STYLES: dict[str, str] = {
    "Markdown": NAMED + "|:--|:-:|--:|---|\n" + BODY,
    "Markdown without edges": drawn(NAMES, " | ", "", "")
    + "--|--|--|--\n"
    + "".join(drawn(row, " | ", "", "") for row in ROWS),
    "org-mode": NAMED + dashes(edge="|") + BODY,
    "MySQL": LINE + NAMED + LINE + BODY + LINE + "90 rows in set (0.01 sec)\n",
    "psql": drawn(NAMES, " | ", " ", "") + dashes(edge="") + "".join(drawn(row, " | ", " ", "") for row in ROWS)
    + "(90 rows)\n\n",
    "grid": LINE + NAMED + dashes("=") + LINE.join(map(drawn, ROWS)) + LINE,
    "SAP": "28.11.2026    Dynamic List Display     1\n" + WHOLE + NAMED + WHOLE + BODY + WHOLE,
    "boxes": "shape: (90, 4)\n" + dashes("─", "┬", "┌") + NAMED.translate(ROUND) + dashes("═", "╪", "╞")
    + BODY.translate(ROUND) + dashes("─", "┴", "└"),
    "sqlcmd": drawn(NAMES, " ", "", "") + dashes("-", " ", "", 0) + "".join(drawn(row, " ", "", "") for row in ROWS),
    "reStructuredText": dashes("=", "  ", "", 0) + drawn(NAMES, "  ", "", "") + dashes("=", "  ", "", 0)
    + "".join(drawn(row, "  ", "", "") for row in ROWS) + dashes("=", "  ", "", 0),
}  # fmt: skip


def at_once(path: Path) -> pl.DataFrame:
    return read(path).frame


def by_joining(path: Path) -> pl.DataFrame:
    found = joined(path, "t", Reading())
    assert found is not None
    return found.frame


def in_slices(path: Path) -> pl.DataFrame:
    return pl.concat(part.frame for part in pieces(path, "t", Reading(), 1_500))


@pytest.mark.parametrize("reader", [at_once, by_joining, in_slices])
@pytest.mark.parametrize("style", STYLES)
def test_the_rows_of_a_printed_table(tmp_path: Path, style: str, reader: Callable[[Path], pl.DataFrame]) -> None:
    (plain := tmp_path / "plain.csv").write_text(
        "".join("|".join(cell.replace('"', "''") for cell in row) + "\n" for row in (NAMES, *ROWS))
    )
    (path := tmp_path / "t.txt").write_text(STYLES[style])
    assert reader(path).equals(read(plain).frame.with_columns(pl.col("y").str.replace("''", '"')))
    assert read(path).notes == ("a printed table: lines of dashes, and lines without its bars, are no rows",)


@pytest.mark.parametrize("reader", [at_once, by_joining, in_slices])
def test_fields_at_fixed_places(tmp_path: Path, reader: Callable[[Path], pl.DataFrame]) -> None:
    """With blanks within words, which are at the same place in few rows, and cells that are empty."""
    rows = [
        ("Ann van Lee" if i % 3 else "Bo", f"{1234 * i:,}", "" if i % 4 else "0.5", f"town {i % 9}") for i in range(300)
    ]
    lines = [f"{a:<12}{b:>9}  {c:>4} {d}".rstrip() for a, b, c, d in [("full name", "income", "rain", "city"), *rows]]
    (path := tmp_path / "t.txt").write_text("\n".join(lines))
    found = reader(path)
    assert found.columns == ["full name", "income", "rain", "city"]
    wanted = [(a, float(b.replace(",", "")), float(c) if c else None, d) for a, b, c, d in rows]
    assert found.cast({"income": pl.Float64, "rain": pl.Float64}).rows() == wanted
    assert read(path).notes == ("its fields are read by the places at which they begin",)


@pytest.mark.parametrize("style", ["Markdown", "MySQL", "SAP", "sqlcmd"])
def test_a_row_that_does_not_fit_is_named_by_its_line(tmp_path: Path, style: str) -> None:
    lines = STYLES[style].splitlines()
    lines[50] = "a line | and | one | more | cell" if "|" in lines[50] else "x" * 40
    (path := tmp_path / "t.txt").write_text("\n".join(lines))
    with pytest.raises(TableError, match="in line 51,"):
        read(path)


@pytest.mark.parametrize("reader", [at_once, by_joining, in_slices])
def test_blank_lines_above_the_names(tmp_path: Path, reader: Callable[[Path], pl.DataFrame]) -> None:
    (path := tmp_path / "t.csv").write_text("\n\r\n\na,b\n" + "1,2\n" * 900)
    assert reader(path).to_dict(as_series=False) == {"a": [1] * 900, "b": [2] * 900}


@pytest.mark.parametrize("text", [
    "a|b\n--x|--\n" + "1|2\n" * 20,  # words, not dashes alone
    "a|b\n" + "1|2\n" * 9 + "--|--\n" + "1|2\n" * 9,  # not below the names
    "a,b\n--,--\n" + "1,2\n" * 20,
    "a b\n-- x\n" + "1 2\n" * 20,
])  # fmt: skip
def test_dashes_in_other_tables_are_cells(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "t.txt").write_text(text)
    assert "a printed table" not in str(read(path).notes)
