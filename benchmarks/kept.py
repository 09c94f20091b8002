"""Results kept line by line, so that a long run can be cut into parts: each line of a file is a JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def lines(file: Path | None) -> list[dict[str, Any]]:
    """What the file holds; nothing where there is none."""
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def add(file: Path | None, row: dict[str, Any]) -> None:
    """One line more; without a file nothing is kept."""
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as f:
        f.write(json.dumps(row, default=float) + "\n")
