"""Words for a missing value: the usual ones, with the user's additions (`na`) and exceptions (`not_na`)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize

from deltaw.exceptions import SettingError
from deltaw.given import several
from deltaw.speech import listed, say

# Stripped and in lower case. Below the first line: SAS, the World Bank and databases; errors of spreadsheets. Not "-",
# which is 0 in accounting.
MISSING = (
    "", "na", "n/a", "nan", "null", "none", "?", "<na>", "#n/a", "nat",
    ".", "..", "(null)", "\\n",
    "#na", "#value!", "#div/0!", "#ref!", "#name?", "#num!", "#null!",
)  # fmt: skip


def missing_words(na: Any = None, not_na: Any = None) -> tuple[str, ...]:
    """MISSING with the words of `na` and without those of `not_na`, ignoring case and surrounding spaces.

    Raises:
        SettingError: not words; a word in both; one of `not_na` that is not in MISSING, or "".
    """
    more, less = words_of("na", na), words_of("not_na", not_na)
    for word in less:
        if word in more:
            raise SettingError("not_na: expected other words than na", repr(word), "leave it out of one of the two")
        if word not in MISSING[1:]:
            expected = say(
                "not_na: expected words that usually mean a missing value ({missing})", missing=listed(MISSING[1:])
            )
            near = get_close_matches(word, MISSING[1:], 1)
            raise SettingError(
                expected, repr(word), say("did you mean {near}?", near=near[0]) if near else say("leave it out")
            )
    return tuple(dict.fromkeys(word for word in (*MISSING, *more) if word not in less))


def check_for_all(na: Iterable[str], columns: Iterable[str]) -> None:
    """Raise SettingError for a word like "age=-999" that names a column, since words count in all columns."""
    for word in na:
        name, equals, _ = word.partition("=")
        if equals and name in {column.lower() for column in columns}:
            expected, instead = "na: expected words, which mean a missing value in all columns", "give that word alone"
            raise SettingError(expected, repr(word), instead)


def numbers_among(words: Iterable[str]) -> list[float]:
    """The words that are numbers (-999), which are missing values in columns of numbers, too."""
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            continue
    return [number for number in found if not math.isnan(number)]


def words_of(what: str, given: Any) -> tuple[str, ...]:
    """A word or words, normalised like cells. Raises SettingError for anything else."""
    words = (given,) if isinstance(given, str) else () if given is None else given
    found = None if isinstance(words, Mapping) else several(words)
    words = (given,) if found is None else found
    plain = [str(word) if isinstance(word, int | float) and not isinstance(word, bool) else word for word in words]
    if not all(isinstance(word, str) for word in plain) or (given is not None and not plain):
        raise SettingError("{what}: expected words", repr(given), 'give e.g. ["none", "-"]', what=what)
    return tuple(normalize("NFC", word.strip()).lower() for word in plain)
