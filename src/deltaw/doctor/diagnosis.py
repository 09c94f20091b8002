"""What the doctor answers with: an examination, and all that can be asked of it."""

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
from deltaw.pages import Page


@dataclass(frozen=True, repr=False)
class Diagnosis(Examined):
    """What the doctor found, as `print` shows it.

    Attributes:
        findings: what is said: faults first, the cause before what follows from it; each is a `Finding`.
        evidence: what was measured, before training and under observation.
        page: all of it as a document.
        line: the first finding in one line.
    """

    @cached_property
    def page(self) -> Page:
        """The diagnosis as a document with figures: `.text()`, `.markdown()`, `.html()`, `.json()`."""
        return page(self)

    @property
    def line(self) -> str:
        """The first finding in one line, or "" where there is neither fault nor risk."""
        return line(self)

    def repair(self, seconds: float = 30.0) -> Repaired:
        """Try the repairs, and keep what helps on rows held out.

        Args:
            seconds: how long it may last, about.

        Returns:
            What came of it, as `Repaired`; where the set-up cannot be trained at all, that it is `refused`.

        Raises:
            SettingError: no number of seconds, more than 0.
        """
        return repair(self, seconds)

    def __str__(self) -> str:
        return str(self.page)

    def _repr_html_(self) -> str:
        return self.page._repr_html_()


def examine(
    net: Network,
    X: ArrayLike,
    T: ArrayLike,
    *,
    rows: int = ROWS,
    seconds: float = SECONDS,
    **settings: Any,
) -> Diagnosis:
    """Say why a network does not learn: measure, train under observation, and name the cause.

    Args:
        net: the network as training would start; it is not changed.
        X, T: the training rows, (n, n_in) and (n, n_out), or what stands in their place.
        rows: the training under observation sees at most so many.
        seconds: and lasts about so long; 0 looks only at what can be known before training.
        settings: the words of `deltaw.train` (loss=, optimizer=, learning_rate=, batch_size=, epochs=, validation=, …),
            and `task`, `columns`, `reduction` of `deltaw.doctor.Setup`.

    Returns:
        The `Diagnosis`. Settings and data that `deltaw.train` would refuse give a finding, not an error.

    Raises:
        SettingError: `net` is no network, there is no such setting, or rows or seconds that cannot be.

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
    """`examine`, of a `setup`; with `trained`, what came of it, that is looked at instead of a first training.

    Args:
        setup: the training as it was written down.
        rows, seconds: see `examine`.
        trained: what a training by it has given already: the network, and its `History`.

    Returns:
        The `Diagnosis`.

    Raises:
        SettingError: rows or seconds that cannot be.
    """
    found = examined(setup, rows=rows, seconds=seconds, trained=trained)
    return Diagnosis(found.evidence, found.findings)
