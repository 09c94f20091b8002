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
from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.learning_rate import Sweep
from deltaw.doctor.trials.scores import measure, scoring_rows
from deltaw.doctor.trials.stepping import Divergence
from deltaw.doctor.trials.trial import Baseline, Holdout, Trial, steps_per_epoch
from deltaw.engines.look import Look
from deltaw.equations.statistics import standard_error
from deltaw.plain import Plain
from deltaw.training import History

Array = NDArray[Any]

# A network falls short above this multiple of a baseline's errors, beyond chance. In 90 healthy set-ups of
# benchmarks/doctor/random_setups.py the worst of three seeds makes 1.1 times their mean error (median; 1.25 upper
# quartile); one in eight is above 1.2, or 1.5, times a baseline's.
ERRORS = 1.2
# A skill below this share of the baseline's is markedly short: 1% of 500 healthy random set-ups
# (benchmarks/doctor/random_setups.py) lie below it, and most broken ones.
SHORT = 0.9
HARDLY = 0.05  # skill up to which a network has hardly learnt anything
CLOCK = "callback"  # `History.ended` if the time limit ended a training
CUT = 0.9  # share of the planned steps; with fewer, the time limit cut the training off
FALLING = 0.01  # relative decrease of E over the last fifth of the epochs
CHANCE = 0.01  # p of a permutation test up to which a score is not chance
HARMED = 0.75  # share of the baseline's skill below which something is wrong: no healthy set-up lies there


@dataclass(frozen=True)
class During(Plain):
    """Measurements of a training under observation, and of two baselines.

    Attributes:
        holdout: the scoring rows, and the set-up cut down to the budget.
        trainings: of that set-up, the first with telemetry: one if all is well, else one for each of three seeds.
            For a saved model the training that it came from, with the score of `retrained` if it is `contaminated`.
        plain: the best of the baselines: a small network, a linear model, and others where `beyond` says so.
        baseline: what `plain` is.
        p: probability that the best of the three scores so well by chance (permutation test).
        divergence: the first tensor that became NaN or infinite; None if none did.
        start, end: the initial and the trained network on the same rows; None if they do not fit.
        guess_error: E of the best constant output.
        sweep: the learning-rate sweep; None if all is well.
        gains: for each of `trainings` its gains over the guess on the scoring rows; see `judge`.
        plain_gains: those of `plain`.
        saved: whether the network was trained before (a saved model) and is only examined.
        retrained: if a saved network is `short` or `contaminated`, a new training with its settings; else None.
        contaminated: whether a saved network was trained on the scoring rows, so that its score on them is too good.
        internal: if no model beats the guess on the scoring rows, a baseline on held-out training rows; else None.
        internal_gains: its gains over the guess.
        offset: where hardly anything can be learnt, the k for which row i tells the targets of row i + k; else 0.
    """

    holdout: Holdout
    trainings: tuple[Trial, ...]
    plain: Trial
    baseline: Baseline
    p: float
    divergence: Divergence | None
    start: Start | None
    end: Start | None
    guess_error: float
    sweep: Sweep | None
    gains: tuple[tuple[judge.Gain, ...], ...]
    plain_gains: tuple[judge.Gain, ...]
    saved: bool = False
    retrained: Trial | None = None
    contaminated: bool = False
    internal: Trial | None = None
    internal_gains: tuple[judge.Gain, ...] = ()
    offset: int = 0

    @property
    def setup(self) -> Setup:
        """The set-up as it was trained, cut down to the budget."""
        return self.holdout.setup

    @property
    def loss(self) -> Array:
        """(epochs,) E of the first training."""
        return np.asarray(self.trainings[0].history.loss, np.float64)

    @cached_property
    def task(self) -> str:
        """ "classification", "labels" or "regression"."""
        return targets_of(self.setup).task

    @cached_property
    def measure(self) -> str:
        """Name of the score: "accuracy", "AUC" or "R²"."""
        return measure(self.setup)

    @property
    def looks(self) -> list[Look]:
        """Telemetry of the first training, after the epochs of `looked`."""
        return self.trainings[0].history.looks

    @property
    def looked(self) -> tuple[int, ...]:
        """The epochs of `looks`, from 0."""
        return self.trainings[0].looked

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
        return float(np.mean([self.holdout.skill(t.score) for t in self.trainings]))

    @cached_property
    def possible(self) -> float:
        """The best skill of all trainings and the baselines."""
        return max(self.holdout.skill(t.score) for t in (self.plain, *self.trainings))

    @property
    def noise(self) -> float:
        """Two standard errors of a skill on the held-out rows, at the baseline's score; 0 if training rows score."""
        return 0.0 if self.setup.held_out is None else _noise(self.holdout, self.plain)

    @property
    def noise_with_seeds(self) -> float:
        """`noise`; twice that for a saved network, of which there is one seed only."""
        return self.noise * (2 if self.saved else 1)

    @cached_property
    def lead_margin(self) -> float:
        """Two standard errors of the baseline's lead, over rows and seeds."""
        return self.noise if self.setup.held_out is None else lead_margin(self.holdout, self.gains, self.plain_gains)

    @property
    def learnt(self) -> bool:
        """Whether a training is significantly better than the guess."""
        return any(map(judge.learnt, self.gains))

    @property
    def learnable(self) -> bool:
        """Whether a training or a baseline is significantly better than the guess."""
        if self.setup.held_out is None:
            return self.possible > 0.0
        return self.learnt or judge.learnt(self.plain_gains, 2) or (self.possible > 0.0 and self.p <= CHANCE)

    @property
    def shifted(self) -> bool:
        """Whether what is learnt from the training rows does not hold for the held-out rows (a shift between them)."""
        nothing = all(judge.nothing(gains) for gains in (*self.gains, self.plain_gains))
        fails = nothing or self.possible < -self.noise
        return self.internal is not None and fails and judge.learnt(self.internal_gains, 2)

    @property
    def completed(self) -> float:
        """Share of the planned steps that were made, within the budget and the time limit."""
        first, setup = self._scored_history, self.setup
        if (self.saved and not self.scored_by_retrained) or first.ended != CLOCK:
            return self.holdout.completed
        return self.holdout.completed * first.batch_steps / (setup.epochs * steps_per_epoch(setup))

    @property
    def unfinished(self) -> bool:
        """Whether the budget cut the training off while E was still falling."""
        loss = np.asarray(self._scored_history.loss, np.float64)
        if self.completed > CUT or not len(loss):
            return False
        fifth = max(1, len(loss) // 5)
        before = loss[-2 * fifth : -fifth].mean() if len(loss) > 1 else self.guess_error
        return bool(loss[-fifth:].mean() < (1.0 - FALLING) * before)

    @property
    def scored_by_retrained(self) -> bool:
        """Whether the first score is that of `retrained`, because the saved network is `contaminated`."""
        return self.contaminated and self.retrained is not None and self.retrained.score <= self.trainings[0].score

    @property
    def _scored_history(self) -> History:
        """History of the training that the first score is of."""
        trial = self.retrained if self.retrained is not None and self.scored_by_retrained else self.trainings[0]
        return trial.history

    @property
    def short(self) -> bool:
        """Whether it makes more errors than the best baseline, beyond chance and seeds.

        Errors are compared, since 90% of the baseline's skill may hide many times its errors.
        """
        errors, least = 1.0 - self.skill, 1.0 - self.possible
        more = errors > ERRORS * least and self.possible - self.skill > self.lead_margin
        if self.setup.held_out is None:  # the baseline may overfit the training rows
            more = self.skill < SHORT * self.possible
        return not self.unfinished and self.learnable and (more or self.markedly_short)

    @property
    def markedly_short(self) -> bool:
        """Whether it learnt markedly less, so that faults are believed. If training rows score: hardly anything."""
        confirmed = self.lead_confirmed if self.setup.held_out is not None else self.skill <= HARDLY
        below = self.skill < SHORT * self.possible - self.noise_with_seeds
        return confirmed and below and self.learnable and not self.unfinished

    @cached_property
    def lead_confirmed(self) -> bool:
        """Whether the baseline's lead in accuracy is confirmed by log loss or AUC, where these are defined."""
        if self.task != "classification" or self.measure != "accuracy":
            return True
        leads = [judge.lead(self.gains, self.plain_gains, name) for name in ("log loss", "AUC")]
        return any(lead is None or lead[0] > 2.0 * lead[1] for lead in leads)

    @property
    def settings_suffice(self) -> bool:
        """Whether a saved network is markedly short and a new training with its settings is not."""
        return (
            self.markedly_short
            and self.retrained is not None
            and self.retrained.score > self.trainings[0].score
            and self.holdout.skill(self.retrained.score) >= SHORT * self.possible - self.noise
        )

    @property
    def spread(self) -> float:
        """Standard error of `skill` over the trainings; 0 for one."""
        skills = [self.holdout.skill(t.score) for t in self.trainings]
        return standard_error(skills, ddof=1) if len(skills) > 1 else 0.0

    @property
    def harmed(self) -> bool:
        """Whether it learnt so much less, beyond the spread of seeds, that something must be wrong.

        Also if one seed hardly learns anything.
        """
        enough = HARMED * self.possible - self.noise_with_seeds / 2
        worst = min(self.holdout.skill(t.score) for t in self.trainings)
        return self.markedly_short and (self.skill + self.spread < enough or worst <= min(HARDLY, enough))


def lead_margin(holdout: Holdout, ours: Sequence[tuple[judge.Gain, ...]], theirs: tuple[judge.Gain, ...]) -> float:
    """Two standard errors of the lead in skill of `theirs` over `ours`.

    0 if a training of ours diverged; infinite if theirs did.
    """
    name = measure(holdout.setup)
    if not any(gain.measure == name for gain in theirs):
        return np.inf
    lead = judge.lead(ours, theirs, name)
    scale = 1.0 - holdout.guess if name == "accuracy" else 1.0
    return 0.0 if lead is None else 2.0 * float(np.hypot(*lead[1:])) / max(scale, 1e-9)


def _noise(holdout: Holdout, trial: Trial) -> float:
    n = len(scoring_rows(holdout.setup)[1])
    share = min(max(trial.score, 0.0), 1.0)
    error = float(np.sqrt(max(share * (1.0 - share), 1.0 / n) / n))
    return 2.0 * error / max(1.0 - holdout.guess, 1e-9)
