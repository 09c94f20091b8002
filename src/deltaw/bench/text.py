"""The report as people read it in a terminal: plain text, one line a workload."""

from __future__ import annotations

from collections.abc import Sequence

from deltaw.bench import NAMES, OWN, PEERS, WORKLOADS, Report, telemetry
from deltaw.bench.results import Row, Timing
from deltaw.bench.workloads import Workload
from deltaw.numbers import NOTHING, number


def show(report: Report) -> str:
    """The whole report."""
    parts = [_heading(report)]
    if report.rows:
        parts += [_measured(report.rows), _ratios(report.rows), _everybody(report.rows)]
    if report.start_up is not None:
        parts.append(_start_up(report))
    if report.telemetry is not None:
        parts.append(
            f"telemetry takes {report.telemetry.share:+.1%} of the time, quickest run against quickest "
            f"(target ≤ {telemetry.TARGET:.0%})"
        )
    parts += [
        f"cost of {curve.sizes[0]:,} … {curve.sizes[-1]:,} {curve.label}: seconds ∝ operations^{curve.exponent:.2f}"
        for curve in report.curves
    ]
    remarks = [*report.remarks, *_left_out(report.rows)]
    if remarks:
        parts.append("\n".join(remarks))
    return "\n\n".join(parts)


def listing() -> str:
    """What `--only` and `--peers` may name."""
    workloads = [[name, WORKLOADS[name].title] for name in WORKLOADS] + [[name, OWN[name]] for name in OWN]
    peers = [[name, row.title, "" if row.installed else f"not installed; {row.install}"] for name, row in PEERS.items()]
    assert len(workloads) == len(NAMES)
    return "workloads\n" + _grid(workloads, 2) + "\n\npeers\n" + _grid(peers, 3)


def _heading(report: Report) -> str:
    machine, settings = report.machine, report.settings
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    threads = " and ".join(map(str, settings["threads"]))
    return (
        f"{machine['processor']}, {machine['cores']} cores ({machine['instruction_sets'][0]}), {machine['system']}, "
        f"Python {machine['python']}\n{versions}\n{report.date}; medians of {settings['runs']} runs in turn; "
        f"{threads} threads, everybody by the better; {report.seconds:.0f} s"
    )


def _measured(rows: Sequence[Row]) -> str:
    """What the names in the tables stand for, in plain words."""
    return "what was measured\n" + _grid([[row.workload.name, row.workload.title] for row in rows], 2)


def _ratios(rows: Sequence[Row]) -> str:
    """The table: ours against the best peer, and the targets."""
    head = [
        "workload", "ratio", "target", "with compiling", "target", "book", "target", "of peak", "target",
        "DeltaW", "threads", "best peer", "", "threads", "MB", "its MB",
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
    title = "samples (or rows) a second, in reach-… seconds; + seconds of compiling before the first run"
    return title + "\n" + _grid([["workload", *peers], *lines], 1)


def _start_up(report: Report) -> str:
    found = report.start_up
    assert found is not None
    targets = found.document()["targets"]
    return (
        f"import deltaw takes {found.ratio:.2f} of the time of import numpy (target ≤ {number(targets['import'])})\n"
        f"deltaw train iris takes {found.train_seconds:.2f} s from shell to prompt "
        f"(target ≤ {number(targets['train_iris'])} s), {found.first_seconds:.2f} s to the first line "
        f"(target ≤ {number(targets['first_line'])} s)"
    )


def _left_out(rows: Sequence[Row]) -> list[str]:
    """Who could not take part, one line for each reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for peer, reason in row.left_out.items():
            reasons.setdefault((peer, reason), []).append(row.workload.name)
        for peer in row.peers:
            if row.best_of(peer) is None:
                best = max(max(t.accuracy) for t in row.timings if t.peer == peer)
                reasons.setdefault((peer, f"reached {best:.2%}"), []).append(row.workload.name)
    return [
        f"{peer} left out of {', '.join(names) if len(names) < 5 else f'{len(names)} workloads'}: {reason}"
        for (peer, reason), names in reasons.items()
    ]


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


def _megabytes(timing: Timing | None) -> str:
    return NOTHING if timing is None or timing.peak_bytes is None else f"{timing.peak_bytes / 1e6:,.0f}"


def _grid(lines: Sequence[Sequence[str]], words: int) -> str:
    """Columns of one width each; the first `words` stand left, the others right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < words else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
