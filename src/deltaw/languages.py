"""Which language DeltaW speaks: who chooses it, and what the environment asks for. It speaks by `deltaw.speech`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Self

from deltaw.exceptions import SettingError
from deltaw.given import among
from deltaw.speech import LANGUAGES, chosen, listed


class language:  # noqa: N801 (it is called as a function is)
    """Set the language of all messages and pages from here on; in a `with` statement, up to its end.

    It holds for this thread and whatever inherits its `contextvars`, such as asyncio tasks. JSON, model files and the
    names of settings are always English.

    Args:
        name: "en" or "zh".

    Raises:
        SettingError: another language.

    Examples:
        >>> import deltaw
        >>> with deltaw.language("zh"):
        ...     print(deltaw.fit("iris", epochs=2, folds=0).scores)  # doctest: +ELLIPSIS
        30 行：准确率...
    """

    def __init__(self, name: str) -> None:
        self._before = chosen.set(checked(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        chosen.reset(self._before)


def checked(name: str) -> str:
    """The language, if there is it. Raises SettingError."""
    if not among(name, LANGUAGES):
        raise SettingError("lang: expected one of {names}", repr(name), "choose one of these", names=listed(LANGUAGES))
    return name


def of_locale(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for: the first of LC_ALL, LC_MESSAGES and LANG that is set, as gettext."""
    named = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return named[:2] if named[:2] in LANGUAGES else LANGUAGES[0]


def asked(arguments: Sequence[str] | None) -> str:
    """The language that arguments ask for, or else the environment.

    With --json it is English, what is said beside the document too: programs read it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    given = [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    given += [after for word, after in pairwise(words) if word == "--lang"]
    if "--json" in words:
        return LANGUAGES[0]
    return given[-1] if given and given[-1] in LANGUAGES else of_locale(os.environ)
