r"""Text from anywhere as signs that a terminal may show: nothing in it moves the cursor, hides, or turns a line round.

Names of columns, classes and files are anybody's. What a terminal would obey, or would show as nothing, is written as
its escape instead: "\x1b", "\u202e". Letters of all scripts, their accents and emoji stay.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

# Controls, formats (overrides of direction, zero-width signs, tags), lone surrogates, what has no meaning (of its own,
# or yet), separators of lines. Blanks of other widths are harmless.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
MARKS = frozenset({"Mn", "Me"})
# Marks that may stand on one letter: of more, Unicode Technical Standard 39 (section 5.4) says that they are an attack.
MOST_MARKS = 4
EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"  # the newest ones have no meaning yet in an older Python
# What stays though its category is hidden: line breaks, emoji, and the sign that makes one emoji of two.
STAYS = re.compile(rf"\n|[{EMOJI}]|(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])")


def visible(text: str) -> str:
    """The text with every sign visible; line breaks stay. Twice is the same as once."""
    return _shown(text, lambda sign: sign.encode("unicode_escape").decode("ascii"))


def one_line(text: str) -> str:
    """The same as one line: line breaks, tabs and other blanks become plain blanks."""
    return visible(re.sub(r"[^\S ]+", " ", text))


def visible_json(document: str) -> str:
    r"""A JSON document with every sign visible, by JSON's own escapes ("\u001b"): it says the same."""
    return _shown(document, lambda sign: json.dumps(sign)[1:-1])


def _shown(text: str, escape: Callable[[str], str]) -> str:
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    stays = {match.start() for match in STAYS.finditer(text)}
    signs, marks = [], 0
    for at, sign in enumerate(text):
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind in MARKS else 0
        hidden = marks > MOST_MARKS or (kind in HIDDEN and at not in stays)
        signs.append(escape(sign) if hidden else sign)
    return "".join(signs)
