"""Measurements of a training under observation, made by `watching`, and how much it learnt of what can be learnt.

`skill` is the score on a scale where 0 is the constant guess and 1 is perfect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor import judge
from deltaw.doctor.evidence.start import Start
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.learning_rate import Sweep
from deltaw.doctor.trials.scores import measure, scoring
from deltaw.doctor.trials.stepping import Break
from deltaw.doctor.trials.trial import Holdout, Trial, an_epoch
from deltaw.engines.look import Look
from deltaw.equations.statistics import standard_error
from deltaw.speech import say
from deltaw.training import History

Array = NDArray[Any]

# A network falls short from so many times a baseline's error on, if chance does not explain it. Of 90 healthy set-ups
# of benchmarks/doctor/random_setups.py the worst of three seeds makes 1.1 times their mean error (median; 1.25 upper
# quartile); one in eight is above 1.2, or 1.5, times a baseline's.
ERRORS = 1.2
# A skill below this share of the baseline's is markedly short. 99 % of 500 healthy random set-ups
# (benchmarks/doctor/random_setups.py) stay above it; few broken ones do.
SHORT = 0.9
HARDLY = 0.05  # skill up to which a network has hardly learnt anything
CLOCK = "callback"  # `History.ended` if the time limit ended a training
CUT = 0.9  # share of the planned steps; with fewer, the time limit cut the training off
FALLING = 0.01  # relative decrease of E over the last fifth of the epochs
CHANCE = 0.01  # p of a permutation test up to which a score is not chance
HARMED = 0.75  # share of the baseline's skill below which something is wrong: no healthy set-up was below it


@dataclass(frozen=True)
class During:
    """Measurements of a training under observation, and of the baselines beside it.

    Attributes:
        holdout: the scoring rows, and the set-up cut down to the budget.
        given: trainings of that set-up, the first with telemetry: one if all is well, else one for each of three seeds.
            For a saved model the training that it came from, with the score of `anew` if it has `met` the scoring rows.
        plain: the better of two baselines: a small network and a linear model.
        plain_units: the baseline's hidden units; 0 for the linear model.
        p: probability that the best of the three scores so well by chance (permutation test).
        broke: the first tensor that became NaN or infinite; None if none did.
        start, end: the initial and the trained network on the same rows; None if they do not fit.
        guess_error: E of the best constant output.
        sweep: the learning-rate sweep; None if all is well.
        gains: for each of `given` its gains over the guess on the scoring rows; see `judge`.
        plain_gains: those of `plain`.
        saved: whether the network was trained before (a saved model) and is only examined.
        anew: if a saved network is short, a new training with its settings; else None.
        met: whether a saved network was trained on the scoring rows, so that its score on them is too good.
        inside: if nobody beats the guess on the scoring rows, a baseline scored on held-out training rows; else None.
        inside_gains: its gains over the guess.
    """

    holdout: Holdout
    given: tuple[Trial, ...]
    plain: Trial
    plain_units: int
    p: float
    broke: Break | None
    start: Start | None
    end: Start | None
    guess_error: float
    sweep: Sweep | None
    gains: tuple[tuple[judge.Gain, ...], ...]
    plain_gains: tuple[judge.Gain, ...]
    saved: bool = False
    anew: Trial | None = None
    met: bool = False
    inside: Trial | None = None
    inside_gains: tuple[judge.Gain, ...] = ()

    @property
    def setup(self) -> Setup:
        """The set-up as it was trained, cut down to the budget."""
        return self.holdout.setup

    @property
    def loss(self) -> Array:
        """(epochs,) E of the first training."""
        return np.asarray(self.given[0].history.loss, np.float64)

    @cached_property
    def task(self) -> str:
        """ "classification", "labels" or "regression"."""
        return targets(matrix(self.setup.T, "T"), self.setup).task

    @cached_property
    def measure(self) -> str:
        """Name of the score: "accuracy", "AUC" or "R²"."""
        return measure(self.setup)

    @property
    def looks(self) -> list[Look]:
        """Telemetry of the first training, after the epochs of `looked`."""
        return self.given[0].history.looks

    @property
    def looked(self) -> tuple[int, ...]:
        """The epochs of `looks`, from 0."""
        return self.given[0].looked

    @property
    def saturation(self) -> Array:
        """(epochs, L) share of saturated signals in each layer, as of the next look."""
        shares = [look.saturated for look in self.looks]
        if not shares:
            return np.zeros((0, len(self.setup.network.weights)))
        return np.asarray(np.stack(shares)[np.searchsorted(self.looked, np.arange(self.looked[-1] + 1))])

    @cached_property
    def skill(self) -> float:
        """Mean skill of the trainings: 0 is the guess, 1 is perfect."""
        return float(np.mean([self.holdout.skill(t.score) for t in self.given]))

    @cached_property
    def possible(self) -> float:
        """The best skill of all trainings and the baselines."""
        return max(self.holdout.skill(t.score) for t in (self.plain, *self.given))

    @property
    def plain_words(self) -> str:
        """`plain` in words."""
        if self.plain_units:
            return say(
                "a plain network (inputs scaled, one hidden layer of {plain_units} relu, Adam)",
                plain_units=self.plain_units,
            )
        return say("a linear model (inputs scaled, a small L2 penalty)")

    @property
    def noise(self) -> float:
        """Two standard errors of a skill on the held-out rows, at the baseline's score; 0 if training rows score."""
        return 0.0 if self.setup.apart is None else _noise(self.holdout, self.plain)

    @property
    def chance(self) -> float:
        """`noise`; twice that for a saved network, of which there is one seed only."""
        return self.noise * (2 if self.saved else 1)

    @cached_property
    def doubt(self) -> float:
        """Two standard errors of the baseline's lead, over rows and seeds."""
        return self.noise if self.setup.apart is None else doubt(self.holdout, self.gains, self.plain_gains)

    @property
    def learnt(self) -> bool:
        """Whether a training is significantly better than the guess."""
        return any(map(judge.learnt, self.gains))

    @property
    def learnable(self) -> bool:
        """Whether a training or a baseline is significantly better than the guess."""
        if self.setup.apart is None:
            return self.possible > 0.0
        return self.learnt or judge.learnt(self.plain_gains, 2) or (self.possible > 0.0 and self.p <= CHANCE)

    @property
    def unlike(self) -> bool:
        """Whether what is learnt from the training rows does not hold for the held-out rows (a shift between them)."""
        nothing = all(judge.nothing(gains) for gains in (*self.gains, self.plain_gains))
        fails = nothing or self.possible < -self.noise
        return self.inside is not None and fails and judge.learnt(self.inside_gains, 2)

    @property
    def share(self) -> float:
        """Share of the steps asked for that were made, after the budget and the time limit."""
        first, setup = self._course, self.setup
        if (self.saved and not self.scored_anew) or first.ended != CLOCK:
            return self.holdout.share
        return self.holdout.share * first.batch_steps / (setup.epochs * an_epoch(setup))

    @property
    def unfinished(self) -> bool:
        """Whether the budget cut the training off while E was still falling."""
        loss = np.asarray(self._course.loss, np.float64)
        if self.share > CUT or not len(loss):
            return False
        fifth = max(1, len(loss) // 5)
        before = loss[-2 * fifth : -fifth].mean() if len(loss) > 1 else self.guess_error
        return bool(loss[-fifth:].mean() < (1.0 - FALLING) * before)

    @property
    def scored_anew(self) -> bool:
        """Whether the first score is that of `anew`, because the saved network has `met` the scoring rows."""
        return self.met and self.anew is not None and self.anew.score <= self.given[0].score

    @property
    def _course(self) -> History:
        """History of the training that the first score is of."""
        return self.anew.history if self.anew is not None and self.scored_anew else self.given[0].history

    @property
    def short(self) -> bool:
        """Whether it makes more errors than the best baseline, beyond chance and seeds.

        Errors are compared, since 90 % of the baseline's skill may hide many times its errors.
        """
        left, least = 1.0 - self.skill, 1.0 - self.possible
        more = left > ERRORS * least and self.possible - self.skill > self.doubt
        if self.setup.apart is None:  # on training rows the baseline may overfit, which is no shortfall of this one
            more = self.skill < SHORT * self.possible
        return not self.unfinished and self.learnable and (more or self.marked)

    @property
    def marked(self) -> bool:
        """Whether it learnt markedly less, so that faults are believed. If training rows score: hardly anything."""
        told = self.agreed if self.setup.apart is not None else self.skill <= HARDLY
        return told and not self.unfinished and self.learnable and self.skill < SHORT * self.possible - self.chance

    @cached_property
    def agreed(self) -> bool:
        """Whether the baseline's lead in accuracy is confirmed by log loss or AUC, where these are defined."""
        if self.task != "classification" or self.measure != "accuracy":
            return True
        leads = [judge.lead(self.gains, self.plain_gains, name) for name in ("log loss", "AUC")]
        return any(known is None or known[0] > 2.0 * known[1] for known in leads)

    @property
    def settings_teach(self) -> bool:
        """Whether a saved network is markedly short, and a new training with its settings is not."""
        return (
            self.marked
            and self.anew is not None
            and self.anew.score > self.given[0].score
            and self.holdout.skill(self.anew.score) >= SHORT * self.possible - self.noise
        )

    @property
    def spread(self) -> float:
        """Standard error of `skill` over the trainings; 0 for one."""
        skills = [self.holdout.skill(t.score) for t in self.given]
        return standard_error(skills, ddof=1) if len(skills) > 1 else 0.0

    @property
    def harmed(self) -> bool:
        """Whether it learnt so much less, beyond the spread of seeds, that something must be wrong.

        Also if one seed hardly learns anything.
        """
        enough = HARMED * self.possible - self.chance / 2
        worst = min(self.holdout.skill(t.score) for t in self.given)
        return self.marked and (self.skill + self.spread < enough or worst <= min(HARDLY, enough))


def doubt(holdout: Holdout, ours: Sequence[tuple[judge.Gain, ...]], theirs: tuple[judge.Gain, ...]) -> float:
    """Two standard errors of the lead in skill of `theirs` over `ours`.

    0 if a training of ours diverged; infinite if theirs did.
    """
    name = measure(holdout.setup)
    if not any(gain.measure == name for gain in theirs):
        return np.inf
    known = judge.lead(ours, theirs, name)
    scale = 1.0 - holdout.guess if name == "accuracy" else 1.0
    return 0.0 if known is None else 2.0 * float(np.hypot(*known[1:])) / max(scale, 1e-9)


def _noise(holdout: Holdout, t: Trial) -> float:
    n = len(scoring(holdout.setup)[1])
    share = min(max(t.score, 0.0), 1.0)
    error = float(np.sqrt(max(share * (1.0 - share), 1.0 / n) / n))
    return 2.0 * error / max(1.0 - holdout.guess, 1e-9)
