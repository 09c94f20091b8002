"""What a model consists of, as plain data: `storage` keeps it in a file, `model` uses it on tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deltaw import plots
from deltaw.models.recipes import Recipe
from deltaw.models.scores import Baseline, Scores
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.tables.missing import MISSING
from deltaw.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(repr=False)
class Learning(History):
    """`deltaw.History`, and the score on the rows held out.

    Attributes:
        score: accuracy, R² or the metric that chose, after each epoch on the rows held out; empty without them.
        held_out: "validation" where the best weights were chosen by those rows, "test" where nothing was, or "".
    """

    score: list[float] = field(default_factory=list)
    held_out: str = ""

    def plot(self) -> Figure:
        best = None if self.best_epoch is None else self.best_epoch + 1
        held_out = f"{self.held_out} rows" if self.held_out else "rows held out"
        return plots.learning_curves(
            self.loss, self.validation_loss or None, held_out=held_out, score=self.score or None, best=best
        )

    def _curves(self) -> dict[str, list[float]]:
        return super()._curves() | {"score": self.score}


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes:
        source: what the table was called.
        training_rows, validation_rows, test_rows: how the rows were divided.
        seed, test_size, engine: as they were given.
        versions: of DeltaW, Python and NumPy.
    """

    source: str
    training_rows: int
    validation_rows: int
    test_rows: int
    seed: int
    test_size: float
    engine: str
    versions: dict[str, str]


@dataclass(frozen=True, repr=False)
class Contents:
    """All that a model file holds; `Model` says what each part is."""

    network: Network
    preparation: Preparation
    target: Target
    recipe: Recipe
    baseline: Baseline
    history: Learning
    scores: Scores | None
    origin: Origin
    missing: tuple[str, ...] = MISSING
