"""A training under observation, made once and shared by all rules: `watch(setup, …)`.

The set-up is trained with telemetry on some of its rows (see `trial.Holdout`), beside two baselines on the same rows: a
small network and a linear model. If it does not learn about as much as they do, it is trained again from other seeds
and at other learning rates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.during import CLOCK, During
from deltaw.doctor.evidence.start import start
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.clock import left, within
from deltaw.doctor.trials.learning_rate import sweep
from deltaw.doctor.trials.scores import gained, outputs, permuted, scoring
from deltaw.doctor.trials.stepping import Break, first_break
from deltaw.doctor.trials.trial import PLAIN_UNITS, Budget, Trained, Trial, finished, hold_out, plain, trial
from deltaw.engines.rows import spread
from deltaw.equations import losses
from deltaw.exceptions import InputError

Array = NDArray[Any]

SEEDS = 3  # trainings before a network is said to learn too little
# Shares of the seconds: the first training, each baseline, all trainings of the sweep.
WATCHED, PLAIN, SWEPT = 0.2, 0.08, 0.2
FACTORS = np.logspace(-4, 5, 10)  # of the learning rate in use
SAMPLE = 512  # rows on which the trained network is examined


def watch(setup: Setup, *, rows: int = 10_000, seconds: float = 10.0, trained: Trained | None = None) -> During:
    """Train under observation.

    Args:
        setup: valid arguments of `deltaw.train`.
        rows: the most training rows.
        seconds: for all trainings together, approximately.
        trained: the trained network and its history, examined in place of a first training.
    """
    with within(left() - SWEPT * seconds):  # leaves the sweep its share, also on a busy machine
        seen = _trained(setup, rows, seconds, trained)
    if setup.apart is not None and not (seen.learnable and seen.possible > 0.0):
        seen = _inside(seen, setup, rows, seconds)
    alone = replace(seen, given=seen.given[:1], gains=seen.gains[:1])
    if not (alone.short or alone.broke) or seen.settings_teach:
        return seen
    try:
        return replace(seen, sweep=sweep(seen.setup, FACTORS, SWEPT * seconds / len(FACTORS)))
    except InputError:
        return seen


def _trained(setup: Setup, rows: int, seconds: float, trained: Trained | None) -> During:
    """`watch` without the sweep."""
    met = trained is not None and setup.apart is None
    holdout = hold_out(setup, Budget(rows, WATCHED * seconds), hold=trained is None or met)
    cut, met = holdout.setup, met and len(holdout.held) > 0
    first = trial(cut, seconds=2 * WATCHED * seconds) if trained is None else finished(cut, *trained)
    anew = trial(cut, seconds=2 * WATCHED * seconds) if met else None
    scorer = anew if anew is not None and anew.score <= first.score else first
    holdout = replace(holdout, share=1.0) if trained is not None and not met else holdout
    sizes = {
        units: trial(plain(cut, PLAIN * seconds, units), seconds=2 * PLAIN * seconds) for units in (PLAIN_UNITS, 0)
    }
    units, easy = max(sizes.items(), key=lambda known: known[1].score)
    x, t = sample(cut, len(cut.some(SAMPLE)))
    lost = not all(np.isfinite(w).all() for w in [*first.network.weights, *first.network.biases])
    seen = During(
        holdout=holdout, given=(replace(first, score=scorer.score, fitted=scorer.fitted),), plain=easy,
        plain_units=units, p=_chance(cut, scorer, easy, units),
        broke=_break(cut, first) if lost or first.history.ended == "diverged" else None,
        start=start(cut, x, t), end=None if lost else start(replace(cut, network=first.network), x, t),
        guess_error=guess_error(cut), sweep=None, gains=(gained(cut, scorer.network),),
        plain_gains=gained(plain(cut, 1.0, units), easy.network), saved=trained is not None,
        anew=anew, met=met,
    )  # fmt: skip
    if not (seen.short or seen.broke):
        return seen
    budget = seconds * WATCHED
    if trained is not None and scorer is first:
        return replace(seen, anew=anew or trial(cut, seconds=budget))
    more = [trial(cut, cut.seed + i, seconds=budget) for i in range(1, SEEDS) if left() > 0]
    # A training cut off by the clock is not comparable, unless the first one was, too.
    more = [each for each in more if each.history.ended != CLOCK or scorer.history.ended == CLOCK]
    return replace(seen, given=(*seen.given, *more), gains=(*seen.gains, *(gained(cut, t.network) for t in more)))


def _inside(seen: During, setup: Setup, rows: int, seconds: float) -> During:
    """`seen` with a baseline that is scored on held-out training rows."""
    holdout = hold_out(replace(setup, validation=None, test=None, early_stopping=None), Budget(rows, WATCHED * seconds))
    if not len(holdout.held):
        return seen
    made = plain(holdout.setup, PLAIN * seconds)
    scored = trial(made, seconds=2 * PLAIN * seconds)
    return replace(seen, inside=scored, inside_gains=gained(made, scored.network))


def sample(setup: Setup, most: int = SAMPLE) -> tuple[Array, Array]:
    """Inputs (scaled) and targets of evenly spaced training rows, float64."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    index = spread(X.shape[0], most)
    return setup.as_seen(X[index]), targets(T, setup).encoded(T[index])


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
    finite = [error for error in errors if np.isfinite(error)]
    return min(finite, default=np.inf)


def _break(setup: Setup, first: Trial) -> Break | None:
    try:
        return first_break(setup, len(first.history.loss))
    except InputError:
        return None


def _chance(setup: Setup, first: Trial, easy: Trial, units: int) -> float:
    """p of the best of the three trainings on the scoring rows: three times its own (Bonferroni)."""
    best = max((first, easy), key=lambda t: t.score)
    made = setup if best is first else plain(setup, 1.0, units)
    X, T = scoring(made)
    known = targets(matrix(made.T, "T"), made)
    return min(1.0, 3 * permuted(known, known.encoded(matrix(T, "T")), outputs(made, best.network, X)))
