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


def killed(kind: str, kills: int, folder: Path) -> int:
    """How many kills came after a checkpoint."""
    command = [sys.executable, str(PROGRAM), kind, str(kills), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_kills(kind: str, tmp_path: Path) -> None:
    killed(kind, 3, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_storm_of_kills(kind: str, tmp_path: Path) -> None:
    assert killed(kind, 60, tmp_path) > 20  # else they came where nothing could be seen
