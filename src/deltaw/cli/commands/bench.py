"""`deltaw bench`: progress to stderr, the report to stdout."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from deltaw.cli.output import screen
from deltaw.cli.output.paper import put_json
from deltaw.speech import say


def bench(
    only: tuple[str, ...],
    peers: tuple[str, ...],
    threads: tuple[int, ...],
    runs: int,
    mnist: Path | None,
    plot: Path | None,
    quick: bool,
    listing: bool,
    as_json: bool,
) -> None:
    """`deltaw bench`."""
    from deltaw.bench import Options, run, text

    if listing:
        screen.stdout().text(text.listing())
        return
    err = screen.stderr()
    with err.status(say("starting")) as status:

        def tell(line: str) -> None:
            status.update(Text(line))
            if not err.is_terminal:
                err.print(line)

        report = run(Options(only, peers, threads, runs, quick, mnist, plot), tell)
    if as_json:
        put_json(report.document())
    else:
        screen.stdout().text(text.show(report))
