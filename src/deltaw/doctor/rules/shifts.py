"""Rules about the held-out rows: whether they have the distribution of the training rows."""

from __future__ import annotations

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.setup import matrix
from deltaw.engines.rows import spread
from deltaw.exceptions import InputError
from deltaw.numbers import number
from deltaw.speech import say

FEWEST = 10  # held-out rows
SHIFTED = 3.0  # standard deviations between a column's means in training and held-out rows
SCALED = 10.0  # ratio of the standard deviations, either way
LOOKED_AT = 500  # rows, evenly spaced


def distribution_shift(evidence: Evidence) -> Finding | None:
    """Most columns of the held-out rows have another mean or scale than in training."""
    known, held_out = evidence.known, evidence.setup.held_out
    if held_out is None:
        return None
    try:
        X = matrix(held_out[0], "X")
        x = known.scaled(X[spread(X.shape[0], LOOKED_AT)])
    except (InputError, IndexError, TypeError, ValueError):
        return None  # the rule `invalid_arguments` reports it
    columns = known.columns
    if x.ndim != 2 or x.shape[1] != len(columns.low) or X.shape[0] < FEWEST:
        return None
    mean, std = x.mean(axis=0), x.std(axis=0)
    varying = ~columns.constant & (std > 0)
    with np.errstate(all="ignore"):
        shift, ratio = np.abs(mean - columns.mean) / columns.std, std / columns.std
    other = varying & ((shift > SHIFTED) | (ratio > SCALED) | (ratio < 1 / SCALED))
    if 2 * other.sum() <= (~columns.constant).sum():
        return None
    worst = int(np.where(other, shift, -1.0).argmax())
    return finding(
        "In {n} of {all} columns the validation or test rows have another distribution: {name} is {mean} ± "
        "{std} there, and {trained} ± {deviation} in training. What was learnt does not carry over.",
        n=int(other.sum()), all=len(other), name=columns.names[worst],
        mean=mean[worst], std=number(std[worst], 2),
        trained=columns.mean[worst], deviation=number(columns.std[worst], 2),
        evidence={"columns": int(other.sum()), "deviations_away": float(shift[worst])},
        where=Where(column=columns.names[worst]),
        repair=Repair(
            say("scale all rows with the statistics of the training rows, with the columns in the same order")
        ),
    )  # fmt: skip


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
