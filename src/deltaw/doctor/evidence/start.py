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

DRAWS, FEW = 20, 200  # of the weights, and rows: what is dead in 30 % of draws shows in all but 1 of 1,000 such looks
MOST = 100_000  # numbers of a network that is drawn so often: it is narrow ones that are born dead
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
        twins: units of a hidden layer that another unit equals in all weights to and from it and in its bias: the two
            get the same gradient in every step, and will always do the same. 0 in the last layer.
        alike: the same by the weights to it and its bias alone: the two give the same signals at the first step, and
            get gradients that differ by a factor only.
        notes_cosine: cosine of the angle between ∂E/∂W by the notes' rule and the gradient; 1 in the last layer; NaN
            where the targets do not fit, or one of them is 0.
        overflow: the first layer whose z is past float32's range or no number, or None.
        error: mean E; NaN where the targets do not fit.
        born_dead: of DRAWS other draws of the weights the share in which the layer is the first to be dead whole, with
            all units 0 for every row. Zeros where the weights are not drawn by `init` and `seed`, or are many.
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
    alike: NDArray[np.int64]
    notes_cosine: Array
    overflow: int | None
    error: float
    born_dead: Array


def start(setup: Setup, x: Array, t: Array, drawn: bool = False) -> Start | None:
    """The first pass over the finite rows of x (m, n_in) and t (m, n_out); None without any, or with bad weights.

    `drawn`: also look at other draws of the weights, where they are drawn.
    """
    net = setup.network
    fine = np.isfinite(x).all(axis=1) & np.isfinite(t).all(axis=1)
    try:
        net.check()
    except InputError:
        return None
    if not fine.any():
        return None
    x, t = (x, t) if fine.all() else (x[fine], t[fine])
    with np.errstate(all="ignore"):
        signals = net.signals(x)
        flats = [flat(row, z, o) for row, z, o in zip(net.rows, signals.z, signals.o, strict=True)]
        over = [l for l, z in enumerate(signals.z) if not (np.abs(z) <= LARGEST).all()]
        return Start(
            z=tuple(signals.z),
            z_rms=np.array([np.sqrt(np.mean(np.square(z))) for z in signals.z]),
            spread=np.array([np.sqrt(np.var(o, axis=0).mean()) for o in signals.o]),
            saturated=np.array([f.mean() for f in flats]),
            dead=np.array([f.all(axis=0).sum() for f in flats], np.int64),
            weight=np.array([np.sqrt(np.mean(np.square(w, dtype=np.float64))) for w in net.weights]),
            twins=np.array([_twins(net.weights, net.biases, l) for l in range(len(net.weights))], np.int64),
            alike=np.array([_twins(net.weights, net.biases, l, out=False) for l in range(len(net.weights))], np.int64),
            overflow=over[0] if over else None,
            born_dead=_born_dead(setup, x) if drawn else np.zeros(len(net.weights)),
            **_backward(setup, signals, t),
        )


def _born_dead(setup: Setup, x: Array) -> Array:
    """See `Start.born_dead`; forward passes over FEW of the rows, for networks that have a relu."""
    counts = np.zeros(len(setup.network.weights))
    if "relu" not in setup.network.activations or setup.network.parameter_count > MOST or not setup.drawn:
        return counts
    few = x[np.linspace(0, len(x) - 1, min(FEW, len(x))).astype(np.int64)]
    for i in range(1, DRAWS + 1):
        net = setup.seeded(setup.network.seed + i).network
        o = net.signals(few).o
        dead = [l for l, name in enumerate(net.activations) if name == "relu" and not np.any(o[l])]
        counts[dead[:1]] += 1
    return counts / DRAWS


def _backward(setup: Setup, signals: backprop.Signals, t: Array) -> dict[str, Any]:
    """What the first backward pass shows; NaN where loss and targets do not fit the network."""
    net = setup.network
    nothing = np.full(len(net.weights), np.nan)
    try:
        row = losses.loss(setup.loss)
    except InputError:
        row = None
    if row is None or not row.fits(net.sizes[-1]) or t.shape != signals.o[-1].shape:
        return {"gradient": nothing, "sent": nothing, "notes_cosine": nothing, "error": float("nan")}
    W = [np.asarray(w, np.float64) for w in net.weights]
    back = backprop.backward(signals, t, W, net.rows, row)
    # `sent` holds each row's share 1/n of the mean E: times n, it is what one row sends.
    sent, dW = np.array([len(t) * np.sqrt(np.mean(np.square(s))) for s in back.sent]), back.dW
    del back  # signals of all rows, before there are those of the other rule
    notes = backprop.backward(signals, t, W, net.rows, row, rule="notes").dW
    error = losses.row_errors(signals.z[-1], signals.o[-1], t, net.activations[-1], row)
    return {
        "gradient": np.array([np.linalg.norm(g) for g in dW]),
        "sent": sent,
        "notes_cosine": np.array([_cosine(a, b) for a, b in zip(notes, dW, strict=True)]),
        "error": float(np.mean(error)),
    }


def _cosine(a: Array, b: Array) -> float:
    return float(np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def _twins(W: list[Array], b: list[Array], l: int, out: bool = True) -> int:
    if l == len(W) - 1:
        return 0
    links = np.column_stack([W[l], b[l], *([W[l + 1].T] if out else [])])
    return len(links) - len(np.unique(links, axis=0))
