"""Rules about the network and the settings of its training, before it begins."""

from __future__ import annotations

from deltaw.doctor.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair


def refused(evidence: Evidence) -> Finding | None:
    """What `deltaw.train` says, in its own words."""
    error = evidence.refusal
    if error is None:
        return None
    return Finding(
        cause=f"deltaw.train refuses this: {error}", repair=Repair(error.remedy or "correct it"),
    )  # fmt: skip
