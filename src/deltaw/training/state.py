"""The state of a training at the end of an epoch as plain data, from which it continues bit-identically.

A state has all that the next epoch depends on: weights, the optimiser's arrays, the random generator, the number of
    epochs, the history and the best weights. What follows from the settings (batches, learning rates, the key of the
    dropout
masks) is made again. States are read from untrusted files, so all of it is checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.look import Look
from deltaw.exceptions import ModelFileError
from deltaw.network import Network
from deltaw.schema import check
from deltaw.speech import say
from deltaw.training.epochs import Training, Within
from deltaw.training.history import Ending

Arrays = Mapping[str, Any]


class State(NamedTuple):
    """The state of a training between two epochs, as plain data.

    Attributes:
        document: JSON data.
        arrays: by name: an array, or a list of numbers or of arrays of one shape, which is one array in a file.
    """

    document: dict[str, Any]
    arrays: Arrays


LISTS = ("loss", "validation_loss", "seconds")
LOOK = tuple(field.name for field in fields(Look))
GOING_ON = ("interrupted", "callback", "finished")  # endings after which a resumed training continues
MOST_STEPS = 2**62  # model files hold 64-bit integers
SCHEMA = {
    "epoch": int,
    "ended": get_args(Ending),
    "batch_steps": int,
    "best_epoch": (int, None),  # from 0
    "randomness": {"state": str, "inc": str, "has_uint32": int, "uinteger": int},
    "callbacks": [{str: object}],
    "within?": {"windows": int, "error": float, "seconds": float},
}


def state_of(training: Training) -> State:
    """The training's state between two epochs; arrays are not copied."""
    machine, history, best = training.machine, training.history, training.best
    machine.store(training.network)
    arrays: dict[str, Any] = weights_of(training.network) | _prefixed("step.", machine.state())
    arrays |= {name: list(getattr(history, name)) for name in LISTS}
    if best is not None:
        arrays["best"] = [float(best.score), *([float(best.looked)] if best.rule.looks else [])]
        arrays |= {} if best.network is None else _prefixed("best.", weights_of(best.network))
    if training.looked_at is not None:
        arrays |= {f"look.{name}": [getattr(look, name) for look in history.looks] for name in LOOK}
    states = [callback.state() for callback in _with_state(training)]
    for i, state in enumerate(states):
        arrays |= _prefixed(f"callback{i}.", state.arrays)
    document = {
        "epoch": training.epoch,
        "ended": history.ended,
        "batch_steps": history.batch_steps,
        "best_epoch": None if best is None else best.epoch,
        "randomness": _randomness(training.randomness),
        "callbacks": [state.document for state in states],
    }
    if training.within is not None:
        document["within"] = training.within._asdict()
    return State(document, arrays)


def go_on(training: Training, state: State, where: str) -> None:
    """Restore a state in a training that has just been made.

    Args:
        training: with the same network, rows and settings; it may have more epochs.
        state: from a file.
        where: name of the file in messages.

    Raises:
        ModelFileError: the state does not fit the training.
    """
    document, arrays = state
    check(document, SCHEMA, where)
    if not _agrees(training, state):
        refuse(where, say("the state of a training of {n} epochs", n=training.epochs))

    epoch, ended, best_epoch = document["epoch"], document["ended"], document["best_epoch"]
    network, history = training.network, training.history
    take_weights(network, arrays)
    training.machine.load(network)
    training.machine.restore(_within("step.", arrays))
    training.randomness.bit_generator.state = _generator(document["randomness"], where)
    training.epoch, training.within = epoch, _within_an_epoch(document)
    history.loss, history.validation_loss, history.seconds = (arrays[name].tolist() for name in LISTS)
    history.batch_steps = document["batch_steps"]
    history.ended = "finished" if ended in GOING_ON else ended
    if training.looked_at is not None:
        rows = arrays["look.rows"].tolist()
        kept = [{name: arrays[f"look.{name}"][i] for name in LOOK} for i in range(len(history.loss))]
        history.looks = [Look(**look | {"rows": count}) for look, count in zip(kept, rows, strict=True)]
    if training.best is not None:
        training.best.score, training.best.epoch = float(arrays["best"][0]), best_epoch
        training.best.looked = float(arrays["best"][-1])
        if best_epoch is not None:
            training.best.network = network.copy()
            take_weights(training.best.network, _within("best.", arrays))
    for i, (callback, part) in enumerate(zip(_with_state(training), document["callbacks"], strict=True)):
        callback.go_on(State(part, _within(f"callback{i}.", arrays)), training, where)


def _within_an_epoch(document: Mapping[str, Any]) -> Within | None:
    return Within(**document["within"]) if "within" in document else None


def _agrees(training: Training, state: State) -> bool:
    """Whether a state fits the training: its numbers, shapes and types."""
    document, arrays = state
    epoch, ended, best_epoch = document["epoch"], document["ended"], document["best_epoch"]
    made, own = len(arrays.get("loss", ())), state_of(training)
    return (
        _is_there(training, epoch, _within_an_epoch(document))
        and 0 <= document["batch_steps"] < MOST_STEPS
        # Of epochs that are trained in one call, those after one that diverges are not made.
        and (made == epoch or (ended == "diverged" and 1 <= made <= epoch))
        and (best_epoch is None or (training.best is not None and 0 <= best_epoch < epoch))
        and len(document["callbacks"]) == len(own.document["callbacks"])
        and _fit(arrays, _expected(own.arrays, training, made, best_epoch))
        and (ended == "diverged" or _finite(arrays))
        and _finite({"seconds": arrays["seconds"]})
    )


def _is_there(training: Training, epoch: int, within: Within | None) -> bool:
    """Whether the position is possible: after an epoch, or with windows, after one of these."""
    if (within is None) != (training.within is None):
        return False
    made = 0 if within is None else within.windows
    sums = within is None or (np.isfinite(within.error) and 0 <= within.seconds < np.inf)
    return sums and 0 <= made < training.windows_an_epoch and (epoch > 0) + made > 0 and epoch <= training.epochs


def refuse(where: str, expected: str) -> NoReturn:
    """Raise ModelFileError for a state that does not fit; `expected` is said already."""
    remedy = "the file is damaged or was not written by DeltaW"
    raise ModelFileError("{where}: expected {expected}", say("another"), remedy, where=where, expected=expected)


def weights_of(network: Network) -> dict[str, NDArray[Any]]:
    """The network's weights and biases by name."""
    named = {f"W{l}": W for l, W in enumerate(network.weights)}
    return named | {f"b{l}": b for l, b in enumerate(network.biases)}


def take_weights(network: Network, arrays: Arrays) -> None:
    """Set the network's weights and biases: the inverse of `weights_of`."""
    layers = range(len(network.weights))
    network.weights, network.biases = [arrays[f"W{l}"] for l in layers], [arrays[f"b{l}"] for l in layers]


def _with_state(training: Training) -> list[Any]:
    """The callbacks with a state: those with methods `state` and `go_on`."""
    return [callback for callback in training.callbacks if hasattr(callback, "go_on")]


def _expected(own: Arrays, training: Training, made: int, best_epoch: int | None) -> dict[str, tuple[int, ...]]:
    """The expected shape of each array of a state, without those of callbacks."""
    shapes = {name: np.shape(array) for name, array in own.items() if not isinstance(array, list)}
    shapes |= {"loss": (made,), "seconds": (made,), "validation_loss": (made if training.held_out is not None else 0,)}
    if training.best is not None:
        shapes["best"] = (2 if training.best.rule.looks else 1,)
    if best_epoch is not None:
        shapes |= _prefixed("best.", {name: array.shape for name, array in weights_of(training.network).items()})
    if training.looked_at is not None:
        layers = len(training.network.weights)
        shapes |= {f"look.{name}": (made,) if name == "rows" else (made, layers) for name in LOOK}
    return {name: shape for name, shape in shapes.items() if not name.startswith("callback")}


def _fit(arrays: Arrays, shapes: dict[str, tuple[int, ...]]) -> bool:
    found = {name: array.shape for name, array in arrays.items() if not name.startswith("callback")}
    floats = all(arrays[name].dtype.kind == ("i" if name in ("look.dead", "look.rows") else "f") for name in found)
    return found == shapes and floats


def _finite(arrays: Arrays) -> bool:
    """Whether all arrays are finite that have to be."""
    return all(
        np.isfinite(array).all()
        for name, array in arrays.items()
        if name != "best" and not name.startswith(("look.", "callback"))
    )


def _prefixed(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {prefix + name: array for name, array in arrays.items()}


def _within(prefix: str, arrays: Arrays) -> dict[str, Any]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _randomness(generator: np.random.Generator) -> dict[str, Any]:
    """The state of NumPy's PCG64, whose 128-bit integers are kept as text."""
    known: Any = generator.bit_generator.state
    words = {name: f"{value:032x}" for name, value in known["state"].items()}
    return words | {name: int(known[name]) for name in ("has_uint32", "uinteger")}


def _generator(document: dict[str, Any], where: str) -> dict[str, Any]:
    words: Sequence[str] = (document["state"], document["inc"])
    known = all(len(word) == 32 and set(word) <= set("0123456789abcdef") for word in words)
    if not known or document["has_uint32"] not in (0, 1) or not 0 <= document["uinteger"] < 2**32:
        refuse(where, say("the state of a generator of random numbers"))
    state, inc = (int(word, 16) for word in words)
    counts = {name: document[name] for name in ("has_uint32", "uinteger")}
    return {"bit_generator": "PCG64", "state": {"state": state, "inc": inc | 1}} | counts
