"""Finer bins for numbers whose target is a curve that the usual bins cannot follow: waves, a peak, a staircase.

Bins have many rows each, because of noise. Whether the residuals of the piecewise-linear fit are noise, neighbours
tell: if the target is a finer curve, residuals of neighbouring numbers are similar. With m_g the mean residual of the
n_g rows with the g-th of G numbers in ascending order,

    S = 1 / (G − 1) · Σ (m_{g+1} − m_g)² / (1 / n_g + 1 / n_{g+1})

estimates the noise variance of one row for any curve; B = 1 / (G − p) · Σ n_g m_g², with p coefficients of the fit,
does so only if there is no curve. 1 − S / B is the share of the residual variance that neighbours explain (von Neumann
1941, "Distribution of the ratio of the mean square successive difference to the variance", Annals of Mathematical
Statistics 12; Rice 1984, "Bandwidth choice for nonparametric regression", Annals of Statistics 12). For noise its
standard deviation is 1 / √G.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltaw.preparation.columns.lines import ByNumber
from deltaw.preparation.columns.means import SMALLEST
from deltaw.preparation.scales.bins import count, fit_edges

Values = NDArray[np.float64]

# Noise exceeds it in one column in three million; and the gain has to be worth the inputs.
DEVIATIONS, WORTH = 5.0, 0.1
FEWEST, GROWTH = 30, 2  # distinct numbers; times as many bins as before


def finer(by_number: ByNumber, edges: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Edges of up to `most` bins if the target is a finer curve, else `edges`.

    For classes always `edges`: neighbours mostly explain a step there, which a hidden unit fits by itself.

    Args:
        by_number: the target for each number.
        edges: of the column's bins; () for a single one.
        most: the largest number of bins.
    """
    numbers = by_number.numbers
    if by_number.of_classes or len(numbers) < FEWEST or most < GROWTH * max(count(edges), 1):
        return edges
    least = max(WORTH, DEVIATIONS / len(numbers) ** 0.5)
    if _known_by_neighbours(by_number, by_number.means - by_number.means.mean(axis=1, keepdims=True), 1) < least:
        return edges  # a cheap bound
    coarse = edges or (float(numbers[0]), float(numbers[-1]))
    if _known_by_neighbours(by_number, by_number.means - by_number.line(coarse)[0], len(coarse)) < least:
        return edges
    return fit_edges(np.repeat(numbers, by_number.counts), most)


def _known_by_neighbours(by_number: ByNumber, left: Values, taken: int) -> float:
    """1 − S / B over all outputs; `left`: (k, G) residual sums of each number, after a fit of `taken` coefficients."""
    each = 1.0 / np.maximum(by_number.rows, SMALLEST)
    noise = by_number.units @ (np.diff(left) ** 2 / (each[1:] + each[:-1])).sum(axis=1) / (len(each) - 1)
    whole = by_number.units @ (by_number.rows * left**2).sum(axis=1) / max(len(each) - taken, 1)
    return float(1.0 - noise / whole) if whole > 0 else 0.0
