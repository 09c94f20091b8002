"""`deltaw derive`: the derivation of ∂E/∂w and ΔW, line by line."""

from __future__ import annotations

from pathlib import Path

from deltaw.cli.output import paper, screen
from deltaw.speech import say


def derive(activation: str, error: str, layers: int, hidden: str | None, form: str | None, output: Path | None) -> None:
    """`deltaw derive`."""
    form = paper.chosen(form, output)
    from deltaw.explain import derivation

    with screen.stderr().status(say("deriving")):
        page = derivation(activation, error, layers, hidden).page
    paper.put(page, form, output)
