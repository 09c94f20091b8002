"""DeltaW, as anybody would call it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem
from deltaw.engines.predictor import Predictor
from deltaw.training import train


class Ours:
    """See `Runner`."""

    whole = False

    def __init__(self, job: Job, problem: Problem) -> None:
        self.job, self.method = job, job.method
        self.X = problem.X if problem.X is not None else problem.csr(self.method.sizes[0])
        self.T = problem.targets(self.method.sizes[-1], self.method.loss)
        self.start = job.start()
        self.network = self.start.copy()
        self.predict: Predictor | None = None  # of the network as it is, made when asked for

    def prepare(self, rows: int) -> float:
        return 0.0

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        method, job = self.method, self.job
        self.network, self.predict = self.start.copy(), None

        def told(_: object) -> bool:
            assert after is not None
            self.predict = None
            return after()

        train(
            self.network,
            self.X[:rows],
            self.T[:rows],
            loss=method.loss,
            optimizer=method.optimizer,
            learning_rate=method.learning_rate,
            batch_size=method.batch_size,
            epochs=epochs,
            shuffle=job.shuffle,
            seed=job.seed,
            schedule=method.schedule,
            threads=job.threads,
            callbacks=() if after is None else (told,),
        )

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        if self.predict is None:
            self.predict = Predictor(self.network, self.job.threads)
        return self.predict(x)

    def layers(self) -> Layers:
        return list(zip(self.network.weights, self.network.biases, strict=True))
