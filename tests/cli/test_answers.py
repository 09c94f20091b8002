"""Files of answers: their formats, the columns that are kept beside, the numbers of rows."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from commands import Run

N = 60
NAMES = ("predict", "evaluate", "importance", "explain", "doctor --seconds 0")
QUICK = "--engine reference --hidden 4 --epochs 1"
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "a.csv": pl.read_csv,
    "a.CSV": pl.read_csv,
    "a": pl.read_csv,
    "a.tsv": lambda path: pl.read_csv(path, separator="\t"),
    "a.csv.gz": lambda path: pl.read_csv(gzip.decompress(path.read_bytes())),
    "a.2026-11.tsv.gz": lambda path: pl.read_csv(gzip.decompress(path.read_bytes()), separator="\t"),
    "a.jsonl": pl.read_ndjson,
    "a.ndjson": pl.read_ndjson,
    "a.jsonl.gz": lambda path: pl.read_ndjson(gzip.decompress(path.read_bytes())),
    "a.parquet": pl.read_parquet,
    "a.arrow": pl.read_ipc,
    "a.feather": pl.read_ipc,
}


def rows() -> pl.DataFrame:
    x = np.linspace(-1, 1, N).round(3)
    return pl.DataFrame(
        {
            "id": [f"{i:04d}" for i in range(N)],  # as it is written, and not the number that it is
            "name": [f"=cmd{i}" if i % 2 else "12 %" for i in range(N)],
            "x": x,
            "prediction": ["NA", " b ", "", "d"] * (N // 4),
            "row": range(N, 0, -1),
            "y": np.where(x < 0, "down", "up"),
        }
    )


@pytest.fixture
def used(run: Run) -> Run:
    """A folder with d.csv and a model of it."""
    rows().write_csv("d.csv")
    assert run(*f"train d.csv -t y --only x {QUICK} -o m.deltaw".split())[0] == 0
    return run


@pytest.mark.parametrize("name", READERS)
def test_the_ending_says_the_format(used: Run, name: str) -> None:
    expected = pl.read_csv(used("predict", "m.deltaw", "d.csv")[1].encode())
    assert expected.columns == ["row", "prediction", "probability_down", "probability_up"]
    assert expected["row"].to_list() == list(range(1, N + 1))
    assert used("predict", "m.deltaw", "d.csv", "-o", name)[:2] == (0, "")
    assert READERS[name](Path(name)).equals(expected)


def test_columns_are_kept_as_they_are_written(used: Run) -> None:
    status, out, err = used("predict", "m.deltaw", "d.csv", "--keep", "id,na*", "--keep", "prediction,row")
    found = pl.read_csv(out.encode(), infer_schema=False)
    kept = ["id", "name", "kept_prediction", "kept_row"]
    assert status == 0
    assert found.columns == ["row", *kept, "prediction", "probability_down", "probability_up"]
    given = pl.read_csv("d.csv", infer_schema=False)
    assert found[kept].rows() == given["id", "name", "prediction", "row"].rows()
    assert "prediction is renamed kept_prediction" in err
    plain = pl.read_csv(used("predict", "m.deltaw", "d.csv")[1].encode())
    assert pl.read_csv(out.encode())[plain.columns].equals(plain)  # nothing else is another


def test_without_numbers_of_rows(used: Run) -> None:
    found = pl.read_csv(used("predict", "m.deltaw", "d.csv", "--no-row", "--keep", "row,y")[1].encode())
    assert found.columns == ["row", "y", "prediction", "probability_down", "probability_up"]
    assert found["row"].to_list() == list(range(N, 0, -1))


def test_json(used: Run) -> None:
    document = json.loads(used("predict", "m.deltaw", "d.csv", "--json", "--keep", "id,prediction")[1])
    assert document["row"] == list(range(1, N + 1))
    assert document["kept"][:2] == [{"id": "0000", "prediction": "NA"}, {"id": "0001", "prediction": " b "}]
    assert len(document["predictions"]) == len(document["kept"]) == N
    bare = json.loads(used("predict", "m.deltaw", "d.csv", "--json", "--no-row")[1])
    assert not {"row", "kept"} & set(bare)


def test_formulas_in_kept_cells(used: Run) -> None:
    out = used("predict", "m.deltaw", "d.csv", "--keep", "name", "--safe-csv")[1]
    assert pl.read_csv(out.encode())["name"][:2].to_list() == ["12 %", "'=cmd1"]


def test_lists_are_kept_where_the_format_has_them(used: Run) -> None:
    frame = rows().with_columns(tags=pl.concat_list("x", "x"), when=pl.date(2020, 1, 2))
    frame.write_parquet("d.parquet")
    for name in ("a.parquet", "a.jsonl"):
        assert used("predict", "m.deltaw", "d.parquet", "--keep", "tags,when", "-o", name)[0] == 0
        assert READERS[name](Path(name))["tags"].to_list() == frame["tags"].to_list()
    assert pl.read_parquet("a.parquet")["when"].dtype == pl.Date
    kept = json.loads(used("predict", "m.deltaw", "d.parquet", "--keep", "tags,when", "--json")[1])["kept"]
    assert kept[0] == {"tags": [-1.0, -1.0], "when": "2020-01-02"}


class Piped:
    """A stdin of a file's bytes."""

    closed, isatty = False, staticmethod(lambda: False)

    def __init__(self, path: str) -> None:
        self.buffer = io.BytesIO(Path(path).read_bytes())


@pytest.mark.parametrize(
    "command",
    [
        f"train - -t y --only x {QUICK} -o n.deltaw",
        "predict m.deltaw - --keep id",
        "evaluate m.deltaw - --json",
        "importance m.deltaw -",
        "explain m.deltaw -",
        "doctor m.deltaw - --seconds 0",
        "doctor - -t y --seconds 0",
    ],
)
def test_standard_input(used: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr("sys.stdin", Piped("d.csv"))
    status, out, err = used(*command.split())
    assert status == 0, err
    if not command.startswith("train"):  # which tells how long it took
        words = ["d.csv" if word == "-" else word for word in command.split()]
        assert out == used(*words)[1].replace("d.csv", "stdin")


def test_no_model_comes_from_standard_input(used: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Piped("m.deltaw"))
    status, _, err = used("predict", "-", "d.csv")
    assert (status, err.count("\n")) == (2, 1)


def test_what_was_found_is_said(used: Run) -> None:
    text = "姓名,性别,x,y\n" + "张伟,男,0.5,up\n李娜,女,-0.5,down\n" * 40
    Path("g.csv").write_bytes(text.encode("gbk"))
    for command in (f"train g.csv -t y {QUICK} -o g.deltaw", *(f"{name} m.deltaw g.csv" for name in NAMES)):
        status, _, err = used(*command.split())
        assert status == 0
        assert "g.csv: read as GB18030" in err
    out = used("predict", "m.deltaw", "g.csv", "--keep", "姓名")[1]
    assert out.splitlines()[1].startswith("1,张伟,")


def test_a_file_of_many_classes_takes_little_memory(run: Run) -> None:
    """All probabilities of 4,000 rows of 2,000 classes are 64 MB, of which the file has 4,000 numbers."""
    y = np.repeat(np.arange(2_000), 2)
    pl.DataFrame({"x": y % 50, "z": y // 50, "y": [f"c{each}" for each in y]}).write_csv("d.csv")
    command = "train d.csv -t y --recipe quick --hidden 4 --epochs 1 --test-size 0 -o m.deltaw"
    assert run(*command.split())[0] == 0
    tracemalloc.start()
    status, _, err = run("predict", "m.deltaw", "d.csv", "-o", "a.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (status, err) == (0, "4,000 answers written to a.csv\n")
    assert peak < 48e6
    model, written = deltaw.load("m.deltaw"), pl.read_csv("a.csv")
    shares = model.predict_proba("d.csv")
    assert written["prediction"].to_list() == model.predict("d.csv").tolist()
    np.testing.assert_array_equal(written["probability"], shares.max(axis=1))


def test_days_after_all_that_were_learnt_from_are_told(run: Run) -> None:
    """Where they are more than half of those that there are, and the model was told of no time."""
    days = [date(2024, 1, 1) + timedelta(i) for i in range(400)]
    frame = pl.DataFrame({"day": days, "y": [float(i % 7) for i in range(400)]})
    frame[:360].write_csv("t.csv")
    for name, options in (("plain", ()), ("timed", ("--time", "day"))):
        given = ("-t", "y", "--folds", 0, "--epochs", 1, "--hidden", 4, "-o", f"{name}.deltaw", "-q")
        assert run("train", "t.csv", *given, *options)[0] == 0

    def said(model: str, rows: pl.DataFrame) -> list[str]:
        rows.write_csv("new.csv")
        return [line for line in run("predict", f"{model}.deltaw", "new.csv")[2].splitlines() if "dates later" in line]

    assert said("plain", frame) == said("plain", frame[:360]) == said("timed", frame[360:]) == []
    gap = pl.DataFrame({"day": [None]}, schema={"day": pl.Date})
    assert said("plain", pl.concat([gap, frame.select("day")[[0, 360, 361, 362]]])) == [
        "note: 3 of 4 cells of day are dates later than all training rows: train with --time for such rows"
    ]


def test_numbers_in_another_unit_are_told(run: Run) -> None:
    """As where a spreadsheet has 0.59 for 59%, and where grams stand in place of kilograms."""
    x = [i % 97 / 97 for i in range(400)]

    def rows(share: str, factor: float) -> pl.DataFrame:
        shares = [float(f"{100 * each:.0f}") if share == "%" else each for each in x]
        cells = [f"{each:.0f}%" if share == "%" else each for each in shares]
        return pl.DataFrame({"share": cells, "weight": [factor * (50 + each) for each in x], "y": x})

    def said(train: pl.DataFrame, new: pl.DataFrame) -> list[str]:
        train.write_csv("t.csv")
        new.write_csv("new.csv")
        command = "train t.csv -t y --folds 0 --epochs 1 --hidden 4 -o m.deltaw -q"
        assert run(*command.split())[0] == 0
        return run("predict", "m.deltaw", "new.csv", "-o", "a.csv")[2].splitlines()[:-1]

    percent, fraction, grams = rows("%", 1), rows("", 1), rows("%", 1000)
    signs = "note: share has percent signs in the training rows or in these, not in both; "
    assert said(percent, percent) == said(fraction, fraction) == said(percent, percent[:3]) == []
    assert [line.startswith(signs) for line in said(percent, fraction)] == [True]
    assert [line.startswith(signs) for line in said(fraction, percent)] == [True, False]  # and beyond training
    beyond = "note: 400 of 400 cells of weight are not within training's 50 to 50.99: see whether the unit is the same"
    assert said(percent, grams) == [beyond]
    assert said(percent, grams[:9]) == []
