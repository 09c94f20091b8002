"""DeltaW, by its public functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem
from deltaw.engines.predictor import Predictor
from deltaw.training import train, train_pack

Answer = Callable[[Any], NDArray[Any]]


class Ours:
    """See `Runner`."""

    whole = False

    def __init__(self, job: Job, problem: Problem) -> None:
        self.job, self.method = job, job.method
        self.X = problem.X if problem.X is not None else problem.csr(self.method.sizes[0])
        self.T = problem.targets(self.method.sizes[-1], self.method.loss)
        self.starts = [each.start() for each in job.each]
        self.network = self.starts[-1].copy()
        self.predict: Answer | None = None  # of the current network, made on first use

    def prepare(self, rows: int) -> float:
        return 0.0

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        method, job = self.method, self.job
        networks, self.predict = [start.copy() for start in self.starts], None
        self.network = networks[-1]

        def stops(_: object) -> bool:
            assert after is not None
            self.predict = None
            return after()

        settings: dict[str, Any] = {
            "loss": method.loss,
            "optimizer": method.optimizer,
            "learning_rate": method.learning_rate,
            "batch_size": method.batch_size,
            "epochs": epochs,
            "shuffle": job.shuffle,
            "seed": job.seed,
            "schedule": method.schedule,
            "threads": job.threads,
            "callbacks": () if after is None else (stops,),
        }
        X, T = self.X[:rows], self.T[:rows]
        if len(networks) > 1:
            train_pack(networks, X, T, **settings)
        else:
            train(self.network, X, T, **settings)

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        if self.predict is None:
            self.predict = ANSWERS.get(self.job.measure, Ours.by_the_network)(self)
        return self.predict(x)

    def by_the_network(self) -> Answer:
        return Predictor(self.network, self.job.threads)

    def by_the_estimator(self) -> Answer:
        answer: Answer = self._estimator().predict_proba
        return answer

    def by_the_model(self) -> Answer:
        answer: Answer = self._estimator().to_model().predict_proba
        return answer

    def _estimator(self) -> Any:
        """An MLPClassifier with the network's weights, in the type of X. Of two classes it has one output: z₁ − z₀."""
        from deltaw.sklearn import MLPClassifier

        layers = self.layers()
        if self.method.sizes[-1] == 2:
            layers[-1] = layers[-1][0][1:] - layers[-1][0][:1], layers[-1][1][1:] - layers[-1][1][:1]
        made: Any = MLPClassifier(self.method.sizes[1:-1], self.method.hidden, n_threads=self.job.threads)
        made.initialize(self.X, self.T)
        made.coefs_ = [W.T.astype(self.X.dtype) for W, _ in layers]
        made.intercepts_ = [b.astype(self.X.dtype) for _, b in layers]
        return made

    def layers(self) -> Layers:
        return list(zip(self.network.weights, self.network.biases, strict=True))


ANSWERS = {"estimator": Ours.by_the_estimator, "frame": Ours.by_the_model}
