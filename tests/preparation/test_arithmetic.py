"""The arithmetic that is told comes to the numbers that the network gets."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from deltaw.preparation import Preparation
from deltaw.preparation.arithmetic import Line, arithmetic
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.tables import Block, kinds, read

N = 120  # two bins a column


def table() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(20, 5, N).round(2).tolist()
    size[3] = None
    colour = rng.choice(["red", "green", "blue"], N).tolist()
    colour[3] = None
    return pl.DataFrame(
        {
            "size": size,
            "low": rng.normal(-300, 40, N).round(1),
            "colour": colour,
            "sunny": (rng.random(N) < 0.5).tolist(),
            "asked": [None if i == 3 else "yes" if i % 3 else "no" for i in range(N)],
            "day": [date(2024, 1, 1) + timedelta(days=2 * i) for i in range(N)],
            "at": [datetime(2024, 1, 1, 7) + timedelta(hours=7 * i) for i in range(N)],
        }
    )


def come_to(words: str) -> float | None:
    """What the last sum in the words comes to, None where they hold no sum."""
    last = re.split(r"[;:] ", words)[-1]
    last = (
        last.replace("−", "-").replace("·", "*").replace("π", "*math.pi").replace("²", "**2").replace("√", "math.sqrt")
    )
    last = re.sub(r"(?<=\d),(?=\d)", "", last)
    last = re.sub(r"(?<!math\.)\b(sin|cos)\(", r"math.\1(", last)
    return float(eval(last, {"math": math})) if re.search(r"\d", last) and not words.startswith("one-hot") else None


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("row", [0, 1, 3, 17])
def test_it_comes_to_what_the_network_gets(scaling: str, row: int) -> None:
    frame = table()
    preparation = Preparation.fit(frame, kinds(read(frame)), scaling)
    one = frame[row]
    X = preparation.transform(one)[0]
    lines = arithmetic(preparation, one)
    sums = 0
    for line in lines:
        assert line.value == X[line.place]
        assert line.feature == preparation.feature_names[line.place]
        total = come_to(line.arithmetic)
        if total is not None:
            sums += 1
            assert total == pytest.approx(line.value, rel=2e-4, abs=2e-4), line
    assert sums >= 10
    told = {line.place for line in lines}
    low = SCALINGS[scaling].low
    other = (
        {low, 0.0, 1.0} if SCALINGS[scaling].bins else {low}
    )  # slots, and bins before and after the one that is told
    assert all(X[place] in {np.float32(value) for value in other} for place in range(len(X)) if place not in told)


def lines_of(row: int, scaling: str = "standard") -> dict[str, Line]:
    frame = table()
    preparation = Preparation.fit(frame, kinds(read(frame)), scaling)
    return {line.feature: line for line in arithmetic(preparation, frame[row])}


def test_words() -> None:
    here, gone = lines_of(0), lines_of(3)
    size = here["size"]
    assert re.fullmatch(r"\([\d.]+ − [\d.]+\) / [\d.]+", size.arithmetic)
    assert size.cell == table()["size"][0]
    assert re.fullmatch(r"\(−[\d.]+ \+ [\d.]+\) / [\d.]+", here["low"].arithmetic)
    assert here["size (missing)"].arithmetic == "not missing: 0"
    assert gone["size (missing)"].arithmetic == "missing: 1"
    assert gone["size"].cell is None
    assert "replaced by the median" in gone["size"].arithmetic
    assert "colour=(missing)" in gone
    assert "halfway" in gone["asked"].arithmetic
    assert here["asked"].arithmetic == "no"
    assert "the other 4 inputs get 0" in gone["colour=(missing)"].arithmetic
    assert lines_of(0, "none")["size"].arithmetic == f"{table()['size'][0]:g}"


def test_blocks() -> None:
    frame = pl.DataFrame({"a": [0, 255, 9], "b": [3, 4, 5]})
    block = Block("pixels", ("a", "b"), 0, 255, (1, 2))
    columns = kinds(read(frame))
    preparation = Preparation.fit(frame, [columns[0].__class__("pixels", "number", "")], "unit", [block])
    lines = arithmetic(preparation, frame[2])
    assert [line.column for line in lines] == ["pixels", "pixels"]
    assert [line.cell for line in lines] == [9, 5]
    for line in lines:
        assert come_to(line.arithmetic) == pytest.approx(line.value, abs=1e-5)
