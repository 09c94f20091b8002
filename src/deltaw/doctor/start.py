"""The network before its first step: how large signals and gradients are, layer by layer, by the equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.setup import Setup
from deltaw.engines.look import flat
from deltaw.equations import backprop, losses
from deltaw.exceptions import InputError

Array = NDArray[Any]

LARGEST = float(np.finfo(np.float32).max)  # the native engine's numbers end here


@dataclass(frozen=True)
class Start:
    """What the first forward and backward pass show; every array (L,), one number a layer of weights.

    Attributes:
        z: the layers' z on the sample, each (m, units).
        z_rms: root of the mean z².
        spread: how far the layer's outputs differ from row to row: root of the mean over units of the variance over
            rows. 0 where all rows look the same to the next layer.
        saturated: share of the signals where the activation is flat; 0 for those flat nowhere, and for softmax.
        dead: units that are flat for every row.
        gradient: ‖∂E/∂W‖, of the mean E; NaN where the targets do not fit.
        sent: root of the mean (∂E/∂o)² as it reaches the layer's outputs, per row; NaN where the targets do not fit.
        weight: root of the mean W².
        twins: units of the layer whose weights and bias are those of another unit: they will always do the same.
        overflow: the first layer whose z is past float32's range or no number, or None.
        error: mean E; NaN where the targets do not fit.
    """

    z: tuple[Array, ...]
    z_rms: Array
    spread: Array
    saturated: Array
    dead: NDArray[np.int64]
    gradient: Array
    sent: Array
    weight: Array
    twins: NDArray[np.int64]
    overflow: int | None
    error: float


def start(setup: Setup, x: Array, t: Array) -> Start | None:
    """The first pass over the finite rows of x (m, n_in) and t (m, n_out); None without any, or with bad weights."""
    net = setup.network
    fine = np.isfinite(x).all(axis=1) & np.isfinite(t).all(axis=1)
    try:
        net.check()
    except InputError:
        return None
    if not fine.any():
        return None
    with np.errstate(all="ignore"):
        signals = net.signals(x[fine])
        gradient, sent, error = _backward(setup, signals, t[fine])
        flats = [flat(row, z, o) for row, z, o in zip(net.rows, signals.z, signals.o, strict=True)]
        over = [l for l, z in enumerate(signals.z) if not (np.abs(z) <= LARGEST).all()]
        return Start(
            z=tuple(signals.z),
            z_rms=np.array([np.sqrt(np.mean(np.square(z))) for z in signals.z]),
            spread=np.array([np.sqrt(np.var(o, axis=0).mean()) for o in signals.o]),
            saturated=np.array([f.mean() for f in flats]),
            dead=np.array([f.all(axis=0).sum() for f in flats], np.int64),
            gradient=gradient, sent=sent, error=error,
            weight=np.array([np.sqrt(np.mean(np.square(w, dtype=np.float64))) for w in net.weights]),
            twins=np.array([_twins(w, b) for w, b in zip(net.weights, net.biases, strict=True)], np.int64),
            overflow=over[0] if over else None,
        )  # fmt: skip


def _backward(setup: Setup, signals: backprop.Signals, t: Array) -> tuple[Array, Array, float]:
    """‖∂E/∂W‖ and the size of ∂E/∂o of each layer, and E; NaN where loss and targets do not fit the network."""
    net = setup.network
    nothing = np.full(len(net.weights), np.nan)
    try:
        row = losses.loss(setup.loss)
    except InputError:
        return nothing, nothing, float("nan")
    if t.shape != signals.o[-1].shape:
        return nothing, nothing, float("nan")
    back = backprop.backward(signals, t, [np.asarray(w, np.float64) for w in net.weights], net.rows, row)
    error = losses.row_errors(signals.z[-1], signals.o[-1], t, net.activations[-1], row)
    lengths = np.array([np.linalg.norm(g) for g in back.dW])
    # `sent` holds each row's share 1/n of the mean E: times n, it is what one row sends.
    return lengths, np.array([len(t) * np.sqrt(np.mean(np.square(s))) for s in back.sent]), float(np.mean(error))


def _twins(W: Array, b: Array) -> int:
    both = np.column_stack([W, b])
    return len(both) - len(np.unique(both, axis=0))
