"""Numbers learnt on a log scale: where that is chosen, and that all that speaks of the answers means the numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small import QUICK

import deltaw
from deltaw import models
from deltaw.exceptions import InputError
from deltaw.explain import prediction
from deltaw.models.rows.parts import OF_A_MEDIAN
from deltaw.preparation.scales.logarithm import LogScale, skewness
from deltaw.sklearn import TableRegressor


def incomes(n: int = 240) -> pl.DataFrame:
    """Products of what the columns say."""
    rng = np.random.default_rng(0)
    years, sort = rng.normal(size=n), rng.choice(["a", "b"], n)
    return pl.DataFrame(
        {"years": years, "sort": sort, "income": np.exp(8 + years + (sort == "a") + 0.1 * rng.normal(size=n))}
    )


SETTINGS = {**QUICK, "epochs": 40}


def test_answers_are_numbers_in_the_targets_units(tmp_path: Path) -> None:
    rows = incomes()
    log, plain = (deltaw.fit(rows, "income", target_scale=each, **SETTINGS) for each in ("log", "none"))
    assert isinstance(log.target.scale, LogScale)
    assert log.recipe.target_scale == "log"
    assert log.scores is not None
    assert plain.scores is not None
    assert log.scores["rmsle"] < 0.7 * plain.scores["rmsle"]
    truth = log.scores.outcome.truth  # type: ignore[union-attr]
    np.testing.assert_array_equal(truth, plain.scores.outcome.truth)  # type: ignore[union-attr]
    log.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    assert (loaded.target, loaded.recipe) == (log.target, log.recipe)
    np.testing.assert_array_equal(loaded.predict(rows), log.predict(rows))
    assert log.predict(rows).min() >= log.target.low
    again = models.replan(loaded, rows)
    assert again is not None
    np.testing.assert_array_equal(
        again.training.T, models.plan(rows, "income", target_scale="log", **SETTINGS).training.T
    )


@pytest.mark.parametrize("hidden", [(), 12])
def test_shares_are_in_the_targets_units_and_sum_up(hidden: object) -> None:
    rows = incomes()
    model = deltaw.fit(rows, "income", target_scale="log", **SETTINGS | {"hidden": hidden})
    for row in (1, 7):
        found = prediction(model, rows, row)
        shares = found.attributions
        assert shares.value == pytest.approx(model.predict(rows, engine="reference")[row - 1], rel=1e-5)
        assert shares.shares.sum() == pytest.approx(shares.value - shares.value_at_baseline, abs=1e-3)
        scale = model.target.scale
        assert isinstance(scale, LogScale)
        o = float(found.signals.o[-1][0])
        assert np.exp(o * scale.scale.width + scale.scale.centre) == pytest.approx(shares.value)
        assert "in the target's own units: e^(" in str(found)


def test_where_it_is_chosen() -> None:
    rows = incomes()
    even = rows.with_columns(income=pl.col("income").log())
    below = rows.with_columns(income=pl.col("income") - 10_000)

    def scale(frame: pl.DataFrame, **settings: object) -> str:
        return models.plan(frame, "income", **settings, **QUICK).recipe.target_scale  # type: ignore[arg-type]

    for metric in OF_A_MEDIAN:
        assert scale(rows, metric=metric) == "log"
        assert scale(even, metric=metric) == "none"
        assert scale(below, metric=metric) == "none"
        assert scale(rows, metric=metric, target_scale="none") == "none"
    for metric in (None, "r2", "rmse"):
        assert scale(rows, metric=metric) == "none"
        assert scale(rows, metric=metric, target_scale="log") == "log"
    assert scale(rows.with_columns(income=pl.col("income") // 1000), metric="mae") == "log"  # with zeros


def test_skewness() -> None:
    x = np.random.default_rng(0).exponential(size=200_000)
    assert skewness(x) == pytest.approx(2, abs=0.1)
    assert skewness(-x) == pytest.approx(-skewness(x))
    assert skewness(1e300 * x) == pytest.approx(skewness(x))
    assert skewness(np.ones(5)) == 0


def test_a_model_of_before_is_as_it_was() -> None:
    model = deltaw.fit(incomes(), "income", **QUICK)
    document = models.document(model)
    assert "target_scale" not in document["recipe"]
    assert "scale" not in document["target"]["scale"]


def test_the_estimator() -> None:
    rows = incomes()
    X, y = rows.drop("income"), rows.get_column("income").to_numpy()
    settings = {name: value for name, value in SETTINGS.items() if name != "engine"}
    model = TableRegressor(engine="native", target_scale="log", settings=settings, random_state=0).fit(X, y)
    assert isinstance(model.model_.target.scale, LogScale)
    assert model.score(X, y) > 0.8


def test_what_cannot_be(table: pl.DataFrame) -> None:
    cases = [
        ("income", {"target_scale": "sqrt"}, "target_scale: expected 'auto', 'log' or 'none', found 'sqrt'"),
        ("sort", {"target_scale": "log"}, "target_scale: expected numbers to be predicted, found 2 classes"),
        ("years", {"target_scale": "log"}, "no number below 0"),
    ]
    for target, settings, message in cases:
        with pytest.raises(InputError, match=message) as error:
            deltaw.fit(incomes(), target, **settings, **QUICK)  # type: ignore[arg-type]
        assert "\n" not in str(error.value)
