"""Rows and columns by choice: answers that are missing, columns to leave out, kinds that are told."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from commands import Run, refused
from deltaw.cli import main
from deltaw.cli.options.values import column_names, settings
from deltaw.exceptions import SettingError

QUICK = ["--engine", "native", "--hidden", "8", "--epochs", "4"]


@pytest.fixture
def run(run: Run) -> Run:
    """The same in a folder with rows.csv, for a command in one string."""
    table().write_csv("rows.csv")
    return lambda command: run(*command.split())


def table(n: int = 120) -> pl.DataFrame:
    """Every fourth row has no grade."""
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=n), rng.choice(["a", "b"], n)
    grade = [None if i % 4 == 0 else "high" if value > 0 else "low" for i, value in enumerate(x)]
    return pl.DataFrame(
        {"user": rng.permutation(n) + 1000, "x": x, "word": word, "sub_1": x, "sub_2": -x, "grade": grade}
    )


SAID = "30 of 120 rows have no grade: left out"


def train(more: str = "") -> str:
    return f"train rows.csv -t grade {' '.join(QUICK)} {more}"


@pytest.mark.usefixtures("undrawn")
def test_rows_without_an_answer_are_counted_once(run: Run) -> None:
    status, out, err = run(train("--json"))
    assert status == 0
    assert err.count(SAID) == 1
    document = json.loads(out)
    assert document["rows_left_out"] == 30
    assert sum(document["origin"][f"{part}_rows"] for part in ("training", "validation", "test")) == 90
    for command in (
        "evaluate model.deltaw rows.csv",
        "evaluate model.deltaw rows.csv --report report.html",
        "importance model.deltaw rows.csv",
        "doctor model.deltaw rows.csv --seconds 0",
        "doctor rows.csv -t grade --seconds 0",
    ):
        status, out, err = run(f"{command} --json")
        assert status == 0, err
        assert err.count(SAID) == 1
        assert json.loads(out)["rows_left_out"] == 30
    assert "90 rows of rows.csv" in run("evaluate model.deltaw rows.csv")[1]
    assert json.loads(run("predict model.deltaw rows.csv --json")[1])["predictions"][120:] == []


def test_where_none_is_missing_nothing_is_said(run: Run) -> None:
    table().drop_nulls().write_csv("rows.csv")
    for command in (train("--json"), "evaluate model.deltaw rows.csv --json"):
        status, out, err = run(command)
        assert status == 0
        assert "left out" not in err
        assert json.loads(out)["rows_left_out"] == 0


def columns(out: str) -> list[str]:
    return [column["name"] for column in json.loads(out)["columns"]]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("--drop user,sub_*", ["x", "word"]),
        ("--drop user --drop sub_?", ["x", "word"]),
        ("--only word,x", ["x", "word"]),
        ('--only "word",x,grade', ["x", "word"]),
        ("--only sub_*,x --drop sub_2", ["x", "sub_1"]),
    ],
)
def test_columns_by_choice(run: Run, options: str, names: list[str]) -> None:
    status, out, _ = run(train(f"{options} --json"))
    assert status == 0
    assert columns(out) == names
    table().select(*names).write_csv("few.csv")
    answers = [json.loads(run(f"predict model.deltaw {rows}.csv --json")[1]) for rows in ("rows", "few")]
    assert answers[0] == answers[1]
    assert run(f"doctor rows.csv -t grade --seconds 0 {options} --json")[0] == 0
    assert run("doctor model.deltaw rows.csv --seconds 0 --json")[0] == 0


def test_a_name_with_a_comma(run: Run) -> None:
    table().rename({"sub_1": "last, first"}).write_csv("rows.csv")
    status = main([*train("--json").split(), "--drop", 'user,"last, first"', "--drop", "sub_2"])
    assert status == 0
    assert '"last, first"' in Path("rows.csv").read_text()
    assert deltaw.load("model.deltaw").preparation.column_names == ("x", "word")


def test_a_name_a_line() -> None:
    """As $(cat names.txt) gives them; a name in quotes may have a newline itself."""
    assert column_names("--drop", ["user,sub_1\nsub_2\n", '"a\nb"']) == ("user", "sub_1", "sub_2", "a\nb")
    most = csv.field_size_limit(100)  # of the process: 128 KiB until it reads a table
    try:
        with pytest.raises(SettingError, match="--drop: expected names of columns"):
            column_names("--drop", ["x" * 200])
    finally:
        csv.field_size_limit(most)


@pytest.mark.parametrize("text", ["-" * 5_000 + "1", "-" * 100_000 + "1"])
def test_a_setting_that_python_cannot_parse_is_text(text: str) -> None:
    assert settings([f"dropout={text}"]) == {"dropout": text}


WRONG = {
    "--drop wrod": ('expected a column "wrod"', 'did you mean "word"?'),
    "--only x,wrod": ('did you mean "word"?',),
    "--drop subs_*": ('"subs_*" matches', 'did you mean "sub_'),
    "--only z*": ('"z*" matches',),
    "--drop grade": ('the target "grade"',),
    "--only x,word --drop x": ('"x" in both',),
    "--only x,word --drop sub_1": ("of the columns asked for", '"sub_1"'),
    "--drop *": ("none that is kept",),
    "--drop ,": ("--drop: expected names of columns",),
    "--only x,": ("--only: expected names of columns",),
    "--drop 5": ('"5"',),
    "--as word": ("--as: expected COLUMN=KIND",),
    "--as word=": ("--as: expected COLUMN=KIND",),
    "--as =number": ("--as: expected COLUMN=KIND",),
    "--as word=numbr": ("number, category, boolean, date", "did you mean number?"),
    "--as wrod=category": ('did you mean "word"?',),
    "--as word=number": ("expected a number in row 1 of", "rows.csv"),
    "--as x=date": ("expected a date in row 1 of", '"x"'),
    "--as grade=category": ('the target "grade"',),
    "--as word=category --drop word": ('expected a column "word"',),
}


@pytest.mark.parametrize("options", WRONG)
def test_what_cannot_be_is_one_line(run: Run, options: str) -> None:
    for command in (train(options), f"doctor rows.csv -t grade {options}"):
        line = refused(run(command))
        assert not [words for words in WRONG[options] if words not in line], line
    assert {path.name for path in Path().iterdir()} == {"rows.csv"}


def test_a_model_keeps_its_own_columns(run: Run) -> None:
    assert run(train("--drop user"))[0] == 0
    status, _, err = run("doctor model.deltaw rows.csv --drop x --only word")
    assert status == 2
    assert "--drop, --only" in err


def test_kinds_that_are_told(run: Run) -> None:
    status, out, _ = run(train("--as user=category,sub_*=number --as word=category --json"))
    assert status == 0
    found = {column["name"]: column for column in json.loads(out)["columns"]}
    assert found["user"]["kind"] == "category"
    assert "as asked" in found["user"]["reason"]
    assert deltaw.load("model.deltaw").preparation.kinds["user"] == "category"
    assert run("predict model.deltaw rows.csv")[0] == 0
    assert run("doctor rows.csv -t grade --seconds 0 --as user=category")[0] == 0
    assert run("doctor model.deltaw rows.csv --seconds 0")[0] == 0


def test_the_task_is_stated(run: Run) -> None:
    table(400).with_columns(grade=pl.int_range(pl.len()) % 11).write_csv("rows.csv")
    assert "grade: classification of 11 whole numbers 0 … 10; --task regression to change\n" in run(train())[2]
    assert "grade: regression, as asked\n" in run(train("--task regression"))[2]


def test_a_bad_cell_of_a_column_that_is_left_out_stops_nothing(run: Run) -> None:
    stray = [f"{i}.5" if i != 40 else "12x" for i in range(120)]
    table().with_columns(stray=pl.Series(stray)).write_csv("rows.csv")
    for options in ("", "--as stray=number"):
        status, _, err = run(train(options))
        assert status == 2
        assert 'expected a number in row 41 of column "stray", found "12x"' in err
    for options in ("--drop stray", "--only x", "--as stray=category"):
        assert run(train(options))[0] == 0
        for command in ("predict", "evaluate", "importance", "doctor"):
            assert run(f"{command} model.deltaw rows.csv{' --seconds 0' * (command == 'doctor')}")[0] == 0
    assert "row 41" in run(train().replace("-t grade", "-t stray"))[2]


def test_a_threshold_is_said_and_used(run: Run) -> None:
    status, out, err = run(train("--threshold best:f1"))
    assert status == 0, err
    assert "answers  low from the probability at which F1 is best on held-out rows" in err
    threshold = deltaw.load("model.deltaw").target.threshold
    said = f"the answer is low from a probability of {threshold:g} on: there F1 is best on held-out rows"
    assert said in out
    assert said in run("show model.deltaw")[1]
    document = json.loads(run("predict model.deltaw rows.csv --json")[1])
    assert document["threshold"] == threshold
    p = np.array(document["probabilities"])[:, 1]
    assert document["predictions"] == ["low" if each >= threshold else "high" for each in p]
    status, out, err = run(train("--threshold 0.3 --json"))
    assert "answers  low from a probability of 0.3 on" in err
    assert json.loads(out)["threshold"] == 0.3
    for wrong in ("0", "best:auc", "best:f2", "no"):
        assert refused(run(train(f"--threshold {wrong}"))).startswith("threshold: expected")


def test_a_log_scale_is_said(run: Run) -> None:
    rows = pl.read_csv("rows.csv").with_columns(pay=pl.col("x").mul(2).exp(), left=-pl.col("x").exp())
    rows.write_csv("pay.csv")
    said = "answers  numbers, learnt on a log scale; to change: --target-scale none"
    for options, expected in (("--metric mae", True), ("--target-scale log", True), ("--metric r2", False)):
        status, _, err = run(f"train pay.csv -t pay {' '.join(QUICK)} {options}")
        assert status == 0, err
        assert (said in err) == expected
    for wrong in ("pay.csv -t left --target-scale log", "pay.csv -t pay --target-scale square", "rows.csv -t grade "
                  "--target-scale log"):  # fmt: skip
        refused(run(f"train {wrong}"))


def test_weights_are_said_and_refused(run: Run) -> None:
    rows = pl.read_csv("rows.csv").with_columns(w=pl.int_range(pl.len()) % 3)
    rows.write_csv("weights.csv")
    status, out, err = run(train("--weight w --class-weight high=1,low=5").replace("rows.csv", "weights.csv"))
    assert status == 0, err
    assert "weights  rows by w, in training and scores; classes high 1, low 5, in training only" in err
    assert "have a weight of 0: left out" in err
    assert "each by its w" in out
    status, out, err = run("evaluate model.deltaw weights.csv")
    assert "each by its w" in out
    assert "does not use" not in run("evaluate model.deltaw weights.csv")[2].replace("sub", "")
    assert "each by its" not in run("evaluate model.deltaw rows.csv")[1]
    assert run("predict model.deltaw rows.csv")[0] == 0
    for wrong in ("--weight word", "--weight grade", "--weight v", "--class-weight high=-1", "--class-weight even",
                  "--class-weight no=1", "--class-weight high=x"):  # fmt: skip
        refused(run(train(wrong)))


def test_crossval_says_what_train_says_of_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which have no answer, how much they count, how the table is written; and standard input serves all repeats."""
    rows = pl.read_csv("rows.csv").with_columns(w=pl.int_range(pl.len()) % 3 + 1, 组=pl.int_range(pl.len()) % 9)
    grade = pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("grade").alias("grade")
    Path("gaps.csv").write_bytes(rows.with_columns(grade).write_csv().encode("gb18030"))
    command = f"crossval - -t grade --weight w --group 组 --repeats 2 --encoding gb18030 {' '.join(QUICK)}"
    with Path("gaps.csv").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        status, out, err = run(command)
    assert status == 0, err
    assert "each by its w" in out.splitlines()[0]
    missing = rows.with_columns(grade).get_column("grade").null_count()
    assert f"{missing:,} of {len(rows):,} rows have no grade: left out" in err
    status, out, err = run(command.replace("-", "gaps.csv", 1) + " --json")
    assert json.loads(out)["rows_left_out"] == missing
    assert run(train("--group user --weight w --drop 组 --encoding gb18030").replace("rows.csv", "gaps.csv"))[0] == 0
    said = run("evaluate model.deltaw gaps.csv --encoding gb18030")[2]
    assert "does not use: 组\n" in said  # and neither groups nor weights, which were used as such
