"""What is said of each epoch while a model is trained, and which weights are the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from deltaw.models.answers import outcome
from deltaw.models.recipes import Recipe
from deltaw.models.scoring.metrics import metric_of
from deltaw.preparation import Target
from deltaw.training import Epoch

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ScoredEpoch(Epoch):
    """What a callback of `deltaw.fit` is told: `Epoch`, and the score on the rows held out.

    Attributes:
        score: accuracy, R² or the metric that was asked for (see `score_name`), or None where no rows are held out.
        score_text: the score as people read it.
        fold, folds: which fold's training it is, from 1, and how many there are; 0 of the training on all rows, and
            where there are no folds.
        unit: what `number` counts: "epoch"; of a search "second" or "round", of `epochs` in all.
    """

    score: float | None = None
    score_name: str = ""
    score_text: str = ""
    fold: int = 0
    folds: int = 0
    unit: str = "epoch"


class Judge:
    """Scores the outputs for the rows held out after each epoch.

    Attributes:
        truth: of those rows, or None.
        weight: how much they count, or None.
        metric: the score that chooses, or else the headline.
        scores: that score after each epoch.
    """

    def __init__(self, target: Target, recipe: Recipe, truth: Array | None = None, weight: Array | None = None) -> None:
        self.target, self.truth, self.weight = target, truth, weight
        self.metric = metric_of(recipe.metric, target.task)
        self.scores: list[float] = []

    def score(self, outputs: Array) -> float:
        assert self.truth is not None
        return self.metric.score(outcome(self.target, outputs, self.truth, self.weight))

    def badness(self, T: Array, outputs: Array) -> float:
        """For `EarlyStopping`: lower is better, and a draw goes to the later epoch, which has seen more."""
        return float(self.metric.gain(0.0, self.score(outputs))) - 1e-9 * len(self.scores)

    @property
    def each_badness(self) -> list[float]:
        """After each epoch: lower is better."""
        return [float(self.metric.gain(0.0, score)) for score in self.scores]

    def record(self, epoch: Epoch, fold: int = 0, folds: int = 0) -> ScoredEpoch:
        """Take note of an epoch's score."""
        score = None if epoch.outputs is None else self.score(epoch.outputs)
        self.scores += [] if score is None else [score]
        return ScoredEpoch(
            **vars(epoch),
            score=score,
            score_name=self.metric.title,
            score_text="" if score is None else self.metric.show(score),
            fold=fold,
            folds=folds,
        )
