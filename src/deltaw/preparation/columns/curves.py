"""Numbers whose answers draw a finer curve than their column's bins can follow: several waves, a peak, a staircase.

Bins hold many rows each, since of a curve that noise hides few rows say nothing. Whether noise hides it, neighbours
say: what the line through the bins' edges leaves of their answers is alike where a curve goes on between the edges.
With m_g the mean of what is left of the n_g rows with the g-th of G numbers in ascending order,

    S = 1 / (G − 1) · Σ (m_{g+1} − m_g)² / (1 / n_g + 1 / n_{g+1})

is the noise of one row, whatever the curve, and so is B = 1 / (G − p) · Σ n_g m_g², of a line with p coefficients,
where there is none: 1 − S / B is the share of what is left that neighbours know (von Neumann 1941, "Distribution of the
ratio of the mean square successive difference to the variance", Annals of Mathematical Statistics 12; Rice 1984,
"Bandwidth choice for nonparametric regression", Annals of Statistics 12). Of noise alone its deviation is 1 / √G.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltaw.preparation.columns.lines import ByNumber
from deltaw.preparation.columns.means import SMALLEST
from deltaw.preparation.scales.bins import count, fit_edges

Values = NDArray[np.float64]

# Of noise alone one column in three million says as much; and it has to be worth inputs.
DEVIATIONS, WORTH = 5.0, 0.1
FEWEST, TWICE = 30, 2  # numbers, and as many bins as before


def finer(told: ByNumber, edges: tuple[float, ...], most: int) -> tuple[float, ...]:
    """The edges of at most so many bins where answers draw a curve between these edges; else these.

    Of classes these: what neighbours know there is mostly a step from one to the next, which a unit draws by itself.

    Args:
        told: what rows answer, number by number.
        edges: of the column's bins, none of a single one.
    """
    numbers = told.numbers
    if told.of_classes or len(numbers) < FEWEST or most < TWICE * max(count(edges), 1):
        return edges
    least = max(WORTH, DEVIATIONS / len(numbers) ** 0.5)
    if _known_by_neighbours(told, told.means - told.means.mean(axis=1, keepdims=True), 1) < least:
        return edges  # cheaper, and more than of what a line leaves
    coarse = edges or (float(numbers[0]), float(numbers[-1]))
    if _known_by_neighbours(told, told.means - told.line(coarse)[0], len(coarse)) < least:
        return edges
    return fit_edges(np.repeat(numbers, told.counts), most)


def _known_by_neighbours(told: ByNumber, left: Values, taken: int) -> float:
    """1 − S / B of all outputs together, of what so many coefficients have `left` of each number's answers, (k, G)."""
    each = 1.0 / np.maximum(told.rows, SMALLEST)
    noise = told.units @ (np.diff(left) ** 2 / (each[1:] + each[:-1])).sum(axis=1) / (len(each) - 1)
    whole = told.units @ (told.rows * left**2).sum(axis=1) / max(len(each) - taken, 1)
    return float(1.0 - noise / whole) if whole > 0 else 0.0
