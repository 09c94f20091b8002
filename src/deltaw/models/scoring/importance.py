"""Permutation importance of columns: how much a model's score falls when the cells of a column are shuffled.

Breiman 2001, "Random forests", section 10; Fisher, Rudin & Dominici 2019, "All models are wrong, but many are useful",
section 3. It measures what this network takes from a column beside all others: of two columns with the same
information, either can stand in for the other, and both seem less important than they would alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import notebook
from deltaw.exceptions import SettingError
from deltaw.given import is_whole
from deltaw.models.scoring.intervals import FEWEST_ROWS, Interval, Resamples, of_many
from deltaw.models.scoring.metrics import Metric, Outcome, Sums, in_units
from deltaw.plots import curves
from deltaw.signs import one_line
from deltaw.speech import reads, say
from deltaw.tables.table import clip

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]

MAX_ROWS = 5_000  # more would add little
MAX_REPEATS = 1000
AT_ONCE = 64  # predictions of all rows, whose intervals are computed together
TELLING = {"classification": "auc", "regression": "r2"}  # the metric if none is named
MAX_LINES, MAX_BARS = 30, 20  # of a table in a notebook, and of a figure


@dataclass(frozen=True)
class Worth:
    """The importance of one column, or block of columns.

    Attributes:
        column: its name.
        drop: how much worse the score is when it is shuffled; below 0: better, by chance or by overfitting.
        interval: 95%, over rows and permutations; None if there is none.
    """

    column: str
    drop: float
    interval: Interval | None


@dataclass(frozen=True, repr=False)
class Importance:
    """The importance of all columns, the most important first.

    `importance["age"]` is the `Worth` of a column.

    Attributes:
        metric: of the score that falls.
        score, guess: the scores of the network and of the constant prediction on these rows.
        rows, repeats, seed: number of rows, number of permutations and their seed.
        columns: a `Worth` for each.
    """

    metric: Metric
    score: float
    guess: float
    rows: int
    repeats: int
    seed: int
    columns: tuple[Worth, ...]

    def __getitem__(self, column: str) -> Worth:
        return {each.column: each for each in self.columns}[column]

    def keys(self) -> list[str]:
        """The columns' names: `dict(importance)` has the `Worth` of each."""
        return [each.column for each in self.columns]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __repr__(self) -> str:
        first = ", ".join(f"{one_line(reads(each.column))} {self.show(each)}" for each in self.columns[:3])
        more = f", … ({len(self.columns)} columns)" if len(self.columns) > 3 else ""
        return f"Importance({self.metric.title} {self.metric.show(self.score)} falls by: {first}{more})"

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        rows = [
            (clip(reads(each.column)), self.show(each), self.show_interval(each)) for each in self.columns[:MAX_LINES]
        ]
        title, score = self.metric.title, self.metric.show(self.score)
        headings = (say("column"), say("{title} worse by", title=title), say("95% interval"))
        reached = say("{rows:,} rows: {title} {score}", rows=self.rows, title=title, score=score)
        return notebook.fragment(notebook.heading(reached), notebook.table(headings, rows, (1, 2)))

    def plot(self) -> Figure:
        """The first columns as bars with their intervals, a matplotlib figure."""
        shown = self.columns[:MAX_BARS]
        names, drops = [reads(each.column) for each in shown], [each.drop for each in shown]
        return curves.importance(names, drops, [each.interval for each in shown], self.metric.title)

    def show(self, worth: Worth) -> str:
        """The drop of `worth`, one of `columns`, as text in units of the metric: "4.21%"."""
        return self._signed(worth.drop)

    def show_interval(self, worth: Worth) -> str:
        """The interval of `worth` as text; "" if it has none."""
        return "" if worth.interval is None else " – ".join(map(self._signed, worth.interval))

    def _signed(self, value: float) -> str:
        text = self.metric.show(value + 0.0)
        if self.metric.write is in_units:  # all drops to the digits of the largest
            largest = in_units(max((abs(each.drop) for each in self.columns), default=0.0))
            text = f"{value + 0.0:,.{len(largest.partition('.')[2])}f}" if "e" not in largest else text
        return text.replace("-", "−")

    def document(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "metric": self.metric.name,
            "score": self.score,
            "guess": self.guess,
            "rows": self.rows,
            "repeats": self.repeats,
            "seed": self.seed,
            "columns": [
                {"column": each.column, "drop": each.drop, "interval": each.interval and list(each.interval)}
                for each in self.columns
            ],
        }


@np.errstate(all="ignore")  # as scores have it
def column_importances(
    X: Array,
    places: Sequence[tuple[str, slice]],
    answer: Callable[[Array], Outcome],
    metric: Metric,
    repeats: int,
    seed: int,
) -> tuple[Worth, ...]:
    """The importance of each column, the most important first.

    Args:
        X: (n, n_in), the network's inputs.
        places: the name of each column, and the inputs made of it.
        answer: from inputs to predictions beside the truth.
        metric: of the score.
        repeats: number of permutations; all columns have the same ones, so that they can be compared.
        seed: of the permutations and of the intervals' draws.
    """
    n = len(X)
    orders = [np.random.default_rng([seed, 3, i]).permutation(n) for i in range(repeats)]
    before = answer(X)
    resamples = Resamples.of(before, seed)

    def after(place: slice) -> list[Outcome]:
        moved, found = X.copy(), []
        for order in orders:
            moved[:, place] = X[order, place]
            found.append(answer(moved))
        return found

    if not isinstance(metric.score, Sums):
        scores = [np.mean([metric.score(outcome) for outcome in after(place)]) for _, place in places]
        gains = [float(metric.gain(metric.score(before), float(score))) for score in scores]
        return _sorted(Worth(name, gain, None) for (name, _), gain in zip(places, gains, strict=True))
    summed, drop = metric.score, _drop(metric, metric.score, repeats)
    found: list[Worth] = []
    step = max(1, AT_ONCE // (repeats + 1))
    for some_places in (places[i : i + step] for i in range(0, len(places), step)):
        terms = [
            np.concatenate([summed.terms(o, resamples.groups) for o in (before, *after(place))], axis=1)
            for _, place in some_places
        ]
        points = [float(drop(each.sum(axis=0))) for each in terms]
        intervals = of_many(terms, drop, resamples) if resamples.groups.count >= FEWEST_ROWS else [None] * len(terms)
        names = [name for name, _ in some_places]
        found += map(Worth, names, points, intervals)
    return _sorted(found)


def _sorted(found: Iterable[Worth]) -> tuple[Worth, ...]:
    return tuple(sorted(found, key=lambda each: -each.drop))


def _drop(metric: Metric, score: Sums, repeats: int) -> Callable[[Array], Array]:
    """The mean drop of the score, as a function of the sums before and after each permutation, side by side."""

    def drop(sums: Array) -> Array:
        before, *after = (score.value(part) for part in np.split(sums, repeats + 1, axis=-1))
        return np.asarray(metric.gain(before, np.mean(after, axis=0)))

    return drop


def check(repeats: Any, seed: Any) -> None:
    """Raise SettingError for numbers that are not allowed."""
    for name, value, least, most in (("repeats", repeats, 1, MAX_REPEATS), ("seed", seed, 0, 2**63 - 1)):
        if not is_whole(value, least, most):
            raise SettingError(
                "{name}: expected a whole number from {least} to {most:,}",
                repr(value),
                "correct it",
                name=name,
                least=least,
                most=most,
            )


def sampled(n: int, most: int, seed: int) -> Array:
    """Indices of at most `most` of n rows, at random, in order."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng([seed, 4]).permutation(n)[:most])
