"""What the lab says in Chinese: of tables and files nothing is missing, it is what Python says; blanks stand so."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from engine import ask, of_page

from deltaw.speech import FOLDER, TIGHT, _sentences, catalogue, filled

LAB = Path(__file__).parents[2] / "lab" / "src"
SPOKEN = ("said.ts", "engine/*.ts", "tables/*.ts", "files/*.ts", "state/*.ts")
LITERAL = r"""['"]((?:(?<=')(?:[^'\\]|\\.)*(?='))|(?:(?<=")(?:[^"\\]|\\.)*(?=")))['"]"""


def plain(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal)


@cache
def python() -> dict[str, str]:
    return catalogue("zh") | _sentences(FOLDER / "zh" / "kept")


def own() -> dict[str, str]:
    """What the lab alone says."""
    text = (LAB / "words" / "sentences.ts").read_text(encoding="utf-8")
    return {
        plain(english): plain(said) for english, said in re.findall(rf"^  {LITERAL}: {LITERAL},$", text, re.MULTILINE)
    }


def chinese() -> dict[str, str]:
    return own() | {each: python()[each] for each in sentences() & python().keys()}


def page() -> str:
    """The script of the built page, without quotes and escapes."""
    return re.sub(r"""[\\"']""", "", of_page("app").decode())


def sentences() -> set[str]:
    """What `said` says, what `Refusal` and `refuse` expect and advise, as literals; and how dates are written."""
    texts = [path.read_text(encoding="utf-8") for place in SPOKEN for path in LAB.glob(place)]
    found: set[str] = set()
    for text in texts:
        found |= set(re.findall(rf"\bsaid\({LITERAL}", text))
        found |= set(re.findall(rf"\b(?:Refusal|refuse)\({LITERAL}", text))
        for call in re.finditer(r"\b(?:Refusal|refuse)\(", text):
            found |= set(re.findall(rf", {LITERAL}(?=[,)])", text[call.end() : text.index(";\n", call.end())]))
    days = (LAB / "tables" / "days.ts").read_text(encoding="utf-8")
    found |= set(re.findall(rf"'%[^']*': {LITERAL}", days[: days.index("const PARTS")]))
    return {plain(each) for each in found} - {"whole"}


def test_no_sentence_of_the_lab_is_missing() -> None:
    spoken = sentences()
    assert len(spoken) > 60
    assert sorted(spoken - set(chinese())) == []


def test_what_python_says_stands_there_alone_and_is_in_the_page() -> None:
    """The page is built of Python's words (lab/making/sentences.ts)."""
    assert own().keys() & python().keys() == set()
    script = page()
    said = {english: re.sub(r"""[\\"']""", "", each) for english, each in chinese().items()}
    assert [english for english, each in said.items() if each not in script] == []


def test_their_fields_are_the_same() -> None:
    fields = re.compile(r"\{\w+(?::,)?\}")
    assert [
        each for each in chinese().items() if sorted(fields.findall(each[0])) != sorted(fields.findall(each[1]))
    ] == []


def shown() -> list[str]:
    """All that the page says in Chinese: its words, and what tables and files say."""
    words = (LAB / "words" / "zh.ts").read_text(encoding="utf-8")
    found = [plain(each) for each in re.findall(rf"\b\w+: {LITERAL}", words)] + list(chinese().values())
    assert len(found) > 400
    return found


def test_blanks_stand_as_python_sets_them() -> None:
    """Between Chinese and letters or numbers of other scripts, within a sentence and around its fields."""
    values = ["setosa", "0.25", '"x"', "(4, 3)", "−1", "82 %", "长度", "αβ", "⚑"]
    texts = [re.sub(r"\{(\w+):,\}", r"{\1}", text) for text in shown()]
    names = {name for text in texts for name in re.findall(r"\{(\w+)\}", text)}
    jobs = [{"do": "filled", "sentences": texts, "values": dict.fromkeys(names, value)} for value in values]
    for value, found in zip(values, ask(jobs), strict=True):
        assert found == [filled(text, dict.fromkeys(names, value)) for text in texts]
        dates = re.compile("[年月日时分]")  # as they are written
        assert [text for text in found if TIGHT.search(text) and not dates.search(text)] == []
