"""Steps and left-out columns as JSON data, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from deltaw.exceptions import ModelFileError
from deltaw.preparation.columns.alike import Alike, Coded
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.columns.text import Text
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.document import fields, frozen
from deltaw.preparation.scales.scaling import Scale
from deltaw.speech import listed, say
from deltaw.tables.columns import KINDS

FITTED: dict[str, Any] = {step.kind: step for step in (Number, Truth, Category, Day, Text)}
OPTIONAL = {"means": None, "unit": ""}  # fields that are left out of a document if they have these values
STEPS: dict[str, Any] = {**FITTED, BlockOfNumbers.kind: BlockOfNumbers, Alike.kind: Alike}


@dataclass(frozen=True)
class LeftOut:
    """A column that is not used, and why."""

    column: str
    kind: str
    reason: str


LEFT_OUT_CHECKS = {"column": str, "kind": KINDS, "reason": str}


def left_out_of(document: dict[str, Any], i: int) -> LeftOut:
    """The i-th left-out column, from 1. Raises ModelFileError for an invalid document."""
    return LeftOut(**fields(document, LEFT_OUT_CHECKS, say("preparation, left out {i}", i=i)))


def document_of(step: Step) -> dict[str, Any]:
    """A step as data."""
    known = {"kind": step.kind} | asdict(step)  # type: ignore[call-overload]
    return {name: value for name, value in known.items() if name not in OPTIONAL or value != OPTIONAL[name]}


def step_of(document: dict[str, Any], what: str) -> Step:
    """The step of a `document`, called `what` in messages. Raises ModelFileError for an invalid one."""
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in STEPS:
        expected = "{what}: expected a kind ({steps})"
        raise ModelFileError(expected, repr(kind)[:60], "save the model again", what=what, steps=listed(STEPS))
    step = STEPS[kind]
    left_out = {name: value for name, value in OPTIONAL.items() if name in step.CHECKS}
    values = fields({name: value for name, value in document.items() if name != "kind"}, step.CHECKS, what, left_out)
    if "scale" in values:
        values["scale"] = Scale(**values["scale"])
    if (means := frozen(values.get("means"))) is not None:
        values["means"] = step.MEANS(**means | {"scales": tuple(Scale(**each) for each in means["scales"])})
    if step is Alike:
        values["columns"] = tuple(Coded(**each) for each in frozen(values["columns"]))
    made: Step = step(**values)
    if not made.is_sound():
        raise ModelFileError(
            "{what}: expected fields that fit together", say("others"), "save the model again", what=what
        )
    return made
