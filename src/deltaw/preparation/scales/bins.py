"""Piecewise-linear encoding of numbers.

Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features in tabular deep learning", arXiv 2203.05556,
section 3.2: with the edges b₀ < b₁ < … < b_K, feature k is (x − b_{k−1}) / (b_k − b_{k−1}), clipped to 0 … 1. It is 1
in
bins below x, 0 in bins above, and in between in at most one: with one weight per bin, z of a unit is a piecewise-linear
function of x with knots at the edges, instead of a linear one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.preparation.scales.quantiles import inverted_cdf
from deltaw.preparation.scales.scaling import SMALLEST
from deltaw.schema import agrees

Values = NDArray[np.float64]

# Bins of all columns together, the limits per column, and the fewest training rows per bin. Measured:
# docs/explanations/recipe.md.
SHARED, FEWEST, MOST = 128, 4, 16
FEWEST_ROWS = 60
FINER, FEWEST_OF_CURVE = 4, 6  # times as many; the fewest rows for that, of a curve with little noise
FEWEST_OF_FINER = 15  # rows, where finer bins of all columns are worth it
FEWEST_OF_ONE = 8  # rows to a number, where there are few different ones: each is an edge, as each word has a slot
MOST_EDGES = 256  # in a file: what a byte counts


def most_bins(columns: int, rows: int, fewest_rows: int = FEWEST_ROWS, finer: bool = False) -> tuple[int, int, int]:
    """The most bins of a column of numbers: of any; of few distinct numbers, each in enough rows; and of one whose
    target is a fine curve.

    Args:
        columns: of numbers.
        rows: of training.
        fewest_rows: of a bin.
        finer: whether all columns get finer bins.
    """
    usual = min(max(SHARED // max(columns, 1), FEWEST), MOST)
    fine = FINER * usual
    bins, of_few = (min(fine, rows // FEWEST_OF_FINER), fine) if finer else (min(usual, rows // fewest_rows), usual)
    return bins, of_few, min(fine, rows // FEWEST_OF_CURVE)


def fit_edges(ascending: NDArray[np.floating], most: int, of_few: int = 0) -> tuple[float, ...]:
    """Edges of at most `most` bins at quantiles of sorted values; or all distinct values, if they are at most `of_few`
    bins with FEWEST_OF_ONE rows per value on average.

    () for a single bin, which would add nothing to the scaled number.
    """
    if asks_for_all(most, of_few) and (numbers := _few(ascending, of_few)):
        most, ascending = len(numbers) - 1, np.array(numbers)
    if most < 2 or not ascending.size:
        return ()
    quantiles = inverted_cdf(ascending, cuts(most)).tolist()
    edges = quantiles[:1]
    for edge in quantiles[1:]:
        if _apart(edges[-1], edge):
            edges.append(edge)
    return tuple(edges) if len(edges) > 2 else ()


def asks_for_all(most: int, of_few: int) -> bool:
    """Whether `fit_edges` needs all values sorted, not only their quantiles."""
    return most < of_few


def cuts(most: int) -> Values:
    """The quantiles that are the edges of the bins."""
    return np.linspace(0.0, 1.0, most + 1)


def _few(ascending: NDArray[np.floating], most: int) -> list[float]:
    """Distinct sorted values, if there are enough rows of each and at most `most` bins; else None."""
    firsts = np.flatnonzero(np.diff(ascending, prepend=np.nan) != 0)
    few = 3 <= len(firsts) <= most + 1 and len(ascending) >= FEWEST_OF_ONE * len(firsts)
    return ascending[firsts].tolist() if few else []


def position(x: Values, edges: tuple[float, ...]) -> Values:
    """The position of each x in units of bins: 2.4 if it lies 40% into the third."""
    ends = np.array(edges)
    passed = x >= ends[1:, None]  # they are few: to compare with all is quicker than to search
    bin = np.add.reduce(passed.view(np.uint8), axis=0, dtype=np.uint8)
    halves, place = ends / 2, bin.astype(np.intp)  # the difference of two huge numbers would overflow
    of_one = np.zeros(len(edges))  # nothing is beyond the last edge
    of_one[:-1] = 1 / (halves[1:] - halves[:-1])
    within = np.clip(x, edges[0], edges[-1])
    return np.asarray((within / 2 - halves.take(place)) * of_one.take(place) + bin)


def fields(edges: tuple[float, ...]) -> tuple[Field, ...]:
    """The field that stores the bins of a row: the position; () without bins."""
    return (Field("bins", count(edges)),) if edges else ()


def positions(x: Values, edges: tuple[float, ...]) -> tuple[Values, ...]:
    """The stored numbers of `fields`."""
    return (position(x, edges),) if edges else ()


def count(edges: tuple[float, ...]) -> int:
    """Number of bins."""
    return max(len(edges) - 1, 0)


def are_edges(value: Any) -> bool:
    """Whether a document's value is a valid list of edges."""
    return agrees(value, [float]) and len(value) <= MOST_EDGES and all(_apart(a, b) for a, b in pairwise(value))


def _apart(a: float, b: float) -> bool:
    return b / 2 - a / 2 >= SMALLEST
