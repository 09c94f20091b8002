"""Start-up time: `import deltaw` compared with `import numpy`, and `deltaw train iris` from shell to prompt."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from deltaw.bench.children import environment
from deltaw.exceptions import DeltaWError

IMPORT_TARGET = 2.0  # times `import numpy`, at most
TRAIN_TARGET = 2.0  # seconds, at most
FIRST_TARGET = 1.0  # the same, until the first line


@dataclass(frozen=True)
class StartUp:
    """Seconds of every run.

    Attributes:
        imports: of `import deltaw`, inside Python.
        numpy: of `import numpy`, the same.
        train: of `deltaw train iris`, from shell to prompt.
        first: of the same, from shell to the first line.
    """

    imports: tuple[float, ...]
    numpy: tuple[float, ...]
    train: tuple[float, ...]
    first: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Of `import deltaw` to `import numpy`; less is better."""
        return median(self.imports) / median(self.numpy)

    @property
    def train_seconds(self) -> float:
        return median(self.train)

    @property
    def first_seconds(self) -> float:
        return median(self.first)

    def met(self) -> dict[str, bool]:
        """Which target was reached."""
        return {
            "import": self.ratio <= IMPORT_TARGET,
            "train_iris": self.train_seconds <= TRAIN_TARGET,
            "first_line": self.first_seconds <= FIRST_TARGET,
        }

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        targets = {"import": IMPORT_TARGET, "train_iris": TRAIN_TARGET, "first_line": FIRST_TARGET}
        return asdict(self) | {
            "import_ratio": self.ratio,
            "train_iris_seconds": self.train_seconds,
            "first_line_seconds": self.first_seconds,
            "targets": targets,
            "met": self.met(),
        }


def measure(runs: int, threads: int) -> StartUp:
    """All of them in turn, after a warm-up run that fills the system's file cache."""
    with tempfile.TemporaryDirectory(prefix="deltaw-bench-") as folder:
        seconds = [
            (_import("deltaw", folder), _import("numpy", folder), *_train(folder, threads)) for _ in range(runs + 1)
        ]
    imports, numpy, train, first = zip(*seconds[1:], strict=True)
    return StartUp(imports, numpy, train, first)


def _import(module: str, folder: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(_python(["-c", code], folder, 1))


def _train(folder: str, threads: int) -> tuple[float, float]:
    """Seconds to the end, and to the first line."""
    started = time.perf_counter()
    first: list[float] = []
    _python(
        ["-m", "deltaw", "train", "iris", "-o", "iris.deltaw"], folder, threads,
        lambda: first.append(time.perf_counter() - started),
    )  # fmt: skip
    return time.perf_counter() - started, first[0]


def _python(arguments: list[str], folder: str, threads: int, at_first: Callable[[], None] = lambda: None) -> str:
    """The output of a new Python process in `folder`, with the same DeltaW as here.

    `at_first` is called when the first line of stderr has come, or the end of it.
    """
    pipe, env = subprocess.PIPE, environment(threads)
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True
    ) as child:
        assert child.stderr is not None
        line = child.stderr.readline()
        at_first()
        printed, said = child.communicate()
    if child.returncode:
        words = ((line + said).strip().splitlines() or [""])[-1]
        raise DeltaWError(
            "expected Python to run {command}", words, "please report this", command=" ".join(arguments)[:60]
        )
    return printed
