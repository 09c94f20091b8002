"""The sentences of the lessons in every language, apart from the code: words/LESSON.toml.

A key is a table with one text a language; fields in braces take numbers, as `str.format` writes them:

    [learnt]
    en = "The slope settles at {slope:.3f}."
    zh = "斜率最终稳定在 {slope:.3f}。"

What all lessons say stands in words/lesson.toml; a lesson's own file comes first.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from deltaw.exceptions import SettingError

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).with_name("words")
SHARED = "lesson"


@dataclass(frozen=True)
class Words:
    """The words of one lesson in one language. Raises SettingError for a language that there is not."""

    lesson: str
    lang: str = "en"

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise SettingError(f"lang: expected one of {', '.join(LANGUAGES)}", repr(self.lang), "choose one of these")

    def __call__(self, key: str, **numbers: Any) -> str:
        """The text of a key ("idea"; "parameters.seed" for one in a group), with the numbers put in."""
        own, shared = texts(self.lesson), texts(SHARED)
        text = (own.get(key) or shared[key])[self.lang]
        return text.format(**numbers) if numbers else text


@lru_cache
def texts(name: str) -> dict[str, dict[str, str]]:
    """Key -> language -> text, of words/NAME.toml; groups written out: "parameters.seed"."""
    content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return dict(_flat(content))


def _flat(content: dict[str, Any], group: str = "") -> list[tuple[str, dict[str, str]]]:
    found = []
    for key, value in content.items():
        leaf = all(isinstance(text, str) for text in value.values())
        found += [(group + key, value)] if leaf else _flat(value, f"{group}{key}.")
    return found
