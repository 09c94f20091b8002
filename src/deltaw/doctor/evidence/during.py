"""What was seen in a training under observation, and what that says of it: how much it learnt of what can be learnt.

`watching` makes it.
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
from deltaw.speech import say
from deltaw.training import History

Array = NDArray[Any]

# From so many times the errors of a plain network on, beyond what chance explains, something is to be gained: a mean
# squared error of 0.11 where 0.087 is reached. Of 90 healthy set-ups of benchmarks/doctor/random_setups.py the worst of
# three seeds makes 1.1 times their mean (median; 1.25 upper quartile); one in eight is above 1.2, or 1.5, times a plain
# one.
ERRORS = 1.2
# A score below this share of what the plain network reaches, both counted from the guess, is markedly short. Of 500
# healthy random set-ups (benchmarks/doctor/random_setups.py) 99 % stay above it; of broken ones few do.
SHORT = 0.9
HARDLY = 0.05  # of skill: no more than this is hardly anything
CLOCK = "callback"  # how a training's history says that the clock ended it
CUT = 0.9  # share of the steps asked for: with fewer the budget cut the training off
FALLING = 0.01  # of E, from one fifth of the epochs to the last
CHANCE = 0.01  # p of a permutation test up to which a score is no chance
HARMED = 0.75  # below this share there is harm, whatever the cause: none of those healthy ones comes there


@dataclass(frozen=True)
class During:
    """What was seen in training.

    Attributes:
        holdout: the rows and the cut-down set-up that was trained.
        given: trainings of it; the first with looks. One where all is well, else one for each of three seeds. Of a
            model the training that it came from, and no other, unless it has `met` the rows that score.
        plain: the plain network's, or the straight line's, whichever scores better.
        plain_units: in its hidden layer; 0 of a line, which has none.
        p: that the best of the three scores so well on the rows held out by chance (a permutation test).
        broke: the first tensor that was no longer a number; None where all stayed numbers.
        start, end: the network at its first step and at its end, on the same rows; None where they do not fit.
        guess_error: E of the best output that never changes.
        sweep: by learning rate; None where all is well.
        gains: what each of `given` gains on the guess, on the rows that score; see `judge`.
        plain_gains: what `plain` gains.
        saved: whether the training took place before, and only what came of it was looked at.
        anew: then, where that is short of what can be learnt, a training by the same settings; else None.
        met: whether what was saved has learnt from the rows that score, as from all others. Their score tells what it
            knows by heart: so `given` has that of the training `anew`, which has not met them, unless that is better.
        inside: a plain network that is scored on training rows held out, where on the rows apart nobody beats the
            guess; else None. `inside_gains`: what it gains there.
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
        """The set-up as it was trained: fewer rows, and as many epochs as its steps take then."""
        return self.holdout.setup

    @property
    def loss(self) -> Array:
        """E of each epoch of the first training."""
        return np.asarray(self.given[0].history.loss, np.float64)

    @cached_property
    def task(self) -> str:
        """ "classification", "labels" or "regression"."""
        return targets(matrix(self.setup.T, "T"), self.setup).task

    @cached_property
    def measure(self) -> str:
        """What scores are of: "accuracy", "AUC" or "R²"."""
        return measure(self.setup)

    @property
    def looks(self) -> list[Look]:
        """Looks inside, in the course of the first training, after the epochs of `looked`."""
        return self.given[0].history.looks

    @property
    def looked(self) -> tuple[int, ...]:
        """After which epochs, from 0."""
        return self.given[0].looked

    @property
    def saturation(self) -> Array:
        """Share of flat signals of each epoch and layer, (epochs, L), as the next look found them."""
        shares = [look.saturated for look in self.looks]
        if not shares:
            return np.zeros((0, len(self.setup.network.weights)))
        return np.asarray(np.stack(shares)[np.searchsorted(self.looked, np.arange(self.looked[-1] + 1))])

    @cached_property
    def skill(self) -> float:
        """What it learnt, mean over the trainings: 0 is the guess, 1 is all right."""
        return float(np.mean([self.holdout.skill(t.score) for t in self.given]))

    @cached_property
    def possible(self) -> float:
        """The most that anybody learnt from these rows."""
        return max(self.holdout.skill(t.score) for t in (self.plain, *self.given))

    @property
    def plain_words(self) -> str:
        """What `plain` is."""
        if self.plain_units:
            return say(
                "a plain network (inputs scaled, one hidden layer of {plain_units} relu, Adam)",
                plain_units=self.plain_units,
            )
        return say("a straight line (inputs scaled, no hidden layer, a small penalty)")

    @property
    def noise(self) -> float:
        """How far a skill on the rows held out may be off by chance: two standard errors, at the plain network's score.

        0 where the training rows score: nothing was drawn.
        """
        return 0.0 if self.setup.apart is None else _noise(self.holdout, self.plain)

    @property
    def chance(self) -> float:
        """`noise`; and of a saved network, trained from one seed alone, as much again for that one's luck."""
        return self.noise * (2 if self.saved else 1)

    @cached_property
    def doubt(self) -> float:
        """How far the plain network's lead may be off by chance: two standard errors of it, row by row, and by seed."""
        return self.noise if self.setup.apart is None else doubt(self.holdout, self.gains, self.plain_gains)

    @property
    def learnt(self) -> bool:
        """Whether the rows show that the set-up learnt something."""
        return any(map(judge.learnt, self.gains))

    @property
    def learnable(self) -> bool:
        """Whether somebody learnt from these rows what chance does not give."""
        if self.setup.apart is None:
            return self.possible > 0.0
        return self.learnt or judge.learnt(self.plain_gains, 2) or (self.possible > 0.0 and self.p <= CHANCE)

    @property
    def unlike(self) -> bool:
        """Whether training rows teach what does not hold for the rows apart, of which there are enough to be sure."""
        nothing = all(judge.nothing(gains) for gains in (*self.gains, self.plain_gains))
        fails = nothing or self.possible < -self.noise
        return self.inside is not None and fails and judge.learnt(self.inside_gains, 2)

    @property
    def share(self) -> float:
        """Of the steps asked for, those made: the budget may have planned fewer, and the clock ended it sooner."""
        first, setup = self._course, self.setup
        if (self.saved and not self.scored_anew) or first.ended != CLOCK:
            return self.holdout.share
        return self.holdout.share * first.batch_steps / (setup.epochs * an_epoch(setup))

    @property
    def unfinished(self) -> bool:
        """Whether the budget cut the training off while E was falling: then what it would have learnt is not known."""
        loss = np.asarray(self._course.loss, np.float64)
        if self.share > CUT or not len(loss):
            return False
        fifth = max(1, len(loss) // 5)
        before = loss[-2 * fifth : -fifth].mean() if len(loss) > 1 else self.guess_error
        return bool(loss[-fifth:].mean() < (1.0 - FALLING) * before)

    @property
    def scored_anew(self) -> bool:
        """Whether the scores are those of trainings anew: what was saved has `met` all rows, and is no worse."""
        return self.met and self.anew is not None and self.anew.score <= self.given[0].score

    @property
    def _course(self) -> History:
        """Of the training that the first score is of."""
        return self.anew.history if self.anew is not None and self.scored_anew else self.given[0].history

    @property
    def short(self) -> bool:
        """Whether it leaves more of what can be learnt from these rows than chance and its seeds explain.

        A share of 90 % of what can be learnt may hide many times the errors: so it is errors that are compared.
        """
        left, least = 1.0 - self.skill, 1.0 - self.possible
        more = left > ERRORS * least and self.possible - self.skill > self.doubt
        if self.setup.apart is None:  # what it was trained on a plain network learns by heart: that is no shortfall
            more = self.skill < SHORT * self.possible
        return not self.unfinished and self.learnable and (more or self.marked)

    @property
    def marked(self) -> bool:
        """Whether it learnt markedly less: then a rule that says fault is believed.

        Rows that it was trained on tell that only where it hardly learnt even these.
        """
        told = self.agreed if self.setup.apart is not None else self.skill <= HARDLY
        return told and not self.unfinished and self.learnable and self.skill < SHORT * self.possible - self.chance

    @cached_property
    def agreed(self) -> bool:
        """Whether accuracy does not stand alone: the plain network leads by log loss or AUC too, where these are."""
        if self.task != "classification" or self.measure != "accuracy":
            return True
        leads = [judge.lead(self.gains, self.plain_gains, name) for name in ("log loss", "AUC")]
        return any(known is None or known[0] > 2.0 * known[1] for known in leads)

    @property
    def settings_teach(self) -> bool:
        """Whether a network that was saved is markedly short, and one trained by the same settings is not."""
        return (
            self.marked
            and self.anew is not None
            and self.anew.score > self.given[0].score
            and self.holdout.skill(self.anew.score) >= SHORT * self.possible - self.noise
        )

    @property
    def spread(self) -> float:
        """The standard error of `skill` over the trainings; 0 of one alone."""
        skills = [self.holdout.skill(t.score) for t in self.given]
        return float(np.std(skills, ddof=1) / np.sqrt(len(skills))) if len(skills) > 1 else 0.0

    @property
    def harmed(self) -> bool:
        """Whether it learnt so much less that something is wrong, whatever it is, and not by the luck of its seeds.

        Of that no seed is an excuse from which it hardly learns anything.
        """
        enough = HARMED * self.possible - self.chance / 2
        worst = min(self.holdout.skill(t.score) for t in self.given)
        return self.marked and (self.skill + self.spread < enough or worst <= min(HARDLY, enough))


def doubt(holdout: Holdout, ours: Sequence[tuple[judge.Gain, ...]], theirs: tuple[judge.Gain, ...]) -> float:
    """How far another's lead in skill over these trainings may be off by chance: two standard errors.

    0 where a training lost its numbers; infinite where the other did.
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
