"""What only the XML of a workbook's sheet tells: how far its cells lie apart, and which of them have no value though a
spreadsheet program shows one.
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import zipfile
from contextlib import suppress
from xml.etree import ElementTree

from deltaw.numbers import amount
from deltaw.speech import say
from deltaw.tables.table import listing

PART = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
COLUMNS, ROWS = re.compile(rb' r="([A-Z]+)'), re.compile(rb' r="[A-Z]*(\d+)')  # of cells and rows
MERGED = re.compile(rb'<mergeCell ref="([A-Z]+(\d+):[A-Z]+(\d+))"')
UNCALCULATED = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>')

HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')

HIDDEN_LINE = "{rows} that the sheet hides, as its filters do, are read as well: delete them if they are not meant"
MERGED_LINE = "merged cells ({cells}) have a value in the first row only, the others are read as missing: unmerge them"
FORMULAS_LINE = (
    "formulas without results ({cells}) are read as missing: open the workbook in a spreadsheet program and save it"
)


def without_values(data: bytes, sheet: str, names: int) -> list[str]:
    """Notes on what is read as missing: cells below the first of merged ones, and formulas that were never calculated,
    as programs write them; and on hidden rows. None where the parts of the workbook cannot be told.

    `names`: the row of the column names; merged cells above it are a title.
    """
    with suppress(Exception):  # of a workbook that others have read: a note is not worth an error
        xml = _part(data, sheet)
        merged = [found[1].decode() for found in MERGED.finditer(xml) if int(found[3]) > max(int(found[2]), names)]
        formulas = [found[1].decode() for found in UNCALCULATED.finditer(xml)]
        notes = [say(MERGED_LINE, cells=listing(merged, 3))] if merged else []
        notes += [say(FORMULAS_LINE, cells=listing(formulas, 3))] if formulas else []
        hidden = len(HIDDEN.findall(xml))
        return [*notes, say(HIDDEN_LINE, rows=amount(hidden, "row"))] if hidden else notes
    return []


def hidden_sheets(data: bytes) -> set[str]:
    """Names of the sheets that a spreadsheet program does not show."""
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:  # as above
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        return {each.get("name", "") for each in book.iter() if each.get("state") in ("hidden", "veryHidden")}
    return set()


def area(data: bytes, sheet: str) -> int:
    """The number of cells in the rectangle around all cells, which a reader holds in memory; 0 if it cannot be told."""
    with suppress(Exception):  # as above
        xml = _part(data, sheet)
        columns = [
            sum(26**i * (letter - 64) for i, letter in enumerate(name[::-1])) for name in {*COLUMNS.findall(xml)}
        ]
        places = columns, [*map(int, {*ROWS.findall(xml)})]
        return math.prod(max(each) - min(each) + 1 for each in places)
    return 0


def _part(data: bytes, sheet: str) -> bytes:
    """The XML of a sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        part = next(each.get(PART) for each in book.iter() if each.get("name") == sheet and each.get(PART))
        parts = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        target = next(each.get("Target", "") for each in parts if each.get("Id") == part)
        return archive.read(posixpath.join("/xl", target)[1:])
