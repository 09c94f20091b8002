"""The end of an examination: what runs stops, and nothing is begun after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deltaw import Network, train
from deltaw.doctor import Setup, confirm, diagnose
from deltaw.doctor.confirm import joint_gains, single_gains
from deltaw.doctor.evidence.watching import FACTORS
from deltaw.doctor.findings import Finding, Repair
from deltaw.doctor.trials import clock
from deltaw.doctor.trials.clock import Clock, left, within
from deltaw.doctor.trials.learning_rate import sweep
from deltaw.doctor.trials.stepping import first_divergence, watched
from deltaw.doctor.trials.trial import Budget, hold_out, trial
from deltaw.training import EarlyStopping

rng = np.random.default_rng(2)
X = rng.normal(size=(400, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def setup(**words: Any) -> Setup:
    made = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "epochs": 60}
    return Setup(Network([4, 16, 2], ["relu", "softmax"]), X, Y, "cross_entropy", **(made | words))


class Times:
    """Clocks that a test sets; each look at the wall takes `tick` seconds, of which the processor has a share."""

    def __init__(self, tick: float = 0.0, share: float = 1.0) -> None:
        self.wall, self.tick, self.share = 0.0, tick, share

    def perf_counter(self) -> float:
        self.wall += self.tick
        return self.wall

    def process_time(self) -> float:
        return self.share * self.wall


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Times]:
    def made(**words: float) -> Times:
        hands = Times(**words)
        monkeypatch.setattr(clock, "perf_counter", hands.perf_counter)
        monkeypatch.setattr(clock, "process_time", hands.process_time)
        return hands

    return made


def test_what_is_spent(times: Callable[..., Times]) -> None:
    """The processor's time where a loaded machine gives little of it; by the wall at most half as much again."""
    hands = times(share=0.25)
    spent = Clock()
    hands.wall = 4.0
    assert spent.spent == 1.0
    assert not spent.over(3.0)
    hands.wall = 4.6
    assert spent.over(3.0)
    hands.share = 2.0  # two threads
    assert spent.spent == 4.6


def test_the_sooner_end_counts(times: Callable[..., Times]) -> None:
    hands = times()
    assert left() == np.inf
    with within(10.0):
        with within(3.0):
            assert left() == 3.0
            hands.wall = 3.0
            assert left() == 0.0
            assert Clock().over(100.0)
        assert left() == 7.0
        with within(100.0):
            assert left() == 7.0
    assert left() == np.inf


@pytest.mark.parametrize("words", [{}, {"early_stopping": EarlyStopping(), "validation": (X, Y)}])
def test_a_training_that_runs_stops_at_its_next_epoch(words: dict[str, Any]) -> None:
    with within(0.0):
        cut = trial(setup(**words))
    assert len(cut.history) == 1
    assert cut.history.ended == "callback"
    assert len(cut.looked) == 1


def test_pieces_change_no_bit() -> None:
    """However many epochs the engine is given at a time, and whenever there is a look: as `deltaw.train` does it."""
    made = setup(epochs=37)
    net = made.network.copy()
    history = train(net, X, Y, **made.arguments)
    for seconds in (np.inf, 100.0, 0.5):
        seen = watched(made, seconds)
        if seen.history.ended == "finished":
            assert seen.history.loss == history.loss
            assert seen.epochs[-1] == 36
            for one, other in zip(seen.network.weights, net.weights, strict=True):
                np.testing.assert_array_equal(one, other)


def test_nothing_is_begun_after_the_end() -> None:
    holdout = hold_out(setup(), Budget())
    seen = diagnose(setup(), seconds=1).evidence.watched
    found = [Finding("", repair=Repair("", {"learning_rate": rate}), rule=f"r{rate}") for rate in (0.1, 0.2)]
    with within(0.0):
        assert single_gains(seen, found, 10.0) == {}
        assert joint_gains(seen, found, 10.0) == {}
        assert len(sweep(holdout.setup, FACTORS, 1.0).rates) == 1
        assert first_divergence(replace(holdout.setup, learning_rate=1e30), 3) is None


def test_an_examination_of_no_time_still_answers() -> None:
    """Every part is cut off at once, and a diagnosis comes all the same."""
    found = diagnose(setup(learning_rate=1e-7), seconds=1e-6)
    assert found.evidence.watched.holdout.setup.epochs >= 1
    assert str(found)
    assert isinstance(str(found.repair(1e-6)), str)


def test_a_large_network_is_looked_at_on_fewer_rows() -> None:
    small, large = setup(), setup()
    large = replace(large, network=Network([4, 3000, 3000, 2], ["relu", "relu", "softmax"]))
    assert len(small.some(2000)) == 2000
    assert 200 <= len(large.some(2000)) < 400
    assert np.all(np.diff(large.some(2000)) > 0)


def test_a_loaded_machine_is_no_fault_of_the_network(times: Callable[..., Times]) -> None:
    """What the clock ended while it was learning is not judged by what it had learnt until then."""
    healthy = setup(epochs=400, learning_rate=0.0003)
    assert diagnose(healthy, seconds=30).healthy
    times(tick=0.2, share=0.2)
    diagnosis = diagnose(healthy, seconds=10)
    seen = diagnosis.evidence.during
    assert seen is not None
    assert seen.trainings[0].history.ended == "callback"
    assert seen.skill < 0.9 * seen.possible
    assert seen.completed < 0.5
    assert not {found.rule for found in diagnosis.findings} & {"too_few_epochs", "worse_than_simple_model"}


@pytest.mark.parametrize(("lost", "skill"), [(False, 0.9), (True, -1.0)])
def test_the_luck_of_one_draw_refutes_no_repair(monkeypatch: pytest.MonkeyPatch, lost: bool, skill: float) -> None:
    """A repair whose training loses its numbers is tried from other weights, unless all trainings here lose theirs."""
    asked: list[int | None] = []

    def tried(setup: Setup, seed: int | None, seconds: float) -> Any:
        asked.append(seed)
        first = seed is None
        return SimpleNamespace(score=-1.0 if first else 0.9, diverged=first)

    monkeypatch.setattr(confirm, "trial_within", tried)
    holdout = SimpleNamespace(repaired=lambda changes: setup(seed=3), skill=lambda score: score)
    seen: Any = SimpleNamespace(holdout=holdout, divergence=lost)
    assert confirm._skill(seen, [], 1.0) == skill
    assert asked == ([None] if lost else [None, 4])
