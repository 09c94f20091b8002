"""What only the XML of an OpenDocument workbook (.ods) tells: how many cells a reader makes of it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from xml.parsers import expat

CONTENT = "content.xml"  # the member with the cells
ROWS, COLUMNS = "table:number-rows-repeated", "table:number-columns-repeated"
CELLS = ("table:table-cell", "table:covered-table-cell")


@dataclass
class OpenDocument:
    """A workbook with the interface of `deltaw.tables.reading.formats.sheets.Sheets`, as far as it tells anything.

    Attributes:
        cells: the number of cells of all sheets (`cells_of`).
        hidden: names of hidden sheets: none that are told.
    """

    cells: int
    hidden: frozenset[str] = frozenset()

    def area(self, sheet: str) -> int:
        """The number of cells of all sheets."""
        return self.cells

    def without_values(self, sheet: str, names: int) -> list[str]:
        """Notes on cells without values: none that are told."""
        return []


def cells_of(data: bytes) -> int:
    """The number of cells that a reader holds in memory, at most; 0 for an archive of another kind.

    A cell or a row is written once for as many as follow alike, so that a few bytes may be a sheet full of them.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [each for each in archive.infolist() if each.filename.replace("\\", "/").lower() == CONTENT]
        return sum(_Counter().count(archive.read(member)) for member in members)


class _Counter:
    """Counts the cells of sheets: the rows up to the last with a value by the columns up to the last with one."""

    def __init__(self) -> None:
        self._total = self._rows = self._blank = self._width = self._place = self._inside = 0
        self._begun: list[tuple[int, bool]] = []  # rows that are not yet ended: how often each is there, and any value

    def count(self, xml: bytes) -> int:
        """The number in a document."""
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.Parse(xml, True)
        return self._total

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._inside += 1  # may be within a cell of another
        elif tag == "table:table-row":
            self._begun.append((int(attributes.get(ROWS, 1)), False))
            self._place = 0
        elif tag in CELLS:
            self._place += int(attributes.get(COLUMNS, 1))
        if self._begun and self._place and (tag not in CELLS or "office:value-type" in attributes):
            self._width = max(self._width, self._place)
            self._begun = [(times, True) for times, _ in self._begun]

    def _end(self, tag: str) -> None:
        if tag == "table:table-row":
            times, valued = self._begun.pop()
            self._rows, self._blank = (
                (self._rows + self._blank + times, 0) if valued else (self._rows, self._blank + times)
            )
        elif tag == "table:table":
            self._inside -= 1
            if not self._inside:
                self._total += self._rows * self._width
                self._rows = self._blank = self._width = 0
