"""Why does it not learn? Evidence, cause, and a repair that was tried.

    diagnosis = deltaw.doctor.examine(net, X, T, loss="squared", learning_rate=3.0)
    print(diagnosis)
    diagnosis.repair()

`examine_table` and `examine_model` do the same for what `deltaw.fit` trains; `learning_rate` sweeps the rate alone.

Read `findings` first: what is said. `rules.table` holds all rules. `evidence.before` measures what can be known before
training, `evidence.watching` trains under observation, `confirm` tries what would mend each finding, `repair` puts
together what helps. `trials` holds the trainings that all of them make.
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
