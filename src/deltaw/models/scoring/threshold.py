"""The decision threshold between two classes: a given probability, or the one at which a score is best.

It is the probability of the second class in order, as for F1 and the area under the ROC curve.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.models.scoring.metrics import METRICS, Metric, Outcome, Sums
from deltaw.preparation import Target
from deltaw.speech import listed, say
from deltaw.tables.table import nearest

BEST = "best:"
DIGITS = 4
PROBABLE = tuple(metric.name for metric in METRICS["classification"] if not metric.by_answers)


def checked(value: Any) -> float | str | None:
    """A threshold as a recipe keeps it: a probability, or "best:f1". Raises SettingError for anything else."""
    if isinstance(value, str) and value.startswith(BEST):
        metric_to_be_best_in(value)
        return value
    try:
        found = value if value is None else float(value)
    except (TypeError, ValueError):
        found = np.nan
    if isinstance(value, bool) or not (found is None or 0 < found < 1):
        expected = say("threshold: expected a probability between 0 and 1, or best:METRIC")
        raise SettingError(expected, repr(value), "give e.g. 0.3 or best:f1")
    return found


def metric_to_be_best_in(threshold: float | str | None) -> Metric | None:
    """The metric of "best:…"; None for a number. Raises SettingError for one that does not depend on the threshold."""
    if not isinstance(threshold, str):
        return None
    known = {metric.name: metric for metric in METRICS["classification"] if metric.by_answers}
    name = threshold.removeprefix(BEST)
    if name in known:
        return known[name]
    found = say("{name!r}, which depends on the probabilities", name=name) if name in PROBABLE else repr(name)
    near = nearest(name, tuple(known)) or "f1"
    expected = say("threshold: expected a score that depends on the class answered ({known})", known=listed(known))
    raise SettingError(expected, found, say("give e.g. {best}{near}", best=BEST, near=near))


def stated(threshold: float | str | None, target: Target) -> str:
    """A sentence on the threshold; "" if the likelier class is predicted."""
    if target.threshold is None:
        return ""
    metric = metric_to_be_best_in(threshold)
    if metric is None:
        return target.rule
    said = "{answer} from the probability at which {score} is best on held-out rows"
    return say(said, answer=target.classes[1], score=metric.title)


def best(metric: Metric, outcome: Outcome) -> float:
    """The threshold at which a score is best; of several, the one nearest to ½.

    Args:
        metric: one that depends on the predicted class.
        outcome: of held-out rows, two classes.

    Raises:
        SettingError: the score is undefined for these rows.
    """
    assert isinstance(metric.score, Sums)
    order = np.argsort(outcome.shares[:, 1], kind="stable")
    p, yes = outcome.shares[order, 1].astype(np.float64), outcome.truth[order] == 1
    counts = np.ones(len(p)) if outcome.weight is None else outcome.weight[order]
    # The second class is predicted from each start on; after the last, for no row.
    starts = np.flatnonzero(np.diff(p, prepend=-1.0, append=2.0) > 0)
    below = np.concatenate([[0.0], p, [1.0]])
    cuts = (below[starts] + below[starts + 1]) / 2
    answered, found = (np.append(np.cumsum(each[::-1])[::-1], 0.0)[starts] for each in (counts, counts * yes))
    n_no, n_yes = counts @ ~yes, counts @ yes
    sums = np.broadcast_arrays(n_no, n_yes, n_no + n_yes - answered, answered, n_no - (answered - found), found)
    scores = metric.score.value(np.stack(sums, axis=1))
    gains = np.where((cuts > 0) & (cuts < 1), metric.gain(scores, 0.0), np.nan)
    if np.isnan(gains).all():
        found_none = say("{n:,} rows, for which {score} is not defined", n=len(p), score=metric.title)
        raise SettingError("threshold: expected rows to choose it by", found_none, "give a probability such as 0.3")
    top = np.flatnonzero(gains == np.nanmax(gains))
    place = int(top[np.abs(cuts[top] - 0.5).argmin()])
    short = float(f"{cuts[place]:.{DIGITS}g}")
    low, high = below[starts[place]], below[starts[place] + 1]
    return short if low < short <= high and short < 1 else float(cuts[place])
