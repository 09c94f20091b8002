"""What an answer is held against: a row that could be, of which no column has a share that has the same cell."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import combinations
from math import comb

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import ModelFileError
from deltaw.explain import prediction
from deltaw.preparation import Preparation
from deltaw.preparation.columns.category import OTHER
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.tables import kinds, read

QUICK = {"engine": "native", "hidden": 5, "epochs": 4}


def frame(n: int = 160) -> pl.DataFrame:
    """All kinds of columns; `street` has one word but for two rows."""
    rng = np.random.default_rng(1)
    area, roof = rng.normal(1500, 400, n).round(), rng.choice(["flat", "hip", "gable"], n, p=[0.2, 0.2, 0.6])
    return pl.DataFrame(
        {
            "area": [None if i % 19 == 3 else float(value) for i, value in enumerate(area)],
            "roof": roof,
            "street": ["gravel" if i in (7, 90) else "paved" for i in range(n)],
            "garage": rng.choice(["yes", "no", None], n, p=[0.2, 0.7, 0.1]).tolist(),
            "new": rng.random(n) < 0.8,
            "sold": [date(2019, 1, 1) + timedelta(int(day)) for day in rng.integers(0, 900, n)],
            "id": [f"h{i}" for i in range(n // 2)] * 2,
            "price": (100 * area + 20_000 * (roof == "hip") + rng.normal(0, 5000, n)).round(),
        }
    )


def answers(model: deltaw.Model, rows: pl.DataFrame) -> np.ndarray:
    """Not kept within the range of the training rows, as `predict`'s are."""
    return model.target.scale.undo(model.network.forward(model.preparation.transform(rows)))[:, 0]


@pytest.fixture(scope="module", params=["default", "notes"])
def model(request: pytest.FixtureRequest) -> deltaw.Model:
    return deltaw.fit(frame(), "price", recipe=request.param, kinds={"id": "category"}, **QUICK)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_usual_row_is_what_counting_says(scaling: str) -> None:
    table = frame().drop("price")
    preparation = Preparation.fit(table, kinds(read(table)), scaling)
    row = preparation.usual_row()
    assert row.columns == list(preparation.input_names)
    assert row["area"][0] == table["area"].median()
    assert abs(row["sold"][0] - table["sold"].median().date()) <= timedelta(days=1)  # type: ignore[union-attr]
    for name in ("roof", "street", "garage", "new"):
        most = table[name].value_counts(sort=True)[name][0]
        assert row[name][0] == most
    x = dict(zip(preparation.feature_names, preparation.transform(row)[0], strict=True))
    for step in preparation.steps:
        if step.kind == "category":  # exactly one word is on
            assert sum(x[name] > SCALINGS[scaling].low + 1e-3 for name in step.features) == 1


def test_missing_cells_and_rare_words_may_be_the_usual_ones() -> None:
    table = pl.DataFrame(
        {"a": ["x", "y", None, None, None, "x", "z"], "b": list("pqrstuu"), "c": [True, None] * 3 + [None]}
    )
    preparation = Preparation.fit(table, kinds(read(table)))
    row = preparation.usual_row().row(0, named=True)
    assert row.get("a", "not used") in (None, "not used")
    assert row.get("b", OTHER) == OTHER
    assert row.get("c") is None


def test_the_usual_row_held_against_itself_pushes_nothing(model: deltaw.Model) -> None:
    found = prediction(model, model.preparation.usual_row())
    assert np.array_equal(found.attributions.shares, np.zeros(len(found.attributions.shares)))
    assert found.attributions.value == found.attributions.value_at_baseline


@pytest.mark.parametrize("row", [1, 4, 8, 91])
def test_shares_are_complete_and_the_same_cell_has_none(model: deltaw.Model, row: int) -> None:
    table, usual = frame(), model.preparation.usual_row()
    found = prediction(model, table, row)
    ends = [float(answers(model, one)[0]) for one in (table[row - 1], usual)]
    shares = found.attributions.grouped(found.columns)
    assert sum(shares.values()) == pytest.approx(ends[0] - ends[1], abs=1e-3 * abs(ends[0] - ends[1]) + 1.0)
    for name, share in shares.items():
        if table[name][row - 1] == usual[name][0]:
            assert share == 0.0, name
    assert (shares["street"] == 0.0) == (row not in (8, 91))


def test_they_are_integrated_gradients(model: deltaw.Model) -> None:
    """By differences of the answer along the path, in the row's own units."""
    found = prediction(model, frame(), 2)
    start, end = found.attributions.baseline, found.attributions.x
    steps = 400
    middles = start + (np.arange(steps)[:, None] + 0.5) / steps * (end - start)
    expected = np.zeros(len(end))
    for i in np.flatnonzero(end != start):
        nudge = np.zeros(len(end))
        nudge[i] = 1e-4
        slopes = (model.network.forward(middles + nudge) - model.network.forward(middles - nudge))[:, 0] / 2e-4
        expected[i] = slopes.mean() * (end - start)[i] * model.target.scale.width
    np.testing.assert_allclose(found.attributions.shares, expected, rtol=2e-3, atol=2e-3 * np.abs(expected).max())


def test_without_a_hidden_layer_they_are_shapleys_values() -> None:
    """Lundberg & Lee 2017: a straight line's values are w (x - baseline), whatever the order of the columns."""
    table = frame().drop("id", "sold")
    model = deltaw.fit(table, "price", **(QUICK | {"hidden": ()}))
    found, names = prediction(model, table, 5), list(model.preparation.input_names)
    usual = model.preparation.usual_row()
    here, there = table[4].row(0, named=True), usual.row(0, named=True)

    def worth(taken: tuple[str, ...]) -> float:
        cells = {name: here[name] if name in taken else there[name] for name in names}
        mixed = pl.DataFrame({name: [cell] for name, cell in cells.items()}, schema=dict(usual.schema))
        return float(answers(model, mixed)[0])

    shares = found.attributions.grouped(found.columns)
    for name in names:
        others = [other for other in names if other != name]
        value = sum(
            (worth((*taken, name)) - worth(taken)) / (len(names) * comb(len(others), size))
            for size in range(len(names))
            for taken in combinations(others, size)
        )
        assert shares[name] == pytest.approx(value, rel=1e-5, abs=0.5)


def test_it_comes_first_and_says_what_it_is_held_against(model: deltaw.Model) -> None:
    page = prediction(model, frame(), 3).page
    assert page.sections[0].title == "What contributed to the answer"
    text = " ".join(page.text(100).split())
    assert (
        "the baseline is a typical training row: the median of numbers, the median of dates, the most frequent word"
        in text
    )
    data = json.loads(page.render("json"))
    assert data["attributions"]["other"]["street"] == "paved"


@pytest.mark.parametrize("usual", [-1, 99, 1.5, "x", True])
def test_a_usual_cell_that_cannot_be_is_refused(usual: object) -> None:
    table = frame().drop("price")
    document = Preparation.fit(table, kinds(read(table))).document()
    step = next(step for step in document["steps"] if step["kind"] == "category")
    step["usual"] = usual
    with pytest.raises(ModelFileError):
        Preparation.from_document(document)
