"""Bottom-k sampling: the rows with the k lowest random numbers of a stream of frames."""

from __future__ import annotations

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from deltaw.models.rows.extremes import DRAW
from deltaw.tables.reading.shards import alongside

MORE = 5 / 4  # times k rows are kept before the others are dropped


class BottomK:
    """The rows with the lowest random numbers (column DRAW) seen so far.

    Args:
        most: k, the number of rows.
        room: bytes of text that they may have; with long texts there are fewer rows, still those of lowest numbers.
        fewest: rows to keep however long their text is.
    """

    def __init__(self, most: int, room: float = np.inf, fewest: int = 1) -> None:
        self.most, self.room, self.fewest = most, room, fewest
        self._frames: list[pl.DataFrame] = []
        self._text = 0  # bytes
        self._last: np.uint64 | None = None  # rows with a higher number are not among the k lowest

    def see(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Keep the rows of a frame that may be among the lowest; return those that are not, or no longer."""
        low, rest = (frame, []) if self._last is None else _split_at(frame, self._last)
        self._frames += [low] if len(low) else []
        self._text += int(_text_of(low).sum())
        if sum(map(len, self._frames)) > MORE * self.most or self._text > MORE * self.room:
            kept, high = self.lowest(self.most)
            self._frames, rest = [kept], [*rest, high]
            self._text = int(_text_of(kept).sum())
            self._last = kept.get_column(DRAW).to_numpy().max()
        return rest

    def lowest(self, most: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The `most` lowest rows, sorted by their numbers, and the others."""
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
        parts = [_split_at(frame, np.partition(draws, most - 1)[most - 1]) for frame in there]
        return alongside(low for low, _ in parts).sort(DRAW), alongside(high for _, rest in parts for high in rest)


def texts(frame: pl.DataFrame) -> list[str]:
    """Names of the string columns."""
    return [name for name, kind in frame.schema.items() if kind == pl.String]


def _text_of(frame: pl.DataFrame) -> NDArray[np.int64]:
    """(n,) bytes of text in each row."""
    lengths = [frame.get_column(name).str.len_bytes().fill_null(0).to_numpy() for name in texts(frame)]
    return np.sum(lengths, axis=0, dtype=np.int64) if lengths else np.zeros(len(frame), np.int64)


def _split_at(frame: pl.DataFrame, last: np.uint64) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The rows with numbers up to `last`, and the others."""
    low = frame.get_column(DRAW) <= last
    return compact(frame.filter(low)), [frame.filter(~low)]


def compact(frame: pl.DataFrame) -> pl.DataFrame:
    """A copy of the rows' text: filtered rows would keep the text of the whole frame in memory."""
    return frame.with_columns(pl.concat_str([cs.by_name(name), pl.lit("")]).alias(name) for name in texts(frame))
