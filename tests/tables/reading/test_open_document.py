"""Workbooks of LibreOffice: they are read as those of Excel, and none fills the memory."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import polars as pl
import pytest

from deltaw.exceptions import TableError
from deltaw.tables import read

pytest.importorskip("fastexcel")
NAMES = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


MANY = "table:number-rows-repeated"


def ods(rows: str) -> io.BytesIO:
    """An OpenDocument workbook with these rows of a sheet, as XML."""
    sheet = f'<table:table table:name="S">{rows}</table:table>'
    text = f"<office:document-content{NAMES}><office:body><office:spreadsheet>{sheet}"
    with zipfile.ZipFile(made := io.BytesIO(), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f"{text}</office:spreadsheet></office:body></office:document-content>")
    made.seek(0)
    return made


def cell(value: object, more: str = "") -> str:
    sort = {str: "string", date: "date", bool: "boolean", float: "float"}[type(value)]
    told = {"string": "", "date": f'office:date-value="{value}"', "boolean": f'office:boolean-value="{value}"'.lower()}
    said = told.get(sort, f'office:value="{value}"')
    return f'<table:table-cell office:value-type="{sort}" {said} {more}><text:p>{value}</text:p></table:table-cell>'


def test_an_open_document_workbook() -> None:
    rows = [(float(i), i / 4 - 0.1, "uv"[i % 2], date(2024, 1, 1 + i), i % 3 == 0) for i in range(20)]
    cells = ["".join(map(cell, row)) for row in [tuple("abcde"), *rows]]
    empty = (
        f'<table:table-row {MANY}="1048000"><table:table-cell table:number-columns-repeated="9999"/></table:table-row>'
    )
    found = read(ods("".join(f"<table:table-row>{each}</table:table-row>" for each in cells) + empty)).frame
    assert found.columns == [*"abcde"]
    assert found.rows() == rows
    assert found["a"].dtype == pl.Int64


def test_an_open_document_that_fills_a_memory_is_refused() -> None:
    """A few bytes are a sheet full of cells, in one table or with another within it."""
    wide = "<table:table-row>" + cell(1.0, 'table:number-columns-repeated="16384"') + "</table:table-row>"
    tall = f'<table:table-row {MANY}="1000000">{cell(1.0)}</table:table-row>'
    within = '<table:table-row><table:table-cell><table:table table:name="T"/></table:table-cell></table:table-row>'
    for rows in (wide.replace("row>", f'row {MANY}="1000000">', 1), wide + tall, wide + within + tall):
        with pytest.raises(TableError, match=r"expected at most .* found 52\d,\d+,\d+,\d+"):
            read(ods(rows))


@pytest.mark.parametrize("damage", [b"<table:table-row", b"</office:body>", b"office:spreadsheet"])
def test_a_damaged_open_document_ends_in_one_line(damage: bytes) -> None:
    made = ods("".join(f"<table:table-row>{cell('a')}</table:table-row>" for _ in range(9))).getvalue()
    for cut in (made.replace(damage, b"?" * len(damage)), made[: len(made) // 2]):
        with pytest.raises(TableError) as caught:
            read(io.BytesIO(cut))
        assert "\n" not in str(caught.value)
