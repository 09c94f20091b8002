"""Ensemble selection against brute force, and what holds for any candidates."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.models.fitting.trainings.selection import selected, weights

SEEDS = st.integers(0, 10_000)


def squared(truth: np.ndarray):
    return lambda mean: float(((mean - truth) ** 2).mean())


def candidates(seed: int, m: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, 1))
    return truth + rng.normal(size=(m, n, 1)) * rng.uniform(0.2, 1.5, (m, 1, 1)), truth


@given(SEEDS, st.integers(1, 5), st.integers(1, 4))
def test_every_step_is_the_best_that_brute_force_finds(seed: int, m: int, most: int) -> None:
    outputs, truth = candidates(seed, m)
    badness = squared(truth)
    members = selected(outputs, badness, most)
    for size in range(1, len(members) + 1):
        before = members[: size - 1]
        every = {k: badness(outputs[[*before, k]].mean(axis=0)) for k in range(m)}
        assert every[members[size - 1]] == pytest.approx(min(every.values()))
    if len(members) < most:
        now = badness(outputs[members].mean(axis=0))
        assert all(badness(outputs[[*members, k]].mean(axis=0)) >= now - 1e-12 for k in range(m))


@given(SEEDS, st.integers(1, 6))
def test_it_lies_between_the_best_single_and_the_best_of_all_means(seed: int, m: int) -> None:
    outputs, truth = candidates(seed, m)
    badness = squared(truth)
    found = badness(outputs[selected(outputs, badness, 3)].mean(axis=0))
    assert found <= min(map(badness, outputs)) + 1e-12
    every = [list(c) for size in (1, 2, 3) for c in combinations_with_replacement(range(m), size)]
    assert found >= min(badness(outputs[c].mean(axis=0)) for c in every) - 1e-12


@given(SEEDS)
def test_two_are_the_best_two_where_one_of_them_is_the_best_one(seed: int) -> None:
    outputs, truth = candidates(seed, 4)
    badness = squared(truth)
    first = int(np.argmin([badness(one) for one in outputs]))
    pairs = {k: badness((outputs[first] + outputs[k]) / 2) for k in range(4)}
    best = min(pairs, key=lambda k: pairs[k])
    members = selected(outputs, badness, 2)
    assert members == ([first, best] if pairs[best] < badness(outputs[first]) else [first])


def test_errors_that_cancel_are_found() -> None:
    truth = np.zeros((4, 1))
    outputs = np.stack([truth + 1.0, truth - 0.9, truth + 5.0, truth + 0.8])
    assert selected(outputs, squared(truth), 2) == [3, 1]


def test_what_is_no_number_is_left_out() -> None:
    outputs = np.stack([np.full((3, 1), np.nan), np.zeros((3, 1))])
    assert selected(outputs, squared(np.zeros((3, 1)))) == [1]
    assert selected(outputs[:1], squared(np.zeros((3, 1)))) == []
    assert selected(outputs[:0], squared(np.zeros((3, 1)))) == []


def test_shares_of_members() -> None:
    assert weights([3, 1, 3, 0]) == {3: 0.5, 1: 0.25, 0: 0.25}
