"""Results kept line by line, so that a long run can be cut into parts: each line of a file is a JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from time import perf_counter
from typing import Any


def lines(file: Path | None) -> list[dict[str, Any]]:
    """What the file holds; nothing where there is none."""
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rows(
    names: list[str], file: Path | None, make: Callable[[str], dict[str, Any]], limit: float = inf
) -> list[dict[str, Any]]:
    """A row for each table, as the file has it or newly made, said and kept. None begins after `limit` seconds."""
    known, started = {row["table"]: row for row in lines(file)}, perf_counter()
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
