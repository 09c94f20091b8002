"""Repairs as options of `deltaw train` and as Python.

For a table they are settings of the recipe, for the command line and `deltaw.fit` alike. For arrays they are arguments
of `deltaw.Network` and `deltaw.train`, with lines of NumPy before the call for what cannot be an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.findings import Finding, Repair
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.changes import NETWORK, applied
from deltaw.equations.optimizers import optimizer
from deltaw.models import Recipe
from deltaw.network import Network
from deltaw.speech.settings import quoted, value_of, words_of

MOST_NUMBERS = 12  # indices in the code; more are read from the diagnosis
# Settings with an option of their own; any other is given by --set.
OPTIONS = ("hidden", "epochs", "learning_rate", "batch_size", "seed", "class_weight", "drop", "kinds")


@dataclass(frozen=True)
class Code:
    """The changes of a repair as code.

    Attributes:
        command: options of `deltaw train`, quoted for a shell; "" if no options do it.
        python: statements in one line; "" if there is nothing to change.
    """

    command: str = ""
    python: str = ""


def code(finding: Finding, setup: Setup) -> Code:
    """The repair of one finding as code."""
    changes = {} if finding.repair is None else finding.repair.changes
    if not changes:
        return Code()
    return _of_table(changes, setup) if setup.raw is not None else _of_arrays(changes, setup, finding.rule)


def joint_code(findings: Iterable[Finding], setup: Setup) -> Code:
    """All repairs as code; a later change of a setting replaces an earlier one."""
    changes: dict[str, Any] = {}
    rule = ""
    for finding in findings:
        made = {} if finding.repair is None else finding.repair.changes
        changes |= made
        rule = finding.rule if made.keys() & {"drop_columns", "drop_rows"} else rule
    return code(Finding("", repair=Repair("", changes), rule=rule), setup)


# --- a table: settings of a recipe ----------------------------------------------------------------------------------

# Changes whose names differ from the recipe's settings, or that a recipe always makes.
AS_SETTINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "inputs": lambda scaling: {"scaling": scaling},
    "hidden_activation": lambda name: {"activation": name},
    "activations": lambda names: (
        ({"activation": names[0]} if len(names) > 1 else {}) | {"output_activation": names[-1]}
    ),
    "targets": lambda scaling: (
        {"targets": "standard"} if scaling == "standard" else _targets("range", scaling[1], scaling[2])
    ),
    "labels": lambda values: _targets("one_hot", *values),
    "one_hot": lambda classes: _targets("one_hot", 0.0, 1.0),
    "dropout": lambda rate: {"dropout": min(rate) if isinstance(rate, tuple) else rate},  # one for all layers
    "balance": lambda on: {"class_weight": "balanced"},
    "shuffle": lambda on: {},  # always
    "reduction": lambda mean: {},
}
SETTINGS = {field.name for field in fields(Recipe)} | {"seed", *AS_SETTINGS}


def _targets(kind: str, low: float, high: float) -> dict[str, Any]:
    return {"targets": kind, "target_low": float(low), "target_high": float(high)}


def _of_table(changes: Mapping[str, Any], setup: Setup) -> Code:
    lines = ["table = table.drop_duplicates()"] if "drop_rows" in changes else []  # there is no setting for it
    settings: dict[str, Any] = {}
    if names := _whole_columns(changes.get("drop_columns", ()), setup):
        settings["drop"] = names
    if coded := _whole_columns(changes.get("codes", ()), setup):
        settings["kinds"] = dict.fromkeys(coded, "category")
    for name, value in changes.items():
        if name in SETTINGS:
            settings |= AS_SETTINGS[name](value) if name in AS_SETTINGS else {name: value}
    if "optimizer" in settings:
        settings["optimizer"] = _optimizer(settings["optimizer"])
    command = " ".join(quoted(word) for pair in settings.items() for word in _option(*pair))
    if settings or lines:
        lines.append(f"deltaw.fit(table, target, {', '.join(['...', *filter(None, [_keywords(settings)])])})")
    settable = SETTINGS | ({"drop_columns"} if names else set()) | ({"codes"} if coded else set())
    return Code(command if changes.keys() <= settable else "", "; ".join(lines))


def _whole_columns(inputs: Iterable[int], setup: Setup) -> list[str]:
    """Names of the columns all of whose inputs are dropped."""
    dropped = set(inputs)
    return [column.name for column in setup.raw or () if column.inputs and dropped >= set(column.inputs)]


def _option(name: str, value: Any) -> list[str]:
    value = _plain(value)
    if name in OPTIONS:
        return words_of(name, value if value != () else "none")
    return ["--set", f"{name}={value_of(value)}"]


# --- arrays: NumPy, deltaw.Network and deltaw.train -----------------------------------------------------------------

SCALED = {
    "standard": "X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)",
    "robust": (
        "q = np.quantile(X, [0.25, 0.5, 0.75], axis=0); "
        "width = np.where(q[2] > q[0], (q[2] - q[0]) / 1.35, X.std(axis=0)); "
        "X = np.clip((X - q[1]) / np.where(width > 0, width, 1), -5, 5)"
    ),
    "piecewise": (
        "e = [np.unique(np.quantile(c, np.linspace(0, 1, 33))) for c in X.T]; "
        "X = np.hstack([np.clip((X[:, [j]] - v[:-1]) / np.diff(v), 0, 1) for j, v in enumerate(e) if len(v) > 1])"
    ),
    "unit": "X = (X - X.min(axis=0)) / np.where(np.ptp(X, axis=0) > 0, np.ptp(X, axis=0), 1)",
}
LINES: dict[str, Callable[[Any, Setup], str]] = {
    "inputs": lambda scaling, setup: SCALED[scaling],
    "fill": lambda mean, setup: (
        "X = np.where(np.isfinite(X), X, np.nanmean(np.where(np.isfinite(X), X, np.nan), axis=0))"
    ),
    "missing": lambda values, setup: "; ".join(
        f"code = np.isclose(X[:, {j}], {value:g}); X[code, {j}] = X[~code, {j}].mean()" for j, value in values
    ),
    "units": lambda groups, setup: "; ".join(
        f"high = X[:, {j}] >= {above:g}; X[high, {j}] = {low:g} + (X[high, {j}] - {middle:g}) / {factor:g}"
        for j, above, low, middle, factor in groups
    ),
    "whole_rows": lambda on, setup: "keep = np.isfinite(X).all(axis=1); X, T = X[keep], T[keep]",
    "targets": lambda scaling, setup: (
        "T = (T - T.mean(axis=0)) / T.std(axis=0)" if scaling == "standard" else
        f"T = {scaling[1]:g} + {scaling[2] - scaling[1]:g} * (T - T.min(axis=0)) / np.ptp(T, axis=0)"
    ),
    "labels": lambda values, setup: f"T = np.where(T > (T.min() + T.max()) / 2, {values[1]:g}, {values[0]:g})",
    "one_hot": lambda classes, setup: f"T = np.eye({classes})[np.reshape(T, -1).astype(int)]",
    "balance": lambda on, setup: (
        f"label = {_label(setup)}; sample_weight = len(T) / len(np.unique(label)) / np.bincount(label)[label]"
    ),
    "drop_columns": lambda columns, setup: f"X = np.delete(X, {list(columns)}, axis=1)",
    "drop_rows": lambda rows, setup: f"X, T = np.delete(X, {list(rows)}, axis=0), np.delete(T, {list(rows)}, axis=0)",
    "codes": lambda columns, setup: (
        f"X = np.hstack([np.delete(X, {list(columns)}, axis=1), "
        f"*(X[:, [j]] == np.unique(X[:, j]) for j in {list(columns)})])"
    ),
    "reduction": lambda mean, setup: "",  # deltaw.train averages
}  # fmt: skip
LABEL = {"labels": "np.reshape(T, -1).astype(int)", "one_hot": "T.argmax(axis=1)"}


def _label(setup: Setup) -> str:
    form = targets_of(setup).form
    return LABEL.get(form, "(np.reshape(T, -1) > (T.min() + T.max()) / 2).astype(int)")


def _of_arrays(changes: Mapping[str, Any], setup: Setup, rule: str) -> Code:
    lines = []
    for name, value in changes.items():
        if name not in LINES:
            continue
        if name in ("drop_columns", "drop_rows") and len(value) > MOST_NUMBERS:
            found = f"next(f for f in diagnosis.findings if f.rule == {rule!r}).repair.changes[{name!r}]"
            X = f"X = np.delete(X, {found}, axis={int(name == 'drop_columns')})"
            lines.append(X if name == "drop_columns" else f"{X}; T = np.delete(T, {found}, axis=0)")
        else:
            lines.append(LINES[name](value, setup))
    if "inputs" in changes and hasattr(setup.X, "tocsr"):
        lines.insert(0, "X = X.toarray()")
    redrawn = {name: value for name, value in changes.items() if name in NETWORK or value == "piecewise"}
    if redrawn:
        lines.append(f"net = {_network(applied(setup, redrawn).network)}")
    words = {name: value for name, value in changes.items() if name not in LINES and name not in NETWORK}
    words |= {"optimizer": _optimizer(words["optimizer"])} if "optimizer" in words else {}
    words |= {"input_scale": None} if setup.input_scale is not None and {"inputs", "fill"} & changes.keys() else {}
    given = [*([_keywords(words)] if words else []), *(["sample_weight=sample_weight"] if "balance" in changes else [])]
    return Code(python="; ".join([*filter(None, lines), f"deltaw.train(net, X, T, {', '.join(['...', *given])})"]))


def _network(net: Network) -> str:
    """The call of `deltaw.Network` that makes such a network, with newly drawn weights."""
    usual = Network(net.sizes, net.activations)
    names = net.activations[0] if len(set(net.activations)) == 1 else net.activations
    words: dict[str, Any] = {}
    if not all(net.bias):
        words["bias"] = net.bias
    if net.init != usual.init:
        words["init"] = net.init
    if net.seed:
        words["seed"] = net.seed
    return f"deltaw.Network({', '.join([repr(list(net.sizes)), repr(names), *([_keywords(words)] if words else [])])})"


# --- values ---------------------------------------------------------------------------------------------------------


def _keywords(words: Mapping[str, Any]) -> str:
    """ "learning_rate=0.003, optimizer='adam'"."""
    shown = {name: _plain(value) for name, value in words.items()}
    return ", ".join(f"{name}={_short(v) if isinstance(v, float) else repr(v)}" for name, v in shown.items())


def _plain(value: Any) -> Any:
    """A value as plain Python; a loss, schedule etc. by its name."""
    value = getattr(value, "name", value)
    return tuple(value) if isinstance(value, list) else value.item() if hasattr(value, "item") else value


def _optimizer(given: Any) -> str:
    """ "adamw(weight_decay=0)": with the settings that are not defaults."""
    row = optimizer(given)
    usual = optimizer(row.name)
    other = {f.name: getattr(row, f.name) for f in fields(row) if getattr(row, f.name) != getattr(usual, f.name)}
    return f"{row.name}({_keywords(other)})" if other else row.name


def _short(value: float) -> str:
    """Six digits, as in the text of the repair."""
    return f"{value:g}"
