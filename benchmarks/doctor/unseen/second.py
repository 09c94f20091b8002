"""The second set of unseen programs: 24 that do not learn, and 12 that do."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.doctor.published import Program
from benchmarks.doctor.unseen import first_rows as first
from benchmarks.doctor.unseen import second_rows as rows
from benchmarks.doctor.unseen.facts import BINARY, CLASSES, SCALED, SQUARED, fault, keras, sgd, silent, sound


def programs() -> list[Program]:
    """All 36."""
    return [*_faulty(), *_silent(), *_sound()]


def _faulty() -> Iterable[Program]:
    yield fault(
        "cars_three_faults",
        rows.cars,
        sgd("32 sigmoid, 16 sigmoid, 1 identity", SQUARED, 0.01, 16, 60),
        SCALED | {"layers": "32 relu, 16 relu, 1 identity", "init": "he_normal"},
        "unscaled_inputs unscaled_targets saturated_at_start saturated_in_training rate_too_high",
    )
    yield fault(
        "wine_labels_from_one",
        lambda: rows.wine(1),
        keras("16 relu, 3 softmax", CLASSES, 60, learning_rate=0.01, scale="standard"),
        {"data": lambda: rows.wine(0)},
        "missing_classes refused class_numbers",
    )
    yield fault(
        "chessboard_equal_weights",
        lambda: rows.chessboard(2, 1500),
        keras("16 tanh, 1 sigmoid", BINARY, 60, learning_rate=0.01, init="constant(0.5)"),
        {"init": "xavier_uniform"},
        "equal_weights",
    )
    yield fault(
        "rings_step_units",
        lambda: rows.rings(1000),
        keras("64 step, 1 sigmoid", BINARY, 80, learning_rate=0.01),
        {"layers": "64 relu, 1 sigmoid"},
        "step_activation",
    )
    yield fault(
        "rings_hinge_on_softmax",
        lambda: rows.rings(1000, (-1.0, 1.0)),
        keras("32 relu, 1 softmax", "hinge", 60, learning_rate=0.01),
        {"layers": "32 relu, 1 tanh"},
        "hinge_out_of_reach single_softmax targets_outside_range",
    )
    yield fault(
        "plant_three_units",
        rows.plant,
        keras("64 relu, 64 relu, 3 identity", SQUARED, 100),
        {"scale_targets": "standard"},
        "unscaled_targets",
    )
    yield fault(
        "letters_squared_on_logits",
        rows.letters,
        sgd("64 relu, 12 identity", SQUARED, 0.01, 32, 30),
        {"layers": "64 relu, 12 softmax", "loss": CLASSES, "scale": "standard"},
        "unscaled_inputs rate_too_high squared_for_classes",
    )
    yield fault(
        "air_travel_adagrad",
        rows.air_travel,
        keras("32 relu, 1 identity", SQUARED, 20, optimizer="adagrad", batch_size=12, **SCALED),
        {"learning_rate": 0.05, "epochs": 200},
        "too_few_epochs rate_too_low",
    )
    yield fault(
        "marks_one_by_one",
        rows.marks,
        sgd("16 tanh, 1 identity", SQUARED, 0.15, 1, 30),
        {"learning_rate": 0.003},
        "noisy_steps rate_too_high",
    )
    yield fault(
        "waves_from_almost_nothing",
        lambda: rows.waves(2000),
        sgd(", ".join(["30 tanh"] * 5 + ["3 softmax"]), CLASSES, 0.05, 32, 30, init="normal(0.001)"),
        {"init": "xavier_uniform"},
        "weights_too_small vanishing_by_depth gradient_faded",
    )
    yield fault(
        "letters_from_large_weights",
        rows.letters,
        keras("100 relu, 100 relu, 100 relu, 12 softmax", CLASSES, 10, init="normal(1.0)", scale="standard"),
        {"init": "he_normal"},
        "weights_too_large exploding_at_start",
    )
    yield fault(
        "charges_summed",
        rows.charges,
        sgd("32 relu, 1 identity", SQUARED, 0.02, 256, 100, reduction="sum", **SCALED),
        {"reduction": "mean"},
        "summed_loss rate_too_high",
    )
    yield fault(
        "loans_relu_output",
        rows.loans,
        keras("32 relu, 16 relu, 1 relu", BINARY, 60),
        {"layers": "32 relu, 16 relu, 1 sigmoid"},
        "log_of_any_number improper_loss dead_units dead_layer",
    )
    yield fault(
        "chessboard_two_units",
        lambda: rows.chessboard(3, 3000),
        keras("2 relu, 1 sigmoid", BINARY, 150, learning_rate=0.01),
        {"layers": "64 relu, 1 sigmoid"},
        "too_small",
    )
    yield fault(
        "friedman_nesterov_dead",
        rows.friedman,
        sgd(", ".join(["20 relu"] * 4 + ["1 identity"]), SQUARED, 0.5, 32, 60, optimizer="nesterov(0.9)"),
        {"optimizer": "adam", "learning_rate": 0.003, "init": "he_normal"},
        "rate_too_high dead_units dead_layer exploding_at_start",
    )


def _silent() -> Iterable[Program]:
    small = keras("16 relu, 1 sigmoid", BINARY, 30)
    yield silent(
        "mnist_nought_or_one",
        lambda: first.mnist(10000),
        sgd("100 sigmoid, 10 sigmoid", SQUARED, 0.1, 1, 3, init="notes", scale="notes"),
        "targets_at_ends",
    )
    yield silent("digits_all_noughts", rows.blank_digits, keras("32 relu, 10 softmax", CLASSES, 30),
                 "no_signal constant_columns")  # fmt: skip
    yield silent("weather_columns_twice", rows.weather_twice, small, "duplicate_columns")
    yield silent("questionnaire", rows.questionnaire, small, "contradictions")
    yield silent("patients_running_number", rows.patients, small, "identifier leak")
    yield silent("claims_hardly_any", lambda: rows.claims(0.012, 0.35), small, "imbalance")
    yield silent("one_kind_left", rows.one_kind, small, "one_class constant_target")
    yield silent("sensor_stuck", rows.stuck_sensor, keras("16 relu, 1 identity", SQUARED, 30), "constant_target")
    yield silent("shuffled_join", rows.shuffled_join, small, "chance")


def _sound() -> Iterable[Program]:
    yield sound(
        "parity_of_four",
        lambda: first.parity(4),
        sgd("12 tanh, 1 sigmoid", BINARY, 0.3, 16, 3000, optimizer="momentum(0.9)"),
    )
    yield sound(
        "rings_twelve_layers",
        lambda: rows.rings(1500),
        keras(", ".join(["16 relu"] * 12 + ["1 sigmoid"]), BINARY, 80, init="he_normal"),
    )
    yield sound("seeds_raw_millimetres", rows.seeds, keras("10 tanh, 3 softmax", CLASSES, 300, learning_rate=0.01))
    yield sound("mixtures_identity_twice", rows.mixtures, sgd("6 identity, 3 identity", SQUARED, 0.05, 16, 40))
    yield sound(
        "air_travel_huber",
        rows.air_travel,
        keras("32 relu, 1 identity", "huber", 300, batch_size=12, learning_rate=0.001, **SCALED),
    )
    yield sound("chessboard_wide", lambda: rows.chessboard(3, 3000), keras("512 relu, 1 sigmoid", BINARY, 150))
    yield sound("songs_moods", rows.songs, keras("64 relu, 5 sigmoid", BINARY, 30, optimizer="adamw"))
    yield sound("bicycles_counted", rows.bicycles, keras("32 tanh, 1 exponential", "poisson", 40, learning_rate=0.003))
    yield sound(
        "mnist_beginners",
        lambda: first.mnist(60000),
        keras("128 relu, 10 softmax", CLASSES, 5, dropout=0.2, scale=255.0),
    )
    yield sound(
        "waves_large_batch",
        lambda: rows.waves(12000),
        keras("64 relu, 3 softmax", CLASSES, 30, batch_size=4096, learning_rate=0.02),
    )
    yield sound("claims_few_but_clear", lambda: rows.claims(0.03, 1.8), sgd("1 sigmoid", BINARY, 1.0, 64, 20))
    yield sound("marks_by_chance", lambda: rows.marks(3000), keras("32 selu, 1 identity", SQUARED, 20))
