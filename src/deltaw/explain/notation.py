"""The notes' letters in LaTeX, and numbers put in their places. Terminals get the same through `pages.typeset`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deltaw.pages import latex_number

Array = NDArray[np.float64]

DIGITS = 5  # significant digits of numbers in formulas; tables show more

# f'(z) where it has a short form in o. Others are written f'(z).
SLOPES = {"identity": "1", "sigmoid": "{o} (1 - {o})", "tanh": "(1 - {o}^2)", "exponential": "{o}"}
# E of all outputs, and ∂E/∂o of one.
ERRORS = {
    "squared": r"\tfrac{1}{2} \sum_k (t_k - o_k)^2",
    "absolute": r"\sum_k |t_k - o_k|",
    "cross_entropy": r"{-\sum_k t_k \log o_k}",
    "binary_cross_entropy": r"{-\sum_k (t_k \log o_k + (1 - t_k) \log (1 - o_k))}",
    "poisson": r"\sum_k (o_k - t_k \log o_k)",
    "hinge": r"\sum_k \max(0, 1 - t_k o_k)",
}
PULLS = {
    "squared": "{{-({t} - {o})}}",
    "cross_entropy": r"\left({{-\frac{{{t}}}{{{o}}}}}\right)",
    "poisson": r"\left(1 - \frac{{{t}}}{{{o}}}\right)",
}


def number(value: float) -> str:
    """A number in a formula."""
    return latex_number(float(value), DIGITS)


def factor(value: float) -> str:
    """A number in a product: in brackets if it has a sign or a power of ten."""
    text = number(value)
    return f"({text})" if value < 0 or "times" in text else text


def symbol(letter: str, layer: int, *indices: int | str) -> str:
    """z^{(2)}_{0} or w^{(2)}_{0,1}."""
    return f"{letter}^{{({layer})}}_{{{','.join(map(str, indices))}}}"


def partial(above: str, below: str) -> str:
    r"""∂above/∂below."""
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def product(factors: Iterable[str]) -> str:
    """Factors with dots between."""
    return r" \cdot ".join(factors)


def words(name: str) -> str:
    """A name from a table inside a formula."""
    return rf"\text{{{name.replace('_', ' ')}}}"


def weighted_terms(weights: Iterable[float], signals: Iterable[float], bias: float | None = None) -> list[str]:
    """w₀·a₀, + w₁·a₁, − …, + b with the numbers: joined by blanks, a sum."""
    pairs = [(w, f" \\cdot {factor(a)}") for w, a in zip(weights, signals, strict=True)]
    pairs += [] if bias is None else [(bias, "")]
    (first, times), *others = pairs
    return [f"{number(first)}{times}"] + [
        f"{'-' if value < 0 else '+'} {number(abs(value))}{times}" for value, times in others
    ]


def matrix(values: Array) -> str:
    """A matrix, or a vector as a column."""
    rows = np.asarray(values, np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    lines = r" \\ ".join(" & ".join(number(value) for value in row) for row in rows)
    return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"


def row(values: Array) -> str:
    """A vector as a row."""
    return matrix(np.asarray(values)[None, :])


def equations(lines: Iterable[tuple[str | None, str]]) -> str:
    """Lines left = right, their signs under each other; without a left the line goes on from the one before."""
    body = r" \\ ".join(rf"&\quad {right}" if left is None else f"{left} &= {right}" for left, right in lines)
    return rf"\begin{{aligned}} {body} \end{{aligned}}"
