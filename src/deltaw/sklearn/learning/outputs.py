"""The output activation for each loss, and the loss as scikit-learn reports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.losses import Loss, loss
from deltaw.sklearn.learning.sample import Sample
from deltaw.sklearn.parameters import LOSS_WORDS, word

Array = NDArray[Any]

# Output activation, in scikit-learn's words, where the loss needs a certain one.
FOR_NUMBERS = {"poisson": "exp", "binary_cross_entropy": "logistic", "cross_entropy": "softmax"}
FOR_CLASSES = {"binary_cross_entropy": "logistic", "hinge": "identity"}
CLASS_KINDS = {"binary": "logistic", "multilabel": "logistic", "multiclass": "softmax"}


@dataclass(frozen=True)
class Ending:
    """The end of a network: its error function, and the output activation in scikit-learn's word."""

    loss: Loss
    activation: str


def for_numbers(spec: str, quantiles: Array | None) -> Ending:
    """The end of a network that predicts numbers; quantiles have a loss of their own."""
    if quantiles is not None:
        return Ending(loss(f"pinball({', '.join(repr(float(q)) for q in quantiles)})"), "identity")
    row = _row(spec)
    return Ending(row, FOR_NUMBERS.get(row.kind, "identity"))


def for_classes(spec: str, kind: str) -> Ending:
    """The end of a network that predicts classes: one output for two classes and for each label, else one a class."""
    row = _row(spec)
    if row.kind == "cross_entropy" and kind != "multiclass":
        row = loss("binary_cross_entropy")  # the same thing, of one output and its complement
    return Ending(row, FOR_CLASSES.get(row.kind, CLASS_KINDS[kind]))


@cache
def _row(spec: str) -> Loss:
    return loss(word(spec, LOSS_WORDS))


# --- the loss as scikit-learn counts it -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Counting:
    """scikit-learn's loss from E: `share` · E + `constant`; it does not affect the training."""

    share: float = 1.0
    constant: float = 0.0

    def of(self, error: float) -> float:
        """The loss that an estimator reports for a mean E."""
        return self.share * error + self.constant


def counting(ending: Ending, sample: Sample) -> Counting:
    """How the loss of these rows is counted."""
    count = _COUNTED.get(ending.loss.kind)
    return Counting() if count is None else count(sample)


def _squared(sample: Sample) -> Counting:
    """The mean over the outputs; E is their sum."""
    return Counting(share=1.0 / sample.T.shape[1])


def _poisson(sample: Sample) -> Counting:
    """Half the Poisson deviance, which is 0 where the prediction is right: E + Σ (t log t − t)."""
    from scipy.special import xlogy

    T = sample.T.astype(np.float64)
    rest = (xlogy(T, T) - T).sum(axis=1)
    return Counting(constant=float(np.average(rest, weights=sample.weight)))


_COUNTED: dict[str, Callable[[Sample], Counting]] = {"squared": _squared, "poisson": _poisson}
