"""MLPClassifier: classes and labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target

from deltaw import engines
from deltaw.exceptions import InputError, SettingError
from deltaw.sklearn.learning import outputs
from deltaw.sklearn.learning.sample import Sample
from deltaw.sklearn.methods import StepByStep, checked, only_if
from deltaw.sklearn.parameters import CLASSIFIER, keep
from deltaw.sklearn.perceptron import Perceptron
from deltaw.speech import say

Array = NDArray[Any]

# As near to 0 and 1 as float32 can tell: what it has rounded to one of them is not certain, and has a logarithm.
CERTAIN = (2.0**-126, 1.0 - 2.0**-24)


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """A network that predicts classes: scikit-learn's MLPClassifier on DeltaW's engine.

    All of scikit-learn's parameters have its meanings and defaults. What is DeltaW's own:

    Args:
        hidden_layer_sizes: () makes a network without hidden layers.
        activation: any of `deltaw.equations.activations`, or a list with one for each hidden layer.
        loss: "log_loss", or any other of `deltaw.equations.losses`: "squared", "hinge", "binary_cross_entropy" (each
            class for itself), …
        class_weight: {class: weight}, or "balanced": n / (classes · rows of the class).
        dropout: share of hidden outputs dropped in training; one rate, or one for each hidden layer.
        label_smoothing: share of every target that is spread over all classes.
        optimizer: any of `deltaw.equations.optimizers` in place of the solver's, e.g. "adamw(weight_decay=0.1)".
        schedule: any of `deltaw.equations.schedules`, over max_iter epochs, on top of learning_rate_init.
        max_grad_norm: gradients longer than this are shortened to it.
        engine: "native" (float32, the default), "reference" (the equations, float64), or "torch" (float32, on a GPU
            where there is one; "torch('cpu')", "torch('cuda:1')").
        n_threads: the most threads; None: as many as OpenMP may use, by which joblib's and threadpoolctl's limits
            are kept. The result does not depend on it.

    Attributes: those of scikit-learn's, and
        validation_loss_curve_: the loss on the rows held out, an epoch an entry, or None.

    Examples:
        >>> from sklearn.datasets import load_iris
        >>> from deltaw.sklearn import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> MLPClassifier(random_state=0, max_iter=500).fit(X, y).score(X, y) > 0.9
        True
    """

    _parameter_constraints = CLASSIFIER

    classes_: Array
    class_weight: Any
    label_smoothing: float
    loss: str

    def __init__(
        self,
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
        loss: str = "log_loss",
        class_weight: Any = None,
        dropout: Any = 0.0,
        label_smoothing: float = 0.0,
        optimizer: Any = None,
        schedule: Any = None,
        max_grad_norm: float | None = None,
        engine: str = "native",
        n_threads: int | None = None,
    ) -> None:
        keep(self, locals())

    @StepByStep
    @checked
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """One epoch on these rows, from where the last call ended.

        Args:
            X, y, sample_weight: as in `fit`, which raises the same.
            classes: (n_classes,), every class that there will be; needed in the first call.

        Returns:
            The estimator itself.

        Raises:
            ValueError: a first call without `classes`, or a later one with others.
        """
        _check_partial_fit_first_call(self, classes)
        return self._learn(X, y, sample_weight, (None, None, None), 1, incremental=True)

    def predict(self, X: Any) -> Any:
        """The class of each row, (n,), or its labels as an indicator matrix, (n, n_labels).

        Args:
            X: rows, (n, n_features), dense or sparse.

        Raises:
            NotFittedError: before `fit`.
            ValueError: another number of features, or values that are not finite.
            SettingError: parameters that were set after `fit` and do not suit what was learnt.
        """
        return self._named(self._outputs(X))

    @only_if(lambda self: not self._scores_only())
    def predict_proba(self, X: Any) -> Array:
        """How likely each class is for each row, (n, n_classes), from 0 to 1, in the order of `classes_`.

        Args:
            X: as in `predict`.

        Raises:
            AttributeError: a loss without probabilities, "hinge".
            NotFittedError, ValueError, SettingError: as `predict`.
        """
        o = self._outputs(X)
        if engines.is_single(self.engine):
            np.clip(o, *CERTAIN, out=o)
        if self.n_outputs_ == 1:
            o = np.hstack([1.0 - o, o]) if len(self.classes_) > 1 else np.ones_like(o)
        elif not self._multilabel:
            # Where each class is for itself; and of a softmax, since float32 has its sum to seven digits.
            o /= np.maximum(o.sum(axis=1, keepdims=True), np.finfo(o.dtype).tiny)
        return o

    @only_if(lambda self: not self._scores_only())
    def predict_log_proba(self, X: Any) -> Array:
        """The natural logarithm of `predict_proba`, (n, n_classes); −∞ where that is 0.

        Args:
            X: as in `predict`.

        Raises:
            AttributeError: a loss without probabilities, "hinge".
            NotFittedError, ValueError, SettingError: as `predict`.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    @only_if(lambda self: self._scores_only())
    def decision_function(self, X: Any) -> Array:
        """The network's outputs for a loss without probabilities, "hinge": (n,) for two classes, else (n, k).

        Args:
            X: as in `predict`.

        Raises:
            AttributeError: a loss with probabilities.
            NotFittedError, ValueError, SettingError: as `predict`.
        """
        z = self._outputs(X)
        return z.ravel() if self.n_outputs_ == 1 else z

    # --- classes and targets ----------------------------------------------------------------------------------------

    def _read(self, X: Any, y: Any, weight: Any, *, reset: bool, incremental: bool) -> tuple[Any, Array, Array | None]:
        X, y, weight = self._rows(X, y, weight, reset)
        self._sparse_labels = hasattr(y, "tocsr")
        y = y.toarray() if hasattr(y, "tocsr") else y
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        check_classification_targets(y)
        multilabel = y.ndim == 2
        if multilabel and type_of_target(y) != "multilabel-indicator":
            expected = "Multioutput target data is not supported: expected one class a row, or labels as 0 and 1"
            found = say("y of shape {shape} with other numbers", shape=y.shape)
            raise InputError(expected, found, "train one estimator for each column of y")
        present = np.arange(y.shape[1]) if multilabel else np.unique(y)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self.classes_ = present
        elif not incremental and set(present) != set(self.classes_):
            raise InputError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                "Previously got {classes}, `y` has {present}",
                classes=self.classes_,
                present=present,
            )
        elif len(unknown := np.setdiff1d(present, self.classes_)):
            expected = "`y` has classes not in `self.classes_`. `self.classes_` has {classes}"
            remedy = "name all classes in the first call to partial_fit"
            raise InputError(expected, say("{unknown} in y", unknown=unknown), remedy, classes=self.classes_)
        self._multilabel = multilabel
        self.n_outputs_ = len(self.classes_) if multilabel or len(self.classes_) > 2 else 1
        if self.class_weight is not None:
            weight = self._class_weights(y, np.ones(len(y)) if weight is None else weight)
        return X, self._targets(y), weight

    def _targets(self, y: Array) -> Array:
        """The targets as the loss takes them: class numbers for cross entropy, else 0 and 1, or -1 and 1 for hinge."""
        loss = self._ending.loss
        if self._multilabel:
            T = y.astype(np.float32)
        else:
            numbers = np.searchsorted(self.classes_, y).astype(np.int32)
            if loss.kind == "cross_entropy":
                return numbers
            T = (
                numbers[:, None] == np.arange(self.n_outputs_) if self.n_outputs_ > 1 else numbers[:, None] > 0
            ).astype(np.float32)
        return np.asarray(2.0 * T - 1.0) if loss.kind == "hinge" else T

    def _class_weights(self, y: Array, weight: Array) -> Array:
        """The rows' weights times those of their classes; of several labels, the product."""
        columns = y.T if self._multilabel else y[None]
        given = self.class_weight if isinstance(self.class_weight, list) else [self.class_weight] * len(columns)
        if len(given) != len(columns):
            expected = "class_weight: expected one dict for each of the {n} labels"
            raise SettingError(expected, f"{len(given)}", "give as many, or one for all", n=len(columns))
        factor, counts = np.ones(len(y)), weight > 0
        for labels, rule in zip(columns, given, strict=True):
            classes = np.unique(labels[counts])
            weights = compute_class_weight(rule, classes=classes, y=labels[counts], sample_weight=weight[counts])
            factor[counts] *= weights[np.searchsorted(classes, labels[counts])]
        return weight * factor

    @property
    def _ending(self) -> outputs.Ending:
        kind = "multilabel" if self._multilabel else "binary" if self.n_outputs_ == 1 else "multiclass"
        return outputs.for_classes(self.loss, kind)

    def _scores_only(self) -> bool:
        """Whether the outputs are scores, not probabilities."""
        return bool(outputs.for_classes(self.loss, "multiclass").activation == "identity")

    def _constant_answer(self, T: Array) -> tuple[float, ...] | None:
        if self._multilabel:
            return None
        shares = np.bincount(T if T.ndim == 1 else self._chosen(T), minlength=len(self.classes_)) / len(T)
        return tuple(shares.tolist())

    def _stratified(self) -> bool:
        return not self._multilabel

    def _chosen(self, o: Array) -> Array:
        """Outputs as class numbers (n,), or labels (n, n_labels)."""
        if len(self.classes_) == 1 and not self._multilabel:
            return np.zeros(len(o), int)
        middle = 0.0 if self._scores_only() else 0.5
        if self._multilabel:
            return (o > middle).astype(int)
        return (o[:, 0] > middle).astype(int) if self.n_outputs_ == 1 else np.asarray(o.argmax(axis=1))

    def _named(self, o: Array) -> Any:
        chosen = self._chosen(o)
        if not self._multilabel:
            return self.classes_[chosen]
        if self._sparse_labels:
            from scipy.sparse import csr_matrix

            return csr_matrix(chosen)
        return chosen

    def _score_of(self, outputs: Array, rows: Sample) -> float:
        truth = rows.T if rows.T.ndim == 1 else self._chosen(rows.T)
        right = self._chosen(outputs) == truth
        return float(np.average(right.all(axis=1) if right.ndim == 2 else right, weights=rows.weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
