"""Permutation importance in the lab is that of Python: the same shuffles, and the same scores of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from engine import ask
from setups import data, network, settings

from deltaw.models.scoring.importance import column_importances
from deltaw.models.scoring.metrics import Outcome, metric_of
from deltaw.network import Network

RNG = np.random.default_rng(3)
X = RNG.normal(size=(150, 6)).astype(np.float32)
WIDTHS = [1, 3, 2]  # inputs of each of three columns
PLACES = [("a", slice(0, 1)), ("b", slice(1, 4)), ("c", slice(4, 6))]


def test_numbers_and_classes() -> None:
    T = (X[:, :1] + X[:, 4:5] ** 2 + 0.1 * RNG.normal(size=(150, 1))).astype(np.float32)
    labels = RNG.integers(0, 3, 150).astype(np.int32)
    numbers = settings([(5, "tanh"), (1, "identity")], seed=4)
    classes = settings([(5, "tanh"), (3, "softmax")], loss="cross_entropy", seed=2**33)
    given = [(data(X, T), numbers), (data(X, np.eye(3)[labels], labels=labels), classes)]
    found = ask([{"do": "importance", "data": d, "settings": s, "widths": WIDTHS} for d, s in given])
    for drops, (_, own), metric, truth in zip(found, given, ("r2", "accuracy"), (T[:, 0], labels), strict=True):
        net = network(6, own)

        def answer(moved: Any, net: Network = net, truth: Any = truth) -> Outcome:
            outputs = net.forward(moved)
            classes = outputs.shape[1] > 1
            return Outcome(truth, outputs.argmax(axis=1), outputs) if classes else Outcome(truth, outputs[:, 0])

        row = metric_of(metric, "regression" if metric == "r2" else "classification")
        wanted = {each.column: each.drop for each in column_importances(X, PLACES, answer, row, 5, own["seed"])}
        np.testing.assert_allclose(drops, [wanted[name] for name, _ in PLACES], rtol=1e-4, atol=1e-6)
