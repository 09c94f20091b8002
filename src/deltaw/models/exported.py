"""A model in another form; and where its weights are coarser there, what that costs in score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from deltaw import export as forms
from deltaw.exceptions import SettingError
from deltaw.export.program import of_bytes
from deltaw.models.scoring.metrics import metric_of
from deltaw.speech import say


def export(model: Any, path: str | Path, *, test: Any = None, int8: bool = False, **choices: Any) -> forms.Exported:
    """`deltaw.export.export` of a `deltaw.Model`, and with a `test` what int8 loses in score on it."""
    if test is not None and not int8:
        raise SettingError("test: expected int8, whose loss of score it tells", say("none"), "leave it out")
    told = [] if test is None else [lost(model, test)]
    return forms.export(model, path, int8=int8, told=told, **choices)


def lost(model: Any, rows: Any) -> Callable[[], str]:
    """The score that the model was trained for, of weights of a byte beside its own: a sentence in the language that is
    chosen when it is asked for.

    Raises:
        InputError: as `Model.evaluate`.
    """
    table, metric = model.read(rows), metric_of(model.recipe.metric, model.task)
    network, *others = map(of_bytes, model.members)
    coarse = replace(model, network=network, others=(*others,))
    before, after = (each.evaluate(table) for each in (model, coarse))
    values = {"metric": metric.name, "before": before[metric.name], "after": after[metric.name], "n": before.rows}
    return lambda: say(
        "int8 weights, {n:,} rows of {name}: {metric} is {after:.4g}, of float weights {before:.4g}",
        name=table.name, **values,
    )  # fmt: skip
