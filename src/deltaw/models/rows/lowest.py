"""The rows with the lowest numbers of chance, of rows that come some after the others."""

from __future__ import annotations

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from deltaw.models.rows.witnesses import DRAW
from deltaw.tables.reading.shards import alongside

MORE = 5 / 4  # of the rows that are sought are kept before they are sorted out


class Lowest:
    """The rows with the lowest numbers of chance of those that were seen; and some more, sorted out when they are many.

    Args:
        most: how many.
        room: bytes of text that they may have: of long ones there are fewer rows, which their numbers alone decide.
        fewest: so many rows, however long their text is.
    """

    def __init__(self, most: int, room: float = np.inf, fewest: int = 1) -> None:
        self.most, self.room, self.fewest = most, room, fewest
        self._frames: list[pl.DataFrame] = []
        self._text = 0  # bytes
        self._last: np.uint64 | None = None  # what lies above is not among them

    def see(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Keep the rows of a frame that may be among them; returns those that are not, or no longer."""
        low, rest = (frame, []) if self._last is None else _parted(frame, self._last)
        self._frames += [low] if len(low) else []
        self._text += int(_text_of(low).sum())
        if sum(map(len, self._frames)) > MORE * self.most or self._text > MORE * self.room:
            kept, high = self.lowest(self.most)
            self._frames, rest = [kept], [*rest, high]
            self._text = int(_text_of(kept).sum())
            self._last = kept.get_column(DRAW).to_numpy().max()
        return rest

    def lowest(self, most: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """So many of the rows that are kept, in their order, and the others."""
        there = self._frames
        if not there:
            return pl.DataFrame(), pl.DataFrame()
        draws = np.concatenate([frame.get_column(DRAW).to_numpy() for frame in there])
        if self._text > self.room:
            text = np.concatenate([_text_of(frame) for frame in there])[np.argsort(draws)].cumsum()
            most = min(most, max(self.fewest, int(np.searchsorted(text, self.room, side="right"))))
        if len(draws) <= most:
            return alongside(there).sort(DRAW), there[0].clear()
        if not most:
            return there[0].clear(), alongside(there)
        parts = [_parted(frame, np.partition(draws, most - 1)[most - 1]) for frame in there]
        return alongside(low for low, _ in parts).sort(DRAW), alongside(high for _, rest in parts for high in rest)


def texts(frame: pl.DataFrame) -> list[str]:
    """The names of the columns of text."""
    return [name for name, kind in frame.schema.items() if kind == pl.String]


def _text_of(frame: pl.DataFrame) -> NDArray[np.int64]:
    """How many bytes of text each row has."""
    lengths = [frame.get_column(name).str.len_bytes().fill_null(0).to_numpy() for name in texts(frame)]
    return np.sum(lengths, axis=0, dtype=np.int64) if lengths else np.zeros(len(frame), np.int64)


def _parted(frame: pl.DataFrame, last: np.uint64) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The rows whose random number is at most `last`, and the others."""
    low = frame.get_column(DRAW) <= last
    return apart(frame.filter(low)), [frame.filter(~low)]


def apart(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with text of their own: a row that was filtered out of others holds all of theirs in memory."""
    return frame.with_columns(pl.concat_str([cs.by_name(name), pl.lit("")]).alias(name) for name in texts(frame))
