"""Which place each word has: the same however the words are held."""

from __future__ import annotations

import polars as pl

from deltaw.preparation.reading import SOME, places_as_written


def test_words_held_by_numbers_have_the_places_of_text() -> None:
    text = pl.Series([*["no", "yes", None] * SOME, "no"])
    held = text.cast(pl.Enum(["elsewhere", "no", "yes"]))  # a part of a table may have fewer words than the whole
    for known in (["yes", "no"], ["no", "other", "yes"]):
        found = [places_as_written(each, known, -1) for each in (text, held)]
        assert found[0] is not None
        assert found[1] is not None
        assert (found[0] == found[1]).all()
    assert places_as_written(held, ["yes"], -1) is None
