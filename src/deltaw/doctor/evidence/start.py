"""The initial network: size of signals and gradients in each layer, by the equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.setup import Setup
from deltaw.engines.look import flat
from deltaw.engines.rows import spread
from deltaw.equations import backprop, losses
from deltaw.exceptions import InputError

Array = NDArray[Any]

# Other draws of the weights, and rows of each: a layer that is dead in 30% of draws is missed in 1 of 1,000 cases.
DRAWS, DRAWN_ROWS = 20, 200
MOST_PARAMETERS = 100_000  # of a network that is drawn so often; only narrow ones are dead from the start
LARGEST = float(np.finfo(np.float32).max)  # of the native engine's numbers


@dataclass(frozen=True)
class Start:
    """The first forward and backward pass; arrays are (L,), one entry per layer of weights.

    Attributes:
        z: z of each layer on the sample, (m, units).
        z_rms: root mean square of z.
        spread: root mean variance of the layer's outputs over rows; 0 if all rows look the same to the next layer.
        saturated: share of the signals where the activation is flat; 0 for softmax.
        dead: number of units that are flat for every row.
        gradient: ‖∂E/∂W‖ of the mean E; NaN if the targets do not fit.
        sent: root mean square of ∂E/∂o at the layer's outputs, per row; NaN if the targets do not fit.
        weight: root mean square of W.
        duplicates: number of hidden units that equal another in bias and incoming and outgoing weights: they get the
            same gradient in every step and stay equal. 0 in the last layer.
        same_inputs: the same by bias and incoming weights alone: equal signals, and gradients that differ by a factor.
        notes_cosine: cosine between ∂E/∂W by the notes' rule and the gradient; 1 in the last layer; NaN if the targets
            do not fit, or one of the two is 0.
        overflow: the first layer whose z is NaN or outside float32's range; None if there is none.
        error: mean E; NaN if the targets do not fit.
        born_dead: share of DRAWS other draws of the weights in which the layer is the first with all outputs 0 for
            every row. 0 if the weights are not drawn by `init` and `seed`, or are many.
    """

    z: tuple[Array, ...]
    z_rms: Array
    spread: Array
    saturated: Array
    dead: NDArray[np.int64]
    gradient: Array
    sent: Array
    weight: Array
    duplicates: NDArray[np.int64]
    same_inputs: NDArray[np.int64]
    notes_cosine: Array
    overflow: int | None
    error: float
    born_dead: Array


def start(setup: Setup, x: Array, t: Array, drawn: bool = False) -> Start | None:
    """Measure the network on the finite rows of x (m, n_in) and t (m, n_out).

    Returns None without such rows, or if weights are not finite. `drawn`: also measure `born_dead`.
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
            duplicates=np.array([_duplicates(net.weights, net.biases, l) for l in range(len(net.weights))], np.int64),
            same_inputs=np.array(
                [_duplicates(net.weights, net.biases, l, out=False) for l in range(len(net.weights))], np.int64
            ),
            overflow=over[0] if over else None,
            born_dead=_born_dead(setup, x) if drawn else np.zeros(len(net.weights)),
            **_backward(setup, signals, t),
        )


def _born_dead(setup: Setup, x: Array) -> Array:
    """See `Start.born_dead`: forward passes over DRAWN_ROWS rows, for networks with relu layers."""
    counts = np.zeros(len(setup.network.weights))
    if "relu" not in setup.network.activations or setup.network.parameter_count > MOST_PARAMETERS or not setup.drawn:
        return counts
    few = x[spread(len(x), DRAWN_ROWS)]
    for i in range(1, DRAWS + 1):
        net = setup.seeded(setup.network.seed + i).network
        o = net.signals(few).o
        dead = [l for l, name in enumerate(net.activations) if name == "relu" and not np.any(o[l])]
        counts[dead[:1]] += 1
    return counts / DRAWS


def _backward(setup: Setup, signals: backprop.Signals, t: Array) -> dict[str, Any]:
    """Results of the first backward pass; NaN if loss and targets do not fit the network."""
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
    # `sent` is the gradient of the mean E, so n times that is per row.
    sent, dW = np.array([len(t) * np.sqrt(np.mean(np.square(s))) for s in back.sent]), back.dW
    del back  # frees the signals before the second pass
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


def _duplicates(W: list[Array], b: list[Array], l: int, out: bool = True) -> int:
    if l == len(W) - 1:
        return 0
    links = np.column_stack([W[l], b[l], *([W[l + 1].T] if out else [])])
    return len(links) - len(np.unique(links, axis=0))
