"""What the doctor examines: a network, its data and the settings of a training, right or wrong."""

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
from deltaw.preparation.target import Target
from deltaw.speech import listed, say
from deltaw.tables.choice import names_of

# What the table knows beside the words of `deltaw.train`.
OWN = ("network", "X", "T", "task", "columns", "reduction", "test", "raw", "answers", "means", "from_line")
TASKS = ("classification", "labels", "regression")
REDUCTIONS = ("mean", "sum")
# Products of a weight and a signal that the equations may take to look at rows once: a fraction of a second.
MOST_PRODUCTS, FEWEST_LOOKED_AT = 2e9, 200
# Optimisers whose step does not grow with the gradient: a loss that is summed instead of averaged changes nothing.
SCALE_FREE = frozenset({"adam", "adamw", "rmsprop", "adagrad"})


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column of a table, as it was before it became inputs.

    Attributes:
        values: (n,) float64, of the training rows; words as numbers, one each; NaN where a cell is missing.
        inputs: which columns of X were made of it.
    """

    name: str
    values: NDArray[np.float64]
    inputs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Setup:
    """A training as somebody wrote it down. The words are those of `deltaw.Network` and `deltaw.train`.

    Nothing is checked here: a Setup may hold what `deltaw.train` refuses, since the doctor is asked about that too.

    Attributes:
        network: its weights are where training starts. It is never changed.
        X, T: inputs and targets as they were given.
        task: "classification", "labels" (several yes or no a row) or "regression"; None: by the targets.
        columns: names of the inputs.
        test: (X, T) of rows that training never meets and that choose nothing: they score. None: `validation`, unless
            early stopping chooses the weights by it; where there is neither, some of X are held out.
        reduction: "mean", as `deltaw.train` has it, or "sum" for a program whose E is the sum over a batch's rows.
        raw: the columns of the table that X was made of, by a recipe; None where X is all there is.
        answers: the column of numbers that T was made of, by a recipe; None where T is all there is.
        means: inputs that differ between a row of X and the same row elsewhere; rows are compared without them.
        from_line: whether the network begins with the best line through X, as recipes have it; see `begun`.
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
    answers: Target | None = None
    means: tuple[int, ...] = ()
    from_line: bool = False

    @classmethod
    def of(cls, network: Network, X: Any, T: Any, settings: Mapping[str, Any]) -> Setup:
        """A Setup from a caller's words: `network`, X, T and `settings` as `deltaw.doctor.examine` takes them.

        Raises:
            SettingError: a word that there is not, or what is no network.
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
        """The keyword arguments of `deltaw.train`, as they were given."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in OWN} | {
            "learning_rate": self.rate
        }

    @property
    def apart(self) -> Any:
        """(X, T, …) of the rows that training neither learns from nor chooses by; None where there are none."""
        return self.test if self.test is not None or self.early_stopping is not None else self.validation

    @property
    def rate(self) -> float:
        """α for a mean E: a sum over a batch of n rows steps n times as far, unless the optimiser sets its own pace."""
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
        """Whether the network's weights are those that its `init` and `seed` draw, and not others put in by hand."""
        net = self.network
        try:
            fresh = Network(net.sizes, net.activations, net.bias, net.init, net.seed)
            twin = replace(self, network=fresh).begun.network
        except InputError:
            return False
        pairs = zip([*twin.weights, *twin.biases], [*net.weights, *net.biases], strict=False)
        return all(np.array_equal(a, b) for a, b in pairs)

    def some(self, n: int) -> NDArray[np.int64]:
        """Which of n rows go through the network where the equations are asked, their numbers, rising, (n,) or fewer.

        All, or of a large network so many that rows times weights stay within 2 · 10⁹, but 200 at least.
        """
        most = max(FEWEST_LOOKED_AT, int(MOST_PRODUCTS / self.network.parameter_count))
        return spread(n, most)

    def as_seen(self, X: Any) -> NDArray[np.float64]:
        """X (n, n_in) as the network takes it, dense: a scaled column is no longer sparse."""
        x = np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
        if self.input_scale is None:
            return x
        multiply, offset = self.input_scale if isinstance(self.input_scale, (tuple, list)) else (self.input_scale, 0.0)
        return np.asarray(x * multiply + offset)

    @property
    def begun(self) -> Setup:
        """The same with the line of its own rows in its network, where that is to begin so.

        Whatever changes rows or network asks for it anew: the line of rows held out would know their answers.

        Raises:
            InputError: X or T that are no rows of numbers.
        """
        if not self.from_line:
            return self
        from deltaw.models.fitting.trainings.beginning import on_line

        X, T = matrix(self.X, "X"), matrix(self.T, "T")
        weight = None if self.sample_weight is None else np.asarray(self.sample_weight)
        as_it_is = self.input_scale is None and not hasattr(X, "tocsr")  # a copy of it in float64 would be twice of it
        seen = np.asarray if as_it_is else self.as_seen
        return replace(self, network=on_line(self.network.copy(), X, T, weight, seen))

    def seeded(self, seed: int) -> Setup:
        """The same with another `seed`: other initial weights, where they were drawn, another order of rows."""
        net = self.network
        if self.drawn:
            net = Network(net.sizes, net.activations, net.bias, net.init, seed)
        return replace(self, network=net, seed=seed).begun


def matrix(values: Any, what: str) -> Any:
    """X (n, n_in) or T (n, k) as an array or a CSR matrix of numbers; raises InputError for anything else."""
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
