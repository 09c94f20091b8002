"""Printed tables, with lines of dashes: between bars, as SAP, Markdown, org-mode, reStructuredText's grids, the clients
of databases and printed frames have them, or at fixed places above dashes, as of sqlcmd and SQL*Plus; and tables of
fields at fixed places without such lines.
"""

from __future__ import annotations

import io
import re
from itertools import islice, pairwise
from typing import NamedTuple

BAR = "|"  # between fields of the plain text
BARS = str.maketrans(dict.fromkeys("│┃┆┇┊┋║", BAR))
HINT = re.compile(rb"\||\xe2[\x94\x95]|[-=][ \t]+[-=]")  # a bar, box drawing (U+2500 to U+257F), or dashes
# A line of such signs, two of dashes among them; looked for one after another, since a line may be as long as a file.
DASHES = re.compile("(?=.*(?:--|==|:-|-:|[─━═]))[-=:|+_\\s\u2500-\u257f]*")
APART = re.compile(r"\s*(-+|=+)(\s+(-+|=+))+")  # a line of dashes below fields at fixed places
FEWEST, ALIGNED = 5, 5_000  # lines in which blanks stand at the same places
LOOKED, BYTES = 200, 1 << 16  # lines and bytes in which the names and the dashes below them are looked for


class Printed(NamedTuple):
    """How a table is printed.

    Attributes:
        before, behind: whether its lines begin, and end, with a bar.
        places: where each field begins and ends, if there are no bars.
    """

    before: bool = False
    behind: bool = False
    places: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, text: bytes) -> Printed | None:
        """By the names, which stand directly above a line of dashes; None for text that is not printed."""
        if not HINT.search(text, 0, BYTES):
            return None
        lines = [line.decode(errors="replace").translate(BARS).rstrip() for line in islice(io.BytesIO(text), LOOKED)]
        drawn = [line for line in lines if BAR in line or DASHES.fullmatch(line)]
        pairs = [(names, below) for names, below in pairwise(drawn) if not DASHES.fullmatch(names)]
        if pairs and DASHES.fullmatch(pairs[0][1]) and BAR in (names := pairs[0][0].strip()).strip(BAR):
            return cls(names.startswith(BAR), names.endswith(BAR))
        for names, below in pairwise(lines):
            if APART.fullmatch(below) and DASHES.fullmatch(below) and names and not DASHES.fullmatch(names):
                found = cls(places=tuple(group.span() for group in re.finditer(r"[-=]+", below)))
                return found if BAR in found._fields_of(names) else None
        return None

    @classmethod
    def aligned(cls, text: bytes) -> Printed | None:
        """By blanks at the same places in all of the first lines, with a name for each field between them in the first;
        None for other text.
        """
        lines = [line.decode().rstrip() for line in islice(io.BytesIO(text), ALIGNED) if line.strip()]
        if len(lines) < FEWEST or BAR.encode() in text or b"\t" in text:
            return None
        used = bytearray(b" " * max(map(len, lines)))
        for line in lines:
            for field in re.finditer(r"\S+", line):
                used[field.start() : field.end()] = b"x" * len(field[0])
        places = list[tuple[int, int]]()
        for begin, end in (field.span() for field in re.finditer(b"x+", used)):
            there = [bool(line[begin:end].strip()) for line in lines]
            if places and begin == places[-1][1] + 1 and not (there[0] and 2 * sum(there) > len(lines)):
                places[-1] = places[-1][0], end  # a word of the field before
            else:
                places.append((begin, end))
        found = cls(places=tuple(places))
        names = found._fields_of(lines[0]).split(BAR)
        return found if len(names) > 1 and all(names) and not any("  " in name for name in names) else None

    def plain(self, text: bytes) -> bytes:
        """Text with a bar between fields, and blank lines for those that are no rows: of dashes, or without bars."""
        lines = (self._line(line.decode().translate(BARS).rstrip()) for line in io.BytesIO(text))
        return "\n".join(lines).rstrip("\n").encode() + b"\n"

    def _line(self, line: str) -> str:
        if DASHES.fullmatch(line) or (not self.places and BAR not in line):
            return ""
        if self.places:
            return self._fields_of(line)
        line = line.strip().removeprefix(BAR) if self.before else line
        return line.removesuffix(BAR) if self.behind else line

    def _fields_of(self, line: str) -> str:
        """The fields at the places, longer ones up to a blank between two; a line without that blank as it is."""
        cuts = [0]
        for (_, end), (begin, _) in pairwise(self.places):
            cuts.append(line.rfind(" ", end, begin) if end < len(line) else len(line))
        if -1 in cuts or not line:
            return line
        return BAR.join(line[begin:end].strip() for begin, end in pairwise([*cuts, len(line)]))
