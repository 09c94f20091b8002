"""The first set of unseen programs: 24 that do not learn, and 12 that do."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.doctor.published import Program
from benchmarks.doctor.unseen import first_rows as rows
from benchmarks.doctor.unseen.facts import BINARY, CLASSES, SCALED, SQUARED, fault, keras, sgd, silent, sound


def programs() -> list[Program]:
    """All 36."""
    return [*_faulty(), *_sound()]


def _faulty() -> Iterable[Program]:
    yield fault(
        "house_prices_raw",
        rows.houses,
        keras("64 relu, 64 relu, 1 identity", SQUARED, 100),
        SCALED,
        "unscaled_inputs unscaled_targets",
    )
    yield fault(
        "televisions_nan",
        rows.televisions,
        sgd("1 identity", SQUARED, 0.01, 1, 30, shuffle=False),
        SCALED | {"shuffle": True},
        "unscaled_inputs rate_too_high unscaled_targets",
    )
    yield fault(
        "sine_without_activations",
        rows.sine,
        keras("50 identity, 50 identity, 1 identity", SQUARED, 200, learning_rate=0.01),
        {"layers": "50 tanh, 50 tanh, 1 identity"},
        "no_hidden_activation",
    )
    yield fault(
        "fourth_power",
        lambda: rows.power(4, 100.0, 201),
        keras("58 sigmoid, 50 elu, 1 identity", SQUARED, 500),
        SCALED | {"learning_rate": 0.01},
        "unscaled_inputs unscaled_targets saturated_at_start saturated_in_training",
    )
    yield fault(
        "temperatures_from_sigmoid",
        rows.temperatures,
        keras("32 relu, 1 sigmoid", SQUARED, 60),
        SCALED | {"layers": "32 relu, 1 identity"},
        "targets_outside_range unscaled_targets",
    )
    yield fault(
        "xor_from_zeros",
        lambda: rows.parity(2),
        keras("8 tanh, 1 sigmoid", BINARY, 1000, learning_rate=0.05, batch_size=4, init="zeros"),
        {"init": "xavier_uniform"},
        "equal_weights",
    )
    yield fault(
        "passengers_one_softmax",
        rows.passengers,
        keras("16 relu, 8 relu, 1 softmax", BINARY, 60, scale="standard"),
        {"layers": "16 relu, 8 relu, 1 sigmoid"},
        "single_softmax",
    )
    yield fault(
        "tumours_raw",
        lambda: rows.bundled("breast_cancer"),
        sgd("16 sigmoid, 1 sigmoid", BINARY, 0.01, 32, 30),
        {"scale": "standard", "optimizer": "adam"},
        "unscaled_inputs saturated_at_start saturated_in_training",
    )
    yield fault(
        "mnist_quadratic_slow",
        lambda: rows.mnist(60000),
        sgd("30 sigmoid, 10 sigmoid", SQUARED, 0.001, 10, 5, init="normal(1.0)", scale=255.0),
        {"learning_rate": 3.0},
        "rate_too_low too_few_epochs squared_for_classes weights_too_large",
    )
    yield fault(
        "mnist_divided_twice",
        lambda: rows.mnist(10000),
        sgd("128 relu, 10 softmax", CLASSES, 0.1, 128, 5, scale=255.0**2),
        {"scale": 255.0},
        "double_scaling",
    )
    yield fault(
        "photographs_softmax",
        rows.photographs,
        keras("32 relu, 6 softmax", CLASSES, 40),
        {"layers": "32 relu, 6 sigmoid", "loss": BINARY},
        "softmax_several_labels",
    )
    yield fault(
        "diabetes_log_loss",
        lambda: rows.bundled("diabetes"),
        keras("32 relu, 1 sigmoid", BINARY, 60, scale="standard"),
        SCALED | {"layers": "32 relu, 1 identity", "loss": SQUARED},
        "targets_outside_range improper_loss unscaled_targets log_of_any_number",
    )
    yield fault(
        "spiral_without_softmax",
        lambda: rows.spiral(3, 900),
        keras("100 relu, 3 identity", CLASSES, 150, learning_rate=0.01),
        {"layers": "100 relu, 3 softmax"},
        "log_of_any_number improper_loss",
    )
    yield fault(
        "wine_sigmoid_cross_entropy",
        lambda: rows.bundled("wine"),
        keras("16 relu, 3 sigmoid", CLASSES, 100, scale="standard", learning_rate=0.01),
        {"layers": "16 relu, 3 softmax"},
        "improper_loss",
    )
    yield fault(
        "digits_eight_sigmoids",
        lambda: rows.bundled("digits"),
        sgd(", ".join(["32 sigmoid"] * 8 + ["10 softmax"]), CLASSES, 0.1, 32, 40, scale=16.0),
        {"layers": ", ".join(["32 relu"] * 8 + ["10 softmax"]), "init": "he_normal", "learning_rate": 0.02},
        "vanishing_by_depth gradient_faded",
    )
    yield fault(
        "digit_after_digit",
        rows.digit_after_digit,
        sgd("64 relu, 10 softmax", CLASSES, 0.1, 16, 20, scale=16.0, shuffle=False),
        {"shuffle": True},
        "ordered_rows",
    )
    yield fault(
        "moons_narrow_dropout",
        lambda: rows.moons(1000),
        keras("3 relu, 3 relu, 1 sigmoid", BINARY, 150, learning_rate=0.01, dropout=0.5, scale="standard"),
        {"dropout": 0.0},
        "dropout_on_narrow over_regularised too_small",
    )
    yield fault(
        "mnist_adam_a_tenth",
        lambda: rows.mnist(10000),
        keras("256 relu, 256 relu, 10 softmax", CLASSES, 5, learning_rate=0.1, batch_size=64, scale=255.0),
        {"learning_rate": 0.001},
        "rate_too_high",
    )
    yield fault(
        "house_prices_decayed",
        rows.houses,
        keras("64 relu, 1 identity", SQUARED, 100, l2=1.0, **SCALED),
        {"l2": 1e-4},
        "over_regularised",
    )
    yield fault(
        "planes_uphill",
        rows.planes,
        sgd("8 relu, 1 identity", SQUARED, -0.01, 16, 60),
        {"learning_rate": 0.01},
        "uphill refused",
    )
    yield fault(
        "blood_by_heart",
        lambda: rows.blood(300),
        keras("256 relu, 256 relu, 1 identity", SQUARED, 200),
        {"layers": "8 relu, 1 identity", "l2": 0.03, "epochs": 100},
        "overfitting more_parameters",
    )
    yield fault(
        "line_from_relu",
        rows.line,
        keras("4 relu, 2 relu, 1 relu", SQUARED, 500, batch_size=7),
        {"layers": "4 relu, 2 relu, 1 identity", "learning_rate": 0.01, "epochs": 2000, "init": "he_normal"},
        "targets_outside_range dead_units dead_layer too_few_epochs rate_too_low",
    )
    yield silent(
        "customers_final_bill", lambda: rows.customers(leak=True), keras("16 relu, 1 sigmoid", BINARY, 40), "leak"
    )
    yield silent(
        "messages_twice",
        lambda: rows.messages(twice=True),
        keras("64 relu, 1 sigmoid", BINARY, 400, learning_rate=0.003),
        "rows_across_split",
    )


def _sound() -> Iterable[Program]:
    yield sound(
        "celsius_one_unit",
        rows.celsius,
        keras("1 identity", SQUARED, 500, learning_rate=0.1, batch_size=7),
    )
    yield sound("blobs_no_hidden", lambda: rows.blobs(3, 600, 1.0), sgd("3 softmax", CLASSES, 0.1, 20, 30))
    yield sound("planes_one_unit", rows.planes, sgd("1 identity", SQUARED, 0.02, 10, 20))
    yield sound(
        "mnist_of_the_notes",
        lambda: rows.mnist(60000),
        sgd("200 sigmoid, 10 sigmoid", SQUARED, 0.1, 1, 3, init="notes", scale="notes", scale_targets="notes targets"),
    )
    yield sound(
        "moons_deep_tanh",
        lambda: rows.moons(1000),
        keras(", ".join(["20 tanh"] * 6 + ["1 sigmoid"]), BINARY, 60, learning_rate=0.003),
    )
    yield sound("passengers_usual", rows.passengers, keras("16 relu, 8 relu, 1 sigmoid", BINARY, 80, scale="standard"))
    yield sound("blood_noisy", lambda: rows.blood(4000), keras("16 relu, 1 identity", SQUARED, 30))
    yield sound(
        "xor_squared",
        lambda: rows.parity(2),
        sgd("4 sigmoid, 1 sigmoid", SQUARED, 5.0, 4, 5000, init="normal(1.0)"),
    )
    yield sound("payments_few", rows.payments, keras("16 relu, 1 sigmoid", BINARY, 30))
    yield sound(
        "iris_thousand_units",
        lambda: rows.bundled("iris"),
        keras("1024 relu, 3 softmax", CLASSES, 40, scale="standard"),
    )
    yield sound(
        "digits_half_dropped",
        lambda: rows.bundled("digits"),
        keras("256 relu, 256 relu, 10 softmax", CLASSES, 40, optimizer="rmsprop", dropout=0.5, scale=16.0),
    )
    yield sound(
        "tumours_all_rows",
        lambda: rows.bundled("breast_cancer"),
        sgd("16 tanh, 1 sigmoid", BINARY, 0.1, 426, 300, optimizer="momentum(0.9)", scale="standard"),
    )
