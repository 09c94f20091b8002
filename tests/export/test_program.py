"""The list of operations says what the model says."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import zoo

import deltaw
from deltaw.export import interpreter, program
from deltaw.export.operations import Program
from deltaw.models import Model, rows_of


def program_of(model: Model) -> Program:
    return program.of_model(model.preparation, model.target, model.members, model.missing)


def check(model: Model, rows: object) -> None:
    made, table = program_of(model), model.read(rows)
    found, labels = interpreter.run(made, interpreter.cells(made, rows_of(table)))
    answers = model.answers(table, engine="reference")
    if model.task == "regression":
        np.testing.assert_allclose(found[:, 0], answers.values, rtol=1e-5, atol=1e-6 * np.ptp(answers.values))
        return
    assert answers.probabilities is not None
    assert labels is not None
    np.testing.assert_allclose(found, answers.probabilities, rtol=2e-6, atol=1e-9)
    best = np.sort(found, axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-6 if model.target.threshold is None else labels == labels
    told = np.array(model.classes, dtype=object)[labels]
    assert (told == answers.values)[clear].all()


# Each activation has a model of its own; `test_forms` has a network of all of them.
OWN = [pytest.param(name, marks=pytest.mark.slow) if name.startswith("activation ") else name for name in zoo.ZOO]


@pytest.mark.parametrize("name", OWN)
def test_the_list_says_what_the_model_says(name: str) -> None:
    check(zoo.model(name), zoo.rows(name))


def test_words_and_numbers_never_seen() -> None:
    table = zoo.frame(40, seed=9)
    odd = table.with_columns(
        pl.lit("never seen").alias("colour"),
        pl.lit("perhaps").alias("answer"),
        pl.lit(1e300).alias("size"),
        pl.lit(None, pl.Float64).alias("weight"),
    )
    for name in ("default grade", "notes grade", "target price"):
        check(zoo.model(name), odd)


def test_several_networks_answer_with_their_mean() -> None:
    model = zoo.model("default grade")
    other = zoo.fitted("grade", seed=7, bin_rows=model.recipe.bin_rows)
    assert other.network.sizes == model.network.sizes
    made = program.of_model(model.preparation, model.target, [model.network, other.network], model.missing)
    frame = model.read(zoo.frame(50, seed=4)).frame
    found, _ = interpreter.run(made, interpreter.cells(made, frame))
    X = model.preparation.transform(frame)
    shares = [network.forward(X) for network in (model.network, other.network)]
    np.testing.assert_allclose(found, np.mean(shares, axis=0), rtol=1e-5)


def test_a_network_alone() -> None:
    net = deltaw.Network([3, 5, 2], ["mish", "softmax"], seed=1)
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    made = program.of_network(net)
    found, labels = interpreter.run(made, {f"x{i}": x[:, i] for i in range(3)})
    np.testing.assert_allclose(found, net.forward(x), rtol=1e-5)
    assert labels is None


def test_prepared_features_alone() -> None:
    model = zoo.model("default grade")
    names = model.preparation.feature_names
    made = program.of_features(names, model.target, [model.network])
    X = model.preparation.transform(model.read(zoo.frame(50, seed=4)).frame)
    found, _ = interpreter.run(made, {name: X[:, i] for i, name in enumerate(names)})
    np.testing.assert_allclose(found, model.network.forward(X), rtol=1e-5, atol=1e-9)


def test_the_digest_is_of_everything() -> None:
    one, other = program_of(zoo.model("iris")), program_of(zoo.model("wine"))
    assert one.digest == program_of(zoo.model("iris")).digest != other.digest


def test_words_of_earlier_versions_that_become_one() -> None:
    """Such a model has the same town twice; its cells are those of the composed one, in every form."""
    table = program._spelt(["Ko\u0308ln", "K\u00f6ln", "Ulm"], [0.0, 1.0, 2.0], None, ())
    assert dict(zip(table["words"], table["values"], strict=True)) == {"K\u00f6ln": 1, "Ko\u0308ln": 1, "Ulm": 2}
