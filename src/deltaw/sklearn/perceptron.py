"""The base of classifier and regressor: networks from parameters, fitting, fitted attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from deltaw import engines
from deltaw.engines.predictor import outputs_of
from deltaw.engines.rows import unmasked
from deltaw.exceptions import InputError, SettingError
from deltaw.models import Model
from deltaw.network import Network
from deltaw.sklearn import exports
from deltaw.sklearn.drawing import Drawn
from deltaw.sklearn.frames import readable
from deltaw.sklearn.learning import lbfgs
from deltaw.sklearn.learning.descent import Descent, Progress
from deltaw.sklearn.learning.outputs import Ending
from deltaw.sklearn.learning.sample import NOT_FINITE, Sample
from deltaw.sklearn.learning.threads import threads
from deltaw.sklearn.learning.watching import Watch
from deltaw.sklearn.methods import checked
from deltaw.sklearn.parameters import ACTIVATION_WORDS, PERCEPTRON, word
from deltaw.speech import say

Array = NDArray[Any]

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


class Perceptron(Drawn, CallbackSupportMixin, BaseEstimator):  # type: ignore[misc]
    """A network as a scikit-learn estimator; see MLPClassifier and MLPRegressor."""

    _parameter_constraints = PERCEPTRON

    # The parameters that are read here; the constructors of the two estimators say all of them.
    hidden_layer_sizes: Any
    activation: Any
    solver: str
    optimizer: Any
    max_iter: int
    random_state: Any
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    learning_rate_init: float
    dropout: Any
    engine: str
    n_threads: int | None

    # Fitted attributes.
    coefs_: list[Array]
    intercepts_: list[Array]
    n_features_in_: int
    n_outputs_: int
    n_iter_: int
    out_activation_: str
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float] | None
    best_loss_: float | None
    best_validation_score_: float | None

    _settled: bytes | None  # where a warm start had converged; see _mark

    @checked
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Learn from X and y.

        Args:
            X: (n, n_features): an array, a sparse matrix, or a data frame.
            y: (n,) or (n, n_outputs): classes, labels as an indicator matrix, or numbers.
            sample_weight: (n,); a weight of 2 counts as the row twice.
            X_val, y_val, sample_weight_val: rows that are not learnt from: `validation_scores_` and
                `validation_loss_curve_` then follow them, and early_stopping uses them instead of a part of X.

        Returns:
            The estimator itself.

        Raises:
            InvalidParameterError: a parameter that cannot be.
            InputError: data that cannot be learnt from.
        """
        if (X_val is None) != (y_val is None):
            raise InputError("X_val, y_val: expected both or neither", say("one of them"), "give both")
        return self._learn(X, y, sample_weight, (X_val, y_val, sample_weight_val), self.max_iter)

    @checked
    def initialize(self, X: Any, y: Any) -> Self:
        """Make the network for X and y with its initial weights, as `fit` would, and learn nothing.

        `coefs_` and `intercepts_` can then be set; `partial_fit`, and `fit` with warm_start=True, go on from them.

        Args:
            X, y: as in `fit`, which raises the same.

        Returns:
            The estimator itself.
        """
        X, T, _ = self._read(X, y, None, reset=True, incremental=False)
        self._begin(Sample(X, T), check_random_state(self.random_state))
        return self

    def to_sklearn(self) -> Any:
        """scikit-learn's MLPClassifier or MLPRegressor that predicts the same.

        Raises:
            NotFittedError: before `fit`.
            SettingError: an activation, a loss or a shape that scikit-learn's networks do not have.
        """
        return exports.to_sklearn(self)

    def to_torch(self) -> Any:
        """A torch.nn.Sequential whose outputs are this network's: probabilities, or numbers.

        Its inputs are (n, n_features), its outputs (n, n_outputs).

        Raises:
            NotFittedError: before `fit`.
            MissingError: PyTorch is not installed.
            SettingError: an activation that PyTorch has no module for.
        """
        return exports.to_torch(self)

    def to_model(self) -> Model:
        """A `deltaw.Model` that predicts the same: `.save("….deltaw")` writes it.

        Raises:
            NotFittedError: before `fit`.
            SettingError: several labels or numbers a row, which a model file does not hold.
        """
        return exports.to_model(self)

    # --- fitting ----------------------------------------------------------------------------------------------------

    def _learn(
        self, X: Any, y: Any, weight: Any, given: tuple[Any, Any, Any], epochs: int, incremental: bool = False
    ) -> Self:
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, T, weight = self._read(X, y, weight, reset=first, incremental=incremental)
        sample = Sample(X, T, weight)
        random = check_random_state(self.random_state)
        if first:
            self._begin(sample, random)
        held_out = None if given[0] is None else Sample(*self._read(*given, reset=False, incremental=True))
        if engines.is_single(self.engine):
            sample, held_out = sample.single(), None if held_out is None else held_out.single()
        mark = self._mark(sample, held_out) if self.warm_start and getattr(self, "_settled", None) else None
        if mark is not None and mark == self._settled:
            return self  # the same rows, parameters and weights as when it had converged: nothing is left to learn
        network = self._network()
        watch = Watch(self, X, y, {"sample_weight": weight}, epochs)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.solver == "lbfgs" and self.optimizer is None:
                converged = lbfgs.minimize(self, network, sample, watch)
            else:
                converged = self._descend(network, sample, held_out, random, epochs, watch, incremental)
        if not all(np.isfinite(part).all() for part in (*network.weights, *network.biases)):
            raise InputError(NOT_FINITE, say("NaN or infinity in coefs_"), "scale X and y, or lower learning_rate_init")
        self._keep(network)
        watch.done(lambda: self._weights_of(network))
        self._settled = self._mark(sample, held_out) if self.warm_start and converged else None
        return self

    def _descend(
        self,
        network: Network,
        sample: Sample,
        held_out: Sample | None,
        random: np.random.RandomState,
        epochs: int,
        watch: Watch,
        incremental: bool,
    ) -> bool:
        if self.early_stopping and held_out is None:
            sample, held_out = sample.counted().set_apart(self.validation_fraction, random, self._stratified())
        if not incremental or not hasattr(self, "_optimizer"):
            drops = any(np.ravel(self.dropout))
            self._optimizer = Progress(
                self.learning_rate_init, dropout_key=int(random.randint(1 << 62)) if drops else 0
            )
        if held_out is not None and self.validation_scores_ is None:
            self._judge_from_here(True)
        descent = Descent(self, network, sample, held_out, random, self._optimizer)
        return descent.run(epochs, watch, step_by_step=incremental)

    def _begin(self, sample: Sample, random: np.random.RandomState) -> None:
        """A new network with scikit-learn's initial weights, number by number."""
        units, dtype = [sample.X.shape[1], *self._hidden(), self.n_outputs_], sample.X.dtype
        self.out_activation_, self._baseline = self._ending.activation, self._constant_answer(sample.T)
        self.n_layers_, self.n_iter_, self.t_ = len(units), 0, 0
        self.coefs_, self.intercepts_ = [], []
        names = self._activations()
        for (fan_in, fan_out), name in zip(pairwise(units), [*names, *names[-1:]] or ["identity"], strict=True):
            # Glorot & Bengio (2010), equation 16; the logistic's slope of ¼ takes a smaller one in scikit-learn.
            bound = np.sqrt((2.0 if word(name, ACTIVATION_WORDS) == "sigmoid" else 6.0) / (fan_in + fan_out))
            self.coefs_.append(random.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype, copy=False))
            self.intercepts_.append(random.uniform(-bound, bound, fan_out).astype(dtype, copy=False))
        self._begin_records()

    def _begin_records(self) -> None:
        """Initialise the records of gradient descent."""
        if self.solver != "lbfgs" or self.optimizer is not None:
            self.loss_curve_, self._no_improvement_count = [], 0
            self.best_loss_ = None if self.early_stopping else np.inf
            self._judge_from_here(self.early_stopping)

    def _judge_from_here(self, held_out: bool) -> None:
        """Empty records of the rows held out, or none."""
        self.validation_scores_ = [] if held_out else None
        self.validation_loss_curve_ = [] if held_out else None
        self.best_validation_score_ = -np.inf if held_out else None

    def _mark(self, sample: Sample, held_out: Sample | None) -> bytes:
        """A digest of everything that a fit depends on: parameters, rows and weights."""
        digest = hashlib.blake2b(repr(sorted(self.get_params().items(), key=lambda item: item[0])).encode())
        arrays: list[Any] = [*self.coefs_, *self.intercepts_]
        for rows in (sample, held_out):
            if rows is not None:
                stored = [rows.X] if isinstance(rows.X, np.ndarray) else [rows.X.data, rows.X.indices, rows.X.indptr]
                arrays += [*stored, rows.T, np.zeros(0) if rows.weight is None else rows.weight]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.digest()

    # --- networks ---------------------------------------------------------------------------------------------------

    def _hidden(self) -> list[int]:
        """Units of each hidden layer."""
        given = self.hidden_layer_sizes
        sizes: list[Any] = list(given) if isinstance(given, Iterable) else [given]
        if not all(isinstance(size, (int, np.integer)) and size > 0 for size in sizes):
            raise SettingError(
                "hidden_layer_sizes must be > 0, whole numbers", f"{sizes}", "give e.g. (100, 50), or ()"
            )
        return [int(size) for size in sizes]

    def _activations(self) -> list[str]:
        """The activation of each hidden layer, in the user's words."""
        layers = len(self._hidden())
        names = [self.activation] * layers if isinstance(self.activation, str) else list(self.activation)
        if len(names) != layers:
            expected = "activation: expected one, or one for each hidden layer ({layers})"
            raise SettingError(expected, f"{len(names)}", "give as many as there are hidden layers", layers=layers)
        return names

    def _network(self) -> Network:
        """The present weights as a `deltaw.Network`."""
        sizes = [len(self.coefs_[0]), *map(len, self.intercepts_)]
        names = [*self._activations(), self.out_activation_]
        network = Network(sizes, [word(name, ACTIVATION_WORDS) for name in names], init="zeros")
        network.weights = [np.asarray(coef).T for coef in self.coefs_]
        network.biases = [np.asarray(intercept) for intercept in self.intercepts_]
        return network

    def _weights_of(self, network: Network) -> dict[str, list[Array]]:
        """The network's weights as fitted attributes, in scikit-learn's orientation (n_in, n_out)."""
        dtype = np.asarray(self.coefs_[0]).dtype
        return {
            "coefs_": [np.ascontiguousarray(W.T, dtype) for W in network.weights],
            "intercepts_": [np.array(b, dtype) for b in network.biases],
        }

    def _keep(self, network: Network) -> None:
        for name, arrays in self._weights_of(network).items():
            setattr(self, name, arrays)

    def _layers(self) -> tuple[list[int], list[str]] | None:
        if not hasattr(self, "coefs_"):
            return None
        return [len(self.coefs_[0]), *map(len, self.intercepts_)], [*self._activations(), self.out_activation_]

    # --- predicting -------------------------------------------------------------------------------------------------

    def _outputs(self, X: Any) -> Array:
        """The network's outputs (n, n_outputs) by the engine, in the precision of X."""
        check_is_fitted(self, "coefs_")
        rows = self._as_they_are(X)
        if rows is None:
            X = rows = validate_data(self, readable(X), accept_sparse=["csr", "csc"], reset=False)
        found = outputs_of(
            self,
            [word(name, ACTIVATION_WORDS) for name in (*self._activations(), self.out_activation_)],
            [np.asarray(coef).T for coef in self.coefs_],
            self.intercepts_,
            self._network,
            rows,
            self.engine,
            threads(self.n_threads),
        )
        return found.astype(X.dtype if X.dtype.kind == "f" else np.float64, copy=False)

    def _as_they_are(self, X: Any) -> Array | None:
        """X as the core takes it, if it is an array in which scikit-learn's checks could find nothing; else None.

        The checks take longer than the network itself, from one row up to thousands. Such an array is of floats, as
        wide as the one that was fitted, without names to be compared, and finite, as it is where its sum in float32 is.
        """
        plain = (
            self.engine == "native"
            and type(X) is np.ndarray
            and X.dtype in FLOATS
            and X.shape[1:] == (self.n_features_in_,)
            and len(X) > 0
            and not hasattr(self, "feature_names_in_")
        )
        if not plain:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            single: Array = X.astype(np.float32, order="C", copy=False)
            return single if np.isfinite(single.sum()) else None

    # --- what the two estimators answer for -------------------------------------------------------------------------

    def _read(self, X: Any, y: Any, weight: Any, *, reset: bool, incremental: bool) -> tuple[Any, Array, Array | None]:
        """(X, targets as the loss takes them, weights), checked; sets what follows from y."""
        raise NotImplementedError

    @property
    def _ending(self) -> Ending:
        raise NotImplementedError

    def _constant_answer(self, T: Array) -> tuple[float, ...] | None:
        """The best constant prediction: the classes' shares, or the mean; None for several outputs a row."""
        raise NotImplementedError

    def _stratified(self) -> bool:
        """Whether validation rows are stratified by class."""
        raise NotImplementedError

    def _score_of(self, outputs: Array, rows: Sample) -> float:
        """The score of the network's outputs for these rows; higher is better."""
        raise NotImplementedError

    def _rows(self, X: Any, y: Any, weight: Any, reset: bool, **options: Any) -> tuple[Any, Any, Array | None]:
        """X and y checked by scikit-learn, the weights by their number."""
        X, y = validate_data(
            self, readable(X), unmasked(y), accept_sparse=["csr", "csc"], multi_output=True,
            dtype=(np.float64, np.float32), reset=reset, **options,
        )  # fmt: skip
        if weight is not None:
            weight = _check_sample_weight(unmasked(weight), X, dtype=np.float64)
        if hasattr(X, "tocsr"):
            X = X.tocsr()
            if not X.has_canonical_format:
                X = X.copy()
                X.sum_duplicates()
        return X, y, weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
