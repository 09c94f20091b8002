"""The report as people read it in a terminal: plain text, one line a workload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.cells import cell_len

from deltaw.bench import NAMES, OWN, PEERS, WORKLOADS, Report, telemetry
from deltaw.bench.forms import WAYS, FormTimes
from deltaw.bench.results import Row, Timing
from deltaw.bench.workloads import Workload
from deltaw.numbers import NOTHING, number
from deltaw.speech import listed, say


def show(report: Report) -> str:
    """The whole report."""
    parts = [_heading(report)]
    if report.rows:
        parts += [_measured(report.rows), _ratios(report.rows), _everybody(report.rows)]
    if report.start_up is not None:
        parts.append(_start_up(report))
    if report.telemetry is not None:
        parts.append(
            say(
                "telemetry takes {share:+.1%} of the time, quickest run against quickest (target ≤ {target:.0%})",
                share=report.telemetry.share,
                target=telemetry.TARGET,
            )
        )
    parts += [_exported(rows) for _, rows in groupby(report.forms, lambda row: row.table)]
    parts += [
        say(
            "cost of {first:,} … {last:,} {label}: seconds ∝ operations^{exponent:.2f}",
            first=curve.sizes[0],
            last=curve.sizes[-1],
            label=curve.label,
            exponent=curve.exponent,
        )
        for curve in report.curves
    ]
    remarks = [*report.remarks, *_left_out(report.rows)]
    if remarks:
        parts.append("\n".join(remarks))
    return "\n\n".join(parts)


def listing() -> str:
    """The names for `--only` and `--peers`."""
    workloads = [[name, WORKLOADS[name].described()] for name in WORKLOADS] + [[name, say(OWN[name])] for name in OWN]
    peers = [
        [name, say(row.title), "" if row.installed else say("not installed; {install}", install=say(row.install))]
        for name, row in PEERS.items()
    ]
    assert len(workloads) == len(NAMES)
    return f"{say('workloads')}\n{_grid(workloads, 2)}\n\n{say('peers')}\n{_grid(peers, 3)}"


def _heading(report: Report) -> str:
    machine, settings = report.machine, report.settings
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    where = say(
        "{processor}, {cores} cores ({best}), {system}, Python {python}", processor=machine["processor"],
        cores=machine["cores"], best=machine["instruction_sets"][0], system=machine["system"], python=machine["python"],
    )  # fmt: skip
    how = say(
        "{date}; medians of {runs} interleaved runs; {threads} threads, the better for each; {seconds:.0f} s",
        date=report.date, runs=settings["runs"], threads=listed(map(str, settings["threads"]), " and "),
        seconds=report.seconds,
    )  # fmt: skip
    return f"{where}\n{versions}\n{how}"


def _measured(rows: Sequence[Row]) -> str:
    """The meaning of the names in the tables."""
    return say("what was measured") + "\n" + _grid([[row.workload.name, row.workload.described()] for row in rows], 2)


def _ratios(rows: Sequence[Row]) -> str:
    """The table: ours against the best peer, and the targets."""
    target, threads = say("target"), say("threads")
    head = [
        say("workload"), say("ratio"), target, say("with compiling"), target, say("book"), target, say("of peak"),
        target, "DeltaW", threads, say("best peer"), "", threads, "MB", say("its MB"),
    ]  # fmt: skip
    return _grid([head, *map(_ratio_line, rows)], 1)


def _ratio_line(row: Row) -> list[str]:
    ratios, targets = row.ratios(), row.workload.targets
    compiled = ratios["compiled"] if row.rival is not None and row.rival.compiling else None
    ours, rival = row.ours, row.rival
    return [
        row.workload.name,
        _times(ratios["best"]),
        _at_least(targets.best),
        _times(compiled),
        _at_least(targets.compiled),
        _times(ratios["book"]),
        _at_least(targets.book),
        _percent(ratios["peak"]),
        NOTHING if targets.peak is None else f"≥ {_percent(targets.peak)}",
        _speed(ours, row.workload),
        NOTHING if ours is None else str(ours.threads),
        _speed(rival, row.workload),
        "" if rival is None else rival.peer,
        NOTHING if rival is None else str(rival.threads),
        _megabytes(ours),
        _megabytes(rival),
    ]


def _everybody(rows: Sequence[Row]) -> str:
    """Every peer's own number by its better number of threads, with its seconds of compiling."""
    peers = [peer for peer in PEERS if any(peer in row.peers for row in rows)]
    lines = [[row.workload.name, *(_with_compiling(row.best_of(peer), row.workload) for peer in peers)] for row in rows]
    title = say("samples (or rows) a second, in reach-… seconds; + seconds of compiling before the first run")
    return title + "\n" + _grid([[say("workload"), *peers], *lines], 1)


def _exported(of_one: Iterable[FormTimes]) -> str:
    """A table: the forms of one model."""
    rows = list(of_one)
    title = say("export of {table}, {network}: µs a row", table=rows[0].table, network=rows[0].network)
    head = [say("format"), say("kB"), say("single row"), say("many rows")]
    lines = [
        [say(WAYS[row.way].title), f"{row.size / 1000:,.0f}", _micro(row.typical_alone), _micro(row.typical_many)]
        for row in rows
    ]
    return title + "\n" + _grid([head, *lines], 1)


def _start_up(report: Report) -> str:
    found = report.start_up
    assert found is not None
    targets = found.document()["targets"]
    importing = say(
        "import deltaw takes {ratio:.2f} of the time of import numpy (target ≤ {target})",
        ratio=found.ratio, target=number(targets["import"]),
    )  # fmt: skip
    training = say(
        "deltaw train iris takes {seconds:.2f} s from shell to prompt (target ≤ {target} s), "
        "{first:.2f} s to the first line (target ≤ {most} s)",
        seconds=found.train_seconds, target=number(targets["train_iris"]), first=found.first_seconds,
        most=number(targets["first_line"]),
    )  # fmt: skip
    return f"{importing}\n{training}"


def _left_out(rows: Sequence[Row]) -> list[str]:
    """The peers without a timing, one line for each reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for peer, reason in row.left_out.items():
            reasons.setdefault((peer, reason), []).append(row.workload.name)
        for peer in row.peers:
            if row.best_of(peer) is None:
                best = max(max(t.accuracy) for t in row.timings if t.peer == peer)
                reached = say("reached {best:.2%}", best=best)
                reasons.setdefault((peer, reached), []).append(row.workload.name)
    return [
        say("{peer} left out of {workloads}: {reason}", peer=peer, workloads=_few(names), reason=reason)
        for (peer, reason), names in reasons.items()
    ]


def _few(names: Sequence[str]) -> str:
    return listed(names) if len(names) < 5 else say("{n} workloads", n=len(names))


def _speed(timing: Timing | None, workload: Workload) -> str:
    if timing is None:
        return NOTHING
    return f"{timing.typical:.2f} s" if workload.measure == "reach" else f"{timing.rate:,.0f}"


def _with_compiling(timing: Timing | None, workload: Workload) -> str:
    compiling = f" +{timing.compiling:.1f}" if timing is not None and timing.compiling else ""
    return _speed(timing, workload) + compiling


def _times(ratio: float | None) -> str:
    return NOTHING if ratio is None else f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.0f}×"


def _at_least(target: float | None) -> str:
    return NOTHING if target is None else f"≥ {number(target)}×"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f}%"


def _micro(microseconds: float | None) -> str:
    return NOTHING if microseconds is None else number(microseconds)


def _megabytes(timing: Timing | None) -> str:
    return NOTHING if timing is None or timing.peak_bytes is None else f"{timing.peak_bytes / 1e6:,.0f}"


def _grid(lines: Sequence[Sequence[str]], words: int) -> str:
    """Columns of one width each, in cells of a terminal; the first `words` stand left, the others right."""
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]

    def padded(cell: str, place: int) -> str:
        room = " " * (widths[place] - cell_len(cell))
        return cell + room if place < words else room + cell

    return "\n".join("  ".join(padded(cell, i) for i, cell in enumerate(line)).rstrip() for line in lines)
