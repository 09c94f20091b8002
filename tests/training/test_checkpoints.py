"""Checkpoints of `deltaw.train`: a training that goes on is the one that never stopped, to the bit."""

from __future__ import annotations

import copy
import os
import re
import shutil
import signal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltaw import EarlyStopping, Network, TrainingInterrupted, files, fit, train
from deltaw.exceptions import InputError, ModelFileError, OutputError, SettingError
from deltaw.training.checkpoints import Every, made_by

RNG = np.random.default_rng(0)
X, T = RNG.uniform(-1, 1, (90, 4)).astype(np.float32), RNG.uniform(0.1, 0.9, (90, 2))
PIXELS = np.where(RNG.random((90, 30)) < 0.1, RNG.uniform(0, 1, (90, 30)), 0.01).astype(np.float32)
JUDGED = (X[:20], T[:20])
# One for each thing that a state holds.
SETTINGS: dict[str, dict[str, Any]] = {
    "moments": {"optimizer": "adam", "batch_size": 8},
    "a cache of squares": {"optimizer": "rmsprop", "batch_size": 32, "l2": 1e-3},
    "masks": {"optimizer": "adam", "dropout": 0.3, "batch_size": 16},
    "a pace": {"optimizer": "adamw(weight_decay=0.1, decay_schedule='flat_cosine')", "schedule": "coslog",
               "batch_size": 8},
    "the best weights": {"validation": JUDGED, "early_stopping": EarlyStopping(3), "learning_rate": 0.5},
    "looks": {"telemetry": True, "optimizer": "momentum", "max_grad_norm": 0.5, "batch_size": 4},
    "one row at a time": {"batch_size": 1, "shuffle": False},
}  # fmt: skip
Made = tuple[Any, np.ndarray]


def made(folder: Path | None = None, rows: Any = X, epochs: int = 6, resume: bool = False, **asked: Any) -> Made:
    """The history and the weights of a training."""
    network = Network([rows.shape[1], 7, 5, 2], seed=3)
    keep = {} if folder is None else {"checkpoint": folder, "every": "1epochs", "resume": resume}
    history = train(network, rows, T, epochs=epochs, **asked, **keep)
    return history, np.concatenate([a.ravel() for a in (*network.weights, *network.biases)])


def same(one: Made, other: Made) -> None:
    (history, weights), (expected, exact) = one, other
    np.testing.assert_array_equal(weights, exact)
    assert weights.dtype == exact.dtype
    assert vars(history).keys() == vars(expected).keys()
    for name, value in vars(expected).items():
        if name == "looks":
            looks = [[*vars(look).values()] for look in value]
            np.testing.assert_equal([[*vars(look).values()] for look in history.looks], looks)
        elif name != "seconds":
            assert getattr(history, name) == value


def each_alone(folder: Path, beside: Path) -> list[Path]:
    """A folder for each checkpoint, in which it is the last."""
    found = []
    for path in sorted(folder.glob("checkpoint-*")):
        found.append(beside / path.stem)
        found[-1].mkdir()
        shutil.copy(path, found[-1])
    return found


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("what", SETTINGS)
def test_from_each_checkpoint_to_the_same_bits(
    what: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltaw.training.epochs.ROWS_PER_CALL", 0)
    monkeypatch.setattr("deltaw.training.folder.KEPT", 99)
    asked = SETTINGS[what] | {"engine": engine}
    expected = made(**asked)
    same(made(tmp_path / "run", **asked), expected)
    for folder in each_alone(tmp_path / "run", tmp_path):
        same(made(folder, resume=True, **asked), expected)


@pytest.mark.parametrize("rows", [PIXELS, sp.csr_array(np.where(PIXELS > 0.01, PIXELS, 0))], ids=["pixels", "sparse"])
def test_rows_that_are_mostly_one_number(rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.training.folder.KEPT", 99)
    monkeypatch.setattr("deltaw.training.epochs.ROWS_PER_CALL", 0)
    expected = made(rows=rows)
    made(tmp_path / "run", rows=rows)
    for folder in each_alone(tmp_path / "run", tmp_path):
        same(made(folder, rows=rows, resume=True, threads=1), expected)


def test_epochs_that_are_trained_together(tmp_path: Path) -> None:
    """Many short epochs are one call to the engine; a checkpoint stands between two calls."""
    expected = made(epochs=200)
    same(made(tmp_path / "run", epochs=200), expected)
    last, before = sorted(path.name for path in (tmp_path / "run").iterdir())[::-1]
    assert (before, last) == ("checkpoint-000002.safetensors", "checkpoint-000003.safetensors")
    (tmp_path / "run" / last).unlink()
    same(made(tmp_path / "run", epochs=200, resume=True), expected)


def test_more_epochs(tmp_path: Path) -> None:
    made(tmp_path / "run", epochs=4, optimizer="adam", batch_size=8)
    same(made(tmp_path / "run", epochs=9, resume=True, optimizer="adam", batch_size=8),
         made(epochs=9, optimizer="adam", batch_size=8))  # fmt: skip
    with pytest.raises(SettingError, match=r"expected 9 epochs or more, as in .*, found 4; give as many or more"):
        made(tmp_path / "run", epochs=4, resume=True, optimizer="adam", batch_size=8)


def test_one_that_diverges(tmp_path: Path) -> None:
    asked = {"learning_rate": 1e30, "batch_size": 16}
    with np.errstate(all="ignore"):
        history, _ = made(tmp_path / "run", **asked)
        again, _ = made(tmp_path / "run", resume=True, **asked)
    assert history.ended == again.ended == "diverged"
    np.testing.assert_equal(again.loss, history.loss)


def test_a_signal_and_on(tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM write one at once; SIGTERM is nobody else's afterwards."""
    expected = made(epochs=60, validation=JUDGED, batch_size=16)
    for number in (signal.SIGINT, signal.SIGTERM):
        folder = tmp_path / str(number)

        def kill(epoch: Any, number: int = number) -> None:
            if epoch.number == 20:
                os.kill(os.getpid(), number)

        with pytest.raises(TrainingInterrupted) as caught:
            train(Network([4, 7, 5, 2], seed=3), X, T, epochs=60, validation=JUDGED, batch_size=16,
                  callbacks=[kill], checkpoint=folder, every="1h")  # fmt: skip
        assert caught.value.signal == number
        assert 19 <= len(caught.value.history) <= 21
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        same(made(folder, epochs=60, resume=True, validation=JUDGED, batch_size=16), expected)


def test_what_a_callback_raises_costs_nothing(tmp_path: Path) -> None:
    def fail(epoch: Any) -> None:
        if epoch.number == 3:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        train(Network([4, 7, 5, 2], seed=3), X, T, epochs=6, callbacks=[fail], checkpoint=tmp_path, every="1h")
    same(made(tmp_path, resume=True), made())
    assert len(list(tmp_path.iterdir())) == 2


# --- what is refused ------------------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "learning_rate": ({"learning_rate": 0.2}, "found 0.1 there, 0.2 now"),
    "optimizer": ({"optimizer": "momentum"}, r"found sgd\(\) there, momentum\(.*\) now"),
    "batch_size": ({"batch_size": 2}, "found 1 there, 2 now"),
    "seed": ({"seed": 1}, "found 0 there, 1 now"),
    "dropout": ({"dropout": 0.1}, r"found \[\] there, \[0\.1, 0\.1\] now"),
    "engine": ({"engine": "reference"}, "found native there, reference now"),
    "the training rows": ({"rows": X + np.float32(1)}, "found another"),
    "the validation rows": ({"validation": JUDGED}, "found another"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_training_is_refused_by_name(name: str, tmp_path: Path) -> None:
    made(tmp_path)
    asked, found = CHANGES[name]
    with pytest.raises(SettingError, match=rf"resume: expected {name} as in .*, {found}; give the same, or another"):
        made(tmp_path, resume=True, **asked)


def test_another_network_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(SettingError, match="expected initial weights as in"):
        train(Network([4, 7, 5, 2], seed=4), X, T, epochs=6, checkpoint=tmp_path, resume=True)
    with pytest.raises(SettingError, match=r"expected sizes as in .*, found \[4, 7, 5, 2\] there, \[4, 2\] now"):
        train(Network([4, 2], seed=4), X, T, epochs=6, checkpoint=tmp_path, resume=True)


def test_threads_and_callbacks_may_be_others(tmp_path: Path) -> None:
    made(tmp_path, epochs=3)
    same(made(tmp_path, resume=True, threads=1, callbacks=[lambda epoch: None]), made())


@pytest.mark.parametrize("every", ["", "60x", "0s", "-1s", "epochs", True, None, float("nan")])
def test_every_that_cannot_be(every: Any) -> None:
    with pytest.raises(SettingError, match=r"every: expected a time or a number of epochs, found .*; give e\.g\. 60s"):
        Every.of(every)


def test_every() -> None:
    assert [Every.of(text) for text in ("90", 90, "1.5m", "2h", "5epochs", "1 epoch")] == [
        Every(90.0), Every(90.0), Every(90.0), Every(7200.0), Every(epochs=5), Every(epochs=1)
    ]  # fmt: skip


def test_a_folder_that_has_some_is_asked_about(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(SettingError, match=r"expected a folder without checkpoints, found checkpoint-0.*; add resume"):
        made(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected a folder for checkpoints, found a file of that name"):
        made(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt", reason="locks")
def test_two_trainings_do_not_share_a_folder(tmp_path: Path) -> None:
    def another(epoch: Any) -> None:
        with pytest.raises(SettingError, match="expected a folder of its own, found one that another training writes"):
            made(tmp_path)

    made(tmp_path, epochs=1, callbacks=[another])


# --- a disk that is full, a file that is damaged or forged -----------------------------------------------------------


def test_a_full_disk_costs_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, sync, calls = made(), os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if 2 < len(calls) < 9:  # a write takes two
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("deltaw.training.epochs.ROWS_PER_CALL", 0)
    monkeypatch.setattr("deltaw.files.atomic.os.fsync", full)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        same(made(tmp_path, validation=None), expected)
    lines = [str(each.message) for each in said]
    assert len(lines) == 1
    assert "could not be written (No space left on device); training goes on, the last one stays" in lines[0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["checkpoint-000001.safetensors"]  # and nothing half-written
    monkeypatch.undo()
    same(made(tmp_path, resume=True), expected)


def test_where_the_last_is_damaged_the_one_before_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.training.epochs.ROWS_PER_CALL", 0)
    expected = made(tmp_path)
    before, last = sorted(tmp_path.iterdir())
    last.write_bytes(last.read_bytes()[:-10])
    with pytest.warns(RuntimeWarning, match=rf"bytes of arrays.*; {before.name} is taken, the one before"):
        same(made(tmp_path, resume=True), expected)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"expected a checkpoint, found an empty file; remove it, or start"):
        made(tmp_path, resume=True)


@pytest.mark.parametrize(("asked", "line"), [
    ({"resume": True}, "resume: expected checkpoint beside it, found none; name its folder"),
    ({"resume": "no", "checkpoint": "run"}, "resume: expected True or False, found 'no'; give one of the two"),
])  # fmt: skip
def test_on_from_nowhere(asked: dict[str, Any], line: str) -> None:
    """Who says `resume` and not from where would start from nothing, and not know."""
    for call in (lambda: train(Network([4, 2]), X, T, **asked), lambda: fit("iris", **asked)):
        with pytest.raises(SettingError, match=re.escape(line)):
            call()


def test_what_is_called_a_checkpoint_and_is_no_file(tmp_path: Path) -> None:
    """A folder, and a pipe that nobody ever writes to."""
    expected = made(tmp_path)
    (tmp_path / "checkpoint-000100.safetensors").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "checkpoint-000101.safetensors")
    same(made(tmp_path, resume=True), expected)


def test_one_of_another_processor_goes_on_with_a_word(tmp_path: Path, monkeypatch: Any) -> None:
    made(tmp_path, epochs=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(tmp_path, epochs=4, resume=True)
    own = made_by()
    monkeypatch.setattr("deltaw.training.checkpoints.made_by", lambda: own | {"instructions": "abacus"})
    with pytest.warns(RuntimeWarning, match=r"written on a processor with .*, resumed with abacus; the last digits"):
        history, _ = made(tmp_path, resume=True)
    assert len(history) == 6


@pytest.mark.parametrize("format_version", [1, 2])
@pytest.mark.parametrize("others", [1, 2])
def test_one_by_another_version_is_refused(tmp_path: Path, monkeypatch: Any, format_version: int, others: int) -> None:
    """Of this format or of another, whatever its document has there; and not taken for damage: the one before stays."""
    monkeypatch.setattr("deltaw.training.epochs.ROWS_PER_CALL", 0)
    own = made_by()
    made(tmp_path, epochs=3)
    before, last = sorted(tmp_path.iterdir())
    for path in (before, last)[-others:]:
        arrays, document = files.read(path, files.CHECKPOINT)
        document = {"by": own | {"version": "9.1"}, "of later versions": document}
        monkeypatch.setattr("deltaw.files.model.FORMAT_VERSION", format_version)
        files.write(path, arrays, document, files.CHECKPOINT)
        monkeypatch.setattr("deltaw.files.model.FORMAT_VERSION", 1)
    held = {path: path.read_bytes() for path in tmp_path.iterdir()}
    line = (
        f"resume: expected a checkpoint by DeltaW {own['version']}, which this is, found {last} by 9.1; continue with"
    )
    with pytest.raises(SettingError, match=f"^{re.escape(line)} that version, or start again elsewhere$"):
        made(tmp_path, resume=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == held


def test_a_model_is_no_checkpoint(tmp_path: Path) -> None:
    files.write(tmp_path / "checkpoint-000001.safetensors", {"W0": np.zeros(2)}, {})
    with pytest.raises(ModelFileError, match="expected a checkpoint that DeltaW wrote, found another JSON header"):
        made(tmp_path, resume=True)
    made(tmp_path / "run")
    with pytest.raises(ModelFileError, match="expected a model file that DeltaW wrote"):
        files.read(next((tmp_path / "run").iterdir()))


ODD = [None, True, 0, 1, -1, 2**63 - 1, 0.5, "", "x", "f" * 32, "diverged", [], {}, [{}], {"a": 1}]
FORGED = SETTINGS["the best weights"] | {"telemetry": True, "optimizer": "adam", "epochs": 3, "batch_size": 16}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    made(folder, **FORGED)
    return max(folder.iterdir())


def goes_on_or_is_refused(folder: Path) -> None:
    """In one line, or to some end: nothing else."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            made(folder, resume=True, **FORGED)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017


def holders(value: Any) -> list[tuple[Any, Any]]:
    """Every object or list of a document, with every key in it."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *holders(value[key])]]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_forged_states(written: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    arrays, document = files.read(written, files.CHECKPOINT)
    document, folder = copy.deepcopy(document), tmp_path_factory.mktemp("forged")
    for _ in range(data.draw(st.integers(1, 2))):
        if data.draw(st.booleans()):
            holder, key = data.draw(st.sampled_from(holders(document["trainings"])))
            holder[key] = data.draw(st.sampled_from(ODD))
        else:
            name = data.draw(st.sampled_from(sorted(arrays)))
            change = data.draw(st.sampled_from(["nan", "huge", "cut", "kind", "away", "flat"]))
            array = arrays.pop(name)
            if change != "away":
                array = np.nan_to_num(array)
                arrays[name] = {
                    "nan": array * np.float32("nan"), "huge": np.full(array.shape, 1e300), "cut": array[:-1],
                    "kind": array.astype(np.int64), "flat": array.reshape(-1, 1),
                }[change]  # fmt: skip
    files.write(folder / written.name, arrays, document, files.CHECKPOINT)
    goes_on_or_is_refused(folder)


def test_changed_bytes(written: Path, tmp_path: Path) -> None:
    whole, rng = written.read_bytes(), np.random.default_rng(0)
    for i in range(60):
        content = bytearray(whole)
        if i % 3:
            content[int(rng.integers(len(whole) if i % 3 == 1 else 3000))] ^= 1 << int(rng.integers(8))
        else:
            del content[int(rng.integers(len(whole))) :]
        (tmp_path / written.name).write_bytes(content)
        goes_on_or_is_refused(tmp_path)
        for path in tmp_path.iterdir():
            path.unlink()
