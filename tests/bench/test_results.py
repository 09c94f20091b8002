"""The table's arithmetic: operations, medians, the better number of threads, ratios, targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.bench.child import how_much
from deltaw.bench.cost import Curve
from deltaw.bench.results import Row, Timing, peaks
from deltaw.bench.workloads import ACCURACY, WORKLOADS, Method, Targets, Workload

WORK = Workload("w", "a workload", "iris", Method((4, 16, 3)), targets=Targets(best=3, compiled=20, book=50, peak=0.5))


def row(*timings: Timing, workload: Workload = WORK, product: float = 1e9) -> Row:
    return Row(workload, timings, {1: product, 2: 2 * product}, {})


def test_operations_of_the_notes_network() -> None:
    """784 · 200 + 200 · 10 weights: two operations each forward, two for dW; the last layer sends errors back."""
    assert WORKLOADS["adam-32"].operations == 4 * 156_800 + 6 * 2_000
    assert WORKLOADS["predict-1"].operations == 2 * 158_800


def test_operations_of_one_hot_rows_are_those_of_their_ones() -> None:
    assert WORKLOADS["one-hot"].operations == 4 * 20 * 64 + 6 * 64 * 10


def test_a_peak_is_the_quickest_product() -> None:
    """Of all runs so far, and of two threads at least that of one, where both met one processor."""
    first = peaks([Timing("product", 1, 90, (1.0, 1.5, 2.0)), Timing("product", 2, 90, (1.2, 1.1, 1.3))], {})
    assert first == {1: 90.0, 2: 90.0}
    assert peaks([Timing("product", 1, 90, (1.5,)), Timing("product", 2, 90, (0.6, 0.5))], first) == {1: 90.0, 2: 180.0}
    assert peaks([Timing("product", 2, 90, (0.9,))], {1: 90.0, 2: 180.0}) == {1: 90.0, 2: 180.0}


def test_everybody_counts_by_the_better_number_of_threads() -> None:
    found = row(
        Timing("deltaw", 1, 100, (1.0, 9.0, 0.5)),  # median 1: 100 a second
        Timing("deltaw", 2, 100, (0.5, 0.5, 0.5)),  # 200
        Timing("torch", 1, 100, (2.0, 2.0, 2.0), compiling=8.0),  # 50; with compiling 10
        Timing("torch", 2, 100, (4.0, 4.0, 4.0)),
        Timing("book", 1, 10, (1.0, 1.0, 1.0)),
    )
    assert found.ours is not None
    assert found.rival is not None
    assert (found.ours.threads, found.rival.peer, found.rival.threads) == (2, "torch", 1)
    expected = {"best": 4.0, "compiled": 20.0, "book": 20.0, "peak": 200 * WORK.operations / 2e9}
    assert found.ratios() == pytest.approx(expected)
    assert found.met() == {"best": True, "compiled": True, "book": False, "peak": False}


def test_without_peers_there_are_no_ratios_but_a_share_of_the_peak() -> None:
    found = row(Timing("deltaw", 1, 100, (1.0,) * 3))
    assert found.rival is None
    assert found.ratios() == {"best": None, "compiled": None, "book": None, "peak": 100 * WORK.operations / 1e9}
    assert found.met() == {"peak": False}


def test_who_does_not_reach_the_accuracy_does_not_count() -> None:
    reach = replace(WORK, measure="reach")
    good, bad = (ACCURACY,) * 3, (ACCURACY, 0.9, 0.9)
    found = row(
        Timing("deltaw", 1, 1, (1.0,) * 3, accuracy=good),
        Timing("torch", 1, 1, (0.1,) * 3, accuracy=bad),
        Timing("jax", 1, 1, (3.0,) * 3, 5.0, accuracy=good),
        workload=reach,
    )
    assert found.rival is not None
    assert found.rival.peer == "jax"
    assert found.ratios() == {"best": 3.0, "compiled": 8.0, "book": None, "peak": None}


@given(
    speed=st.floats(1, 1e8),
    seconds=st.floats(0.01, 10),
    n=st.integers(1, 10**6),
    batch=st.integers(1, 10_000),
    whole=st.booleans(),
)
def test_a_run_is_whole_epochs_or_whole_batches(speed: float, seconds: float, n: int, batch: int, whole: bool) -> None:
    rows, epochs = how_much(speed, seconds, n, batch, whole)
    assert 1 <= rows <= n
    assert epochs >= 1
    assert rows == n or (epochs == 1 and rows % batch == 0 and not whole)
    if not whole and speed * seconds < n:
        assert epochs == 1


@given(exponent=st.floats(0.2, 3))
def test_the_exponent_of_a_curve(exponent: float) -> None:
    against = np.array([1e3, 4e3, 1e4, 5e4])
    seconds = 1e-6 * against**exponent
    curve = Curve("rows", "rows", (1, 4, 10, 50), tuple(seconds), tuple(against))
    assert curve.exponent == pytest.approx(exponent, abs=1e-6)


def test_targets_are_those_that_were_set() -> None:
    """Of the whole table, so that none is dropped by mistake."""
    targets = {name: each.targets for name, each in WORKLOADS.items()}
    assert targets["notes-1"] == Targets(best=5, book=50)
    assert [targets[f"adam-{size}"].best for size in (4, 16, 32, 64, 128, 256)] == [4, 4, 3, 3, 2, 1.7]
    assert [targets[f"adam-{size}"].peak for size in (32, 128, 256)] == [0.6, 0.75, 0.75]
    assert [targets[name].best for name in ("deep", "wide", "tiny", "table", "one-hot")] == [2, 1.1, 3, 4, 10]
    assert targets["reach-98"] == Targets(best=2.5, compiled=6)
    assert [targets[name].best for name in ("predict-1", "predict-10000")] == [5, 1.2]
