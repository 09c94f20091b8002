"""The peers' processes, seen from the parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from deltaw.bench.child import PRODUCT
from deltaw.bench.peers import Job
from deltaw.speech import say

# Threads of every BLAS and OpenMP there may be.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Variables that make OpenBLAS use the kernels of another processor.
MISLEADING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class ChildError(Exception):
    """A peer failed; the message is one line."""


def environment(threads: int) -> dict[str, str]:
    """The environment of a peer's process."""
    import deltaw

    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    ours = str(Path(deltaw.__file__).parents[1])  # the child imports the same DeltaW, installed or not
    path = os.pathsep.join(filter(None, (ours, kept.get("PYTHONPATH"))))
    xla = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
    quiet = {"JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return kept | {"PYTHONPATH": path} | dict.fromkeys(THREADS, str(threads)) | xla | quiet


class Child:
    """A process that works on one job. Starts at once; `answer` waits for it.

    Args:
        job: what it is to do; None: measure the machine's own matrix product.
        threads: the most threads that it may use.
    """

    def __init__(self, job: Job | None, threads: int) -> None:
        self._stderr = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (closed in __exit__)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "deltaw.bench.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            env=environment(threads),
        )
        self.send({"peer": PRODUCT, "threads": threads} if job is None else job.document())

    def send(self, request: Any) -> None:
        """Send a request; `answer` returns its result."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: `answer` says why
            print(json.dumps(request), file=self._process.stdin, flush=True)

    def answer(self, seconds: float) -> dict[str, Any]:
        """The answer to the oldest request. Raises ChildError if it fails, ends, or takes too long."""
        assert self._process.stdout is not None
        timer = threading.Timer(max(seconds, 0.0), self._process.kill)
        timer.start()
        line = self._process.stdout.readline()
        in_time = timer.is_alive()
        timer.cancel()
        if not in_time:
            raise ChildError(say("took longer than {seconds:.0f} s", seconds=seconds))
        if not line:
            raise ChildError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise ChildError(answer["failed"])
        return answer

    def ask(self, request: str, seconds: float) -> dict[str, Any]:
        """`send`, then `answer`."""
        self.send(request)
        return self.answer(seconds)

    def _last_words(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().strip().splitlines()
        ended = say("ended with status {status}", status=self._process.returncode)
        return ended + (say(": ") + lines[-1][:200] if lines else "")

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
