"""How what users hold looks: a line in Python, and in a notebook HTML in which foreign text is text."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest

import deltaw
from deltaw.models import METRICS, RECIPES
from deltaw.notebook import STYLE
from deltaw.training import History
from reader import Reader

NASTY = "<script>alert('x')</script>\n&amp;\x1b[2J"
VOID = {"progress", "br"}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    xs = [float(i % 17) for i in range(120)]
    return pl.DataFrame({NASTY: xs, "z": [str(x > 8) + NASTY for x in xs], "y": ["<b>" if x > 5 else "c" for x in xs]})


@pytest.fixture(scope="module")
def model(frame: pl.DataFrame) -> deltaw.Model:
    return deltaw.fit(frame, "y", engine="native", hidden=4, epochs=3)


@pytest.fixture(scope="module")
def held(model: deltaw.Model, frame: pl.DataFrame) -> dict[str, Any]:
    return {
        "Model": model,
        "Scores": model.scores,
        "Learning": model.history,
        "History": History([1.0, 0.5], best_epoch=1),
        "Network": model.network,
        "Recipe": model.recipe,
        "Table": deltaw.read(frame),
        "Importance": model.importance(frame),
        "CrossValidation": deltaw.crossval(
            frame.rename({"y": "<i>y"}), "<i>y", folds=2, engine="reference", hidden=4, epochs=2
        ),
    }


HELD = (
    "Model", "Scores", "Learning", "History", "Network", "Recipe", "Table", "Importance", "CrossValidation",
)  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_a_line_and_a_page(held: dict[str, Any], name: str) -> None:
    line = repr(held[name])
    assert line.startswith(f"{name}(")
    assert line.isprintable()
    assert len(line) < 1000
    html = held[name]._repr_html_()
    assert Reader(html).tags <= {"div", "style", "p", "b", "table", "tr", "th", "td"}
    assert "\x1b" not in html


def test_foreign_text_is_shown(held: dict[str, Any]) -> None:
    for name in ("Model", "Table", "Importance"):
        assert "<script>alert('x')</script>" in "".join(Reader(held[name]._repr_html_()).words)
    assert "<b>" in "".join(Reader(held["Model"]._repr_html_()).words)


def test_folds_stand_below_each_other(held: dict[str, Any]) -> None:
    found = held["CrossValidation"]
    text = "".join(Reader(found._repr_html_()).words)
    assert "<i>y" in text
    for metric in found.metrics:
        assert metric.show(found.mean(metric.name)) in text
        assert metric.show(found.spread(metric.name)) in text
        assert all(metric.show(each.scores[metric.name]) in text for each in found.folds)


def test_colours_are_those_around(held: dict[str, Any]) -> None:
    """Dark or light: no colour is named, and no style leaves the cell."""
    assert not re.search(r"#[0-9a-fA-F]{6}|color: *(white|black)", STYLE)
    for rule in re.findall(r"([^{}]+)\{", STYLE):
        assert all(part.strip().startswith(".deltaw-view") for part in rule.split(","))


def test_undecided_recipes_and_empty_histories() -> None:
    for tasks in RECIPES.values():
        for recipe in tasks.values():
            assert "None" not in repr(recipe) + recipe._repr_html_()
    assert repr(History()) == "History(0 epochs (finished))"
    Reader(History()._repr_html_())


def test_scores_by_name(model: deltaw.Model) -> None:
    assert model.scores is not None
    for metric in METRICS["classification"]:
        assert getattr(model.scores, metric.name) == pytest.approx(model.scores[metric.name], nan_ok=True)
        assert metric.name in dir(model.scores)
    with pytest.raises(AttributeError, match="has no 'acuracy': did you mean 'accuracy'"):
        model.scores.acuracy  # noqa: B018


def test_figures(held: dict[str, Any], frame: pl.DataFrame) -> None:
    from matplotlib.figure import Figure

    assert len(held["Learning"].plot().axes) == 2  # loss and score
    assert len(held["History"].plot().axes) == 1
    drawn = held["Model"].plot_importance(frame, repeats=2)
    assert isinstance(drawn, Figure)
    assert len(drawn.axes[0].get_yticklabels()) == len(held["Model"].preparation.steps)
