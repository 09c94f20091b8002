"""A network: layer sizes, activations, and the weights and biases that training changes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw import notebook
from deltaw.equations import backprop
from deltaw.equations.activations import Activation, activation
from deltaw.equations.initializers import Initializer, initializer
from deltaw.exceptions import InputError, SettingError
from deltaw.given import is_whole
from deltaw.speech import listed, say

# The rule for initial weights that keeps the size of signals, for each kind of activation.
INIT_FOR = {
    "relu": "he_normal", "leaky_relu": "he_normal", "elu": "he_normal", "gelu": "he_normal", "silu": "he_normal",
    "mish": "he_normal", "softplus": "he_normal", "selu": "lecun_normal",
}  # fmt: skip


class Network:
    """A fully connected network. Layer l is z = W a + b, o = f(z).

    Args:
        sizes: units of every layer, the input first: [784, 200, 10] has two layers of weights.
        activations: one name for all layers, or one for each; see `deltaw.equations.activations`. If not
            given: relu in hidden layers, identity at the output.
        bias: whether layers have a b; one answer for all or one for each.
        init: rule for the initial weights, one for all layers or one for each; see
            `deltaw.equations.initializers`. If not given, by activation: he_normal for the relu family,
            lecun_normal for selu, xavier_uniform for all others. Biases start at zero.
        seed: an integer; the same seed gives the same weights.

    Attributes:
        weights: one array a layer, (n_out, n_in), as in the notes' y = Wx.
        biases: one array a layer, (n_out,); zeros that are never trained where `bias` is False.

    Raises:
        SettingError: a size, name, or count of them that cannot be.

    Examples:
        >>> import numpy as np, deltaw
        >>> net = deltaw.Network([4, 8, 3], ["tanh", "softmax"], seed=0)
        >>> [W.shape for W in net.weights]
        [(8, 4), (3, 8)]
        >>> net.forward(np.zeros((2, 4))).shape
        (2, 3)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: str | Sequence[str] | None = None,
        bias: bool | Sequence[bool] = True,
        init: str | Initializer | Sequence[str | Initializer] | None = None,
        seed: int = 0,
    ) -> None:
        self.sizes = _checked_sizes(sizes)
        layers = len(self.sizes) - 1
        if activations is None:
            activations = ["relu"] * (layers - 1) + ["identity"]
        names = _per_layer(activations, layers, "activations", str)
        self.activations = [activation(name).name for name in names]
        self.bias = [bool(one) for one in _per_layer(bias, layers, "bias", (bool, np.bool_))]
        if init is None:
            init = [INIT_FOR.get(name, "xavier_uniform") for name in self.activations]
        rules = [initializer(one) for one in _per_layer(init, layers, "init", (str, Initializer))]
        self.init = [rule.name for rule in rules]
        self.seed = seed
        rng = generator(seed)
        shapes = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        try:
            self.weights: list[NDArray[Any]] = [
                rule.draw(rng, n_out, n_in) for rule, (n_out, n_in) in zip(rules, shapes, strict=True)
            ]
            self.biases: list[NDArray[Any]] = [np.zeros(n_out) for n_out, _ in shapes]
        except (MemoryError, ValueError):  # of NumPy, whose arrays have a largest size
            size = 8e-9 * sum(n_out * (n_in + 1) for n_out, n_in in shapes)
            expected, found = "sizes: expected a network that the memory holds", say("{size:,.0f} GB", size=size)
            raise SettingError(expected, found, "give layers of fewer units") from None

    @property
    def rows(self) -> list[Activation]:
        """The table rows of the activations, one a layer."""
        return [activation(name) for name in self.activations]

    @property
    def parameter_count(self) -> int:
        """How many numbers training may change: weights, and biases where a layer has them."""
        return sum(w.size for w in self.weights) + sum(
            b.size for b, has in zip(self.biases, self.bias, strict=True) if has
        )

    def summary(self) -> str:
        """Units and activations in one line: "4 → 128 selu → 3 softmax"."""
        layers = zip(self.sizes[1:], self.activations, strict=True)
        return " → ".join([str(self.sizes[0]), *(f"{units} {name}" for units, name in layers)])

    def check(self) -> None:
        """Raise SettingError unless every weight and bias has the shape that `sizes` says and is finite."""
        layers = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        for what, arrays in (("weights", self.weights), ("biases", self.biases)):
            if len(arrays) != len(layers):
                raise SettingError(
                    "{what}: expected one array for each of the {n} layers",
                    f"{len(arrays)}",
                    "make the network again with the sizes it should have",
                    what=what,
                    n=len(layers),
                )
        for l, (n_out, n_in) in enumerate(layers):
            pairs = (("weights", self.weights, (n_out, n_in)), ("biases", self.biases, (n_out,)))
            for what, arrays, shape in pairs:
                array = np.asarray(arrays[l])
                if array.shape != shape or array.dtype.kind not in "fiu":
                    raise SettingError(
                        "{what}[{l}]: expected numbers of shape {shape}",
                        say("{dtype} of shape {shape}", dtype=array.dtype, shape=array.shape),
                        "assign an array of that shape",
                        what=what,
                        l=l,
                        shape=shape,
                    )
                if not np.isfinite(array).all():
                    raise SettingError(
                        "{what}[{l}]: expected finite numbers",
                        say("NaN or infinity"),
                        "make the network again",
                        what=what,
                        l=l,
                    )

    def forward(self, X: ArrayLike) -> NDArray[np.float64]:
        """The outputs, by the equations: (n, n_out), float64.

        Args:
            X: rows (n, n_in), a SciPy sparse matrix too, or one row (n_in,).

        Raises:
            InputError: another number of columns, or what is not numbers.
        """
        return self.signals(X).o[-1]

    def signals(self, X: ArrayLike) -> backprop.Signals:
        """Every z and o on the way, layer by layer, each (n, units); see `deltaw.equations.backprop.Signals`.

        Args:
            X: as in `forward`.

        Raises:
            InputError: as `forward`.
        """
        x: Any = X if hasattr(X, "tocsr") else np.atleast_2d(array(X, "X"))
        check_inputs(x, self.sizes[0], "X")
        x = x if hasattr(X, "tocsr") else x.astype(np.float64, copy=False)
        W = [np.asarray(w, np.float64) for w in self.weights]
        b = [np.asarray(v, np.float64) for v in self.biases]
        return backprop.forward(x, W, b, self.rows)

    def copy(self) -> Network:
        """A network of its own with the same weights."""
        twin = object.__new__(Network)
        twin.__dict__.update(self.__dict__)
        twin.weights = [w.copy() for w in self.weights]
        twin.biases = [b.copy() for b in self.biases]
        return twin

    def _repr_html_(self) -> str:
        """A table for a notebook: a line a layer."""
        layers = zip(self.weights, self.biases, self.bias, self.activations, self.init, strict=True)
        rows = [
            (f"{l}", f"{W.shape[1]:,}", f"{W.shape[0]:,}", f"{W.size + b.size * bias:,}", name, init)
            for l, (W, b, bias, name, init) in enumerate(layers, 1)
        ]
        headings = ("layer", "inputs", "units", "parameters", "activation", "initial weights")
        what = say("{network}: {n:,} parameters", network=self.summary(), n=self.parameter_count)
        return notebook.fragment(notebook.heading(what), notebook.table(list(map(say, headings)), rows, range(4)))

    def __repr__(self) -> str:
        bias = self.bias[0] if len(set(self.bias)) == 1 else self.bias
        return f"Network({self.sizes}, activations={self.activations}, bias={bias})"


def array(values: Any, what: str) -> NDArray[Any]:
    """An array of values that may be numbers. Raises InputError for masked cells, and rows of different widths."""
    if hides(values):
        place = listed(str(each) for each in np.argwhere(np.ma.getmaskarray(values))[0])
        found = say("a masked cell at {place}", place=place)
        raise InputError("{what}: expected an array of numbers", found, "fill it in, or leave its row out", what=what)
    try:
        return _of_objects(np.asarray(values))
    except (TypeError, ValueError):
        expected = "{what}: expected an array of numbers"
        raise InputError(expected, say("rows of different widths"), "make all rows of one width", what=what) from None


def hides(values: Any) -> bool:
    """Whether it is a masked array that masks something; NumPy loads what it has for these where one is used."""
    return hasattr(values, "filled") and bool(np.ma.is_masked(values))


def _of_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers that NumPy keeps as objects, as those of pandas' nullable types and of mixed columns; others stay."""
    if array.dtype != object or not all(isinstance(value, (Real, Decimal, np.bool_)) for value in array.flat):
        return array
    return array.astype(np.float64)


def check_inputs(x: Any, n_in: int, what: str) -> None:
    """Raise InputError unless it is a matrix of numbers, of n_in columns."""
    if x.dtype.kind not in "fiub":
        remedy = "encode text first, or use deltaw.fit for tables"
        raise InputError("{what}: expected numbers", say("dtype {dtype}", dtype=x.dtype), remedy, what=what)
    if x.ndim != 2 or x.shape[1] != n_in:
        expected = "{what}: expected {n_in} columns, the network's inputs"
        raise InputError(expected, say("shape {shape}", shape=x.shape), "give rows of that width", what=what, n_in=n_in)


def generator(seed: int) -> np.random.Generator:
    """The random numbers of a seed. Raises SettingError unless it is an integer, 0 or more."""
    if not is_whole(seed, 0):
        raise SettingError("seed: expected a whole number, 0 or more", repr(seed), "give one such as 0")
    return np.random.default_rng(seed)


def _checked_sizes(sizes: Sequence[int]) -> list[int]:
    try:
        checked = [int(size) for size in sizes]
        good = len(checked) >= 2 and all(size >= 1 for size in checked) and checked == list(sizes)
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise SettingError(
            "sizes: expected two or more whole numbers, 1 or more, the input's first", repr(sizes),
            "write them like [784, 200, 10]",
        )  # fmt: skip
    return checked


def _per_layer(given: Any, layers: int, what: str, kind: type | tuple[type, ...]) -> list[Any]:
    """One setting for all layers, or one for each, as a list with one for each."""
    if isinstance(given, kind):
        return [given] * layers
    try:
        each = list(given)
    except TypeError:
        each = []
    if len(each) != layers:
        raise SettingError(
            "{what}: expected one, or one for each layer of weights ({layers})",
            f"{len(each)}" if each else repr(given),
            "give one for each layer after the input",
            what=what,
            layers=layers,
        )
    return each


def check_network(network: Any) -> None:
    """Raise SettingError for what is no network, or one whose weights cannot be used; see `Network.check`."""
    if not isinstance(network, Network):
        raise SettingError("network: expected a deltaw.Network", repr(network), "make one: deltaw.Network([784, 10])")
    network.check()
