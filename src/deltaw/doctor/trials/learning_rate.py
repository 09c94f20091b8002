"""The learning-rate sweep on copies of the network, and the stability bound by the curvature of E."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.doctor.figures import rates
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.clock import LOADED, left
from deltaw.doctor.trials.stepping import begun, top_curvature
from deltaw.doctor.trials.trial import Budget, Trial, affordable_epochs, hold_out, trial, whole_number
from deltaw.equations import optimizers
from deltaw.equations.lookup import positive
from deltaw.equations.optimizers import SGD, Momentum
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Block, Figure, Page, Paged, Section, Table
from deltaw.speech import say

SMALL = 20_000  # parameters up to which the curvature takes less than a second
DECADES = 4  # of the sweep, to each side of the rate in use


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Paged):
    """E and the score by learning rate, all other settings being equal.

    Attributes:
        rates: (k,) ascending.
        errors: (k,) mean E of each training's last epoch; infinite if it diverged.
        scores: (k,) on held-out rows.
        start: E before the first step.
        used: the rate in use.
        best: the rate with the best score; of equal scores, with the lowest E.
        stable: the range of rates around `best` in which E decreases; None if it does at none.
        curvature: λ_max of the Hessian of E at the start, for networks of up to 20,000 parameters; else None.
        bound: the rate beyond which SGD, or momentum, is unstable at that curvature: 2 (1 + μ)/λ_max; None for adaptive
            optimisers.
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
            Table(["α", say("E at the end"), say("score")], rows, say("–: E is NaN or infinite."), digits=4),
            Figure(
                drawn,
                say("E at the end by learning rate"),
                say("Copies of the network, trained equally long at other learning rates."),
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
        """Index of the nearest of `rates` to `rate`."""
        return int(np.abs(np.log(self.rates / rate)).argmin())


def learning_rate(
    net: Network, X: ArrayLike, T: ArrayLike, *, rows: int = 5000, seconds: float = 10.0, **settings: Any
) -> Sweep:
    """Sweep the learning rate over eight decades around the one in use, two rates a decade.

    Args:
        net, X, T: as for `deltaw.train`, X (n, n_in) and T (n, n_out); nothing is changed.
        rows: the most training rows.
        seconds: for all trainings together, approximately.
        settings: arguments of `deltaw.train`.

    Returns:
        The `Sweep`: the curve, the stable range and, for small networks, the bound 2/λ_max.

    Raises:
        InputError: as `deltaw.train`; invalid `rows` or `seconds`.

    Source: LeCun et al. 1998, "Efficient BackProp", section 5, for the bound; Polyak 1964 with momentum.
    """
    setup = Setup.of(net, X, T, settings)
    count = 4 * DECADES + 1
    cut = hold_out(setup, Budget(whole_number(rows, "rows"), positive(seconds, "seconds") / count)).setup
    return sweep(cut, np.logspace(-DECADES, DECADES, count), seconds / count)


def sweep(setup: Setup, factors: NDArray[np.float64], seconds: float) -> Sweep:
    """Train copies of a set-up at its rate times each of `factors` (ascending), for about `seconds` each.

    Raises InputError as `deltaw.train`.
    """
    m = begun(setup)
    start = float(m.machine.evaluate(m.rows)[0])
    used = setup.learning_rate if setup.learning_rate > 0 else 0.01
    setup = replace(setup, epochs=min(setup.epochs, affordable_epochs(setup, seconds)))
    trials: dict[int, Trial] = {}
    middle = int(np.abs(np.log(factors)).argmin())
    for i in sorted(range(len(factors)), key=lambda i: abs(i - middle)):  # those near the rate in use first
        if left() > 0 or not trials:
            share = left() / (len(factors) - len(trials))  # the time left, divided equally
            other = replace(setup, learning_rate=used * float(factors[i]))
            trials[i] = trial(other, seconds=min(2 * seconds, share / LOADED))
    factors, tried = factors[sorted(trials)], [trials[i] for i in sorted(trials)]
    errors, scores = np.array([_last(t) for t in tried]), np.array([t.score for t in tried])
    best = max(range(len(tried)), key=lambda i: (round(float(scores[i]), 2), -errors[i]))
    curvature = top_curvature(setup) if setup.network.parameter_count <= SMALL else None
    return Sweep(
        used * factors, errors, scores, start, setup.learning_rate, float(used * factors[best]),
        _stable_range(used * factors, errors < start, best), curvature, bound(setup, curvature),
    )  # fmt: skip


def bound(setup: Setup, curvature: float | None) -> float | None:
    """2 (1 + μ)/λ: the rate beyond which descent with momentum μ is unstable at curvature λ (Polyak 1964).

    For the mean E; divided by the batch size for a summed E.
    """
    method = optimizers.optimizer(setup.optimizer)
    if curvature is None or not isinstance(method, (SGD, Momentum)):
        return None
    momentum = method.momentum if isinstance(method, Momentum) else 0.0
    return 2.0 * (1.0 + momentum) / curvature * setup.learning_rate / setup.rate if setup.rate > 0 else None


def _last(t: Trial) -> float:
    return t.history.loss[-1] if t.history.loss and np.isfinite(t.history.loss[-1]) else np.inf


def _stable_range(rates: NDArray[np.float64], good: NDArray[np.bool_], best: int) -> tuple[float, float] | None:
    if not good[best]:
        return None
    low = high = best
    while low > 0 and good[low - 1]:
        low -= 1
    while high + 1 < len(rates) and good[high + 1]:
        high += 1
    return float(rates[low]), float(rates[high])
