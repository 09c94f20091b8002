"""MLPRegressor: numbers, and intervals around them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.utils import assert_all_finite, column_or_1d

from deltaw.exceptions import InputError, SettingError
from deltaw.sklearn.known_answers import numbers
from deltaw.sklearn.learning import outputs
from deltaw.sklearn.learning.sample import Sample
from deltaw.sklearn.methods import StepByStep, checked
from deltaw.sklearn.parameters import REGRESSOR, keep
from deltaw.sklearn.perceptron import Perceptron

Array = NDArray[Any]


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """A network that predicts numbers: scikit-learn's MLPRegressor on DeltaW's engine.

    scikit-learn's parameters have its meanings and defaults. DeltaW's own are those of MLPClassifier, and:

    Args:
        loss: "squared_error", "poisson", or any other of `deltaw.equations.losses`: "absolute_error", "huber(0.5)", …
        quantiles: e.g. (0.05, 0.5, 0.95): predict these quantiles of y, (n, 3), instead of one number, never
            crossing. Takes the place of `loss`.

    Examples:
        >>> from sklearn.datasets import load_diabetes
        >>> from deltaw.sklearn import MLPRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> several = MLPRegressor(quantiles=(0.1, 0.5, 0.9), learning_rate_init=0.05, early_stopping=True)
        >>> several.fit(X, y).predict(X).shape
        (442, 3)
    """

    _parameter_constraints = REGRESSOR

    loss: str
    quantiles: Any

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        quantiles: Any = None,
        dropout: Any = 0.0,
        optimizer: Any = None,
        schedule: Any = None,
        max_grad_norm: float | None = None,
        engine: str = "native",
        n_threads: int | None = None,
    ) -> None:
        keep(self, locals())

    @StepByStep
    @checked
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch on these rows, from where the last call ended; arguments, and errors, are those of `fit`."""
        return self._learn(X, y, sample_weight, (None, None, None), 1, incremental=True)

    def predict(self, X: Any) -> Array:
        """The answers in y's own units: (n,); (n, n_outputs) for several columns; (n, quantiles), in rising order.

        Args:
            X: rows, (n, n_features), dense or sparse.

        Raises:
            NotFittedError: before `fit`.
            ValueError: another number of features, or values that are not finite.
            SettingError: parameters that were set after `fit` and do not suit what was learnt.
        """
        o = self._outputs(X)
        return self._uncrossed(o) if o.shape[1] > 1 else o.ravel()

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions; of quantiles the mean share of the pinball loss explained (D²). At most 1.

        Args:
            X, y, sample_weight: as in `fit`; raises what `predict` does.
        """
        if self.quantiles is None:
            return float(super().score(X, y, sample_weight))
        return self._explained(np.asarray(y), self.predict(X), sample_weight)

    def _read(self, X: Any, y: Any, weight: Any, *, reset: bool, incremental: bool) -> tuple[Any, Array, Array | None]:
        X, y, weight = self._rows(X, y, weight, reset, y_numeric=True)
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        T = numbers(y)
        assert_all_finite(T, input_name="y")  # None among objects has only now become NaN
        quantiles = self._levels()
        if quantiles is not None:
            if T.ndim == 2:
                raise InputError("quantiles: expected one column of y", f"{T.shape[1]}", "train one estimator for each")
            T = np.repeat(T[:, None], len(quantiles), axis=1)
        T = T[:, None] if T.ndim == 1 else T
        if not reset and T.shape[1] != self.n_outputs_:
            expected = "y: expected {n_outputs} columns, as in the first call"
            raise InputError(expected, f"{T.shape[1]}", "give as many", n_outputs=self.n_outputs_)
        self.n_outputs_ = T.shape[1]
        return X, T, weight

    def _begin(self, sample: Sample, random: np.random.RandomState) -> None:
        """The same; quantiles begin at those of y. From random numbers they would cross, and first move together."""
        super()._begin(sample, random)
        if (levels := self._levels()) is not None:
            of_y = np.quantile(sample.T[:, 0], levels, method="inverted_cdf", weights=sample.weight)
            self.intercepts_[-1] += of_y.astype(self.intercepts_[-1].dtype)

    def _levels(self) -> Array | None:
        """The quantiles in rising order, or None."""
        if self.quantiles is None:
            return None
        levels = np.asarray(self.quantiles)
        good = levels.ndim == 1 and levels.size and levels.dtype.kind == "f" and ((levels > 0) & (levels < 1)).all()
        if not good or (np.diff(levels) <= 0).any():
            expected = "quantiles: expected rising numbers between 0 and 1"
            raise SettingError(expected, repr(self.quantiles), "give e.g. (0.05, 0.5, 0.95)")
        return levels

    @property
    def _ending(self) -> outputs.Ending:
        return outputs.for_numbers(self.loss, self._levels())

    def _constant_answer(self, T: Array) -> tuple[float, ...] | None:
        return (float(T.mean()),) if T.shape[1] == 1 else None

    def _stratified(self) -> bool:
        return False

    def _uncrossed(self, o: Array) -> Array:
        """Quantiles in order: sorting never raises the loss (Chernozhukov, Fernández-Val & Galichon 2010)."""
        return o if self.quantiles is None else np.sort(o, axis=1)

    def _score_of(self, outputs: Array, rows: Sample) -> float:
        if self.quantiles is not None:
            return self._explained(rows.T[:, 0], self._uncrossed(outputs), rows.weight)
        return float(r2_score(rows.T, outputs, sample_weight=rows.weight))

    def _explained(self, y: Array, predicted: Array, weight: Any) -> float:
        levels = self._levels()
        assert levels is not None
        scores = [
            d2_pinball_score(y, predicted[:, k], sample_weight=weight, alpha=float(q)) for k, q in enumerate(levels)
        ]
        return float(np.mean(scores))
