"""Foreign text is harmless in a terminal, and readable as before where it was harmless."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.pages import Page, Section, Table, Text
from deltaw.signs import HIDDEN, MARKS, MOST_MARKS, one_line, visible, visible_json

ANY = st.text(st.characters(exclude_categories=[]), max_size=60)  # lone surrogates too
HOSTILE = {
    "\x1b]0;X\x07": r"\x1b]0;X\x07",
    "\x9b31m": r"\x9b31m",
    "a\x00b\x7f": r"a\x00b\x7f",
    "a\u202egpj.exe": r"a\u202egpj.exe",
    "a\u2066b\u2069": r"a\u2066b\u2069",
    "ze\u200bro\ufeff": r"ze\u200bro\ufeff",
    "x\U000e0041y": r"x\U000e0041y",
    "half\ud800": r"half\ud800",
    "join\u200ded": r"join\u200ded",
    "e" + "\u0301" * 7: "e" + "\u0301" * 4 + r"\u0301\u0301\u0301",
    "line\u2028break": r"line\u2028break",
    "a\r\tb": r"a\r\tb",
}
HARMLESS = [
    "学习（一）", "café", "cafe\u0301", "שלום", "عربي", "กำลัง", "한국어", "👍🏽",
    "👨\u200d👩\u200d👧", "1\ufe0f\u20e3", "🇨🇭",
    "ΔW = −α·∂E/∂w", "[b] :warning: <i>", "a\u00a0b\u3000c",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_terminal_would_obey_is_seen(text: str) -> None:
    assert visible(text) == HOSTILE[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text: str) -> None:
    assert visible(f"{text}\n{text}") == f"{text}\n{text}"


@given(ANY)
def test_no_sign_is_hidden_and_twice_is_once(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not {unicodedata.category(sign) for sign in shown.replace("\n", "").replace("\u200d", "")} & (
        HIDDEN - {"Cn"}
    )
    marks = "".join("m" if unicodedata.category(sign) in MARKS else " " for sign in shown)
    assert max(map(len, marks.split()), default=0) <= MOST_MARKS
    assert one_line(text).splitlines() in ([one_line(text)], [])
    shown.encode("utf-8")


@given(st.recursive(ANY, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(ANY, inside, max_size=3)))
def test_json_says_the_same(document: object) -> None:
    text = visible_json(json.dumps(document, ensure_ascii=False))
    assert json.loads(text) == document
    assert visible(text) == text


@given(ANY, st.integers(20, 100))
def test_pages_are_harmless(text: str, width: int) -> None:
    table = Table([text, "b"], [[text, 1], ["x", 2]], text)
    shown = Page(text, text, [Section(text, [Text(text), table])]).text(width)
    assert visible(shown) == shown
