"""`deltaw train --checkpoint`: what it says, what it refuses, and how a run that a signal has ended goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from commands import Run, refused
from deltaw.exceptions import OutputError

HASTY = ("--hidden", "6", "--epochs", "3", "--folds", "2")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    x = np.random.default_rng(0).normal(size=(300, 3)).round(3)
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": np.where(x[:, 0] * x[:, 1] > 0, "p", "q")})
    frame.write_csv(tmp_path / "d.csv")
    return tmp_path / "d.csv"


def test_a_run_and_on(run: Run, table: Path) -> None:
    train = ("train", "d.csv", "-t", "y", *HASTY, "-o")
    assert run(*train, "plain.deltaw")[0] == 0
    status, _, err = run(*train, "m.deltaw", "--checkpoint", "run", "--resume", "--every", "1epochs")
    assert (status, "no checkpoint in run yet: starting from the beginning" in err) == (0, True)
    _, last = sorted(Path("run").iterdir())
    assert Path("m.deltaw").read_bytes() == Path("plain.deltaw").read_bytes()
    status, _, err = run(*train, "n.deltaw", "--checkpoint", "run", "--resume")
    assert status == 0
    assert f"resuming from {last}: training 3 of 3, after " in err
    assert Path("n.deltaw").read_bytes() == Path("plain.deltaw").read_bytes()
    for more, line in (
        ((), f"run: expected a folder without checkpoints, found {last.name}; add --resume to continue"),
        (
            ("--resume", "--seed", "4"),
            f"resume: expected seed as in {last}, found 0 there, 4",
        ),
        (("--resume", "--epochs", "2"), f"resume: expected 3 epochs or more, as in {last}"),
    ):
        assert line in refused(run(*train, "n.deltaw", "--checkpoint", "run", *more))


def test_what_is_lost_is_said_though_quiet(run: Run, table: Path) -> None:
    """That a checkpoint is damaged, or has no room, is an error, though the run goes on."""
    train = ("train", "d.csv", "-t", "y", *HASTY, "-q", "-o", "m.deltaw", "--checkpoint", "run", "--every", "1epochs")
    assert run(*train)[0] == 0
    before, last = sorted(Path("run").iterdir())
    os.truncate(last, last.stat().st_size // 2)
    status, _, err = run(*train, "--resume")
    assert status == 0
    assert err.startswith(f"{last}: expected ")
    assert f"; {before.name} is taken, the one before" in " ".join(err.split())


def test_an_output_where_checkpoints_go(run: Run, table: Path) -> None:
    for option in ("--output", "--log"):
        rest = () if option == "--output" else ("-o", "m.deltaw")
        status, _, err = run("train", "d.csv", "-t", "y", *HASTY, "--checkpoint", "run", option, "run", *rest)
        assert (status, err) == (
            2, f"deltaw: {option} run: expected another file than --checkpoint, found run; give each its own\n"
        )  # fmt: skip
    assert sorted(each.name for each in Path().iterdir()) == ["d.csv"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--resume",), "--resume: expected --checkpoint DIR with it, found none; add --checkpoint run/"),
        (("--every", "5epochs"), "--every: expected --checkpoint DIR with it, found none; add --checkpoint run/"),
        (("--checkpoint", "run", "--every", "soon"), "every: expected a time or a number of epochs, found 'soon'"),
        (("--checkpoint", "d.csv"), "d.csv: expected a folder for checkpoints, found a file of that name"),
    ],
)
def test_what_cannot_be(run: Run, table: Path, words: tuple[str, ...], line: str) -> None:
    assert line in refused(run("train", "d.csv", "-t", "y", *words))
    assert not Path("model.deltaw").exists()


@pytest.mark.parametrize("words", [("--checkpoint", ""), ("--cache", ""), ("--cache=",), ("-o", ""), ("--from", "")])
def test_an_empty_path_is_not_the_current_folder(run: Run, table: Path, words: tuple[str, ...]) -> None:
    """As a shell gives it where a variable is not set."""
    before = sorted(Path().iterdir())
    option = {"-o": "--output"}.get(words[0], words[0].rstrip("="))
    line = f"deltaw: {option} needs a value; see 'deltaw train --help'\n"
    assert run("train", "d.csv", "-t", "y", *words) == (2, "", line)
    assert sorted(Path().iterdir()) == before


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_before_the_training(
    run: Run, table: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    """While the table is read there is nothing to keep: a line says so, and how to begin again."""
    from deltaw import models

    plan = models.plan

    def read(*given: Any, **asked: Any) -> Any:
        os.kill(os.getpid(), number)
        return plan(*given, **asked)

    monkeypatch.setattr(models, "plan", read)
    before, keep = signal.getsignal(signal.SIGTERM), ("--checkpoint", "run")
    nothing = "interrupted before training: nothing was saved; run the same command again"
    for words in ((), ("--resume",)):  # there is no checkpoint yet, whatever was asked for
        assert run("train", "d.csv", "-t", "y", *keep, *words) == (status, "", f"deltaw: {nothing}\n")
    assert run("predict", "none.deltaw", "d.csv")[0] == 2
    assert signal.getsignal(signal.SIGTERM) == before
    assert not Path("run").exists()
    assert not Path("model.deltaw").exists()
    Path("run").mkdir()
    assert run("train", "d.csv", "-t", "y", *keep, "--resume") == (status, "", f"deltaw: {nothing}\n")
    Path("run", "checkpoint-000001.safetensors").touch()
    there = "interrupted before it resumed: checkpoints are unchanged; resume by the same command"
    assert run("train", "d.csv", "-t", "y", *keep, "--resume") == (status, "", f"deltaw: {there}\n")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_while_the_first_rows_are_prepared(run: Run, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is there by then, and no checkpoint in it: nothing is said to be."""
    from deltaw.models.fitting import running

    monkeypatch.setattr(running, "_run", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    line = "there is no checkpoint in run: run the same command again"
    for words in ((), ("--resume",)):
        status, out, err = run("train", "d.csv", "-t", "y", *HASTY, "-q", "--checkpoint", "run", *words)
        assert (status, out) == (143, "")
        assert line in err
        assert "until then" not in err
        assert not list(Path("run").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_after_the_training(run: Run, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the model is saved: what was made is in the checkpoints, if there are any."""
    words = ("train", "d.csv", "-t", "y", *HASTY, "-q")
    line = "resume by the same command with --resume: progress so far is in run"
    with monkeypatch.context() as patched:
        patched.setattr("deltaw.models.Model.save", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        assert run(*words, "--checkpoint", "run") == (143, "", f"deltaw: {line}\n")
        assert run(*words) == (143, "", "deltaw: interrupted; nothing was saved: run the same command again\n")
    assert run(*words, "--checkpoint", "run", "--resume")[::2] == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(
    ("number", "status", "recipe"), [(signal.SIGTERM, 143, "default"), (signal.SIGINT, 130, "accurate")]
)
def test_a_signal(run: Run, tmp_path: Path, table: Path, number: signal.Signals, status: int, recipe: str) -> None:
    words = ["train", "d.csv", "-t", "y", "-r", recipe, "--hidden", "20", "--epochs", "40"]
    keep = ["--checkpoint", "run", "--every", "1epochs"]
    command = [
        sys.executable,
        "-m",
        "deltaw",
        *words,
        "-o",
        "m.deltaw",
        *keep,
        "-q",
    ]  # how it goes on is said then, too
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while not list(tmp_path.glob("run/checkpoint-*")) and time.monotonic() < until:
            time.sleep(0.002)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == status, err
    assert b"resume by the same command with --resume: progress so far is in run" in err
    assert b"Traceback" not in err
    assert run(*words, "-o", "m.deltaw", *keep, "--resume")[0] == 0
    assert run(*words, "-o", "plain.deltaw")[0] == 0
    assert (tmp_path / "m.deltaw").read_bytes() == (tmp_path / "plain.deltaw").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("left", ["nothing", "a file", "the last one"])
def test_a_folder_of_checkpoints_that_is_lost(
    run: Run, table: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    """One warning, the training goes on, and at its end it is said what is there indeed."""
    from deltaw.training.checkpoints import Checkpoints

    note, epochs = Checkpoints.note, list[int]()

    class Full:
        CHECKPOINT = None

        @staticmethod
        def write(path: Path, *_: object) -> None:
            raise OutputError("{path}: expected room", "No space left on device", "give another path", path=path)

    def lost(kept: Checkpoints, number: int, training: Any) -> None:
        with kept._lock:  # two networks are trained at once
            note(kept, number, training)
            epochs.append(number)
            if len(epochs) == 2:
                if left == "the last one":
                    monkeypatch.setattr("deltaw.training.checkpoints.files", Full)
                else:
                    shutil.rmtree("run")
                    Path("run").touch() if left == "a file" else None
            if len(epochs) == 5:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Checkpoints, "note", lost)
    keep = ("--checkpoint", "run", "--every", "1epochs", "-q")
    status, _, err = run("train", "d.csv", "-t", "y", "--hidden", "6", "--epochs", "9", "--folds", "0", *keep)
    said = " ".join(err.split())
    assert (status, said.count("could not be written (")) == (143, 1), err
    if left == "the last one":
        last = sorted(Path("run").iterdir())[-1]
        assert "No space left on device); training goes on, the last one stays" in said
        assert f"resume from {last} by the same command with --resume: later checkpoints could not be" in said
    else:
        assert "training goes on, and there is none" in said
        assert "there is no checkpoint in run: run the same command again" in said


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_after_the_model_is_saved(run: Run, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its report is written, for one: nobody is told that it is lost."""
    monkeypatch.setattr("deltaw.report.write", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    for keep in ((), ("--checkpoint", "run")):
        status, _, err = run("train", "d.csv", "-t", "y", *HASTY, "--report", "r.html", "-q", *keep)
        assert (status, err) == (130, "deltaw: interrupted; the model is saved in model.deltaw\n")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_in_the_first_epoch_of_folds(run: Run, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fold's network has inputs of its own, and the doctor has nothing to say of the half of a training."""
    x = np.random.default_rng(0).normal(size=300)
    words = [f"w{i % 40}" for i in range(300)]  # of which each fold knows others
    pl.DataFrame({"x": x, "w": words, "y": np.random.default_rng(1).integers(0, 2, 300)}).write_csv("e.csv")
    from deltaw import models

    train = models.run

    def begun(*given: Any) -> Any:
        place = "deltaw.training.epochs.Training.advance"
        monkeypatch.setattr(place, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        return train(*given)

    monkeypatch.setattr(models, "run", begun)
    few = ("--hidden", "6", "--epochs", "3", "--folds", "5", "--set", "networks=1")
    status, _, err = run("train", "e.csv", "-t", "y", *few)
    assert (status, "the model so far is saved in model.deltaw" in " ".join(err.split())) == (130, True), err


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_signal_while_what_trains_is_loaded(tmp_path: Path, table: Path, lang: str) -> None:
    """Which takes longer than to read a small table; it is said in the language that was asked for."""
    words = ["train", "d.csv", "-t", "y", "--checkpoint", "run", "--lang", lang]
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(name, *rest):\n"
        "        if name == PLACE: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Finder)\n"
        "from deltaw.cli import main\n"
        f"sys.exit(main({words}))"
    )
    before = "interrupted before training: nothing was saved; run the same command again"
    lines = {
        "deltaw.cli.app": {
            "en": "interrupted; nothing was saved: run the same command again",
            "zh": "已中断；没有保存任何内容：请用同一命令重新开始",
        },
        "deltaw.models": {"en": before, "zh": "在训练之前已中断：没有保存任何内容；请用同一命令重新开始"},
    }
    for place, said in lines.items():
        command = [sys.executable, "-c", code.replace("PLACE", repr(place))]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stderr.decode()) == (143, f"deltaw: {said[lang]}\n")
    assert not (tmp_path / "run").exists()
