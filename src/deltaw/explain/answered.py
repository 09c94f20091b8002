"""One answer of a saved model and where it comes from, as plain data: `account` says it, `answers` makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltaw.explain.shares import Attributions
from deltaw.explain.together import Together
from deltaw.explain.trace import Step, Trace
from deltaw.models import Model
from deltaw.preparation.arithmetic import Line

if TYPE_CHECKING:
    import polars as pl

USUAL = "the usual row of training"


@dataclass(frozen=True, eq=False)
class Answered:
    """One answer and where it comes from; see `Prediction`."""

    model: Model
    row: int
    source: str
    prepared: tuple[Line, ...]
    signals: Trace
    answer: Any
    probabilities: Any
    truth: Any
    attributions: Attributions
    against: str
    other: pl.DataFrame
    step: Step | None
    together: Together | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw column (pixels: each its own) behind each input."""
        picture = self.model.picture
        return tuple(
            name if picture is not None and each.title == picture.name else each.title
            for each in self.model.preparation.steps
            for name in each.features
        )
