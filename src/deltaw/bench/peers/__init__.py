"""The measured programs: DeltaW and its peers, each in the fastest known way to do the same arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deltaw.bench.problems import Problem
from deltaw.bench.workloads import Measure, Method, Workload
from deltaw.equations import schedules
from deltaw.network import Network
from deltaw.speech import say

After = Callable[[], bool]
Layers = list[tuple[NDArray[Any], NDArray[Any]]]


@dataclass(frozen=True)
class Job:
    """The job of a peer's process; plain data, sent to it as JSON.

    Attributes:
        peer: its name in PEERS.
        folder: with the problem's files.
        threads: the most threads.
        measure, method: what to do; see `workloads`.
        seconds: what one run should last, roughly.
        seed: of the start weights and the orders of the rows.
        shuffle: a new order of the rows each epoch.
    """

    peer: str
    folder: str
    threads: int
    measure: Measure
    method: Method
    seconds: float = 1.0
    seed: int = 0
    shuffle: bool = True

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Job:
        """The inverse of `document`."""
        method = document["method"]
        known = {field.name: method[field.name] for field in fields(Method)} | {"sizes": tuple(method["sizes"])}
        return cls(**document | {"method": Method(**known)})

    def start(self) -> Network:
        """The network that every peer starts from: float32."""
        method = self.method
        init = "notes" if method.hidden == "sigmoid" else None
        network = Network(method.sizes, method.activations, bias=method.bias, init=init, seed=self.seed)
        network.weights = [W.astype(np.float32) for W in network.weights]
        network.biases = [b.astype(np.float32) for b in network.biases]
        return network

    @property
    def each(self) -> list[Job]:
        """One a network: from seeds that follow each other."""
        return [replace(self, seed=self.seed + k) for k in range(self.method.networks)]

    def orders(self, rows: int) -> Iterator[NDArray[np.int64]]:
        """The order of the first `rows` rows, epoch after epoch."""
        rng = np.random.default_rng(self.seed)
        while True:
            yield rng.permutation(rows) if self.shuffle else np.arange(rows)

    def rates(self, rows: int, epochs: int) -> NDArray[np.float32]:
        """α of every step, (epochs, steps an epoch)."""
        steps = -(-rows // self.method.batch_size)
        factors = schedules.factors(schedules.schedule(self.method.schedule), 0, steps * epochs, steps, epochs)
        return (self.method.learning_rate * factors).astype(np.float32).reshape(epochs, steps)


class Runner(Protocol):
    """A peer that is ready to work on one job.

    Attributes:
        whole: whether it must train on all rows, since another number of them would be compiled again.
    """

    whole: bool

    def __init__(self, job: Job, problem: Problem) -> None: ...

    def prepare(self, rows: int) -> float:
        """Compile for training on the rows (or for `outputs`, if the job is to predict); return the seconds."""
        ...

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        """Train from the start weights on the first rows; stop where `after`, called each epoch, says so."""
        ...

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """The outputs for rows x (n, n_in) with the weights as they are: (n, n_out)."""
        ...

    def layers(self) -> Layers:
        """The weights (n_out, n_in) and biases (n_out,) as they are, layer by layer; of several networks the last's."""
        ...


@dataclass(frozen=True)
class Peer:
    """One row of PEERS.

    Attributes:
        title: for the table.
        place: module and class of its Runner.
        package: that must be installed; "" for dependencies of DeltaW.
        install: how to install it.
        refuses: why it cannot do a workload, "" where it can.
        quick: whether `--quick` measures it.
    """

    title: str
    place: tuple[str, str]
    package: str = ""
    install: str = ""
    refuses: Callable[[Workload], str] = lambda workload: ""
    quick: bool = True

    @property
    def installed(self) -> bool:
        return not self.package or find_spec(self.package) is not None

    def runner(self, job: Job, problem: Problem) -> Runner:
        """Load its module and make it ready."""
        module, name = self.place
        runner: Runner = getattr(import_module(module), name)(job, problem)
        return runner


def _only_the_notes(workload: Workload) -> str:
    same = workload.measure == "train" and workload.method.batch_size == 1 and workload.method.networks == 1
    return "" if same else say("the book's program only trains one row at a time by the notes' method")


def _one_network(workload: Workload) -> str:
    return say("trains one network at a time") if workload.method.networks > 1 else ""


def _no_estimator(workload: Workload) -> str:
    return say("has no estimators") if workload.measure in ("estimator", "frame") else ""


def _one_and_no_estimator(workload: Workload) -> str:
    return _one_network(workload) or _no_estimator(workload)


OURS = "deltaw"
_TORCH = ("torch", "pip install 'deltaw[bench]' (the build for CPUs: torch==2.13.0)")
_HERE = "deltaw.bench.peers"
PEERS: dict[str, Peer] = {
    OURS: Peer("DeltaW", (f"{_HERE}.ours", "Ours")),
    "book": Peer("NumPy, as in the book", (f"{_HERE}.book", "Book"), refuses=_only_the_notes),
    "sklearn": Peer("scikit-learn", (f"{_HERE}.scikit", "ScikitLearn"), refuses=_one_network),
    "torch": Peer("PyTorch", (f"{_HERE}.pytorch", "Eager"), *_TORCH, refuses=_one_and_no_estimator),
    "torch.compile": Peer(
        "torch.compile", (f"{_HERE}.pytorch", "Compiled"), *_TORCH, refuses=_one_and_no_estimator, quick=False
    ),
    "jax": Peer("JAX", (f"{_HERE}.xla", "Scan"), "jax", "pip install 'deltaw[bench]'", refuses=_no_estimator),
}
