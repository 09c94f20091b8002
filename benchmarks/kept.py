"""Results kept line by line, so that a long run can be cut into parts: each line of a file is a JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from math import inf
from operator import itemgetter
from pathlib import Path
from time import perf_counter
from typing import Any


def lines(file: Path | None) -> list[dict[str, Any]]:
    """What the file holds; nothing where there is none."""
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rows(
    names: Iterable[Any], file: Path | None, make: Callable[[Any], dict[str, Any]], limit: float = inf,
    key: Callable[[dict[str, Any]], Any] = itemgetter("table"), again: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row for each name, as the file has it, unless `again`, or newly made, printed and kept.

    Args:
        names: of the rows, each the `key` of its row.
        limit: seconds after which none begins.
    """
    names, started = list(names), perf_counter()
    known = {} if again else {key(row): row for row in lines(file)}
    for name in names:
        if name not in known and perf_counter() - started < limit:
            known[name] = make(name)
            add(file, known[name])
            print(known[name], file=sys.stderr, flush=True)
    return [known[name] for name in names if name in known]


def add(file: Path | None, row: dict[str, Any]) -> None:
    """One line more; without a file nothing is kept."""
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as f:
        f.write(json.dumps(row, default=float) + "\n")
