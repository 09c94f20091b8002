"""The doctor on the 24 published programs: found, cause named, repaired, false alarms, overhead.

Run: python benchmarks/doctor.py [--only NAME …] [--as-written] [--seconds 8] [--json].

Each program of `doctor_programs` is examined and repaired with the seconds given; a faulty one from the first of twelve
seeds with which it fails ("mostly" means that with some it does not). "found": there is a finding of severity fault.
"cause": one of the first two findings is a rule of CAUSES, which says by which rules the faults of the file are named.
"repaired": the repaired program, trained in full over three seeds, scores within 0.02 of the published fix or better.
Where the file gives no score for the fix, the fix is trained here; where it gives no fix at all, the fix of another
program on the same data stands for it. --overhead: what watching adds to the training's time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

from doctor_programs import CASES, Program, programs

import deltaw
from deltaw.doctor.examine import diagnose
from deltaw.doctor.repair import repair
from deltaw.doctor.setup import Setup
from deltaw.doctor.stepping import watched
from deltaw.doctor.trial import trial

SEEDS, NEAR, SECONDS, REPEATS, MOST_SEEDS = 3, 0.02, 8.0, 7, 12

VANISHING = {"vanishing_by_depth", "gradient_faded"}
OUTPUT = {"improper_loss", "log_of_any_number"}
# The rules that name what the file calls the program's faults; any of them is right.
CAUSES: dict[str, set[str]] = {
    "SO48385830": {"rate_too_high", "no_hidden_activation", "squared_for_classes"},
    "SO31556268_XOR": {"loss_for_numbers", "rate_too_low", "too_few_epochs"},
    "SO50306988": {"rate_too_low", "too_few_epochs"},
    "SO38648195": {"softmax_several_labels", "squared_for_classes"},
    "SO55328966": {"unscaled_inputs", "no_hidden_activation", *OUTPUT},
    "SO31880720": {"single_softmax"},
    "SO59278771_iris": {"unscaled_inputs", "weights_too_small", "too_small", "dead_units", *OUTPUT},
    "SO48221692": {"targets_outside_range"},
    "TDC_IPS_5": {"rate_too_high"},
    "TDC_IPS_15": {"rate_too_high", "unscaled_inputs"},
    "TFE_333": {"weights_too_large", "rate_too_low"},
    "AT_demo_gradient_vanish": VANISHING,
    "AT_demo_oscillating_loss": {"noisy_steps", "rate_too_high"},
    "AT_circle_0ae2cd88": {"exploding_at_start"},
    "AT_circle_5ab0aeda": VANISHING,
    "AT_circle_8de47bdc": {"weights_too_small", "dead_units", "dead_layer", *VANISHING},
    "AT_blob_0b6f114d": {"exploding_at_start", *OUTPUT},
    "AT_blob_2569b90f": {*VANISHING, *OUTPUT},
}
# Programs without a fix of their own -> one on the same data that has.
FIXED_BY = {"circle": "AT_demo_gradient_vanish", "blob": "AT_demo_oscillating_loss"}


def setup_of(settings: dict[str, Any]) -> Setup:
    """A Setup from `Program.given` or `Program.fixed`."""
    words = dict(settings)
    return Setup.of(words.pop("network"), words.pop("X"), words.pop("T"), words)


def full_scores(setups: list[Setup]) -> list[float]:
    """Trained whole and scored on the rows that the program scores by."""
    return [trial(setup).score for setup in setups]


def target(program: Program, everything: list[Program]) -> tuple[float, str]:
    """The score of the published fix, and where it is from."""
    if program.published:
        return statistics.mean(program.published), "published"
    if program.fixed is not None:
        fixed = program.fixed
        return statistics.mean(full_scores([setup_of(fixed(seed)) for seed in range(SEEDS)])), "fix, trained here"
    other = next(p for key, name in FIXED_BY.items() if key in program.name for p in everything if p.name == name)
    return target(other, everything)[0], other.name


def failing(program: Program, goal: float) -> tuple[Setup, float]:
    """The program from the first seed with which it fails, and its score; a control from seed 0."""
    for seed in range(MOST_SEEDS if program.faulty else 1):
        setup = setup_of(program.given(seed))
        score = full_scores([setup])[0] if program.faulty else goal
        if score < goal - NEAR:
            break
    return setup, score


def watching(setup: Setup) -> float:
    """What telemetry adds to the time of a training, as a share: the quickest of seven, in turn."""
    setup = replace(setup, validation=None)
    ways: dict[str, Callable[[], object]] = {
        "watched": lambda: watched(setup, float("inf")),
        "alone": lambda: deltaw.train(setup.network.copy(), setup.X, setup.T, **setup.arguments),
    }
    quickest = dict.fromkeys(ways, float("inf"))
    for _ in range(REPEATS):
        for name, way in ways.items():
            started = perf_counter()
            way()
            quickest[name] = min(quickest[name], perf_counter() - started)
    return quickest["watched"] / quickest["alone"] - 1.0


def run(program: Program, everything: list[Program], seconds: float) -> dict[str, Any]:
    """One row of the table."""
    goal, source = target(program, everything) if program.faulty else (0.0, "")
    setup, before = failing(program, goal)
    started = perf_counter()
    diagnosis = diagnose(setup, seconds=seconds)
    examined = perf_counter() - started
    faults = [f.rule for f in diagnosis.findings if f.severity == "fault"]
    row: dict[str, Any] = {
        "program": program.name, "role": program.role, "effect": program.effect, "faults": faults,
        "first": [f.rule for f in diagnosis.findings[:2]], "seconds": examined,
    }  # fmt: skip
    if not program.faulty:
        return row | {"false_alarm": bool(faults)}
    repaired = repair(diagnosis, 2 * seconds)
    after = full_scores([repaired.setup.seeded(seed) for seed in range(SEEDS)])
    return row | {
        "found": bool(faults), "cause": bool(CAUSES[program.name] & set(row["first"])),
        "before": before,
        "after": statistics.mean(after), "fix": goal, "fix_from": source,
        "repaired": statistics.mean(after) >= goal - NEAR,
        "changes": [f"{f.rule}: {f.repair.words}" for f in repaired.kept if f.repair],
        "repair_seconds": perf_counter() - started - examined,
    }  # fmt: skip


def text(row: dict[str, Any]) -> str:
    """A row for people."""
    name = f"{row['program']:25s} {row['effect'] or '-':8s}"
    if "false_alarm" in row:
        return f"{name} {row['role']:16s} {'ALARM ' + ', '.join(row['faults']) if row['false_alarm'] else 'silent'}"
    yes = {True: "yes", False: "NO"}
    return (
        f"{name} found {yes[row['found']]:3s} cause {yes[row['cause']]:3s} ({', '.join(row['first'])}) "
        f"{row['before']:.3f} -> {row['after']:.3f} (fix {row['fix']:.3f}, {row['fix_from']}) "
        f"repaired {yes[row['repaired']]:3s} by {'; '.join(row['changes']) or 'nothing'} "
        f"[{row['seconds']:.1f} s + {row['repair_seconds']:.1f} s]"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="programs whose name contains one of these"
    )
    parser.add_argument("--as-written", action="store_true", help="DeltaW's error for sigmoid outputs, not Keras's")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for an examination; a repair gets twice that")
    parser.add_argument("--overhead", action="store_true", help="measure what watching costs, and nothing else")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    options = parser.parse_args()
    everything = programs(options.as_written)
    chosen = [p for p in everything if not options.only or any(part in p.name for part in options.only)]
    if not chosen:
        sys.exit(
            f"expected part of a program's name in {CASES.name}, found {', '.join(options.only)}; leave --only out"
        )
    if options.overhead:
        shares = {p.name: watching(setup_of(p.given(0))) for p in chosen}
        print(json.dumps(shares) if options.json else "\n".join(f"{name:25s} {s:+.1%}" for name, s in shares.items()))
        return
    rows = []
    for program in chosen:
        rows.append(run(program, everything, options.seconds))
        print(text(rows[-1]), file=sys.stderr if options.json else sys.stdout, flush=True)
    if options.json:
        print(json.dumps(rows, default=str))
        return
    faulty = [row for row in rows if "found" in row]
    for what in ("found", "cause", "repaired"):
        print(f"{what}: {sum(row[what] for row in faulty)} of {len(faulty)}")
    print(f"false alarms: {sum(row.get('false_alarm', False) for row in rows)} of {len(rows) - len(faulty)} controls")


if __name__ == "__main__":
    main()
