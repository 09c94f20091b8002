"""Let one peer take a few steps and save its weights: python steps.py PEER FOLDER RESULT CASE …

A process of its own, since PyTorch sets how the processor rounds denormal numbers, and JAX starts threads.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from deltaw.bench.peers import PEERS, Job
from deltaw.bench.problems import Problem
from deltaw.bench.workloads import Method

SMALL = Method((12, 7, 3), batch_size=5, learning_rate=0.02)
# Every kind of arithmetic that the workloads ask for; 23 rows leave a last batch of three.
CASES: dict[str, tuple[str, Method]] = {
    "notes": (
        "classes",
        Method((12, 7, 3), "sigmoid", "sigmoid", "squared", "sgd", learning_rate=0.1, batch_size=1, bias=False),
    ),
    "sgd": ("classes", replace(SMALL, optimizer="sgd", learning_rate=0.1)),
    "adam": ("classes", SMALL),
    "scheduled": ("classes", replace(SMALL, schedule="one_cycle(0.2, 0.1, 0.0)")),
    "deep": ("classes", replace(SMALL, sizes=(12, 8, 7, 6, 3))),
    "numbers": ("numbers", Method((12, 7, 5, 1), output="identity", loss="squared", batch_size=5, learning_rate=0.02)),
    "pack": (
        "numbers",
        Method((12, 7, 5, 1), output="identity", loss="squared", batch_size=5, learning_rate=0.02, networks=3),
    ),
    "one-hot": ("onehot", Method((40, 6, 3), optimizer="sgd", learning_rate=0.1, batch_size=5)),
}
ROWS, EPOCHS = 23, 3


def job(peer: str, case: str, folder: Path) -> Job:
    """Rows as they come: not every peer can be told an order."""
    problem, method = CASES[case]
    return Job(peer, str(folder / problem), 1, "train", method, shuffle=False)


def write(folder: Path) -> None:
    """The problems of the cases."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(ROWS, 12)).astype(np.float32)
    t = np.arange(ROWS) % 3
    columns = np.stack([rng.integers(0, 10, ROWS) + 10 * i for i in range(4)], axis=1).astype(np.int32)
    arrays = {
        "classes": {"X": X, "t": t},
        "numbers": {"X": X, "t": rng.normal(size=(ROWS, 1)).astype(np.float32)},
        "onehot": {"columns": columns, "t": t},
    }
    for name, named in arrays.items():
        (folder / name).mkdir()
        for key, array in named.items():
            np.save(folder / name / f"{key}.npy", array)


def main(peer: str, folder: str, result: str, *cases: str) -> None:
    """Train on each case and save W0, b0, W1, … as "case.W0", and the outputs of the rows as "case.outputs"."""
    found = {}
    for case in cases:
        work = job(peer, case, Path(folder))
        problem = Problem.open(Path(work.folder))
        runner = PEERS[peer].runner(work, problem)
        runner.prepare(ROWS)
        runner.train(ROWS, EPOCHS)
        for l, (W, b) in enumerate(runner.layers()):
            found |= {f"{case}.W{l}": np.array(W), f"{case}.b{l}": np.array(b)}
        if problem.X is not None:
            found[f"{case}.outputs"] = np.array(runner.outputs(np.array(problem.X)))
    np.savez(result, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
