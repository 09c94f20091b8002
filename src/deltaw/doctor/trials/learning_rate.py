"""The learning rate: a sweep on copies of the network, and the bound that E's curvature sets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.doctor.figures import rates
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.clock import LOADED, left
from deltaw.doctor.trials.stepping import machine, top_curvature
from deltaw.doctor.trials.trial import Budget, Trial, affordable, counted, hold_out, trial
from deltaw.equations import optimizers
from deltaw.equations.lookup import positive
from deltaw.equations.optimizers import SGD, Momentum
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Block, Figure, Page, Paged, Section, Table
from deltaw.speech import say

SMALL = 20_000  # parameters: up to here the curvature costs less than a second
DECADES = 4  # the sweep goes so far to each side of the rate in use


@dataclass(frozen=True, eq=False)
class Sweep(Paged):
    """What E and the score become by learning rate, all else equal.

    Attributes:
        rates: ascending, (k,).
        errors: mean E of each training's last epoch, (k,); inf where it lost its numbers.
        scores: on the rows held out, (k,).
        start: E before the first step.
        used: the rate that was asked for.
        best: the rate with the best score; among equal scores with the lowest E.
        stable: the lowest and highest of the rates around `best` at which E ends below where it started; None where
            it does at none.
        curvature: λ_max of E's Hessian at the start, for networks of up to 20,000 numbers; else None.
        bound: the rate beyond which plain descent, or momentum, is unstable on that curvature: 2 (1 + μ)/λ_max; None
            for optimisers that scale the gradient themselves.
    """

    rates: NDArray[np.float64]
    errors: NDArray[np.float64]
    scores: NDArray[np.float64]
    start: float
    used: float
    best: float
    stable: tuple[float, float] | None
    curvature: float | None
    bound: float | None

    @property
    def page(self) -> Page:
        """The curve as a document: `print(sweep)` shows it."""
        rows = [
            [rate, error if np.isfinite(error) else None, score]
            for rate, error, score in zip(self.rates, self.errors, self.scores, strict=True)
        ]
        bound = (
            ""
            if self.bound is None
            else say(" By E's curvature at the start it is stable below {bound}.", bound=number(self.bound, 3))
        )
        stable = (
            say("none of the rates") if self.stable is None else " to ".join(number(rate, 3) for rate in self.stable)
        )
        drawn = partial(rates, self.rates, self.errors, self.used, self.best, self.stable, self.bound)
        blocks: list[Block] = [
            Table(["α", say("E at the end"), say("score")], rows, say("–: E was no number any more."), digits=4),
            Figure(
                drawn,
                say("E at the end by learning rate"),
                say("Copies of the network, trained as long at other rates."),
            ),
        ]
        lead = say(
            "In use: {used}. Best: {best}. E ends below where it started with: {stable}.{bound}",
            used=number(self.used),
            best=number(self.best, 3),
            stable=stable,
            bound=bound,
        )
        return Page(
            say("The learning rate"), lead, [Section(say("E and the score by learning rate"), blocks)], asdict(self)
        )

    def at(self, rate: float) -> int:
        """The place in `rates` of the one nearest to `rate`."""
        return int(np.abs(np.log(self.rates / rate)).argmin())


def learning_rate(
    net: Network, X: ArrayLike, T: ArrayLike, *, rows: int = 5000, seconds: float = 10.0, **settings: Any
) -> Sweep:
    """Sweep the learning rate over eight decades around the one in use, two rates a decade.

    Args:
        net, X, T: as for `deltaw.train`, X (n, n_in) and T (n, n_out); nothing is changed.
        rows: trained on, at most.
        seconds: for all trainings together, about.
        settings: the words of `deltaw.train`.

    Returns:
        The `Sweep`: the curve, the stable range and, for small networks, the bound 2/λ_max.

    Raises:
        InputError: what `deltaw.train` would refuse; rows or seconds that cannot be.

    Source: LeCun et al. 1998, "Efficient BackProp", section 5, for the bound; Polyak 1964 with momentum.
    """
    setup = Setup.of(net, X, T, settings)
    count = 4 * DECADES + 1
    cut = hold_out(setup, Budget(counted(rows, "rows"), positive(seconds, "seconds") / count)).setup
    return sweep(cut, np.logspace(-DECADES, DECADES, count), seconds / count)


def sweep(setup: Setup, factors: NDArray[np.float64], seconds: float) -> Sweep:
    """Train copies of a cut-down set-up at its rate times each of `factors`, ascending; each for about `seconds`.

    Raises InputError for what `deltaw.train` would refuse.
    """
    m = machine(setup)
    start = float(m.engine.evaluate(m.rows)[0])
    used = setup.learning_rate if setup.learning_rate > 0 else 0.01  # where there is none to go by
    setup = replace(setup, epochs=min(setup.epochs, affordable(setup, seconds)))
    trials: dict[int, Trial] = {}
    middle = int(np.abs(np.log(factors)).argmin())
    for i in sorted(range(len(factors)), key=lambda i: abs(i - middle)):  # those near the rate in use first
        if left() > 0 or not trials:
            share = left() / (len(factors) - len(trials))  # of what is left all rates have as much
            other = replace(setup, learning_rate=used * float(factors[i]))
            trials[i] = trial(other, seconds=min(2 * seconds, share / LOADED))
    factors, tried = factors[sorted(trials)], [trials[i] for i in sorted(trials)]
    errors, scores = np.array([_last(t) for t in tried]), np.array([t.score for t in tried])
    best = max(range(len(tried)), key=lambda i: (round(float(scores[i]), 2), -errors[i]))
    curvature = top_curvature(setup) if setup.network.parameter_count <= SMALL else None
    return Sweep(
        used * factors, errors, scores, start, setup.learning_rate, float(used * factors[best]),
        _around(used * factors, errors < start, best), curvature, bound(setup, curvature),
    )  # fmt: skip


def bound(setup: Setup, curvature: float | None) -> float | None:
    """2 (1 + μ)/λ: where descent with momentum μ turns unstable on a valley of curvature λ (Polyak 1964).

    It is for the mean E; a summed E reaches it at a rate smaller by the batch.
    """
    method = optimizers.optimizer(setup.optimizer)
    if curvature is None or not isinstance(method, (SGD, Momentum)):
        return None
    momentum = method.momentum if isinstance(method, Momentum) else 0.0
    return 2.0 * (1.0 + momentum) / curvature * setup.learning_rate / setup.rate if setup.rate > 0 else None


def _last(t: Trial) -> float:
    return t.history.loss[-1] if t.history.loss and np.isfinite(t.history.loss[-1]) else np.inf


def _around(rates: NDArray[np.float64], good: NDArray[np.bool_], best: int) -> tuple[float, float] | None:
    if not good[best]:
        return None
    low = high = best
    while low > 0 and good[low - 1]:
        low -= 1
    while high + 1 < len(rates) and good[high + 1]:
        high += 1
    return float(rates[low]), float(rates[high])
