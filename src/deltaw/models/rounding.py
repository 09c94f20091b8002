"""What it costs in score to round a model's weights to one byte each (`Model.export(..., int8=True)`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deltaw.export.program import of_bytes
from deltaw.models.scoring.metrics import metric_of
from deltaw.speech import say


def cost(model: Any, rows: Any) -> Callable[[], str]:
    """The score on `rows` with rounded weights beside that with float weights; called, it gives the sentence.

    Raises:
        InputError: as `Model.evaluate`.
    """
    table, metric = model.read(rows), metric_of(model.recipe.metric, model.task)
    network, *others = map(of_bytes, model.members)
    rounded = replace(model, network=network, others=tuple(others))
    before, after = (each.evaluate(table) for each in (model, rounded))
    values = {"metric": metric.name, "before": before[metric.name], "after": after[metric.name], "n": before.rows}
    return lambda: say(  # in the language that is chosen when the file is written
        "int8 weights on {n:,} rows of {name}: {metric} {after:.4g}, with float weights {before:.4g}",
        name=table.name, **values,
    )  # fmt: skip
