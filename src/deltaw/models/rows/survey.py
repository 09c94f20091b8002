"""One pass over rows that no memory holds: what a plan is made of, and who goes where.

Rows get a number of chance each, from the seed and their place alone (`tables.reading.draws`). Those with the lowest
are held out, to be scored on and to choose by; those with the next lowest are a sample of the rows to learn from, on
which the plan is made as on any table. Which rows these are depends neither on how the table is divided into files nor
on who reads it.

What a preparation takes from a sample it would take from all rows, as far as it can be exact: for each column the
sample has the row with its lowest value, the one with its highest and one in which it is missing, and for each word of
a column of few a row with it. How often words come is counted in all rows. Medians and quartiles are the sample's:
`error` says within how much of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.rows.dividing import MOST_TEST, MOST_VALIDATION
from deltaw.models.rows.lowest import Lowest, apart, texts
from deltaw.models.rows.witnesses import DRAW, extremes, spelling, witnesses
from deltaw.preparation.columns.means import PARTS, Answers
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.task import MOST_CLASSES
from deltaw.speech import say
from deltaw.tables import exact
from deltaw.tables.cells import as_words, check_type
from deltaw.tables.columns import check_finite
from deltaw.tables.reading.answers import Said
from deltaw.tables.reading.changes import another
from deltaw.tables.reading.draws import drawn
from deltaw.tables.reading.shards import alongside, joined
from deltaw.tables.reading.slices import CELLS
from deltaw.tables.reading.source import Reading
from deltaw.tables.reading.streams import Slice, Stream, ahead, gathered
from deltaw.tables.strays import Strays
from deltaw.tables.table import among

SAMPLE, FEWEST = 200_000, 1_000  # rows
SHARE = 1 / 4  # of the memory that is allowed, for the sample as a frame and as inputs
SHARE_OF_TEXT = 1 / 8  # and for the text in it, which stands there twice while it is sorted out
ENOUGH = int(16 * CELLS / SHARE)  # bytes of memory, of which more changes neither the sample nor the order of rows
FEW_WORDS = 100  # of each of which the sample has a row
MOST_WORDS = 1_000_000  # that are counted; then those that came only once or twice are forgotten, and so on
# Long ones, as remarks are, take more room than so many: of the memory that is allowed a column's words get a share.
SHARE_OF_WORDS, LEAST_ROOM = 1 / 32, 2**20
HELD_OUT = MOST_TEST + MOST_VALIDATION  # at most
# Bytes of rows that are sorted out at a time: a call of Polars takes as long for the few rows of one of many files.
TOGETHER = 2**21
DOUBT = 1e-3  # the chance that a quartile is off by more than `error`
UINT64 = np.uint64


@dataclass
class Survey:
    """What is known of the rows.

    Attributes:
        used: the columns that are looked at.
        target, weight: which of them these are.
        most: rows of the sample.
        room: bytes that the words of a column may take.
        text_room: bytes of text that the sample may have.
        counted: columns whose words are counted, beside those of text.
        rows: how many have an answer and count.
        left_out, weightless: how many have no answer, or a weight of 0.
        words: of each column of words how often each comes, in the rows to learn from: "word", "rows".
        text: columns that are words, whatever cells look like.
        sample: rows to learn from.
        held_out: rows that are not learnt from, in the order of their numbers of chance.
        digests: of each file a number that its rows give, in their order.
        notes: what slices have found out about themselves.
        beyond: columns of whole numbers that float64 does not hold.
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
    beyond: exact.Beyond = field(default_factory=exact.Beyond)
    held_out: pl.DataFrame = field(default_factory=pl.DataFrame)
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)
    said: Said = field(default_factory=lambda: Said(Reading()))
    _apart: Lowest = field(default_factory=lambda: Lowest(HELD_OUT))
    _some: Lowest = field(init=False)
    _witnesses: pl.DataFrame = field(default_factory=pl.DataFrame)
    _forgotten: set[str] = field(default_factory=set)
    _spelt: dict[str, str | None] = field(default_factory=dict)  # how text writes days or numbers
    _shortened: set[str] = field(default_factory=set)  # columns of whose words some are forgotten

    def __post_init__(self) -> None:
        self._some = Lowest(self.most, self.text_room, FEWEST)

    @property
    def learnt(self) -> int:
        """How many rows are learnt from."""
        return self.rows - len(self.held_out)

    @property
    def digest(self) -> int:
        """A digest of all rows, in whatever order their files were read."""
        return sum(self.digests.values()) % 2**64

    def check(self, digests: Mapping[Path, int]) -> None:
        """Raise TableError where a later pass has seen other rows, whatever the system says of the files' times."""
        for file, before in self.digests.items():
            if digests.get(file, 0) != before:
                raise another(file, say("other rows"))

    @property
    def error(self) -> float:
        """Within which share of the rows a quartile of the sample lies of theirs, but for a chance of DOUBT.

        By the inequality of Dvoretzky, Kiefer and Wolfowitz, with Massart's constant (1990): of a sample of m rows
        P(sup |F_m − F| > ε) ≤ 2 exp(−2 m ε²).
        """
        return 0.0 if len(self.sample) >= self.learnt else math.sqrt(math.log(2 / DOUBT) / (2 * len(self.sample)))

    def counting(self, part: Slice, names: Sequence[str] = ()) -> tuple[pl.DataFrame, NDArray[np.uint64], str]:
        """The rows of a slice that have an answer and count, of the columns that are used or of some, their numbers,
        and what messages call them.
        """
        frame = part.table.frame[list(names or self.used)]
        draws = drawn(self.seed, part.first, len(frame))
        known = frame.get_column(self.target).is_not_null().to_numpy()
        if self.weight is not None:
            known = known & (as_numbers(frame.get_column(self.weight), part.table.name) != 0)
        source = part.table.name
        return (frame, draws, source) if known.all() else (frame.filter(known), draws[known], among(source, known))

    def see(self, part: Slice) -> pl.DataFrame:
        """Take note of the next slice; its rows that have an answer and count, with their numbers of chance.

        Raises ColumnError for a cell that no column can have.
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
        """Rows that were seen are held out, so far, or learnt from."""
        for rest in self._apart.see(joined(some)):
            self._learn(rest)

    def divide(self, held_out: int) -> None:
        """Now that all are seen: the lowest `held_out` stay so, the others are learnt from."""
        self.held_out, rest = self._apart.lowest(held_out)
        self._learn(rest)
        self.sample, _ = self._some.lowest(self.most)
        self.sample = alongside([self.sample, self._witnesses]).unique(DRAW).sort(DRAW)
        self._apart = self._some = Lowest(0)  # which hold as much again

    def is_held_out(self, draws: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """(n,) whether each row is held out, by its random number."""
        if not len(self.held_out):
            return np.zeros(len(draws), bool)
        return np.asarray(draws <= self.held_out.get_column(DRAW).to_numpy().max())

    def parts(self, draws: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """In which part rows lie, by their numbers of chance: see `deltaw.preparation.columns.means`."""
        return (draws % UINT64(PARTS)).astype(np.uint8)

    def _learn(self, frame: pl.DataFrame) -> None:
        """Take note of rows that are learnt from."""
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
        found = apart(frame.filter(frame.get_column(DRAW).is_in(draws.unique().implode())))
        self._witnesses = witnesses(alongside([self._witnesses, found]), few, self._spelt)

    def _count(self, frame: pl.DataFrame, name: str) -> pl.DataFrame:
        """Count the words of a column; of a target of numbers with fractions, or of very many, nobody wants to know.

        Of these rows "word", its "rows" and the lowest number of chance.
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
        self.words[name] = apart(counts)
        return found


def digest(frame: pl.DataFrame, first: int) -> int:
    """Of rows from place `first` on; those of slices add up to that of all, whatever type numbers have."""
    others = [name for name, kind in frame.schema.items() if kind.is_numeric() and kind != pl.Float64]
    own = (frame.cast(dict.fromkeys(others, pl.Float64)) if others else frame).hash_rows(seed=0).to_numpy()
    return int((own * (drawn(0, first, len(own)) | UINT64(1))).sum(dtype=UINT64))


def survey(
    stream: Stream, used: Sequence[str], target: str, weight: str | None, kinds: Mapping[str, str], seed: int,
    memory: int,
) -> Survey:  # fmt: skip
    """All rows of a stream, seen once: more often where what looks like numbers turns out to be words, or words dates.

    Args:
        used: the columns that are looked at, with target and weight.
        kinds: what the caller told columns are.
        seed: of the numbers of chance.
        memory: bytes that may be used.

    Raises:
        ColumnError, TableError: as `Stream.slices`; a cell that is no number among numbers.
    """
    most = min(SAMPLE, max(FEWEST, int(min(CELLS, SHARE * memory / 16) / len(used))))
    room, text_room = (max(LEAST_ROOM, int(share * min(memory, ENOUGH))) for share in (SHARE_OF_WORDS, SHARE_OF_TEXT))
    counted = frozenset(name for name, kind in kinds.items() if kind == "category")
    text = set[str]()
    while True:
        found = Survey(tuple(used), target, weight, seed, most, room, text_room, counted, text)
        found.said = Said(stream.reading)
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
    """See all slices; the first column that turns out to be words though it was something else before, or dates."""
    turned: str | None = None

    def seen() -> Iterator[pl.DataFrame]:
        nonlocal turned
        for part in ahead(_known(stream, found, kinds)):
            if isinstance(part, str):
                turned = part
                return
            if len(rows := found.see(part)):
                yield rows

    for some in gathered(seen(), lambda rows: rows.estimated_size(), min(TOGETHER, found.room)):
        found.sort_out(some)
    return turned


def _known(stream: Stream, found: Survey, kinds: Mapping[str, str]) -> Iterator[Slice | str]:
    """The slices; and in place of one the name of a column that is words there, and was something else before."""
    known: dict[str, bool] = {}  # whether a column is of words
    blank = False  # whether some rows had no answer before any had words, which they would be read as
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
            if known.get(column.name, words) != words or (words and blank and column.name == found.target):
                yield str(column.name)
                return
            if words:
                found.text.add(column.name)  # which the next slices know
            known[column.name] = words
        answers = found.said.see(part.table.frame.get_column(found.target))
        yield part._replace(table=replace(part.table, frame=part.table.frame.with_columns(answers)))
    for each in strays.values():
        each.check()


def _counted(column: pl.Series, draws: pl.Series) -> pl.DataFrame:
    """Of each "word" of a column how many "rows" have it, and the lowest number of chance among these.

    Cells that are alike are counted before they are made words: these are fewer.
    """
    cells = pl.DataFrame([column.alias("word"), draws]).group_by("word").agg(pl.len().alias("rows"), pl.col(DRAW).min())
    words = cells.with_columns(as_words(cells.get_column("word"))).drop_nulls("word")
    return words.group_by("word").agg(pl.col("rows").sum(), pl.col(DRAW).min())


@dataclass(frozen=True)
class Streamed:
    """The rows that a plan learns from where no memory holds them.

    Attributes:
        stream: where they are.
        survey: what is known of them.
        memory: bytes that may be used.
        folder: where they are kept as the network takes them, while it trains.
        answers: of the sample, with what all rows say; None where no column tells.
    """

    stream: Stream
    survey: Survey
    memory: int
    folder: Path
    answers: Answers | None = None

    def __len__(self) -> int:
        return self.survey.learnt
