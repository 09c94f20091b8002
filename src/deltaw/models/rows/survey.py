"""One pass over a table that is larger than memory: a sample to plan on, the held-out rows, and exact counts of words.

Each row gets a random number from the seed and its position (`tables.reading.draws`). The rows with the lowest numbers
are held out for test and validation; those with the next lowest are a sample of the training rows, on which the plan is
made. Which rows these are does not depend on how the table is divided into files or processes.

As far as possible the sample gives the same preparation as all rows would: it includes for each column a row with the
lowest value, one with the highest and one with a missing cell, and a row for each word of a column of few words. Words
are counted over all rows. Medians and quartiles are the sample's, with the error `error`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.rows.bottom_k import BottomK, compact, texts
from deltaw.models.rows.dividing import MOST_TEST, MOST_VALIDATION
from deltaw.models.rows.extremes import DRAW, extremes, spelling, witnesses
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.task import MOST_CLASSES
from deltaw.speech import say
from deltaw.tables import exact
from deltaw.tables.cells import as_words, check_type
from deltaw.tables.columns import check_finite
from deltaw.tables.reading.answers import TargetWords
from deltaw.tables.reading.changes import another
from deltaw.tables.reading.draws import drawn
from deltaw.tables.reading.formats.columnar import CELLS
from deltaw.tables.reading.shards import alongside, joined
from deltaw.tables.reading.source import Reading
from deltaw.tables.reading.streams import Slice, Stream, ahead, gathered
from deltaw.tables.strays import Strays
from deltaw.tables.table import name_of_rows

SAMPLE, FEWEST = 200_000, 1_000  # rows
SHARE = 1 / 4  # of the allowed memory, for the sample as a frame and as inputs
SHARE_OF_TEXT = 1 / 8  # of the allowed memory, for the sample's text, of which there may be two copies
ENOUGH = int(16 * CELLS / SHARE)  # bytes of memory; more changes neither the sample nor the order of rows
FEW_WORDS = 100  # of a column: the sample has a row with each
MOST_WORDS = 1_000_000  # counted per column; beyond that the rarest are forgotten
SHARE_OF_WORDS, LEAST_ROOM = 1 / 32, 2**20  # of the allowed memory, for a column's words; bytes
HELD_OUT = MOST_TEST + MOST_VALIDATION  # at most
CHUNK_BYTES = 2**21  # bytes of rows processed at a time, so that small files do not cost a Polars call each
DOUBT = 1e-3  # probability that a quartile is off by more than `error`
UINT64 = np.uint64


@dataclass
class Survey:
    """What the pass has found.

    Attributes:
        used: the columns that are looked at.
        target, weight: their names.
        seed: of the random numbers.
        most: rows of the sample.
        room: bytes that the words of a column may take.
        text_room: bytes of text that the sample may have.
        counted: columns whose words are counted, besides those of text.
        rows: number of rows with a target value and a weight above 0.
        left_out, weightless: number of rows without a target value, and with a weight of 0.
        words: per column of words a frame with "word" and "rows", its number of training rows.
        text: columns of words, also where cells look like numbers.
        sample: some of the training rows.
        held_out: test and validation rows, in the order of their random numbers.
        digests: a digest of the rows of each file.
        notes: remarks of the readers.
        beyond: columns of integers that float64 cannot represent.
        said: words of the target that usually mean a missing value.
    """

    used: tuple[str, ...]
    target: str
    weight: str | None
    seed: int
    most: int
    room: int = 2**25
    text_room: int = 2**27
    counted: frozenset[str] = frozenset()
    text: set[str] = field(default_factory=set)
    rows: int = 0
    left_out: int = 0
    weightless: int = 0
    words: dict[str, pl.DataFrame] = field(default_factory=dict)
    digests: dict[Path, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    beyond: exact.LargeIntegers = field(default_factory=exact.LargeIntegers)
    held_out: pl.DataFrame = field(default_factory=pl.DataFrame)
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)
    said: TargetWords = field(default_factory=lambda: TargetWords(Reading()))
    _apart: BottomK = field(default_factory=lambda: BottomK(HELD_OUT))
    _some: BottomK = field(init=False)
    _witnesses: pl.DataFrame = field(default_factory=pl.DataFrame)
    _forgotten: set[str] = field(default_factory=set)
    _spelt: dict[str, str | None] = field(default_factory=dict)  # date format or unit of text columns
    _shortened: set[str] = field(default_factory=set)  # columns of which rare words were forgotten

    def __post_init__(self) -> None:
        self._some = BottomK(self.most, self.text_room, FEWEST)

    @property
    def learnt(self) -> int:
        """Number of training rows."""
        return self.rows - len(self.held_out)

    @property
    def digest(self) -> int:
        """A digest of all rows, independent of the order of files."""
        return sum(self.digests.values()) % 2**64

    def check(self, digests: Mapping[Path, int]) -> None:
        """Raise TableError if a later pass has read other rows."""
        for file, before in self.digests.items():
            if digests.get(file, 0) != before:
                raise another(file, say("other rows"))

    @property
    def error(self) -> float:
        """ε: with probability 1 − DOUBT no quantile of the sample is off by more than this share of the rows.

        By the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990), for a sample of m rows:
        P(sup |F_m − F| > ε) ≤ 2 exp(−2 m ε²).
        """
        return 0.0 if len(self.sample) >= self.learnt else math.sqrt(math.log(2 / DOUBT) / (2 * len(self.sample)))

    def counting(self, part: Slice, names: Sequence[str] = ()) -> tuple[pl.DataFrame, NDArray[np.uint64], str]:
        """The rows of a slice with a target value and a weight above 0, of `names` or all used columns; their random
        numbers; and their name in messages.
        """
        frame = part.table.frame[list(names or self.used)]
        draws = drawn(self.seed, part.first, len(frame))
        known = frame.get_column(self.target).is_not_null().to_numpy()
        if self.weight is not None:
            known = known & (as_numbers(frame.get_column(self.weight), part.table.name) != 0)
        source = part.table.name
        if known.all():
            return frame, draws, source
        return frame.filter(known), draws[known], name_of_rows(source, known)

    def see(self, part: Slice) -> pl.DataFrame:
        """Add the next slice; return its rows with a target value and a weight above 0, and their random numbers.

        Raises ColumnError for an infinite number.
        """
        source = part.table.name
        raw = part.table.frame[list(self.used)]
        check_finite(raw, source)
        self.beyond.see(raw)
        self.notes |= dict.fromkeys(part.table.notes)
        self.digests[part.file] = self.digests.get(part.file, 0) + digest(raw, part.first)
        self.left_out += raw.get_column(self.target).null_count()
        frame, draws, _ = self.counting(part)
        self.rows += len(frame)
        self.weightless = part.first + len(raw) - self.rows - self.left_out
        return frame.with_columns(pl.Series(DRAW, draws))

    def sort_out(self, some: Sequence[pl.DataFrame]) -> None:
        """Take rows that were seen as held out, for now, or as training rows."""
        for rest in self._apart.see(joined(some)):
            self._learn(rest)

    def divide(self, held_out: int) -> None:
        """After the last slice: hold out the `held_out` rows of lowest numbers, and take all others for training."""
        self.held_out, rest = self._apart.lowest(held_out)
        self._learn(rest)
        self.sample, _ = self._some.lowest(self.most)
        self.sample = alongside([self.sample, self._witnesses]).unique(DRAW).sort(DRAW)
        self._apart = self._some = BottomK(0)  # frees their rows

    def is_held_out(self, draws: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """(n,) whether rows are held out, by their random numbers."""
        if not len(self.held_out):
            return np.zeros(len(draws), bool)
        return np.asarray(draws <= self.held_out.get_column(DRAW).to_numpy().max())

    def parts(self, draws: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """(n,) the part of each row, by its random number: see `deltaw.preparation.columns.means`."""
        return (draws % UINT64(PARTS)).astype(np.uint8)

    def _learn(self, frame: pl.DataFrame) -> None:
        """Add training rows."""
        if not len(frame):
            return
        self._some.see(frame)
        for column in frame[texts(frame)].iter_columns():
            if column.name not in self._spelt and column.null_count() < len(column):
                self._spelt[column.name] = spelling(column)
        most = {name: FEW_WORDS for name in self.used if name in self.counted or frame.schema[name] == pl.String}
        most |= {self.target: MOST_CLASSES}
        each = {name: self._count(frame, name) for name in most}
        known = self.words.keys() - self._shortened
        few = [name for name, limit in most.items() if name in known and len(self.words[name]) <= limit]
        draws = pl.concat(
            [extremes(frame, self._witnesses, self._spelt), *(each[name].get_column(DRAW) for name in few)]
        )
        found = compact(frame.filter(frame.get_column(DRAW).is_in(draws.unique().implode())))
        self._witnesses = witnesses(alongside([self._witnesses, found]), few, self._spelt)

    def _count(self, frame: pl.DataFrame, name: str) -> pl.DataFrame:
        """Count the words of a column, unless it is a target of fractions or of very many values.

        Returns for these rows each "word", its number of "rows" and their lowest random number.
        """
        column = frame.get_column(name)
        if name == self.target and column.dtype.is_float() and not (column == column.round()).all():
            self._forgotten.add(name)
        if name in self._forgotten:
            self.words.pop(name, None)
            return pl.DataFrame({DRAW: []}, {DRAW: pl.UInt64})
        found = _counted(column, frame.get_column(DRAW))
        counts = found.select("word", "rows")
        if name in self.words:
            counts = pl.concat([self.words[name], counts]).group_by("word").agg(pl.col("rows").sum())
        if name == self.target and len(counts) > MOST_CLASSES:
            self._forgotten.add(name)
        least = 1
        while len(counts) > MOST_WORDS or counts.get_column("word").str.len_bytes().sum() > self.room:
            counts, least = counts.filter(pl.col("rows") > least), 2 * least
            self._shortened.add(name)
        self.words[name] = compact(counts)
        return found


def digest(frame: pl.DataFrame, first: int) -> int:
    """A digest of rows from position `first` on, independent of integer types; digests of slices add up."""
    others = [name for name, kind in frame.schema.items() if kind.is_numeric() and kind != pl.Float64]
    own = (frame.cast(dict.fromkeys(others, pl.Float64)) if others else frame).hash_rows(seed=0).to_numpy()
    return int((own * (drawn(0, first, len(own)) | UINT64(1))).sum(dtype=UINT64))


def survey(
    stream: Stream, used: Sequence[str], target: str, weight: str | None, kinds: Mapping[str, str], seed: int,
    memory: int,
) -> Survey:  # fmt: skip
    """Survey all rows of a stream, again if a column turns out to be words, or words turn out to be dates.

    Args:
        stream: the rows.
        used: the columns that are looked at, with target and weight.
        target, weight: their names.
        kinds: the caller's kinds of columns.
        seed: of the random numbers.
        memory: bytes that may be used.

    Raises:
        ColumnError, TableError: as `Stream.slices`; a cell that is not a number in a column of numbers.
    """
    most = min(SAMPLE, max(FEWEST, int(min(CELLS, SHARE * memory / 16) / len(used))))
    room, text_room = (max(LEAST_ROOM, int(share * min(memory, ENOUGH))) for share in (SHARE_OF_WORDS, SHARE_OF_TEXT))
    counted = frozenset(name for name, kind in kinds.items() if kind == "category")
    text = set[str]()
    while True:
        found = Survey(tuple(used), target, weight, seed, most, room, text_room, counted, text)
        found.said = TargetWords(stream.reading)
        turned = _seen(stream, found, kinds)
        if turned is None:
            return found
        if turned in stream.notations.turned:
            stream.notations.turned.clear()
            text |= stream.notations.words
            continue
        if turned in stream.dates:
            text.discard(turned)
            continue
        assert turned not in text, turned
        text.add(turned)


def _seen(stream: Stream, found: Survey, kinds: Mapping[str, str]) -> str | None:
    """Add all slices; return the first column that turns out to be words, or dates, after it was something else."""
    turned: str | None = None

    def seen() -> Iterator[pl.DataFrame]:
        nonlocal turned
        for part in ahead(_known(stream, found, kinds)):
            if isinstance(part, str):
                turned = part
                return
            if len(rows := found.see(part)):
                yield rows

    for some in gathered(seen(), lambda rows: rows.estimated_size(), min(CHUNK_BYTES, found.room)):
        found.sort_out(some)
    return turned


def _known(stream: Stream, found: Survey, kinds: Mapping[str, str]) -> Iterator[Slice | str]:
    """The slices; or the name of a column that is words, truth values or numbers in a slice, and was not before."""
    known: dict[str, str] = {}  # what a column is
    blank = False  # whether the target was empty in some slice before it had words
    strays: dict[str, Strays] = {}
    for part in stream.slices(found.text):
        if otherwise := stream.notations.turned.keys() & {*found.used}:
            yield min(otherwise)
            return
        for column in part.table.frame[list(found.used)].iter_columns():
            if column.null_count() == len(column):
                hidden = column.name == found.target and column.name not in found.text
                blank |= hidden and bool(stream.reading.classes)
                continue
            check_type(column, part.table.name)
            words = column.dtype == pl.String
            if words and column.name not in (*kinds, found.target):
                strays.setdefault(column.name, Strays()).see(column, part.table.name)
            sort = "words" if words else "truth" if column.dtype == pl.Boolean else "numbers or dates"
            if known.get(column.name, sort) != sort or (words and blank and column.name == found.target):
                yield str(column.name)
                return
            if words:
                found.text.add(column.name)  # for the next slices
            known[column.name] = sort
        answers = found.said.see(part.table.frame.get_column(found.target))
        yield part._replace(table=replace(part.table, frame=part.table.frame.with_columns(answers)))
    for each in strays.values():
        each.check()


def _counted(column: pl.Series, draws: pl.Series) -> pl.DataFrame:
    """Each "word" of a column, its number of "rows" and their lowest random number.

    Equal cells are counted before they are converted to words, since these are fewer.
    """
    cells = pl.DataFrame([column.alias("word"), draws]).group_by("word").agg(pl.len().alias("rows"), pl.col(DRAW).min())
    words = cells.with_columns(as_words(cells.get_column("word"))).drop_nulls("word")
    return words.group_by("word").agg(pl.col("rows").sum(), pl.col(DRAW).min())


@dataclass(frozen=True)
class Streamed:
    """Training rows that do not fit into memory.

    Attributes:
        stream: their source.
        survey: what was found in the first pass.
        memory: bytes that may be used.
        folder: on a disk, for the prepared rows during training.
        targets: target statistics for columns that use them; None if there are none.
    """

    stream: Stream
    survey: Survey
    memory: int
    folder: Path
    targets: TrainingTargets | None = None

    def __len__(self) -> int:
        return self.survey.learnt
