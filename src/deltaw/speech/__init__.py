"""What DeltaW says, in the language of whoever reads it.

English sentences stand in the code, with named fields, where they are read best; `say` says them in the language that
is chosen. The other languages stand in a folder each, in TOML, English sentence = sentence:

    "expected {expected}, found {found}" = "应为 {expected}，实际为 {found}"

What stands in fields is anybody's and stays as it is. An error says its own sentences (`deltaw.exceptions`). Nothing is
read before a language other than English is asked for. A test holds that no sentence is missing, or has other fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent

chosen: ContextVar[str] = ContextVar("deltaw_language", default=LANGUAGES[0])


def spoken() -> str:
    """The language that is chosen: "en" where nobody did."""
    return chosen.get()


def say(sentence: str, /, **values: object) -> str:
    """A sentence in the language that is chosen, with the values in its fields; a sentence that it lacks, in English.

    Args:
        sentence: English, `{name}` for each value, with `str.format`'s own ways: "{rows:,} rows of {name}". Without
            values, braces are braces.
        values: by name.
    """
    lang = chosen.get()
    if lang != LANGUAGES[0]:
        sentence = catalogue(lang).get(sentence, sentence)
    return sentence.format_map(values) if values else sentence


def listed(names: Iterable[str], last: str = ", ") -> str:
    """Several in a row: "a, b, c"; with a `last` of " and ", "a, b and c"."""
    *most, end = list(names) or [""]
    between, last = say(", "), say(last)
    return last.join(filter(None, [between.join(most), end]))


@lru_cache
def catalogue(lang: str) -> dict[str, str]:
    """English sentence -> the sentence, of all files of a language."""
    import tomllib

    files = sorted((FOLDER / lang).glob("*.toml"))
    return {english: said for path in files for english, said in tomllib.loads(path.read_text("utf-8")).items()}
