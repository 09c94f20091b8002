"""The benchmark: DeltaW side by side with its peers, in one run; ratios, not seconds.

Every peer runs in a process of its own on the same rows, from the same start weights where it allows that, with the
same number of threads; runs are taken in turn, and medians count. `workloads` says what is measured, `peers` who is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltaw.bench import cost, forms, machine, startup, telemetry
from deltaw.bench.measure import Measurement, Settings
from deltaw.bench.peers import OURS, PEERS
from deltaw.bench.problems import find_mnist
from deltaw.bench.results import Row
from deltaw.bench.workloads import WORKLOADS
from deltaw.exceptions import DeltaWError, SettingError
from deltaw.speech import listed, say
from deltaw.threads import processors

# Measurements of DeltaW alone, without peers.
START_UP, TELEMETRY, EXPORT = "start-up", "telemetry", "export"
OWN = {
    START_UP: "import deltaw; deltaw train iris",
    TELEMETRY: "784-200-10, adam, batch 32, telemetry every epoch",
    EXPORT: "a model in each export format: bytes, and microseconds a row",
}
LONG = {EXPORT}  # a database takes seconds for its statement
NAMES = (*WORKLOADS, *OWN)
MINUTE = 55.0  # seconds that a quick benchmark may take, and a moment to end
QUICK_ROWS, QUICK_SECONDS = 12_000, 0.12

__all__ = ["NAMES", "OWN", "PEERS", "WORKLOADS", "Options", "Report", "Row", "missing", "run"]


@dataclass(frozen=True)
class Options:
    """Options of a benchmark; empty tuples are chosen by it.

    Attributes:
        only: names of NAMES.
        peers: names of PEERS (DeltaW is always measured).
        threads: numbers of threads.
        runs: of each, at least three.
        quick: within a minute: fewer rows, workloads and peers.
        mnist: an .npz with MNIST; None: the usual place, else digits in its place.
        plot: where to draw the cost against rows, width and depth.
    """

    only: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()
    runs: int = 3
    quick: bool = False
    mnist: Path | None = None
    plot: Path | None = None


@dataclass(frozen=True)
class Report:
    """The result of a benchmark.

    Attributes:
        remarks: remarks on the numbers, a line each.
        seconds: that the benchmark took.
    """

    rows: tuple[Row, ...]
    start_up: startup.StartUp | None
    telemetry: telemetry.Watching | None
    forms: tuple[forms.FormTimes, ...]
    curves: tuple[cost.Curve, ...]
    remarks: tuple[str, ...]
    machine: dict[str, Any]
    date: str
    seconds: float
    settings: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "format": 1,
            "date": self.date,
            "seconds": self.seconds,
            "machine": self.machine,
            "settings": self.settings,
            "rows": [row.document() for row in self.rows],
            "start_up": None if self.start_up is None else self.start_up.document(),
            "telemetry": None if self.telemetry is None else self.telemetry.document(),
            "export": [form.document() for form in self.forms],
            "curves": [curve.document() for curve in self.curves],
            "remarks": list(self.remarks),
        }


def missing(peers: Sequence[str]) -> list[str]:
    """One line for each peer that is not installed, with how to install it."""
    rows = {name: PEERS[name] for name in peers}
    return [
        say("{name} left out: not installed; {install}", name=name, install=say(row.install))
        for name, row in rows.items()
        if not row.installed
    ]


def run(options: Options, tell: Callable[[str], None]) -> Report:
    """Measure.

    Args:
        options: see `Options`.
        tell: called with a line of progress, often.

    Raises:
        InputError: an option that cannot be used.
        DeltaWError: DeltaW itself failed.
    """
    started = time.monotonic()
    until = started + MINUTE if options.quick else None
    names, peers, threads = _names(options), _peers(options), _threads(options)
    if options.runs < 3:
        raise SettingError(
            "--runs: expected 3 or more, so that one slow moment does not count", str(options.runs), "give e.g. 5"
        )
    if options.plot is not None:
        cost.check_path(options.plot, filter(None, (options.mnist,)))
    settings = Settings(peers, threads, options.runs, mnist=find_mnist(options.mnist), until=until)
    if options.quick:
        settings = replace(settings, rows=QUICK_ROWS, seconds=QUICK_SECONDS)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    remarks, short, most = missing(peers), 3 if options.quick else 7, max(threads)
    own: dict[str, Callable[[], Any]] = {
        START_UP: lambda: startup.measure(short, most),
        TELEMETRY: lambda: telemetry.measure(short, most, settings.mnist, settings.rows),
        EXPORT: lambda: forms.measure(options.runs, settings.seconds / 3, tell),
    }
    found: dict[str, Any] = {}
    curves, longest = [], 0.0
    with Measurement(settings, tell) as measurement:
        for name in names:
            began = time.monotonic()
            if until is None or began + longest <= until:
                if name in (START_UP, TELEMETRY):  # the others tell more
                    tell(name)
                found |= _found(name, own, measurement, until)
            if name not in found:
                remarks.append(say("{name} left out: the minute is over", name=name))
            longest = max(longest, time.monotonic() - began)
        exported, lacking = found.get(EXPORT, ((), ()))
        remarks += lacking
        if options.plot is not None:
            curves = cost.curves(measurement)
            title = say("{processor}, {n} threads", processor=machine.processor(), n=most)
            cost.draw(curves, options.plot, f"{title}, {date[:10]}")
        remarks += [problem + say(": ") + remark for problem, remark in measurement.remarks.items()]
    return Report(
        tuple(found[name] for name in WORKLOADS if name in found),
        found.get(START_UP),
        found.get(TELEMETRY),
        tuple(exported),
        tuple(curves),
        tuple(remarks),
        machine.facts(),
        date,
        time.monotonic() - started,
        {"peers": peers, "threads": threads, "runs": options.runs, "quick": options.quick, "workloads": names},
    )


def _found(
    name: str, own: Mapping[str, Callable[[], Any]], measurement: Measurement, until: float | None
) -> dict[str, Any]:
    """The measurement of a name; empty if the time is over before it has ended."""
    if name in own:
        return {name: own[name]()}
    try:
        return {name: measurement.row(WORKLOADS[name])}
    except DeltaWError:
        if until is None or time.monotonic() < until:
            raise
        return {}


def _names(options: Options) -> tuple[str, ...]:
    quick = [name for name in NAMES if name not in LONG and (name in OWN or WORKLOADS[name].quick)]
    return _known(options.only or (quick if options.quick else NAMES), NAMES, "--only")


def _peers(options: Options) -> tuple[str, ...]:
    chosen = options.peers or tuple(name for name, row in PEERS.items() if row.quick or not options.quick)
    return _known((OURS, *chosen), tuple(PEERS), "--peers")


def _known(chosen: Sequence[str], names: Sequence[str], option: str) -> tuple[str, ...]:
    """The chosen names, each once, in the order of the table."""
    for name in chosen:
        if name not in names:
            expected = "{option}: expected one or more of {names}"
            raise SettingError(expected, repr(name), "choose one of these", option=option, names=listed(names))
    return tuple(name for name in names if name in chosen)


def _threads(options: Options) -> tuple[int, ...]:
    """One and two, as far as there are cores; if it is to be quick, the most only."""
    most = processors()
    for count in options.threads:
        if not 1 <= count <= most:
            raise SettingError(
                "--threads: expected 1 … {most}, the cores of this machine", str(count), "give e.g. 1", most=most
            )
    if options.threads:
        return tuple(sorted(set(options.threads)))
    few = tuple(range(1, min(most, 2) + 1))
    return few[-1:] if options.quick else few
