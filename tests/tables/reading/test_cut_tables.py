"""A table says the same whichever way it is cut into files: read at once and in parts, learnt from and answered for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.cli import main
from deltaw.exceptions import InputError
from deltaw.tables.reading.formats.pieces import pieces
from deltaw.tables.reading.source import Reading

N = 600
RNG = np.random.default_rng(0)
A = RNG.normal(size=N).round(3)
DAYS = pl.Series(RNG.integers(0, 3000, N)).cast(pl.Date)
WHOLE = pl.DataFrame({
    "a": A,
    "truths": np.where(np.arange(N) < 250, RNG.choice(["True", "False"], N), RNG.choice(["True", "maybe"], N)),
    "counts": np.where(np.arange(N) < 250, RNG.choice(["1.0", "2"], N), RNG.choice(["2", "3", "n/k"], N)),
    "many": [f"w{k}" for k in RNG.integers(0, 150, N)],
    "day": DAYS.dt.to_string("%d.%m.%Y"),
    "mass": [f"{k} kg" for k in RNG.integers(5, 9000, N)],
    "y": np.where(A > 0, "yes", "no"),
})  # fmt: skip
WRITERS: dict[str, Callable[[pl.DataFrame, str], Any]] = {
    "csv": lambda frame, path: frame.write_csv(f"{path}.csv"),
    "tsv": lambda frame, path: frame.write_csv(f"{path}.tsv", separator="\t"),
    "parquet": lambda frame, path: frame.write_parquet(f"{path}.parquet"),
    "arrow": lambda frame, path: frame.write_ipc(f"{path}.arrow"),
    "stream": lambda frame, path: frame.write_ipc_stream(f"{path}.arrows"),
}
ASKED: dict[str, Any] = {"hidden": 4, "epochs": 1, "test_size": 0.0, "validation": 0.0, "folds": 0}


def cut(folder: Path, ends: Sequence[int], formats: Sequence[str], whole: pl.DataFrame = WHOLE) -> Path:
    folder.mkdir()
    for i, (start, end) in enumerate(pairwise(ends)):
        WRITERS[formats[i % len(formats)]](whole[start:end], str(folder / f"{i:02}"))
    return folder


def said(source: Path, memory: int | None) -> Any:
    plan = models.plan(str(source), "y", memory=memory, **ASKED)
    assert (plan.streamed is not None) == (memory is not None)
    steps: Any = plan.preparation.steps
    words = {each.title: each.words for each in steps if each.kind == "category"}
    ends = {each.title: (each.edges[0], each.edges[-1]) for each in steps if each.kind in ("number", "date")}
    return {each.name: each.kind for each in plan.columns}, words, ends, plan.target.classes, plan.rows


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("whole") / "whole.csv"
    WHOLE.write_csv(path)
    return said(path, None)


@pytest.mark.parametrize(
    ("formats", "ends"),
    [
        (["csv"], (0, 200, 600)),
        (["csv"], (0, 300, 301, 450, 600)),
        (["parquet"], (0, 200, 600)),
        (["parquet"], (0, 100, 250, 400, 600)),
        (["csv", "parquet", "stream"], (0, 100, 250, 400, 600)),
        (["arrow", "tsv"], (0, 300, 301, 450, 600)),
    ],
)
def test_it_says_the_same(tmp_path: Path, expected: Any, formats: list[str], ends: tuple[int, ...]) -> None:
    """Some files have but truth values, or numbers, in columns of words, which the others show them to be."""
    assert expected[0] == {
        "a": "number", "truths": "category", "counts": "category", "many": "category", "day": "date", "mass": "number",
    }  # fmt: skip
    folder = cut(tmp_path / "d", ends, formats)
    assert deltaw.read(folder).frame.equals(WHOLE)
    assert said(folder, None) == expected
    assert said(folder, 1) == expected


def test_ends_are_those_of_what_cells_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """09.12.2001 stands before 10.01.1990 as text, and 10 kg before 9 kg: a sample needs the first and the last day."""
    monkeypatch.setattr("deltaw.models.rows.survey.FEWEST", 400)
    monkeypatch.setattr("deltaw.models.rows.survey.SAMPLE", 400)
    folder = cut(tmp_path / "d", (0, 200, 600), ["csv"])
    assert said(folder, 1)[2] == said(folder, None)[2]


def test_what_has_a_type_of_its_own_is_no_word(tmp_path: Path) -> None:
    """Of text the cells say what it is; a column of numbers by its type is not one of words."""
    folder = cut(tmp_path / "d", (0, 300, 600), ["parquet"])
    for typed in (pl.lit(1.5), pl.lit(value=True)):
        for name in ("00", "02"):  # before the others, and after them
            WHOLE[:200].with_columns(counts=typed, truths=pl.lit("maybe")).write_parquet(folder / f"{name}.parquet")
            for memory in (None, 1):
                with pytest.raises(InputError, match=r'parquet: expected .* in column "counts", as in the files befo'):
                    said(folder, memory)
            WHOLE[:200].write_parquet(folder / f"{name}.parquet")


def test_words_only_beside_numbers_only(tmp_path: Path) -> None:
    """Nothing in either file says that both are one column."""
    frame = WHOLE.with_columns(counts=pl.when(pl.int_range(N) < 300).then(pl.lit("1")).otherwise(pl.lit("n/k")))
    folder = cut(tmp_path / "d", (0, 300, 600), ["csv"], frame)
    for memory in (None, 1):
        with pytest.raises(InputError, match=r'01\.csv: expected numbers in column "counts", .* found words'):
            said(folder, memory)


@pytest.mark.parametrize("asked", ["truths", "counts"])
def test_a_row_has_its_answer_in_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """True among words is that word where all cells say True or False, too; and what is no input does not matter."""
    monkeypatch.chdir(tmp_path)
    frame = WHOLE.select("a", asked, "day", y=pl.when(pl.col(asked).is_in(["True", "1.0"])).then(1).otherwise(0) + A)
    model = deltaw.fit(frame, "y", hidden=4, epochs=3, drop=["day"], folds=0, verbose=False)
    model.save("m.deltaw")
    expected = model.predict(frame)
    for part in (frame[:200], frame[:1]):
        part.write_csv("part.csv")
        np.testing.assert_array_equal(model.predict("part.csv"), expected[: len(part)])
        np.testing.assert_array_equal(model.predict(part), expected[: len(part)])
    folder = cut(tmp_path / "d", (0, 200, 600), ["csv"], frame)
    frame[:100].drop("day").with_columns(day=1.5, more=pl.lit("x")).write_csv(folder / "02.csv")
    assert main(["predict", "m.deltaw", "d", "-o", "answers"]) == 0
    answers = np.concatenate(
        [deltaw.read(file).frame["prediction"].to_numpy() for file in sorted(Path("answers").iterdir())]
    )
    np.testing.assert_allclose(answers, np.concatenate([expected, expected[:100]]), rtol=1e-6)
    assert main(["evaluate", "m.deltaw", "d"]) == 0
    assert "700 rows" in capsys.readouterr().out


def test_rows_to_score_on_are_read_like_those_to_learn_from(tmp_path: Path) -> None:
    """Where all of them say True or False, these are the words that they are in the table."""
    WHOLE[200:].write_csv(tmp_path / "t.csv")
    WHOLE[:200].write_csv(tmp_path / "s.csv")
    model = deltaw.fit(tmp_path / "t.csv", "y", hidden=4, epochs=1, folds=0, test=tmp_path / "s.csv", verbose=False)
    assert model.held_out is not None
    assert model.held_out["truths"].to_list() == WHOLE["truths"][:200].to_list()


def test_a_column_that_is_told_to_be_words_meanwhile_is_text_from_the_next_piece_on(tmp_path: Path) -> None:
    path, words, found = tmp_path / "a.csv", set[str](), []
    path.write_text("code,x\n" + "1.0,2\n" * 600)
    for piece in pieces(path, "a.csv", Reading(words=words), size=1_200):
        found.append(set(piece.frame["code"].cast(pl.String)))
        types = piece.frame.schema["code"]
        words.add("code")
    assert len(found) > 2
    assert found[1:] == [{"1.0"}] * (len(found) - 1)
    assert types == pl.String
