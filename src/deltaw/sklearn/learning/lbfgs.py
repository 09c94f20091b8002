"""L-BFGS for the estimators: SciPy's steps, an engine's loss and gradient."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.parallel import _threadpool_controller_decorator

from deltaw import engines
from deltaw.engines.protocol import Plan
from deltaw.engines.rows import Rows
from deltaw.equations import backprop
from deltaw.equations.optimizers import SGD
from deltaw.exceptions import InputError
from deltaw.network import Network
from deltaw.sklearn.learning.outputs import counting
from deltaw.sklearn.learning.sample import Sample
from deltaw.sklearn.learning.threads import threads
from deltaw.sklearn.learning.watching import Watch

Vector = NDArray[np.float64]

# Multiplications from which on a gradient is worth more threads than one: they restart after each of SciPy's steps.
WORTH_THREADS = 100_000_000
STOPPED = 99  # SciPy's status where a callback ended the search


def minimize(estimator: Any, network: Network, sample: Sample, watch: Watch) -> bool:
    """Fit the network's weights to all rows at once; sets `loss_` and `n_iter_`. Whether it converged.

    The engine's float32 knows E to seven digits, which ends the search where E falls by less. If the gradient is then
    still larger than `tol`, the last steps are made in float64, by the equations.
    """
    if any(np.ravel(estimator.dropout)):
        raise InputError("dropout: expected none with solver='lbfgs'", repr(estimator.dropout), "use 'adam' or 'sgd'")
    sample = sample.counted().merged()
    ending = estimator._ending
    work = len(sample) * sum(w.size for w in network.weights)
    plan = Plan(
        loss=ending.loss,
        optimizer=SGD(),
        batch_size=len(sample),
        l2=estimator.alpha / sample.total,
        label_smoothing=getattr(estimator, "label_smoothing", 0.0),
        threads=threads(estimator.n_threads) if work >= WORTH_THREADS else 1,
    )
    rows = Rows.of(network, sample.X, sample.T, ending.loss, sample.weight)
    best = _run(estimator, estimator.engine, network, plan, rows, watch, estimator.max_iter, estimator.max_fun)
    left, calls = estimator.max_iter - best.nit, estimator.max_fun - best.nfev
    steep = float(np.abs(best.jac).max()) > estimator.tol
    if engines.is_single(estimator.engine) and steep and best.status != STOPPED and left > 0 and calls > 0:
        more = _run(estimator, "reference", network, plan, rows, watch, left, calls)
        more.nit += best.nit
        best = more
    converged = best.status == 0
    if best.status == STOPPED:
        best.status = 0  # a callback's wish is no failure
    estimator.n_iter_ = _check_optimize_result("lbfgs", best, estimator.max_iter)
    penalty = backprop.penalty(plan.l2, network.weights)
    estimator.loss_ = counting(ending, sample).of(float(best.fun) - penalty) + penalty
    return bool(converged)


# SciPy's own vectors are short: BLAS threads, woken for each of its steps, would cost more than all the rest.
@_threadpool_controller_decorator(limits=1, user_api="blas")  # type: ignore[untyped-decorator]
def _run(
    estimator: Any, engine: str, network: Network, plan: Plan, rows: Rows, watch: Watch, steps: int, calls: int
) -> Any:
    """SciPy's L-BFGS from the network's weights, which are replaced by the best found."""
    machine = engines.make(engine, network, plan)
    theta = _joined(network)

    def error_and_slope(values: Vector) -> tuple[float, Vector]:
        theta[:] = values
        machine.load(network)
        error, dW, db = machine.gradient(rows)
        return error, np.concatenate([part.ravel() for part in (*dW, *db)], dtype=np.float64)

    def after_step(intermediate_result: Any) -> None:
        watch.begin()
        theta[:] = intermediate_result.x
        if watch.end(lambda: dict(estimator._weights_of(network))):
            raise StopIteration

    result = scipy.optimize.minimize(
        error_and_slope,
        theta.copy(),
        method="L-BFGS-B",
        jac=True,
        callback=after_step if watch.on else None,
        options={"maxfun": calls, "maxiter": steps, "gtol": estimator.tol},
    )
    if estimator.verbose:
        print(f"L-BFGS ({engine}): {result.nit} iterations, loss = {result.fun:.8f}, {result.message}")
    theta[:] = result.x
    return result


def _joined(network: Network) -> Vector:
    """One vector of all parameters; the network's weights and biases become views of it."""
    parts = [*network.weights, *network.biases]
    theta = np.concatenate([np.ravel(part) for part in parts], dtype=np.float64)
    places = np.cumsum([0, *(part.size for part in parts)])
    views = [theta[a:b].reshape(part.shape) for part, (a, b) in zip(parts, pairwise(places), strict=True)]
    network.weights, network.biases = views[: len(network.weights)], views[len(network.weights) :]
    return theta
