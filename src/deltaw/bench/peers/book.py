"""The notes' method in NumPy as a first program has it: float64, one row at a time, columns as (n, 1) matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem

Array = NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    """f(z) = 1 / (1 + e⁻ᶻ)."""
    return 1.0 / (1.0 + np.exp(-z))


class Book:
    """See `Runner`. One hidden layer, no bias, squared error, batch 1."""

    whole = False

    def __init__(self, job: Job, problem: Problem) -> None:
        self.job, self.method = job, job.method
        self.start = [W.astype(np.float64) for W in job.start().weights]
        self.hidden, self.output = self.start
        self.X = problem.dense
        self.T = problem.targets(self.method.sizes[-1], self.method.loss)

    def prepare(self, rows: int) -> float:
        return 0.0

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        self.hidden, self.output = (W.copy() for W in self.start)
        X, T = self.X[:rows].astype(np.float64), self.T[:rows].astype(np.float64)
        for _, order in zip(range(epochs), self.job.orders(rows), strict=False):
            for i in order:
                self.step(X[i], T[i])
            if after is not None and after():
                return

    def step(self, row: Array, targets: Array) -> None:
        """One sample: signals forward, errors backward, ΔW = −α δ aᵀ."""
        x, t = np.array(row, ndmin=2).T, np.array(targets, ndmin=2).T  # (784, 1), (10, 1)
        a = sigmoid(np.dot(self.hidden, x))
        o = sigmoid(np.dot(self.output, a))
        delta = (o - t) * o * (1.0 - o)
        delta_hidden = np.dot(self.output.T, delta) * a * (1.0 - a)
        self.output -= self.method.learning_rate * np.dot(delta, np.transpose(a))
        self.hidden -= self.method.learning_rate * np.dot(delta_hidden, np.transpose(x))

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        return sigmoid(np.dot(sigmoid(np.dot(x, self.hidden.T)), self.output.T))

    def layers(self) -> Layers:
        return [(W, np.zeros(len(W))) for W in (self.hidden, self.output)]
