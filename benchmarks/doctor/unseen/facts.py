"""A program as facts: layers, loss, optimiser, a recipe for its rows, and what its fix changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import deltaw
from benchmarks.doctor.published import Data, Program

Array = NDArray[Any]
Facts = dict[str, Any]

BINARY, CLASSES, SQUARED = "binary_cross_entropy", "cross_entropy", "squared"
SCALED = {"scale": "standard", "scale_targets": "standard"}

# How training rows are scaled: what is taken away, and then divided by.
SCALES: dict[str, Callable[[Array], tuple[Any, Any]]] = {
    "standard": lambda train: (train.mean(axis=0), train.std(axis=0)),
    "minmax": lambda train: (train.min(axis=0), np.ptp(train, axis=0)),
    # The notes' pixels, 0.01 to 1, so that no signal is zero; and their targets, 0.01 and 0.99.
    "notes": lambda train: (-255.0 / 99.0, 255.0 / 0.99),
    "notes targets": lambda train: (-0.01 / 0.98, 1.0 / 0.98),
}


def fault(name: str, data: Callable[[], Data], given: Facts, fix: Facts, causes: str) -> Program:
    """A program that scores worse than after its fix; the fix is what changes of the facts."""
    return _program("fault", name, given | {"data": data}, fix, causes)


def silent(name: str, data: Callable[[], Data], given: Facts, causes: str) -> Program:
    """A program whose fault does not show in its score, or that only other rows would remove."""
    return _program("silent-fault", name, given | {"data": data}, None, causes)


def sound(name: str, data: Callable[[], Data], given: Facts) -> Program:
    """A program that learns."""
    return _program("healthy-control", name, given | {"data": data}, None, "")


def _program(role: str, name: str, given: Facts, fix: Facts | None, causes: str) -> Program:
    return Program(
        name=name, role=role, effect="", task="", faults=(),
        given=lambda seed: _settings(given, seed),
        fixed=None if fix is None else (lambda seed: _settings(given | fix, seed)),
        published=(), causes=frozenset(causes.split()),
    )  # fmt: skip


def _settings(facts: Facts, seed: int) -> dict[str, Any]:
    """The words of `deltaw.train`, the network and the data among them, from a program's facts.

    The facts' own words: data; layers ("16 relu, 1 sigmoid"); init, Keras's glorot_uniform where none is said; scale,
    how X is scaled, and scale_targets, how T is.
    """
    words: Facts = {"init": "xavier_uniform", "scale": None, "scale_targets": None} | facts
    data: Data = words.pop("data")()
    layers = [layer.split() for layer in words.pop("layers").split(", ")]
    held_out = data.held_out or (None, None)
    X, Xv = _scaled(words.pop("scale"), data.X, held_out[0])
    T, Tv = _scaled(words.pop("scale_targets"), data.T, held_out[1])
    network = deltaw.Network(
        [X.shape[1], *(int(units) for units, _ in layers)], [f for _, f in layers], init=words.pop("init"), seed=seed
    )
    return {"network": network, "X": X, "T": T, "validation": data.held_out and (Xv, Tv), "seed": seed} | words


def _scaled(how: str | float | None, train: Array, held_out: Array | None) -> tuple[Array, Array | None]:
    """Training rows and those to score by, scaled by what the training rows say; a number is divided by."""
    if how is None:
        return train, held_out
    shift, width = (0.0, how) if isinstance(how, float) else SCALES[how](train)
    width = np.where(np.equal(width, 0.0), 1.0, width)
    return (train - shift) / width, None if held_out is None else (held_out - shift) / width


def keras(layers: str, loss: str, epochs: int, **facts: Any) -> Facts:
    """The usual: Adam with 0.001, batches of 32."""
    usual = {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 32}
    return usual | {"layers": layers, "loss": loss, "epochs": epochs} | facts


def sgd(layers: str, loss: str, rate: float, batch: int, epochs: int, **facts: Any) -> Facts:
    """Plain gradient descent."""
    usual = {"optimizer": "sgd", "learning_rate": rate, "batch_size": batch}
    return usual | {"layers": layers, "loss": loss, "epochs": epochs} | facts
