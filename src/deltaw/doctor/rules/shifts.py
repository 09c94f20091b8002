"""Rules about the held-out rows: whether they have the distribution of the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.setup import matrix
from deltaw.engines.rows import spread
from deltaw.exceptions import InputError
from deltaw.numbers import number
from deltaw.speech import say

Array = NDArray[Any]

FEWEST = 10  # held-out rows
SHIFTED = 3.0  # standard deviations between a column's means in training and held-out rows
SCALED = 10.0  # ratio of the standard deviations, either way
OUTSIDE = 0.5  # share of the held-out rows beyond the range of a column in training
BEYOND = 0.2  # the same of the targets
LOOKED_AT = 500  # rows, evenly spaced


def distribution_shift(evidence: Evidence) -> Finding | None:
    """Most columns of the held-out rows have another mean or scale than in training, or one has another range."""
    pairs = _pairs(evidence)
    others = [(name, here, there) for name, here, there in pairs if _elsewhere(here, there)]
    if not others:
        return None
    most = 2 * len(others) > len(pairs)
    name, here, there = max(others, key=lambda each: abs(each[2].mean() - each[1].mean()) / each[1].std())
    return finding(
        "In {n} of {all} columns the validation or test rows have another distribution: {name} is {mean} ± "
        "{std} there, and {trained} ± {deviation} in training. What was learnt does not carry over.",
        n=len(others), all=len(pairs), name=name,
        mean=there.mean(), std=number(there.std(), 2),
        trained=here.mean(), deviation=number(here.std(), 2),
        evidence={"columns": len(others), "deviations_away": float(abs(there.mean() - here.mean()) / here.std())},
        where=Where(column=name),
        repair=Repair(
            say("scale all rows with the statistics of the training rows, with the columns in the same order")
        ),
        likelihood=0.8 if most else 0.5,
    )  # fmt: skip


def _elsewhere(here: Array, there: Array) -> bool:
    """Whether the held-out values of a column are distributed differently than those in training."""
    ratio = there.std() / here.std()
    outside = float(np.mean((there < here.min()) | (there > here.max())))
    return bool(
        abs(there.mean() - here.mean()) > SHIFTED * here.std()
        or (there.std() > 0 and not 1 / SCALED <= ratio <= SCALED)
        or outside >= OUTSIDE
    )


def _pairs(evidence: Evidence) -> list[tuple[str, Array, Array]]:
    """Name, training and held-out values of each column of numbers, or of each input; () with too few rows."""
    known, held_out = evidence.known, evidence.setup.held_out
    if held_out is None:
        return []
    if evidence.setup.raw:
        columns = [(c.name, c.values, c.held_out) for c in evidence.setup.raw if c.held_out is not None]
    else:
        try:
            X = matrix(held_out[0], "X")
            x = known.scaled(X[spread(X.shape[0], LOOKED_AT)])
        except (InputError, IndexError, TypeError, ValueError):
            return []  # the rule `invalid_arguments` reports it
        if x.ndim != 2 or x.shape[1] != known.x.shape[1]:
            return []
        columns = list(zip(known.columns.names, known.x.T, x.T, strict=True))
    finite = [(name, here[np.isfinite(here)], there[np.isfinite(there)]) for name, here, there in columns]
    return [
        (name, here, there)
        for name, here, there in finite
        if len(there) >= FEWEST and len(here) >= FEWEST and np.ptp(here) > 0
    ]


def target_shift(evidence: Evidence) -> Finding | None:
    """Targets of the held-out rows beyond those of the training rows."""
    known, held_out = evidence.known, evidence.setup.held_out
    if known.targets.task != "regression" or held_out is None or known.targets.bad:
        return None
    try:
        t = known.targets.encoded(held_out[1])
    except (InputError, IndexError, TypeError, ValueError):
        return None  # the rule `invalid_arguments` reports it
    if t.ndim != 2 or t.shape[1] != len(known.targets.low) or len(t) < FEWEST:
        return None
    beyond = np.mean((t < known.targets.low) | (t > known.targets.high), axis=0)
    worst = int(beyond.argmax())
    if beyond[worst] < BEYOND:
        return None
    return finding(
        "{share:.0%} of the validation or test rows have targets beyond those of all training rows. A network that has "
        "seen no such answers rarely gives one.",
        share=float(beyond[worst]),
        evidence={"share": float(beyond[worst])},
        where=Where(unit=worst),
        repair=Repair(say("train on rows of the same range, or on the change from a known value, which has none")),
    )


def concept_shift(evidence: Evidence) -> Finding | None:
    """What is learnt holds for held-out training rows, but not for the validation or test rows."""
    seen = evidence.watched
    if not seen.shifted:
        return None
    assert seen.internal is not None
    return finding(
        "On held-out training rows a plain network has the {measure} {inside}, on the validation or test "
        "rows {apart} (baseline: {guess}): the relation between inputs and targets is different there.",
        measure=say(seen.measure),
        inside=seen.internal.score,
        apart=max(seen.plain.score, seen.trainings[0].score),
        guess=seen.holdout.guess,
        evidence={"internal": seen.internal.score, "held_out": seen.plain.score},
        repair=Repair(
            say("check that their columns are in the same order, and that inputs and targets belong together")
        ),
    )
