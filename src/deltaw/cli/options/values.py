"""Parsers of option values, which raise SettingError for invalid ones."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from deltaw.exceptions import SettingError
from deltaw.speech import say


def read_bytes(option: str, text: str | None) -> int | None:
    """ "8G", "8GB" -> 8 · 2³⁰."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+) *([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    count = float(found[1]) * UNITS[found[2].upper()] if found else 0.0
    if not 1 <= count < 2**63:
        expected, example = "{option}: expected a number of bytes", "give e.g. 8G, 500M or 1000000"
        raise SettingError(expected, repr(text), example, option=option)
    return int(count)


UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def hidden_units(text: str) -> tuple[int, ...]:
    """ "64,32" -> (64, 32); "none" -> ()."""
    try:
        return () if text == "none" else tuple(int(size) for size in text.split(","))
    except ValueError:
        raise SettingError("--hidden: expected units of each hidden layer", repr(text), "give e.g. 64,64") from None


def how_many(text: str | None) -> float | None:
    """ "all" -> infinity, "48" -> 48."""
    if text is None:
        return None
    if text == "all":
        return float("inf")
    if not text.isascii() or not text.isdigit() or not int(text):
        raise SettingError("--columns: expected all, or how many", repr(text), "give e.g. --columns all")
    return int(text)


def column_names(
    option: str, texts: list[str], what: str = "names of columns", example: str = "id,'sub_*'"
) -> tuple[str, ...]:
    """["a,b", '"last, first"'] -> ("a", "b", "last, first"): separated by commas or lines, except in quotes."""
    import csv
    import io

    lines = (line for text in texts for line in io.StringIO(f"{text}\n", newline=""))
    try:
        names = tuple(name.strip() for record in csv.reader(lines, skipinitialspace=True) for name in record)
    except csv.Error:  # one longer than csv's limit, of 128 KiB until a table is read
        names = ()
    if not names or not all(names):
        expected, found = "{option}: expected {what}", repr(",".join(texts))
        raise SettingError(expected, found, "give e.g. {example}", option=option, what=say(what), example=example)
    return names


words = partial(column_names, what="words", example="none,-,?")


def kinds(texts: list[str]) -> dict[str, str]:
    """["userId=category", "a=number,b=date"] -> {"userId": "category", "a": "number", "b": "date"}."""
    pairs = [pair.rpartition("=") for pair in column_names("--as", texts)]
    for name, _, kind in pairs:
        if not name or not kind:
            raise SettingError("--as: expected COLUMN=KIND", repr(",".join(texts)), "give e.g. --as year=number")
    return {name.strip(): kind.strip() for name, _, kind in pairs}


def rows(text: str) -> str | float:
    """A share of the rows, or a path."""
    try:
        return float(text)
    except ValueError:
        return text


def settings(pairs: list[str]) -> dict[str, Any]:
    """["dropout=0.1", "activation=relu"] -> {"dropout": 0.1, "activation": "relu"}."""
    return dict(map(_setting, pairs))


def _setting(pair: str) -> tuple[str, Any]:
    import ast

    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise SettingError("--set: expected NAME=VALUE", repr(pair), "give e.g. --set dropout=0.1")
    try:
        return name, ast.literal_eval(text.capitalize() if text in {"true", "false", "none"} else text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # the last two: nested too deep
        return name, text
