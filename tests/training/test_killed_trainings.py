"""Killed at any moment by `kill -9`, over and over, a training goes on to the model that it would have made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt" or not hasattr(os, "fork"), reason="signals and forks")

PROGRAM = Path(__file__).with_name("killing.py")
KINDS = ("arrays", "folds", "accurate", "numbers", "streamed")


def killed(kinds: tuple[str, ...], kills: int, folder: Path) -> list[int]:
    """Of each kind, how many kills came after a checkpoint."""
    command = [sys.executable, str(PROGRAM), ",".join(kinds), str(kills), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.splitlines()]


def test_a_few_kills(tmp_path: Path) -> None:
    few = ("arrays", "folds", "streamed")
    assert len(killed(few, 1, tmp_path)) == len(few)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_storm_of_kills(kind: str, tmp_path: Path) -> None:
    assert killed((kind,), 60, tmp_path)[0] > 20  # else they came where nothing could be seen
