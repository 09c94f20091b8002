"""Workbooks: what is hidden, times without a day; and files whose extension says another format."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from deltaw.exceptions import ColumnError
from deltaw.tables import kinds, read

xlsxwriter = pytest.importorskip("xlsxwriter")
TABLE = [["x", "y"], *([i, i * 2] for i in range(30))]


def test_a_sheet_that_is_shown_is_read_first(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        lists, data = book.add_worksheet("lists"), book.add_worksheet("data")
        lists.write_row(0, 0, ["word"])
        lists.write_row(1, 0, ["yes"])
        lists.hide()
        for i, row in enumerate(TABLE):
            data.write_row(i, 0, row)
        data.activate()
    table = read(tmp_path / "t.xlsx")
    assert table.frame.rows() == [*map(tuple, TABLE[1:])]
    assert table.notes == ('read from its sheet "data", not lists; sheet= to change',)
    assert read(tmp_path / "t.xlsx", sheet="lists").frame.rows() == [("yes",)]


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(TABLE):
            sheet.write_row(i, 0, row)
            sheet.set_row(i, None, None, {"hidden": 5 <= i < 12})
    table = read(tmp_path / "t.xlsx")
    assert len(table.frame) == 30
    assert [note.startswith("7 rows that the sheet hides") for note in table.notes] == [True]


def test_times_of_a_workbook_are_seconds_as_in_text(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx", {"default_date_format": "hh:mm"}) as book:
        book.add_worksheet().write_column(0, 0, ["at", *(time(i % 24, i) for i in range(40))])
    assert read(tmp_path / "t.xlsx").frame["at"].to_list() == [i % 24 * 3600 + i * 60 for i in range(40)]


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".npz", ".arrow"])
def test_text_with_the_extension_of_another_format_is_text(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    path.write_text("\n".join(",".join(map(str, row)) for row in TABLE))
    assert read(path).frame.rows() == [*map(tuple, TABLE[1:])]


def test_a_second_row_of_names_is_to_be_joined() -> None:
    with pytest.raises(ColumnError, match=r"in row 1 .*; if the row has names, join them with those above it"):
        kinds(read({"2020": ["male", *map(str, range(30))]}))
