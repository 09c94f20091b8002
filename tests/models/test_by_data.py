"""What of a recipe depends on the data, over all sizes of tables that there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.optimizers import optimizer
from deltaw.models.by_data import BY_DATA
from deltaw.models.recipes import RECIPES, choose, sized

FILLED = ("activation", "batch_size", "epochs", "dropout", "schedule", "label_smoothing")


@pytest.mark.parametrize("name", BY_DATA)
@given(
    rows=st.integers(1, 10**8),
    inputs=st.integers(1, 10**5),
    image=st.booleans(),
    classes=st.integers(0, 200),
    held_out=st.booleans(),
)
def test_every_size_has_settings_that_can_be(
    name: str, rows: int, inputs: int, image: bool, classes: int, held_out: bool
) -> None:
    for task, recipe in RECIPES[name].items():
        found = sized(recipe, rows, inputs, image, classes, held_out)
        assert all(getattr(found, field) is not None for field in FILLED)
        assert choose(name, task, found._decided() | {"activation": found.activation})  # raises for what cannot be
        assert 1 <= found.batch_size <= (1024 if rows >= 800_000 and not image else 256)
        assert 0.0 <= found.dropout <= 0.5


@given(rows=st.integers(10, 2_000), more=st.integers(1, 2_000))
def test_fewer_rows_are_held_back_more(rows: int, more: int) -> None:
    few, many = (BY_DATA["default"](n, 30, False, 2) for n in (rows, rows + more))
    assert few["dropout"] >= many["dropout"]
    assert few["batch_size"] <= many["batch_size"]
    assert optimizer(few["optimizer"]).weight_decay >= optimizer(many["optimizer"]).weight_decay


@given(rows=st.integers(150, 10**7), more=st.integers(1, 10**7))
def test_more_rows_take_no_more_epochs(rows: int, more: int) -> None:
    few, many = (BY_DATA["default"](n, 30, False, 2) for n in (rows, rows + more))
    assert few["epochs"] >= many["epochs"] >= 5
    assert few["label_smoothing"] >= many["label_smoothing"]


@pytest.mark.parametrize("classes", [0, 2, 4, 30])
@pytest.mark.parametrize("rows", [9_999, 10_000, 49_999, 50_000])
def test_large_tables_are_learnt_straight(rows: int, classes: int) -> None:
    """Without what keeps a network from fitting chance, and in longer steps where many classes are to be told apart."""
    found, smaller = (BY_DATA["default"](n, 30, False, classes) for n in (rows, 9_999))
    assert (found["dropout"] == found["label_smoothing"] == 0.0) == (rows >= 10_000)
    assert (found["learning_rate"] > smaller["learning_rate"]) == (rows >= (10_000 if classes >= 4 else 50_000))


@pytest.mark.parametrize(("name", "rows", "image", "patience"), [
    ("default", 7_999, False, None), ("default", 8_000, False, "waves"), ("default", 10**7, False, "waves"),
    ("default", 8_000, True, None), ("quick", 8_000, False, None), ("accurate", 8_000, False, None),
])  # fmt: skip
def test_many_rows_tell_when_a_wave_brings_nothing(name: str, rows: int, image: bool, patience: str | None) -> None:
    recipe = RECIPES[name]["regression"]
    assert sized(recipe, rows, 30, image, 0, True).patience == patience
    assert sized(replace(recipe, patience=7), rows, 30, image, 0, True).patience == 7


@pytest.mark.parametrize(("rows", "classes", "image", "networks"), [
    (149, 2, False, 1), (150, 2, False, 2), (1_999, 0, False, 2), (2_000, 0, False, 1),
    (2_000, 3, False, 1), (2_000, 4, False, 2), (1_000, 2, True, 1),
    (49_999, 9, False, 2), (50_000, 9, False, 1), (149, 9, False, 1),
])  # fmt: skip
def test_two_networks_where_there_is_time_for_a_second(rows: int, classes: int, image: bool, networks: int) -> None:
    """Only where rows that are held out choose the weights of what is kept; nobody's own choice is changed."""
    recipe = RECIPES["default"]["classification" if classes else "regression"]
    assert sized(recipe, rows, 30, image, classes, True).networks == networks
    assert sized(recipe, rows, 30, image, classes, False).networks == 1
    asked = sized(replace(recipe, networks=3, epochs=7), rows, 30, image, classes, True)
    assert (asked.networks, asked.epochs) == (3, 7)
    alone = sized(replace(recipe, networks=1), rows, 30, image, classes, True)
    assert alone.epochs == sized(recipe, rows, 30, image, classes, False).epochs


@pytest.mark.parametrize(("rows", "classes", "dropped"), [
    (159, 4, True), (160, 4, False), (266, 10, True), (528, 11, False), (9_999, 3, True), (9_999, 0, True),
])  # fmt: skip
def test_nothing_is_dropped_where_many_classes_share_the_units_and_each_has_rows_enough(
    rows: int, classes: int, dropped: bool
) -> None:
    for name in ("default", "quick"):
        assert (BY_DATA[name](rows, 30, False, classes)["dropout"] > 0.0) == dropped
    assert BY_DATA["default"](rows, 784, True, classes)["dropout"] == 0.15  # images keep their own way


@given(classes=st.integers(2, 60), rarest=st.floats(1e-4, 1.0), more=st.floats(1.0, 10.0))
def test_smoothing_does_not_hide_a_rare_class(classes: int, rarest: float, more: float) -> None:
    recipe, few = RECIPES["default"]["classification"], min(rarest, 1 / classes)
    shares = [sized(recipe, 900, 30, False, classes, False, share).label_smoothing for share in (few, more * few)]
    assert shares[0] is not None
    assert shares[1] is not None
    assert shares[0] <= shares[1] <= 0.05
    assert shares[0] / classes <= few / 8 * 1.05  # two digits are kept
    assert sized(recipe, 900, 30, False, classes, False, 1 / classes).label_smoothing == 0.05
    asked = replace(recipe, label_smoothing=0.2)
    assert sized(asked, 900, 30, False, classes, False, few).label_smoothing == 0.2
