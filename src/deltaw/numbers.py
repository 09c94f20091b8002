"""Numbers as people read them: everything that shows one, in a terminal, on a page or beside an axis, asks here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from deltaw.speech import say

DIGITS = 5
NOTHING = "–"  # what stands for None
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
SMALLEST, LARGEST = -4, 12  # powers of ten from, and up to, which a number is written out


def number(value: float | np.number[Any], digits: int = DIGITS, zeros: bool = False) -> str:
    """A number to `digits` significant digits: "19,570", "2.0026", "−0.5", "1.2e−7".

    Whole parts and whole numbers keep all their digits, by thousands: "1,234,567". One of four digits alone stands
    without a comma: it may be a year.

    Args:
        value: a float or an integer, Python's or NumPy's.
        digits: significant digits of fractions.
        zeros: whether zeros at the end stay, for numbers that stand beside each other: "52.160".
    """
    if isinstance(value, (int, np.integer)):
        text = f"{int(value):,}"
    elif not math.isfinite(real := float(value)):
        return "NaN" if math.isnan(real) else "∞" if real > 0 else "−∞"
    else:
        text = _written(real + 0.0, digits, zeros)  # + 0.0: there is one zero
    if "." not in text and len(text.lstrip("-")) == len("1,999"):
        text = text.replace(",", "")
    return text.replace("-", "−")


def finite(value: float | np.number[Any]) -> float | None:
    """A number for JSON, which has no NaN and no infinity: None, written as null."""
    return float(value) if math.isfinite(value) else None


def typed(value: float | np.number[Any]) -> str:
    """A number as one types it, in messages of what was given: "-0.5", "1e-07", "nan"."""
    return f"{value:g}"


def amount(count: int, what: str) -> str:
    """So many of something: "1 epoch", "2,000 epochs"; both are sentences of their own for `deltaw.speech`."""
    return say(f"{{count}} {what}{'' if count == 1 else 's'}", count=number(count))


def of_bytes(count: int) -> str:
    """So many bytes, as people say it: "640 B", "1.4 MiB"."""
    power = min(max(count, 1).bit_length() - 1, 49) // 10
    return f"{number(count / 2 ** (10 * power), 3)} {UNITS[power]}"


def in_powers(value: float, digits: int) -> str:
    """The same with a power of ten, where room is short: "2e6", "−1.5e−7"."""
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    return f"{_short(mantissa)}e{int(power)}".replace("-", "−")


def _written(value: float, digits: int, zeros: bool) -> str:
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])  # of the rounded value: 9.99999 is 10.000
    if not SMALLEST <= exponent < LARGEST:
        return in_powers(value, digits)
    text = f"{value:,.{max(digits - 1 - exponent, 0)}f}"
    return text if zeros else _short(text)


def _short(text: str) -> str:
    """Without the zeros at its end that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text
