"""A run that goes on by itself, and answers in between: what a worker does, and a page without one."""

from __future__ import annotations

from typing import Any

from engine import ask
from setups import data, settings
from test_lab_bits import UNIT, X
from test_lab_runs import bits

OWN = settings([(7, "tanh"), (2, "sigmoid")], optimizer="adam", epochs=10**8)
JOB: dict[str, Any] = {"do": "session", "data": data(X, UNIT), "settings": OWN}


def test_it_runs_is_changed_and_goes_back_while_it_runs() -> None:
    actions = [["run"], ["until", 500], ["change", {"rate": 0.01}], ["row", 3], ["predict", X[:2]], ["until", 2000],
               ["rewind", 300], ["told"], ["step", 7], ["epoch"], ["history"], ["settings"], ["told"]]  # fmt: skip
    (said,) = ask([JOB | {"actions": actions}])
    begun, _, changed, row, outputs, back, told, step, epoch, history, now, later = said
    assert begun["moment"] == 0
    assert changed == "went on"
    assert len(row["z"]) == 2
    assert len(outputs) == 4
    assert [back["moment"], step["moment"], step["running"]] == [300, 307, False]
    assert [epoch["step"], epoch["epoch"]] == [0, 39]
    assert later == []
    moments = [each["moment"] for each in told]
    assert moments == sorted(moments)
    assert all(each["running"] for each in told)
    assert history["moments"][-1] == epoch["moment"]
    assert (history["moments"][1:] > history["moments"][:-1]).all()
    assert now["rate"] == OWN["rate"]  # the change came later than the moment that it went back to
    # The same steps without anything in between.
    alone = {"do": "train", "data": JOB["data"], "settings": OWN, "actions": [["advance", 307], ["state"]]}
    assert bits(ask([alone])[0][1]) == bits(step)


def test_it_tells_one_state_until_that_was_seen() -> None:
    (said,) = ask([JOB | {"actions": [["run"], ["wait", 200], ["told"], ["seen"], ["wait", 200], ["told"], ["pause"]]}])
    assert len(said[2]) == 1
    assert len(said[3]) == 1
    assert said[3][0]["moment"] > said[2][0]["moment"]
    assert said[4]["moment"] >= said[3][0]["moment"]


def test_what_fails_while_it_runs_is_said_and_it_can_run_again() -> None:
    (said,) = ask([JOB | {"actions": [["fails"], ["pause"], ["run"], ["until", 50], ["pause"]]}])
    assert said[1] == "no memory"
    assert said[2]["running"] is False
    assert said[-1]["moment"] >= 50


def test_it_keeps_a_pace_and_ends_after_its_epochs() -> None:
    slow = [["speed", 20], ["run"], ["wait", 500], ["pause"], ["speed", "full"], ["run"], ["until", 40], ["told"]]
    (said,) = ask([JOB | {"settings": OWN | {"epochs": 5}, "actions": slow}])
    paused, told = said[3], said[-1]
    assert 1 <= paused["moment"] <= 15
    assert told[-1] == {"moment": 40, "running": False, "ended": "finished"}


def test_a_rewind_of_what_is_over_goes_on_again() -> None:
    short = OWN | {"epochs": 3}
    actions = [["step", 1000], ["rewind", 10], ["step", 1], ["change", {"epochs": 4}], ["step", 1000]]
    (said,) = ask([JOB | {"settings": short, "actions": actions}])
    assert [said[1]["ended"], said[1]["moment"]] == ["finished", 24]
    assert [said[2]["ended"], said[3]["moment"]] == [None, 11]
    assert said[5]["moment"] == 32
