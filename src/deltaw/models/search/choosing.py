"""Held-out rows that choose among candidates: how bad predictions are on them, and which ensemble is best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.losses import loss, one_hot
from deltaw.models.answers import mean_of, outcome
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.selection import selected
from deltaw.models.rows.parts import Part
from deltaw.models.scoring.metrics import Outcome, metric_of

Array = NDArray[Any]


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows: each is predicted by networks that did not learn from it.

    Attributes:
        plan: with their target, recipe and weights.
        parts: one for each fold, or one for all networks. Arrays of all rows have part after part.
    """

    plan: Plan
    parts: tuple[Part, ...]

    @property
    def places(self) -> tuple[slice, ...]:
        """The rows of each part among all."""
        ends = np.cumsum([0, *map(len, self.parts)]).tolist()
        return tuple(map(slice, ends[:-1], ends[1:]))

    @property
    def shares(self) -> Array:
        """Each part's share of the weights of all rows, (parts,)."""
        rows = np.array([self.plan.row_weights(part).sum() for part in self.parts])
        return np.asarray(rows / rows.sum())

    def outcome(self, outputs: Array, parts: Sequence[int] | None = None) -> Outcome:
        """Outputs (n, k) for all rows, or those of some parts, as predictions beside the truth."""
        columns = zip(*((each.truth, each.weight, each.group) for each in self._some(parts)), strict=True)
        return outcome(self.plan.target, outputs, *map(_joined, columns))

    def badness(self, outputs: Array, parts: Sequence[int] | None = None) -> float:
        """The loss of outputs (n, k), or the negative score, as the recipe's `keep` says; lower is better."""
        recipe, target = self.plan.recipe, self.plan.target
        if recipe.keep != "loss":
            metric = metric_of(recipe.metric, target.task)
            return float(metric.gain(0.0, metric.score(self.outcome(outputs, parts))))
        T, weight = map(_joined, zip(*((each.T, self.plan.counts(each)) for each in self._some(parts)), strict=True))
        T = one_hot(T, outputs.shape[1]) if T.ndim == 1 and outputs.shape[1] > 1 else T.reshape(outputs.shape)
        return float(np.average(loss(recipe.loss).E(outputs, T), weights=weight))

    def _some(self, parts: Sequence[int] | None) -> Sequence[Part]:
        return self.parts if parts is None else [self.parts[k] for k in parts]

    def mean(self, outputs: Iterable[Array]) -> Array:
        """The mean of several outputs, each (n, k)."""
        return mean_of(outputs, self.plan.target.task)

    def chosen(self, outputs: Sequence[Array], most: int, parts: Sequence[int] | None = None) -> list[int]:
        """Indices of the candidates whose mean is best, the best single one first; [] if no outputs are finite."""
        found = np.stack([np.asarray(each, np.float64) for each in outputs])
        return selected(found, partial(self.badness, parts=parts), most, again=False)


def _joined(arrays: Sequence[Any]) -> Any:
    """The arrays of several parts as one; None if there are none."""
    return None if arrays[0] is None else np.concatenate(arrays)
