"""A derivation as plain data: its lines, their results, and the numbers that these were checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltaw.equations.activations import Activation
from deltaw.equations.losses import Loss

if TYPE_CHECKING:
    from deltaw.derive.evidence import Corner, Evidence


@dataclass(frozen=True)
class Line:
    """One line of a derivation.

    Attributes:
        number: from 1, over the whole derivation.
        part: the heading that it stands under.
        left, right: its two sides, SymPy expressions in the notes' letters.
        text, latex: the whole line, `left = right`, in Unicode and in LaTeX.
        why: what was done to the line before.
        checked: "definition"; or "SymPy", which found it equal to the line before; or "numbers", random points to 50
            digits.
        difference: the largest that the numbers showed.
    """

    number: int
    part: str
    left: Any
    right: Any
    text: str
    latex: str
    why: str
    checked: str
    difference: float


@dataclass(frozen=True, eq=False, repr=False)
class Proof:
    """All that was derived and checked; `Derivation` says what each part is."""

    activation: Activation
    loss: Loss
    hidden: Activation | None
    layers: int
    lines: tuple[Line, ...]
    delta: Any
    hidden_delta: Any
    problems: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    corners: tuple[Corner, ...]
