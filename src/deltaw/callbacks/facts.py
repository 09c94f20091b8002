"""The logged data of a run, plain, for every callback to write in its own way."""

from __future__ import annotations

import math
from typing import Any

from deltaw.exceptions import MissingError
from deltaw.models import Model, Plan, ScoredEpoch, metric_of
from deltaw.speech import say

OF_EPOCHS = {"fold", "folds"}  # fields of an epoch in a run of several trainings


def settings(plan: Plan) -> dict[str, Any]:
    """Everything that was decided, by name."""
    made = {"target": plan.target.name, "task": plan.target.task, "seed": plan.seed, "engine": plan.engine}
    recipe = plan.recipe.document()
    return made | {"recipe": recipe.pop("name")} | recipe


def rows(plan: Plan) -> dict[str, int]:
    """Number of rows by purpose."""
    held_out = {"validation": plan.validation, "test": plan.test}
    counts = {name: 0 if part is None else len(part) for name, part in held_out.items()}
    return {"training": plan.learnt} | counts | {"left_out": plan.left_out}


def metric_name(plan: Plan) -> str:
    """The name of an epoch's score in code: "accuracy"."""
    return metric_of(plan.recipe.metric, plan.target.task).name


def measured(epoch: ScoredEpoch, score: str) -> dict[str, float]:
    """The numbers of an epoch that are there and finite, by name (its score's is `score`); a fold's by its number."""
    found = {"loss": epoch.loss, "validation_loss": epoch.validation_loss, score: epoch.score}
    whose = f"fold_{epoch.fold}_" if epoch.fold else ""
    there = {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}
    return {f"{whose}{name}": value for name, value in there.items()}


def scores(model: Model) -> dict[str, float]:
    """The scores of networks that had not seen the rows, as far as they are defined."""
    found = {} if model.scores is None else model.scores.values
    return {f"test_{name}": value for name, value in found.items() if math.isfinite(value)}


def missing(what: str, extra: str) -> MissingError:
    """The error where the other side of an adapter is not installed."""
    return MissingError(
        "expected {what}", say("none"), "install it: pip install 'deltaw[{extra}]'", what=what, extra=extra
    )
