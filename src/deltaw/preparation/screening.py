"""Uninformative columns, which are left out if most columns are such: a network, unlike trees, would fit their noise.

Each column's inputs are tested against the target by Pillai's trace and its F (Pillai 1955, "Some new test criteria in
multivariate analysis", Annals of Mathematical Statistics 26): once the number alone, once all of the column's inputs;
the smaller p-value counts twice (Bonferroni). p-values of uninformative columns are uniform, so that the number of
those above ¼ estimates their share (Storey 2002, "A direct approach to false discovery rates", JRSS B 64). If most
columns are uninformative, those are kept that are significant at a false discovery rate of 0.1 (Benjamini & Hochberg
1995, "Controlling the false discovery rate", JRSS B 57). The others are tested again on the residuals of the kept ones,
until no more are found (iterated sure independence screening: Fan & Lv 2008, JRSS B 70, section 4). Last, columns that
are informative only by a product with another column are kept at p = 0.01 over all products asked: of thousands of
columns those with informative ones, and with the next by p-value (heredity: Hamada & Wu 1992, "Analysis of designed
experiments with complex aliasing", Journal of Quality Technology 24), so that the work grows as the columns do.

If no column is informative alone, all may be together, and all are kept. So they are if many say a little each, as
genes or spectra do: in cross-validation, ridge regression on the numbers of all columns then predicts better than on
the inputs of those that screening the other parts keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.ridge import ridge
from deltaw.equations.statistics import standard_error
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.f_distribution import tail
from deltaw.preparation.making import Indices
from deltaw.preparation.recipe import Preparation
from deltaw.tables.taking import taken

Floats = NDArray[np.floating]
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Measured: docs/explanations/recipe.md.
FEWEST = 20  # columns: with fewer, the share of uninformative ones cannot be estimated
QUIET = 0.25  # p-values above it estimate the share; ½ would miss columns that are 0 except in a row or two
MOSTLY, SURE = 0.6, 2.0  # share of uninformative columns, and its standard errors above that
CHANCE = 0.1  # false discovery rate
ROUNDS = 8
MOST_CLASSES = 100  # with more classes there is no screening
PAIRED = 0.01  # family-wise error rate of products
MOST_PAIRS = 2**24  # products of columns times answers; with more, each column has fewer partners
MOST_PRODUCTS = 2**33  # rows times products; with more, fewer rows are used
ROOM = 4  # rows per input of the kept columns, in tests on their residuals
CELLS, AT_ONCE = 2**21, 2**17  # cells of the rows used (evenly spaced), and of the columns tested at a time
FEWEST_ROWS = 1_000  # used for any number of columns
PARTS, CLEARLY = 5, 2.0  # of the rows; standard errors by which all columns have to predict better
SMALL = 1e-9  # of the largest singular value: zero


def uninformative(
    made: Preparation, frame: pl.DataFrame, answers: Callable[[Indices], Values], n: int, rows: Indices | None = None
) -> tuple[str, ...]:
    """Names of the uninformative columns; () if most columns are informative, or if there are images.

    Args:
        made: the preparation of all columns.
        frame: the training rows, or a frame of which they are `rows`.
        answers: from indices of training rows to targets, (m, k): numbers, or one-hot of at most MOST_CLASSES classes.
        n: number of training rows.
        rows: their indices in `frame`; None: all.
    """
    if len(made.steps) < FEWEST or any(isinstance(step, BlockOfNumbers) for step in made.steps):
        return ()

    def sample(most: int) -> tuple[Floats, Values]:
        some = np.arange(0, n, max(1, -(-n // most)))
        return made.transform(taken(frame, some if rows is None else rows[some])), answers(some)

    parts = [range(place.start, place.stop) for _, place in made.places]
    own = set(made.means)  # target means are significant by construction
    places = [[i for i in part if i not in own] for part in parts]
    X, some = sample(FEWEST_ROWS)  # a first look at few rows and the numbers alone
    if not _mostly_uninformative(_p_values(X, [place[:1] for place in places], _orthonormal(_centred(some)))):
        return ()
    known = np.array([len(mine) < len(part) for mine, part in zip(places, parts, strict=True)])
    first, answered = X, some
    if n > FEWEST_ROWS:
        X, some = sample(max(FEWEST_ROWS, CELLS // made.n_features))
    flags = informative(X, places, some, known)
    if not flags.all() and better_together(first, places, answered, known):
        return ()
    return tuple(step.title for step, one in zip(made.steps, flags, strict=True) if not one)


def informative(X: Floats, places: Sequence[Sequence[int]], answers: Values, known: Flags | None = None) -> Flags:
    """(columns,) whether each is informative; all if there are few uninformative ones, or no informative ones.

    Args:
        X: (n, inputs).
        places: for each column the indices of its inputs, the number itself first.
        answers: (n, k).
        known: (columns,) whether each is known to be informative.
    """
    p_values = _p_values(X, places, residuals := _orthonormal(_centred(answers)))
    flags = _discovered(p_values)
    if not flags.any() or not _mostly_uninformative(p_values):
        return np.ones(len(places), np.bool_)
    flags, residuals = _beside(X, places, residuals, flags if known is None else flags | known)
    return flags | _paired(X, places, flags, residuals, np.lexsort((p_values, ~flags)))


def _beside(X: Floats, places: Sequence[Sequence[int]], residuals: Values, flags: Flags) -> tuple[Flags, Values]:
    """(`flags` and those columns that are informative beside these, what is left of the answers)."""
    flags = flags.copy()
    for _ in range(ROUNDS):
        basis = _basis(X, [place for place, one in zip(places, flags, strict=True) if one])
        rest = np.flatnonzero(~flags).tolist()
        if basis is None or not len(rest):
            break
        residuals = _orthonormal(residuals - basis @ (basis.T @ residuals))
        if not residuals.shape[1]:
            break
        more = np.array(rest)[_discovered(_p_values(X, [places[i] for i in rest], residuals, basis))]
        if not len(more):
            break
        flags[more] = True
    return flags, residuals


def better_together(X: Floats, places: Sequence[Sequence[int]], answers: Values, known: Flags | None = None) -> bool:
    """Whether all columns together predict held-out rows better than those that screening keeps; see `informative`."""
    every = [i for place in places for i in place[:1]]
    part, gains = np.arange(len(X)) % PARTS, np.zeros(len(X))
    for learnt, fresh in ((part != k, part == k) for k in range(PARTS)):
        residuals = _orthonormal(_centred(answers[learnt]))
        flags = _discovered(_p_values(X[learnt], places, residuals))
        flags, _ = _beside(X[learnt], places, residuals, flags if known is None else flags | known)
        kept = [i for place, one in zip(places, flags, strict=True) if one for i in place]
        for inputs, sign in ((kept, 1.0), (every, -1.0)):
            W, b = ridge(X[np.ix_(learnt, inputs)], answers[learnt])
            gains[fresh] += sign * ((answers[fresh] - X[np.ix_(fresh, inputs)] @ W.T - b) ** 2).sum(axis=1)
    return bool(gains.mean() > CLEARLY * standard_error(gains))


def _paired(
    X: Floats, places: Sequence[Sequence[int]], flags: Flags, residuals: Values, order: NDArray[np.intp]
) -> Flags:
    """(columns,) those that are informative only by a product with another column, for these `residuals`.

    `order`: of the columns, those first that others are multiplied by if these are too many.

    For each product z = a x the statistic is (Σ z t)² / Σ z² t²: self-normalised, and so robust to long tails and
    heteroscedasticity (Logan et al. 1973, Annals of Probability 1; White 1980, Econometrica 48). z is never formed:
    Σ z t = xᵀ (a t), Σ z² t² = (x²)ᵀ (a t)².
    """
    has = np.array([i for i in order if len(places[i])], np.intp)
    quiet, found = has[~flags[has]], np.zeros(len(places), np.bool_)
    each = max(1, len(quiet) * max(1, residuals.shape[1]))
    has = has[: max(1, MOST_PAIRS // each)]
    asked, at_once = each * len(has), max(1, AT_ONCE // max(1, len(has)))
    some = np.arange(0, len(X), max(1, -(-len(X) * asked // MOST_PRODUCTS)))

    def first_inputs(which: NDArray[np.intp]) -> Values:
        return _centred(X[np.ix_(some, [places[i][0] for i in which])])

    x, t = first_inputs(has), _centred(residuals[some])
    squared = (x * x).T
    for which in (quiet[first : first + at_once] for first in range(0, len(quiet), at_once)):
        mine, best = first_inputs(which), np.zeros(len(which))
        for each_t in t.T:
            a = mine * each_t[:, None]
            along, chance = (x.T @ a) ** 2, squared @ (a * a)
            there = (chance > SMALL / len(some)) & (has[:, None] != which)
            best = np.maximum(best, np.where(there, along / np.where(there, chance, 1.0), 0.0).max(axis=0))
        found[which] = tail(1, max(1, len(some) - 1), best) * asked <= PAIRED
    return found


def _mostly_uninformative(p_values: Values) -> bool:
    """Whether most columns are uninformative, by the share of large p-values."""
    count, share = len(p_values), 1.0 - QUIET
    surely = share * MOSTLY * count + SURE * (share * QUIET * count) ** 0.5
    return bool(np.count_nonzero(p_values > QUIET) >= surely)


def _basis(X: Floats, places: Sequence[Sequence[int]]) -> Values | None:
    """An orthonormal basis of the columns' inputs, of the numbers alone if these are too many; else None."""
    every, first = [i for place in places for i in place], [i for place in places for i in place[:1]]
    for some in (every, first):
        if len(some) * ROOM <= len(X):
            return _orthonormal(_centred(X[:, some]))
    return None


def _centred(X: Floats) -> Values:
    x = np.asarray(X, np.float64)
    return np.asarray(x - x.mean(axis=-2, keepdims=True))


def _orthonormal(X: Values) -> Values:
    """An orthonormal basis of the column space, (n, rank)."""
    values, vectors = np.linalg.eigh(X.T @ X)
    there = values > SMALL * max(values.max(initial=0.0), SMALL)
    return np.asarray(X @ (vectors[:, there] / np.sqrt(values[there])))


def _p_values(X: Floats, places: Sequence[Sequence[int]], answers: Values, basis: Values | None = None) -> Values:
    """p-values of each column for the residuals of the answers after `basis`."""
    if not answers.shape[1]:
        return np.ones(len(places))
    freedom, asked = len(X) - 1 - (0 if basis is None else basis.shape[1]), np.zeros((2, 3, len(places)))
    for which, block in _blocks(X, places):
        block -= 0 if basis is None else basis @ (basis.T @ block)
        asked[:, :, which] = _pillai(block[..., :1], answers, freedom), _pillai(block, answers, freedom)
    alone, all_together = (
        np.where(among > 0, tail(np.maximum(among, 1), np.maximum(within, 1), ratio), 1.0)
        for among, within, ratio in asked
    )
    several = np.array([len(place) > 1 for place in places])
    return np.where(several, np.minimum(1.0, 2 * np.minimum(alone, all_together)), alone)


def _blocks(X: Floats, places: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Values]]:
    """Batches of columns with equally many inputs, centred: (which, (columns, n, inputs of each))."""
    for width in sorted({len(place) for place in places} - {0}):
        alike = [i for i, place in enumerate(places) if len(place) == width]
        each = max(1, AT_ONCE // (len(X) * width))
        for first in range(0, len(alike), each):
            which = alike[first : first + each]
            x = X[:, [i for column in which for i in places[column]]].reshape(len(X), len(which), width)
            yield which, _centred(np.swapaxes(x, 0, 1))


def _pillai(X: Values, answers: Values, freedom: int) -> Values:
    """The F of Pillai's trace of each of c columns' inputs (c, n, w) and orthonormal answers (n, k): its two degrees of
    freedom and itself, (3, c); zeros for constant columns.
    """
    turned = np.swapaxes(X, 1, 2)
    values, vectors = np.linalg.eigh(turned @ X)
    there = values > SMALL * np.maximum(values.max(axis=1, keepdims=True), SMALL)
    along = np.swapaxes(vectors, 1, 2) @ (turned @ answers)
    rank, k = there.sum(axis=1), answers.shape[1]
    least, most = np.maximum(np.minimum(rank, k), 1), np.maximum(rank, k)
    trace = ((along**2).sum(axis=2) * there / np.where(there, values, 1.0)).sum(axis=1)
    rest = np.maximum(least - trace, 1e-12)
    within = np.maximum(freedom - most, 1)
    return np.where(rank > 0, (least * most, least * within, within / most * trace / rest), 0.0)


def _discovered(p_values: Values) -> Flags:
    """Discoveries at a false discovery rate of CHANCE."""
    ordered = np.sort(p_values)
    under = np.flatnonzero(ordered <= CHANCE * np.arange(1, len(p_values) + 1) / len(p_values))
    return np.asarray(p_values <= (ordered[under[-1]] if len(under) else -1.0))
