"""Programs that the doctor was not made with: two sets, each of faulty ones with their fix, and of sound ones.

They are of the kind that is asked about in public: course work, tutorials with one line changed, first tables of one's
own. Each is told as facts in DeltaW's words; the rules that rightly name its cause were written down before any was
examined. A faulty one was admitted only where, trained over three seeds, it scores markedly worse than its fix, or
where its fault is of the kind that no score shows ("silent-fault"); a sound one only where it learns what others learn
from these rows. `python benchmarks/doctor.py --set unseen-a --train` trains them all again and prints the scores.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import unseen_data as rows
from doctor_programs import MNIST, Data, Program
from numpy.typing import NDArray

import deltaw

Array = NDArray[Any]
Facts = dict[str, Any]
SETS = ("unseen-a", "unseen-b")

# How training rows are scaled: what is taken away, and then divided by.
SCALES: dict[str, Callable[[Array], tuple[Any, Any]]] = {
    "standard": lambda train: (train.mean(axis=0), train.std(axis=0)),
    "minmax": lambda train: (train.min(axis=0), np.ptp(train, axis=0)),
    # The notes' pixels, 0.01 to 1, so that no signal is zero; and their targets, 0.01 and 0.99.
    "notes": lambda train: (-255.0 / 99.0, 255.0 / 0.99),
    "notes targets": lambda train: (-0.01 / 0.98, 1.0 / 0.98),
}


def programs(which: str) -> list[Program]:
    """One of the two sets, SETS; what needs MNIST is left out, with a line on stderr, where it is not there."""
    sets = {"unseen-a": _set_a, "unseen-b": _set_b}
    every = sets[which]()
    if MNIST.exists():
        return every
    without = [program for program in every if "mnist" not in program.name]
    print(f"{len(every) - len(without)} programs need {MNIST}, which is not there: left out", file=sys.stderr)
    return without


def fault(name: str, data: Callable[[], Data], given: Facts, fix: Facts, causes: str) -> Program:
    """A program that scores worse than after its fix; the fix is what changes of the facts."""
    return _program("fault", name, given | {"data": data}, fix, causes)


def silent(name: str, data: Callable[[], Data], given: Facts, causes: str) -> Program:
    """A program whose fault does not show in its score, or that nothing but other rows would mend."""
    return _program("silent-fault", name, given | {"data": data}, None, causes)


def sound(name: str, data: Callable[[], Data], given: Facts) -> Program:
    """A program that learns."""
    return _program("healthy-control", name, given | {"data": data}, None, "")


def _program(role: str, name: str, given: Facts, fix: Facts | None, causes: str) -> Program:
    return Program(
        name=name, role=role, effect="", task="", faults=(),
        given=lambda seed: _settings(given, seed),
        fixed=None if fix is None else (lambda seed: _settings(given | fix, seed)),
        published=(), causes=frozenset(causes.split()),
    )  # fmt: skip


def _settings(facts: Facts, seed: int) -> dict[str, Any]:
    """The words of `deltaw.train`, the network and the data among them, from a program's facts.

    The facts' own words: data; layers ("16 relu, 1 sigmoid"); init, Keras's glorot_uniform where none is said; scale,
    how X is scaled, and scale_targets, how T is.
    """
    words: Facts = {"init": "xavier_uniform", "scale": None, "scale_targets": None} | facts
    data: Data = words.pop("data")()
    layers = [layer.split() for layer in words.pop("layers").split(", ")]
    held_out = data.held_out or (None, None)
    X, Xv = _scaled(words.pop("scale"), data.X, held_out[0])
    T, Tv = _scaled(words.pop("scale_targets"), data.T, held_out[1])
    network = deltaw.Network(
        [X.shape[1], *(int(units) for units, _ in layers)], [f for _, f in layers], init=words.pop("init"), seed=seed
    )
    return {"network": network, "X": X, "T": T, "validation": data.held_out and (Xv, Tv), "seed": seed} | words


def _scaled(how: str | float | None, train: Array, held_out: Array | None) -> tuple[Array, Array | None]:
    """Training rows and those to score by, scaled by what the training rows say; a number is divided by."""
    if how is None:
        return train, held_out
    shift, width = (0.0, how) if isinstance(how, float) else SCALES[how](train)
    width = np.where(np.equal(width, 0.0), 1.0, width)
    return (train - shift) / width, None if held_out is None else (held_out - shift) / width


def _keras(layers: str, loss: str, epochs: int, **facts: Any) -> Facts:
    """The usual: Adam with 0.001, batches of 32."""
    usual = {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 32}
    return usual | {"layers": layers, "loss": loss, "epochs": epochs} | facts


def _sgd(layers: str, loss: str, rate: float, batch: int, epochs: int, **facts: Any) -> Facts:
    """Plain gradient descent."""
    usual = {"optimizer": "sgd", "learning_rate": rate, "batch_size": batch}
    return usual | {"layers": layers, "loss": loss, "epochs": epochs} | facts


BINARY, CLASSES, SQUARED = "binary_cross_entropy", "cross_entropy", "squared"
SCALED = {"scale": "standard", "scale_targets": "standard"}


def _set_a() -> list[Program]:
    return [*_faulty_a(), *_sound_a()]


def _faulty_a() -> Iterable[Program]:
    yield fault(
        "house_prices_raw",
        rows.houses,
        _keras("64 relu, 64 relu, 1 identity", SQUARED, 100),
        SCALED,
        "unscaled_inputs unscaled_targets",
    )
    yield fault(
        "televisions_nan",
        rows.televisions,
        _sgd("1 identity", SQUARED, 0.01, 1, 30, shuffle=False),
        SCALED | {"shuffle": True},
        "unscaled_inputs rate_too_high unscaled_targets",
    )
    yield fault(
        "sine_without_activations",
        rows.sine,
        _keras("50 identity, 50 identity, 1 identity", SQUARED, 200, learning_rate=0.01),
        {"layers": "50 tanh, 50 tanh, 1 identity"},
        "no_hidden_activation",
    )
    yield fault(
        "fourth_power",
        lambda: rows.power(4, 100.0, 201),
        _keras("58 sigmoid, 50 elu, 1 identity", SQUARED, 500),
        SCALED | {"learning_rate": 0.01},
        "unscaled_inputs unscaled_targets saturated_at_start saturated_in_training",
    )
    yield fault(
        "temperatures_from_sigmoid",
        rows.temperatures,
        _keras("32 relu, 1 sigmoid", SQUARED, 60),
        SCALED | {"layers": "32 relu, 1 identity"},
        "targets_outside_range unscaled_targets",
    )
    yield fault(
        "xor_from_zeros",
        lambda: rows.parity(2),
        _keras("8 tanh, 1 sigmoid", BINARY, 1000, learning_rate=0.05, batch_size=4, init="zeros"),
        {"init": "xavier_uniform"},
        "equal_weights",
    )
    yield fault(
        "passengers_one_softmax",
        rows.passengers,
        _keras("16 relu, 8 relu, 1 softmax", BINARY, 60, scale="standard"),
        {"layers": "16 relu, 8 relu, 1 sigmoid"},
        "single_softmax",
    )
    yield fault(
        "tumours_raw",
        lambda: rows.bundled("breast_cancer"),
        _sgd("16 sigmoid, 1 sigmoid", BINARY, 0.01, 32, 30),
        {"scale": "standard", "optimizer": "adam"},
        "unscaled_inputs saturated_at_start saturated_in_training",
    )
    yield fault(
        "mnist_quadratic_slow",
        lambda: rows.mnist(60000),
        _sgd("30 sigmoid, 10 sigmoid", SQUARED, 0.001, 10, 5, init="normal(1.0)", scale=255.0),
        {"learning_rate": 3.0},
        "rate_too_low too_few_epochs squared_for_classes weights_too_large",
    )
    yield fault(
        "mnist_divided_twice",
        lambda: rows.mnist(10000),
        _sgd("128 relu, 10 softmax", CLASSES, 0.1, 128, 5, scale=255.0**2),
        {"scale": 255.0},
        "double_scaling",
    )
    yield fault(
        "photographs_softmax",
        rows.photographs,
        _keras("32 relu, 6 softmax", CLASSES, 40),
        {"layers": "32 relu, 6 sigmoid", "loss": BINARY},
        "softmax_several_labels",
    )
    yield fault(
        "diabetes_log_loss",
        lambda: rows.bundled("diabetes"),
        _keras("32 relu, 1 sigmoid", BINARY, 60, scale="standard"),
        SCALED | {"layers": "32 relu, 1 identity", "loss": SQUARED},
        "targets_outside_range improper_loss unscaled_targets log_of_any_number",
    )
    yield fault(
        "spiral_without_softmax",
        lambda: rows.spiral(3, 900),
        _keras("100 relu, 3 identity", CLASSES, 150, learning_rate=0.01),
        {"layers": "100 relu, 3 softmax"},
        "log_of_any_number improper_loss",
    )
    yield fault(
        "wine_sigmoid_cross_entropy",
        lambda: rows.bundled("wine"),
        _keras("16 relu, 3 sigmoid", CLASSES, 100, scale="standard", learning_rate=0.01),
        {"layers": "16 relu, 3 softmax"},
        "improper_loss",
    )
    yield fault(
        "digits_eight_sigmoids",
        lambda: rows.bundled("digits"),
        _sgd(", ".join(["32 sigmoid"] * 8 + ["10 softmax"]), CLASSES, 0.1, 32, 40, scale=16.0),
        {"layers": ", ".join(["32 relu"] * 8 + ["10 softmax"]), "init": "he_normal", "learning_rate": 0.02},
        "vanishing_by_depth gradient_faded",
    )
    yield fault(
        "digit_after_digit",
        rows.digit_after_digit,
        _sgd("64 relu, 10 softmax", CLASSES, 0.1, 16, 20, scale=16.0, shuffle=False),
        {"shuffle": True},
        "ordered_rows",
    )
    yield fault(
        "moons_narrow_dropout",
        lambda: rows.moons(1000),
        _keras("3 relu, 3 relu, 1 sigmoid", BINARY, 150, learning_rate=0.01, dropout=0.5, scale="standard"),
        {"dropout": 0.0},
        "dropout_on_narrow over_regularised too_small",
    )
    yield fault(
        "mnist_adam_a_tenth",
        lambda: rows.mnist(10000),
        _keras("256 relu, 256 relu, 10 softmax", CLASSES, 5, learning_rate=0.1, batch_size=64, scale=255.0),
        {"learning_rate": 0.001},
        "rate_too_high",
    )
    yield fault(
        "house_prices_decayed",
        rows.houses,
        _keras("64 relu, 1 identity", SQUARED, 100, l2=1.0, **SCALED),
        {"l2": 1e-4},
        "over_regularised",
    )
    yield fault(
        "planes_uphill",
        rows.planes,
        _sgd("8 relu, 1 identity", SQUARED, -0.01, 16, 60),
        {"learning_rate": 0.01},
        "uphill refused",
    )
    yield fault(
        "blood_by_heart",
        lambda: rows.blood(300),
        _keras("256 relu, 256 relu, 1 identity", SQUARED, 200),
        {"layers": "8 relu, 1 identity", "l2": 0.03, "epochs": 100},
        "overfitting more_parameters",
    )
    yield fault(
        "line_from_relu",
        rows.line,
        _keras("4 relu, 2 relu, 1 relu", SQUARED, 500, batch_size=7),
        {"layers": "4 relu, 2 relu, 1 identity", "learning_rate": 0.01, "epochs": 2000, "init": "he_normal"},
        "targets_outside_range dead_units dead_layer too_few_epochs rate_too_low",
    )
    yield silent(
        "customers_final_bill", lambda: rows.customers(leak=True), _keras("16 relu, 1 sigmoid", BINARY, 40), "leak"
    )
    yield silent(
        "messages_twice",
        lambda: rows.messages(twice=True),
        _keras("64 relu, 1 sigmoid", BINARY, 400, learning_rate=0.003),
        "rows_across_split",
    )


def _sound_a() -> Iterable[Program]:
    yield sound(
        "celsius_one_unit",
        rows.celsius,
        _keras("1 identity", SQUARED, 500, learning_rate=0.1, batch_size=7),
    )
    yield sound("blobs_no_hidden", lambda: rows.blobs(3, 600, 1.0), _sgd("3 softmax", CLASSES, 0.1, 20, 30))
    yield sound("planes_one_unit", rows.planes, _sgd("1 identity", SQUARED, 0.02, 10, 20))
    yield sound(
        "mnist_of_the_notes",
        lambda: rows.mnist(60000),
        _sgd("200 sigmoid, 10 sigmoid", SQUARED, 0.1, 1, 3, init="notes", scale="notes", scale_targets="notes targets"),
    )
    yield sound(
        "moons_deep_tanh",
        lambda: rows.moons(1000),
        _keras(", ".join(["20 tanh"] * 6 + ["1 sigmoid"]), BINARY, 60, learning_rate=0.003),
    )
    yield sound("passengers_usual", rows.passengers, _keras("16 relu, 8 relu, 1 sigmoid", BINARY, 80, scale="standard"))
    yield sound("blood_noisy", lambda: rows.blood(4000), _keras("16 relu, 1 identity", SQUARED, 30))
    yield sound(
        "xor_squared",
        lambda: rows.parity(2),
        _sgd("4 sigmoid, 1 sigmoid", SQUARED, 5.0, 4, 5000, init="normal(1.0)"),
    )
    yield sound("payments_few", rows.payments, _keras("16 relu, 1 sigmoid", BINARY, 30))
    yield sound(
        "iris_thousand_units",
        lambda: rows.bundled("iris"),
        _keras("1024 relu, 3 softmax", CLASSES, 40, scale="standard"),
    )
    yield sound(
        "digits_half_dropped",
        lambda: rows.bundled("digits"),
        _keras("256 relu, 256 relu, 10 softmax", CLASSES, 40, optimizer="rmsprop", dropout=0.5, scale=16.0),
    )
    yield sound(
        "tumours_all_rows",
        lambda: rows.bundled("breast_cancer"),
        _sgd("16 tanh, 1 sigmoid", BINARY, 0.1, 426, 300, optimizer="momentum(0.9)", scale="standard"),
    )


def _set_b() -> list[Program]:
    return []
