"""A training under observation, made once and shared by all rules: `watch(setup, …)`.

The set-up is trained with telemetry on some of its rows (see `trial.Holdout`), and two baselines on the same rows: a
small network and a linear model. If it learns less than they do, it is trained again from other seeds and at other
learning rates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.alternatives import codes, comparable, neighbours, offset
from deltaw.doctor.evidence.during import CLOCK, During
from deltaw.doctor.evidence.start import start
from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.clock import left, within
from deltaw.doctor.trials.learning_rate import sweep
from deltaw.doctor.trials.scores import gains_over_guess, outputs, permutation_p_value, scored, scoring_rows
from deltaw.doctor.trials.stepping import Divergence, first_divergence
from deltaw.doctor.trials.trial import (
    BINNED,
    LINE,
    PLAIN,
    Baseline,
    Budget,
    Trained,
    Trial,
    hold_out,
    plain,
    trial,
    trial_of,
)
from deltaw.engines.rows import spread
from deltaw.equations import losses
from deltaw.exceptions import InputError

Array = NDArray[Any]

SEEDS = 3  # trainings of a network that learns too little
# Shares of the seconds: the first training, each baseline, all trainings of the sweep.
WATCHED, COMPARED, SWEPT = 0.2, 0.08, 0.2
FACTORS = np.logspace(-4, 5, 10)  # of the learning rate in use
LITTLE = 0.1  # skill up to which the targets of other rows are tried
SIMILAR = 0.1  # lead in the score of what similar rows have, from which a network of intervals is tried
SAMPLE = 512  # rows on which the trained network is examined


def watch(setup: Setup, *, rows: int = 10_000, seconds: float = 10.0, trained: Trained | None = None) -> During:
    """Train under observation.

    Args:
        setup: valid arguments of `deltaw.train`.
        rows: the most training rows.
        seconds: for all trainings together, approximately.
        trained: the trained network and its history, examined in place of a first training.
    """
    with within(left() - SWEPT * seconds):  # leaves the sweep its share on a busy machine, too
        seen = _trained(setup, rows, seconds, trained)
    if setup.held_out is not None and not (seen.learnable and seen.possible > 0.0):
        seen = _internal(seen, setup, rows, seconds)
    little = seen.possible < LITTLE or not seen.learnable
    if little and seen.setup.held_out is not None and comparable(setup):
        seen = replace(seen, offset=offset(setup))
    first = replace(seen, trainings=seen.trainings[:1], gains=seen.gains[:1])
    if not (first.short or first.divergence) or seen.settings_suffice:
        return seen
    try:
        return replace(seen, sweep=sweep(seen.setup, FACTORS, SWEPT * seconds / len(FACTORS)))
    except InputError:
        return seen


def _trained(setup: Setup, rows: int, seconds: float, trained: Trained | None) -> During:
    """`watch` without the sweep."""
    contaminated = trained is not None and setup.held_out is None
    holdout = hold_out(setup, Budget(rows, WATCHED * seconds), hold=trained is None or contaminated)
    cut, contaminated = holdout.setup, contaminated and len(holdout.held) > 0
    first = trial(cut, seconds=2 * WATCHED * seconds) if trained is None else trial_of(cut, *trained)
    retrained = trial(cut, seconds=2 * WATCHED * seconds) if contaminated else None
    scorer = retrained if retrained is not None and retrained.score <= first.score else first
    holdout = replace(holdout, completed=1.0) if trained is not None and not contaminated else holdout
    baseline, best = _best_baseline(cut, COMPARED * seconds)
    x, t = sample(cut, len(cut.some(SAMPLE)))
    finite = all(np.isfinite(w).all() for w in [*first.network.weights, *first.network.biases])
    seen = During(
        holdout=holdout, trainings=(replace(first, score=scorer.score, fitted=scorer.fitted),), plain=best,
        baseline=baseline, p=_p_value(cut, scorer, best, baseline),
        divergence=_divergence(cut, first) if not finite or first.history.ended == "diverged" else None,
        start=start(cut, x, t), end=start(replace(cut, network=first.network), x, t) if finite else None,
        guess_error=guess_error(cut), sweep=None, gains=(gains_over_guess(cut, scorer.network),),
        plain_gains=gains_over_guess(plain(cut, 1.0, baseline), best.network), saved=trained is not None,
        retrained=retrained, contaminated=contaminated,
    )  # fmt: skip
    if not (seen.short or seen.divergence):
        return seen
    budget = seconds * WATCHED
    if trained is not None and scorer is first:
        return replace(seen, retrained=retrained or trial(cut, seconds=budget))
    more = [trial(cut, cut.seed + i, seconds=budget) for i in range(1, SEEDS) if left() > 0]
    # A training cut off by the clock is not comparable, unless the first one was, too.
    more = [each for each in more if each.history.ended != CLOCK or scorer.history.ended == CLOCK]
    return replace(
        seen, trainings=(*seen.trainings, *more), gains=(*seen.gains, *(gains_over_guess(cut, t.network) for t in more))
    )


def _best_baseline(setup: Setup, seconds: float) -> tuple[Baseline, Trial]:
    """The best of the baselines: a plain network and a linear model; a linear model of codes, if a column may hold
    some; and a network of intervals, if what similar rows have says far more than these.
    """

    def made(baseline: Baseline) -> Trial:
        return trial(plain(setup, seconds, baseline), seconds=2 * seconds)

    known = targets_of(setup)
    trials = {baseline: made(baseline) for baseline in (PLAIN, LINE)}
    if comparable(setup):
        if found := codes(setup):
            coded = replace(LINE, codes=found)
            trials[coded] = made(coded)
        X, T = scoring_rows(setup)
        alike = scored(known, known.encoded(T), neighbours(setup, X))
        if (
            alike - max(max(each.score, each.fitted) for each in trials.values()) > SIMILAR
        ):  # none fits even its own rows
            trials[BINNED] = made(BINNED)
    return max(trials.items(), key=lambda item: item[1].score)


def _internal(seen: During, setup: Setup, rows: int, seconds: float) -> During:
    """`seen` with a baseline that is scored on held-out training rows."""
    holdout = hold_out(replace(setup, validation=None, test=None, early_stopping=None), Budget(rows, WATCHED * seconds))
    if not len(holdout.held):
        return seen
    made = plain(holdout.setup, COMPARED * seconds)
    scored = trial(made, seconds=2 * COMPARED * seconds)
    return replace(seen, internal=scored, internal_gains=gains_over_guess(made, scored.network))


def sample(setup: Setup, most: int = SAMPLE) -> tuple[Array, Array]:
    """Inputs (scaled) and targets of evenly spaced training rows, float64."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    index = spread(X.shape[0], most)
    return setup.scaled_inputs(X[index]), targets_of(setup).encoded(T[index])


def guess_error(setup: Setup) -> float:
    """E of the best constant output, the mean or the median target; infinite if E is not finite for either."""
    row, (_, t) = losses.loss(setup.loss), sample(setup, 5000)
    low, high = setup.network.rows[-1].range
    edge = losses.EPSILON
    with np.errstate(all="ignore"):
        errors = [
            float(np.mean(row.E(np.broadcast_to(np.clip(o, low + edge, high - edge), t.shape), t)))
            for o in (t.mean(axis=0), np.median(t, axis=0))
        ]
    return min(filter(np.isfinite, errors), default=np.inf)


def _divergence(setup: Setup, first: Trial) -> Divergence | None:
    try:
        return first_divergence(setup, len(first.history.loss))
    except InputError:
        return None


def _p_value(setup: Setup, first: Trial, other: Trial, baseline: Baseline) -> float:
    """p of the best of the three trainings on the scoring rows: three times its own (Bonferroni)."""
    best = max((first, other), key=lambda t: t.score)
    made = setup if best is first else plain(setup, 1.0, baseline)
    X, T = scoring_rows(made)
    known = targets_of(made)
    return min(1.0, 3 * permutation_p_value(known, known.encoded(T), outputs(made, best.network, X)))
