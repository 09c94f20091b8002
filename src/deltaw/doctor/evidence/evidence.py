"""All that rules look at: the set-up, what is known before training, and what was seen in it."""

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
    """What rules look at.

    Attributes:
        setup: as it was given.
        refusal: what `deltaw.train` says to it, or None where it would train.
        before: None where X and T are no rows of numbers that could be read.
        during: what was seen in training; None where it was not watched.
    """

    setup: Setup
    refusal: InputError | None = None
    before: Before | None = None
    during: During | None = None

    @property
    def known(self) -> Before:
        """`before`, for rules that look only when it is there."""
        assert self.before is not None
        return self.before

    @property
    def watched(self) -> During:
        """`during`, for rules that look only when it is there."""
        assert self.during is not None
        return self.during


def evidence(setup: Setup) -> Evidence:
    """What can be measured without training."""
    refused = refusal(setup)
    try:
        return Evidence(setup, refused, before(setup))
    except InputError as error:
        return Evidence(setup, refused or error)


def refusal(setup: Setup) -> InputError | None:
    """What `deltaw.train` would refuse this setup with, or None; nothing is trained.

    The checks of the data run on all rows; those of the settings where they stand, in a training of one row.
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
