"""A network from inside: where its activations are flat, and how long its gradients and updates are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.activations import Activation, activation
from deltaw.equations.backprop import Signals

FLAT = 0.05  # a slope below this share of the activation's own is flat


@dataclass(frozen=True)
class Look:
    """The network at the end of an epoch, at some rows; every array (n_layers,), one number a layer of weights.

    Attributes:
        saturated: share of the signals (rows × units) that lie where the activation is flat: |f'(z)| below a twentieth
            of its steepest slope for |z| ≤ 1. For ReLU these are the zeros. 0 for activations that are flat nowhere
            (identity, leaky_relu); NaN for softmax, whose outputs have no slope of their own.
        dead: how many units are flat for every row looked at: they learn nothing from any of them.
        gradient: ‖∂E/∂W‖ of the mean E over the rows looked at.
        update: ‖ΔW‖ of the epoch's last step.
        weight: ‖W‖ before that step. An update/weight near 1e-3 is common; far below it, little is learnt.
        rows: how many rows were looked at.
    """

    saturated: NDArray[np.float64]
    dead: NDArray[np.int64]
    gradient: NDArray[np.float64]
    update: NDArray[np.float64]
    weight: NDArray[np.float64]
    rows: int


@cache
def flat_below(name: str) -> float:
    """The |f'(z)| below which a signal is flat; 0 where no signal can be; NaN where that has no meaning.

    Of the step, which has no slope anywhere, every signal is flat.
    """
    row, z = activation(name), np.linspace(-1.0, 1.0, 201)
    if row.coupled:
        return np.nan
    if not np.isfinite(row.range).any():
        return 0.0
    return FLAT * (float(np.abs(row.df(z, row.f(z))).max()) or 1.0)


def flat(row: Activation, z: NDArray[Any], o: NDArray[Any]) -> NDArray[np.bool_]:
    """Which signals lie where the activation is flat, (n, units). A signal that is not finite is."""
    threshold = flat_below(row.name)
    if not threshold > 0.0:
        return np.zeros(z.shape, np.bool_)
    return np.asarray(~(np.abs(row.df(z, o)) >= threshold))


def look(
    rows: Sequence[Activation],
    signals: Signals,
    gradients: Sequence[NDArray[Any]],
    before: Sequence[NDArray[Any]],
    now: Sequence[NDArray[Any]],
) -> Look:
    """The look of the equations: at `signals`, with ∂E/∂W and the weights before and after the last step."""
    lying = [flat(row, z, o) for row, z, o in zip(rows, signals.z, signals.o, strict=True)]
    undefined = [np.isnan(flat_below(row.name)) for row in rows]
    return Look(
        saturated=np.array([np.nan if no else f.mean() for f, no in zip(lying, undefined, strict=True)]),
        dead=np.array([f.all(axis=0).sum() for f in lying], np.int64),
        gradient=_lengths(gradients),
        update=_lengths([w - then for w, then in zip(now, before, strict=True)]),
        weight=_lengths(before),
        rows=len(signals.a[0]),
    )


def _lengths(arrays: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    return np.array([np.linalg.norm(a) for a in arrays])
