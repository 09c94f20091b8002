"""The sentences of the lessons in every language, apart from the code: words/LESSON.toml.

A key is a table with one text a language; fields in braces take numbers. A float without a format of its own is shown
to four digits, as tables show them:

    [learnt]
    en = "The slope settles at {slope}, right for {share:.0%} of the flowers."
    zh = "斜率最终稳定在 {slope}，{share:.0%} 的花分对了。"

What all lessons say stands in words/lesson.toml; a lesson's own file comes first.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from deltaw.equations.lookup import NUMBER
from deltaw.languages import checked
from deltaw.numbers import number
from deltaw.speech import filled, spoken

FOLDER = Path(__file__).with_name("words")
SHARED = "lesson"
DIGITS = 4  # of floats in sentences


class Words:
    """The words of one lesson in one language.

    Args:
        lesson: its name.
        lang: "en" or "zh"; None: the language that is spoken.

    Raises:
        SettingError: a language that there is not.
    """

    def __init__(self, lesson: str, lang: str | None = None) -> None:
        self.lesson, self.lang = lesson, checked(spoken() if lang is None else lang)

    def __call__(self, key: str, **numbers: Any) -> str:
        """The text of a key ("idea"; "parameters.seed" for one in a group), with the numbers put in."""
        own, shared = texts(self.lesson), texts(SHARED)
        text = (own.get(key) or shared[key])[self.lang]
        return filled(text, numbers, _NumbersInWords()) if numbers else text


class _NumbersInWords(Formatter):
    """`str.format` with numbers as the tables of a page show them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not isinstance(value, NUMBER):
            return format(value, format_spec)
        if general := re.fullmatch(r"(?:\.(\d+))?g|", format_spec):
            return number(value, int(general[1] or DIGITS))
        return format(value, format_spec).replace("-", "−")


@lru_cache
def texts(name: str) -> dict[str, dict[str, str]]:
    """Key -> language -> text, of words/NAME.toml; groups written out: "parameters.seed"."""
    content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return dict(_flat(content))


def _flat(content: dict[str, Any], group: str = "") -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for key, value in content.items():
        leaf = all(isinstance(text, str) for text in value.values())
        found += [(group + key, value)] if leaf else _flat(value, f"{group}{key}.")
    return found
