"""Runs that are killed by SIGKILL at random moments and go on, until they are over; then again, until so many were.

A program of its own: it loads what the runs need, and forks each, which takes a hundredth of the time of a start.
Usage: killing.py KIND,… KILLS FOLDER; prints of each kind how many kills came after a checkpoint had been written.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import deltaw
from deltaw.cli import main
from deltaw.training import train

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (4000, 8)).astype(np.float32)
T = RNG.uniform(0.1, 0.9, (4000, 2))
ARRAYS = {
    "optimizer": "adam", "dropout": 0.2, "batch_size": 16, "epochs": 12, "schedule": "coslog",
    "validation": (X[:200], T[:200]), "early_stopping": 11, "threads": 2,
}  # fmt: skip
TABLES = {
    "folds": "--folds 3 --epochs 12 --hidden 16",
    "accurate": "--recipe accurate --set networks=3 --epochs 14 --hidden 16",
    "numbers": "--target x0 --epochs 12 --hidden 16 --folds 1 --metric mae --set patience=9",
    "streamed": "--memory 50K --cache {folder} --epochs 60 --hidden 16",  # so that it lasts beside the two passes
}


def of_arrays(folder: Path, checkpoint: Path | None) -> None:
    network = deltaw.Network([8, 24, 2], seed=3)
    keep = {} if checkpoint is None else {"checkpoint": checkpoint, "every": "1epochs", "resume": True}
    history = train(network, X, T, **ARRAYS, **keep)
    parts = [*network.weights, *network.biases, np.array(history.loss), np.array(history.validation_loss)]
    (folder / "model.part").write_bytes(b"".join(part.tobytes() for part in parts))
    (folder / "model.part").rename(folder / "model")


def of_table(kind: str, folder: Path, checkpoint: Path | None) -> None:
    keep = [] if checkpoint is None else ["--checkpoint", str(checkpoint), "--every", "1epochs", "--resume"]
    target = [] if "--target" in TABLES[kind] else ["-t", "y"]
    words = [
        str(folder / "d.csv"),
        *target,
        *TABLES[kind].format(folder=folder).split(),
        "-o",
        str(folder / "model"),
        "-q",
        *keep,
    ]
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    assert main(["train", *words]) == 0


def begin(kind: str, folder: Path, checkpoint: Path | None) -> int:
    """The process of a run."""
    process = os.fork()
    if process:
        return process
    try:
        if kind == "arrays":
            of_arrays(folder, checkpoint)
        else:
            of_table(kind, folder, checkpoint)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def ended(process: int, seconds: float, after: Callable[[], bool] = lambda: True) -> int | None:
    """The status of a process that ends within so many seconds after something is so, or None."""
    until = None
    while until is None or time.monotonic() < until:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if until is None and after():
            until = time.monotonic() + seconds
        time.sleep(0.001)
    return None


def has_checkpoint(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("checkpoint-*"))


def hold(kind: str, kills: int, folder: Path) -> int:
    if kind != "arrays":
        write_table(folder / "d.csv")
    began = time.perf_counter()
    assert os.waitpid(begin(kind, folder, None), 0)[1] == 0
    whole = time.perf_counter() - began
    expected = (folder / "model").read_bytes()
    killed = late = 0
    rng = np.random.default_rng(kills)
    while killed < kills:
        checkpoint = folder / f"run{killed}"
        written = partial(has_checkpoint, checkpoint)
        (folder / "model").unlink()
        while True:
            process = begin(kind, folder, checkpoint)
            # Some come at once, and some after the end; half of them wait until there is a checkpoint, which on a busy
            # machine may take any time.
            seconds = rng.uniform(0, 1.3) * whole if killed < kills else 600
            status = ended(process, seconds, written) if killed % 2 else ended(process, seconds)
            if status is not None:
                assert status == 0, "a run failed"
                break
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            killed += 1
            late += written()
        assert (folder / "model").read_bytes() == expected, f"another model, {kind}"
        names = {path.name for path in checkpoint.iterdir() if not path.name.endswith(".tmp")}
        assert 1 <= len(names) <= 2, names
        shutil.rmtree(checkpoint)
    return late


def write_table(path: Path) -> None:
    """Without Polars, whose threads no fork may leave behind."""
    rows = RNG.normal(size=(400, 4)).round(3)
    y = np.where(rows[:, 0] * rows[:, 1] + 0.3 * RNG.normal(size=400) > 0, "a", "b")
    w = RNG.choice(list("klm"), 400)
    lines = ["x0,x1,x2,x3,w,y", *(f"{','.join(map(str, r))},{b},{c}" for r, b, c in zip(rows, w, y, strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import polars  # noqa: F401
    import safetensors.numpy  # noqa: F401

    import deltaw.callbacks
    import deltaw.cli.app
    import deltaw.cli.commands.train
    import deltaw.doctor
    import deltaw.models
    import deltaw.report
    from deltaw.engines.native import core

    core()
    for kind in sys.argv[1].split(","):
        (folder := Path(sys.argv[3], kind)).mkdir()
        print(hold(kind, int(sys.argv[2]), folder), flush=True)
