"""The score of a network in a trial: accuracy, AUC if one class has most rows, or R²."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor import judge
from deltaw.doctor.evidence.targets import Targets, targets_of
from deltaw.doctor.setup import Setup
from deltaw.engines.rows import Rows
from deltaw.equations import losses
from deltaw.network import Network

Array = NDArray[Any]

WORST = -1.0  # lower bound of R², also for outputs that are not finite
PERMUTATIONS = 999
# If one class has more than this share g of the rows, the score is AUC: two standard errors of the accuracy on fifty
# rows, 2√(g(1 − g)/50), would be over half of the possible gain 1 − g.
IMBALANCED = 0.75


def scoring_rows(setup: Setup) -> tuple[Any, Any]:
    """X and T of the scoring rows: the held-out rows, or the training rows if there are none."""
    return (setup.X, setup.T) if setup.held_out is None else (setup.held_out[0], setup.held_out[1])


def score(setup: Setup, network: Network, X: Any, T: Any) -> float:
    """Accuracy, AUC, or R²; WORST if outputs are not finite.

    For quantile regression the score is D² = 1 − E/E₀, with E₀ of the best constant (Koenker & Machado 1999).
    """
    known = targets_of(setup)
    t, o = known.encoded(T), outputs(setup, network, X)
    row = quantile(setup)
    if row is None or known.task != "regression":
        return scored(known, t, o)
    constant = float(np.mean(row.E(np.broadcast_to(np.quantile(t, row.parameter, axis=0), t.shape), t)))
    reached = float(np.mean(row.E(o, t)))
    return max(WORST, 1.0 - reached / constant) if constant > 0 and np.isfinite(reached) else WORST


def quantile(setup: Setup) -> losses.Loss | None:
    """The loss, if it is a quantile loss; else None."""
    row = losses.loss(setup.loss)
    return row if row.kind == "pinball" else None


def outputs(setup: Setup, network: Network, X: Any) -> Array:
    """Outputs (n, n_out), float64, for rows scaled as the set-up does."""
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
    if imbalanced(known, t):
        return judge.auc(judge.ranked(_yes(known, t), o))
    if known.task == "classification" and t.shape[1] > 1:
        return float(np.mean(t.argmax(axis=1) == o.argmax(axis=1)))
    return float(np.mean(_nearest(np.unique(t), o) == t))


def _nearest(values: Array, o: Array) -> Array:
    """Outputs rounded to the nearer of the two target values."""
    return np.asarray(values[np.abs(o[..., None] - values).argmin(axis=-1)])


def imbalanced(known: Targets, t: Array) -> bool:
    """Whether the score of these rows is AUC: one class has more than IMBALANCED of them, but not all."""
    if known.task != "classification" or not len(t):
        return False
    shares = _yes(known, t).mean(axis=0)
    largest = float(max(shares.max(), 1.0 - shares[0] if len(shares) == 1 else 0.0))
    return IMBALANCED < largest < 1.0


def _yes(known: Targets, t: Array) -> NDArray[np.bool_]:
    """(n, n_out) whether each row is of the class, or has the label, of each output."""
    if t.shape[1] > 1 and known.task == "classification":
        return np.asarray(t.argmax(axis=1)[:, None] == np.arange(t.shape[1]))
    return np.asarray(t > sum(known.values) / 2)


def guess(setup: Setup) -> float:
    """The score of the constant guess: the commonest class, or the mean, of the training rows."""
    known = targets_of(setup)
    if known.task == "regression" or not len(known.classes):
        return 0.0
    if imbalanced(known, known.encoded(scoring_rows(setup)[1])):
        return 0.5
    shares = known.classes / len(setup.T)
    return float(shares.max() if known.task == "classification" else np.maximum(shares, 1.0 - shares).mean())


def measure(setup: Setup) -> str:
    """The name of `score` for this set-up: "accuracy", "AUC" or "R²"."""
    known = targets_of(setup)
    if known.task == "regression":
        return "R²"
    return "AUC" if imbalanced(known, known.encoded(scoring_rows(setup)[1])) else "accuracy"


def gains_over_guess(setup: Setup, network: Network) -> tuple[judge.Gain, ...]:
    """The network's gains over the guess on the scoring rows, see `judge`; () if outputs are not finite."""
    known = targets_of(setup)
    X, T = scoring_rows(setup)
    t, o = known.encoded(T), outputs(setup, network, X)
    row = quantile(setup)
    if known.task == "regression" and row is not None:
        before, after = row.E(np.broadcast_to(np.quantile(t, row.parameter, axis=0), t.shape), t), row.E(o, t)
        fine = before.mean() > 0 and np.isfinite(after).all()
        return (judge.Gain("R²", (before - after) / before.mean()),) if fine else ()
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
    shares = np.pad(shares, (0, max(0, o.shape[1] - len(shares))))  # classes without training rows
    return judge.of_classes(t.argmax(axis=1), o, shares, o / np.where(total > 0, total, 1.0) if probable else None)


def permutation_p_value(known: Targets, t: Array, o: Array, rounds: int = PERMUTATIONS) -> float:
    """p of a permutation test: how often outputs score as well on permuted targets."""
    rng = np.random.default_rng(0)
    fits: Callable[[Array], float] = partial(scored, known, o=o)
    if np.isfinite(o).all() and imbalanced(known, t):
        t, place = _yes(known, t), np.column_stack([judge.ranks(column) for column in o.T])
        fits = lambda t: float(np.sum(place[t]))  # noqa: E731 - grows with the AUC (Mann & Whitney 1947)
    elif known.task == "classification" and t.shape[1] > 1 and np.isfinite(o).all():
        t, predicted = t.argmax(axis=1), o.argmax(axis=1)
        fits = lambda t: float(np.mean(t == predicted))  # noqa: E731
    elif known.task != "regression" and np.isfinite(o).all():
        nearest = _nearest(np.unique(t), o)
        fits = lambda t: float(np.mean(nearest == t))  # noqa: E731
    reached = fits(t)
    as_good = sum(fits(rng.permutation(t)) >= reached for _ in range(rounds))
    return (1 + as_good) / (1 + rounds)
