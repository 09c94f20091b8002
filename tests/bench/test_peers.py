"""Every peer computes what the equations say: a few steps from the same weights end at the same weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw.bench.children import environment
from deltaw.bench.peers import OURS, PEERS, Job
from deltaw.bench.problems import Problem
from deltaw.bench.workloads import WORKLOADS

sys.path.insert(0, str(Path(__file__).parent))
from steps import CASES, EPOCHS, ROWS, job, write

# What a peer cannot do: scikit-learn's networks have biases and cross-entropy, and Adam without schedules.
CANNOT = {
    "book": set(CASES) - {"notes"},
    "sklearn": {"notes", "scheduled", "pack"},
    "torch": {"pack"},
    "torch.compile": {"pack"},
}
SLOW = {"torch.compile"}  # a minute of compiling

Found = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the problems' files."""
    place = tmp_path_factory.mktemp("problems")
    write(place)
    return place


@pytest.fixture(scope="module")
def steps(folder: Path) -> Callable[[str], Found]:
    """What a peer came to, case by case; each peer runs once."""

    @cache
    def run(peer: str) -> Found:
        row = PEERS[peer]
        if not row.installed:
            pytest.skip(f"{peer} is not installed: {row.install}")
        result = folder / f"{peer}.npz"
        cases = [case for case in CASES if case not in CANNOT.get(peer, set())]
        script = [sys.executable, str(Path(__file__).with_name("steps.py")), peer, str(folder), str(result), *cases]
        done = subprocess.run(script, env=environment(1), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(np.load(result))

    return run


def by_the_equations(work: Job) -> tuple[deltaw.Network, Problem]:
    """The same steps by the reference engine, float64."""
    problem, method, network = Problem.open(Path(work.folder)), work.method, work.each[-1].start()
    deltaw.train(
        network,
        problem.csr(method.sizes[0]) if problem.X is None else problem.X,
        problem.targets(method.sizes[-1], method.loss),
        loss=method.loss,
        optimizer=method.optimizer,
        learning_rate=method.learning_rate,
        batch_size=method.batch_size,
        epochs=EPOCHS,
        shuffle=False,
        schedule=method.schedule,
        engine="reference",
    )
    return network, problem


@pytest.mark.parametrize(
    ("peer", "case"),
    [
        pytest.param(peer, case, marks=[pytest.mark.slow] if peer in SLOW else [])
        for peer in PEERS
        for case in CASES
        if case not in CANNOT.get(peer, set())
    ],
)
def test_a_peer_does_what_the_equations_say(peer: str, case: str, folder: Path, steps: Callable[[str], Found]) -> None:
    work, found = job(peer, case, folder), steps(peer)
    network, problem = by_the_equations(work)
    start = work.each[-1].start()
    for l, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        # Adam divides by √v̂: where a gradient is nearly zero, rounding decides about its sign.
        assert np.abs(W - start.weights[l]).max() > 1e-3, "nothing was learnt"
        np.testing.assert_allclose(found[f"{case}.W{l}"], W, rtol=1e-3, atol=2e-4)
        np.testing.assert_allclose(found[f"{case}.b{l}"], b, rtol=1e-3, atol=2e-4)
    if problem.X is not None:
        np.testing.assert_allclose(found[f"{case}.outputs"], network.forward(problem.X), rtol=1e-3, atol=1e-4)


def test_every_workload_is_covered_by_a_case() -> None:
    """Each combination of activations, loss and optimiser that is timed is also compared."""

    def kind(method: Any) -> tuple[Any, ...]:
        return method.hidden, method.output, method.loss, method.optimizer, method.bias

    compared = {kind(method) for _, method in CASES.values()}
    assert {kind(row.method) for row in WORKLOADS.values()} <= compared


def test_orders_are_permutations_that_differ() -> None:
    orders = Job(OURS, "", 1, "train", CASES["sgd"][1]).orders(ROWS)
    first, second = next(orders), next(orders)
    assert sorted(first) == sorted(second) == list(range(ROWS))
    assert list(first) != list(second)


def test_a_job_survives_json() -> None:
    import json

    for row in WORKLOADS.values():
        for peer in PEERS:
            work = Job(peer, "folder", 2, row.measure, row.method_of(peer), 0.5)
            assert Job.of(json.loads(json.dumps(work.document()))) == work
