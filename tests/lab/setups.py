"""A training as the lab's settings have it, and the same by the native engine's baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deltaw.engines.native import NativeEngine
from deltaw.equations.dropout import Dropout
from deltaw.network import Network
from deltaw.training import History, train

BEFORE = {
    "bias": True, "init": None, "loss": "squared", "optimizer": "sgd", "rate": 0.1, "schedule": "constant", "epochs": 3,
    "batch": 8, "shuffle": True, "seed": 0, "backward": "gradient", "l2": 0.0, "dropout": 0.0,
    "dropoutSchedule": "constant", "labelSmoothing": 0.0, "maxGradNorm": None, "heldOut": 0.0,
}  # fmt: skip


def settings(layers: list[tuple[int, str]], **own: Any) -> dict[str, Any]:
    """The lab's, with `own` in place of the usual ones."""
    return BEFORE | {"layers": [{"units": units, "activation": name} for units, name in layers]} | own


def data(X: Any, T: Any, weight: Any = None, labels: Any = None) -> dict[str, Any]:
    """The lab's, as far as the engine reads it."""
    X, T = np.asarray(X, np.float32), np.asarray(T, np.float32)
    return {
        "name": "data", "rows": len(X), "nIn": X.shape[1], "nOut": T.shape[1], "inputs": X, "targets": T,
        "labels": labels, "weight": None if weight is None else np.asarray(weight, np.float32), "heldOut": None,
        "target": {"task": "regression" if labels is None else "classification", "classes": []},
        "preparation": {"steps": []},
    }  # fmt: skip


def network(n_in: int, given: dict[str, Any]) -> Network:
    """What the lab begins with."""
    names = [layer["activation"] for layer in given["layers"]]
    sizes = [n_in, *(layer["units"] for layer in given["layers"])]
    return Network(sizes, names, given["bias"], given["init"], given["seed"])


def trained(X: Any, T: Any, given: dict[str, Any], weight: Any = None) -> tuple[Network, History]:
    """The same by deltaw.train."""
    net = network(X.shape[1], given)
    history = train(
        net, np.asarray(X, np.float32), np.asarray(T, np.float32), loss=given["loss"], optimizer=given["optimizer"],
        learning_rate=given["rate"], batch_size=given["batch"], epochs=given["epochs"], shuffle=given["shuffle"],
        seed=given["seed"], backward=given["backward"], schedule=given["schedule"], l2=given["l2"],
        dropout=Dropout(given["dropout"], given["dropoutSchedule"]), sample_weight=weight,
        label_smoothing=given["labelSmoothing"], max_grad_norm=given["maxGradNorm"], threads=1,
    )  # fmt: skip
    return net, history


def by_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the native engine is the baseline's, whose bits the lab has."""
    made: Callable[..., None] = NativeEngine.__init__

    def init(self: NativeEngine, net: Network, plan: Any) -> None:
        made(self, net, plan, "baseline")

    monkeypatch.setattr(NativeEngine, "__init__", init)


def same(found: dict[str, Any], net: Network) -> bool:
    """Whether the lab's weights are the network's, bit by bit."""
    pairs = [*zip(found["weights"], net.weights, strict=True), *zip(found["biases"], net.biases, strict=True)]
    return all(np.array_equal(a, np.asarray(b, np.float32).ravel()) for a, b in pairs)
