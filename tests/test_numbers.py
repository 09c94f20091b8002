"""Numbers as people read them: five significant digits, thousands apart, and nothing lost that was said to be there."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw import plots
from deltaw.models import METRICS
from deltaw.models.scoring.metrics import Metric
from deltaw.numbers import in_powers, number

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Of hands and wallets: where a number is most often met.
COMMON = st.floats(-1e7, 1e7)
FORM = re.compile(r"−?(\d{1,4}|\d{1,3}(,\d{3})+)(\.\d+)?(e−?[1-9]\d*)?")


def read_back(text: str) -> Fraction:
    return Fraction(text.replace("−", "-").replace(",", ""))


@given(st.one_of(FINITE, COMMON), st.integers(1, 12))
def test_what_is_shown_is_within_half_a_unit_of_the_last_digit(value: float, digits: int) -> None:
    unit = Fraction(10) ** (math.floor(math.log10(abs(value))) - digits + 1) if value else 0
    for show in (number, in_powers):
        assert abs(read_back(show(value, digits)) - Fraction(value)) <= unit / 2 * (1 + Fraction(1, 10**9))


@given(st.one_of(FINITE, COMMON, st.integers(-(10**20), 10**20)), st.booleans())
def test_thousands_are_apart_and_a_minus_is_a_minus(value: float, zeros: bool) -> None:
    text = number(value, zeros=zeros)
    assert FORM.fullmatch(text), text
    assert (text[0] == "−") == (value < 0)
    assert zeros or not re.search(r"\.\d*0(e|$)", text)


@given(st.integers(-(10**25), 10**25))
def test_a_count_is_exact(value: int) -> None:
    assert read_back(number(value)) == value


@given(st.floats(1, 9.99999), st.integers(-4, 4))
def test_zeros_that_stay_make_five_digits(value: float, power: int) -> None:
    text = number(value * 10.0**power, zeros=True)
    assert len(text.replace(",", "").replace(".", "").lstrip("0")) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(19570.4, "19,570"), (1.957e4, "19,570"), (-180921.2, "−180,921"), (1234.56, "1,234.6"), (1999.0, "1999"),
     (9.99999, "10"), (0.1, "0.1"), (1e-7, "1e−7"), (0.00012345678, "0.00012346"), (1e300, "1e300"),
     (-1.23456e-300, "−1.2346e−300"), (1234567890.0, "1,234,567,890"), (-0.0, "0"), (3, "3"), (2024, "2024"),
     (-70000, "−70,000"), (np.float32(0.5), "0.5"), (np.int64(4), "4"), (float("nan"), "NaN"), (math.inf, "∞"),
     (-math.inf, "−∞")],
)  # fmt: skip
def test_some_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    "values", [[180_000.0, 200_000.0], [1e6, 3e6], [0.0, 1e-9], [100_000.25, 100_000.5], [-2.0, 2.0]]
)
def test_ticks_differ_and_read_back(values: list[float]) -> None:
    figure = plots.learning_curves(values * 10, loss_name="a loss")
    figure.draw_without_rendering()
    axis = figure.axes[0].yaxis
    places, texts = axis.get_majorticklocs(), [label.get_text() for label in axis.get_ticklabels()]
    assert len(set(texts)) == len(texts) > 1
    for place, text in zip(places, texts, strict=True):
        assert FORM.fullmatch(text), text
        assert math.isclose(float(read_back(text)), place, rel_tol=1e-5, abs_tol=1e-15)


@pytest.mark.parametrize("metric", [metric for row in METRICS.values() for metric in row], ids=lambda m: m.name)
@given(value=st.floats(-1e300, 1e300))
def test_scores_of_any_size_are_shown_shortly(metric: Metric, value: float) -> None:
    text = metric.show(value)
    assert FORM.fullmatch(text.removesuffix("%")), text
    assert len(text) < 30
