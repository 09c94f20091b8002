"""PyTorch, eager and compiled, in the quickest form found for small networks.

Measured against the usual form (nn.Module, autograd, DataLoader): explicit gradients save a third to a half of an
eager step, since autograd's bookkeeping costs more than the arithmetic; rows are gathered by index from one tensor; SGD
is one addmm a layer, and Adam the fused one. Compiled, the whole step (gather, gradient and update) is one graph
behind a C++ wrapper.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem
from deltaw.equations.optimizers import Adam
from deltaw.exceptions import MissingError

ADAM = Adam()
ACTIVATIONS: dict[str, Any] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, 1),
    "identity": lambda z: z,
}
SLOPES: dict[str, Any] = {"relu": lambda o: o > 0, "sigmoid": lambda o: o * (1 - o)}  # f'(z), from o = f(z)
# ∂E/∂z of a row at the output, by activation and loss.
DELTAS: dict[tuple[str, str], Any] = {
    ("softmax", "cross_entropy"): lambda o, t: o - t,
    ("identity", "squared"): lambda o, t: o - t,
    ("sigmoid", "squared"): lambda o, t: (o - t) * o * (1 - o),
}
CHUNK = 1024  # rows gathered at once where batches are small


class Eager:
    """See `Runner`. Weights stand as PyTorch has them, (n_out, n_in); a table of one-hot columns as (n_in, n_out)."""

    whole = False

    def __init__(self, job: Job, problem: Problem) -> None:
        torch.set_num_threads(job.threads)
        torch.set_flush_denormal(True)
        self.job, self.method = job, job.method
        self.sparse = problem.X is None
        self.X = torch.from_numpy(problem.columns if self.sparse else problem.dense)
        t = torch.from_numpy(problem.targets(self.method.sizes[-1], self.method.loss))
        self.T = t if t.ndim == 2 else functional.one_hot(t, self.method.sizes[-1]).float()
        start = job.start()
        self.start_W = [torch.from_numpy(W) for W in start.weights]
        self.start_b = [torch.from_numpy(b) for b in start.biases]
        self._begin()

    def _begin(self) -> None:
        """Back to the start weights."""
        self.W = [W.clone() for W in self.start_W]
        self.b = [b.clone() for b in self.start_b]
        if self.sparse:
            self.W[0] = self.start_W[0].t().contiguous()
        self.parameters = [*self.W, *(self.b if self.method.bias else [])]

    def prepare(self, rows: int) -> float:
        return 0.0

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        self._begin()
        batch = self.method.batch_size
        chunk = batch * max(1, CHUNK // batch)
        update = self._adam() if self.method.optimizer == "adam" else self._sgd
        rates = self.job.rates(rows, epochs)
        with torch.no_grad():
            for epoch, order in zip(range(epochs), self.job.orders(rows), strict=False):
                step = 0
                for index in torch.from_numpy(order).split(chunk):
                    X, T = self.X.index_select(0, index), self.T.index_select(0, index)
                    for x, t in zip(X.split(batch), T.split(batch), strict=True):
                        update(x, t, float(rates[epoch, step]))
                        step += 1
                if after is not None and after():
                    return

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        with torch.inference_mode():
            return np.asarray(self._signals(torch.from_numpy(x))[-1].numpy())

    def layers(self) -> Layers:
        W = [W.numpy() for W in self.W]
        if self.sparse:
            W[0] = W[0].T
        return list(zip(W, [b.numpy() for b in self.b], strict=True))

    def _signals(self, x: Any) -> list[Any]:
        """The input and the outputs of every layer."""
        a, last = [x], len(self.W) - 1
        for l, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            if l == 0 and self.sparse:
                z = functional.embedding_bag(x, W, mode="sum") + b
            else:
                z = torch.addmm(b, a[l], W.t()) if self.method.bias else a[l] @ W.t()
            a.append(ACTIVATIONS[self.method.output if l == last else self.method.hidden](z))
        return a

    def _deltas(self, a: list[Any], t: Any) -> list[Any]:
        """δ of every layer, averaged over the batch's rows."""
        delta = DELTAS[self.method.output, self.method.loss](a[-1], t) / t.shape[0]
        deltas = [delta]
        for l in range(len(self.W) - 1, 0, -1):
            delta = (delta @ self.W[l]) * SLOPES[self.method.hidden](a[l])
            deltas.insert(0, delta)
        return deltas

    def _sgd(self, x: Any, t: Any, rate: Any) -> None:
        a = self._signals(x)
        for l, delta in enumerate(self._deltas(a, t)):
            if l == 0 and self.sparse:
                self.W[0].index_add_(0, x.reshape(-1), delta.repeat_interleave(x.shape[1], 0), alpha=-rate)
            else:
                self.W[l].addmm_(delta.t(), a[l], alpha=-rate)
            if self.method.bias:
                self.b[l].sub_(delta.sum(0), alpha=rate)

    def _gradients(self, x: Any, t: Any) -> list[Any]:
        """∂E/∂W of every layer, then ∂E/∂b, in the order of `parameters`."""
        a = self._signals(x)
        deltas = self._deltas(a, t)
        dW = [delta.t() @ below for delta, below in zip(deltas, a, strict=False)]
        return [*dW, *([delta.sum(0) for delta in deltas] if self.method.bias else [])]

    def _adam(self) -> Any:
        optimizer = torch.optim.Adam(
            self.parameters, lr=0.0, betas=(ADAM.beta1, ADAM.beta2), eps=ADAM.epsilon, fused=True
        )
        group = optimizer.param_groups[0]

        def update(x: Any, t: Any, rate: float) -> None:
            group["lr"] = rate
            for p, g in zip(self.parameters, self._gradients(x, t), strict=True):
                p.grad = g
            optimizer.step()

        return update


class Compiled(Eager):
    """See `Runner`. One compiled graph a step, of fixed shapes: one for whole batches, one for the last of an epoch.

    Raises MissingError where PyTorch's compiler finds nothing to compile with.
    """

    def __init__(self, job: Job, problem: Problem) -> None:
        # A new, empty cache, so that compilation is measured.
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = f"{job.folder}/inductor-{os.getpid()}"
        super().__init__(job, problem)
        torch._dynamo.reset()  # another job of this process counts against how often a function may be compiled
        compiled: Any = torch.compile(dynamic=False, fullgraph=True, options={"cpp_wrapper": True})
        self.graph = compiled(self._forward if job.measure == "predict" else self._step)

    def prepare(self, rows: int) -> float:
        """Compile every shape that will occur; the time of a second call is not compilation."""
        batch = self.method.batch_size
        sizes = {min(batch, rows), rows % batch} - {0}
        if self.job.measure == "predict":
            return sum(_compiling(lambda size=size: self.outputs(self.X[:size].numpy())) for size in sizes)
        return sum(_compiling(lambda size=size: self._some_steps(size)) for size in sizes)

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        self._begin()
        self._zero()
        rates = torch.from_numpy(self.job.rates(rows, epochs))
        with torch.no_grad():
            for epoch, order in zip(range(epochs), self.job.orders(rows), strict=False):
                steps = zip(torch.from_numpy(order).split(self.method.batch_size), rates[epoch].unbind(), strict=True)
                for index, rate in steps:
                    self.graph(self.parameters, *self.state, self.X, self.T, index, rate)
                if after is not None and after():
                    return

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        if self.job.measure != "predict":
            return super().outputs(x)
        with torch.no_grad():
            return np.asarray(self.graph(self.parameters, torch.from_numpy(x)).numpy())

    def _zero(self) -> None:
        """Adam's m and v, and β₁ᵗ and β₂ᵗ."""
        zeros = [[torch.zeros_like(p) for p in self.parameters] for _ in range(2)]
        self.state = (*zeros, torch.ones(2, dtype=torch.float64))

    def _some_steps(self, size: int) -> None:
        self._begin()
        self._zero()
        with torch.no_grad():
            self.graph(self.parameters, *self.state, self.X, self.T, torch.arange(size), torch.zeros(1)[0])

    def _forward(self, parameters: list[Any], x: Any) -> Any:
        return self._signals(x)[-1]

    def _step(
        self, parameters: list[Any], m: list[Any], v: list[Any], powers: Any, X: Any, T: Any, index: Any, rate: Any
    ) -> None:
        x, t = X.index_select(0, index), T.index_select(0, index)
        if self.method.optimizer == "sgd":
            self._sgd_graph(x, t, rate)
            return
        powers.mul_(torch.tensor([ADAM.beta1, ADAM.beta2], dtype=torch.float64))
        first, second = (1 - powers).float().unbind()
        for p, g, m_, v_ in zip(parameters, self._gradients(x, t), m, v, strict=True):
            m_.mul_(ADAM.beta1).add_(g, alpha=1 - ADAM.beta1)
            v_.mul_(ADAM.beta2).addcmul_(g, g, value=1 - ADAM.beta2)
            p.sub_(rate * (m_ / first) / ((v_ / second).sqrt() + ADAM.epsilon))

    def _sgd_graph(self, x: Any, t: Any, rate: Any) -> None:
        a = self._signals(x)
        for l, delta in enumerate(self._deltas(a, t)):
            if l == 0 and self.sparse:
                self.W[0].index_add_(0, x.reshape(-1), (-rate * delta).repeat_interleave(x.shape[1], 0))
            else:
                self.W[l].sub_(rate * (delta.t() @ a[l]))
            if self.method.bias:
                self.b[l].sub_(rate * delta.sum(0))


def _compiling(call: Any) -> float:
    """Seconds that the first call takes longer than the second."""
    seconds = []
    for _ in range(2):
        started = perf_counter()
        try:
            call()
        except torch._inductor.exc.InductorError as error:
            raise MissingError("torch.compile: expected a C++ compiler that works", str(error)[:200]) from None
        seconds.append(perf_counter() - started)
    return max(seconds[0] - seconds[1], 0.0)
