"""Schedules: end points, monotony, and the formulas that they are named after."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.schedules import SCHEDULES, factors, schedule
from deltaw.exceptions import SettingError

EPOCHS, STEPS = 20, 10


def run(spec: str) -> np.ndarray:
    """The factors of all steps of 20 epochs of 10 steps."""
    return factors(schedule(spec), 0, EPOCHS * STEPS, STEPS, EPOCHS)


def at(spec: str, tau: float, epoch: float = 0.0) -> float:
    return float(schedule(spec).factor(np.array([epoch]), np.array([tau]))[0])


def test_the_table_holds_what_is_promised() -> None:
    assert list(SCHEDULES) == [
        "constant", "step", "exponential", "inverse_time", "cosine", "flat_cosine", "one_cycle", "coslog",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "first", "last"),
    [("constant", 1, 1), ("cosine", 1, 0), ("flat_cosine", 1, 0), ("flat_cosine(0.9)", 1, 0), ("flat_cosine(0)", 1, 0),
     ("one_cycle", 0.04, 1e-4), ("one_cycle(0.5, start=0.2, end=0)", 0.2, 0), ("coslog", 0, 0)],
)  # fmt: skip
def test_end_points(spec: str, first: float, last: float) -> None:
    assert at(spec, 0.0) == pytest.approx(first, abs=1e-15)
    assert at(spec, 1.0) == pytest.approx(last, abs=1e-12)


@pytest.mark.parametrize("spec", ["constant", "step", "exponential", "inverse_time", "cosine", "flat_cosine"])
def test_never_rises(spec: str) -> None:
    got = run(spec)
    assert got[0] == 1
    assert (np.diff(got) <= 0).all()
    assert (got > 0).all()


@pytest.mark.parametrize("spec", SCHEDULES)
@given(tau=st.floats(0, 1), epoch=st.floats(0, 1000))
def test_between_0_and_1(spec: str, tau: float, epoch: float) -> None:
    assert 0 <= at(spec, tau, epoch) <= 1 + 1e-15


def test_step_falls_at_whole_epochs() -> None:
    got = run("step(0.5, every=3)").reshape(EPOCHS, STEPS)
    for epoch in range(EPOCHS):
        assert (got[epoch] == 0.5 ** (epoch // 3)).all()


def test_formulas_in_epochs() -> None:
    epoch = np.arange(EPOCHS * STEPS) / STEPS
    np.testing.assert_allclose(run("exponential(0.9)"), [0.9**e for e in epoch], rtol=1e-13)
    np.testing.assert_allclose(run("inverse_time(0.5)"), [1 / (1 + 0.5 * e) for e in epoch], rtol=1e-13)
    np.testing.assert_allclose(
        run("cosine"), [(1 + math.cos(math.pi * e / EPOCHS)) / 2 for e in epoch], rtol=1e-12, atol=1e-15
    )


def test_flat_cosine_is_flat_and_then_a_cosine() -> None:
    got = run("flat_cosine(0.25)")
    assert (got[: EPOCHS * STEPS // 4 + 1] == 1).all()
    rest = np.arange(EPOCHS * STEPS * 3 // 4)
    np.testing.assert_allclose(got[EPOCHS * STEPS // 4 :], (1 + np.cos(np.pi * rest / len(rest))) / 2, atol=1e-12)


@given(st.floats(0.05, 0.95))
def test_one_cycle_rises_to_1_and_falls_without_a_jump(warm_up: float) -> None:
    spec = f"one_cycle({warm_up!r}, 0.1, 0.01)"
    assert at(spec, warm_up) == pytest.approx(1)
    assert at(spec, warm_up * (1 - 1e-9)) == pytest.approx(1)
    up = schedule(spec).factor(np.zeros(50), np.linspace(0, warm_up, 50))
    down = schedule(spec).factor(np.zeros(50), np.linspace(warm_up, 1, 50))
    assert (np.diff(up) > 0).all()
    assert (np.diff(down) < 0).all()


def test_coslog_is_its_formula_four_waves_each_about_twice_as_long() -> None:
    tau = np.linspace(0, 1, 101)
    expected = [0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t))) for t in tau]
    np.testing.assert_allclose(schedule("coslog").factor(tau, tau), expected, atol=1e-14)
    for wave in range(4):  # log₂(1 + 15τ) is whole where a wave ends, and half-way at its top
        assert at("coslog", (2**wave - 1) / 15) == pytest.approx(0, abs=1e-12)
        assert at("coslog", (2 ** (wave + 0.5) - 1) / 15) == pytest.approx(1)


@pytest.mark.parametrize("spec", SCHEDULES)
def test_epoch_by_epoch_is_the_same_as_at_once(spec: str) -> None:
    row = schedule(spec)
    parts = [factors(row, epoch * STEPS, STEPS, STEPS, EPOCHS) for epoch in range(EPOCHS)]
    np.testing.assert_array_equal(np.concatenate(parts), run(spec))


@pytest.mark.parametrize(
    "spec", [*SCHEDULES, "step(0.1, 3)", "exponential(0.5)", "flat_cosine(0.123456789)", "one_cycle(0.1, 0.2, 0.3)"]
)
def test_name_reads_back(spec: str) -> None:
    row = schedule(spec)
    assert schedule(row) is row
    again = schedule(row.name)
    assert again.name == row.name
    np.testing.assert_array_equal(factors(again, 0, 50, STEPS, EPOCHS), factors(row, 0, 50, STEPS, EPOCHS))


@pytest.mark.parametrize(
    "spec", ["step(0)", "step(0.5, 0)", "exponential(-1)", "flat_cosine(1)", "one_cycle(0)", "cosine(1)", "cos", None]
)
def test_bad_settings(spec: object) -> None:
    with pytest.raises(SettingError) as caught:
        schedule(spec)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spec", SCHEDULES)
def test_where_a_wave_ends_the_rate_is_0_and_rises_again(spec: str) -> None:
    row = schedule(spec)
    for share in row.waves:
        assert at(spec, share) == pytest.approx(0, abs=1e-12)
        assert at(spec, share + 0.01) > 0
    assert row.ends(15) == ((3, 7) if spec == "coslog" else ())
    assert schedule("coslog").ends(1) == (1,)
