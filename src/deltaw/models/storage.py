"""A model as arrays and one JSON document, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deltaw import files
from deltaw.exceptions import InputError, ModelFileError
from deltaw.files.schema import check
from deltaw.models import recipes, scores
from deltaw.models.model import Learning, Model, Origin
from deltaw.models.recipes import Recipe
from deltaw.models.scores import Baseline, Scores
from deltaw.network import Network
from deltaw.preparation import Preparation, Target

SCHEMA: dict[str, Any] = {
    "network": {"sizes": [int], "activations": [str], "bias": [bool], "init": [str], "seed": int},
    "preparation": {str: object},
    "target": {str: object},
    "recipe": recipes.SCHEMA,
    "baseline": [float],
    "history": {
        "loss": [(float, None)],
        "validation_loss": [(float, None)],
        "seconds": [float],
        "ended": str,
        "best_epoch": (int, None),
        "batch_steps": int,
        "score": [(float, None)],
        "held_out": str,
    },
    "scores": (scores.SCHEMA, None),
    "origin": {
        "source": str,
        "training_rows": int,
        "validation_rows": int,
        "test_rows": int,
        "seed": int,
        "test_size": float,
        "engine": str,
        "versions": {str: str},
    },
}


def save(model: Model, path: str | Path) -> None:
    """Write a model file; see `deltaw.files`. Raises OutputError."""
    files.write(path, arrays(model.network), document(model))


def load(path: str | Path) -> Model:
    """Read a model file. Raises ModelFileError."""
    found, content = files.read(path)
    check(content, SCHEMA, str(path))
    try:
        return _model(found, content, str(path))
    except ModelFileError:
        raise
    except InputError as error:
        # A name or size that this version does not know: the parts' own words, but about the file.
        raise ModelFileError(
            f"{path}: {error.expected}", error.found, "the file is damaged or was not written by DeltaW"
        ) from error


def arrays(network: Network) -> dict[str, np.ndarray[Any, Any]]:
    """W and b of every layer, in the precision that the engine left them in: nothing is rounded."""
    named = {f"W{l}": np.asarray(w) for l, w in enumerate(network.weights)}
    return named | {f"b{l}": np.asarray(b) for l, b in enumerate(network.biases)}


def document(model: Model) -> dict[str, Any]:
    """Everything else as plain JSON data; see `SCHEMA`."""
    network = model.network
    return {
        "network": {
            "sizes": list(network.sizes),
            "activations": list(network.activations),
            "bias": list(network.bias),
            "init": list(network.init),
            "seed": network.seed,
        },
        "preparation": model.preparation.document(),
        "target": model.target.document(),
        "recipe": model.recipe.document(),
        "baseline": list(model.baseline.statistic),
        "history": {
            name: [float(v) if np.isfinite(v) else None for v in value] if isinstance(value, list) else value
            for name, value in asdict(model.history).items()
        },
        "scores": None if model.scores is None else model.scores.document(),
        "origin": asdict(model.origin),
    }


def _model(found: dict[str, np.ndarray[Any, Any]], content: dict[str, Any], where: str) -> Model:
    preparation = Preparation.from_document(content["preparation"])
    target = Target.from_document(content["target"])
    network = _network(found, content["network"], where)
    classes = target.classes
    ends = (len(preparation.feature_names), len(classes) or 1)
    if (network.sizes[0], network.sizes[-1]) != ends:
        raise ModelFileError(
            f"{where}: expected a network of {ends[0]} inputs and {ends[1]} outputs",
            f"{network.sizes[0]} and {network.sizes[-1]}",
            "the file is damaged; train the model again",
        )
    baseline = Baseline(target.task, tuple(content["baseline"]))
    if len(baseline.statistic) != ends[1]:
        raise ModelFileError(f"{where}: expected a baseline of {ends[1]} numbers", f"{len(baseline.statistic)}",
                             "the file is damaged; train the model again")  # fmt: skip
    history: dict[str, Any] = {
        name: [float("nan") if v is None else v for v in value] if isinstance(value, list) else value
        for name, value in content["history"].items()
    }
    return Model(
        network,
        preparation,
        target,
        Recipe.from_document(content["recipe"]),
        baseline,
        Learning(**history),
        None if content["scores"] is None else _scores(content["scores"], classes, target.task, where),
        Origin(**content["origin"]),
    )


def _scores(content: dict[str, Any], classes: tuple[Any, ...], task: str, where: str) -> Scores:
    names = [metric.name for metric in scores.METRICS[task]]
    matrix = content["confusion"]
    if (
        content["task"] != task
        or sorted(content["scores"]) != sorted(names)
        or sorted(content["baseline"]) != sorted(names)
        or (matrix is not None and (not classes or [len(row) for row in matrix] != [len(classes)] * len(classes)))
    ):
        raise ModelFileError(
            f"{where}: expected scores of {task}", "others", "the file is damaged; train the model again"
        )
    return Scores.from_document(content, classes)


def _network(found: dict[str, np.ndarray[Any, Any]], content: dict[str, Any], where: str) -> Network:
    sizes, settings = content["sizes"], {key: content[key] for key in ("activations", "bias", "init", "seed")}
    layers = len(sizes) - 1
    expected = {f"W{l}": (sizes[l + 1], sizes[l]) for l in range(layers)} | {
        f"b{l}": (sizes[l + 1],) for l in range(layers)
    }
    shapes = {name: array.shape for name, array in found.items()}
    # Compared before the network is made: a forged size must not take the memory.
    if shapes != expected or any(array.dtype.kind != "f" for array in found.values()):
        raise ModelFileError(f"{where}: expected the weights of a network {sizes}", "arrays of other shapes",
                             "the file is damaged; train the model again")  # fmt: skip
    network = Network(sizes, **settings | {"init": "zeros"})
    network.init = settings["init"]
    network.weights = [found[f"W{l}"] for l in range(layers)]
    network.biases = [found[f"b{l}"] for l in range(layers)]
    return network
