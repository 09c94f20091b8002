"""Killed at any moment, a training or a save leaves the old file or the new one, whole; the next save leaves no other.

`kill -9` gives the process no chance to tidy up, as a power cut or a lack of memory would not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.files import write_bytes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

# Saves one of two files over and over, so that a kill comes at any place of a save.
SAVING = """
import sys
from deltaw.files import write_bytes
contents = [bytes([i]) * int(sys.argv[2]) for i in (1, 2)]
print("ready", flush=True)
while True:
    for content in contents:
        write_bytes(sys.argv[1], content)
"""
SIZES = (1_000, 3_000_000)
TRAINING = "train d.csv -t y --engine reference --hidden 4 --epochs 2"


def killed(command: list[str], folder: Path, after: float, ready: bool = False) -> None:
    """Run a command and kill it so many seconds after its start (or after it says that it is ready)."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        if ready:
            process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGKILL)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def hold_saving(folder: Path, kills: int) -> int:
    """Kill saves; returns how many left a temporary file."""
    path, rng, left = folder / "saved", np.random.default_rng(0), 0
    for i in range(kills):
        size = SIZES[i % 2]
        write_bytes(path, bytes([1]) * size)
        killed([sys.executable, "-c", SAVING, str(path), str(size)], folder, float(rng.uniform(0, 0.03)), ready=True)
        content = path.read_bytes()
        assert content in {bytes([1]) * size, bytes([2]) * size}
        left += len(names(folder)) > 1
        write_bytes(path, b"the next save")
        assert names(folder) == {"saved"}
    return left


def hold_training(folder: Path, kills: int) -> set[bool]:
    """Kill trainings; returns whether the model was the old one, as far as both came."""
    x = np.random.default_rng(0).normal(size=60).round(3)
    pl.DataFrame({"x": x, "y": np.where(x > 0, "a", "b")}).write_csv(folder / "d.csv")
    command = [sys.executable, "-m", "deltaw", *TRAINING.split()]
    began = time.perf_counter()
    subprocess.run([*command, "-o", "m.deltaw"], cwd=folder, check=True, capture_output=True)
    whole = time.perf_counter() - began
    before = (folder / "m.deltaw").read_bytes()
    (folder / "old.deltaw").write_bytes(before)
    rng, found = np.random.default_rng(1), set()
    for _ in range(kills):
        (folder / "m.deltaw").write_bytes(before)
        killed([*command, "--seed", "1", "-o", "m.deltaw"], folder, float(rng.uniform(0.3, 1.1)) * whole)
        model = deltaw.load(folder / "m.deltaw")
        assert model.origin.seed in {0, 1}
        assert model.history.ended == "finished"
        found.add(model.origin.seed == 0)
        deltaw.load(folder / "old.deltaw").save(folder / "old.deltaw")  # the next save to that place
        assert names(folder) == {"d.csv", "m.deltaw", "old.deltaw"}
    return found


def test_a_few_kills_of_saving(tmp_path: Path) -> None:
    hold_saving(tmp_path, 4)


@pytest.mark.slow
def test_a_hundred_kills_of_saving(tmp_path: Path) -> None:
    assert hold_saving(tmp_path, 100) > 0  # else the kills came where nothing could be seen


@pytest.mark.slow
def test_a_hundred_kills_of_training(tmp_path: Path) -> None:
    hold_training(tmp_path, 100)
