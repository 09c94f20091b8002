"""A column of text: whether a cell has each of the words that tell the target.

Words are runs of letters and digits; where no blanks stand between words (Chinese, Japanese, Thai), single signs and
pairs of neighbours. A–Z are the same as a–z. With a share q of the rows of a class, and q_w of the n_w rows that have
the word, the probability of that by chance is at most 2 exp(−n_w KL(q_w, q)) (Chernoff 1952, "A measure of asymptotic
efficiency", Annals of Mathematical Statistics 23; Hoeffding 1963, section 6, for draws without replacement); for
numbers, by the normal distribution of the sum of ranks (Wilcoxon 1945), 2 exp(−z²/2). Words are kept, the surest first,
at a false discovery rate of CHANCE (Benjamini & Hochberg 1995).

A cell has a word that stands anywhere in it, within a longer one too: so all languages that a model is exported to find
the same words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.numbers import number
from deltaw.preparation.columns.context import FitContext
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.steps import Features, OneColumn, Stored, Values, middle, yes_or_no
from deltaw.preparation.document import distinct
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import Kept, say
from deltaw.tables import Column
from deltaw.tables.cells import FEW, UNSPACED, as_words
from deltaw.tables.table import listing
from deltaw.tables.taking import taken

CHANCE = 0.1  # false discovery rate
MOST, ROOM, CELLS = 512, 4, 2**27  # words of a column, rows for each, and both together
FEWEST = 3  # rows with a word
ROWS, SIGNS = 20_000, 2**22  # that are looked at

RUN, WITHOUT_BLANKS = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+"), re.compile(f"[{UNSPACED}]")
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True)
class Text(OneColumn):
    """A yes or no for each of some `words`, in lower case."""

    words: tuple[str, ...]

    kind: ClassVar = "text"
    CHECKS: ClassVar = {
        "column": str,
        "words": lambda words: (
            distinct(str)(words) and len(words) > 0 and all(word in words_in(word) for word in words)
        ),
    }

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, context: FitContext) -> Text:
        if context.answers is None:
            return cls(column.name, ())
        return cls(column.name, telling(frame.get_column(column.name), context.answers, context.fewest_words))

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(Kept('{column} has "{word}"', column=self.column, word=word) for word in self.words)

    def treatment(self, scaling: Scaling) -> str:
        shown = {"low": number(scaling.low), "high": number(scaling.high), "words": listing(self.words, 3)}
        return say("{low} or {high} for each word that tells the target: {words}", **shown)

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(),) * len(self.words)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        cells = as_words(frame.get_column(self.column))
        if len(cells) <= FEW:
            texts = [lowered(cell or "") for cell in cells]
            return np.array([[word in text for text in texts] for word in self.words], np.float64).T
        cells = cells.str.replace_many([*ascii_uppercase], [*ascii_lowercase])
        found = [cells.str.contains(word, literal=True).fill_null(False) for word in self.words]
        return np.array(found, np.float64).T

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        out[:] = yes_or_no(x > 0, scaling)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        words = np.array(self.words, object)
        cells = [" ".join(words[each]) or None for each in features > middle(scaling)]
        return [pl.Series(self.column, cells, dtype=pl.String)]

    def usual_cells(self) -> list[pl.Series]:
        return [pl.Series(self.column, [None], dtype=pl.String)]


def lowered(text: str) -> str:
    """The text with a–z for A–Z; other letters stay."""
    return text.translate(LOWER)


def words_in(text: str) -> set[str]:
    """The words of a text, in lower case."""
    found: set[str] = set()
    for run in RUN.findall(lowered(text)):
        if WITHOUT_BLANKS.match(run):
            found.update(run, map("".join, pairwise(run)))
        elif len(run) > 1:
            found.add(run)
    return found


def telling(cells: pl.Series, answers: NDArray[Any], fewest: int = 0) -> tuple[str, ...]:
    """The words of cells, (n,), that tell the answers, (n, k), the surest first; or the `fewest` surest, if less do.

    They are looked for in ROWS rows, or fewer of more than SIGNS signs in all, evenly spaced.
    """
    n = len(cells)
    signs = as_words(cells.head(ROWS)).str.len_chars().mean() or 1.0
    rows = np.arange(0, n, max(1, -(-n // ROWS), int(n * float(signs) / SIGNS)))  # type: ignore[arg-type]
    having: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(as_words(taken(cells.to_frame(), rows).to_series())):
        for word in words_in(text or ""):
            having[word].append(row)
    words = sorted(word for word, there in having.items() if FEWEST <= len(there) < len(rows))
    if not words:
        return ()
    counts = np.array([len(having[word]) for word in words])
    there, place = np.concatenate([having[word] for word in words]), np.repeat(np.arange(len(words)), counts)
    sure = np.max([_evidence(t[there], t, place, counts) for t in answers[rows].T], axis=0)
    order, tests = np.lexsort((words, -sure)), 2 * len(words) * answers.shape[1]
    found = np.flatnonzero(sure[order] > np.log(tests / (CHANCE * np.arange(1, len(words) + 1))))
    count = int(found[-1]) + 1 if len(found) else 0
    return tuple(words[i] for i in order[: min(max(count, fewest), MOST, n // ROOM, CELLS // n)])


def _evidence(having: NDArray[Any], t: NDArray[Any], place: NDArray[Any], counts: NDArray[Any]) -> Values:
    """(words,) −ln(p/2) of each word, for one column of targets; see the head of this file.

    Args:
        having: the targets of the rows that have a word, word by word.
        t: (n,) those of all rows.
        place, counts: the word of each of `having`, and how many each word has.
    """
    if t.dtype == np.bool_:
        share, whole = np.bincount(place, having) / counts, float(t.mean())
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [np.where(q > 0, q * np.log(q / p), 0.0) for q, p in ((share, whole), (1 - share, 1 - whole))]
        return np.asarray(counts * (parts[0] + parts[1]))
    known, rows = np.unique(t, return_counts=True)
    rank = (np.cumsum(rows) - rows / 2) / len(t)  # in the middle of equal ones
    variance = max(float(rank**2 @ rows) / len(t) - 0.25, 1e-12)
    off = np.bincount(place, rank[np.searchsorted(known, having)]) / counts - 0.5
    return np.asarray(counts * off**2 / (2 * variance * (1 - counts / len(t))))
