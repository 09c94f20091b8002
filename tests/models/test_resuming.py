"""`deltaw.fit` goes on from any checkpoint to the same model file, whatever trainings the run consists of."""

from __future__ import annotations

import copy
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import frame

from deltaw import InputError, Model, TrainingInterrupted, files, fit
from deltaw.exceptions import SettingError

TABLE = frame(130)
HASTY: dict[str, Any] = {"hidden": 6, "epochs": 5, "batch_size": 32, "verbose": False}
# target, settings: one for each way in which trainings make a model
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "folds that choose the epoch": ("price", {"folds": 3}),
    "folds that end early": ("grade", {"folds": 2, "patience": 1, "epochs": 9, "metric": "accuracy"}),
    "one part held out": ("grade", {"folds": 1, "validation": 0.4}),
    "validation rows": ("price", {"test_size": 0.2, "folds": 0, "validation": 0.4, "metric": "mae", "patience": 2}),
    "a wave that brings nothing": (
        "grade", {"networks": 2, "folds": 0, "test_size": 0.0, "validation": 0.4, "epochs": 15, "schedule": "coslog",
                  "patience": "waves", "learning_rate": 0.05},
    ),
    "rows that chose, too": ("price", {"folds": 0, "test_size": 0.0, "validation": 0.4, "finish": 0.6}),
    "rows that chose several, too": (
        "price", {"networks": 2, "folds": 0, "test_size": 0.0, "validation": 0.4, "finish": 0.6},
    ),
    "nothing held out": ("grade", {"test_size": 0.0, "validation": 0.0}),
    "several at once": ("grade", {"recipe": "accurate", "networks": 3}),
    "several on all rows in the end": ("grade", {"recipe": "accurate", "networks": 3, "finish": 0.6}),
    "several on all rows": ("price", {"recipe": "accurate", "networks": 2, "test_size": 0.2, "validation": 0}),
    "the notes' method": ("grade", {"recipe": "notes", "folds": 2, "epochs": 3}),
}  # fmt: skip


def fitted(what: str, folder: Path | None = None, resume: bool = True, **more: Any) -> Model:
    target, own = RUNS[what]
    keep = {} if folder is None else {"checkpoint": folder, "every": "1epochs", "resume": resume}
    table = TABLE.drop("grade" if target == "price" else "price")
    return fit(table, target, **HASTY | own | keep | more)


def content(model: Model, folder: Path) -> bytes:
    model.save(folder / "saved")
    return (folder / "saved").read_bytes()


@pytest.mark.parametrize("what", RUNS)
def test_from_any_checkpoint_to_the_same_file(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.training.folder.KEPT", 99)
    expected = content(fitted(what), tmp_path)
    assert content(fitted(what, tmp_path / "run", resume=False), tmp_path) == expected
    found = sorted((tmp_path / "run").iterdir())
    for path in {found[0], found[len(found) // 2], found[-1]}:
        again = tmp_path / path.stem
        again.mkdir(exist_ok=True)
        shutil.copy(path, again)
        assert content(fitted(what, again, threads=1 + len(path.name) % 2), tmp_path) == expected


def test_more_epochs_go_on_from_the_end(tmp_path: Path) -> None:
    """As far as schedules let them: those of the notes' method are constant."""
    what = "the notes' method"
    fitted(what, tmp_path / "run")
    model = fitted(what, tmp_path / "run", epochs=6)
    assert content(model, tmp_path) == content(fitted(what, epochs=6), tmp_path)


@pytest.mark.parametrize("what", ["folds that choose the epoch", "several at once"])
def test_a_run_that_is_interrupted(what: str, tmp_path: Path) -> None:
    def interrupt(epoch: Any) -> None:
        if epoch.number == 3:
            raise KeyboardInterrupt

    expected = content(fitted(what), tmp_path)
    with pytest.raises((TrainingInterrupted, KeyboardInterrupt)):
        fitted(what, tmp_path / "run", every="1h", callbacks=[interrupt])
    assert content(fitted(what, tmp_path / "run", every="1h"), tmp_path) == expected


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "dropout": ({"dropout": 0.5}, "found 0.2 there, 0.5 now"),
    "seed": ({"seed": 9}, "found 0 there, 9 now"),
    "hidden": ({"hidden": 7}, r"found \[6\] there, \[7\] now"),
    "folds": ({"folds": 2}, "found 3 there, 2 now"),
    "recipe": ({"recipe": "quick"}, "found default there, quick now"),
    "the columns of the table": ({"drop": "size"}, r"found \[.*'size'.*\] there, \[.*\] now"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_run_is_refused_by_name(name: str, tmp_path: Path) -> None:
    fitted("folds that choose the epoch", tmp_path / "run")
    asked, found = CHANGES[name]
    with pytest.raises(SettingError, match=rf"resume: expected {name} as in .*, {found}; give the same"):
        fitted("folds that choose the epoch", tmp_path / "run", **asked)
    changed = TABLE.with_columns(pl.col("size") + 1e-9).drop("grade")
    with pytest.raises(SettingError, match="resume: expected the table as in"):
        fit(changed, "price", **HASTY, folds=3, checkpoint=tmp_path / "run", resume=True)


ODD = [None, True, 0, -1, 3, 2**63 - 1, 0.5, "x", "diverged", [], {}, {"a": 1}]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    fitted("folds that choose the epoch", folder)
    return max(folder.iterdir())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_forged_runs(written: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """What is kept of each epoch's network and score is checked, too; the others are test_checkpoints' own."""
    arrays, document = files.read(written, files.CHECKPOINT)
    document, folder = copy.deepcopy(document), tmp_path_factory.mktemp("forged")
    number = data.draw(st.sampled_from(sorted(document["trainings"])))
    if data.draw(st.integers(0, 3)) == 0:
        holder = document["trainings"][number]["callbacks"][0]
        holder["step"] = data.draw(st.sampled_from(ODD))
    else:
        name = data.draw(st.sampled_from(sorted(name for name in arrays if ".W0" in name or "callback0" in name)))
        array = np.nan_to_num(arrays.pop(name))
        change = data.draw(st.sampled_from(["cut", "kind", "away", "flat", "zero", "huge"]))
        if change != "away":
            arrays[name] = {
                "cut": array[:-1], "kind": array.astype(np.int64), "flat": array.reshape(-1), "zero": 0 * array,
                "huge": np.full(array.shape, 1e30),
            }[change]  # fmt: skip
    files.write(folder / written.name, arrays, document, files.CHECKPOINT)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            content(fitted("folds that choose the epoch", folder), folder)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017
