"""What a network scores on rows, in the task's own terms: accuracy, AUC where one class has most rows, or R²."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor import judge
from deltaw.doctor.evidence.targets import Targets, targets
from deltaw.doctor.setup import Setup, matrix
from deltaw.engines.rows import Rows
from deltaw.equations import losses
from deltaw.network import Network

Array = NDArray[Any]

WORST = -1.0  # R² of outputs that are no numbers, or that are worse than this
DEALS = 999  # of a permutation test
# Where one class has more than this share g of the rows, two standard errors of the accuracy of fifty, 2√(g(1 − g)/50),
# are over half of the 1 − g that there is to learn: accuracy tells little then, and the ranking of the rows does.
MOST = 0.75


def scoring(setup: Setup) -> tuple[Any, Any]:
    """X and T of the rows that score: those kept apart, or where there are none the training rows."""
    return (setup.X, setup.T) if setup.apart is None else (setup.apart[0], setup.apart[1])


def score(setup: Setup, network: Network, X: Any, T: Any) -> float:
    """The share of right answers, AUC, or R²; WORST where outputs are no numbers.

    A network that is to find a quantile is no worse for not finding the mean: its score is D² = 1 − E/E₀, with E₀ of
    the best constant (Koenker & Machado 1999), which is R² where E is the squared error.
    """
    known = targets(matrix(setup.T, "T"), setup)
    t, o = known.encoded(matrix(T, "T")), outputs(setup, network, X)
    row = quantile(setup)
    if row is None or known.task != "regression":
        return scored(known, t, o)
    constant = float(np.mean(row.E(np.broadcast_to(np.quantile(t, row.parameter, axis=0), t.shape), t)))
    reached = float(np.mean(row.E(o, t)))
    return max(WORST, 1.0 - reached / constant) if constant > 0 and np.isfinite(reached) else WORST


def quantile(setup: Setup) -> losses.Loss | None:
    """The loss, if it is one for quantiles."""
    row = losses.loss(setup.loss)
    return row if row.kind == "pinball" else None


def outputs(setup: Setup, network: Network, X: Any) -> Array:
    """Outputs (n, n_out), float64, of rows as the set-up scales them."""
    rows = Rows.of(setup.network, X, None, scale=setup.input_scale)
    with np.errstate(all="ignore"):
        parts = [network.signals(rows.inputs(slice(i, i + 4096))).o[-1] for i in range(0, len(rows), 4096)]
    return np.concatenate(parts)


def scored(known: Targets, t: Array, o: Array) -> float:
    """The score of outputs o (n, n_out) for targets t (n, n_out) of a task."""
    if not np.isfinite(o).all():
        return WORST if known.task == "regression" else 0.0
    if known.task == "regression":
        spread = float(np.sum((t - t.mean(axis=0)) ** 2))
        with np.errstate(over="ignore"):
            return max(WORST, 1.0 - float(np.sum((t - o) ** 2)) / spread) if spread > 0 else 0.0
    if uneven(known, t):
        return judge.auc(judge.ranked(_yes(known, t), o))
    if known.task == "classification" and t.shape[1] > 1:
        return float(np.mean(t.argmax(axis=1) == o.argmax(axis=1)))
    return float(np.mean(_nearest(np.unique(t), o) == t))


def _nearest(values: Array, o: Array) -> Array:
    """The answer is the nearest of the values that targets have: 0 or 1, 0.01 or 0.99, −1 or 1."""
    return np.asarray(values[np.abs(o[..., None] - values).argmin(axis=-1)])


def uneven(known: Targets, t: Array) -> bool:
    """Whether AUC scores these rows of classes: one class has more than MOST of them, and not all."""
    if known.task != "classification" or not len(t):
        return False
    shares = _yes(known, t).mean(axis=0)
    largest = float(max(shares.max(), 1.0 - shares[0] if len(shares) == 1 else 0.0))
    return MOST < largest < 1.0


def _yes(known: Targets, t: Array) -> NDArray[np.bool_]:
    """Which rows are of which class, or say yes, as outputs have it: (n, n_out)."""
    if t.shape[1] > 1 and known.task == "classification":
        return np.asarray(t.argmax(axis=1)[:, None] == np.arange(t.shape[1]))
    return np.asarray(t > sum(known.values) / 2)


def guess(setup: Setup) -> float:
    """The score of the best answer that never changes: by the training rows the commonest class, or the mean."""
    known = targets(matrix(setup.T, "T"), setup)
    if known.task == "regression" or not len(known.classes):
        return 0.0
    if uneven(known, known.encoded(matrix(scoring(setup)[1], "T"))):
        return 0.5
    shares = known.classes / len(setup.T)
    return float(shares.max() if known.task == "classification" else np.maximum(shares, 1.0 - shares).mean())


def measure(setup: Setup) -> str:
    """What `score` is of this set-up: "accuracy", "AUC" or "R²"."""
    known = targets(matrix(setup.T, "T"), setup)
    if known.task == "regression":
        return "R²"
    return "AUC" if uneven(known, known.encoded(matrix(scoring(setup)[1], "T"))) else "accuracy"


def gained(setup: Setup, network: Network) -> tuple[judge.Gain, ...]:
    """What the network gains on the guess on the rows that score, by each measure of `judge`; () of bad numbers."""
    known = targets(matrix(setup.T, "T"), setup)
    X, T = scoring(setup)
    t, o = known.encoded(matrix(T, "T")), outputs(setup, network, X)
    row = quantile(setup)
    if known.task == "regression" and row is not None:
        there, here = row.E(np.broadcast_to(np.quantile(t, row.parameter, axis=0), t.shape), t), row.E(o, t)
        fine = there.mean() > 0 and np.isfinite(here).all()
        return (judge.Gain("R²", (there - here) / there.mean()),) if fine else ()
    if known.task == "regression":
        return judge.of_numbers(t, o, known.mean)
    if o.shape != t.shape or not len(known.classes):
        return ()
    shares = known.classes / known.classes.sum()
    if known.task == "labels":
        return judge.of_labels(_yes(known, t), o, sum(known.values) / 2, known.classes / len(setup.T))
    probable = bool((o >= 0).all() and (o <= 1).all())
    if t.shape[1] == 1:
        middle = sum(known.values) / 2
        p = np.column_stack([1 - o, o]) if probable else None
        label = _yes(known, t)[:, 0].astype(np.int64)
        return judge.of_classes(label, np.column_stack([middle - o, o - middle]), shares, p)
    total = o.sum(axis=1, keepdims=True)
    shares = np.pad(shares, (0, max(0, o.shape[1] - len(shares))))  # outputs that no training row has as its class
    return judge.of_classes(t.argmax(axis=1), o, shares, o / np.where(total > 0, total, 1.0) if probable else None)


def permuted(known: Targets, t: Array, o: Array, rounds: int = DEALS) -> float:
    """p: how often outputs score as well when the targets are dealt out anew to the rows (a permutation test)."""
    rng = np.random.default_rng(0)
    fits: Callable[[Array], float] = partial(scored, known, o=o)
    if np.isfinite(o).all() and uneven(known, t):
        t, place = _yes(known, t), np.column_stack([judge.ranks(column) for column in o.T])
        fits = lambda t: float(np.sum(place[t]))  # noqa: E731 - grows with the AUC (Mann & Whitney 1947)
    elif known.task == "classification" and t.shape[1] > 1 and np.isfinite(o).all():
        t, said = t.argmax(axis=1), o.argmax(axis=1)  # once, and not in every deal
        fits = lambda t: float(np.mean(t == said))  # noqa: E731
    elif known.task != "regression" and np.isfinite(o).all():
        nearest = _nearest(np.unique(t), o)
        fits = lambda t: float(np.mean(nearest == t))  # noqa: E731
    reached = fits(t)
    as_good = sum(fits(rng.permutation(t)) >= reached for _ in range(rounds))
    return (1 + as_good) / (1 + rounds)
