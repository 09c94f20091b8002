"""Program text in any language: numbers, names, comments that nothing breaks out of, and how dates are written."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltaw.export import operations as o
from deltaw.speech import say

WIDTH = 118
LEFTWARD = ("R", "AL", "AN")  # Unicode's classes of letters and digits that are written from right to left
UNSAFE = "".join(map(chr, range(32))) + "\x7f\"#$'*<>?\\^`{|}~"  # in a comment: what may end it, or make other signs
RUNTIME = Path(__file__).with_name("runtime")  # what files of each language bring along, written in it


def single(values: NDArray[np.float32]) -> list[str]:
    """float32 numbers, in as few digits as tell each from all others."""
    return [np.format_float_scientific(x, trim="0") if _far(x) else str(x) for x in values.astype(np.float32).ravel()]


def _far(x: np.float32) -> bool:
    return x != 0 and not 1e-4 <= abs(float(x)) < 1e6


def lines(parts: Iterable[str], indent: str = "  ") -> str:
    """Parts with commas between them, in lines up to WIDTH; no part is broken: it may be untrusted text."""
    made: list[str] = []
    for part in parts:
        if made and len(indent) + len(made[-1]) + len(part) + 3 <= WIDTH:  # ", " before it, and a comma after it
            made[-1] += f", {part}"
        else:
            made.append(part)
    return ",\n".join(indent + line for line in made)


def legible(sign: str) -> bool:
    """Whether source text may have a sign as it is: not one that is invisible or turns the order of others."""
    return sign.isascii() or (sign.isprintable() and unicodedata.bidirectional(sign) not in LEFTWARD)


def remark(text: str) -> str:
    """Untrusted text for a comment of any language: letters, digits and signs that end none; others as U+XXXX."""
    return "".join(c if legible(c) and c not in UNSAFE else f"U+{ord(c):04X}" for c in text[:200])


def stem_of(name: str, reserved: Container[str]) -> str:
    """The prefix of the names in a file called `name`: letters, digits and _; other letters as their code."""
    plain = "".join(c if c.isascii() or not c.isalnum() else f"u{ord(c):04x}" for c in name)
    return identifiers([plain if any(map(str.isalnum, plain)) else "model"], reserved)[0]


def identifiers(names: Iterable[str], reserved: Container[str]) -> list[str]:
    """A name of letters, digits and _ for each, none twice and none reserved."""
    made: dict[str, None] = {}
    numbers: Counter[str] = Counter()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:50].strip("_") or "column"
        plain = f"c_{plain}" if plain[0].isdigit() or plain in reserved else plain
        each = plain
        while each in made:
            numbers[plain] += 1
            each = f"{plain}_{numbers[plain] + 1}"
        made[each] = None
    return [*made]


def functions_of(file: str) -> dict[str, str]:
    """Name -> text of each function in a file of `runtime`, in its order."""
    _, *functions = re.split(r"\n\n+(?=def |function |static )", (RUNTIME / file).read_text(encoding="utf-8"))
    names = (function[: function.index("(")].split()[-1].lstrip("*") for function in functions)
    return {name: f"\n{function.strip()}\n" for name, function in zip(names, functions, strict=True)}


def needed(parts: Mapping[str, str], text: str) -> str:
    """The runtime functions that a text calls, directly or through others; later ones call earlier ones."""
    found: list[str] = []
    for name, part in reversed([*parts.items()]):
        if re.search(rf"(?<![\w.]){name}\(", "\n".join([*found, text])):
            found.insert(0, part)
    return "\n".join(found)


# What each sign of a strftime format is in text, and which part of a date it says.
SIGNS = {
    "%Y": (r"(\d{4})", "Y"), "%y": (r"(\d{2})", "y"),
    "%m": (r"(\d{1,2})", "m"), "%d": (r"(\d{1,2})", "d"), "%H": (r"(\d{1,2})", "H"),
    "%M": (r"(\d{1,2})", "M"), "%S": (r"(\d{1,2})", "S"), "%.f": (r"(\.\d+)?", "f"), "%b": (r"([A-Za-z]{3,9})", "b"),
    "%I": (r"(\d{1,2})", "H"), "%p": (r"([AaPp][Mm])", "p"),
    "%#z": (r" ?(Z|[+-]\d\d(?::?\d\d)?)", "z"),
}  # fmt: skip
ISO = (
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d+)?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?",
    "YmdHMSfz",
)


def on_months(program: o.Program) -> tuple[str, ...]:
    """A note, if text has names of months: a model reads them in other languages, too (`tables.months`)."""
    named = any("%b" in spelling for read in program.all(o.Read) for spelling in read.spelling)
    return (say("the file reads names of months in English only"),) if named else ()


def date_pattern(spelling: str) -> tuple[str, str]:
    """A regular expression for dates written so, and a letter for each of its groups; ISO 8601 for ""."""
    if not spelling:
        return ISO
    parts = re.findall(r"%[.#]?[A-Za-z]|[^%]+", spelling)
    said = [SIGNS.get(part, (re.sub(r"([.*+?^$(){}|\[\]\\/])", r"\\\1", part), "")) for part in parts]
    return "".join(pattern for pattern, _ in said), "".join(letter for _, letter in said)
