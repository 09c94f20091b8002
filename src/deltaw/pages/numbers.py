"""Numbers in LaTeX and in columns, and values as JSON has them; how a number reads, `deltaw.numbers` says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deltaw.numbers import DIGITS, number


def latex_number(value: float, digits: int = DIGITS) -> str:
    r"""The same in LaTeX: "2.00265", "1.2 \times 10^{-7}", "{-0.5}": a minus in braces is a sign, no operator."""
    text = number(value, digits).replace(",", "{,}")
    sign, text = text.startswith("−"), text.removeprefix("−").replace("−", "-")
    mantissa, exponent, power = text.partition("e")
    words = {"NaN": r"\text{NaN}", "∞": r"\infty"}
    latex = rf"{mantissa} \times 10^{{{power}}}" if exponent else words.get(text, text)
    return f"{{-{latex}}}" if sign else latex


def aligned(texts: Sequence[str], blank: str = " ", point: str = " ") -> list[str]:
    """Numbers padded to one width each, so that their decimal points stand under each other.

    `blank` is as wide as a digit, `point` as a decimal point.
    """
    splits = [_at_point(text) for text in texts]
    left = max((len(whole) for whole, _ in splits), default=0)
    right = max((len(rest) for _, rest in splits), default=0)

    def pad(rest: str) -> str:
        missing = right - len(rest)
        return blank * missing if rest or not missing else point + blank * (missing - 1)

    return [blank * (left - len(whole)) + whole + rest + pad(rest) for whole, rest in splits]


def _at_point(text: str) -> tuple[str, str]:
    """("−12", ".5e7") of "−12.5e7": what stands before the decimal point (or where it would stand), and the rest."""
    place = next((i for i, sign in enumerate(text) if sign in ".e%"), len(text))
    return text[:place], text[place:]


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays become lists, what is not finite null, what JSON does not know its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)
