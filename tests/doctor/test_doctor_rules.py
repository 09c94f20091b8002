"""Each rule before training: found where it should be, silent beside it, silent once repaired."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw import InputError, Network
from deltaw.doctor import RULES, Setup
from deltaw.doctor.diagnosis import diagnose
from deltaw.doctor.evidence.evidence import evidence
from deltaw.doctor.examine import findings
from deltaw.doctor.findings import Finding
from deltaw.doctor.setup import RawColumn
from deltaw.equations.losses import Loss, loss
from deltaw.preparation import Target

rng = np.random.default_rng(3)
N = 400
X = rng.normal(size=(N, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
ONE_HOT = np.eye(2)[Y]
SEVERAL = (X[:, :3] > 0).astype(float)
R = np.sin(X[:, 0]) + X[:, 1]
SETTINGS = {"optimizer": "adam", "learning_rate": 1e-3, "batch_size": 32, "epochs": 20}


def classes(**words: Any) -> Setup:
    """A healthy network of two classes, with changes."""
    made = {"network": Network([4, 16, 2], ["relu", "softmax"]), "X": X, "T": Y, "loss": "cross_entropy"}
    return Setup(**(made | SETTINGS | words))


def binary(output: str = "sigmoid", loss: str = "binary_cross_entropy", T: Any = Y, **words: Any) -> Setup:
    """One output for two classes."""
    return classes(network=Network([4, 16, 1], ["tanh", output]), T=T, loss=loss, **words)


def numbers(output: str = "identity", loss: str = "squared", T: Any = R, **words: Any) -> Setup:
    """One output for a number."""
    return classes(**({"network": Network([4, 16, 1], ["tanh", output]), "T": T, "loss": loss} | words))


def several(output: str = "sigmoid", loss: str = "binary_cross_entropy", T: Any = SEVERAL, **words: Any) -> Setup:
    """Three yes or no a row."""
    return classes(network=Network([4, 16, 3], ["relu", output]), T=T, loss=loss, **words)


def deep(activation: str, layers: int, init: Any = None, units: int = 5, **words: Any) -> Setup:
    """Many hidden layers."""
    net = Network([4, *[units] * layers, 2], [*[activation] * layers, "softmax"], init=init)
    return classes(network=net, **words)


def slots(init: str) -> Setup:
    """One word of 64: of all inputs but one are 0, so that larger weights than the width asks for suit."""
    return classes(network=Network([64, 8, 2], ["tanh", "softmax"], init=init), X=SLOTS)


def with_dead_layer() -> Setup:
    net = Network([4, 16, 16, 2], ["relu", "relu", "softmax"])
    net.biases[1] = np.full(16, -1e3)
    return classes(network=net)


def with_equal_inputs() -> Setup:
    """Units with the same weights in; those out are drawn."""
    setup = deep("relu", 1)
    setup.network.weights[0][:] = 0.3
    return setup


def dead_output() -> Network:
    net = Network([4, 16, 1], ["tanh", "relu"])
    net.biases[1] = np.full(1, -50.0)
    return net


def own(name: str) -> Loss:
    """A loss of somebody's own, of a formula that the table has, times two."""
    row = loss(name)
    return Loss("mine", lambda o, t: 2 * row.E(o, t), lambda o, t: 2 * row.dE(o, t), "2*E", low=row.low, high=row.high)


def column(values: Any) -> np.ndarray:
    """X with one column more."""
    return np.column_stack([X, values])


def wide(values: Any, **words: Any) -> Setup:
    return classes(network=Network([5, 16, 2], ["relu", "softmax"]), X=column(values), **words)


@dataclass(frozen=True)
class Case:
    """A set-up that a rule is about, one beside it that it is not about, and what it should measure."""

    rule: str
    sick: Callable[[], Setup]
    sound: Callable[[], Setup] = classes
    numbers: dict[str, Any] = field(default_factory=dict)
    severity: str | None = None
    mends: bool = True


def column_of_counts() -> np.ndarray:
    """Columns that are nought in most rows, one-hot, rounded, and with a long tail: nothing of it lies far out."""
    counts = np.where(rng.random(N) < 0.9, 0, rng.uniform(1000, 2000, N))
    return np.column_stack([counts, rng.random(N) < 0.01, np.round(X[:, 0]), rng.lognormal(0, 1, N)])


def in_two_units(factor: float) -> np.ndarray:
    """The first column of heights, every second one of them in a smaller unit."""
    heights = (1.7 + 0.1 * X[:, 0]) * np.where(np.arange(N) % 2, 1, factor)
    return np.column_stack([heights, X[:, 1:]])


def answers(*classes: Any) -> Target:
    """A table's column of these classes."""
    return Target("answer", "classification", "", classes)


def oversampled() -> Setup:
    """The rows of one class four times, before the split: copies stand within training, too."""
    every = rng.permutation(np.concatenate([np.flatnonzero(Y == 0), np.repeat(np.flatnonzero(Y == 1), 4)]))
    return classes(X=X[every[200:]], T=Y[every[200:]], validation=(X[every[:200]], Y[every[:200]]))


FAR = np.where(np.arange(X.size).reshape(X.shape) % 9, X, -999.0)
NAN = np.where(X > 2.0, np.nan, X)
ROUNDED = np.round(X[:, :2])
SORTED = np.argsort(Y, kind="stable")
SLOTS = np.eye(64)[np.arange(N) * 7 % 64]
NOTES = Network([4, 6, 6, 2], "sigmoid", init="normal(3)")

CASES = [
    Case("invalid_arguments", lambda: classes(X=X[:, :3]), mends=False),
    Case("invalid_arguments", lambda: classes(loss="cross_entropyy"), mends=False),
    Case("gradient_ascent", lambda: classes(learning_rate=-0.1), numbers={"learning_rate": -0.1}),
    Case("gradient_ascent", lambda: numbers(loss="difference"), numbers),
    Case("zero_learning_rate", lambda: classes(learning_rate=0.0)),
    Case("fading_learning_rate", lambda: classes(schedule="exponential(0.5)"), lambda: classes(schedule="cosine"),
         {"epochs_at_full_rate": pytest.approx(2.0, abs=0.01)}),
    Case("no_bias", lambda: classes(network=Network([4, 16, 2], ["relu", "softmax"], bias=[True, False])),
         numbers={"layers": 1}),
    Case("summed_loss", lambda: numbers(optimizer="sgd", reduction="sum"),
         lambda: numbers(reduction="sum"), {"rate_for_the_mean": 32 * 1e-3}),
    Case("inexact_gradient", lambda: classes(network=NOTES, backward="notes"),
         lambda: classes(network=Network([4, 2], "softmax"), backward="notes")),
    Case("excessive_dropout", lambda: classes(network=Network([4, 2, 2], ["relu", "softmax"]), dropout=0.5),
         lambda: classes(dropout=0.5), {"all_dropped": 0.25}),
    Case("excessive_dropout", lambda: classes(dropout=0.9), lambda: classes(dropout=0.3), {"rate": 0.9}),
    Case("excessive_label_smoothing", lambda: classes(label_smoothing=0.7), lambda: classes(label_smoothing=0.1)),
    Case("uneven_sample_weights", lambda: classes(sample_weight=np.arange(N) < 10),
         lambda: classes(sample_weight=np.linspace(0.5, 2, N)), {"effective_rows": 10.0}),
    Case("uneven_sample_weights", lambda: classes(sample_weight=1.0 * Y), lambda: classes(sample_weight=0.1 + Y),
         {"class": 0}),
    Case("non_finite_values", lambda: classes(X=NAN), numbers={"bad_inputs": int(np.isnan(NAN).sum())}),
    Case("non_finite_values", lambda: numbers(T=np.where(np.arange(N) == 7, np.inf, R)), numbers, {"bad_targets": 1}),
    Case("unscaled_inputs", lambda: classes(X=X * 255.0), lambda: classes(X=X * 255.0, input_scale=1 / 255),
         {"largest_rms": 255 * np.sqrt(np.square(X).mean(axis=0)).max()}),
    Case("unscaled_inputs", lambda: classes(X=X * [1, 1, 1, 1e-4]), lambda: classes(X=X * [1, 1, 1, 0.1])),
    Case("unscaled_inputs", lambda: classes(X=X * [1, 1, 1, 1e-4]),
         lambda: classes(X=X * [1, 1, 1, 1e-4], target_encoded=(3,))),
    Case("unscaled_inputs", lambda: classes(X=X * [1, 1, 1, 1e-4]),
         lambda: classes(X=X * [1, 1, 1, 1e-4], raw=(RawColumn("day", X[:, 0], (2, 3)),))),
    Case("unscaled_inputs", lambda: classes(X=0.01 * X + 5), lambda: classes(X=X + 1)),
    Case("input_outliers", lambda: numbers(X=FAR), lambda: numbers(X=column_of_counts()), {"columns": 4}),
    Case("input_outliers", lambda: numbers(X=np.where(X.max() > X, X, 1e9)), lambda: numbers(X=np.exp(X)),
         {"columns": 1}),
    Case("input_outliers", lambda: numbers(X=np.where(X.max() > X, X, 1e200)), numbers={"columns": 1}),
    Case("placeholder_values", lambda: numbers(X=np.where(FAR == -999, -7.0, X)), lambda: numbers(X=column_of_counts()),
         {"value": -7.0, "columns": 4}),
    Case("placeholder_values", lambda: numbers(T=np.where(np.arange(N) % 9, np.exp(R), -1.0)),
         lambda: numbers(T=np.where(np.arange(N) % 9, np.exp(R), 0.0)), {"value": -1.0}, mends=False),
    Case("mixed_units", lambda: numbers(X=in_two_units(100.0)), lambda: numbers(X=in_two_units(30.0)),
         {"factor": 100.0, "share": 0.5}),
    Case("mixed_units", lambda: numbers(X=(in_two_units(100.0) - 80) / 80), numbers, {"factor": 100.0}),
    Case("mixed_units", lambda: numbers(T=in_two_units(1000.0)[:, 0]),
         lambda: numbers(T=2 + np.sign(R) + 0.1 * X[:, 0]),
         {"factor": 1000.0}, mends=False),
    Case("double_scaling", lambda: classes(X=rng.uniform(0, 1, X.shape) / 255),
         lambda: classes(X=rng.uniform(0, 1, X.shape)), {"divided_twice_by": 255.0}),
    Case("all_columns_constant", lambda: classes(X=np.ones_like(X)), mends=False),
    Case("constant_columns", lambda: wide(np.zeros(N)), lambda: wide(X[:, 0] ** 2),
         {"constant_columns": 1, "zeros": 1}),
    Case("duplicate_columns", lambda: wide(X[:, 1]), lambda: wide(X[:, 1] + 0.1), {"repeated_columns": 1}),
    Case("conflicting_targets", lambda: classes(network=Network([2, 8, 2], ["relu", "softmax"]), X=ROUNDED),
         severity="risk", mends=False),
    Case("train_test_overlap", lambda: classes(validation=(X[:50], Y[:50])),
         lambda: classes(validation=(X[:50] + 0.1, Y[:50])), {"shared": 1.0}),
    Case("train_test_overlap", oversampled, lambda: classes(validation=(X[:50] + 0.1, Y[:50])), {"by_chance": 0.0}),
    Case("distribution_shift", lambda: classes(X=X[:300], T=Y[:300], validation=(10 * X[300:] + 50, Y[300:])),
         lambda: classes(X=X[:300], T=Y[:300], validation=(X[300:], Y[300:])), {"columns": 4}, mends=False),
    Case("distribution_shift", lambda: classes(validation=(X / 255, Y)), lambda: classes(validation=(X / 2, Y)),
         mends=False),
    Case("distribution_shift", lambda: classes(validation=(X * [1, 1, 1, 0] + [0, 0, 0, 9], Y)),
         lambda: classes(validation=(X * [1, 1, 1, 0.5], Y)), {"columns": 1}, mends=False),
    Case("distribution_shift", lambda: classes(raw=(RawColumn("age", X[:, 0], (0, 1, 2, 3), 40 * X[:, 0]),),
                                               validation=(X, Y)),
         lambda: classes(raw=(RawColumn("age", X[:, 0], (0, 1, 2, 3), X[:, 0]),), validation=(X, Y)), mends=False),
    Case("target_shift", lambda: numbers(validation=(X, R + 3.0)), lambda: numbers(validation=(X, R)), mends=False),
    Case("leak", lambda: wide(Y + rng.uniform(0, 0.4, N)), lambda: wide(Y + rng.normal(0, 0.4, N))),
    Case("leak", lambda: numbers(network=Network([5, 8, 1]), X=column(3 * R + 1)),
         lambda: numbers(network=Network([5, 8, 1]), X=column(R + rng.normal(0, 0.3, N)))),
    Case("identifier", lambda: wide(rng.permutation(N) / 1.0), lambda: wide(rng.integers(0, N, N) / 1.0)),
    Case("ordered_rows", lambda: classes(X=X[SORTED], T=Y[SORTED], shuffle=False),
         lambda: classes(X=X[SORTED], T=Y[SORTED]), {"steps_over_chance": pytest.approx(0.005, abs=0.01)}),
    Case("ordered_rows", lambda: numbers(X=X[np.argsort(R)], T=np.sort(R), shuffle=False),
         lambda: numbers(shuffle=False)),
    Case("overparameterised", lambda: classes(network=Network([4, 3000, 2], ["relu", "softmax"])), mends=False,
         numbers={"parameters": 4 * 3000 + 3000 + 3000 * 2 + 2}),
    Case("one_class", lambda: classes(T=0 * Y), mends=False),
    Case("constant_target", lambda: numbers(T=0 * R + 3.7), numbers, mends=False),
    Case("missing_classes", lambda: classes(T=3 * Y), numbers={"classes": 4, "outputs": 2}, severity="fault"),
    Case("labels_not_one_hot", lambda: classes(loss="squared"), numbers={"outputs": 2}),
    Case("class_imbalance", lambda: classes(T=(np.arange(N) < 10).astype(int)), numbers={"ratio": 39.0}, mends=False),
    Case("unseen_classes", lambda: classes(X=X[Y == 0], T=Y[Y == 0], validation=(X, Y)),
         lambda: classes(validation=(X, Y)), {"share": Y.mean()}, mends=False),
    Case("target_outliers", lambda: numbers(T=np.where(np.arange(N) % 9, R, -999.0)), lambda: numbers(T=np.exp(R)),
         {"share": pytest.approx(1 / 9, abs=0.01)}, mends=False),
    Case("missing_classes", lambda: numbers(loss="binary_cross_entropy", T=np.arange(N) % 5),
         lambda: numbers(T=np.arange(N) % 5), {"classes": 5, "outputs": 1}, severity="fault"),
    Case("skewed_targets", lambda: numbers(T=np.exp(3 * R)), lambda: numbers(T=np.exp(R)), mends=False),
    Case("similar_classes", lambda: classes(target_column=answers("yes", "no", "Yes ")),
         lambda: classes(target_column=answers("yes", "no")), {"classes": 2}, mends=False),
    Case("numbers_as_classes", lambda: classes(target_column=answers(*range(40))),
         lambda: classes(target_column=answers(*map(str, range(40)))), {"classes": 40}, mends=False),
    Case("unscaled_targets", lambda: numbers(T=1e4 * R), numbers),
    Case("unscaled_targets", lambda: numbers(T=1e-4 * R), numbers),
    Case("targets_outside_range", lambda: numbers("sigmoid", T=50 * R), lambda: numbers("sigmoid", T=(R + 5) / 10),
         severity="fault"),
    Case("targets_outside_range", lambda: binary(T=2 * Y - 1), binary, {"share_outside": float((Y == 0).mean())}),
    Case("targets_at_asymptotes", lambda: binary(loss="squared"), lambda: binary(loss="squared", T=0.01 + 0.98 * Y)),
    Case("softmax_on_one_output", lambda: binary("softmax"), binary, severity="fault"),
    Case("softmax_on_one_output", lambda: numbers("softmax"), numbers, severity="fault"),
    Case("softmax_for_multilabel", lambda: several("softmax", "cross_entropy"), several,
         {"share": float((SEVERAL.sum(axis=1) != 1).mean()), "most_labels": 3}),
    Case("improper_loss", lambda: classes(network=Network([4, 16, 2], ["relu", "sigmoid"]), T=ONE_HOT),
         lambda: classes(T=ONE_HOT), severity="fault"),
    Case("improper_loss", lambda: binary("identity", "cross_entropy"), binary),
    Case("outputs_outside_loss_domain", lambda: binary("identity"), binary),
    Case("outputs_outside_loss_domain", lambda: binary("identity", own("binary_cross_entropy"), engine="reference"),
         lambda: binary("identity", own("squared"), engine="reference")),
    Case("outputs_outside_loss_domain", lambda: numbers(loss="poisson", T=np.round(np.exp(R))),
         lambda: numbers("exponential", loss="poisson", T=np.round(np.exp(R)))),
    Case("unreachable_hinge_margin", lambda: binary("sigmoid", "hinge", T=2 * Y - 1),
         lambda: binary("identity", "hinge", 2 * Y - 1)),
    Case("unreachable_hinge_margin", lambda: binary("identity", "hinge"), lambda: binary("tanh", "hinge", 2 * Y - 1)),
    Case("regression_loss_for_classes", lambda: binary(loss="absolute"), lambda: numbers(loss="absolute")),
    Case("squared_error_for_classes", lambda: binary(loss="squared"), numbers),
    Case("squared_error_for_classes", lambda: binary("identity", "squared"), numbers, severity="risk"),
    Case("no_hidden_activation", lambda: deep("identity", 2), lambda: deep("tanh", 2), severity="risk"),
    Case("no_hidden_activation", lambda: numbers(network=Network([4, 3, 1], "identity"), T=X @ [1.0, 2.0, -1.0, 0.5]),
         numbers, {"explained_by_a_line": pytest.approx(1.0)}, severity="note"),
    Case("step_activation", lambda: deep("step", 1), classes, {"layers_without_gradient": 1}),
    Case("equal_weights", lambda: deep("tanh", 1, "constant(0.3)"), numbers={"duplicate_units": 4, "units": 5}),
    Case("equal_weights", with_equal_inputs, lambda: deep("relu", 1), {"duplicate_units": 4, "units": 5},
         severity="risk"),
    Case("equal_weights", lambda: deep("relu", 2, "zeros"), lambda: deep("relu", 0, "zeros"), {"zero": True}),
    Case("weights_too_large", lambda: deep("tanh", 2, "normal(5)", units=16), lambda: deep("tanh", 2, units=16)),
    Case("weights_too_large", lambda: slots("normal(4)"), lambda: slots("normal(0.8)")),
    Case("weights_too_small", lambda: deep("relu", 6, "uniform(0.05)"),
         lambda: deep("relu", 6, "he_uniform", units=16)),
    Case("vanishing_gradient_at_start", lambda: deep("sigmoid", 9), lambda: deep("tanh", 17, "he_uniform")),
    Case("exploding_signals_at_start", lambda: deep("exponential", 8, "he_uniform"), lambda: deep("elu", 8),
         severity="fault"),
    Case("dead_layer", lambda: deep("relu", 6, units=3), lambda: deep("relu", 1, units=16), {"draws": 20},
         severity="risk"),
    Case("dead_layer", lambda: numbers("relu", T=np.abs(R), network=dead_output()),
         lambda: numbers("relu", T=np.abs(R)), {"dead": 1, "layers_without_gradient": 2}),
    Case("dead_layer", with_dead_layer, lambda: deep("relu", 2, units=16), {"dead": 16, "layers_without_gradient": 2}),
    Case("saturated_at_start", lambda: deep("sigmoid", 1, "normal(100)"), lambda: deep("sigmoid", 1)),
]  # fmt: skip
NAMES = [f"{case.rule}-{i}" for i, case in enumerate(CASES)]


def found(setup: Setup, rule: str) -> Finding | None:
    return {f.rule: f for f in findings(evidence(setup))}.get(rule)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_found(case: Case) -> None:
    finding = found(case.sick(), case.rule)
    assert finding is not None
    for name, value in case.numbers.items():
        assert finding.evidence[name] == (value if not isinstance(value, float) else pytest.approx(value, rel=1e-6)), (
            name
        )
    if case.severity is not None:
        assert finding.severity == case.severity
    assert finding.cause.endswith(".")
    assert "\n" not in finding.cause


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_silent_beside_it(case: Case) -> None:
    assert found(case.sound(), case.rule) is None


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.mends], ids=[n for n, c in zip(NAMES, CASES, strict=True) if c.mends]
)
def test_silent_once_repaired(case: Case) -> None:
    setup = case.sick()
    finding = found(setup, case.rule)
    assert finding is not None
    assert finding.repair is not None
    assert finding.repair.changes
    again = found(finding.repair.apply(setup), case.rule)
    assert again is None or again.severity == "note"


def test_rows_that_weigh_nothing_are_counted_where_there_are_some() -> None:
    some = found(classes(sample_weight=np.arange(N) < 10), "uneven_sample_weights")
    none = found(classes(sample_weight=np.where(np.arange(N) < 10, 1e4, 1.0)), "uneven_sample_weights")
    assert some is not None
    assert none is not None
    assert f"{N - 10:,} of them have weight 0" in some.cause
    assert "weight 0" not in none.cause


def test_every_rule_before_training_has_a_case() -> None:
    assert {rule.name for rule in RULES if rule.when != "during"} <= {case.rule for case in CASES}


def test_the_table() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert set(rule.explains) <= set(names) - {rule.name}
        assert rule.reason.endswith(".")
        assert rule.source.endswith(".")
        assert 0 < rule.likelihood <= 1


def test_the_page_of_rules_is_of_this_table() -> None:
    """`python -m benchmarks.doctor.page` writes it."""
    page = (Path(__file__).parents[2] / "docs" / "doctor-rules.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)` \((\w+)\)", page, re.MULTILINE) == [
        (rule.name, rule.severity) for rule in sorted(RULES, key=lambda rule: page.find(f"### `{rule.name}`"))
    ]
    flat = " ".join(page.split())
    assert all(f" {rule.reason} > " in flat and f" - *Threshold:* {rule.source}" in flat for rule in RULES)


def test_every_rule_stands_in_one_section_of_the_page() -> None:
    from benchmarks.doctor.page import EXAMPLES, FILES, part

    assert {part(rule) for rule in RULES} == set(FILES)
    assert set(EXAMPLES) == {rule.name for rule in RULES}


HEALTHY = {
    "classes": classes, "one-hot": lambda: classes(T=ONE_HOT), "binary": binary, "numbers": numbers, "several": several,
    "hinge": lambda: binary("tanh", "hinge", 2 * Y - 1), "huber": lambda: numbers(loss="huber(1.0)"),
    "pinball": lambda: numbers(loss="pinball(0.9)"),
    "shares": lambda: numbers("sigmoid", "binary_cross_entropy", (R + 5) / 10),
    "poisson": lambda: numbers("exponential", "poisson", np.round(np.exp(R))),
    "deep": lambda: deep("tanh", 17, "he_uniform"), "selu": lambda: deep("selu", 10, units=32),
    "dropout": lambda: classes(dropout=0.5),
    "validation": lambda: classes(X=X[:300], T=Y[:300], validation=(X[300:], Y[300:])),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_on_healthy_set_ups(name: str) -> None:
    diagnosis = diagnose(HEALTHY[name](), seconds=0)
    assert [f.rule for f in diagnosis.findings if f.severity != "note"] == []


@pytest.mark.parametrize(
    "words",
    [
        {"X": None}, {"T": None}, {"X": [["a"] * 4] * N}, {"X": X[:0], "T": Y[:0]}, {"X": X[:1], "T": Y[:1]},
        {"T": Y[:10]},
        {"loss": 3}, {"optimizer": "adamm"}, {"learning_rate": "fast"}, {"learning_rate": np.nan}, {"batch_size": 0},
        {"epochs": 1.5}, {"dropout": [0.1, 0.2]}, {"dropout": "much"}, {"sample_weight": [1, 2]}, {"validation": 3},
        {"validation": (X[:5], Y)}, {"input_scale": "half"}, {"schedule": "up"}, {"backward": "sideways"},
        {"label_smoothing": 2}, {"l2": -1}, {"max_grad_norm": 0}, {"early_stopping": 0}, {"X": np.full_like(X, np.nan)},
        {"T": np.full(N, np.nan)}, {"X": X[..., None]}, {"T": Y - 5}, {"engine": "steam"},
    ],
    ids=str,
)  # fmt: skip
def test_what_train_refuses_is_a_finding(words: dict[str, Any]) -> None:
    """Never a traceback, and never silence where deltaw.train says no."""
    diagnosis = diagnose(classes(**words), seconds=0)
    trains = True
    try:
        setup = classes(**words)
        short = {"epochs": 1} if setup.epochs == SETTINGS["epochs"] else {}
        deltaw.train(setup.network.copy(), setup.X, setup.T, **(setup.arguments | short))
    except InputError:
        trains = False
    assert diagnosis.healthy == trains
