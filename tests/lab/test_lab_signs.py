"""The lab shows signs that hide, or turn text round, as the terminal does."""

from __future__ import annotations

from engine import ask

from deltaw.signs import one_line

TEXTS = (
    "plain", "\u202egnp.exe", "a\u200bb", "zero\u200d",
    "\u2066x\u2069", "\x1b[2J", "Zoë", "नमस्ते",
    "👩\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "a\u0301\u0302\u0303\u0304\u0305\u0306", "\U000e0041",
    "\ufeff名", "soft\xadhyphen", "\x85", "\u2028",
    "∂E/∂w₁", "a‚b", "\ue000",
)  # fmt: skip


def test_signs_are_as_visible_as_in_a_terminal() -> None:
    (found,) = ask([{"do": "visible", "texts": [*TEXTS]}])
    plain = [text for text in TEXTS if text not in ("\x85", "\u2028")]  # which are blanks in a line
    assert [each for each, text in zip(found, TEXTS, strict=True) if text in plain] == [*map(one_line, plain)]
    assert found[TEXTS.index("\u2028")] == "\\u2028"
