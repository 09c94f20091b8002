"""`Diagnosis`: the result of an examination, its page and its repair; and the functions that make one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import ArrayLike

from deltaw.doctor.examine import ROWS, SECONDS, Examined, examined
from deltaw.doctor.page import line, page
from deltaw.doctor.repair import Repaired, repair
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.trial import Trained
from deltaw.network import Network
from deltaw.pages import Page, Paged


@dataclass(frozen=True, repr=False)
class Diagnosis(Examined, Paged):
    """What the doctor found; `print` shows it.

    Attributes:
        findings: a `Finding` each; faults first, causes before their consequences.
        evidence: the measurements, before and during training.
        page: the diagnosis as a document.
        line: the first finding in one line.
    """

    @cached_property
    def page(self) -> Page:
        """The diagnosis as a document with figures: `.text()`, `.markdown()`, `.html()`, `.json()`."""
        return page(self)

    @property
    def line(self) -> str:
        """The first finding in one line; "" if there is neither fault nor risk."""
        return line(self)

    def repair(self, seconds: float = 30.0) -> Repaired:
        """Try the repairs, and keep those that improve the score on held-out rows.

        Args:
            seconds: time limit, approximate.

        Returns:
            The `Repaired` set-up; `refused` is set if it cannot be trained at all.

        Raises:
            SettingError: `seconds` is not a number above 0.
        """
        return repair(self, seconds)


def examine(
    net: Network,
    X: ArrayLike,
    T: ArrayLike,
    *,
    rows: int = ROWS,
    seconds: float = SECONDS,
    **settings: Any,
) -> Diagnosis:
    """Find out why a network does not learn: measure, train it under observation, and name the cause.

    Args:
        net: the initial network; it is not changed.
        X: (n, n_in) training inputs; None if X is wrong in a way that `deltaw.train` refuses.
        T: (n, n_out) targets, or (n,) class numbers.
        rows: the most rows of the training under observation.
        seconds: time limit of all trainings, approximate; 0: only measure what is known before training.
        settings: arguments of `deltaw.train` (loss=, optimizer=, learning_rate=, batch_size=, epochs=, validation=, …),
            and `task`, `columns`, `reduction` of `deltaw.doctor.Setup`.

    Returns:
        The `Diagnosis`. Settings and data that `deltaw.train` would refuse give a finding, not an error.

    Raises:
        SettingError: `net` is not a network, an unknown setting, or invalid `rows` or `seconds`.

    Source: each `Rule` of `RULES` names its own.

    Examples:
        >>> import numpy as np, deltaw
        >>> X = np.random.default_rng(0).normal(50, 20, (200, 3))  # not scaled
        >>> T = (X[:, :1] > X[:, 1:2]).astype(float)
        >>> net = deltaw.Network([3, 16, 1], ["sigmoid", "sigmoid"])
        >>> diagnosis = deltaw.doctor.examine(net, X, T, loss="squared", learning_rate=0.5, epochs=20, seconds=0)
        >>> diagnosis.findings[0].rule
        'unscaled_inputs'
    """
    return diagnose(Setup.of(net, X, T, settings), rows=rows, seconds=seconds)


def diagnose(setup: Setup, *, rows: int = ROWS, seconds: float = SECONDS, trained: Trained | None = None) -> Diagnosis:
    """`examine` for a `Setup`.

    Args:
        setup: the training.
        rows, seconds: see `examine`.
        trained: the trained network and its `History`, if it was trained before; examined in place of a new training.

    Returns:
        The `Diagnosis`.

    Raises:
        SettingError: invalid `rows` or `seconds`.
    """
    found = examined(setup, rows=rows, seconds=seconds, trained=trained)
    return Diagnosis(found.evidence, found.findings)
