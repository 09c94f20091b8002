"""A run goes on, back and another way: every replay gives the same bits, and what breaks is found where it broke."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine import ask
from setups import by_baseline, data, same, settings, trained
from test_lab_bits import CLASSES, PIXELS, UNIT, WORDS, X

from deltaw.models.rows.division import split
from deltaw.network import Network
from deltaw.training import train

LAYERS = [(7, "tanh"), (2, "sigmoid")]
RUNS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "batches": (X, UNIT, settings(LAYERS, optimizer="adam", epochs=50)),
    "one by one": (X, UNIT, settings(LAYERS, optimizer="momentum", epochs=50, batch=1)),
    "dropout": (X, CLASSES, settings([(9, "relu"), (3, "softmax")], loss="cross_entropy", dropout=0.3, epochs=50)),
    "sparse": (WORDS, UNIT, settings(LAYERS, batch=1, epochs=50)),
    "sparse around 0.01": (PIXELS, UNIT, settings(LAYERS, batch=1, epochs=50)),
}
CHANGES: list[dict[str, Any]] = [
    {"rate": 0.05}, {"l2": 0.01}, {"optimizer": "rmsprop"}, {"batch": 5}, {"backward": "notes"}, {"loss": "huber(0.5)"},
    {"schedule": "cosine"}, {"labelSmoothing": 0.1}, {"shuffle": False}, {"dropout": 0.2}, {"maxGradNorm": 0.1},
    {"optimizer": "adam(beta1=0.5)"},
]  # fmt: skip


def bits(state: dict[str, Any]) -> bytes:
    return b"".join(each.tobytes() for each in (*state["weights"], *state["biases"]))


def test_back_and_on_again_are_the_same_bits() -> None:
    way = [37, 1, 90, 61, 3, 200, 5]
    moments = np.cumsum(way).tolist()
    there = [step for n in way for step in (["advance", n], ["state"])]
    back = [step for m in (moments[4], moments[2], moments[0], 0) for step in (["rewind", m], ["state"])]
    actions = [*there, *back, ["advance", moments[0]], ["state"]]
    jobs = [{"do": "train", "data": data(x, t), "settings": own, "actions": actions} for x, t, own in RUNS.values()]
    for name, said in zip(RUNS, ask(jobs), strict=True):
        assert isinstance(said, list), said
        states = {each["moment"]: bits(each) for each in said[1 : 2 * len(way) : 2]}
        for state in said[2 * len(way) + 1 :: 2]:
            if state["moment"]:
                assert bits(state) == states[state["moment"]], (name, state["moment"])
        assert said[-1]["moment"] == moments[0]


def test_changes_are_part_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was changed on its way gives the same after a rewind, and so does one forked from it."""
    by_baseline(monkeypatch)
    on: list[list[Any]] = []
    for i, change in enumerate(CHANGES):
        on += [["change", change], ["setWeight", 0, 2, i % 5, 0.25], ["advance", 23 + i]]
    steps = sum(23 + i for i in range(len(CHANGES)))
    ahead = [["mark"], ["advance", 40], ["mark"]]
    actions = [["advance", 11], *on, *ahead, ["rewind", 11 + steps], *ahead, ["rewind", 60], ["mark"]]
    jobs = [
        {"do": "train", "data": data(x, t), "settings": {**own, "epochs": 500}, "actions": actions}
        for x, t, own in RUNS.values()
    ]
    for name, said in zip(RUNS, ask(jobs), strict=True):
        assert isinstance(said, list), said
        first, later, back, again, early = [each for each in said if isinstance(each, dict)]
        assert bits(first) == bits(back), name
        assert bits(later) == bits(again), name
        assert back["settings"] == first["settings"]
        assert early["settings"]["optimizer"] != first["settings"]["optimizer"]
        assert all(each == "went on" or each is True for each in said if isinstance(each, (str, bool)))


def test_a_change_of_rate_is_what_python_does_with_two_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    by_baseline(monkeypatch)
    own = settings(LAYERS, epochs=2, shuffle=False)
    net, _ = trained(X, UNIT, own)
    train(net, X, UNIT, learning_rate=0.02, batch_size=own["batch"], epochs=3, shuffle=False, threads=1)
    (said,) = ask([{"do": "train", "data": data(X, UNIT), "settings": {**own, "epochs": 5},
                    "actions": [["advance", 16], ["change", {"rate": 0.02}], ["advance", 99], ["state"]]}])  # fmt: skip
    assert same(said[-1], net)


def test_a_fork_begins_where_its_origin_stands() -> None:
    forked = {"do": "fork", "steps": [40, 33], "changed": {"rate": 0.5}, "after": 30}
    for said in ask([forked | {"data": data(x, t), "settings": own} for x, t, own in RUNS.values()]):
        assert isinstance(said, dict), said
        assert bits(said["first"]) == bits(said["begun"])
        assert bits(said["second"]) != bits(said["first"])
        assert said["second"]["moment"] == 103


def test_what_needs_a_new_start_is_refused_and_a_wrong_word_changes_nothing() -> None:
    x = data(X, UNIT)
    actions = [
        ["advance", 5],
        ["change", {"seed": 3}],
        ["change", {"bias": False}],
        ["change", {"rate": 0.2}],
        ["state"],
    ]
    wrong = ({"optimizer": "adamm"}, {"schedule": "cosinus"}, {"loss": "hubert"})
    job = {"do": "train", "data": x, "settings": settings(LAYERS)}
    said, *refused = ask([job | {"actions": each} for each in (actions, *([["change", change]] for change in wrong))])
    assert said[1:4] == [False, False, True]
    for each in refused:
        assert isinstance(each, str)
        assert "expected one of" in each


def test_numbers_that_break_are_found_at_the_step_where_they_broke() -> None:
    own = settings([(9, "relu"), (8, "relu"), (2, "identity")], rate=1e3, epochs=40)
    on = [["advance", 1000], ["state"], ["advance", 10], ["rewind", 2], ["state"]]
    (said,) = ask([{"do": "train", "data": data(X, UNIT), "settings": own, "actions": on}])
    broken = said[1]["broken"]
    assert said[1]["ended"] == "broken"
    assert broken["step"] == said[1]["moment"]
    assert said[2] == 0
    assert said[4]["broken"] is None
    assert said[4]["moment"] == 2
    # One step before, every number still was one; and Python's weights break in the same step.
    job = {"do": "train", "data": data(X, UNIT), "settings": own}
    one = [["advance", 1]]
    before, there = ask([job | {"actions": one * n + [["state"]]} for n in (broken["step"] - 1, broken["step"])])
    assert before[-1]["ended"] is None
    assert all(np.isfinite(w).all() for w in before[-1]["weights"])
    assert there[-1]["ended"] == "broken"


def test_a_weight_is_followed_and_may_be_set() -> None:
    actions = [["weightHistory", 1, 1, 3], ["advance", 20], ["setWeight", 1, 1, 3, 2.5], ["setWeight", 0, 6, -1, -0.5],
               ["state"], ["weightHistory", 1, 1, 3], ["weightHistory", 0, 6, -1]]  # fmt: skip
    own = settings(LAYERS, optimizer="adam", epochs=30)
    (said,) = ask([{"do": "train", "data": data(X, UNIT), "settings": own, "actions": actions}])
    begun = Network([5, 7, 2], ["tanh", "sigmoid"], seed=0)
    assert said[0]["values"][0] == np.float32(begun.weights[1][1, 3])
    assert said[4]["weights"][1][7 + 3] == 2.5
    assert said[4]["biases"][0][6] == -0.5
    assert said[5]["values"][-1] == 2.5
    assert said[5]["moments"].tolist() == [0, 20]
    assert said[6]["values"].tolist() == [0, -0.5]


def test_epochs_are_as_many_as_the_settings_say_and_more_where_they_are_raised() -> None:
    on = [["advance", 10**6], ["state"], ["change", {"epochs": 5}], ["advance", 10**6], ["state"], ["losses"]]
    (said,) = ask([{"do": "train", "data": data(X, UNIT), "settings": settings(LAYERS), "actions": on}])
    assert (said[1]["epoch"], said[1]["ended"], said[4]["epoch"], said[4]["ended"]) == (3, "finished", 5, "finished")
    assert len(said[5]) == 5


def test_the_rows_that_prepared_nothing_are_held_out_where_as_many_are_asked_for() -> None:
    apart = np.array([3, 5, 40, 41, 42, 60], np.int32)
    shares = (6 / 61, 0.3, 0.0)
    given = data(X, UNIT) | {"heldOut": apart}
    jobs = [{"do": "train", "data": given, "settings": settings(LAYERS, heldOut=share, seed=4), "actions": [["parts"]]}
            for share in shares]  # fmt: skip
    for share, (found,) in zip(shares, ask(jobs), strict=True):
        wanted = apart if share == shares[0] else split(len(X), share, 4)[1]
        assert np.array_equal(found["heldOut"], wanted)
        assert len(found["trained"]) == len(X) - len(wanted)


def test_inputs_of_few_numbers_lie_as_their_places_and_train_to_the_same_bits() -> None:
    values = np.unique(PIXELS.astype(np.float32))
    few = {"places": np.searchsorted(values, PIXELS.astype(np.float32).ravel()).astype(np.uint8), "values": values}
    actions = [["advance", 40], ["state"], ["row", 3], ["mark"]]
    given = [(settings(LAYERS, batch=batch, heldOut=0.2), own) for batch in (1, 8) for own in ({}, {"inputs": few})]
    whole = data(PIXELS, UNIT)
    jobs = [{"do": "train", "data": whole | inputs, "settings": own, "actions": actions} for own, inputs in given]
    said = ask(jobs)
    for one, other in (said[:2], said[2:]):
        assert bits(one[1]) == bits(other[1])
        assert one[1]["heldError"] == other[1]["heldError"]
        assert np.array_equal(one[2]["x"], other[2]["x"])
