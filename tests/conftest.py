"""Puts this folder on the import path, for `starts` and others; makes Hypothesis draw the same in every run."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from commands import Run

# Before NumPy is loaded: products are small here, and beside others' work, as with two workers of pytest, its threads
# spin while they wait for each other, which takes up to fifty times the processor's time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell that starts a job in the background lets it, and all that it starts, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=12)
settings.register_profile("thorough", derandomize=True, deadline=None, max_examples=500)  # make test-slow
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """What is loaded stays: to look for cycles in it, again and again, takes a twelfth of the time of all tests."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose figures are made but not drawn, which takes most of a page's time."""
    monkeypatch.setattr("deltaw.plots.svg", lambda figure, salt="deltaw": "<svg ></svg>")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder: (exit status, stdout, stderr)."""
    from deltaw.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call
