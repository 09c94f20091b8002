"""The contents of a page of the lab: prepared rows, their preparation, settings, and trained weights, if any.

The names are those of lab/src/engine/types.ts (`Embedded`), so its letter case is not Python's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import __version__
from deltaw.equations.optimizers import optimizer
from deltaw.exceptions import SettingError
from deltaw.models.recipes import Recipe
from deltaw.models.rows import weights as weigh
from deltaw.models.rows.parts import part_of
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.speech import LANGUAGES, say, spoken
from deltaw.tables import Table
from deltaw.tables.cells import as_words
from deltaw.tables.missing import MISSING

if TYPE_CHECKING:
    import polars as pl

    from deltaw.models import Model, Plan
    from deltaw.models.rows.parts import Part
    from deltaw.network import Network

Array = NDArray[Any]

MOST_BYTES = 50_000_000  # of prepared inputs; of more rows, some are shown
USED = "used"  # why a column is an input, where training has nothing else to say
OPTIMIZER = "sgd"  # of a recipe that names none


@dataclass(frozen=True)
class Contents:
    """The contents of a page.

    Attributes:
        arrays: by name, as types.ts lists them.
        document: the rest, plain JSON data.
    """

    arrays: dict[str, Array]
    document: dict[str, Any]


def of_plan(plan: Plan) -> Contents:
    """A network that is to be trained: from its initial weights, which the page draws from the same seed itself."""
    learnt, apart = plan.training, plan.test
    shown = f"{plan.recipe.name} recipe, {plan.target.statement}, by deltaw {__version__}"
    return _contents(
        plan.table, plan.preparation, plan.target, plan.recipe, plan.network, plan.seed, (learnt, apart), 0.0,
        {column.name: column.reason for column in plan.columns}, shown, {},
    )  # fmt: skip


def of_model(model: Model, table: Table, learnt: pl.DataFrame, apart: pl.DataFrame | None, share: float) -> Contents:
    """A trained network, and rows to go on with.

    Args:
        model: of several networks, its first.
        table: where the rows are from.
        learnt: rows to train on, with answers.
        apart: rows to hold out, or None.
        share: of the others, that the page holds out.
    """
    parts = [
        None if frame is None else part_of(frame, model.preparation, model.target, model.recipe, table.name)
        for frame in (learnt, apart)
    ]
    assert parts[0] is not None
    network = model.network
    weights = {f"W.{l}": np.asarray(W, np.float32) for l, W in enumerate(network.weights)}
    weights |= {f"b.{l}": np.asarray(b, np.float32) for l, b in enumerate(network.biases)}
    shown = f"trained on {model.origin.training_rows:,} rows of {model.origin.source}, by deltaw {__version__}"
    return _contents(
        table, model.preparation, model.target, model.recipe, network, model.origin.seed, (parts[0], parts[1]), share,
        {}, shown, weights,
    )  # fmt: skip


def _contents(
    table: Table,
    preparation: Preparation,
    target: Target,
    recipe: Recipe,
    network: Network,
    seed: int,
    parts: tuple[Part, Part | None],
    share: float,
    reasons: Mapping[str, str],
    origin: str,
    weights: dict[str, Array],
) -> Contents:
    if isinstance(target.scale, LogScale):
        expected = "target_scale: expected none, for the lab shows numbers on a straight scale"
        raise SettingError(expected, "log", "give target_scale none")
    learnt, apart = (None if part is None else _some(part, seed, i, parts) for i, part in enumerate(parts))
    assert learnt is not None
    there = [part for part in (learnt, apart) if part is not None]
    frame = there[0].frame if len(there) == 1 else there[0].frame.vstack(there[1].frame)
    arrays = _rows(there, target, recipe)
    X = arrays["inputs"]
    columns, values = _columns(frame, preparation, target, reasons)
    whole = sum(len(part) for part in parts if part is not None)
    notes = list(table.notes) + (
        [say("{some:,} of {whole:,} rows, drawn by seed {seed}", some=len(X), whole=whole, seed=seed)]
        if len(X) < whole
        else []
    )
    if recipe.ensemble_size > 1:
        notes.append(say("one network of the {count} that this recipe trains", count=recipe.ensemble_size))
    share = share if apart is None else len(apart) / len(X)
    data = {
        "name": PurePath(table.name).name,  # a page is passed on: where its table lay is nobody else's business
        "rows": len(X),
        "nIn": X.shape[1],
        "nOut": network.sizes[-1],
        "target": _target(target, recipe),
        "columns": columns,
        "preparation": {"scaling": preparation.scaling, "steps": preparation.document()["steps"]},
        "image": _image(preparation),
        "notes": notes,
        "gaps": [word for word in table.missing if word not in MISSING],
        "decimals": dict(table.decimals),
    }
    # English is not set, so that the page uses the reader's own language.
    language = None if spoken() == LANGUAGES[0] else spoken()
    settings = _settings(recipe, network, seed, share) | {"fromLine": recipe.from_line and not weights}
    document = {"data": data, "settings": settings, "language": language, "origin": origin}
    return Contents(arrays | values | weights, document)


def _rows(there: list[Part], target: Target, recipe: Recipe) -> dict[str, Array]:
    """The rows to train on, and behind them those that are held out."""
    X, learnt = np.concatenate([part.X for part in there]), there[0]
    arrays: dict[str, Array] = {"inputs": X, "targets": _targets(np.concatenate([part.T for part in there]), target)}
    if target.task == "classification":
        arrays["labels"] = np.concatenate([part.truth for part in there]).astype(np.int32)
    factors = weigh.of_classes(recipe.class_weight, target, learnt.truth, learnt.weight)
    counts = [weigh.in_training(factors, part.truth, part.weight) for part in there]
    if counts[0] is not None:
        arrays["weight"] = np.concatenate([np.asarray(each, np.float32) for each in counts])
    if len(there) > 1:
        arrays["heldOut"] = np.arange(len(learnt), len(X), dtype=np.int32)
    return arrays


def _some(part: Part, seed: int, which: int, parts: tuple[Part | None, ...]) -> Part:
    """A sample of a part's rows, in order, so that all parts together fit into MOST_BYTES."""
    whole = sum(np.asarray(each.X).nbytes for each in parts if each is not None)
    if whole <= MOST_BYTES:
        return part
    few = max(1, int(len(part) * (MOST_BYTES / whole)))
    rows = np.sort(np.random.default_rng((seed, which)).choice(len(part), few, replace=False))
    return part.some(rows)


def _targets(T: Array, target: Target) -> Array:
    """(n, n_out) float32; of labels, 1 for the class and 0 for the others."""
    if T.ndim == 2:
        return np.ascontiguousarray(T, np.float32)
    return np.asarray(T[:, None] == np.arange(len(target.classes)), np.float32)


def _target(target: Target, recipe: Recipe) -> dict[str, Any]:
    scale = target.scale
    assert not isinstance(scale, LogScale)
    numbers = target.task == "regression"
    return {
        "name": target.name,
        "task": target.task,
        "reason": target.reason,
        "classes": list(target.classes),
        "encoding": recipe.targets,
        "low": target.low if numbers else recipe.target_low,
        "high": target.high if numbers else recipe.target_high,
        "clamp": target.clamp,
        "centre": scale.centre,
        "width": scale.width,
        "shift": scale.shift,
    }


def _columns(
    frame: pl.DataFrame, preparation: Preparation, target: Target, reasons: Mapping[str, str]
) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Every column that is known, as it was read, and its cells by name. The pixels of a picture are inputs enough."""
    single = {step.title: (step.kind, True, USED) for step in preparation.steps if not isinstance(step, BlockOfNumbers)}
    single |= {each.column: (each.kind, False, each.reason) for each in preparation.left_out}
    single[target.name] = ("number" if target.task == "regression" else "category", True, "target")
    columns: list[dict[str, Any]] = []
    values: dict[str, Array] = {}
    place = partial(next, count())
    for name in frame.columns:
        if name in single:
            kind, used, why = single[name]
            cells, words = _cells(frame.get_column(name), kind)
            values[f"column.{place()}"] = cells
            missing = int(frame.get_column(name).null_count())
            why = reasons.get(name, why)
            columns.append({"name": name, "kind": kind, "missing": missing, "used": used, "why": why, "words": words})
    return columns, values


def _cells(series: pl.Series, kind: str) -> tuple[Array, list[str] | None]:
    """Numbers, NaN where missing; or places in a list of words, -1 where missing."""
    if kind == "number":
        return as_numbers(series, series.name), None
    words = as_words(series)
    known = words.drop_nulls().unique(maintain_order=True).to_list()
    places = {word: place for place, word in enumerate(known)}
    return np.array([places.get(word, -1) for word in words], np.int32), known


def _image(preparation: Preparation) -> dict[str, int] | None:
    """Height and width, where the inputs are the pixels of one picture and nothing else."""
    step = preparation.steps[0]
    if len(preparation.steps) > 1 or not isinstance(step, BlockOfNumbers) or len(step.shape) != 2:
        return None
    return {"width": step.shape[1], "height": step.shape[0]}


def _settings(recipe: Recipe, network: Network, seed: int, share: float) -> dict[str, Any]:
    layers = zip(network.sizes[1:], network.activations, strict=True)
    return {
        "layers": [{"units": units, "activation": activation} for units, activation in layers],
        "bias": recipe.bias,
        "init": recipe.init,
        "loss": recipe.loss,
        "optimizer": optimizer(recipe.optimizer or OPTIMIZER).spec,
        "rate": recipe.learning_rate,
        "schedule": recipe.schedule,
        "epochs": recipe.epochs,
        "batch": recipe.batch_size,
        "shuffle": True,
        "seed": seed,
        "backward": recipe.backward,
        "l2": recipe.l2,
        "dropout": recipe.dropout,
        "dropoutSchedule": recipe.dropout_schedule,
        "labelSmoothing": recipe.label_smoothing,
        "maxGradNorm": recipe.max_grad_norm,
        "heldOut": share,
    }
