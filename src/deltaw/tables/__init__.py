"""Tables: from files and data frames to typed columns, and the kind of each.

The files in the order of the data:

- `reading/` reads a source (`read.py`), several files (`shards.py`) or more rows than fit in memory (`streams.py`);
- `table.py` is the result, `cells.py` parses text: `missing.py`, `numerals.py`, `notations.py` (commas and points),
  `decimals.py`, `units.py`, `codes.py`, `dates.py`;
- `columns.py` finds the kind of each column, unless the user gives it (`given_kinds.py`, `choice.py`); `strays.py` and
  `exact.py` find mistakes;
- `held.py` is the compact form of large tables, `taking.py` takes some of their rows, `digest.py` identifies a table.
"""

from deltaw.tables.columns import Column, kinds
from deltaw.tables.reading.bundled import BUNDLED, bundled
from deltaw.tables.reading.read import origins, read, read_as, several
from deltaw.tables.reading.slices import slices
from deltaw.tables.reading.source import Reading
from deltaw.tables.reading.streams import Stream, stream
from deltaw.tables.table import Block, Table

__all__ = [
    "BUNDLED", "Block", "Column", "Reading", "Stream", "Table", "bundled", "kinds", "origins", "read", "read_as",
    "several", "slices", "stream",
]  # fmt: skip
