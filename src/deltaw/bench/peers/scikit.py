"""scikit-learn's MLPClassifier and MLPRegressor, float32 where X is.

Its Adam knows no schedule: where there is one, each epoch is a `fit` of its own with that epoch's mean rate.
Where the method has no biases, or another loss than theirs, they do the nearest that they have: biases, and
cross-entropy over a softmax for classes. The cost of a step differs by about a hundredth.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic"}


class ScikitLearn:
    """See `Runner`."""

    whole = False

    def __init__(self, job: Job, problem: Problem) -> None:
        warnings.filterwarnings("ignore")  # that it has not converged
        self.job, self.method = job, job.method
        self.X = problem.X if problem.X is not None else problem.csr(self.method.sizes[0])
        self.t = problem.t if problem.t.ndim == 1 else problem.t[:, 0]
        self.classes = np.unique(self.t) if problem.t.ndim == 1 else None
        self.start = job.start()
        self.model = self._model(1)

    def prepare(self, rows: int) -> float:
        return 0.0

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        self.model = self._model(epochs)
        X, t = self.X[:rows], self.t[:rows]
        if after is None:
            self.model.fit(X, t)  # checks the data once, not once an epoch
            return
        for rates in self.job.rates(rows, epochs):
            self.model.set_params(max_iter=1, learning_rate_init=float(rates.mean())).fit(X, t)
            if after():
                return

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        return np.asarray(self.model.predict_proba(x) if self.classes is not None else self.model.predict(x)[:, None])

    def layers(self) -> Layers:
        return [(W.T, b) for W, b in zip(self.model.coefs_, self.model.intercepts_, strict=True)]

    def _model(self, epochs: int) -> Any:
        """A model with the start weights. It makes its arrays in its first step, whose result is thrown away."""
        method = self.method
        settings: dict[str, Any] = {
            "hidden_layer_sizes": method.sizes[1:-1],
            "activation": ACTIVATIONS[method.hidden],
            "solver": method.optimizer,
            "alpha": 0.0,
            "learning_rate_init": method.learning_rate,
            "momentum": 0.0,
            "batch_size": method.batch_size,
            "max_iter": epochs,
            "shuffle": self.job.shuffle,
            "random_state": self.job.seed,
            "tol": 0.0,
            "n_iter_no_change": 1_000_000,
        }
        first = slice(0, method.batch_size)
        if self.classes is None:
            model = MLPRegressor(**settings).partial_fit(self.X[first], self.t[first])
        else:
            model = MLPClassifier(**settings).partial_fit(self.X[first], self.t[first], classes=self.classes)
        for l, (W, b) in enumerate(zip(self.start.weights, self.start.biases, strict=True)):
            model.coefs_[l], model.intercepts_[l] = np.ascontiguousarray(W.T, self.X.dtype), b.astype(self.X.dtype)
        model.set_params(warm_start=True)  # only now: the first batch may lack a class
        # Adam's state of that step; `fit` makes a new one, `partial_fit` would go on with it.
        model.__dict__.pop("_optimizer", None)
        return model
