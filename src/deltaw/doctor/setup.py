"""`Setup`: what the doctor examines: a network, its data and the settings of a training, valid or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import spread, unmasked
from deltaw.equations import optimizers
from deltaw.equations.lookup import NUMBER
from deltaw.exceptions import InputError, SettingError
from deltaw.given import among
from deltaw.network import Network
from deltaw.plain import Plain
from deltaw.preparation.target import Target
from deltaw.speech import listed, say
from deltaw.tables.choice import names_of

# Fields that are no keyword arguments of `deltaw.train`.
OWN = frozenset({"network", "X", "T", "task", "columns", "reduction", "test", "raw", "target_column", "target_encoded",
                 "from_line"})  # fmt: skip
TASKS = ("classification", "labels", "regression")
REDUCTIONS = ("mean", "sum")
# Of a pass by the equations: the most multiplications, a fraction of a second, and the fewest rows.
MOST_PRODUCTS, FEWEST_ROWS = 2e9, 200
# Optimisers whose steps do not depend on the scale of the gradient.
SCALE_FREE = frozenset({"adam", "adamw", "rmsprop", "adagrad"})


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column of a table before its preparation.

    Attributes:
        name: of the column.
        values: (n,) float64, of the training rows; words as numbers; NaN for missing cells.
        inputs: the columns of X that were made of it.
        held_out: the same of the rows held out; None for words and days, and without such rows.
    """

    name: str
    values: NDArray[np.float64]
    inputs: tuple[int, ...]
    held_out: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Setup(Plain):
    """A network, its data and the arguments of `deltaw.train`, and what else is known of the training.

    Nothing is checked: a Setup may hold what `deltaw.train` refuses, since the doctor examines that, too.

    Attributes:
        network: the initial network; it is never changed.
        X, T: inputs and targets as they were given.
        task: "classification", "labels" (multilabel) or "regression"; None: detected from the targets.
        columns: names of the inputs.
        test: (X, T) of rows for the score, used neither for training nor for early stopping. None: `validation`, unless
            early stopping uses it; without either, some of the training rows are held out.
        reduction: "mean", as in `deltaw.train`, or "sum" for programs whose E is the sum over a batch.
        raw: the columns of the table that X was made of; None if there is no table.
        target_column: the column of numbers that T was made of; None if there is no table.
        target_encoded: inputs that are target statistics, which differ for equal rows; rows are compared without them.
        from_line: whether the network starts from the best linear model, as recipes have it; see `initialised`.
    """

    network: Network
    X: Any
    T: Any
    loss: Any = "squared"
    optimizer: Any = "sgd"
    learning_rate: float = 0.1
    batch_size: int = 1
    epochs: int = 5
    shuffle: bool = True
    seed: int = 0
    backward: Any = "gradient"
    schedule: Any = "constant"
    l2: float = 0.0
    dropout: Any = 0.0
    sample_weight: Any = None
    validation: Any = None
    early_stopping: Any = None
    engine: str = "native"
    threads: int | None = None
    label_smoothing: float = 0.0
    max_grad_norm: float | None = None
    input_scale: Any = None
    task: str | None = None
    columns: tuple[str, ...] | None = None
    reduction: str = "mean"
    test: Any = None
    raw: tuple[RawColumn, ...] | None = None
    target_column: Target | None = None
    target_encoded: tuple[int, ...] = ()
    from_line: bool = False

    @classmethod
    def of(cls, network: Network, X: Any, T: Any, settings: Mapping[str, Any]) -> Setup:
        """A Setup from `network`, X, T and `settings` as `deltaw.doctor.examine` takes them.

        Raises:
            SettingError: an unknown setting, or `network` is not a network.
        """
        if not isinstance(network, Network):
            raise SettingError(
                "network: expected a deltaw.Network", type(network).__name__, "make one: deltaw.Network([784, 10])"
            )
        known = [field.name for field in fields(cls)]
        for word in settings:
            if word not in known:
                raise SettingError(
                    "expected a setting of {known}", repr(word), "choose one of these", known=listed(known[3:])
                )
        columns = settings.get("columns")
        named = {} if columns is None else {"columns": names_of("columns", columns)}
        setup = cls(network, X, T, **dict(settings) | named)
        for word, choices in (("task", (None, *TASKS)), ("reduction", REDUCTIONS)):
            if not among(getattr(setup, word), choices):
                raise SettingError(
                    "{word}: expected one of {choices}",
                    repr(getattr(setup, word)),
                    "choose one",
                    word=word,
                    choices=listed(map(str, choices)),
                )
        return setup

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `deltaw.train`."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in OWN} | {
            "learning_rate": self.rate
        }

    @property
    def held_out(self) -> Any:
        """(X, T, …) of rows used neither for training nor for early stopping; None if there are none."""
        return self.test if self.test is not None or self.early_stopping is not None else self.validation

    @property
    def rate(self) -> float:
        """α for a mean E: for a sum over a batch of n rows n times as large, unless the optimiser is adaptive."""
        numbers = isinstance(self.learning_rate, NUMBER) and isinstance(self.batch_size, NUMBER)
        if self.reduction == "mean" or not numbers:
            return self.learning_rate
        try:
            free = optimizers.optimizer(self.optimizer).name in SCALE_FREE
        except InputError:
            free = False
        return self.learning_rate if free else self.learning_rate * self.batch_size

    @cached_property
    def drawn(self) -> bool:
        """Whether the network's weights are those drawn by its `init` and `seed`."""
        net = self.network
        try:
            fresh = Network(net.sizes, net.activations, net.bias, net.init, net.seed)
            twin = replace(self, network=fresh).initialised.network
        except InputError:
            return False
        pairs = zip([*twin.weights, *twin.biases], [*net.weights, *net.biases], strict=False)
        return all(np.array_equal(a, b) for a, b in pairs)

    def some(self, n: int) -> NDArray[np.int64]:
        """(m,) indices of some of n rows, ascending, for passes by the equations.

        All, unless rows times weights exceed MOST_PRODUCTS; but at least FEWEST_ROWS.
        """
        return spread(n, max(FEWEST_ROWS, int(MOST_PRODUCTS / self.network.parameter_count)))

    def scaled_inputs(self, X: Any) -> NDArray[np.float64]:
        """X (n, n_in) as the network takes it, dense, with `input_scale` applied."""
        x = np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
        if self.input_scale is None:
            return x
        multiply, offset = self.input_scale if isinstance(self.input_scale, (tuple, list)) else (self.input_scale, 0.0)
        return np.asarray(x * multiply + offset)

    @property
    def initialised(self) -> Setup:
        """The same with the network set to the linear model of the training rows, if `from_line`.

        To be taken again after any change of rows or network.

        Raises:
            InputError: X or T are not tables of numbers.
        """
        if not self.from_line:
            return self
        from deltaw.models.fitting.trainings.linear_start import start_from_line

        X, T = matrix(self.X, "X"), matrix(self.T, "T")
        weight = None if self.sample_weight is None else np.asarray(self.sample_weight)
        unscaled = self.input_scale is None and not hasattr(X, "tocsr")  # needs no float64 copy
        network = self.network.copy()
        start_from_line(network, X, T, weight, np.asarray if unscaled else self.scaled_inputs, self.target_encoded)
        return replace(self, network=network)

    def seeded(self, seed: int) -> Setup:
        """The same with another `seed`: other initial weights, if they were drawn, and another order of rows."""
        net = self.network
        if self.drawn:
            net = Network(net.sizes, net.activations, net.bias, net.init, seed)
        return replace(self, network=net, seed=seed).initialised


def matrix(values: Any, what: str) -> Any:
    """X (n, n_in) or T (n, k) as an array or a CSR matrix. Raises InputError for what is not a table of numbers."""
    if hasattr(values, "tocsr"):
        return values.tocsr()
    try:
        array = np.asarray(unmasked(values))
        array = array if array.dtype.kind in "fiub" else array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "{what}: expected rows of numbers", say("something else"), "encode text as numbers first", what=what
        ) from None
    if array.ndim not in (1, 2):
        raise InputError(
            "{what}: expected rows of numbers, (n, k)", say("shape {shape}", shape=array.shape), "reshape it", what=what
        )
    return array if array.ndim != 1 or what == "X" else array[:, None]
