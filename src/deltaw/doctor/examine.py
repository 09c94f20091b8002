"""The examination: measure, ask every rule, confirm what is in doubt, put the cause first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from deltaw.doctor.evidence.before import Evidence, evidence
from deltaw.doctor.findings import Finding, Rule, ordered
from deltaw.doctor.rules.table import RULES
from deltaw.doctor.setup import Setup
from deltaw.network import Network

if TYPE_CHECKING:
    from deltaw.doctor.repair import Repaired
    from deltaw.doctor.trials.trial import Trained
    from deltaw.pages import Page

ROWS = 10_000  # rows that the training under observation sees at most
SECONDS = 10.0  # and for how long


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What the doctor found.

    Attributes:
        evidence: what was measured, with the setup.
        findings: the cause first; empty where nothing is to be said.
    """

    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def setup(self) -> Setup:
        """What was examined."""
        return self.evidence.setup

    @property
    def healthy(self) -> bool:
        """Whether there is no fault. Risks and notes there may be."""
        return not any(finding.severity == "fault" for finding in self.findings)

    @cached_property
    def page(self) -> Page:
        """The diagnosis as a document with figures: `.text()`, `.markdown()`, `.html()`, `.json()`."""
        from deltaw.doctor.page import page

        return page(self)

    @property
    def line(self) -> str:
        """The first finding in one line, or "" where there is neither fault nor risk."""
        from deltaw.doctor.page import line

        return line(self)

    def repair(self, seconds: float = 30.0) -> Repaired:
        """Try the repairs, keep what helps on rows held out; see `deltaw.doctor.repair`."""
        from deltaw.doctor.repair import repair

        return repair(self, seconds)

    def __str__(self) -> str:
        return str(self.page)

    def __repr__(self) -> str:
        return f"Diagnosis({', '.join(f'{f.severity} {f.rule}' for f in self.findings) or 'healthy'})"

    def _repr_html_(self) -> str:
        return self.page._repr_html_()


def examine(
    net: Network,
    X: ArrayLike,
    T: ArrayLike,
    *,
    rows: int = ROWS,
    seconds: float = SECONDS,
    **settings: Any,
) -> Diagnosis:
    """Say why a network does not learn: measure, train under observation, and name the cause.

    Args:
        net: the network as training would start; it is not changed.
        X, T: the training rows.
        rows: the training under observation sees at most so many.
        seconds: and lasts about so long; 0 looks only at what can be known before training.
        settings: the words of `deltaw.train` (loss=, optimizer=, learning_rate=, batch_size=, epochs=, validation=, …),
            and `task`, `columns`, `reduction` of `deltaw.doctor.Setup`.

    Returns:
        The `Diagnosis`. Settings and data that `deltaw.train` would refuse give a finding, not an error.

    Raises:
        SettingError: `net` is no network, or there is no such setting.
    """
    return diagnose(Setup.of(net, X, T, settings), rows=rows, seconds=seconds)


def diagnose(setup: Setup, *, rows: int = ROWS, seconds: float = SECONDS, trained: Trained | None = None) -> Diagnosis:
    """`examine`, of a Setup; with `trained`, what came of it, that is looked at instead of a first training."""
    known = evidence(setup)
    if seconds > 0 and known.refusal is None and known.before is not None:
        from deltaw.doctor.evidence.during import watch

        known = replace(known, during=watch(setup, known.before, rows=rows, seconds=seconds, trained=trained))
    found = findings(known)
    if known.during is not None:
        from deltaw.doctor.confirm import confirmed

        found = confirmed(known, found, seconds=seconds)
    return Diagnosis(known, ordered(found, RULES))


def findings(known: Evidence, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules that can look find, in the order of the table."""
    there = {"given": True, "before": known.before is not None, "during": known.during is not None}
    return tuple(found for rule in rules if there[rule.when] and (found := rule(known)) is not None)
