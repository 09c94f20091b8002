"""What defines a run, so that it is resumed from its own checkpoints and from no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from deltaw.engines import known, ranks
from deltaw.exceptions import InputError, SettingError
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.rows.parts import Part
from deltaw.models.rows.survey import ENOUGH
from deltaw.tables.digest import sha256
from deltaw.training.checkpoints import Checkpoints, called, difference, digest, made_by

CHANGEABLE = ("epochs",)  # settings that may change when a run is resumed; see `Checkpoints`


def checkpoints(
    plan: Plan, folder: str | Path, every: str | float, resume: bool, say: Callable[[str], object] | None = None
) -> Checkpoints:
    """The checkpoints of a plan's run; its trainings are numbered in the order of `running`: folds first, or networks.

    Raises as `Checkpoints`; SettingError with `seconds`, since the result then depends on the clock.
    """
    if plan.seconds is not None:
        raise SettingError("checkpoint: expected none beside seconds", "", "leave one of the two out")
    epochs = plan.recipe.epochs
    assert epochs is not None
    return Checkpoints(folder, made_of(plan), epochs, every, resume, say)


def made_of(plan: Plan) -> dict[str, Any]:
    """What defines a run: digests of its data, and its settings."""
    recipe = {name: value for name, value in plan.recipe.document().items() if name not in CHANGEABLE}
    start = () if plan.start is None else [a for each in plan.start.model.members for a in each.weights]
    asked = {
        "the model to begin with": digest(*start) if len(start) else None,
        "the columns of the table": list(plan.table.frame.columns),
        # By it go the rows of a sample, and how many are shuffled at a time.
        "memory": None if plan.streamed is None else min(plan.streamed.memory, ENOUGH),
        "the table": _of_table(plan),
        "target": plan.target.name,
        "task": plan.target.task,
        "recipe": recipe.pop("name"),
        "seed": plan.seed,
        "engine": plan.engine,
        "folds": len(plan.folds),
        "test_size": plan.choices.test_size,
        "group": plan.choices.group,
        "time": plan.choices.time,
    }
    follows = {  # from what was asked, or from tables given beside
        "the validation rows": _of_part(plan.validation),
        "the test rows": _of_part(plan.test),
        "the columns": digest(np.frombuffer(str(plan.preparation.document()).encode(), np.uint8)),
        "sizes": list(plan.network.sizes),
        "initial weights": digest(*plan.network.weights, *plan.network.biases),
    }
    return asked | recipe | follows


def differing(plan: Plan, kept: bool) -> dict[int, InputError]:
    """Of several processes that train together, an error for each whose run differs from that of the first.

    `kept`: whether this process has checkpoints; all have to have them.
    """
    version, checkpoint = made_by()["version"], "DIR" if kept else None
    of_each = ranks.here().gathered(
        {"the version of DeltaW": version, **made_of(plan), "epochs": plan.recipe.epochs, "checkpoint": checkpoint}
    )
    first, found = of_each[0], dict[int, InputError]()
    for rank, made in enumerate(of_each):
        other = next((name for name, value in made.items() if value != first.get(name)), None)
        if other is not None:
            found[rank] = InputError(
                "expected {name} as in rank 0", difference(first.get(other), made[other]),
                "give every process the same files and options", name=called(other),
            )  # fmt: skip
    return found


def check_same(plan: Plan, kept: bool) -> None:
    """Raise InputError in all processes that train together, if one of them has other rows or settings."""
    if ranks.here().world > 1 and known(plan.engine) == "torch":
        for rank, error in differing(plan, kept).items():
            raise InputError("rank {rank}: {message}", rank=rank, message=error)


def _of_table(plan: Plan) -> str:
    """The digest of the training table; of a streamed one, of all its rows."""
    if plan.streamed is not None:
        return digest(np.array([plan.streamed.survey.digest], np.uint64))
    return f"sha256:{sha256(plan.table)}"


def _of_part(part: Part | None) -> str | None:
    """The digests of a part of the rows; None if there is no such part."""
    return None if part is None else digest(part.X, part.T, part.truth, part.weight)
