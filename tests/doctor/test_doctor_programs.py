"""The programs of benchmarks/doctor/unseen: that they can be made, and name rules that there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.doctor.unseen import SETS, programs
from deltaw.doctor import RULES, Setup


def setup_of(words: dict[str, Any]) -> Setup:
    return Setup.of(words.pop("network"), words.pop("X"), words.pop("T"), words)


@pytest.mark.parametrize("which", SETS)
def test_programs_name_rules_that_there_are(which: str) -> None:
    known = {rule.name for rule in RULES}
    made = programs(which)
    assert len({program.name for program in made}) == len(made) >= 30
    for program in made:
        assert program.causes <= known, program.name
        assert bool(program.causes) == (program.role != "healthy-control")


@pytest.mark.parametrize("which", SETS)
def test_programs_and_their_fixes_can_be_made(which: str) -> None:
    for program in programs(which):
        if "mnist" in program.name:  # large
            continue
        for way in filter(None, (program.given, program.fixed)):
            setup = setup_of(way(0))
            assert isinstance(setup, Setup)
            X = np.asarray(setup.X)
            assert X.shape == (len(setup.T), setup.network.sizes[0]), program.name
        again = setup_of(program.given(0))
        np.testing.assert_array_equal(again.X, setup_of(program.given(0)).X)  # the same rows every time
