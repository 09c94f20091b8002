"""The doctor: why a network does not learn, with evidence, and repairs that were tried.

    diagnosis = deltaw.doctor.examine(net, X, T, loss="squared", learning_rate=3.0)
    print(diagnosis)
    diagnosis.repair()

`examine_table` and `examine_model` do the same for what `deltaw.fit` trains; `learning_rate` sweeps the rate alone.

The steps: `evidence.before` measures data, settings and the initial network; `evidence.watching` trains it and two
baselines; `rules.table` is the table of rules that judge this evidence and give `findings`; `confirm` tries the repair
of each finding; `repair` combines the repairs that help. `trials` has the trainings that all of them make.
"""

from __future__ import annotations

from deltaw.doctor.diagnosis import Diagnosis, diagnose, examine
from deltaw.doctor.findings import Finding, Repair, Where
from deltaw.doctor.outcome import outcome
from deltaw.doctor.repair import Repaired
from deltaw.doctor.rules.rule import Rule
from deltaw.doctor.rules.table import RULES
from deltaw.doctor.setup import Setup
from deltaw.doctor.tables import examine_model, examine_table, planned
from deltaw.doctor.trials.learning_rate import Sweep, learning_rate

__all__ = [
    "RULES",
    "Diagnosis",
    "Finding",
    "Repair",
    "Repaired",
    "Rule",
    "Setup",
    "Sweep",
    "Where",
    "diagnose",
    "examine",
    "examine_model",
    "examine_table",
    "learning_rate",
    "outcome",
    "planned",
]


def __dir__() -> list[str]:
    return __all__
