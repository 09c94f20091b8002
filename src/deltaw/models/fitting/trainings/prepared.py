"""Training rows that do not fit into memory: prepared once, and kept in blocks on a disk during training."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.engines.rows import Rows
from deltaw.equations.encoded import Encoded, Field
from deltaw.equations.losses import loss
from deltaw.exceptions import InputError
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.rows.parts import Part, part_of
from deltaw.models.rows.survey import CHUNK_BYTES, Streamed, digest
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.tables.reading.shards import joined
from deltaw.tables.reading.streams import ahead, gathered
from deltaw.tables.table import name_of_rows
from deltaw.training.blocks import BLOCK, RUN, Blocks, Kept
from deltaw.training.windows import WINDOW, Windows

Array = NDArray[Any]

AT_ONCE = 2**16  # rows that are prepared at a time
SHARE = 1 / 8  # of the allowed memory: most for a run or a window


def bytes_of(plan: Plan) -> int:
    """Bytes that the prepared rows take on the disk."""
    assert plan.streamed is not None
    return len(plan.streamed) * sum(Kept.of(array).bytes for array in _arrays(plan, plan.training))


def prepared(plan: Plan) -> Blocks:
    """The prepared training rows in blocks, as a context that removes them.

    Raises:
        OutputError: there is not enough room; nothing has been written then.
        ColumnError, TableError: a wrong cell, or a file that has changed.
    """
    streamed = plan.streamed
    assert streamed is not None
    kept = [Kept.of(array) for array in _arrays(plan, plan.training)]
    sizes = BLOCK, min(RUN, int(SHARE * streamed.memory))
    X = plan.training.X
    fields = X.unfolded().fields if isinstance(X, Encoded) else [Field()] * X.shape[1]
    blocks = Blocks(streamed.folder, len(streamed), fields, kept, plan.seed, sizes)
    try:
        total = 0.0
        for run in ahead(_runs(_prepared(plan, streamed), blocks.run)):
            blocks.write(run)
            total += float(run[2].sum(dtype=np.float64)) if len(run) > 2 else len(run[0])
        blocks.mean_weight = total / len(streamed)
    except BaseException:
        blocks.close()
        raise
    return blocks


def windows_of(plan: Plan, blocks: Blocks) -> Windows:
    """Windows over the prepared rows."""
    assert plan.streamed is not None
    assert plan.recipe.batch_size is not None
    batch = min(plan.recipe.batch_size, len(plan.streamed))
    return Windows(blocks, batch, plan.seed, min(WINDOW, int(SHARE * plan.streamed.memory)))


def sample_rows(plan: Plan) -> Rows:
    """A sample of the prepared rows, in memory."""
    stored, targets, *_ = _arrays(plan, plan.training)
    X = plan.training.X
    return Rows(Encoded(stored, X.unfolded().fields) if isinstance(X, Encoded) else stored, targets)


def _prepared(plan: Plan, streamed: Streamed) -> Iterator[list[Array]]:
    """The arrays of all training rows, in order."""
    survey, stream, digests = streamed.survey, streamed.stream, Counter[Path]()

    def learnt() -> Iterator[_Some]:
        for part in ahead(stream.slices(survey.text)):
            digests[part.file] += digest(part.table.frame[list(survey.used)], part.first)
            frame, draws, source = survey.counting(part)
            learnt = ~survey.is_held_out(draws)
            if learnt.any():
                yield _Some(frame.filter(learnt), name_of_rows(source, learnt), survey.parts(draws[learnt]))

    for some in gathered(learnt(), lambda some: some.frame.estimated_size(), CHUNK_BYTES):
        try:
            yield from _pieces(plan, _Some.of(some), streamed.targets)
        except InputError:  # prepared file by file, the error names the file and the row
            for each in some if len(some) > 1 else ():
                deque(_pieces(plan, each, streamed.targets), 0)
            raise
    survey.check(digests)


class _Some(NamedTuple):
    """Some training rows, their name in messages, and the part of each."""

    frame: pl.DataFrame
    source: str
    parts: NDArray[np.uint8]

    @classmethod
    def of(cls, some: Sequence[_Some]) -> _Some:
        """The rows of several files together."""
        frames, sources, parts = zip(*some, strict=True)
        return some[0] if len(some) == 1 else cls(joined(frames), sources[0], np.concatenate(parts))


def _pieces(plan: Plan, some: _Some, targets: TrainingTargets | None) -> Iterator[list[Array]]:
    """The arrays of some rows."""
    for start in range(0, len(some.frame), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        own = None if targets is None else targets._replace(parts=some.parts[rows])
        source = name_of_rows(some.source, rows)
        part = part_of(some.frame[rows], plan.preparation, plan.target, plan.recipe, source, own)
        yield _arrays(plan, part)


def _arrays(plan: Plan, part: Part) -> list[Array]:
    """What is kept of rows: their stored inputs, their targets as the loss takes them, and their weights."""
    rows = Rows.of(plan.network, part.X, part.T, loss(plan.recipe.loss))
    counts, stored = plan.counts(part), rows.X.unfolded().stored if isinstance(rows.X, Encoded) else rows.X
    assert rows.T is not None
    return [stored, rows.T, *([] if counts is None else [np.asarray(counts, np.float32)])]


def _runs(pieces: Iterator[list[Array]], size: int) -> Iterator[list[Array]]:
    """The same rows, `size` at a time."""
    waiting: list[list[Array]] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece[0])
        while count >= size:
            whole = [np.concatenate(each) for each in zip(*waiting, strict=True)]
            yield [each[:size] for each in whole]
            waiting, count = [[each[size:] for each in whole]], count - size
    if count:
        yield [np.concatenate(each) for each in zip(*waiting, strict=True)]
