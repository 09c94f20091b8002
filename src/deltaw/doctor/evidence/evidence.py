"""`Evidence`: all that rules judge: the set-up, the measurements before training, and those during it."""

from __future__ import annotations

from dataclasses import dataclass

from deltaw.doctor.evidence.before import Before, before
from deltaw.doctor.evidence.during import During
from deltaw.doctor.setup import Setup
from deltaw.engines.rows import Rows
from deltaw.equations import losses
from deltaw.exceptions import InputError
from deltaw.training import train


@dataclass(frozen=True)
class Evidence:
    """What rules judge.

    Attributes:
        setup: as it was given.
        refusal: the error that `deltaw.train` raises for it, or None.
        before: measurements before training; None if X and T cannot be read as numbers.
        during: measurements of a training; None if it was not trained.
    """

    setup: Setup
    refusal: InputError | None = None
    before: Before | None = None
    during: During | None = None

    @property
    def known(self) -> Before:
        """`before`, for rules that need it."""
        assert self.before is not None
        return self.before

    @property
    def watched(self) -> During:
        """`during`, for rules that need it."""
        assert self.during is not None
        return self.during


def evidence(setup: Setup) -> Evidence:
    """Measure what is known without training."""
    refused = refusal(setup)
    try:
        return Evidence(setup, refused, before(setup))
    except InputError as error:
        return Evidence(setup, refused or error)


def refusal(setup: Setup) -> InputError | None:
    """The error that `deltaw.train` would raise for this set-up, or None.

    The data are checked on all rows, the settings by training on one row.
    """
    try:
        rows = Rows.of(setup.network, setup.X, setup.T, losses.loss(setup.loss), setup.sample_weight, setup.input_scale)
        assert rows.T is not None
        short = {"epochs": 1} if isinstance(setup.epochs, int) and setup.epochs > 1 else {}
        one_row = {"sample_weight": None, **short}
        train(setup.network.copy(), rows.X[:1], rows.T[:1], **(setup.arguments | one_row))
    except InputError as error:
        return error
    return None
