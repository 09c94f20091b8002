"""Distillation: one network learns the mean answers of an ensemble (Hinton, Vinyals & Dean 2015, arXiv 1503.02531).

It is trained on the given rows and on convex combinations of pairs of them (mixup).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.contents import Contents
from deltaw.models.scoring.metrics import Metric
from deltaw.models.scoring.scores import Scores
from deltaw.network import Network
from deltaw.speech import say
from deltaw.training import EarlyStopping, History, train

Array = NDArray[Any]

FEWEST = 10  # rows to distil from
MIXTURES = 3  # mixed rows for each given row
HELD_OUT = 0.2  # share of the rows that choose the best epoch and measure the cost


@dataclass(frozen=True, repr=False)
class Cost:
    """What is lost by distilling several networks into one.

    Attributes:
        networks: number of networks before.
        rows: number of held-out rows that the cost is measured on. The distilled network was not trained on them; the
            ensemble may have been, and then its score, and with it the difference, is too good.
        agreement: share of rows with the same class; for regression R² of the distilled network's predictions, those
            of the ensemble taken as the truth.
        metric: the score that is shown.
        before, after: scores of the ensemble and of the distilled network on these rows; None if the target is unknown.
    """

    networks: int
    rows: int
    agreement: float
    metric: Metric
    before: Scores | None
    after: Scores | None

    def __str__(self) -> str:
        share = say(
            "agreement {share:.4g} with {networks} networks on {rows:,} held-out rows",
            share=self.agreement, networks=self.networks, rows=self.rows,
        )  # fmt: skip
        if self.before is None or self.after is None:
            return share
        before, after = (self.metric.show(each[self.metric.name]) for each in (self.before, self.after))
        return say(
            "{score} {after} after {before}; {share}", score=self.metric.title, after=after, before=before, share=share
        )

    def __repr__(self) -> str:
        return f"Cost({self})"


def agreement(before: Array, after: Array, task: str) -> float:
    """Share of equal classes; for regression R² of `after`, with `before` as the truth."""
    if task == "classification":
        return float(np.mean(before == after))
    around = float(np.square(before - before.mean()).sum())
    return 1.0 - float(np.square(before - after).sum()) / around if around else float(np.array_equal(before, after))


def distilled(
    model: Contents, answer: Callable[[Array], Array], X: Array, judges: Array, seed: int, threads: int | None
) -> tuple[Network, History]:
    """A network like the model's first one, trained with the model's recipe to give the ensemble's outputs.

    Args:
        model: the ensemble.
        answer: the ensemble's outputs, (n, n_out), for inputs (n, n_in).
        X, judges: inputs of the training rows, and of the validation rows that choose the best epoch.
        seed: of the initial weights, the mixtures and the order of rows.
        threads: maximum number of threads.
    """
    like, recipe, recalls = model.network, model.recipe, model.preparation.alike_inputs
    if recalls:  # also learn to answer where no training row had the same cells
        X = np.concatenate([X, X])
        X[len(X) // 2 :, recalls] = 0.0
    random, network = np.random.default_rng(seed), Network(like.sizes, like.activations, like.bias, like.init, seed)
    share = random.uniform(size=(MIXTURES, len(X), 1)).astype(np.float32)
    mixed = [each * X + (1 - each) * X[random.permutation(len(X))] for each in share]
    inputs = np.concatenate([X, *mixed]).astype(np.float32)
    assert recipe.optimizer is not None
    assert recipe.learning_rate is not None
    assert recipe.schedule is not None
    history = train(
        network, inputs, answer(inputs), loss=recipe.loss, optimizer=recipe.optimizer, seed=seed,
        learning_rate=recipe.learning_rate, batch_size=recipe.batch_size or 1, epochs=recipe.epochs or 1,
        schedule=recipe.schedule, validation=(judges, answer(judges)), early_stopping=EarlyStopping(None),
        engine=model.origin.engine, threads=threads,
    )  # fmt: skip
    return network, history
