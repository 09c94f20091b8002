"""A model as arrays and one JSON document, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

import numpy as np

from deltaw import engines, files
from deltaw.equations.initializers import initializer
from deltaw.exceptions import InputError, ModelFileError
from deltaw.given import name_of
from deltaw.models import allowed, recipes
from deltaw.models.contents import Contents, Learning, Member, Origin
from deltaw.models.recipes import Recipe
from deltaw.models.scoring import scores
from deltaw.models.scoring.metrics import METRICS
from deltaw.models.scoring.scores import Baseline, Scores
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.schema import check
from deltaw.speech import listed, say
from deltaw.tables.notations import MARKS
from deltaw.training.history import Ending

NETWORK = {"sizes": [int], "activations": [str], "bias": [bool], "init": [str], "seed": int}
SCHEMA: dict[str, Any] = {
    "network": NETWORK,
    "others?": [NETWORK],  # of a model of several networks
    "preparation": {str: object},
    "target": {str: object},
    "recipe": recipes.FILE_SCHEMA,
    "baseline": [float],
    "history": {
        "loss": [(float, None)],
        "validation_loss": [(float, None)],
        "ended": get_args(Ending),
        "best_epoch": (int, None),  # from 0 in files, from 1 everywhere else
        "batch_steps": int,
        "score": [(float, None)],
        "held_out": ("", "validation", "test", "folds"),
        "finish?": int,  # left out if 0
        "strength?": float,  # left out if 1
        "beyond_line?": float,
    },
    "scores": (scores.SCHEMA, None),
    "origin": {
        "source": str,
        "training_rows": int,
        "validation_rows": int,
        "test_rows": int,
        "seed": int,
        "test_size": (float, None),
        "engine": str,
        "versions": {str: str},
        "folds": int,
        "group": (str, None),
        "time": (str, None),
        "test": (str, None),
        "validation": (str, None),
    },
    "ways?": [{"settings": {str: object}, "part": int, "epoch": int, "seed": int}],  # of networks of several recipes
    "missing": [str],
    "decimals?": {str: MARKS},  # of columns whose numbers were text
}


def save(model: Contents, path: Any) -> None:
    """Write a model file; see `deltaw.files`. Raises OutputError."""
    named = [arrays(network, _prefix(k)) for k, network in enumerate(model.members)]
    files.write(path, {name: array for each in named for name, array in each.items()}, document(model))


def load(path: Any) -> Contents:
    """Read the model file at `path`. Raises ModelFileError."""
    found, content = files.read(path)
    check(content, SCHEMA, name_of(path))
    try:
        return _contents(found, content)
    except InputError as error:
        # A part's error, with the file's name before it.
        remedy = say("the file is damaged or was not written by DeltaW")
        expected = say("{name}: {expected}", name=name_of(path), expected=error.expected)
        raise ModelFileError(expected, error.found, remedy) from error


def arrays(network: Network, prefix: str = "") -> dict[str, np.ndarray[Any, Any]]:
    """W and b of every layer, in the engine's precision."""
    named = {f"{prefix}W{l}": np.asarray(w) for l, w in enumerate(network.weights)}
    return named | {f"{prefix}b{l}": np.asarray(b) for l, b in enumerate(network.biases)}


def _prefix(k: int) -> str:
    """Prefix of the names of the k-th network's arrays; "" for the first."""
    return f"{k}." if k else ""


def document(model: Contents) -> dict[str, Any]:
    """Everything else as plain JSON data; see `SCHEMA`."""
    return {
        "network": _described(model.network),
        **({"others": [_described(other) for other in model.others]} if model.others else {}),
        "preparation": model.preparation.document(),
        "target": model.target.document(),
        "recipe": model.recipe.document(),
        "baseline": list(model.baseline.statistic),
        "history": {
            name: [float(v) if np.isfinite(v) else None for v in value] if isinstance(value, list) else value
            for name, value in vars(model.history).items()
            if name in SCHEMA["history"]  # looks inside the network are not kept
        }
        | {"best_epoch": _moved(model.history.best_epoch, -1)}
        | ({"finish": model.history.finish} if model.history.finish else {})
        | {name: at for name in ("strength", "beyond_line") if (at := getattr(model.history, name)) != 1.0},
        "scores": None if model.scores is None else model.scores.document(),
        "origin": asdict(model.origin),
        "missing": list(model.missing),
        **({"decimals": dict(model.decimals)} if model.decimals else {}),
        **({"ways": [asdict(each) for each in model.ways]} if model.ways else {}),
    }


def _described(network: Network) -> dict[str, Any]:
    return {
        "sizes": list(network.sizes),
        "activations": list(network.activations),
        "bias": list(network.bias),
        "init": list(network.init),
        "seed": network.seed,
    }


def _contents(found: dict[str, np.ndarray[Any, Any]], content: dict[str, Any]) -> Contents:
    preparation = Preparation.from_document(content["preparation"])
    target = Target.from_document(content["target"])
    described = [content["network"], *content.get("others", [])]
    count = sum(2 * (len(each["sizes"]) - 1) for each in described)
    _expect(
        len(found) == count, say("the weights of a network {sizes}", sizes=described[0]["sizes"]), say("other arrays")
    )
    networks = [_network(found, each, _prefix(k)) for k, each in enumerate(described)]
    ends = (preparation.n_features, len(target.classes) or 1)
    for network in networks:
        _expect(network.sizes[0] == ends[0], say("a network of {n} inputs", n=ends[0]), f"{network.sizes[0]}")
        _expect(network.sizes[-1] == ends[1], say("a network of {n} outputs", n=ends[1]), f"{network.sizes[-1]}")
    _expect(
        len(content["baseline"]) == ends[1], say("a baseline of {n} numbers", n=ends[1]), f"{len(content['baseline'])}"
    )
    _expect_history(content["history"])
    counts = [content["origin"][f"{part}_rows"] for part in ("training", "validation", "test")]
    counts.append(content["origin"]["folds"])
    _expect(min(*counts, content["origin"]["seed"]) >= 0, say("counts of rows and a seed of 0 or more"), say("others"))
    engines.known(content["origin"]["engine"])
    history: dict[str, Any] = {
        name: [float("nan") if v is None else v for v in value] if isinstance(value, list) else value
        for name, value in content["history"].items()
    } | {"best_epoch": _moved(content["history"]["best_epoch"], 1)}
    return Contents(
        networks[0],
        preparation,
        target,
        Recipe.from_document(content["recipe"]),
        Baseline(target.task, tuple(content["baseline"])),
        Learning(**history),
        None if content["scores"] is None else _scores(content["scores"], target),
        Origin(**content["origin"]),
        tuple(content["missing"]),
        tuple(networks[1:]),
        _ways(content, len(networks)),
        content.get("decimals", {}),
    )


def _ways(content: dict[str, Any], count: int) -> tuple[Member, ...]:
    """How each network was trained, with valid settings."""
    found = tuple(Member(**each) for each in content.get("ways", []))
    _expect(len(found) in (0, count), say("the ways in which {n} networks were trained", n=count), f"{len(found)}")
    for each in found:
        recipe = recipes.FILE_DEFAULTS | content["recipe"] | each.settings
        check(recipe, allowed.SCHEMA, say("a network of several"))
        Recipe.from_document(recipe)
        _expect(
            each.epoch >= 1 and 0 <= each.part <= content["origin"]["folds"] and each.seed >= 0,
            say("a part, an epoch and a seed of each network"), say("others"),
        )  # fmt: skip
    return found


def _moved(epoch: int | None, by: int) -> int | None:
    return None if epoch is None else epoch + by


def _expect_history(content: dict[str, Any]) -> None:
    """Check the lists' lengths: one entry per epoch; if Ctrl-C came between two lists, the later one has one fewer.

    The means over folds may go on after the epoch that they chose, equally far.
    """
    epochs, best = len(content["loss"]), content["best_epoch"]
    counts = [len(content[name]) for name in ("validation_loss", "score")]
    folds = content["held_out"] == "folds" and counts[0] == counts[1] >= epochs
    for name, count in zip(("validation_loss", "score"), counts, strict=True):
        _expect(
            folds or count in (0, epochs - 1, epochs),
            say("a {name} for each of {n} epochs", name=name, n=epochs),
            say("others"),
        )
    _expect(best is None or 0 <= best < epochs, say("a best epoch among {n}", n=epochs), f"{best}")
    _expect(content.get("finish", 0) >= 0, say("epochs on all rows, 0 or more"), f"{content.get('finish')}")
    _expect(0 < content.get("strength", 1.0) < np.inf, say("a strength above 0"), f"{content.get('strength')}")
    beyond = content.get("beyond_line", 1.0)
    _expect(0 <= beyond <= 1, say("a beyond_line from 0 to 1"), f"{beyond}")
    _expect(content["batch_steps"] >= 0, say("batch_steps of 0 or more"), f"{content['batch_steps']}")


def _scores(content: dict[str, Any], target: Target) -> Scores:
    known = {metric.name: metric for metric in METRICS[target.task]}
    k, matrix = len(target.classes), content["confusion"]
    _expect(content["task"] == target.task, say("scores of {task}", task=target.task), content["task"])
    names = set(content["scores"])
    agree = names == set(known) == set(content["baseline"])
    _expect(agree, say("the scores {known}", known=listed(known)), say("others"))
    ends = content["intervals"]
    agree = set(ends) <= names and all(len(each) == 2 and each[0] <= each[1] for each in ends.values())
    _expect(agree, say("intervals of these scores"), say("others"))
    _expect(
        matrix is None or (k > 0 and list(map(len, matrix)) == [k] * k),
        say("a confusion matrix of {k} classes", k=k),
        say("another"),
    )
    counts = [count for row in matrix or () for count in row]
    agree = content["rows"] >= 1 and (matrix is None or (min(counts) >= 0 and sum(counts) == content["rows"]))
    _expect(agree, say("counts of {n} rows", n=content["rows"]), say("others"))
    return Scores.from_document(content, target.classes)


def _network(found: dict[str, np.ndarray[Any, Any]], content: dict[str, Any], prefix: str) -> Network:
    found = {name.removeprefix(prefix): array for name, array in found.items() if _is_of(name, prefix)}
    sizes = content["sizes"]
    layers = range(len(sizes) - 1)
    shapes = {f"W{l}": (sizes[l + 1], sizes[l]) for l in layers} | {f"b{l}": (sizes[l + 1],) for l in layers}
    # Compared before the network is made, so that a forged size does not allocate memory.
    agrees = {name: array.shape for name, array in found.items()} == shapes
    agrees = agrees and all(array.dtype.kind == "f" for array in found.values())
    _expect(agrees, say("the weights of a network {sizes}", sizes=sizes), say("other arrays"))
    network = Network(sizes, content["activations"], content["bias"], "zeros", content["seed"])
    _expect(
        len(content["init"]) == len(layers),
        say("a rule for the initial weights of {n} layers", n=len(layers)),
        say("others"),
    )
    network.init = [initializer(name).name for name in content["init"]]
    network.weights = [found[f"W{l}"] for l in layers]
    network.biases = [found[f"b{l}"] for l in layers]
    return network


def _is_of(name: str, prefix: str) -> bool:
    """Whether an array belongs to the network with that prefix."""
    return name.startswith(prefix) if prefix else "." not in name


def _expect(agrees: bool, expected: str, found: str) -> None:
    if not agrees:
        raise ModelFileError("expected {expected}", found, expected=expected)
