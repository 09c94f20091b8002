"""Columns that say nothing of the answer, where most are such: a network learns their noise, which trees pass by.

Each column's inputs are held against the answers by Pillai's trace, the share of the answers that they explain, and its
F (Pillai 1955, "Some new test criteria in multivariate analysis", Annals of Mathematical Statistics 26): once the
number itself alone, and once all of the column's inputs, of which the smaller p-value counts twice. p-values of columns
that say nothing lie evenly between 0 and 1, so that three in four of them are above a quarter: this tells how many
columns are such (Storey 2002, "A direct approach to false discovery rates", JRSS B 64). Where most are, a column is
kept if it is among those of which chance explains one in ten at most (Benjamini & Hochberg 1995, "Controlling the false
discovery rate", JRSS B 57). A rival's price may say nothing but beside one's own: so the rest is asked again of what
the kept ones leave of the answers, until no more are found (iterated sure independence screening: Fan & Lv 2008,
JRSS B 70, section 4). Two columns may say something by their product alone: last, each that is left is asked for its
products with all others, and kept if chance explains one of them once in a hundred such tables.

Where nothing says anything alone, all may do so together, and all are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.f_distribution import tail
from deltaw.preparation.making import Indices
from deltaw.preparation.recipe import Preparation
from deltaw.tables.taking import taken

Floats = NDArray[np.floating]
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Measured: docs/explanations/recipe.md.
FEWEST = 20  # columns of which it is asked: of fewer, the large p-values tell too little
QUIET = 0.25  # p-values above it; a half would miss columns that are 0 but in a row or two, whose p-value is a third
MOSTLY, SURE = 0.6, 2.0  # so large a share of them has to say nothing, with so many standard errors beyond
CHANCE = 0.1  # explains at most so many of those that are kept
ROUNDS = 8
MOST_CLASSES = 100  # of more, what is asked of each column is asked of all of them
PAIRED = 0.01  # how likely chance has any product at all say something
MOST_PRODUCTS = 2**33  # rows times products that are asked: of more, fewer rows
ROOM = 4  # rows to each input of the kept ones, where others are asked beside them
CELLS, AT_ONCE = 2**21, 2**17  # of the rows that are asked, evenly spread; and of the columns that are held together
FEWEST_ROWS = 1_000  # that are asked of however many columns, if there are so many
SMALL = 1e-9  # of the largest root: as good as 0


def uninformative(
    made: Preparation, frame: pl.DataFrame, answers: Callable[[Indices], Values], n: int, rows: Indices | None = None
) -> tuple[str, ...]:
    """The columns that say nothing of the answers; none where most say something, or there is a picture.

    Args:
        made: of all columns.
        frame: the training rows, or all of which they are `rows`, by number.
        answers: of some of these n rows, (m, k): numbers, or of at most MOST_CLASSES classes whether it is each.
    """
    if len(made.steps) < FEWEST or any(isinstance(step, BlockOfNumbers) for step in made.steps):
        return ()

    def asked(most: int) -> tuple[Floats, Values]:
        some = np.arange(0, n, max(1, -(-n // most)))
        return made.transform(taken(frame, some if rows is None else rows[some])), answers(some)

    parts = [range(place.start, place.stop) for _, place in made.places]
    own = set(made.means)  # of rows that are learnt from these hold their answers: who has one has been asked for it
    places = [[i for i in part if i not in own] for part in parts]
    X, some = asked(FEWEST_ROWS)  # what is mostly no noise, few rows tell, and the numbers alone
    if not _mostly_quiet(_chances(X, [place[:1] for place in places], _upright(_centred(some)))):
        return ()
    told = np.array([len(mine) < len(part) for mine, part in zip(places, parts, strict=True)])
    if n > FEWEST_ROWS:
        X, some = asked(max(FEWEST_ROWS, CELLS // made.n_features))
    says = informative(X, places, some, told)
    return tuple(step.title for step, one in zip(made.steps, says, strict=True) if not one)


def informative(X: Floats, places: Sequence[Sequence[int]], answers: Values, known: Flags | None = None) -> Flags:
    """Which columns say something of the answers: all where no noise is found, or nothing else.

    Args:
        X: (n, inputs).
        places: of each column which of them are its own, the number itself first.
        answers: (n, k).
        known: of each column whether it is known to say something.
    """
    everything, left = np.ones(len(places), np.bool_), _upright(_centred(answers))
    chances = _chances(X, places, left)
    says = _discovered(chances)
    if not says.any() or not _mostly_quiet(chances):
        return everything
    says |= False if known is None else known
    for _ in range(ROUNDS):
        beside = _basis(X, [place for place, one in zip(places, says, strict=True) if one])
        rest = np.flatnonzero(~says).tolist()
        if beside is None or not len(rest):
            break
        left = _upright(left - beside @ (beside.T @ left))
        if not left.shape[1]:
            break
        more = np.array(rest)[_discovered(_chances(X, [places[i] for i in rest], left, beside))]
        if not len(more):
            break
        says[more] = True
    return says | _paired(X, places, says, left)


def _paired(X: Floats, places: Sequence[Sequence[int]], says: Flags, left: Values) -> Flags:
    """Which of the columns that say nothing yet do so by a product with another column, of what is left of the answers.

    Of z = a x, product by product, (Σ z t)² is held against Σ z² t²: self-normalised, long tails and uneven noise make
    it no larger (Logan et al. 1973, Annals of Probability 1; White 1980, Econometrica 48). No z is made: Σ z t =
    xᵀ (a t), Σ z² t² = (x²)ᵀ (a t)².
    """
    has = np.array([i for i, place in enumerate(places) if len(place)], np.intp)
    quiet, found = np.flatnonzero(~says[has]), np.zeros(len(places), np.bool_)
    asked = len(has) * len(quiet) * max(1, left.shape[1])
    some = np.arange(0, len(X), max(1, -(-len(X) * asked // MOST_PRODUCTS)))
    x, t = _centred(X[np.ix_(some, [places[i][0] for i in has])]), _centred(left[some])
    squared, at_once = (x * x).T, max(1, AT_ONCE // max(1, len(has)))
    for which in (quiet[first : first + at_once] for first in range(0, len(quiet), at_once)):
        best = np.zeros(len(which))
        for each in t.T:
            a = x[:, which] * each[:, None]
            along, chance = (x.T @ a) ** 2, squared @ (a * a)
            there = (chance > SMALL / len(some)) & (np.arange(len(has))[:, None] != which)
            best = np.maximum(best, np.where(there, along / np.where(there, chance, 1.0), 0.0).max(axis=0))
        found[has[which]] = tail(1, max(1, len(some) - 1), best) * asked <= PAIRED
    return found


def _mostly_quiet(chances: Values) -> bool:
    """Whether most columns say nothing, as far as the large p-values tell."""
    count, share = len(chances), 1.0 - QUIET
    surely = share * MOSTLY * count + SURE * (share * QUIET * count) ** 0.5
    return bool(np.count_nonzero(chances > QUIET) >= surely)


def _basis(X: Floats, places: Sequence[Sequence[int]]) -> Values | None:
    """An orthonormal basis of columns' inputs, of each the number alone where all are too many, or None."""
    every, first = [i for place in places for i in place], [i for place in places for i in place[:1]]
    for some in (every, first):
        if len(some) * ROOM <= len(X):
            return _upright(_centred(X[:, some]))
    return None


def _centred(X: Floats) -> Values:
    x = np.asarray(X, np.float64)
    return np.asarray(x - x.mean(axis=-2, keepdims=True))


def _upright(X: Values) -> Values:
    """An orthonormal basis of what the columns span, (n, rank)."""
    values, vectors = np.linalg.eigh(X.T @ X)
    there = values > SMALL * max(values.max(initial=0.0), SMALL)
    return np.asarray(X @ (vectors[:, there] / np.sqrt(values[there])))


def _chances(X: Floats, places: Sequence[Sequence[int]], answers: Values, beside: Values | None = None) -> Values:
    """p-values: how likely chance explains as much of what `beside` leaves of the answers as each column does."""
    made, freedom = np.ones(len(places)), len(X) - 1 - (0 if beside is None else beside.shape[1])
    for which, block in _blocks(X, places) if answers.shape[1] else ():
        block -= 0 if beside is None else beside @ (beside.T @ block)
        alone = _pillai(block[..., :1], answers, freedom)
        several = block.shape[-1] > 1
        made[which] = np.minimum(1.0, 2 * np.minimum(alone, _pillai(block, answers, freedom))) if several else alone
    return made


def _blocks(X: Floats, places: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Values]]:
    """Columns of equally many inputs, so many at a time, less their means: which, and (columns, n, inputs of each)."""
    for width in sorted({len(place) for place in places} - {0}):
        alike = [i for i, place in enumerate(places) if len(place) == width]
        each = max(1, AT_ONCE // (len(X) * width))
        for first in range(0, len(alike), each):
            which = alike[first : first + each]
            x = X[:, [i for column in which for i in places[column]]].reshape(len(X), len(which), width)
            yield which, _centred(np.swapaxes(x, 0, 1))


def _pillai(X: Values, answers: Values, freedom: int) -> Values:
    """p-values of Pillai's trace of each of c columns' inputs (c, n, w) and orthonormal answers (n, k)."""
    turned = np.swapaxes(X, 1, 2)
    values, vectors = np.linalg.eigh(turned @ X)
    there = values > SMALL * np.maximum(values.max(axis=1, keepdims=True), SMALL)
    along = np.swapaxes(vectors, 1, 2) @ (turned @ answers)
    rank, k = there.sum(axis=1), answers.shape[1]
    least, most = np.maximum(np.minimum(rank, k), 1), np.maximum(rank, k)
    trace = ((along**2).sum(axis=2) * there / np.where(there, values, 1.0)).sum(axis=1)
    rest = np.maximum(least - trace, 1e-12)
    within = np.maximum(freedom - most, 1)
    return np.where(rank > 0, tail(least * most, least * within, within / most * trace / rest), 1.0)


def _discovered(chances: Values) -> Flags:
    """Those of which chance explains CHANCE at most."""
    ordered = np.sort(chances)
    under = np.flatnonzero(ordered <= CHANCE * np.arange(1, len(chances) + 1) / len(chances))
    return np.asarray(chances <= (ordered[under[-1]] if len(under) else -1.0))
