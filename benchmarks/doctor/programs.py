"""The doctor on programs that do not learn, and on sound ones: found, cause named, repaired, false alarms, overhead.

    python -m benchmarks.doctor.programs [--set published|unseen-a|unseen-b] [--only NAME …] [--as-written]
                                         [--seconds 8] [--json] [--markdown] [--file FILE] [--for SECONDS]

The 24 published programs are those of `published`; `unseen` has two sets of 36 more. Each program is
examined and repaired with the seconds given; a faulty one from the first of twelve seeds with which it fails ("mostly"
means that with some it does not). "found": there is a finding of severity fault. "cause": one of the first two findings
is a rule of the program's `causes`. "repaired": the repaired program, trained in full over three seeds, scores within
0.02 of the published fix or better. Where there is no published score for the fix, the fix is trained here; where
there is no fix at all, the fix of another program on the same data stands for it. Where the fault is of the kind that
no score shows, "found" and "cause" are one: one of the first two findings, of whatever severity, names it.

--overhead: what watching adds to the training's time. --train: the scores of the programs and of their fixes over three
seeds, without the doctor. --file: each program is one line of the file, and those that stand in it are not run again,
so that a long run can be cut into parts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any

import deltaw
from benchmarks import commands, kept
from benchmarks.doctor import published, unseen
from benchmarks.doctor.published import Program
from deltaw.doctor.diagnosis import diagnose
from deltaw.doctor.repair import repair
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.stepping import watched
from deltaw.doctor.trials.trial import trial

SEEDS, NEAR, SECONDS, REPEATS, MOST_SEEDS = 3, 0.02, 8.0, 7, 12

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


def watching(setup: Setup) -> dict[str, float]:
    """Seconds of a training that is watched, and of the same alone: the quickest of seven, in turn."""
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
    return quickest


def run(program: Program, everything: list[Program], seconds: float) -> dict[str, Any]:
    """One row of the table."""
    goal, source = target(program, everything) if program.faulty else (0.0, "")
    setup, before = failing(program, goal)
    started = perf_counter()
    diagnosis = diagnose(setup, seconds=seconds)
    examined = perf_counter() - started
    faults = [f.rule for f in diagnosis.findings if f.severity == "fault"]
    first = [f.rule for f in diagnosis.findings[:2]]
    named = bool(program.causes & set(first))
    row: dict[str, Any] = {
        "program": program.name, "role": program.role, "effect": program.effect, "faults": faults, "first": first,
        "seconds": examined,
        "findings": [{"rule": f.rule, "severity": f.severity, "cause": f.cause} for f in diagnosis.findings],
    }  # fmt: skip
    if program.silent:
        return row | {"found": named, "cause": named}
    if not program.faulty:
        return row | {"false_alarm": bool(faults)}
    repaired = repair(diagnosis, 2 * seconds)
    after = full_scores([repaired.setup.seeded(seed) for seed in range(SEEDS)])
    return row | {
        "found": bool(faults), "cause": named, "before": before,
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
    said = f"{name} found {yes[row['found']]:3s} cause {yes[row['cause']]:3s} ({', '.join(row['first'])})"
    if "repaired" not in row:
        return said
    return (
        f"{said} {row['before']:.3f} -> {row['after']:.3f} (fix {row['fix']:.3f}, {row['fix_from']}) "
        f"repaired {yes[row['repaired']]:3s} by {'; '.join(row['changes']) or 'nothing'} "
        f"[{row['seconds']:.1f} s + {row['repair_seconds']:.1f} s]"
    )


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table of docs/doctor-programs.md, and its totals."""
    yes = {True: "yes", False: "no"}
    lines = ["| program | effect | found | cause | first two findings | before | after | fix |", "|---" * 8 + "|"]
    for row in (row for row in rows if "found" in row):
        first = ", ".join(f"`{rule}`" for rule in row["first"])
        scores = "| | |" if "after" not in row else f"{row['before']:.3f} | {row['after']:.3f} | {row['fix']:.3f} |"
        effect = row["effect"] or ("–" if "after" in row else "no score shows it")
        lines.append(f"| {row['program']} | {effect} | {yes[row['found']]} | {yes[row['cause']]} | {first} | {scores}")
    controls = [row for row in rows if "false_alarm" in row]
    alarmed = [f"{row['program']} ({', '.join(row['faults'])})" for row in controls if row["false_alarm"]]
    return "\n".join([*lines, "", f"{totals(rows)} Alarmed: {', '.join(alarmed) or 'none'}."])


def totals(rows: list[dict[str, Any]]) -> str:
    """How many of how many, in a line."""
    counts = {what: [row[what] for row in rows if what in row] for what in ("found", "cause", "repaired")}
    said = "; ".join(f"{what}: {sum(of)} of {len(of)}" for what, of in counts.items())
    alarms = [row["false_alarm"] for row in rows if "false_alarm" in row]
    return f"{said}; false alarms: {sum(alarms)} of {len(alarms)} controls."


def trained(program: Program) -> dict[str, Any]:
    """The scores of a program, and of its fix where it has one, over three seeds."""
    ways = {"given": program.given, "fixed": program.fixed}
    return {"program": program.name, "role": program.role} | {
        name: full_scores([setup_of(way(seed)) for seed in range(SEEDS)]) for name, way in ways.items() if way
    }


def rows_of(chosen: list[Program], everything: list[Program], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each program, from the file where it stands there already."""
    started = perf_counter()
    known = {row["program"]: row for row in kept.lines(options.file)}
    for program in chosen:
        if program.name in known:
            yield known[program.name]
        elif perf_counter() - started < options.limit:
            row = run(program, everything, options.seconds)
            kept.add(options.file, row)
            yield row


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--set", choices=("published", *unseen.SETS), default="published", dest="which")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="programs whose name contains one of these"
    )
    parser.add_argument("--as-written", action="store_true", help="DeltaW's error for sigmoid outputs, not Keras's")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for an examination; a repair gets twice that")
    parser.add_argument("--overhead", action="store_true", help="measure what watching costs, and nothing else")
    parser.add_argument("--train", action="store_true", help="only train the programs and their fixes")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/doctor-programs.md on stdout")
    commands.keeps_rows(parser, "a program")
    options = parser.parse_args()
    if options.as_written and options.which != "published":
        parser.error("--as-written: expected --set published, whose programs are Keras's; leave one of them out")
    theirs = options.which == "published"
    everything = published.programs(options.as_written) if theirs else unseen.programs(options.which)
    chosen = [p for p in everything if not options.only or any(part in p.name for part in options.only)]
    if not chosen:
        sys.exit(
            f"expected part of a program's name of the set {options.which}, found {', '.join(options.only) or 'none'}; "
            "leave --only out"
        )
    if options.train:
        for program in chosen:
            print(json.dumps(trained(program)), flush=True)
        return
    if options.overhead:
        times = {p.name: watching(setup_of(p.given(0))) for p in chosen}
        lines = [f"{n:25s} {t['alone'] * 1e3:9.1f} ms {t['watched'] / t['alone'] - 1:+7.1%}" for n, t in times.items()]
        print(json.dumps(times) if options.json else "\n".join(lines))
        return
    rows = []
    for row in rows_of(chosen, everything, options):
        rows.append(row)
        print(text(row), file=sys.stderr if options.json or options.markdown else sys.stdout, flush=True)
    if options.json:
        print(json.dumps(rows, default=str))
        return
    print(markdown(rows) if options.markdown else totals(rows))


if __name__ == "__main__":
    main()
