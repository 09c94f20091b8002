"""A model of several networks is one model: their mean answers, everywhere, and a file keeps them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import files, models
from deltaw.exceptions import ModelFileError, SettingError
from deltaw.models import Model
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.models.fitting.trainings.packed import trained_pack
from deltaw.numbers import number

N = 160
QUICK: dict[str, Any] = {"recipe": "accurate", "hidden": 5, "epochs": 6, "networks": 3}


def frame(seed: int = 0, n: int = N) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n))
    group = np.arange(n) // 4
    return pl.DataFrame(
        {
            "x": x,
            "y": y,
            "word": rng.choice(["a", "b", "c"], n),
            "price": 3 * x + y * y + rng.normal(size=n) / 5,
            "grade": np.where(x + y > 0.6, "high", np.where(x > -0.5, "mid", "low")),
            "group": group,
        }
    )


def columns(target: str) -> dict[str, Any]:
    return {"target": target, "columns": ["x", "y", "word"]}


@pytest.fixture(scope="module")
def made() -> dict[str, Model]:
    return {target: deltaw.fit(frame(), **columns(target), **QUICK) for target in ("price", "grade")}


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("target", ["price", "grade"])
def test_the_answer_is_the_mean(made: dict[str, Model], target: str, engine: str) -> None:
    model, rows = made[target], frame(1)
    assert len(model.members) == 3
    alone = [model.member(k).answers(rows, engine=engine) for k in (1, 2, 3)]
    together = model.answers(rows, engine=engine)
    if target == "grade":
        mean = np.mean([each.probabilities for each in alone], axis=0)
        np.testing.assert_allclose(together.probabilities, mean, rtol=1e-6)
        assert list(together.values) == [model.classes[k] for k in mean.argmax(axis=1)]
    else:
        # Each is kept within the range of numbers seen; the mean is only then.
        raw = [model.target.scale.undo(model.member(k)._forward(_inputs(model, rows), engine)) for k in (1, 2, 3)]
        low, high = frame()["price"].min(), frame()["price"].max()
        np.testing.assert_allclose(together.values, np.clip(np.mean(raw, axis=0)[:, 0], low, high), rtol=1e-6)
    assert not np.array_equal(alone[0].values, alone[1].values)


def _inputs(model: Model, rows: pl.DataFrame) -> Any:
    return model.preparation.encode(rows)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_a_file_keeps_them_all(made: dict[str, Model], target: str, tmp_path: Path) -> None:
    model, path = made[target], tmp_path / "m.deltaw"
    model.save(path)
    again = deltaw.load(path)
    np.testing.assert_array_equal(again.predict(frame(1)), model.predict(frame(1)))
    again.save(tmp_path / "again.deltaw")
    assert path.read_bytes() == (tmp_path / "again.deltaw").read_bytes()
    arrays, document = files.read(path)
    assert {"W0", "b1", "1.W0", "2.b1"} <= set(arrays)
    assert len(document["others"]) == 2


def test_one_network_is_written_as_ever(tmp_path: Path) -> None:
    deltaw.fit(frame(), **columns("grade"), hidden=4, epochs=1).save(tmp_path / "one.deltaw")
    arrays, document = files.read(tmp_path / "one.deltaw")
    assert "others" not in document
    assert set(arrays) == {"W0", "b0", "W1", "b1"}


FORGED: list[tuple[str, Any]] = [
    ("arrays", lambda a, d: a.pop("2.W0")),
    ("arrays", lambda a, d: a.update({"3.W0": a["1.W0"]})),
    ("arrays", lambda a, d: a.update({"1.W0": a["1.W0"].T.copy()})),
    ("arrays", lambda a, d: a.update({"2.W0": a["1.W0"].astype(np.int64)})),
    ("inputs", lambda a, d: (d["others"][0].update(sizes=[2, 5, 3]), a.update({"1.W0": np.zeros((5, 2), np.float32)}))),
    ("arrays", lambda a, d: d["others"].append(d["others"][0])),
    ("arrays", lambda a, d: d["others"].pop()),
    ("", lambda a, d: d.update(others=3)),
    ("", lambda a, d: d["others"][0].update(seed="x")),
    ("", lambda a, d: d["others"][1].update(activations=["relu", "nonsense"])),
    ("", lambda a, d: d["others"][1].update(sizes=[])),
    ("", lambda a, d: d["recipe"].update(networks=0)),
]


@pytest.mark.parametrize("case", range(len(FORGED)))
def test_forged_files_are_refused_in_a_line(made: dict[str, Model], case: int, tmp_path: Path) -> None:
    words, change = FORGED[case]
    made["grade"].save(tmp_path / "m.deltaw")
    arrays, document = files.read(tmp_path / "m.deltaw")
    change(arrays, document)
    files.write(tmp_path / "forged.deltaw", arrays, document)
    with pytest.raises(ModelFileError) as caught:
        deltaw.load(tmp_path / "forged.deltaw")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_row_is_learnt_from_and_answered_by_a_network_that_had_not_seen_it(made: dict[str, Model]) -> None:
    model = made["grade"]
    assert model.scores is not None
    assert model.scores.rows == N
    assert model.held_out is not None
    assert sorted(model.held_out["x"]) == sorted(frame()["x"])
    assert model.origin.training_rows == N
    plan = models.plan(frame(), **columns("grade"), **QUICK)
    runs = trained_pack(plan, Listeners(()))
    held = [set(each.plan.test.frame["x"]) for each in runs if each.plan.test is not None]
    assert [len(each) for each in held] == [54, 53, 53]
    assert not held[0] & held[1]


def test_a_network_does_not_learn_from_its_own_part() -> None:
    """Answers that change places within the part of the first network change the others, and not the first. (Their
    preparation is one: how fine its bins are is chosen by all rows.)
    """
    rows, asked = frame(), columns("price") | QUICK | {"scaling": "standard"}
    before = trained_pack(models.plan(rows, **asked), Listeners(()))
    assert before[0].plan.test is not None
    part = rows["x"].is_in(before[0].plan.test.frame["x"].implode())
    price = rows["price"].to_numpy().copy()
    price[part.to_numpy()] = price[part.to_numpy()][::-1]
    changed = rows.with_columns(pl.Series("price", price))
    after = trained_pack(models.plan(changed, **asked), Listeners(()))
    same = [np.allclose(a.earlier[5].weights[0], b.earlier[5].weights[0]) for a, b in zip(before, after, strict=True)]
    assert same == [True, False, False]


def test_the_scores_do_not_see_what_was_held_out() -> None:
    """Answers that are noise cannot be told, though each network has learnt two thirds of them by heart."""
    rng = np.random.default_rng(3)
    noise = pl.DataFrame({"x": rng.normal(size=120), "y": rng.normal(size=120), "t": rng.choice(["a", "b"], 120)})
    model = deltaw.fit(noise, "t", recipe="accurate", hidden=32, epochs=40, networks=3)
    assert model.scores is not None
    assert 0.35 < model.scores["accuracy"] < 0.65


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_rows_give_the_same_file(threads: int, tmp_path: Path, made: dict[str, Model]) -> None:
    deltaw.fit(frame(), **columns("price"), **QUICK, threads=threads).save(tmp_path / "a.deltaw")
    made["price"].save(tmp_path / "b.deltaw")
    assert (tmp_path / "a.deltaw").read_bytes() == (tmp_path / "b.deltaw").read_bytes()


WAYS: list[dict[str, Any]] = [
    {"test_size": 0.25},
    {"folds": 0},
    {"validation": frame(2)},
    {"test": frame(2)},
    {"test": frame(2), "validation": frame(4)},
    {"group": "group"},
    {"time": "x"},
    {"metric": "log_loss", "patience": 1},
    {"networks": 1},
]


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_every_way_to_divide_rows(way: int) -> None:
    asked = QUICK | {"columns": ["x", "y", "word"]} | WAYS[way]
    if "group" in asked or "time" in asked:
        asked["columns"] = [*asked["columns"], *([asked["group"]] if "group" in asked else [])]
    model = deltaw.fit(frame(), "grade", **asked)
    assert len(model.members) == asked["networks"]
    assert model.scores is not None
    again = models.replan(model, frame())
    given = {"test", "validation"} & set(WAYS[way])
    assert again is not None or given


@pytest.mark.parametrize("rows", [6, 12, 40])
def test_few_rows(rows: int) -> None:
    model = deltaw.fit(frame(0, rows), **columns("price"), **QUICK)
    assert len(model.members) == 3
    assert np.isfinite(model.predict(frame(1))).all()


def test_fewer_groups_than_networks() -> None:
    two = frame().with_columns(pl.Series("side", np.arange(N) % 2))
    model = deltaw.fit(two, "grade", **QUICK, columns=["x", "y", "side"], group="side")
    assert len(model.members) == model.recipe.networks == 2


def test_what_cannot_be() -> None:
    with pytest.raises(SettingError, match="folds: expected 3, as 3 networks have, found 5"):
        deltaw.fit(frame(), **columns("grade"), **QUICK, folds=5)
    with pytest.raises(SettingError, match="networks: expected a number, from 1 to 64, found 0"):
        deltaw.fit(frame(), **columns("grade"), **QUICK | {"networks": 0})
    with pytest.raises(SettingError, match="member: expected 1, the only network"):
        deltaw.fit(frame(), **columns("grade"), hidden=3, epochs=1).member(2)


def test_callbacks_hear_of_all_as_of_one() -> None:
    told: list[Any] = []
    model = deltaw.fit(frame(), **columns("grade"), **QUICK, finish=0, callbacks=[told.append])
    assert [each.number for each in told] == [1, 2, 3, 4, 5, 6]
    assert [each.loss for each in told] == pytest.approx(model.history.loss)
    assert [each.score for each in told] == pytest.approx(model.history.score)
    assert all(each.rows == 2 * N for each in told)
    ended = deltaw.fit(frame(), **columns("grade"), **QUICK, callbacks=[lambda epoch: epoch.number == 2])
    assert ended.history.ended == "callback"
    assert len(ended.history) in (2, 3)
    assert ended.scores is not None


def test_ctrl_c_keeps_what_was_learnt() -> None:
    import os
    import signal

    def press(epoch: Any) -> None:
        if epoch.number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    asked = QUICK | {"epochs": 100_000}
    with pytest.raises(deltaw.TrainingInterrupted) as caught:
        deltaw.fit(frame(), **columns("grade"), **asked, callbacks=[press])
    model = caught.value.model
    assert model.history.ended == "interrupted"
    assert len(model.members) == 3
    assert model.scores.rows == N
    model.predict(frame(1))


def test_one_that_diverges_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from deltaw.models.fitting.trainings import packed as room

    original = room._kth_network

    def second_is_broken(network: Any, k: int) -> Any:
        made = original(network, k)
        if k == 1:
            made.weights = [w * 1e18 for w in made.weights]
        return made

    monkeypatch.setattr(room, "_kth_network", second_is_broken)
    model = deltaw.fit(frame(), **columns("price"), **QUICK)
    assert len(model.members) == 2
    assert np.isfinite(model.predict(frame(1))).all()
    with pytest.raises(SettingError, match="learning_rate: expected one with which the loss stays finite"):
        deltaw.fit(frame(), **columns("price"), **QUICK, learning_rate=1e30)


def test_importance_and_dependence_are_of_the_mean(made: dict[str, Model]) -> None:
    model, rows = made["price"], frame(1)
    found = model.importance(rows, metric="rmse")
    assert found.score == pytest.approx(model.evaluate(rows)["rmse"])
    by_x = model.dependence(rows, "x")
    alone = [model.member(k).dependence(rows, "x") for k in (1, 2, 3)]
    assert by_x is not None
    np.testing.assert_allclose(by_x.answers, np.mean([each.answers for each in alone if each], axis=0), rtol=1e-3)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_the_estimators_take_the_recipe(target: str) -> None:
    from deltaw.sklearn import TableClassifier, TableRegressor

    kind = TableRegressor if target == "price" else TableClassifier
    rows = frame().select("x", "y", "word")
    made = kind("accurate", hidden=6, epochs=30, random_state=0).fit(rows, frame()[target].to_list())
    assert len(made.to_model().members) == 8
    assert made.score(rows, frame()[target].to_list()) > 0.3


@pytest.mark.parametrize("target", ["price", "grade"])
def test_explain_shows_a_network_and_what_all_say(made: dict[str, Model], target: str) -> None:
    model, rows = made[target], frame(1)
    found = deltaw.explain.prediction(model, rows, 4, member=2)
    alone = deltaw.explain.prediction(model.member(2), rows, 4)
    assert found.answer == alone.answer
    assert alone.together is None
    assert found.together is not None
    whole = model.answers(rows[3], engine="reference")
    assert found.together.answer == whole.values[0]
    assert found.together.each == tuple(
        model.member(k).answers(rows[3], engine="reference").values[0] for k in (1, 2, 3)
    )
    # The shares of each network sum to what its output gained, so the mean ones to the mean of that.
    gained = found.attributions.value - found.attributions.value_at_baseline
    output = None if whole.probabilities is None else int(whole.probabilities[0].argmax())
    if output is None or output == found.attributions.output:
        assert found.together.shares[1].sum() == pytest.approx(gained, rel=1e-3, abs=1e-4)
    assert sum(found.together.mean.values()) == pytest.approx(found.together.shares.sum() / 3)
    assert "The answers of all 3 networks" in str(found)
    answer = whole.values[0]
    assert f"The answer is {answer if isinstance(answer, str) else number(float(answer))}" in str(found)
    with pytest.raises(SettingError, match="member: expected one of 3 networks"):
        deltaw.explain.prediction(model, rows, member=4)


def test_the_doctor_examines_each() -> None:
    model = deltaw.fit(frame(), **columns("grade"), **QUICK, finish=0)
    for k in (1, 3):
        found = deltaw.doctor.examine_model(model, frame().drop("group", "price"), member=k, seconds=0)
        assert found.setup.test is not None
        assert len(found.setup.T) + len(found.setup.test[1]) == N
        assert len(found.setup.test[1]) in (53, 54)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_one_network_learns_what_several_answer(made: dict[str, Model], target: str, tmp_path: Path) -> None:
    model, rows = made[target], frame(5, 400)
    one, cost = model.single(rows)
    assert len(one.members) == 1
    assert one.network.sizes == model.network.sizes
    assert cost.rows == 80
    assert cost.agreement > 0.9
    assert cost.before is not None
    assert cost.after is not None
    assert repr(cost) == f"Cost({cost})"
    assert "agreement" in str(cost)
    again, same = model.single(rows.drop("price", "grade"), threads=1)  # targets have no part in it
    np.testing.assert_array_equal(again.network.weights[0], one.network.weights[0])
    assert (same.agreement, same.before) == (cost.agreement, None)
    one.save(tmp_path / "one.deltaw")
    np.testing.assert_array_equal(deltaw.load(tmp_path / "one.deltaw").predict(rows), one.predict(rows))
    with pytest.raises(SettingError, match="single: expected a model of several networks"):
        one.single(rows)
    with pytest.raises(deltaw.InputError, match="expected 10 rows or more"):
        model.single(rows[:9])


@pytest.mark.parametrize("more", [{}, {"group": "group"}, {"time": "x"}])
def test_a_cross_validation_is_of_the_mean(more: dict[str, Any]) -> None:
    kept = ["x", "y", "word", *more.values()] if "group" in more else ["x", "y", "word"]
    found = deltaw.crossval(frame(), "grade", **QUICK, folds=2, columns=kept, **more)
    assert len(found.folds) == 2
    assert all(np.isfinite(each.scores["log_loss"]) for each in found.folds)
    if not more:
        one = deltaw.crossval(frame(), "grade", **QUICK | {"networks": 1}, folds=2, columns=kept)
        assert [each.scores.rows for each in one.folds] == [each.scores.rows for each in found.folds]
        assert found.folds[0].scores["log_loss"] != one.folds[0].scores["log_loss"]


def test_the_command_line_says_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from deltaw.cli import main

    frame().drop("group", "price").write_csv(tmp_path / "rows.csv")
    rows, path = str(tmp_path / "rows.csv"), str(tmp_path / "m.deltaw")
    asked = ["--recipe", "accurate", "--hidden", "5", "--epochs", "4", "--set", "networks=3"]
    assert main(["train", rows, "-t", "grade", *asked, "-o", path]) == 0
    said = capsys.readouterr()
    assert "3 networks of 10 →" in said.out + said.err
    assert "each of 3 networks holds out a different part to score and find the best epoch" in said.out + said.err
    assert main(["show", path]) == 0
    assert "3 networks, 10 → 5 selu → 3 softmax: " in capsys.readouterr().out
    assert main(["explain", path, rows, "--member", "3"]) == 0
    assert "The answers of all 3 networks" in capsys.readouterr().out
    assert main(["explain", path, rows, "--member", "4"]) == 2
    assert "member: expected one of 3 networks" in capsys.readouterr().err
    assert main(["doctor", rows, "-t", "grade", "--member", "2"]) == 2
    assert "--member: expected a model of several networks" in capsys.readouterr().err
