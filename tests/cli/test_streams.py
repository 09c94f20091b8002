"""stdout that is full, closed, or read by somebody who leaves: what each command says and returns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from deltaw.cli import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and limits of POSIX")
ROWS = 6_000  # whose answers are more than a pipe holds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    x = np.random.default_rng(0).normal(size=ROWS).round(3)
    pl.DataFrame({"x": x, "y": np.where(x > 0, "a", "b")}).write_csv(folder / "d.csv")
    command = f"train {folder}/d.csv -t y --engine native --folds 1 --hidden 4 --epochs 1 -o {folder}/m.deltaw"
    assert main(command.split()) == 0
    return folder


def ran(folder: Path, command: str, unbuffered: bool = False, **settings: Any) -> tuple[int, str]:
    """(exit status, stderr) in a process of its own."""
    environment = os.environ | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    arguments = [sys.executable, "-m", "deltaw", *command.split()]
    found = subprocess.run(
        arguments, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, check=False, timeout=120, **settings
    )
    return found.returncode, found.stderr


def at_most_8_kib() -> None:
    """A disk that is full after so much: a write beyond is first taken in part and then refused."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


@pytest.mark.parametrize(
    ("command", "unbuffered"), [("predict m.deltaw d.csv", True), ("predict m.deltaw d.csv --json", False)]
)
def test_answers_that_are_cut_are_no_success(folder: Path, tmp_path: Path, command: str, unbuffered: bool) -> None:
    with (tmp_path / "out").open("wb") as out:
        status, err = ran(folder, command, unbuffered, stdout=out, preexec_fn=at_most_8_kib)
    assert (status, err.count("\n")) == (1, 1), err
    assert err.startswith("deltaw: standard output: ")
    assert (tmp_path / "out").stat().st_size == 8192


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["show m.deltaw --json", "--version"])
def test_a_full_disk_is_alike_in_all_commands(folder: Path, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        assert ran(folder, command, True, stdout=full) == (1, "deltaw: standard output: No space left on device\n")


def closed() -> None:
    os.close(1)


@pytest.mark.parametrize("command", ["show m.deltaw", "predict m.deltaw d.csv"])
def test_a_stdout_that_is_closed_is_nobody(folder: Path, command: str) -> None:
    assert ran(folder, command, preexec_fn=closed) == (0, "")


@pytest.mark.parametrize(("command", "unbuffered"), [("show m.deltaw", False), ("predict m.deltaw d.csv", True)])
def test_a_reader_who_leaves_is_no_error(folder: Path, command: str, unbuffered: bool) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ran(folder, command, unbuffered, stdout=writer) == (0, "")
    finally:
        os.close(writer)


def test_a_training_goes_on_when_nobody_reads(folder: Path, tmp_path: Path) -> None:
    """Its own lines go to a stderr that nobody reads; the model is what counts."""
    reader, writer = os.pipe()
    os.close(reader)
    command = f"train d.csv -t y --engine native --folds 1 --hidden 4 --epochs 1 -o {tmp_path}/m.deltaw"
    arguments = [sys.executable, "-m", "deltaw", *command.split()]
    try:
        assert subprocess.run(arguments, cwd=folder, stdout=writer, stderr=writer, check=False).returncode == 0
    finally:
        os.close(writer)
    assert (tmp_path / "m.deltaw").exists()


def test_every_byte_arrives(folder: Path) -> None:
    """Through a pipe that holds less, buffered or not."""
    outputs = [
        subprocess.run(
            [sys.executable, *flags, "-m", "deltaw", "predict", "m.deltaw", "d.csv"],
            cwd=folder, capture_output=True, check=True,
        ).stdout
        for flags in ([], ["-u"])
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"\n") == ROWS + 1
