"""What the doctor says: findings, repairs, the rows of the table of rules, and the order in which findings stand.

A rule looks at the evidence and returns a `Finding` or None; the row of the table puts its name to it. Rules that
explain one another are told apart by data: a row names what it `explains`, and `ordered` puts the cause first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.changes import applied

if TYPE_CHECKING:
    from deltaw.doctor.evidence.before import Evidence

Severity = Literal["fault", "risk", "note"]
SEVERITIES: tuple[Severity, ...] = ("fault", "risk", "note")  # the worst first
# What must be known before a rule can look: the settings as given; the data read; a training watched.
Stage = Literal["given", "before", "during"]


@dataclass(frozen=True)
class Where:
    """The place that a finding is about; all counted from 0, None where it has no meaning.

    Attributes:
        layer: of weights; 0 is the first after the input.
        column: of X, by its name or its number.
        step: of training, over all epochs.
    """

    layer: int | None = None
    unit: int | None = None
    column: str | int | None = None
    row: int | None = None
    epoch: int | None = None
    step: int | None = None

    def __str__(self) -> str:
        """ "layer 1, epoch 3": counted from 1, as people do; a column's own name."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return ", ".join(
            f"{name} {value if isinstance(value, str) or name == 'column' else value + 1}"
            for name, value in known.items()
        )


@dataclass(frozen=True)
class Repair:
    """A change of settings that may help.

    Attributes:
        words: what to do, for people.
        changes: what a program does: fields of `Setup`, or operations of `doctor.trials.changes`, and their new values.
            Empty where no program can know (the labels must be looked at, more rows collected).
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, setup: Setup) -> Setup:
        """The setup after the changes; the one given stays as it is."""
        return applied(setup, self.changes)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        cause: plain words with the arithmetic put in.
        evidence: the numbers measured, by name.
        where: the place, if it has one.
        repair: what to change, if there is something.
        severity: "fault": the evidence shows harm. "risk": it may harm. "note": worth knowing. None until the rule's
            row puts its own; a rule whose evidence is weaker or stronger than usual says its own.
        likelihood: from 0 to 1, that this is what keeps the network from learning: the order among equals.
        rule: the name of the rule; the row puts it.
        because_of: names of rules found too that explain this one.
        idle: whether its repair was tried, and brought nothing: then it explains nothing either.
    """

    cause: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None
    repair: Repair | None = None
    severity: Severity | None = None
    likelihood: float | None = None
    rule: str = ""
    because_of: tuple[str, ...] = ()
    idle: bool = False


@dataclass(frozen=True)
class Rule:
    """A row of the table of rules.

    Attributes:
        name: "unscaled_inputs".
        severity: what a finding of it is, unless `look` says otherwise.
        when: what must be known before it can look.
        look: evidence -> a Finding, or None where all is well. Pure.
        reason: one line: why this keeps a network from learning.
        source: where the threshold comes from: a derivation, a paper, or a measurement that can be repeated.
        likelihood: what a finding's is, unless `look` says otherwise.
        explains: names of rules whose findings this one causes.
    """

    name: str
    severity: Severity
    when: Stage
    look: Callable[[Evidence], Finding | None]
    reason: str
    source: str
    likelihood: float = 0.5
    explains: tuple[str, ...] = ()

    def __call__(self, evidence: Evidence) -> Finding | None:
        """What the rule finds, under its name."""
        found = self.look(evidence)
        if found is None:
            return None
        severity = found.severity or self.severity
        likelihood = self.likelihood if found.likelihood is None else found.likelihood
        return replace(found, rule=self.name, severity=severity, likelihood=likelihood)


def programmable(finding: Finding) -> bool:
    """Whether it has a repair that a program can make."""
    return finding.repair is not None and bool(finding.repair.changes)


def repairs(findings: Iterable[Finding]) -> list[Repair]:
    """Their repairs, in their order."""
    return [f.repair for f in findings if f.repair is not None]


def ordered(found: Iterable[Finding], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Findings with the cause first: the worst before the others, causes before what they explain, then the likeliest.

    A cause is as bad as the worst that it explains: an input that is not scaled is a risk; where it has saturated the
    network it is the fault, and the saturation its consequence.
    """
    by_name = {finding.rule: finding for finding in found}
    links = {rule.name: rule.explains for rule in rules}
    explained = {
        name: [other for other in _reach(name, links) if other in by_name and not finding.idle]
        for name, finding in by_name.items()
    }
    placed = [
        replace(
            finding,
            severity=SEVERITIES[min(_rank(by_name[name]) for name in (finding.rule, *explained[finding.rule]))],
            because_of=tuple(name for name in by_name if finding.rule in explained[name]),
        )
        for finding in by_name.values()
    ]
    return tuple(sorted(placed, key=lambda f: (_rank(f), bool(f.because_of), -(f.likelihood or 0.0))))


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity or "note")


def _reach(name: str, explains: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All that a rule explains, directly or through others; never itself."""
    reached: list[str] = []
    waiting = list(explains.get(name, ()))
    while waiting:
        next_ = waiting.pop()
        if next_ != name and next_ not in reached:
            reached.append(next_)
            waiting += explains.get(next_, ())
    return reached
