"""What all commands here share: their help is the text above their file, and contenders are timed on one thread."""

from __future__ import annotations

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")


def parser(text: str | None) -> ArgumentParser:
    """Of a file's `__doc__`, its lines as they stand."""
    return ArgumentParser(description=text, formatter_class=RawDescriptionHelpFormatter)


def keeps_rows(of: ArgumentParser, what: str, file: Path | None = None) -> None:
    """Options of a command that can be run in parts: --file, with a line each `what`, and --for, in seconds."""
    of.add_argument("--file", type=Path, default=file, help=f"one line {what}; those in it are not run again")
    of.add_argument("--for", type=float, default=inf, dest="limit", help="begin none after so many seconds")


def on_one_thread(run: Callable[[], T]) -> tuple[T, float]:
    """What it makes, and the seconds of this process that it takes."""
    with threadpool_limits(1):  # looks for the pools first, which takes milliseconds
        started = time.process_time()
        made = run()
        return made, time.process_time() - started
