"""The doctor on random set-ups: healthy ones, on which it should be silent, and ones broken on purpose.

Run: python -m benchmarks.doctor.random_setups healthy|broken --count 50 [--first 0] [--for 100] [--file FILE] [--again]

Set-ups are those of `setups`, one a seed. Each is one line of the file; seeds that stand in it are not run
again, so that a long run can be cut into parts. "found": there is a fault, or a risk that names the way it was broken;
"first": the first finding names it; "repaired": trained in full over three seeds, the repaired set-up learns as much as
the healthy one it was made from, less two hundredths of skill or two standard errors of a skill on the rows held out
(which are others for the two).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import commands, kept
from benchmarks.doctor.setups import WAYS, broken, healthy
from deltaw.doctor.diagnosis import diagnose
from deltaw.doctor.repair import repair
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.trial import Budget, Holdout, hold_out, trial

SEEDS, NEAR, SECONDS = 3, 0.02, 3.0
FILE = Path("build/doctor_random.jsonl")


def skill(holdout: Holdout, setup: Setup) -> float:
    """Mean over the seeds of what a set-up learns."""
    return float(np.mean([holdout.skill(trial(setup, setup.seed + i, 5.0).score) for i in range(SEEDS)]))


def of_healthy(seed: int, seconds: float) -> dict[str, Any]:
    """One line: what the doctor says to a healthy set-up."""
    table, setup, drawn = healthy(seed)
    diagnosis = diagnose(setup, seconds=seconds)
    seen = diagnosis.evidence.during
    return {
        "table": table, "drawn_before": drawn, "faults": [f.rule for f in diagnosis.findings if f.severity == "fault"],
        "risks": [f.rule for f in diagnosis.findings if f.severity == "risk"],
        "skill": seen and seen.skill, "possible": seen and seen.possible, "network": setup.network.sizes,
        "activation": setup.network.activations[0], "optimizer": setup.optimizer, "learning_rate": setup.learning_rate,
    }  # fmt: skip


def of_broken(seed: int, seconds: float) -> dict[str, Any]:
    """One line: whether a broken set-up was found, named and mended."""
    way, table, setup, sound = broken(seed)
    causes = WAYS[way].causes
    diagnosis = diagnose(setup, seconds=seconds)
    found = diagnosis.findings
    named = any(f.rule in causes and f.severity != "note" for f in found)
    mended = repair(diagnosis, 2 * seconds)
    holdout = hold_out(sound, Budget(5000, 5.0), seed=2)
    goal, held = skill(holdout, holdout.setup), len(holdout.setup.held_out[1])
    mended_holdout = hold_out(mended.setup, Budget(5000, 5.0), seed=2)
    after = skill(mended_holdout, mended_holdout.setup)
    share = min(max(holdout.guess + (1 - holdout.guess) * goal, 0.05), 0.95)
    slack = max(NEAR, 2 * float(np.sqrt(share * (1 - share) / held)) / (1 - holdout.guess))
    return {
        "way": way, "table": table, "found": named or not diagnosis.healthy, "fault": not diagnosis.healthy,
        "first": bool(found) and found[0].rule in causes, "repaired": after >= goal - slack,
        "findings": [f"{f.severity} {f.rule}" for f in found[:4]], "healthy_skill": goal, "skill": after,
        "kept": [f.rule for f in mended.kept],
    }  # fmt: skip


RUNS = {"healthy": of_healthy, "broken": of_broken}


def summary(kind: str, rows: list[dict[str, Any]]) -> str:
    """How many alarms, or for broken ones the table of docs/doctor-programs.md, a line a way."""
    if kind == "healthy":
        alarms = sum(bool(row["faults"]) for row in rows)
        risks = Counter(risk for row in rows for risk in row["risks"])
        listed = ", ".join(f"{count} `{risk}`" for risk, count in risks.most_common())
        risky = sum(bool(row["risks"]) for row in rows)
        return f"Of {len(rows)} healthy ones {alarms} had a finding of severity fault; {risky} had a risk ({listed})."
    by_way = defaultdict(list)
    for row in rows:
        by_way[f"`{row['way']}`"].append(row)
    lines = [_line(way, of) for way, of in [*sorted(by_way.items()), ("all", rows)]]
    return "\n".join(["| broken by | found | as a fault | cause first | repaired |", "|---" * 5 + "|", *lines])


def _line(name: str, rows: list[dict[str, Any]]) -> str:
    counts = [sum(row[what] for row in rows) for what in ("found", "fault", "first", "repaired")]
    return f"| {name} | " + " | ".join(f"{count} of {len(rows)}" for count in counts) + " |"


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("kind", choices=list(RUNS))
    parser.add_argument("--count", type=int, default=50, help="seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for an examination; a repair gets twice that")
    parser.add_argument("--again", action="store_true", help="run seeds again that stand in the file")
    commands.keeps_rows(parser, "a set-up", FILE)
    options = parser.parse_args()

    def made(run: tuple[str, int]) -> dict[str, Any]:
        kind, seed = run
        return {"kind": kind, "seed": seed} | RUNS[kind](seed, options.seconds)

    runs = [(options.kind, seed) for seed in range(options.first, options.first + options.count)]
    kept.rows(runs, options.file, made, options.limit, itemgetter("kind", "seed"), options.again)
    rows = {row["seed"]: row for row in kept.lines(options.file) if row["kind"] == options.kind}
    print(summary(options.kind, list(rows.values())))


if __name__ == "__main__":
    main()
