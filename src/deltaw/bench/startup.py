"""Start-up: what `import deltaw` costs beside `import numpy`, and `deltaw train iris` from shell to prompt."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from deltaw.bench.children import environment
from deltaw.exceptions import DeltaWError

IMPORT_TARGET = 2.0  # times `import numpy`, at most
TRAIN_TARGET = 2.0  # seconds, at most


@dataclass(frozen=True)
class StartUp:
    """Seconds of every run.

    Attributes:
        imports: of `import deltaw`, inside Python.
        numpy: of `import numpy`, the same.
        train: of `deltaw train iris`, from shell to prompt.
    """

    imports: tuple[float, ...]
    numpy: tuple[float, ...]
    train: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Of `import deltaw` to `import numpy`; less is better."""
        return median(self.imports) / median(self.numpy)

    @property
    def train_seconds(self) -> float:
        return median(self.train)

    def met(self) -> dict[str, bool]:
        """Which target was reached."""
        return {"import": self.ratio <= IMPORT_TARGET, "train_iris": self.train_seconds <= TRAIN_TARGET}

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        targets = {"import": IMPORT_TARGET, "train_iris": TRAIN_TARGET}
        return asdict(self) | {
            "import_ratio": self.ratio,
            "train_iris_seconds": self.train_seconds,
            "targets": targets,
            "met": self.met(),
        }


def measure(runs: int, threads: int) -> StartUp:
    """All three, in turn, after one run of each that fills the system's cache of files."""
    with tempfile.TemporaryDirectory(prefix="deltaw-bench-") as folder:
        seconds = [
            (_import("deltaw", folder), _import("numpy", folder), _train(folder, threads)) for _ in range(runs + 1)
        ]
    imports, numpy, train = zip(*seconds[1:], strict=True)
    return StartUp(imports, numpy, train)


def _import(module: str, folder: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(_python(["-c", code], folder, 1))


def _train(folder: str, threads: int) -> float:
    started = time.perf_counter()
    _python(["-m", "deltaw", "train", "iris", "-o", "iris.deltaw"], folder, threads)
    return time.perf_counter() - started


def _python(arguments: list[str], folder: str, threads: int) -> str:
    """What a fresh Python prints. It runs in `folder`, and finds the same DeltaW as here."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(threads), capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr.strip().splitlines() or [""])[-1]
        raise DeltaWError(f"expected Python to run {' '.join(arguments)[:60]}", words, "please report this")
    return done.stdout
