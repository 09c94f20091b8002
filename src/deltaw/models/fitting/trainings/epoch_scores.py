"""The score on held-out rows after each epoch, which callbacks get and which may choose the best weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.answers import outcome
from deltaw.models.recipes import Recipe
from deltaw.models.scoring.metrics import Sums, metric_of
from deltaw.preparation import Target
from deltaw.training import Epoch

Array = NDArray[Any]

OUTPUTS_AT_ONCE = 2**18  # outputs that are scored together: more would not be quicker


@dataclass(frozen=True, eq=False)
class ScoredEpoch(Epoch):
    """What a callback of `deltaw.fit` gets: an `Epoch`, and the score on held-out rows.

    Attributes:
        number, epochs: as in an `Epoch`; fine-tuning on all rows counts on, beyond the `epochs` that were asked for.
        score: accuracy, R² or the metric that was asked for (see `score_name`); None without held-out rows.
        score_text: the score as it is shown.
        fold, folds: number of the fold, from 1, and of all folds; 0 in the training on all rows, and without folds.
        unit: what `number` counts, up to `epochs`: "epoch"; in a search "second" or "round".
    """

    score: float | None = None
    score_name: str = ""
    score_text: str = ""
    fold: int = 0
    folds: int = 0
    unit: str = "epoch"


class EpochScorer:
    """Scores the outputs for held-out rows after each epoch: many epochs together, unless a score is asked for.

    Args:
        target, recipe: of the training.
        truth: of the held-out rows; None: there are none.
        weight: their weights; None: all 1.

    Attributes:
        metric: the score that chooses the best weights, or the main one of the task.
    """

    def __init__(self, target: Target, recipe: Recipe, truth: Array | None = None, weight: Array | None = None) -> None:
        self.target, self.truth, self.weight = target, truth, weight
        self.metric = metric_of(recipe.metric, target.task)
        self._scores: list[float] = []
        self._waiting: list[Array] = []

    @property
    def scores(self) -> list[float]:
        """The score after each epoch."""
        self._score_waiting()
        return self._scores

    @scores.setter
    def scores(self, known: list[float]) -> None:
        self._scores, self._waiting = known, []

    def badness(self, T: Array, outputs: Array) -> float:
        """For `EarlyStopping`: lower is better; of equal scores the later epoch, which was trained longer, is lower."""
        epochs = len(self._scores) + len(self._waiting)
        return float(self.metric.gain(0.0, self._scored([outputs])[0])) - 1e-9 * epochs

    @property
    def each_badness(self) -> list[float]:
        """`badness` after each epoch: lower is better."""
        return [float(self.metric.gain(0.0, score)) for score in self.scores]

    def add(self, epoch: Epoch) -> None:
        """Take note of an epoch's outputs, to be scored."""
        if epoch.outputs is not None:
            self._waiting.append(epoch.outputs)
            if len(self._waiting) * epoch.outputs.size > OUTPUTS_AT_ONCE:
                self._score_waiting()

    def scored(self, epoch: Epoch, fold: int = 0, folds: int = 0) -> ScoredEpoch:
        """An epoch, the last that was added, with its score."""
        score = None if epoch.outputs is None else self.scores[-1]
        return ScoredEpoch(
            **vars(epoch),
            score=score,
            score_name=self.metric.title,
            score_text="" if score is None else self.metric.show(score),
            fold=fold,
            folds=folds,
        )

    def _score_waiting(self) -> None:
        self._scores += self._scored(self._waiting)
        self._waiting = []

    def _scored(self, outputs: list[Array]) -> list[float]:
        """The scores of several epochs' outputs."""
        if not outputs:
            return []
        assert self.truth is not None
        score, count = self.metric.score, len(outputs)
        if not (isinstance(score, Sums) and score.alone):
            return [score(outcome(self.target, each, self.truth, self.weight)) for each in outputs]
        weight = None if self.weight is None else np.tile(self.weight, count)
        answers = outcome(self.target, np.concatenate(outputs), np.tile(self.truth, count), weight)
        return list(map(float, score.in_turn(answers, count)))
