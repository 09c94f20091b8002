"""The table of rules. To add one: a row here, its function in the file of its subject, and a test.

Read `findings.Rule` for what a row says. `rules_data` looks at X and T, `rules_settings` at the network and its
settings, `rules_training` at what was seen in training.
"""

from __future__ import annotations

from deltaw.doctor import rules_settings as settings
from deltaw.doctor.findings import Rule

RULES: tuple[Rule, ...] = (
    # --- what deltaw.train would refuse, and nothing below explains -------------------------------------------------
    Rule(
        "refused", "fault", "given", settings.refused,
        reason="deltaw.train does not begin",
        source="the checks of deltaw.train", likelihood=0.2,
    ),
    # --- while training ---------------------------------------------------------------------------------------------
)  # fmt: skip

BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
