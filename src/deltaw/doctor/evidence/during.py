"""A training under observation: what is measured once in training, and shared by all rules: `watch(setup, …)`.

The set-up is trained on some of its rows (see `trial.Ground`), with telemetry. Beside it stand a plain network and a
straight line that get the same rows: what they learn can be learnt from them. Where the set-up learns about as much,
all is well, and the observation ends. Where it does not, it is trained again from other seeds, and at other rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor import judge
from deltaw.doctor.evidence.start import Start, start
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.clock import left, within
from deltaw.doctor.trials.learning_rate import Sweep, sweep
from deltaw.doctor.trials.scores import gained, measure, outputs, permuted, scoring
from deltaw.doctor.trials.stepping import Break, first_break
from deltaw.doctor.trials.trial import (
    PLAIN_UNITS,
    Budget,
    Ground,
    Trained,
    Trial,
    an_epoch,
    finished,
    ground,
    plain,
    trial,
)
from deltaw.engines.look import Look
from deltaw.engines.rows import spread
from deltaw.equations import losses
from deltaw.exceptions import InputError
from deltaw.speech import say
from deltaw.training import History

Array = NDArray[Any]

SEEDS = 3  # a verdict that a network learns too little is over so many trainings
# Shares of the seconds: the first training, the plain network and again the line, all trainings of the sweep together.
WATCHED, PLAIN, SWEPT = 0.2, 0.08, 0.2
FACTORS = np.logspace(-4, 5, 10)  # of the rate in use: too low is by more decades wrong than too high
SAMPLE = 512  # rows on which the trained network is looked into
# From so many times the errors of a plain network on, beyond what chance explains, something is to be gained: a mean
# squared error of 0.11 where 0.087 is reached. Of 90 healthy set-ups of benchmarks/doctor_random.py the worst of three
# seeds makes 1.1 times their mean (median; 1.25 upper quartile); one in eight is above 1.2, or 1.5, times a plain one.
ERRORS = 1.2
# A score below this share of what the plain network reaches, both counted from the guess, is
# markedly short. Of 500 healthy
# random set-ups (benchmarks/doctor_random.py) 99 % stay above it; of broken ones few do.
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
        ground: the rows and the cut-down set-up that was trained.
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

    ground: Ground
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
        return self.ground.setup

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
        return float(np.mean([self.ground.skill(t.score) for t in self.given]))

    @cached_property
    def possible(self) -> float:
        """The most that anybody learnt from these rows."""
        return max(self.ground.skill(t.score) for t in (self.plain, *self.given))

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
        return 0.0 if self.setup.apart is None else _noise(self.ground, self.plain)

    @property
    def chance(self) -> float:
        """`noise`; and of a saved network, trained from one seed alone, as much again for that one's luck."""
        return self.noise * (2 if self.saved else 1)

    @cached_property
    def doubt(self) -> float:
        """How far the plain network's lead may be off by chance: two standard errors of it, row by row, and by seed."""
        return self.noise if self.setup.apart is None else doubt(self.ground, self.gains, self.plain_gains)

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
            return self.ground.share
        return self.ground.share * first.batch_steps / (setup.epochs * an_epoch(setup))

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
        if (
            self.setup.apart is None
        ):  # a plain network learns by heart what it was trained on: that alone is no shortfall
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
            and self.ground.skill(self.anew.score) >= SHORT * self.possible - self.noise
        )

    @property
    def spread(self) -> float:
        """The standard error of `skill` over the trainings; 0 of one alone."""
        skills = [self.ground.skill(t.score) for t in self.given]
        return float(np.std(skills, ddof=1) / np.sqrt(len(skills))) if len(skills) > 1 else 0.0

    @property
    def harmed(self) -> bool:
        """Whether it learnt so much less that something is wrong, whatever it is, and not by the luck of its seeds.

        Of that no seed is an excuse from which it hardly learns anything.
        """
        enough = HARMED * self.possible - self.chance / 2
        worst = min(self.ground.skill(t.score) for t in self.given)
        return self.marked and (self.skill + self.spread < enough or worst <= min(HARDLY, enough))


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
    field = ground(setup, Budget(rows, WATCHED * seconds), hold=trained is None or met)
    cut, met = field.setup, met and len(field.held) > 0
    first = trial(cut, seconds=2 * WATCHED * seconds) if trained is None else finished(cut, *trained)
    anew = trial(cut, seconds=2 * WATCHED * seconds) if met else None
    scorer = anew if anew is not None and anew.score <= first.score else first
    field = replace(field, share=1.0) if trained is not None and not met else field
    sizes = {
        units: trial(plain(cut, PLAIN * seconds, units), seconds=2 * PLAIN * seconds) for units in (PLAIN_UNITS, 0)
    }
    units, easy = max(sizes.items(), key=lambda known: known[1].score)
    x, t = sample(cut, len(cut.some(SAMPLE)))
    lost = not all(np.isfinite(w).all() for w in [*first.network.weights, *first.network.biases])
    seen = During(
        ground=field, given=(replace(first, score=scorer.score, fitted=scorer.fitted),), plain=easy, plain_units=units,
        p=_chance(cut, scorer, easy, units),
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
    field = ground(replace(setup, validation=None, test=None, early_stopping=None), Budget(rows, WATCHED * seconds))
    if not len(field.held):
        return seen
    made = plain(field.setup, PLAIN * seconds)
    scored = trial(made, seconds=2 * PLAIN * seconds)
    return replace(seen, inside=scored, inside_gains=gained(made, scored.network))


def sample(setup: Setup, most: int = SAMPLE) -> tuple[Array, Array]:
    """Inputs as the network takes them and targets of some training rows, float64, spread evenly."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    index = spread(X.shape[0], most)
    x = X[index]
    x = np.asarray(x.toarray() if hasattr(x, "toarray") else x, np.float64)
    scale = setup.input_scale
    if scale is not None:
        multiply, offset = scale if isinstance(scale, (tuple, list)) else (scale, 0.0)
        x = x * multiply + offset
    return x, targets(T, setup).encoded(T[index])


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


def doubt(field: Ground, ours: Sequence[tuple[judge.Gain, ...]], theirs: tuple[judge.Gain, ...]) -> float:
    """How far another's lead in skill over these trainings may be off by chance: two standard errors.

    0 where a training lost its numbers; infinite where the other did.
    """
    name = measure(field.setup)
    if not any(gain.measure == name for gain in theirs):
        return np.inf
    known = judge.lead(ours, theirs, name)
    scale = 1.0 - field.guess if name == "accuracy" else 1.0
    return 0.0 if known is None else 2.0 * float(np.hypot(*known[1:])) / max(scale, 1e-9)


def _noise(field: Ground, t: Trial) -> float:
    n = len(scoring(field.setup)[1])
    share = min(max(t.score, 0.0), 1.0)
    error = float(np.sqrt(max(share * (1.0 - share), 1.0 / n) / n))
    return 2.0 * error / max(1.0 - field.guess, 1e-9)


def _chance(setup: Setup, first: Trial, easy: Trial, units: int) -> float:
    """p of the best of three trainings on the rows that score: that of the best alone, three times (Bonferroni)."""
    best = max((first, easy), key=lambda t: t.score)
    made = setup if best is first else plain(setup, 1.0, units)
    X, T = scoring(made)
    known = targets(matrix(made.T, "T"), made)
    return min(1.0, 3 * permuted(known, known.encoded(matrix(T, "T")), outputs(made, best.network, X)))
