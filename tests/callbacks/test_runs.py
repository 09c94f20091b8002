"""Runs that are kept: each line whole, and read back by those they are written for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import deltaw
from deltaw.callbacks import JsonLines, MLflow, TensorBoard
from deltaw.cli import main
from deltaw.exceptions import SettingError
from deltaw.tables.digest import sha256

QUICK: dict[str, Any] = {"engine": "native", "hidden": 4, "epochs": 3, "folds": 0}
NAME = 'a "名"\n\x9b2J\u202e'


def table() -> pl.DataFrame:
    xs = [float(i % 17) for i in range(120)]
    return pl.DataFrame({"x": xs, NAME: ["a" if x > 5 else "b" for x in xs[:-1]] + [None]})


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_in_lines(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    log = JsonLines(path)
    assert not path.exists()  # nothing has been done yet
    model = deltaw.fit(table(), NAME, callbacks=[log], **QUICK)
    assert model.scores is not None
    start, *epochs, end = lines(path)
    assert [each["event"] for each in (start, *epochs, end)] == ["start", *["epoch"] * 3, "end"]
    assert len({each["run"] for each in (start, *epochs, end)}) == 1
    assert start["settings"]["target"] == NAME
    assert start["settings"]["batch_size"] == model.recipe.batch_size
    assert start["data"]["rows"] == {"training": 95, "validation": 0, "test": 24, "left_out": 1}
    assert [each["loss"] for each in epochs] == model.history.loss
    assert [each["number"] for each in epochs] == [1, 2, 3]
    assert end["scores"]["scores"]["accuracy"] == model.scores["accuracy"]
    assert end["ended"] == "finished"
    again = deltaw.fit(table(), NAME, callbacks=[log], **QUICK)
    assert (again.network.weights[0] == model.network.weights[0]).all()
    assert len({each["run"] for each in lines(path)}) == 2
    text = path.read_text(encoding="utf-8")
    assert text.replace("\n", "").isprintable()
    assert "名" in text


def test_how_it_failed(tmp_path: Path) -> None:
    log = JsonLines(tmp_path / "runs.jsonl")

    def stop(epoch: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(deltaw.TrainingInterrupted):
        deltaw.fit(table(), NAME, callbacks=[log, stop], **QUICK)
    with pytest.raises(deltaw.InputError):
        deltaw.fit(table(), NAME, callbacks=[log], learning_rate=1e30, optimizer="sgd", loss="squared", **QUICK)
    last = {each["run"]: each for each in lines(tmp_path / "runs.jsonl")}.values()
    assert [each["event"] for each in last] == ["end", "failed"]
    assert next(each.get("ended") for each in last) == "interrupted"


def test_half_a_line_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text('{"event": "start"}\n{"event": "epo')
    deltaw.fit(table(), NAME, callbacks=[JsonLines(path)], **QUICK)
    assert [each["event"] for each in lines(path)] == ["start", "start", *["epoch"] * 3, "end"]
    path.write_text('{"event": "sta')
    JsonLines(path)
    assert path.read_text() == ""
    path.write_text("dear diary")
    with pytest.raises(deltaw.DeltaWError, match="expected the log of other runs, found another file"):
        JsonLines(path)
    assert path.read_text() == "dear diary"
    with pytest.raises(deltaw.DeltaWError, match="a folder that does not exist"):
        JsonLines(tmp_path / "no" / "runs.jsonl")


def test_a_full_disk_ends_the_log_and_not_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write, calls = tmp_path / "runs.jsonl", os.write, [0]

    def full(descriptor: int, data: bytes) -> int:
        calls[0] += data.startswith(b'{"event"')
        return write(descriptor, data[:10] if calls[0] == 3 else data)

    monkeypatch.setattr("deltaw.callbacks.jsonl.os.write", full)
    log = JsonLines(path)
    assert deltaw.fit(table(), NAME, callbacks=[log], **QUICK).scores is not None
    assert [each["event"] for each in lines(path)] == ["start", "epoch"]
    assert log.error is not None


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_kill_leaves_whole_lines(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(deltaw.__file__).parents[1])}
    command = [sys.executable, "-m", "deltaw", "train", "iris", "--engine", "reference", "--epochs", "100000",
               "--hidden", "4", "--log", "runs.jsonl"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        path = tmp_path / "runs.jsonl"
        while child.poll() is None and (not path.exists() or path.stat().st_size < 20_000):
            pass
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert [each["event"] for each in lines(path)][:2] == ["start", "epoch"]


def test_the_command_line_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"x": [1.0, 2.0] * 40, "y": ["a", "b"] * 40}).write_csv("d.csv")
    quick = ["--engine", "reference", "--hidden", "4", "--epochs", "2"]
    assert main(["train", "d.csv", "-t", "y", *quick, "--log", "runs.jsonl"]) == 0
    start, *_, end = lines(tmp_path / "runs.jsonl")
    assert start["data"]["source"] == "d.csv"
    assert end["event"] == "end"
    capsys.readouterr()
    for wrong in ("d.csv", "model.deltaw", "nowhere/runs.jsonl"):
        assert main(["train", "d.csv", "-t", "y", *quick, "--log", wrong]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
    assert pl.read_csv("d.csv").width == 2


def test_the_same_rows_have_the_same_digest(tmp_path: Path) -> None:
    frame = table()
    frame.write_parquet(tmp_path / "d.parquet")
    found = sha256(deltaw.read(frame))
    assert sha256(deltaw.read(tmp_path / "d.parquet")) == found
    assert sha256(deltaw.read(frame.to_pandas())) == found
    assert sha256(deltaw.read(frame.reverse())) != found
    assert sha256(deltaw.read(frame.rename({"x": "X"}))) != found
    sha256(SimpleNamespace(frame=pl.DataFrame({"x": [[1], [2]]}), test=None))  # type: ignore[arg-type]


def test_mlflow_reads_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow = pytest.importorskip("mlflow", reason="needs mlflow: pip install 'deltaw[mlflow]'")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    model = deltaw.fit(table(), NAME, callbacks=[MLflow("first")], **QUICK)
    client = mlflow.MlflowClient()
    (run,) = client.search_runs(["0"])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first")
    assert run.data.params["batch_size"] == str(model.recipe.batch_size)
    assert run.data.params["target"] == NAME
    assert [each.value for each in client.get_metric_history(run.info.run_id, "loss")] == model.history.loss
    assert [each.step for each in client.get_metric_history(run.info.run_id, "accuracy")] == [1, 2, 3]
    assert model.scores is not None
    assert run.data.metrics["test_accuracy"] == model.scores["accuracy"]

    def stop(epoch: Any) -> None:
        raise ValueError("as you wish")

    with pytest.raises(ValueError, match="as you wish"):
        deltaw.fit(table(), NAME, callbacks=[MLflow(), stop], **QUICK)
    assert sorted(each.info.status for each in client.search_runs(["0"])) == ["FAILED", "FINISHED"]
    assert mlflow.active_run() is None
    with mlflow.start_run() as ours:  # a run of the caller's is not ended
        deltaw.fit(table(), NAME, callbacks=[MLflow()], **QUICK)
        assert mlflow.active_run().info.run_id == ours.info.run_id


def test_where_mlflow_cannot_write_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where no server answers, or where the client alone is installed and nobody said where runs are to go."""
    mlflow = pytest.importorskip("mlflow", reason="needs mlflow: pip install 'deltaw[mlflow]'")
    callback = MLflow()

    def refuse(**given: Any) -> None:
        raise mlflow.MlflowException("no database\nat all")

    monkeypatch.setattr(mlflow, "start_run", refuse)
    with pytest.raises(SettingError, match="expected a place for runs, found no database; name one by MLFLOW_TRACKING"):
        deltaw.fit(table(), NAME, callbacks=[callback], **QUICK)


def test_tensorboard_reads_it_back(tmp_path: Path) -> None:
    events = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="needs tensorboard: pip install 'deltaw[tensorboard]'",
    )
    model = deltaw.fit(table(), NAME, callbacks=[TensorBoard(tmp_path)], **QUICK)
    found = events.EventAccumulator(str(tmp_path))
    found.Reload()
    loss = found.Scalars("loss")
    assert [each.step for each in loss] == [1, 2, 3]
    assert [each.value for each in loss] == pytest.approx(model.history.loss)
    assert [each.value for each in found.Scalars("accuracy")] == pytest.approx(model.history.score)
    assert model.scores is not None
    assert found.Scalars("test_accuracy")[0].value == pytest.approx(model.scores["accuracy"])
    assert f"batch_size = {model.recipe.batch_size}" in found.Tensors("settings")[0].tensor_proto.string_val[0].decode()


@pytest.mark.parametrize(("make", "module"), [(MLflow, "mlflow"), (lambda: TensorBoard("x"), "tensorboard")])
def test_what_is_missing_says_how_to_install_it(make: Any, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (module, "tensorboard.compat.proto"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(deltaw.DeltaWError, match=rf"install it: pip install 'deltaw\[{module}\]'"):
        make()
