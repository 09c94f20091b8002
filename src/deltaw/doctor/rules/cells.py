"""Rules about single cells, before training: placeholders for missing values, and values in another unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.cells import Placeholder, Units, placeholder, units
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.outliers import outliers
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.rules.columns import FEWEST_ROWS, MOST_CELLS
from deltaw.engines.rows import spread
from deltaw.numbers import number
from deltaw.speech import say
from deltaw.speech.settings import given_as

Array = NDArray[Any]


def placeholder_values(evidence: Evidence) -> Finding | None:
    """A value of a column, or of the target, that stands for missing ones."""
    if (t := _answers(evidence)) is not None and (found := placeholder(t)) is not None:
        return finding(
            "{share:.1%} of the targets are {value}, all others lie from {low} to {high}: as if it meant that "
            "the value is missing. The network learns it as an answer.",
            **_of_placeholder(found, len(t)),
            evidence={"value": found.value, "rows": found.rows},
            repair=Repair(_without(evidence, found, say("leave out these rows"))),
            likelihood=0.75,
        )
    columns = [(*column, each) for column in _columns(evidence) if (each := placeholder(column[1])) is not None]
    if evidence.known.outliers or not columns:  # `input_outliers` says more
        return None
    changes = {} if evidence.setup.raw else {"missing": tuple((inputs[0], each.value) for *_, inputs, each in columns)}
    name, values, _, found = columns[0]
    return finding(
        "{share:.1%} of the values of column {name} are {value}, all others lie from {low} to {high}: as if it meant "
        "that the value is missing.{more}",
        name=name,
        **_of_placeholder(found, len(values)),
        more=say(" {n} columns have such values.", n=len(columns)) if len(columns) > 1 else "",
        evidence={"value": found.value, "rows": found.rows, "columns": len(columns)},
        where=Where(column=name),
        repair=Repair(_without(evidence, found, say("make them missing, or put the column's mean there")), changes),
    )


def mixed_units(evidence: Evidence) -> Finding | None:
    """Two groups of values of a column, or of the target, in different units."""
    if (t := _answers(evidence)) is not None and (found := units(t)) is not None:
        return finding(
            "The targets fall into two groups of the same form, the upper {factor} times as large ({share:.0%} of the "
            "rows, from {above} on): as if these were in another unit.",
            **_of_units(found),
            evidence={"factor": found.factor, "share": found.share},
            repair=Repair(say("bring the targets to one unit")),
        )
    for name, values, inputs in _columns(evidence):
        if (found := units(values)) is not None:
            group = (inputs[0], found.above, *found.middles, found.factor)
            changes = {} if evidence.setup.raw else {"units": (group,), "inputs": "standard"}
            return finding(
                "The values of column {name} fall into two groups of the same form, the upper {factor} times as wide "
                "({share:.0%} of the rows, from {above} on): as if these were in another unit.",
                name=name,
                **_of_units(found),
                evidence={"factor": found.factor, "share": found.share},
                where=Where(column=name),
                repair=Repair(say("bring the column to one unit"), changes),
            )
    return None


def _columns(evidence: Evidence) -> Iterator[tuple[str, Array, tuple[int, ...]]]:
    """Name, sampled values and inputs of each column of the table, or of each input."""
    known, raw = evidence.known, evidence.setup.raw
    columns = len(raw or known.columns.names)
    few = spread(len(known.index), max(FEWEST_ROWS, MOST_CELLS // columns))
    if raw:
        for column in raw:
            yield column.name, column.values[known.index[few]], column.inputs
    else:
        for j, name in enumerate(known.columns.names):
            yield name, known.x[few, j], (j,)


def _answers(evidence: Evidence) -> Array | None:
    """The sampled targets, in the table's own unit, if they are one column of numbers without outliers."""
    known, column, targets = evidence.known, evidence.setup.target_column, evidence.known.targets
    if targets.task != "regression" or known.t.shape[1] != 1 or targets.bad:
        return None
    if outliers(known.t, targets.low, targets.high, targets.std):
        return None  # `target_outliers` says more
    return known.t[:, 0] if column is None else np.asarray(column.values(known.t), np.float64)


def _of_placeholder(found: Placeholder, rows: int) -> dict[str, Any]:
    low, high = found.rest
    return {"share": found.rows / rows, "value": number(found.value, 4), "low": low, "high": high}


def _of_units(found: Units) -> dict[str, Any]:
    return {"factor": number(found.factor), "share": found.share, "above": found.above}


def _without(evidence: Evidence, found: Placeholder, otherwise: str) -> str:
    """How to make a placeholder missing; 0 may be a number in other columns."""
    if evidence.setup.raw is None or not found.value:
        return otherwise
    read = f"{found.value:g}"
    return say("read {read} as missing ({option})", read=read, option=given_as("na", [read]))
