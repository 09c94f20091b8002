"""Rows that mean what the training rows mean, written in another way: what is not read alike is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from deltaw.preparation import Preparation
from deltaw.preparation.unknown import all_small, unknown_words, without_units
from deltaw.tables import kinds, read
from deltaw.tables.cells import missing_to_null

N = 300
X = np.random.default_rng(2).uniform(0, 99, N).round(1)


def learnt(cells: list[Any]) -> Preparation:
    table = read({"x": cells, "y": ["ab"[i % 2] for i in range(len(cells))]})
    return Preparation.fit(table.frame, kinds(table, "y"), "piecewise")


@pytest.mark.parametrize("unit", ["lb", "pct", "€"])
def test_rows_without_the_unit_of_training_are_told(unit: str) -> None:
    steps = learnt([f"{x} {unit}" for x in X]).steps
    assert without_units(steps, pl.DataFrame({"x": X})) == [("x", f"#{unit}")]
    assert without_units(steps, pl.DataFrame({"x": [f"{x}{unit}" for x in X]})) == []
    assert without_units(learnt([*X]).steps, pl.DataFrame({"x": X})) == []


@pytest.mark.parametrize(("rows", "told"), [
    (X / 100, True), (X / 1000, True), (X / 2, False), (X, False), (-X / 100, False), (X[:9] / 100, False),
    (np.full(50, 0.5), False),
])  # fmt: skip
def test_numbers_that_are_all_small_are_told(rows: np.ndarray, told: bool) -> None:
    """As if in a larger unit: at least ten and several, of which none is as large as most of training's."""
    assert bool(all_small(learnt([*X]).steps, pl.DataFrame({"x": rows}))) is told


@pytest.mark.parametrize("other", ["SÃO PAULO", "são  paulo", "Ｓão Paulo"])
def test_a_known_word_in_another_spelling_is_told_however_rare(other: str) -> None:
    steps = learnt(["São Paulo", "Köln", "Łódź"] * 100).steps
    rows = ["Köln"] * 99 + [other]
    (found,) = unknown_words(steps, pl.DataFrame({"x": rows}))
    assert (found.word, found.near, found.cells) == (other, "São Paulo", 1)
    assert unknown_words(steps, pl.DataFrame({"x": ["Köln"] * 99 + ["Bonn"]})) == []


@pytest.mark.parametrize("cell", ["\u200e12.5", "\u202d12.5\u202c", "\ufeff12.5", "\u200b12.5\u00a0"])
def test_signs_that_nobody_sees_are_no_part_of_a_cell(cell: str) -> None:
    assert read({"x": [cell, "3"] * 9}).frame["x"][0] == 12.5
    words = pl.Series([cell.replace("12.5", "a\u00a0b"), "\u200b"])
    assert missing_to_null(words).to_list() == ["a b", None]
