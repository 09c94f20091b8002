"""Ensemble selection: members are added greedily, with replacement, by their mean's badness on held-out rows.

Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from libraries of models", ICML.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

MOST = 16  # members: each costs time in every answer


def selected(outputs: Array, badness: Callable[[Array], float], most: int = MOST, again: bool = True) -> list[int]:
    """The members of an ensemble, found greedily.

    The first is the best candidate. Then, again and again, the one that makes the mean best is added; one that is added
    twice counts twice. Selection ends with `most` members, or if no candidate makes the mean better, so on these rows
    the ensemble is never worse than its first member.

    Args:
        outputs: (m, n, k), the outputs of m candidates (each a network after an epoch) for n rows.
        badness: of a mean (n, k), lower is better; NaN is never chosen.
        most: members, 1 or more.
        again: whether a member may be added again.

    Returns:
        Indices of candidates in the order in which they were added; of equal ones the first. [] if all are NaN.
    """
    members: list[int] = []
    total, lowest = np.zeros(outputs.shape[1:]), np.inf
    while len(members) < most:
        found = np.array([badness((total + one) / (len(members) + 1)) for one in outputs], np.float64)
        found = np.where(np.isnan(found), np.inf, found)
        found[[] if again else members] = np.inf
        best = int(np.argmin(found)) if len(found) else 0
        if not len(found) or not found[best] < lowest:
            break
        members.append(best)
        total, lowest = total + outputs[best], found[best]
    return members


def weights(members: list[int]) -> dict[int, float]:
    """Candidate -> its share in the mean, in the order in which they were added."""
    return {member: members.count(member) / len(members) for member in dict.fromkeys(members)}
