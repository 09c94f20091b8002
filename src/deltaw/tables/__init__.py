"""Reading tables: a file or data frame becomes typed columns, and every column gets a kind."""

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
