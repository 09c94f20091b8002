"""The program's end, whatever a daemon thread does in the core: exit status 0, and not a word."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
import threading, time
import numpy as np
import deltaw

X = np.random.default_rng(0).normal(size=(20000, 200)).astype(np.float32)
T = np.tanh(X[:, :5])
net = deltaw.Network([200, 200, 5])
predict = deltaw.Predictor(net, threads={threads})
started = threading.Event()

def train():
    told = [lambda epoch: started.set()]
    deltaw.train(net, X, T, epochs=10**6, batch_size={batch}, threads={threads}, callbacks=told)

def many():
    while True:
        predict(X)
        started.set()

def few():
    while True:
        predict(X[:3])
        started.set()

threading.Thread(target={work}, daemon=True).start()
started.wait()
time.sleep({pause})
"""


def end(work: str, batch: int, threads: int, pause: float) -> None:
    script = textwrap.dedent(SCRIPT).format(work=work, batch=batch, threads=threads, pause=pause)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


KINDS = [("train", 1, 2), ("train", 64, 1), ("many", 1, 1), ("many", 1, 2), ("few", 1, 1)]


@pytest.mark.parametrize(("work", "batch", "threads"), KINDS)
def test_a_daemon_thread_in_the_core_at_exit(work: str, batch: int, threads: int) -> None:
    end(work, batch, threads, 0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("work", "batch", "threads"), KINDS)
def test_twenty_ends_in_twenty(work: str, batch: int, threads: int) -> None:
    for turn in range(20):
        end(work, batch, threads, 0.003 * turn)
