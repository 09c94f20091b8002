"""A target in which "None" is written: a class, or a missing answer, the same from every source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.cli import main
from deltaw.models.fitting.deciding import streaming

QUICK: dict[str, Any] = {"hidden": (3,), "epochs": 1}
NONES = 'the target contains "None" ({n} rows): read as {what} to change'
CLASS = "a class; na=['none']"


def frame(answers: tuple[str | None, ...] = ("Apnea", "Insomnia", "None"), n: int = 240) -> pl.DataFrame:
    x = np.random.default_rng(0).normal(size=(n, 2))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": [answers[i % len(answers)] for i in range(n)]})


def note(what: str, n: int = 80) -> str:
    return NONES.format(n=n, what=what)


WRITERS: dict[str, Any] = {
    "t.csv": pl.DataFrame.write_csv, "t.parquet": pl.DataFrame.write_parquet, "t.jsonl": pl.DataFrame.write_ndjson,
    "t.xlsx": pl.DataFrame.write_excel,
}  # fmt: skip


@pytest.mark.parametrize("name", [*WRITERS, "polars", "pandas", "categorical", "shards", "stream"])
def test_none_is_a_class_wherever_it_comes_from(tmp_path: Path, name: str) -> None:
    rows, source, memory = frame(), tmp_path / name, None
    kinds: dict[str, Any] = {"pandas": rows.to_pandas(), "categorical": rows.cast({"y": pl.Categorical})}
    if name in WRITERS:
        WRITERS[name](rows, source)
    elif name in ("shards", "stream"):  # a file of which no cell of the target says that it is of words
        source.mkdir()
        rows.filter(pl.col("y") == "None").write_csv(source / "a.csv")
        rows.filter(pl.col("y") != "None").write_csv(source / "b.csv")
        memory = 1 if name == "stream" else None
    else:
        source = kinds.get(name, rows)
    plan = streaming.plan(source if hasattr(source, "columns") else str(source), "y", memory=memory, **QUICK)
    assert (plan.streamed is not None) == (name == "stream")
    assert plan.target.classes == ("Apnea", "Insomnia", "None")
    assert (plan.left_out, plan.rows) == (0, 240)
    assert note(CLASS) in plan.table.notes


@pytest.mark.parametrize("memory", [None, 1])
@pytest.mark.parametrize(
    ("answers", "told", "classes", "left_out", "said"),
    [
        (("Apnea", "Insomnia", "None", "NA"), {}, ("Apnea", "Insomnia", "None"), 60, ("None", "NA")),
        (("yes", "no", "None"), {}, ("no", "yes"), 80, ("None",)),
        (("yes", "no", "None"), {"not_na": "none"}, ("None", "no", "yes"), 0, ()),
        (("Apnea", "Insomnia", "None"), {"na": "none"}, ("Apnea", "Insomnia"), 80, ()),
        (("Apnea", "Insomnia", "n/a", "?"), {}, ("Apnea", "Insomnia"), 120, ("n/a", "?")),
        (("Apnea", "Insomnia", None), {}, ("Apnea", "Insomnia"), 80, ()),
        ((*("Apnea", "Insomnia") * 15, "None"), {}, ("Apnea", "Insomnia"), 7, ("None",)),
        (("01067", "80331", "None"), {}, ("01067", "80331"), 80, ("None",)),
    ],
)
def test_what_else_it_may_be(
    tmp_path: Path, answers: Any, told: Any, classes: Any, left_out: int, said: Any, memory: int | None
) -> None:
    frame(answers).write_csv(path := tmp_path / "t.csv")
    plan = streaming.plan(path, "y", memory=memory, **QUICK, **told)
    assert (plan.target.classes, plan.left_out) == (classes, left_out)
    notes = [each for each in plan.table.notes if each.startswith("the target contains")]
    assert len(notes) == len({word == "None" and "None" in classes for word in said})
    assert all(any(f'"{word}"' in each for each in notes) for word in said)


def test_numbers_have_gaps() -> None:
    for answers in (("1", "2.5", "None", "4"), ("true", "false", "None"), ("3 kg", "4 kg", "5 kg", "7.5 kg", "None")):
        plan = models.plan(frame(answers), "y", **QUICK)
        assert plan.left_out == 240 // len(answers)


def test_the_model_knows_its_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame().write_csv(path := tmp_path / "t.csv")
    rows = frame().filter(pl.col("y") == "None")
    rows.head(20).write_csv(tmp_path / "none.csv")
    rows.with_columns(y=pl.lit("NA")).write_csv(tmp_path / "na.csv")
    assert main(["train", str(path), "--target", "y", "-o", str(tmp_path / "m.deltaw"), "--set", "epochs=2"]) == 0
    assert note("a class; --na none") in " ".join(capsys.readouterr().err.split())
    model = deltaw.load(tmp_path / "m.deltaw")
    assert "None" in model.target.classes
    assert model.evaluate(tmp_path / "none.csv").rows == 20
    assert model.evaluate(frame().with_columns(y=pl.when(pl.col("a") > 0).then("y"))).rows < 240
    with pytest.raises(deltaw.InputError, match="none in 80 rows"):
        model.evaluate(tmp_path / "na.csv")
    again = deltaw.fit(tmp_path / "none.csv", start=model, epochs=1)
    assert again.target.classes == model.target.classes
    model.save(tmp_path / "again.deltaw")
    assert (tmp_path / "again.deltaw").read_bytes() == (tmp_path / "m.deltaw").read_bytes()


def test_a_table_was_told_when_it_was_read(tmp_path: Path) -> None:
    frame().write_csv(path := tmp_path / "t.csv")
    assert models.plan(deltaw.read(path), "y", **QUICK).left_out == 80
    kept = models.plan(deltaw.read(path, not_na="none"), "y", **QUICK)
    assert (kept.left_out, kept.target.classes) == (0, ("Apnea", "Insomnia", "None"))
