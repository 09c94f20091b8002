"""`Rule`, a row of the table of rules, and the order of findings.

A rule maps evidence to a `Finding` or None. A row lists the rules that it `explains`; by this `ordered` sorts causes
before their consequences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import SEVERITIES, Finding, Severity

# What a rule needs: the settings, the data, or a training under observation.
Stage = Literal["given", "before", "during"]


@dataclass(frozen=True)
class Rule:
    """A row of the table of rules.

    Attributes:
        name: e.g. "unscaled_inputs".
        severity: of its findings, unless they have their own.
        when: the evidence that it needs.
        look: evidence -> a Finding, or None; a pure function.
        reason: one line: why this keeps a network from learning.
        source: of the threshold: a derivation, a paper, or a repeatable measurement.
        likelihood: of its findings, unless they have their own.
        explains: names of rules whose findings this one may cause.
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
        """The rule's finding, with its name and defaults filled in."""
        found = self.look(evidence)
        if found is None:
            return None
        severity = found.severity or self.severity
        likelihood = self.likelihood if found.likelihood is None else found.likelihood
        return replace(found, rule=self.name, severity=severity, likelihood=likelihood)


def ordered(found: Iterable[Finding], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Findings sorted by severity, then causes before what they explain, then by likelihood.

    A cause takes the severity of the worst finding that it explains: unscaled inputs are a risk, but a fault if they
    have saturated the network.
    """
    by_name = {finding.rule: finding for finding in found}
    links = {rule.name: rule.explains for rule in rules}
    explained = {
        name: [other for other in _reach(name, links) if other in by_name and not finding.ineffective]
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
    """All rules that a rule explains, directly or indirectly, without itself."""
    reached: list[str] = []
    waiting = list(explains.get(name, ()))
    while waiting:
        next_ = waiting.pop()
        if next_ != name and next_ not in reached:
            reached.append(next_)
            waiting += explains.get(next_, ())
    return reached
