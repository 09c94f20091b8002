"""What only the XML of a workbook's sheet tells: how far its cells lie apart, and which of them have no value though a
spreadsheet program shows one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import chain
from string import digits
from xml.etree import ElementTree
from xml.parsers import expat

from deltaw.numbers import amount
from deltaw.speech import say
from deltaw.tables.table import listing

MERGED = re.compile(rb'<mergeCell ref="([A-Z]+(\d+):[A-Z]+(\d+))"')
# No "<" stands in a tag: a search that stopped at ">" alone would look through the rest of the file for each beginning.
UNCALCULATED = re.compile(rb'<c r="([A-Z]+\d+)"[^<>]*><f[^<>]*(?:/>|>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>')
HIDDEN = re.compile(rb'<row [^<>]*hidden="(?:1|true)"')
CELL = re.compile(rb'<(?:[^\s<>/!?]*:)?c(?: r="([A-Z]{1,3})([0-9]{1,9})"|(?=[\s/>]))')

HIDDEN_LINE = "{rows} that the sheet hides, as its filters do, are read as well: delete them if they are not meant"
MERGED_LINE = "merged cells ({cells}) have a value in the first row only, the others are read as missing: unmerge them"
FORMULAS_LINE = (
    "formulas without results ({cells}) are read as missing: open the workbook in a spreadsheet program and save it"
)


class Sheets:
    """The sheets of a workbook, as its XML has them. Raises errors of ZIP archives and XML where it is damaged."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        book = ElementTree.fromstring(self._archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))
        members = {_plain(name): name for name in self._archive.namelist()}
        targets, self._members = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for link in links:
            path = _plain(link.get("Target", "")).removeprefix("/")
            targets[link.get("Id", "")] += [each for each in (path, f"xl/{path}") if each in members]
        for each in book.iter():
            for identifier in (value for key, value in each.items() if key.endswith("}id")):
                self._members[each.get("name", "")] += [members[path] for path in targets[identifier]]
        # Those that a spreadsheet program does not show.
        self.hidden = {each.get("name", "") for each in book.iter() if each.get("state") in ("hidden", "veryHidden")}

    def area(self, sheet: str) -> int:
        """The number of cells in the rectangle around all cells, which a reader holds in memory."""
        return max(map(_area, self._xml(sheet)))

    def without_values(self, sheet: str, names: int) -> list[str]:
        """Notes on what is read as missing: cells below the first of merged ones, and formulas that were never
        calculated, as programs write them; and on hidden rows.

        `names`: the row of the column names; merged cells above it are a title.
        """
        xml = next(self._xml(sheet))
        merged = [found[1].decode() for found in MERGED.finditer(xml) if int(found[3]) > max(int(found[2]), names)]
        formulas = [found[1].decode() for found in UNCALCULATED.finditer(xml)]
        notes = [say(MERGED_LINE, cells=listing(merged, 3))] if merged else []
        notes += [say(FORMULAS_LINE, cells=listing(formulas, 3))] if formulas else []
        hidden = len(HIDDEN.findall(xml))
        return [*notes, say(HIDDEN_LINE, rows=amount(hidden, "row"))] if hidden else notes

    def _xml(self, sheet: str) -> Iterator[bytes]:
        """The parts of the archive that may be the sheet: one, if nobody forged the workbook."""
        members = self._members[sheet] or chain(*self._members.values())
        return map(self._archive.read, dict.fromkeys(members))


def _plain(path: str) -> str:
    """A member's name as readers compare it."""
    return path.replace("\\", "/").lower()


def _area(xml: bytes) -> int:
    """See `Sheets.area`. A cell that says no place follows the one before, and so does a row."""
    cells = CELL.findall(xml)
    names, numbers = {column for column, _ in cells}, {row for _, row in cells}
    if b"" not in numbers:  # every cell says its place, as nearly all programs write it
        return _between(map(_column, names)) * _between(map(int, numbers))
    row, column = -1, 0  # the last row, and the next column
    rows, columns = set[int](), set[int]()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column
        kind, place = tag.rpartition(":")[2], attributes.get("r")
        if kind == "row":
            row, column = row + 1 if place is None else int(place) - 1, 0
        elif kind == "c":
            letters = "" if place is None else place.rstrip(digits)
            column = column if place is None else _column(letters.encode())
            rows.add(row if place is None else int(place.removeprefix(letters)) - 1)
            columns.add(column)
            column += 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.specified_attributes = begin, True
    parser.Parse(xml, True)
    return _between(rows) * _between(columns)


def _between(places: Iterable[int]) -> int:
    found = [*places]
    return max(found) - min(found) + 1 if found else 0


def _column(letters: bytes) -> int:
    """Index of a column, from 0; of those beyond the last that a sheet has, one."""
    return reduce(lambda number, letter: 26 * number + letter - 64, letters.upper()[:9], 0) - 1
