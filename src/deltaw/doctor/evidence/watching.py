"""A training under observation: what is measured once in training, and shared by all rules: `watch(setup, …)`.

The set-up is trained on some of its rows (see `trial.Holdout`), with telemetry. Beside it stand a plain network and a
straight line that get the same rows: what they learn can be learnt from them. Where the set-up learns about as much,
all is well, and the observation ends. Where it does not, it is trained again from other seeds, and at other rates.
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

SEEDS = 3  # a verdict that a network learns too little is over so many trainings
# Shares of the seconds: the first training, the plain network and again the line, all trainings of the sweep together.
WATCHED, PLAIN, SWEPT = 0.2, 0.08, 0.2
FACTORS = np.logspace(-4, 5, 10)  # of the rate in use: too low is by more decades wrong than too high
SAMPLE = 512  # rows on which the trained network is looked into


def watch(setup: Setup, *, rows: int = 10_000, seconds: float = 10.0, trained: Trained | None = None) -> During:
    """Train under observation.

    Args:
        setup: which `deltaw.train` takes.
        rows: trained on, at most.
        seconds: for all trainings together, about.
        trained: what came of the set-up, where that is known: it is looked at instead of a first training.
    """
    with within(left() - SWEPT * seconds):  # on a loaded machine too the sweep has its share
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
    # One that the clock ended says less than the first; on a loaded machine, that may be any.
    more = [each for each in more if each.history.ended != CLOCK or scorer.history.ended == CLOCK]
    return replace(seen, given=(*seen.given, *more), gains=(*seen.gains, *(gained(cut, t.network) for t in more)))


def _inside(seen: During, setup: Setup, rows: int, seconds: float) -> During:
    """With a plain network that is scored on some of the training rows."""
    holdout = hold_out(replace(setup, validation=None, test=None, early_stopping=None), Budget(rows, WATCHED * seconds))
    if not len(holdout.held):
        return seen
    made = plain(holdout.setup, PLAIN * seconds)
    scored = trial(made, seconds=2 * PLAIN * seconds)
    return replace(seen, inside=scored, inside_gains=gained(made, scored.network))


def sample(setup: Setup, most: int = SAMPLE) -> tuple[Array, Array]:
    """Inputs as the network takes them and targets of some training rows, float64, spread evenly."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    index = spread(X.shape[0], most)
    return setup.as_seen(X[index]), targets(T, setup).encoded(T[index])


def guess_error(setup: Setup) -> float:
    """E of the best constant output: of the mean target or the median one, whichever is lower; inf where E is not."""
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
    """p of the best of three trainings on the rows that score: that of the best alone, three times (Bonferroni)."""
    best = max((first, easy), key=lambda t: t.score)
    made = setup if best is first else plain(setup, 1.0, units)
    X, T = scoring(made)
    known = targets(matrix(made.T, "T"), made)
    return min(1.0, 3 * permuted(known, known.encoded(matrix(T, "T")), outputs(made, best.network, X)))
