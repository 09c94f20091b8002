"""Which words mean a missing value: beyond the usual ones, without some of them, and as the model was told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import OutputError, SettingError
from deltaw.tables import read
from deltaw.tables.missing import MISSING, missing_words

QUICK: dict[str, Any] = {"hidden": (4,), "epochs": 2, "engine": "native"}


def test_words_are_added_and_taken_away() -> None:
    assert missing_words() == MISSING
    assert missing_words(["-", " Unknown "], "NONE") == (*(w for w in MISSING if w != "none"), "-", "unknown")
    assert missing_words(-999) == (*MISSING, "-999")


@pytest.mark.parametrize(
    ("na", "not_na", "words"),
    [
        (3j, None, "na: expected words"),
        ([], None, "na: expected words"),
        ({"a": 1}, None, "na: expected words"),
        (None, "nonee", "did you mean none?"),
        (None, "red", "leave it out"),
        (None, "", "not_na"),
        ("none", "none", "leave it out of one"),
    ],
)
def test_words_that_cannot_be(na: Any, not_na: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        missing_words(na, not_na)
    assert "\n" not in str(caught.value)


CELLS = {
    "n": ["1", "-999", "3", "4.5", "-"],
    "word": ["none", "NA", "red", "?", "Unknown"],
    "whole": ["-999", "2", "3", "4", "5"],
}
TOLD: dict[str, Any] = {"na": ["-999", "-", "unknown"], "not_na": ["none"]}
EXPECTED = {
    "n": [1.0, None, 3.0, 4.5, None],
    "word": ["none", None, "red", None, None],
    "whole": [None, 2, 3, 4, 5],
}


@pytest.mark.parametrize("late", [False, True])
def test_text(tmp_path: Path, late: bool) -> None:
    """Late: after what Polars looks at to guess types."""
    frame = pl.DataFrame(CELLS)
    if late:
        frame = pl.concat([pl.DataFrame({"n": ["1"] * 2_000, "word": ["a"] * 2_000, "whole": ["1"] * 2_000}), frame])
    frame.write_csv(tmp_path / "x.csv")
    assert read(tmp_path / "x.csv", **TOLD).frame.tail(5).to_dict(as_series=False) == EXPECTED


def test_a_word_is_not_for_one_column() -> None:
    """It was a word that no cell is, and nobody said so."""
    with pytest.raises(SettingError, match="in all columns, found 'age=-999'; give that"):
        read({"Age": [1, 2]}, na="Age=-999")
    assert read({"x": ["age=1", "b"]}, na="age=1").frame["x"].to_list() == [None, "b"]


def test_frames(tmp_path: Path) -> None:
    typed = pl.DataFrame({"n": [1.0, -999, 3, 4.5, None], "word": CELLS["word"], "whole": [-999, 2, 3, 4, 5]})
    category = typed.with_columns(pl.col("word").cast(pl.Categorical))
    typed.write_parquet(tmp_path / "x.parquet")
    for source in (typed, category, typed.to_pandas(), pd.DataFrame(CELLS), tmp_path / "x.parquet"):
        assert read(source, **TOLD).frame.to_dict(as_series=False) == EXPECTED


def test_a_header_above_numbers_and_their_gaps(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,-\n2,3.5\n")
    assert read(tmp_path / "x.csv", na="-").frame.columns == ["column_1", "column_2"]


def rows(n: int = 90) -> pl.DataFrame:
    x = np.linspace(-1, 1, n).round(3)
    return pl.DataFrame(
        {"x": [str(value) if i % 7 else "-" for i, value in enumerate(x)], "kind": np.resize(["none", "some"], n),
         "y": np.where(x < 0, "none", "all")}
    )  # fmt: skip


def test_a_model_reads_as_it_was_told(tmp_path: Path) -> None:
    rows().write_csv(tmp_path / "d.csv")
    plain = deltaw.read(tmp_path / "d.csv")
    assert plain.frame["y"].null_count() == 45
    model = deltaw.fit(tmp_path / "d.csv", "y", na="-", not_na="none", **QUICK)
    assert model.classes == ("all", "none")
    assert model.preparation.kinds == {"x": "number", "kind": "category"}
    model.save(tmp_path / "m.deltaw")
    again = deltaw.load(tmp_path / "m.deltaw")
    assert again.missing == model.missing == missing_words("-", "none")
    assert again.evaluate(tmp_path / "d.csv").rows == 90
    np.testing.assert_array_equal(again.predict_proba(tmp_path / "d.csv"), model.predict_proba(rows()))
    table = deltaw.read(tmp_path / "d.csv", na="-", not_na="none")
    assert deltaw.fit(table, "y", **QUICK).missing == model.missing  # what a table was read with goes with it


def test_a_model_is_not_saved_over_its_table(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows().write_csv(path)
    before = path.read_bytes()
    model = deltaw.fit(path, "y", na="-", not_na="none", **QUICK)
    (tmp_path / "link.csv").symlink_to(path)
    for place in (path, tmp_path / "link.csv", str(path)):
        with pytest.raises(OutputError, match="expected another file than the input") as caught:
            model.save(place)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    model.save(tmp_path / "m.deltaw")
