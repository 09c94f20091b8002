"""`deltaw derive`: where ∂E/∂w and ΔW come from, line by line."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from deltaw.cli import paper


def derive(activation: str, error: str, layers: int, hidden: str | None, form: str | None, output: Path | None) -> None:
    """`deltaw derive`."""
    form = paper.chosen(form, output)
    from deltaw.explain import derivation

    with Console(stderr=True, highlight=False, markup=False).status("deriving"):
        page = derivation(activation, error, layers, hidden).page
    paper.put(page, form, output)
