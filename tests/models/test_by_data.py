"""What of a recipe depends on the data, over all sizes of tables that there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.optimizers import optimizer
from deltaw.models.by_data import BY_DATA
from deltaw.models.recipes import RECIPES, choose, sized

FILLED = ("activation", "batch_size", "epochs", "dropout", "schedule", "label_smoothing")


@pytest.mark.parametrize("name", BY_DATA)
@given(rows=st.integers(1, 10**8), inputs=st.integers(1, 10**5), image=st.booleans())
def test_every_size_has_settings_that_can_be(name: str, rows: int, inputs: int, image: bool) -> None:
    for task, recipe in RECIPES[name].items():
        found = sized(recipe, rows, inputs, image)
        assert all(getattr(found, field) is not None for field in FILLED)
        assert choose(name, task, found._decided() | {"activation": found.activation})  # raises for what cannot be
        assert 1 <= found.batch_size <= 256
        assert 0.0 <= found.dropout <= 0.5


@given(rows=st.integers(10, 2_000), more=st.integers(1, 2_000))
def test_fewer_rows_are_held_back_more(rows: int, more: int) -> None:
    few, many = (BY_DATA["default"](n, 30, False) for n in (rows, rows + more))
    assert few["dropout"] >= many["dropout"]
    assert few["batch_size"] <= many["batch_size"]
    assert optimizer(few["optimizer"]).weight_decay >= optimizer(many["optimizer"]).weight_decay


@given(rows=st.integers(150, 10**7), more=st.integers(1, 10**7))
def test_more_rows_take_no_more_epochs(rows: int, more: int) -> None:
    few, many = (BY_DATA["default"](n, 30, False) for n in (rows, rows + more))
    assert few["epochs"] >= many["epochs"] >= 5
    assert few["label_smoothing"] >= many["label_smoothing"]
