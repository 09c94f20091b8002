"""What DeltaW says, in the language of whoever reads it.

English sentences stand in the code, with named fields, where they are read best; `say` says them in the language that
is chosen. The other languages stand in a folder each, in TOML, English sentence = sentence:

    "expected {expected}, found {found}" = "应为{expected}，实际：{found}"

What stands in fields is anybody's and stays as it is. Between a Chinese character and a word or number of another
script stands a blank, in a sentence (a test holds that) and where a field is filled, which may hold either (`filled`
sees to that). An error says its own sentences (`deltaw.exceptions`). Nothing is read before a language other than
English is asked for. A test holds that no sentence is missing, or has other fields.
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
WORD = "0-9A-Za-z²³\u00c0-\u03ff\u2070-\u209c∂∇√∞‖\"'`#$€_"  # the ends of words and numbers of other scripts
TIGHT = re.compile(rf"[{HAN}](?:[{WORD}(\[\-−+±~.]|/[{WORD}.])|[{WORD})\]%′][{HAN}]")  # a path begins with /

PLAIN = Formatter()

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
    if lang == LANGUAGES[0]:
        return in_english(sentence, **values)
    sentence = catalogue(lang).get(sentence, sentence)
    return filled(sentence, values) if values else sentence


def in_english(sentence: str, /, **values: object) -> str:
    """The same in English whatever is chosen: for what is kept (a reason in a model file), to be `retold`."""
    return counted(sentence, values).format_map(values) if values else sentence


class Kept(str):
    """A text that is English where it is data, as the name of a feature is in JSON and in files. `reads` says it."""

    sentence: str
    values: dict[str, object]

    def __new__(cls, sentence: str, /, **values: object) -> Kept:
        kept = super().__new__(cls, sentence.format_map(values) if values else sentence)
        kept.sentence, kept.values = sentence, values
        return kept


def reads(text: object) -> str:
    """How a text reads in the language that is chosen: what is kept is said, what is anybody's stays as it is."""
    if not isinstance(text, Kept):
        return str(text)
    if not text.values:
        return retold(say(text.sentence))
    return say(text.sentence, **{name: reads(value) for name, value in text.values.items()})


def listed(names: Iterable[str], last: str = ", ", between: str = ", ") -> str:
    """Several in a row: "a, b, c"; with a `last` of " and ", "a, b and c"."""
    *most, end = list(names) or [""]
    return beside(beside(say(between).join(most), say(last)), end) if most else end


def beside(left: str, right: str) -> str:
    """Two texts as one, with a blank where Chinese and a word or number of another script would touch."""
    return f"{left} {right}" if left and TIGHT.match(left[-1] + right[:2]) else left + right


def filled(sentence: str, values: Mapping[str, object], by: Formatter = PLAIN) -> str:
    """A sentence with the values in its fields, each `beside` what it stands beside."""
    values = {name: reads(value) if isinstance(value, Kept) else value for name, value in values.items()}
    return reduce(beside, _parts(sentence, values, by), "")


def _parts(sentence: str, values: Mapping[str, object], by: Formatter) -> Iterator[str]:
    """The text before each field, and what is in it."""
    for text, name, way, conversion in by.parse(sentence):
        yield text
        if name is not None:
            conversion = f"!{conversion}" if conversion else ""
            yield by.vformat(f"{{{name}{conversion}:{way}}}", (), values)


@lru_cache
def catalogue(lang: str) -> dict[str, str]:
    """English sentence -> the sentence, of all files of a language."""
    return _sentences(FOLDER / lang)


def retold(text: str) -> str:
    """What was said in English to be kept (a reason in a model file), in the language that is chosen.

    The sentences that are kept stand by themselves, in kept/: the text is held against each, and its fields are filled
    with what stands there. A text that fits none stays as it is.
    """
    fitting = ((said, pattern.fullmatch(text)) for pattern, said in _kept(chosen.get()))
    return next((filled(said, found.groupdict()) for said, found in fitting if found), text)


@lru_cache
def _kept(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """Each sentence that is kept, its fields as groups, and what it is in the language."""
    return [(_pattern(english), said) for english, said in _sentences(FOLDER / lang / "kept").items()]


def _pattern(sentence: str) -> re.Pattern[str]:
    parts, seen = "", set[str]()
    for i, part in enumerate(re.split(r"\{(\w+)\}", sentence)):  # text and names in turn
        name = f"(?P={part})" if part in seen else f"(?P<{part}>.+)"  # a name that comes again is the same text
        parts += name if i % 2 else _either(part)
        seen |= {part} if i % 2 else set()
    return re.compile(parts, re.DOTALL)


def _either(text: str) -> str:
    """A pattern for what stands behind a field, which may have been 1."""
    one = of_one(text)
    return re.escape(text) if one == text else f"(?:{re.escape(text)}|{re.escape(one)})"


def _sentences(folder: Path) -> dict[str, str]:
    import tomllib

    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml")))
    return {english: said for text in texts for english, said in tomllib.loads(text).items()}
