"""The constraints of the estimators' parameters: scikit-learn checks them and raises its InvalidParameterError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.utils._param_validation import Interval, StrOptions

from deltaw import engines
from deltaw.equations.activations import ACTIVATIONS, activation
from deltaw.equations.losses import LOSSES, Loss, loss
from deltaw.equations.optimizers import OPTIMIZERS, Optimizer, optimizer
from deltaw.equations.schedules import SCHEDULES, schedule
from deltaw.exceptions import SettingError

# scikit-learn's word -> the equations' word, where they differ.
ACTIVATION_WORDS = {"logistic": "sigmoid", "exp": "exponential"}
LOSS_WORDS = {"squared_error": "squared", "absolute_error": "absolute", "log_loss": "cross_entropy"}


def keep(estimator: Any, given: Mapping[str, Any]) -> None:
    """A constructor's arguments, its `locals()`, as attributes of the same names and unchanged, as scikit-learn asks.

    The arguments themselves stand in each constructor: scikit-learn, type checkers and editors read them there, and a
    signature that is set from a table is seen by the first of these alone. A test compares what is repeated.
    """
    for name, value in given.items():  # in their order, so that a pickle has the same bytes in every process
        if name not in ("self", "__class__"):  # a subclass may have parameters of its own, or fewer
            setattr(estimator, name, value)


class Named(StrOptions):  # type: ignore[misc]
    """A name that one of the tables of `deltaw` reads, with its settings or without: "huber(0.5)"."""

    def __init__(self, table: Mapping[str, Any], read: Callable[[str], Any], words: Mapping[str, str]) -> None:
        super().__init__({*table, *words})
        self.read, self.words = read, words

    def __str__(self) -> str:
        return f"a name among {', '.join(sorted(self.options))}, with its settings or without, as in 'name(0.5)'"

    def is_satisfied_by(self, value: Any) -> bool:
        """Whether the table knows `value`."""
        if not isinstance(value, str):
            return False
        try:
            self.read(self.words.get(value, value))
        except SettingError:
            return False
        return True


def word(name: str, words: Mapping[str, str]) -> str:
    """The equations' word for scikit-learn's."""
    return words.get(name, name)


def _trainable(spec: str) -> Loss:
    row = loss(spec)
    if not row.minimum:
        raise SettingError("loss: expected one that has a minimum", row.name, "use 'squared'")
    return row


def _real(low: float, high: float | None, closed: str) -> Interval:
    return Interval(Real, low, high, closed=closed)


COUNT = Interval(Integral, 1, None, closed="left")
_LOSSES = {name: row for name, row in LOSSES.items() if name != "difference"}  # which has no minimum

# parameter -> what it may be, of both estimators: scikit-learn's own, limits and all, and what DeltaW adds.
PERCEPTRON: dict[str, list[Any]] = {
    **BaseMultilayerPerceptron._parameter_constraints,
    "activation": [Named(ACTIVATIONS, activation, ACTIVATION_WORDS), list, tuple],
    "dropout": [_real(0, 1, "left"), list, tuple],
    "optimizer": [Named(OPTIMIZERS, optimizer, {}), Optimizer, None],
    "schedule": [Named(SCHEDULES, schedule, {}), None],
    "max_grad_norm": [_real(0, None, "neither"), None],
    "engine": [Named(engines.ENGINES, engines.choice, {})],
    "n_threads": [COUNT, None],
}
CLASSIFIER: dict[str, list[Any]] = {
    **PERCEPTRON,
    "loss": [Named(_LOSSES, _trainable, {"log_loss": "cross_entropy"})],
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "label_smoothing": [_real(0, 1, "left")],
}
REGRESSOR: dict[str, list[Any]] = {
    **PERCEPTRON,
    "loss": [Named(_LOSSES, _trainable, {"squared_error": "squared", "absolute_error": "absolute"})],
    "quantiles": ["array-like", None],
}
