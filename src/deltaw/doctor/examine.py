"""The examination: measure, apply every rule, confirm by trials, and sort causes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from deltaw.doctor.confirm import CONFIRMED, confirmed
from deltaw.doctor.evidence.evidence import Evidence, evidence
from deltaw.doctor.evidence.watching import watch
from deltaw.doctor.findings import Finding
from deltaw.doctor.rules.rule import Rule, ordered
from deltaw.doctor.rules.table import RULES
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.clock import within
from deltaw.doctor.trials.trial import Trained, whole_number
from deltaw.equations.lookup import positive

ROWS = 10_000  # the most rows of the training under observation
SECONDS = 10.0  # for all trainings


@dataclass(frozen=True, repr=False)
class Examined:
    """What the doctor found.

    Attributes:
        evidence: the measurements, with the set-up.
        findings: causes first; may be empty.
    """

    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def setup(self) -> Setup:
        """The set-up that was examined."""
        return self.evidence.setup

    @property
    def healthy(self) -> bool:
        """Whether there is no fault; there may be risks and notes."""
        return not any(finding.severity == "fault" for finding in self.findings)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{f.severity} {f.rule}' for f in self.findings) or 'healthy'})"


@np.errstate(all="ignore")  # overflows are findings, not warnings
def examined(setup: Setup, *, rows: int = ROWS, seconds: float = SECONDS, trained: Trained | None = None) -> Examined:
    """Examine a set-up; see `diagnosis.diagnose`."""
    rows, seconds = whole_number(rows, "rows"), positive(seconds, "seconds", or_zero=True)
    with within(seconds):
        known = evidence(setup)
        if seconds > 0 and known.refusal is None and known.before is not None:
            known = replace(known, during=watch(setup, rows=rows, seconds=seconds, trained=trained))
    found = findings(known)
    if known.during is not None:
        with within(CONFIRMED * seconds):
            found = confirmed(known, found, seconds=seconds)
    return Examined(known, ordered(found, RULES))


def findings(known: Evidence, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """The findings of all rules whose evidence is there, in the order of the table."""
    there = {"given": True, "before": known.before is not None, "during": known.during is not None}
    return tuple(found for rule in rules if there[rule.when] and (found := rule(known)) is not None)
