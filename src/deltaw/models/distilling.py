"""Several networks as one: it learns their mean answers (Hinton, Vinyals & Dean 2015, arXiv 1503.02531), also for rows
that nobody has seen, mixed from pairs of those that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.recipes import Recipe
from deltaw.models.scoring.metrics import Metric
from deltaw.models.scoring.scores import Scores
from deltaw.network import Network
from deltaw.speech import say
from deltaw.training import EarlyStopping, History, train

Array = NDArray[Any]

MIXTURES = 3  # rows that are mixed for each that there is
HELD_OUT = 0.2  # share of the rows that choose the epoch, and say what it costs


@dataclass(frozen=True, repr=False)
class Cost:
    """What it costs to have one network answer in the place of several.

    Attributes:
        networks: how many there were.
        rows: how many rows say so; the one network has not learnt from them. Those that it learnt from may have: where
            they have, their score is better than it is on new rows, and so is the difference.
        agreement: of classes the share of rows that get the same answer; of numbers R² of the one's answers, theirs
            being the truth.
        metric: the score that leads.
        before, after: their scores and its own on these rows; None where the target is not known.
    """

    networks: int
    rows: int
    agreement: float
    metric: Metric
    before: Scores | None
    after: Scores | None

    def __str__(self) -> str:
        share = say(
            "agreement {share:.4g} with {networks} networks on {rows:,} rows held out",
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
    """Of classes the share that is the same; of numbers R² of `after`, `before` being the truth."""
    if task == "classification":
        return float(np.mean(before == after))
    around = float(np.square(before - before.mean()).sum())
    return 1.0 - float(np.square(before - after).sum()) / around if around else float(np.array_equal(before, after))


def with_strangers(X: Array, recalls: Sequence[int]) -> Array:
    """Inputs of rows, and where columns of them say what rows alike answer, of the same rows as if they were like none:
    such are to be answered as well.
    """
    if not recalls:
        return X
    both = np.concatenate([X, X])
    both[len(X) :, recalls] = 0.0
    return both


def distilled(
    answer: Callable[[Array], Array], X: Array, judges: Array, like: Network, recipe: Recipe, seed: int, **how: Any
) -> tuple[Network, History]:
    """A network that has learnt to answer as `answer` does.

    Args:
        answer: from inputs (n, n_in) to what is to be learnt, (n, n_out).
        X, judges: inputs of rows to learn from, and of rows that choose the epoch.
        like: of which size and kind the network is.
        recipe: whose optimiser, rate, batches and epochs are taken.
        seed: of the initial weights, the mixtures and the orders.
        how: engine and threads, as `deltaw.train` has them.
    """
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
        schedule=recipe.schedule, validation=(judges, answer(judges)), early_stopping=EarlyStopping(None), **how,
    )  # fmt: skip
    return network, history
