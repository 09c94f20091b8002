"""JAX: a whole epoch as one compiled scan over its batches, with rows gathered inside the graph.

What was quickest by trial, by 5 to 20%: weights as (n_out, n_in), but as (n_in, n_out) where there are few inputs, and
for batches of one row, where that is five times quicker; two steps unrolled, but one where a step is tiny. A one-hot
first layer gathers the rows of its ones and scatters their updates back, so that no step touches the whole of it. Many
networks at once are the same scan over all of them, by vmap.
"""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from deltaw.bench.peers import After, Job, Layers
from deltaw.bench.problems import Problem
from deltaw.equations.optimizers import Adam

ADAM = Adam()
ACTIVATIONS: dict[str, Any] = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}
OUTPUTS: dict[str, Any] = {"softmax": jax.nn.softmax, "sigmoid": jax.nn.sigmoid, "identity": lambda z: z}


def _cross_entropy(z: Any, t: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=1).mean()


def _squared(output: str, z: Any, t: Any) -> Any:
    return 0.5 * jnp.sum((t - OUTPUTS[output](z)) ** 2, axis=1).mean()


# E of a batch from the output layer's z, by activation and loss.
ERRORS: dict[tuple[str, str], Any] = {
    ("softmax", "cross_entropy"): _cross_entropy,
    ("identity", "squared"): partial(_squared, "identity"),
    ("sigmoid", "squared"): partial(_squared, "sigmoid"),
}
FEW_INPUTS, TINY = 128, 1000  # inputs; weights


class Scan:
    """See `Runner`."""

    whole = True

    def __init__(self, job: Job, problem: Problem) -> None:
        self.job, self.method = job, job.method
        self.sparse = problem.X is None
        self.X = jnp.asarray(problem.columns if self.sparse else problem.dense)
        t = problem.targets(self.method.sizes[-1], self.method.loss)
        self.t = jnp.asarray(t.astype(np.int32) if t.ndim == 1 else t)
        starts = [each.start() for each in job.each]
        start = starts[0]
        self.many = len(starts) > 1
        self.turned = self.sparse or self.method.batch_size == 1 or self.method.sizes[0] < FEW_INPUTS
        self.unrolled = 1 if sum(W.size for W in start.weights) < TINY else 2
        each = [[(W.T if self.turned else W, b) for W, b in zip(s.weights, s.biases, strict=True)] for s in starts]
        self.start = jax.tree.map(lambda *arrays: np.stack(arrays), *each) if self.many else each[0]
        self._begin()
        self.epochs: dict[int, Any] = {}
        self.forward = jax.jit(self._forward)

    def _begin(self) -> None:
        """Back to the start weights, and to Adam's m, v and t of zero."""
        self.layers_ = [(jnp.array(W), jnp.array(b)) for W, b in self.start]
        zeros = partial(jax.tree.map, jnp.zeros_like)
        slots = (zeros(self.layers_), zeros(self.layers_)) if self.method.optimizer == "adam" else ((), ())
        self.state = (*slots, jnp.zeros(self.method.networks if self.many else (), jnp.float32))

    def prepare(self, rows: int) -> float:
        started = perf_counter()
        if self.job.measure == "predict":
            self.outputs(np.asarray(self.X[: self.method.batch_size]))
        elif rows not in self.epochs:
            shapes = (
                jax.ShapeDtypeStruct((self.method.networks, rows) if self.many else (rows,), jnp.int32),
                jax.ShapeDtypeStruct(self.job.rates(rows, 1)[0].shape, jnp.float32),
            )
            one = self._epoch
            epoch = jax.jit(jax.vmap(one, (0, 0, None, None, 0, None)) if self.many else one, donate_argnums=(0, 1))
            self.epochs[rows] = epoch.lower(self.layers_, self.state, self.X, self.t, *shapes).compile()
        return perf_counter() - started

    def train(self, rows: int, epochs: int, after: After | None = None) -> None:
        self._begin()
        rates = self.job.rates(rows, epochs)
        orders = [each.orders(rows) for each in self.job.each]
        for epoch in range(epochs):
            order = np.stack([next(one) for one in orders]) if self.many else next(orders[0])
            self.layers_, self.state = self.epochs[rows](
                self.layers_, self.state, self.X, self.t, order.astype(np.int32), rates[epoch]
            )
            if after is not None:
                jax.block_until_ready(self.layers_)
                if after():
                    return
        jax.block_until_ready(self.layers_)

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        return np.asarray(self.forward(self._last_network(), x))

    def layers(self) -> Layers:
        return [(np.asarray(W).T if self.turned else np.asarray(W), np.asarray(b)) for W, b in self._last_network()]

    def _last_network(self) -> Any:
        return jax.tree.map(lambda array: array[-1], self.layers_) if self.many else self.layers_

    def _epoch(self, layers: Any, state: Any, X: Any, t: Any, order: Any, rates: Any) -> Any:
        """All whole batches by one scan, then the last partial one."""
        batch = self.method.batch_size
        whole = len(order) // batch
        step = partial(self._step, X, t)
        batches = order[: whole * batch].reshape(whole, batch)
        carried, _ = lax.scan(step, (layers, state), (batches, rates[:whole]), unroll=self.unrolled)
        if whole * batch < len(order):
            carried, _ = step(carried, (order[whole * batch :], rates[whole]))
        return carried

    def _step(self, X: Any, t: Any, carried: Any, given: Any) -> Any:
        layers, state = carried
        index, rate = given
        x, target = X.at[index].get(mode="promise_in_bounds"), t.at[index].get(mode="promise_in_bounds")
        if self.sparse:
            return (self._sparse_step(layers, x, target, rate), state), None
        gradients = jax.grad(lambda layers: self._error(layers, self._links(layers[0], x), target))(layers)
        if not self.method.bias:
            gradients = [(dW, jnp.zeros_like(db)) for dW, db in gradients]
        if self.method.optimizer == "sgd":
            return (jax.tree.map(lambda p, g: p - rate * g, layers, gradients), state), None
        return self._adam(layers, gradients, state, rate), None

    def _adam(self, layers: Any, gradients: Any, state: Any, rate: Any) -> Any:
        m, v, t = state
        t = t + 1
        m = jax.tree.map(lambda m, g: ADAM.beta1 * m + (1 - ADAM.beta1) * g, m, gradients)
        v = jax.tree.map(lambda v, g: ADAM.beta2 * v + (1 - ADAM.beta2) * g * g, v, gradients)
        # -expm1(t ln β) is 1 − βᵗ without losing its digits in float32.
        first, second = (-jnp.expm1(t * np.log(beta)) for beta in (ADAM.beta1, ADAM.beta2))
        moved = jax.tree.map(
            lambda p, m, v: p - rate * (m / first) / (jnp.sqrt(v / second) + ADAM.epsilon), layers, m, v
        )
        return moved, (m, v, t)

    def _sparse_step(self, layers: Any, columns: Any, target: Any, rate: Any) -> Any:
        """SGD that changes only the rows of W₁ that the batch's ones point at."""
        (W, b), *rest = layers
        z = W.at[columns].get(mode="promise_in_bounds").sum(axis=1) + b
        delta, below = jax.grad(lambda z, rest: self._error([(W, b), *rest], z, target), argnums=(0, 1))(z, rest)
        changes = jnp.repeat(-rate * delta, columns.shape[1], axis=0)
        W = W.at[columns.reshape(-1)].add(changes, mode="promise_in_bounds")
        rest = jax.tree.map(lambda p, g: p - rate * g, rest, below)
        return [(W, b - rate * delta.sum(axis=0)), *rest]

    def _links(self, layer: Any, a: Any) -> Any:
        W, b = layer
        z = a @ (W if self.turned else W.T)
        return z + b if self.method.bias else z

    def _last(self, layers: Any, z: Any) -> Any:
        """z of the output layer, from z of the first."""
        for layer in layers[1:]:
            z = self._links(layer, ACTIVATIONS[self.method.hidden](z))
        return z

    def _error(self, layers: Any, z: Any, target: Any) -> Any:
        return ERRORS[self.method.output, self.method.loss](self._last(layers, z), target)

    def _forward(self, layers: Any, x: Any) -> Any:
        return OUTPUTS[self.method.output](self._last(layers, self._links(layers[0], x)))
