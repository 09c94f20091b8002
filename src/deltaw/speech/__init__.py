"""Translation of messages.

The code has English sentences with named fields; `say` returns them in the current language. Translations are in a
folder per language, in TOML, English sentence = sentence:

    "expected {expected}, found {found}" = "应为{expected}，实际：{found}"

Values of fields are not translated. Between a Chinese character and a word or number of another script is a space, in
sentences (there is a test for that) and around fields (`filled` inserts it). Errors translate themselves
(`deltaw.exceptions`). Catalogues are read when a language other than English is used first. A test checks that no
sentence is missing, or has other fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache, reduce
from pathlib import Path
from string import Formatter

from deltaw.speech.counting import counted, of_one

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent

HAN = "\u4e00-\u9fff"
WORD = "0-9A-Za-z²³\u00c0-\u03ff\u2070-\u209c∂∇√∞‖\"'`#$€_"  # at the ends of words and numbers of other scripts
TIGHT = re.compile(rf"[{HAN}](?:[{WORD}(\[\-−+±~.]|/[{WORD}.])|[{WORD})\]%′][{HAN}]")  # a path begins with /

PLAIN = Formatter()

chosen: ContextVar[str] = ContextVar("deltaw_language", default=LANGUAGES[0])


def spoken() -> str:
    """The current language: by default "en"."""
    return chosen.get()


def say(sentence: str, /, **values: object) -> str:
    """A sentence in the current language (in English, if there is no translation), with its fields filled.

    Args:
        sentence: in English, with fields of `str.format`: "{rows:,} rows of {name}". Without values, braces are
            literal.
        values: of the fields.
    """
    lang = chosen.get()
    if lang == LANGUAGES[0]:
        return in_english(sentence, **values)
    sentence = catalogue(lang).get(sentence, sentence)
    return filled(sentence, values) if values else sentence


def in_english(sentence: str, /, **values: object) -> str:
    """The same in English, for texts that are stored (a reason in a model file) and translated by `retold`."""
    return counted(sentence, values).format_map(values) if values else sentence


class Kept(str):
    """A text that is English as data, such as a feature's name in JSON and files; `reads` translates it."""

    sentence: str
    values: dict[str, object]

    def __new__(cls, sentence: str, /, **values: object) -> Kept:
        kept = super().__new__(cls, sentence.format_map(values) if values else sentence)
        kept.sentence, kept.values = sentence, values
        return kept


def reads(text: object) -> str:
    """A text for the user: `Kept` ones translated, others unchanged."""
    if not isinstance(text, Kept):
        return str(text)
    if not text.values:
        return retold(say(text.sentence))
    return say(text.sentence, **{name: reads(value) for name, value in text.values.items()})


def listed(names: Iterable[str], last: str = ", ", between: str = ", ") -> str:
    """A list: "a, b, c"; with " and " as `last`, "a, b and c"."""
    *most, end = list(names) or [""]
    return beside(beside(say(between).join(most), say(last)), end) if most else end


def beside(left: str, right: str) -> str:
    """Concatenation, with a space between Chinese and a word or number of another script."""
    return f"{left} {right}" if left and TIGHT.match(left[-1] + right[:2]) else left + right


def filled(sentence: str, values: Mapping[str, object], by: Formatter = PLAIN) -> str:
    """A sentence with its fields filled, with spaces as by `beside`."""
    values = {name: reads(value) if isinstance(value, Kept) else value for name, value in values.items()}
    return reduce(beside, _parts(sentence, values, by), "")


def _parts(sentence: str, values: Mapping[str, object], by: Formatter) -> Iterator[str]:
    """The texts between fields, and the filled fields, in order."""
    for text, name, way, conversion in by.parse(sentence):
        yield text
        if name is not None:
            conversion = f"!{conversion}" if conversion else ""
            yield by.vformat(f"{{{name}{conversion}:{way}}}", (), values)


@lru_cache
def catalogue(lang: str) -> dict[str, str]:
    """English sentence -> translation, from all files of a language."""
    return _sentences(FOLDER / lang)


def retold(text: str) -> str:
    """A text that was stored in English (a reason in a model file), in the current language.

    It is matched with the sentences in the folder kept/, to find the values of their fields; unchanged if none matches.
    """
    fitting = ((said, pattern.fullmatch(text)) for pattern, said in _kept(chosen.get()))
    return next((filled(said, found.groupdict()) for said, found in fitting if found), text)


@lru_cache
def _kept(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """(pattern of a stored sentence with groups for its fields, translation)."""
    return [(_pattern(english), said) for english, said in _sentences(FOLDER / lang / "kept").items()]


def _pattern(sentence: str) -> re.Pattern[str]:
    parts, seen = "", set[str]()
    for i, part in enumerate(re.split(r"\{(\w+)\}", sentence)):  # texts and names alternate
        name = f"(?P={part})" if part in seen else f"(?P<{part}>.+)"
        parts += name if i % 2 else _either(part)
        seen |= {part} if i % 2 else set()
    return re.compile(parts, re.DOTALL)


def _either(text: str) -> str:
    """A pattern for the text after a field, in plural or singular."""
    one = of_one(text)
    return re.escape(text) if one == text else f"(?:{re.escape(text)}|{re.escape(one)})"


def _sentences(folder: Path) -> dict[str, str]:
    import tomllib

    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml")))
    return {english: said for text in texts for english, said in tomllib.loads(text).items()}
