"""Which of many networks answer together: greedily, with replacement, by rows that none of them learnt from.

Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from libraries of models", ICML.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

MOST = 16  # members: each costs time in every answer


def selected(outputs: Array, badness: Callable[[Array], float], most: int = MOST, again: bool = True) -> list[int]:
    """The members of the best mean that is found by adding one after the other.

    The best one is first. Then whichever makes the mean best is added, again and again; one that is added twice counts
    twice. It ends with `most` members, or where none makes the mean better: so that the mean is never worse, on these
    rows, than the best one alone.

    Args:
        outputs: (m, n, k), what each of m candidates (a network after an epoch) says about n rows.
        badness: of a mean (n, k), lower is better; NaN is never chosen.
        most: members, 1 or more.
        again: whether one that is a member may be added again.

    Returns:
        Numbers of candidates, in the order in which they were added; of equals the first. [] where all are NaN.
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
    """Candidate -> its share in the mean, in the order in which they came in."""
    return {member: members.count(member) / len(members) for member in dict.fromkeys(members)}
