"""`Finding`, `Repair` and `Where`: what the doctor reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.changes import applied
from deltaw.numbers import number
from deltaw.speech import listed, say

Severity = Literal["fault", "risk", "note"]
SEVERITIES: tuple[Severity, ...] = ("fault", "risk", "note")  # the worst first
DIGITS = 3  # of floats in sentences

# Field of `Where` -> sentence.
PLACES = {name: f"{name} {{which}}" for name in ("layer", "unit", "column", "row", "epoch", "step")}


@dataclass(frozen=True)
class Where:
    """The place that a finding is about; all counted from 0, None if it does not apply.

    Attributes:
        layer: of weights; 0 is the first after the input.
        unit: of that layer.
        column: of X, its name or index.
        row: of X.
        epoch, step: of training; steps are counted over all epochs.
    """

    layer: int | None = None
    unit: int | None = None
    column: str | int | None = None
    row: int | None = None
    epoch: int | None = None
    step: int | None = None

    def __str__(self) -> str:
        """ "layer 1, epoch 3": counted from 1; a column by its name."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        shown = {n: v if isinstance(v, str) or n == "column" else v + 1 for n, v in known.items()}
        return listed(say(PLACES[name], which=value) for name, value in shown.items())


@dataclass(frozen=True)
class Repair:
    """A change of settings that may help.

    Attributes:
        words: what to do, in words.
        changes: fields of `Setup`, or operations of `doctor.trials.changes`, and their new values. Empty if a person
            has to act (check the labels, collect more rows).
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, setup: Setup) -> Setup:
        """A copy of `setup` with the changes.

        Raises:
            SettingError: an unknown change, or one that this set-up does not allow.
        """
        return applied(setup, self.changes)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or may be.

    Attributes:
        cause: the explanation, with the numbers.
        evidence: the measured numbers, by name.
        where: the place, if it has one.
        repair: what to change, if there is something.
        severity: "fault" (the evidence shows harm), "risk" (it may harm) or "note"; None: the rule's default.
        likelihood: from 0 to 1, that this keeps the network from learning; None: the rule's default.
        rule: name of the rule.
        because_of: names of other rules with findings that explain this one.
        ineffective: whether its repair was tried and did not help; then it explains no other finding.
    """

    cause: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None
    repair: Repair | None = None
    severity: Severity | None = None
    likelihood: float | None = None
    rule: str = ""
    because_of: tuple[str, ...] = ()
    ineffective: bool = False


def finding(
    cause: str,
    /,
    *,
    evidence: Mapping[str, Any] = MappingProxyType({}),
    where: Where | None = None,
    repair: Repair | None = None,
    severity: Severity | None = None,
    likelihood: float | None = None,
    **fields: object,
) -> Finding:
    """A `Finding` whose cause is a sentence of `deltaw.speech` with named `fields`.

    Floats in fields without a format are shown to DIGITS digits.
    """
    plain = {name for _, name, form, _ in Formatter().parse(cause) if not form}
    for name, value in fields.items():
        if name in plain and isinstance(value, (float, np.floating)):
            fields[name] = number(value, DIGITS)
    return Finding(say(cause, **fields), evidence, where, repair, severity, likelihood)


def automatic(finding: Finding) -> bool:
    """Whether it has a repair that can be applied automatically."""
    return finding.repair is not None and bool(finding.repair.changes)


def repairs(findings: Iterable[Finding]) -> list[Repair]:
    """The findings' repairs, in order."""
    return [f.repair for f in findings if f.repair is not None]
