"""A few of the set-ups of benchmarks/doctor/random_setups.py: silence on the healthy, the cause on the broken."""

from __future__ import annotations

import pytest

from benchmarks.doctor.setups import WAYS, broken, healthy
from deltaw.doctor import diagnose

SOME = ("large_weights", "exponential_layers", "step", "learning_rate_too_high")


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_silent_on_a_healthy_one(seed: int) -> None:
    _, setup, _ = healthy(seed)
    assert diagnose(setup, seconds=2.0).healthy


@pytest.mark.parametrize("way", [w if w in SOME else pytest.param(w, marks=pytest.mark.slow) for w in WAYS])
def test_a_broken_one_is_found(way: str) -> None:
    seed = 5000 + list(WAYS).index(way)
    made, _, setup, _ = broken(seed)
    assert made == way
    found = diagnose(setup, seconds=3.0).findings
    assert WAYS[way].causes & {f.rule for f in found if f.severity != "note"}
