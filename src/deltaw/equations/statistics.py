"""Statistics of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def standard_error(sample: NDArray[Any] | Sequence[float], ddof: int = 0) -> float:
    """The standard error of the mean of n values: their standard deviation, with n − ddof, over √n."""
    error: float = np.std(sample, ddof=ddof) / len(sample) ** 0.5
    return float(error)


def curve_areas(
    score: NDArray[Any], positive: NDArray[np.bool_], weight: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pseudo-values (n,) of one class's area under the ROC curve and of its average precision.

    A pseudo-value is the area and n times its derivative by the row's weight. Of the ROC curve that is how many of the
    other kind a row stands on the right side of (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44).
    """
    n, n_positive, n_negative = weight.sum(), weight @ positive, weight @ ~positive  # rows, or what they count for
    _, place = np.unique(score, return_inverse=True)  # scores that are equal share a place
    here = np.bincount(place, weight, minlength=1)
    right = np.bincount(place, positive * weight, len(here))
    wrong = here - right
    roc = np.full(len(score), np.nan)
    if n_positive and n_negative:
        below = (np.cumsum(wrong) - wrong / 2) / n_negative
        above = (np.cumsum(right[::-1])[::-1] - right / 2) / n_positive
        area = float(below @ right) / n_positive
        stands = np.where(positive, below[place], above[place]) - area
        roc = area + stands * n / np.where(positive, n_positive, n_negative)
    if not n_positive:
        return roc, np.full(len(score), np.nan)
    # At each threshold: the rows above it, and which share of them is right.
    reached = np.cumsum(here[::-1])[::-1]
    precision = np.cumsum(right[::-1])[::-1] / reached
    area = float(precision @ right) / n_positive
    # A row changes the precision at all thresholds below it, and counts at its own where it is positive.
    gained, lost = np.cumsum(right / reached)[place], np.cumsum(right * precision / reached)[place]
    moved = np.where(positive, precision[place] - area + gained, 0.0) - lost
    return roc, area + moved * n / n_positive


def area_within(
    score: NDArray[Any], positive: NDArray[np.bool_], weight: NDArray[Any], part: NDArray[Any]
) -> NDArray[Any]:
    """Pseudo-values (n,) of the area under the ROC curve of rows in parts, (n,), whose scores cannot be compared: the
    share of pairs within a part that stand in the right order.

    The networks of a cross-validation differ by where the zero of their scores lies, and the area of all rows together
    is too small for that (Parker, Günter & Bedo 2007, "Stratification bias in low signal microarray studies", BMC
    Bioinformatics 8; Airola et al. 2011, Computational Statistics & Data Analysis 55).
    """
    stands, pairs, right = np.zeros(len(score)), np.zeros(len(score)), 0.0
    for here in (part == each for each in np.unique(part)):
        w, yes = weight[here], positive[here]
        of_yes, of_no = w @ yes, w @ ~yes
        if of_yes and of_no:
            roc = curve_areas(score[here], yes, w)[0]
            area = roc @ w / w.sum()
            pairs[here] = np.where(yes, of_no, of_yes)
            stands[here] = (roc - area) * of_yes * of_no / w.sum() + area * pairs[here]
            right += area * of_yes * of_no
    count = weight @ pairs / 2
    if not count:
        return np.full(len(score), np.nan)
    return np.asarray((right + (stands - right / count * pairs) * weight.sum()) / count)
