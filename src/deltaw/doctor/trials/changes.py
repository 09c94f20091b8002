"""Operations that change more than a field of a `Setup`: scaling inputs, drawing new weights, …

`applied(setup, {"learning_rate": 0.01, "inputs": "standard"})` returns a new Setup. A name is a field of `Setup` or a
row of OPERATIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.setup import Setup, matrix
from deltaw.equations.losses import one_hot
from deltaw.exceptions import SettingError
from deltaw.network import Network
from deltaw.speech import listed

Array = NDArray[Any]

INTERVALS, MOST_INTERVALS = (4, 32), 256  # fewest and most of a column; of all columns together
# Of the robust scaling: the quartiles, the interquartile range of a standard normal distribution, the clipping.
QUARTILES, NORMAL_RANGE, CLIP = (0.25, 0.5, 0.75), 1.35, 5.0


def applied(setup: Setup, changes: Mapping[str, Any]) -> Setup:
    """The setup after all changes, in order. Raises SettingError for an unknown name."""
    known = {field.name for field in fields(Setup)}
    for name, value in changes.items():
        if name in known:
            setup = replace(setup, **{name: value})
        elif name in OPERATIONS:
            setup = OPERATIONS[name](setup, value)
        else:
            raise SettingError(
                "change: expected a setting or one of {operations}",
                repr(name),
                "choose one of these",
                operations=listed(OPERATIONS),
            )
    return setup.initialised


def _activations(setup: Setup, names: str | Sequence[str]) -> Setup:
    """Other activations, the same weights."""
    net = setup.network.copy()
    net.activations = [names] * len(net.weights) if isinstance(names, str) else list(names)
    return replace(setup, network=net)


def _output_activation(setup: Setup, name: str) -> Setup:
    return _activations(setup, [*setup.network.activations[:-1], name])


def _hidden_activation(setup: Setup, name: str) -> Setup:
    hidden = len(setup.network.activations) - 1
    return _activations(setup, [name] * hidden + setup.network.activations[-1:])


def _init(setup: Setup, rule: Any) -> Setup:
    """New weights by one rule, one rule per layer, or (None) by each layer's activation; biases are zero."""
    net = setup.network
    return replace(setup, network=Network(net.sizes, net.activations, net.bias, rule, net.seed))


def _bias(setup: Setup, given: bool) -> Setup:
    """b in every layer, or in none; the same weights."""
    net = setup.network.copy()
    net.bias = [given] * len(net.weights)
    return replace(setup, network=net)


def _hidden(setup: Setup, sizes: Sequence[int]) -> Setup:
    """Other hidden layers with the first hidden layer's activation (relu if there was none), and new weights."""
    net = setup.network
    name = net.activations[0] if len(net.activations) > 1 else "relu"
    names = [name] * len(sizes) + net.activations[-1:]
    return replace(setup, network=Network([net.sizes[0], *sizes, net.sizes[-1]], names, seed=net.seed))


def _outputs(setup: Setup, count: int) -> Setup:
    """Another number of outputs, and new weights."""
    net = setup.network
    return replace(setup, network=Network([*net.sizes[:-1], count], net.activations, net.bias, seed=net.seed))


def _inputs(setup: Setup, scaling: str) -> Setup:
    """Scaled columns, by the training rows: "standard" (mean and standard deviation), "unit" (to 0 … 1), "robust"
    (median and interquartile range / 1.35, clipped to ±5) or "piecewise" (an input for each interval; new weights).
    """
    if scaling == "piecewise":
        return _piecewise(setup)
    x = setup.scaled_inputs(setup.X)
    if scaling == "unit":
        shift = np.nanmin(x, axis=0)
        width = np.nanmax(x, axis=0) - shift
    elif scaling == "standard":
        shift, width = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    elif scaling == "robust":
        lower, shift, upper = np.nanquantile(x, QUARTILES, axis=0)
        width = np.where(upper > lower, (upper - lower) / NORMAL_RANGE, np.nanstd(x, axis=0))
    else:
        raise SettingError("inputs: expected standard, unit, robust or piecewise", repr(scaling), "choose one of these")
    most = CLIP if scaling == "robust" else np.inf
    constant = ~(width > 0)  # such a column becomes 1 (0 stays 0), since it may serve as the bias
    width[constant], shift[constant] = np.where(shift == 0, 1.0, shift)[constant], 0.0
    return _with_inputs(setup, lambda rows: np.asarray(np.clip((rows - shift) / width, -most, most)))


def _piecewise(setup: Setup) -> Setup:
    """Each column as how far it has come through each of its intervals, 0 … 1 (Gorishniy et al. 2022, section 3.1)."""
    x = setup.scaled_inputs(setup.X)
    most = int(np.clip(MOST_INTERVALS // x.shape[1], *INTERVALS))
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, most + 1))) for column in x.T]
    made = [j for j, each in enumerate(edges) if len(each) > 1]

    def encoded(rows: Array) -> Array:
        return np.hstack([np.clip((rows[:, [j]] - edges[j][:-1]) / np.diff(edges[j]), 0, 1) for j in made])

    return _other_inputs(setup, encoded, [j for j in made for _ in edges[j][1:]])


def _other_inputs(setup: Setup, encoded: Callable[[Array], Array], columns: Sequence[int]) -> Setup:
    """Inputs by a function of those there are, each made of one of these `columns`; and new weights."""
    net = setup.network
    names = tuple(setup.columns[j] if setup.columns else f"x{j}" for j in columns)
    network = Network([len(names), *net.sizes[1:]], net.activations, net.bias, None, net.seed)
    made = replace(setup, network=network, columns=names, raw=setup.raw and (), target_encoded=())
    return _with_inputs(made, encoded)


def _fill(setup: Setup, statistic: str) -> Setup:
    """NaN and infinity replaced by the mean of the column's finite values, or 0 if there are none."""
    if statistic != "mean":
        raise SettingError("fill: expected mean", repr(statistic), "give that")
    x = setup.scaled_inputs(setup.X)
    known = np.isfinite(x)
    means = np.where(known, x, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return _with_inputs(setup, lambda rows: np.where(np.isfinite(rows), rows, means))


def _missing(setup: Setup, values: Sequence[tuple[int, float]]) -> Setup:
    """In place of a value of an input the mean of its others."""
    x = setup.scaled_inputs(setup.X)

    def of(j: int, value: float) -> Callable[[Array], Array]:
        mean = x[x[:, j] != value, j].mean()
        return lambda v: np.where(v == value, mean, v)

    return _cells(setup, {j: of(j, value) for j, value in values})


def _units(setup: Setup, groups: Sequence[tuple[int, float, float, float, float]]) -> Setup:
    """Values of an input from `above` on, around `high`, as values around `low`, a `factor` narrower."""

    def of(above: float, low: float, high: float, factor: float) -> Callable[[Array], Array]:
        return lambda v: np.where(v >= above, low + (v - high) / factor, v)

    return _cells(setup, {j: of(*rest) for j, *rest in groups})


def _cells(setup: Setup, changes: Mapping[int, Callable[[Array], Array]]) -> Setup:
    """Inputs with each of these columns changed."""

    def changed(rows: Array) -> Array:
        rows = rows.copy()
        for j, change in changes.items():
            rows[:, j] = change(rows[:, j])
        return rows

    return _with_inputs(setup, changed)


def _whole_rows(setup: Setup, on: bool) -> Setup:
    """Without rows that have NaN or infinity, in training, validation and test rows."""
    if not on:
        return setup

    def bad(X: Any) -> Array:
        return np.flatnonzero(~np.isfinite(setup.scaled_inputs(X)).all(axis=1))

    def whole(rows: Any) -> Any:
        keep = np.setdiff1d(np.arange(len(rows[1])), bad(rows[0]))
        return tuple(matrix(part, "X")[keep] for part in rows)

    return replace(_drop_rows(setup, bad(setup.X).tolist()), **_held_out(setup, whole))


def _targets(setup: Setup, scaling: Any) -> Setup:
    """Scaled targets: "standard" (mean and standard deviation), or linearly into ("range", low, high)."""
    t = np.asarray(setup.T, np.float64)
    if scaling == "standard":
        shift, width, low = np.mean(t, axis=0), np.std(t, axis=0), 0.0
    else:
        _, low, high = scaling
        shift, width = np.min(t, axis=0), (np.max(t, axis=0) - np.min(t, axis=0)) / (high - low)
    width = np.where(width > 0, width, 1.0)
    return _with_targets(setup, lambda values: (np.asarray(values, np.float64) - shift) / width + low)


def _labels(setup: Setup, values: tuple[float, float]) -> Setup:
    """Binary targets written as these two values."""
    t = np.asarray(setup.T, np.float64)
    middle = (t.min() + t.max()) / 2
    no, yes = values
    return _with_targets(setup, lambda given: np.where(np.asarray(given, np.float64) > middle, yes, no))


def _one_hot(setup: Setup, classes: int) -> Setup:
    """Class numbers as one-hot rows."""
    return _with_targets(setup, lambda values: one_hot(np.asarray(values).reshape(-1).astype(np.int64), classes))


def _balance(setup: Setup, on: bool) -> Setup:
    """Row weights that give all classes the same total weight, with a mean of 1."""
    if not on:
        return replace(setup, sample_weight=None)
    known = targets_of(setup)
    if known.task != "classification":
        raise SettingError("balance: expected classes", known.task, "leave it out")
    label = known.label(setup.T)
    counts = np.bincount(label, minlength=len(known.classes))
    return replace(setup, sample_weight=len(label) / (np.count_nonzero(counts) * counts[label]))


def _with_inputs(setup: Setup, change: Callable[[Array], Array]) -> Setup:
    """Other inputs, by a function of the scaled ones."""

    def changed(X: Any) -> Array:
        return change(setup.scaled_inputs(X))

    held_out = _held_out(setup, lambda rows: (changed(rows[0]), *rows[1:]))
    return replace(setup, X=changed(setup.X), input_scale=None, **held_out)


def _with_targets(setup: Setup, change: Callable[[Any], Array]) -> Setup:
    return replace(setup, T=change(setup.T), **_held_out(setup, lambda rows: (rows[0], change(rows[1]), *rows[2:])))


def _held_out(setup: Setup, change: Callable[[Any], Any]) -> dict[str, Any]:
    """Validation and test rows after a change of (X, T, …)."""
    return {name: change(rows) for name in ("validation", "test") if (rows := getattr(setup, name)) is not None}


def _drop_columns(setup: Setup, columns: Sequence[int]) -> Setup:
    """Without these inputs and their weights in the first layer."""
    keep = np.setdiff1d(np.arange(setup.network.sizes[0]), columns)
    net = setup.network.copy()
    net.sizes = [len(keep), *net.sizes[1:]]
    net.weights = [net.weights[0][:, keep], *net.weights[1:]]
    names = None if setup.columns is None else tuple(setup.columns[i] for i in keep)
    held_out = _held_out(setup, lambda rows: (_columns_of(rows[0], keep), *rows[1:]))
    raw, encoded = setup.raw and (), tuple(np.flatnonzero(np.isin(keep, setup.target_encoded)).tolist())
    return replace(
        setup, network=net, X=_columns_of(setup.X, keep), columns=names, raw=raw, target_encoded=encoded, **held_out
    )


def _codes(setup: Setup, columns: Sequence[int]) -> Setup:
    """In place of these inputs one for each of their values, 1 where the row has it; and new weights."""
    x = setup.scaled_inputs(setup.X)
    keep = np.setdiff1d(np.arange(x.shape[1]), columns)
    values = [(j, np.unique(x[:, j])) for j in columns]

    def coded(rows: Array) -> Array:
        return np.column_stack([rows[:, keep], *(1.0 * (rows[:, [j]] == known) for j, known in values)])

    return _other_inputs(setup, coded, [*keep.tolist(), *(j for j, known in values for _ in known)])


def _columns_of(X: Any, keep: Array) -> Any:
    rows: Any = X.tocsr() if hasattr(X, "tocsr") else np.asarray(X)
    return rows[:, keep]


def _drop_rows(setup: Setup, rows: Sequence[int]) -> Setup:
    """Without these training rows."""
    keep = np.setdiff1d(np.arange(setup.X.shape[0] if hasattr(setup.X, "shape") else len(setup.X)), rows)
    X = setup.X.tocsr()[keep] if hasattr(setup.X, "tocsr") else np.asarray(setup.X)[keep]
    weight = None if setup.sample_weight is None else np.asarray(setup.sample_weight)[keep]
    return replace(setup, X=X, T=np.asarray(setup.T)[keep], sample_weight=weight, raw=setup.raw and ())


# Operations that make another network.
NETWORK: dict[str, Callable[[Setup, Any], Setup]] = {
    "activations": _activations,
    "output_activation": _output_activation,
    "hidden_activation": _hidden_activation,
    "init": _init,
    "bias": _bias,
    "hidden": _hidden,
    "outputs": _outputs,
    "drop_columns": _drop_columns,
    "codes": _codes,
}
OPERATIONS: dict[str, Callable[[Setup, Any], Setup]] = {
    **NETWORK,
    "inputs": _inputs,
    "fill": _fill,
    "missing": _missing,
    "units": _units,
    "whole_rows": _whole_rows,
    "targets": _targets,
    "labels": _labels,
    "one_hot": _one_hot,
    "balance": _balance,
    "drop_rows": _drop_rows,
}
