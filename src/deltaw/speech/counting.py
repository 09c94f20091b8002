"""English singulars: "{n:,} rows" becomes "1 row"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

NOUNS = (
    "answer", "bin", "byte", "cell", "character", "class", "column", "dimension", "epoch",
    "example", "feature", "field", "file", "fold", "image", "input", "label", "layer", "line", "network", "number",
    "output", "parameter", "row", "second", "target", "training", "unit", "value", "weight", "word",
)  # fmt: skip
# Adjectives before a noun.
BEFORE = ("different", "distinct", "held-out", "hidden", "later", "test", "training", "validation", "whole")
VERBS = {"are": "is", "have": "has", "hold": "holds", "repeat": "repeats", "count": "counts", "were": "was"}

PLURALS = {f"{noun}es" if noun.endswith("s") else f"{noun}s": noun for noun in NOUNS}
OF_MANY = re.compile(
    rf"(?P<before> (?:(?:{'|'.join(BEFORE)}) )*)(?P<noun>{'|'.join(PLURALS)})(?P<of> of [A-Z])?"
    rf"(?:(?P<that> that)? (?P<verb>{'|'.join(VERBS)}))?\b"
)
COUNTED = re.compile(r"\{(?P<field>\w+)(?P<way>:,)?\}" + OF_MANY.pattern)


def counted(sentence: str, values: Mapping[str, object]) -> str:
    """An English sentence with nouns in the singular after fields that are 1."""
    if not _counts(sentence):
        return sentence

    def said(match: re.Match[str]) -> str:
        if str(values.get(match["field"])) != "1":
            return match[0]
        return f"{{{match['field']}{match['way'] or ''}}}{_singular(match)}"

    return COUNTED.sub(said, sentence)


def of_one(text: str) -> str:
    """The text after a number that is 1."""
    match = OF_MANY.match(text)
    return _singular(match) + text[match.end() :] if match else text


def _singular(match: re.Match[str]) -> str:
    verb = f"{match['that'] or ''} {VERBS[match['verb']]}" if match["verb"] else ""
    return f"{match['before']}{PLURALS[match['noun']]}{match['of'] or ''}{verb}"


@lru_cache(4096)
def _counts(sentence: str) -> bool:
    """Whether a sentence has a counted noun."""
    return COUNTED.search(sentence) is not None
