"""The commands, end to end, on real files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from commands import Run, refused
from deltaw.models import RECIPES

QUICK = ["--engine", "native", "--hidden", "8", "--epochs", "4"]
NOTHING_SAVED = "interrupted; nothing was saved: run the same command again"


def table(n: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=n), rng.choice(["a", "b"], n)
    return pl.DataFrame(
        {"x": x, "word": word, "grade": np.where(x > 0, "high", "low"), "price": (10 * x + (word == "a")).round(3)}
    )


@pytest.fixture
def trained(run: Run) -> Path:
    """A folder with rows.csv and class.deltaw, price.deltaw trained on it."""
    table().write_csv("rows.csv")
    for target, name in (("grade", "class"), ("price", "price")):
        assert run("train", "rows.csv", "--target", target, *QUICK, "-o", f"{name}.deltaw")[0] == 0
    return Path.cwd()


def test_train_tells_what_it_does_and_how_good_it_is(run: Run) -> None:
    table().write_csv("rows.csv")
    status, out, err = run("train", "rows.csv", "-t", "grade", *QUICK, "--report", "report.html")
    assert status == 0
    for words in ("x", "number", "word", "category", "target", "rows", "network", "training"):
        assert words in err
    for words in (
        "accuracy",
        "log loss",
        "always the majority class",
        "had not seen it",
        "model.deltaw",
        "report.html",
    ):
        assert words in out
    assert {path.name for path in Path().iterdir()} == {"rows.csv", "model.deltaw", "report.html"}
    assert deltaw.load("model.deltaw").task == "classification"


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_bundled_sets(run: Run, name: str) -> None:
    status, out, _ = run("train", name, *QUICK, "--json")
    assert status == 0
    document = json.loads(out)
    assert document["origin"]["source"] == name
    assert document["scores"]["rows"] > 0


def test_no_data_means_digits(run: Run) -> None:
    assert json.loads(run("train", *QUICK, "--json")[1])["origin"]["source"] == "digits"


def test_a_file_wins_over_a_bundled_set(run: Run) -> None:
    table().write_csv("iris")
    assert json.loads(run("train", "iris", "-t", "grade", *QUICK, "--json")[1])["target"] == "grade"


@pytest.mark.parametrize(
    "write",
    [
        lambda rows: rows.write_csv("rows.tsv", separator="\t"),
        lambda rows: rows.write_parquet("rows.parquet"),
        lambda rows: rows.write_ipc("rows.arrow"),
        lambda rows: rows.write_csv("rows.csv", separator=";"),
    ],
)
def test_any_format_gives_the_same_scores(run: Run, write: Callable[[pl.DataFrame], None]) -> None:
    write(table())
    table().write_csv("plain.csv")
    [path] = [path for path in Path().iterdir() if path.name != "plain.csv"]
    documents = [json.loads(run("train", source, "-t", "price", *QUICK, "--json")[1]) for source in (path, "plain.csv")]
    assert documents[0]["scores"] == documents[1]["scores"]


def test_options_reach_the_recipe(run: Run) -> None:
    table().write_csv("rows.csv")
    options = "--hidden 7,5 --epochs 3 --learning-rate 0.01 --batch-size 16 --seed 3 --test-size 0.5 --engine reference"
    more = "--set dropout=0.25 --set activation=tanh --set bias=false --set max_grad_norm=none --threads 1"
    document = json.loads(run("train", "rows.csv", "-t", "grade", "--json", *options.split(), *more.split())[1])
    recipe, origin = document["recipe"], document["origin"]
    assert document["network"]["sizes"][1:3] == [7, 5]
    assert document["network"]["bias"] == [False, False, False]
    wanted = {
        "epochs": 3,
        "learning_rate": 0.01,
        "batch_size": 16,
        "dropout": 0.25,
        "activation": "tanh",
        "bias": False,
    }
    assert {name: recipe[name] for name in wanted} == wanted
    assert (origin["seed"], origin["test_size"], origin["test_rows"]) == (3, 0.5, 60)


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(run: Run, recipe: str) -> None:
    table().write_csv("rows.csv")
    for target in ("grade", "price"):
        status, out, _ = run("train", "rows.csv", "-t", target, "-r", recipe, *QUICK, "--json")
        assert status == 0
        assert json.loads(out)["recipe"]["name"] == recipe


def test_no_hidden_layer(run: Run) -> None:
    table().write_csv("rows.csv")
    out = run("train", "rows.csv", "-t", "price", "--engine", "reference", "--epochs", 2, "--hidden", "none", "--json")[
        1
    ]
    assert len(json.loads(out)["network"]["sizes"]) == 2


def test_predict_writes_a_table(run: Run, trained: Path) -> None:
    model = deltaw.load("class.deltaw")
    table().with_columns(more=pl.lit(1)).write_csv("more.csv")
    _, out, err = run("predict", "class.deltaw", "more.csv")
    frame = pl.read_csv(out.encode())
    assert frame.columns == ["row", "prediction", "probability_high", "probability_low"]
    assert frame["prediction"].to_list() == model.predict("rows.csv").tolist()
    assert np.array_equal(frame[:, 2:].to_numpy(), model.predict_proba("rows.csv"))
    assert "does not use: more" in err
    numbers = pl.read_csv(run("predict", "price.deltaw", "rows.csv")[1].encode())
    assert numbers.columns == ["row", "prediction"]
    assert numbers["prediction"].to_list() == deltaw.load("price.deltaw").predict("rows.csv").tolist()


def test_words_that_a_model_does_not_know_are_told(run: Run) -> None:
    """Where most of a column are new it is another column, or spelt otherwise; of yes and no each is told."""
    towns, y = ["Bonn", "Ulm", "Kiel"] * 20, [float(i % 7) for i in range(60)]
    frame = pl.DataFrame({"town": towns, "new": ["yes", "no"] * 30, "y": y})
    frame.write_csv("t.csv")
    assert run("train", "t.csv", "-t", "y", "--folds", 0, "--epochs", 1, "--hidden", 4, "-o", "t.deltaw", "-q")[0] == 0

    def said(**changed: list[str]) -> list[str]:
        frame.with_columns(pl.Series(name, cells) for name, cells in changed.items()).write_csv("new.csv")
        return [line for line in run("predict", "t.deltaw", "new.csv")[2].splitlines() if "does not know" in line]

    assert said() == said(town=["Bonn", "Ulm", "Rom"] * 20) == said(new=["TRUE", "0"] * 30) == []
    upper = said(town=["BONN", "ULM", "KIEL"] * 20)
    assert len(upper) == 1
    assert upper[0].startswith('note: 60 of 60 cells of town are words that the model does not know ("BONN")')
    assert said(new=["yes", "no", "maybe"] * 20)[0].startswith("note: 20 of 60 cells of new are words")
    assert len(said(town=["x"] * 60, new=["x"] * 60)) == 2
    frame.with_columns(town=pl.Series([f"w{i % 55}" for i in range(60)])).write_csv("t.csv")  # nearly each of its own
    assert (
        run("train", "t.csv", "-t", "y", "--as", "town=category", "--folds", 0, "--epochs", 1, "-o", "t.deltaw", "-q")[
            0
        ]
        == 0
    )
    assert said(town=["x"] * 60) == []


@pytest.mark.usefixtures("undrawn")
def test_the_score_that_chose_is_shown(run: Run) -> None:
    table().write_csv("rows.csv")
    _, out, _ = run("train", "rows.csv", "-t", "grade", *QUICK, "--metric", "f1", "--report", "page.html")
    assert "F1" in out
    assert "Brier" not in out
    assert "<span>F1</span>" in Path("page.html").read_text(encoding="utf-8")
    assert "F1" in run("show", "model.deltaw")[1]


@pytest.mark.usefixtures("undrawn")
def test_evaluate_with_a_report(run: Run, trained: Path) -> None:
    for name in ("class", "price"):
        status, out, err = run("evaluate", f"{name}.deltaw", "rows.csv", "--report", "page.html")
        assert status == 0
        assert "report written to page.html" in err
        model = deltaw.load(f"{name}.deltaw")
        scores = model.evaluate("rows.csv")
        page = Path("page.html").read_text(encoding="utf-8")
        for metric in scores.defined:
            assert metric.title in out
            assert scores.show_interval(metric) in out
            assert scores.show_interval(metric) in page
        assert "scored on 120 rows of rows.csv" in page
        assert "How important the columns are" in page
    assert "errors by answer" in page
    assert run("evaluate", "class.deltaw", "rows.csv", "--report", "rows.csv")[0] == 2
    assert run("evaluate", "class.deltaw", "rows.csv", "--report", "none/page.html")[0] == 2


def test_scores_of_rows_that_were_learnt_from_have_a_note(run: Run, trained: Path) -> None:
    lines = Path("rows.csv").read_text(encoding="utf-8").splitlines()
    Path("fewer.csv").write_text("\n".join(lines[:-5]), encoding="utf-8")
    said = {name: run("evaluate", "class.deltaw", name)[2] for name in ("rows.csv", str(Path("rows.csv").resolve()))}
    for name, err in said.items():
        assert f"a table called {name} with as many rows: if these are the same rows, their scores say nothing" in err
        assert err.rstrip().endswith("; deltaw show has those of held-out rows")
    assert run("evaluate", "class.deltaw", "fewer.csv")[2] == ""


def test_importance(run: Run, trained: Path) -> None:
    found = deltaw.load("class.deltaw").importance("rows.csv")
    status, out, err = run("importance", "class.deltaw", "rows.csv")
    assert status == 0
    assert err.startswith("note: the model was trained on a table called rows.csv with as many rows")
    for each in found.columns:
        assert each.column in out
        assert found.show(each) in out
        assert found.show_interval(each) in out
    document = json.loads(run("importance", "class.deltaw", "rows.csv", "--json")[1])
    assert document == found.document() | {"rows_left_out": 0}
    other = json.loads(
        run("importance", "price.deltaw", "rows.csv", "--metric", "mae", "--repeats", 2, "--seed", 1, "--json")[1]
    )
    assert (other["metric"], other["repeats"], other["seed"]) == ("mae", 2, 1)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("importance class.deltaw rows.csv --metric mea", "did you mean 'mae', which is for the other task"),
        ("importance class.deltaw rows.csv --metric acuracy", "did you mean 'accuracy'"),
        ("importance class.deltaw rows.csv --repeats 0", "repeats: expected a whole number"),
        ("importance class.deltaw rows.csv --seed -1", "seed: expected a whole number"),
        ("train rows.csv -t price --metric auc", "which is for the other task"),
        ("train rows.csv -t grade --metric ac", "metric: expected a score of classification"),
        ("train rows.csv -t grade -r notes --metric auc", "expected validation rows"),
    ],
)
def test_metrics_that_cannot_be(run: Run, trained: Path, command: str, words: str) -> None:
    assert words in refused(run(*command.split()))


READERS: dict[str, Callable[[str], pl.DataFrame]] = {
    "out.csv": pl.read_csv,
    "out.tsv": lambda path: pl.read_csv(path, separator="\t"),
    "out.parquet": pl.read_parquet,
    "out.arrow": pl.read_ipc,
    "out.feather": pl.read_ipc,
    "out": pl.read_csv,
}


@pytest.mark.parametrize("name", READERS)
def test_predict_into_a_file(run: Run, trained: Path, name: str) -> None:
    expected = pl.read_csv(run("predict", "class.deltaw", "rows.csv")[1].encode())
    status, out, err = run("predict", "class.deltaw", "rows.csv", "-o", name)
    assert (status, out) == (0, "")
    assert "120 answers" in err
    assert READERS[name](name).equals(expected)


def test_evaluate_and_show(run: Run, trained: Path) -> None:
    status, out, _ = run("evaluate", "class.deltaw", "rows.csv")
    assert status == 0
    assert "120 rows of rows.csv" in out
    assert deltaw.load("class.deltaw").evaluate("rows.csv").metrics[0].show(
        deltaw.load("class.deltaw").evaluate("rows.csv")["accuracy"]
    ) in out  # fmt: skip
    status, out, _ = run("show", "price.deltaw")
    assert status == 0
    for words in ("regression of price", "rows.csv", "3", "identity", "seed 0", "native", "R²"):
        assert words in out


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def test_json_is_one_document_and_nothing_else(run: Run, trained: Path) -> None:
    assert set(strict(run("train", "rows.csv", "-t", "grade", *QUICK, "--json")[1])) == {
        "model", "report", "task", "target", "classes", "columns", "network", "recipe", "history", "scores", "origin",
            "rows_left_out", "threshold", "networks",
    }  # fmt: skip
    answers = strict(run("predict", "class.deltaw", "rows.csv", "--json")[1])
    model = deltaw.load("class.deltaw")
    assert answers["predictions"] == model.predict("rows.csv").tolist()
    assert answers["probabilities"] == model.predict_proba("rows.csv").tolist()
    assert strict(run("predict", "price.deltaw", "rows.csv", "--json")[1])["probabilities"] is None
    scores = strict(run("evaluate", "class.deltaw", "rows.csv", "--json")[1])
    assert scores["scores"] == model.evaluate("rows.csv").values
    assert [each["class"] for each in scores["classes"]] == ["high", "low"]
    assert strict(run("show", "class.deltaw", "--json")[1])["recipe"]["name"] == "default"


def test_a_score_that_is_not_defined_is_null(run: Run, trained: Path) -> None:
    table().with_columns(price=pl.lit(1.0)).write_csv("flat.csv")
    assert strict(run("evaluate", "price.deltaw", "flat.csv", "--json")[1])["scores"]["r2"] is None
    assert "not defined" in run("evaluate", "price.deltaw", "flat.csv")[1]


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"deltaw {deltaw.__version__}\n", "")
    usages = {"train": "[DATA]", "predict": "MODEL DATA", "doctor": "DATA | MODEL DATA", "lab": "[DATA | MODEL DATA]"}
    for command, usage in usages.items():
        assert f"Usage: deltaw {command} [OPTIONS] {usage}\n" in re.sub(" +\n", "\n", run(command, "--help")[1])
    for arguments in ([], ["--help"], ["-h"], ["train", "--help"], ["predict", "-h"]):
        status, out, err = run(*arguments)
        assert status == 0
        assert "Usage: deltaw" in out
        assert err == ""


# --- what only a process of its own can show ------------------------------------------------------------------------


def start(*arguments: str, **settings: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deltaw", *arguments]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from deltaw.cli import main; main(['--help']);"
        "heavy = {'numpy', 'polars', 'sklearn', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_backend_that_is_none() -> None:
    """Whatever windows Matplotlib is to open for somebody: figures of reports need none."""
    code = "from deltaw.cli import main; main(['show', 'none']); import matplotlib"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"MPLBACKEND": "nonsense"})


def test_no_threads_for_polars(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which it would panic, when the first rows are read."""
    monkeypatch.setenv("POLARS_MAX_THREADS", "0")
    line = "POLARS_MAX_THREADS: expected 1 or more, found 0; unset it, or give it such a number\n"
    assert refused(run("train", "iris")) == line


def test_a_signal_while_numpy_is_loaded() -> None:
    """It cannot be loaded again in that process; the line does without."""
    code = (
        "import sys; from deltaw.cli import main\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy.linalg': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop()); sys.exit(main(['train', 'iris']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        130,
        "",
        "deltaw: interrupted before training: nothing was saved; run the same command again\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_that_a_library_gives_another_name(number: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As DuckDB does, and Python 3.11 while it makes a class."""

    def renamed(*_: object) -> int:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None
        return 0

    monkeypatch.setattr("deltaw.cli._run", renamed)
    assert run("show", "m.deltaw") == (128 + number, "", f"deltaw: {NOTHING_SAVED}\n")


def test_training_loads_only_what_it_needs(tmp_path: Path) -> None:
    """What makes a start slow is not there: libraries of figures, of statistics, of other frames, and of helps."""
    table().write_csv(tmp_path / "rows.csv")
    commands = [["train", "rows.csv", "-t", target, *QUICK, "-q"] for target in ("grade", "price")]
    code = (
        f"import sys; from deltaw.cli import main; assert [main(each) for each in {commands!r}] == [0, 0];"
        "heavy = {'sklearn', 'scipy', 'matplotlib', 'pandas', 'pyarrow', 'sympy', 'IPython', 'markdown_it'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, cwd=tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_saves_what_was_learnt(tmp_path: Path) -> None:
    table(300).write_csv(tmp_path / "rows.csv")
    arguments = "train rows.csv -t grade --epochs 10000000 --hidden 8 --folds 2 --set networks=1 --report r.html -v"
    with start(*arguments.split(), cwd=tmp_path) as process:
        assert process.stderr is not None
        assert any(line.startswith("fold 1/2, epoch 1/") for line in process.stderr)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted after" in err
    assert "Traceback" not in err
    assert "model saved" in out
    model = deltaw.load(tmp_path / "model.deltaw")
    assert model.history.ended == "interrupted"
    assert (tmp_path / "r.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.deltaw", "r.html", "rows.csv"]


def test_a_pipe_gets_a_line_now_and_then(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "epoch 1/4:" not in run("train", "iris", *QUICK)[2]  # it takes less than a few seconds
    monkeypatch.setattr("deltaw.cli.output.screen.EVERY", 0.0)
    assert "epoch 1/4: loss" in run("train", "iris", *QUICK)[2]


def test_quiet_and_verbose(run: Run) -> None:
    status, out, err = run("train", "iris", *QUICK, "--quiet")
    assert (status, err) == (0, "")
    assert "model saved in" in out
    assert "epoch 4/4: loss" in run("train", "iris", *QUICK, "--verbose")[2]
    said = "--quiet: expected no --verbose with it, found both; leave one of the two out\n"
    assert refused(run("train", "iris", *QUICK, "-q", "-v")) == said
    refused(run("train", "nowhere.csv", "-q"))


@pytest.mark.parametrize(("option", "listed"), [((), 25), (("--columns", "all"), 60), (("--columns", "40"), 40)])
def test_columns_beyond_the_first_are_shown_when_asked(run: Run, option: tuple[str, ...], listed: int) -> None:
    rng = np.random.default_rng(0)
    wide = pl.DataFrame({f"column{i:02}": rng.normal(size=40) for i in range(60)}).with_columns(y=rng.normal(size=40))
    wide.write_csv("wide.csv")
    assert run("train", "wide.csv", "-t", "y", "--epochs", "1", "--hidden", "2", "-o", "wide.deltaw")[0] == 0
    status, out, _ = run("show", "wide.deltaw", *option)
    assert status == 0
    assert sum(f"column{i:02}" in out for i in range(60)) == listed
    assert (f"… {listed} of 60 columns" in out) == (listed < 60)
    assert ("--columns all" in out) == (listed < 60)


@pytest.mark.parametrize("many", ["0", "-3", "many", "1.5", " "])
def test_a_number_of_columns_that_cannot_be_is_refused(run: Run, many: str) -> None:
    status, _, err = run("show", "class.deltaw", "--columns", many)
    assert (status, err.count("\n")) == (2, 1)
    assert "--columns: expected all, or how many" in err


@pytest.mark.parametrize(
    ("command", "place", "line"),
    [
        ("crossval iris", "deltaw.models.crossval", NOTHING_SAVED),
        ("train iris", "deltaw.models.plan",
         "interrupted before training: nothing was saved; run the same command again"),
        ("show m.deltaw", "deltaw.models.load", NOTHING_SAVED),
        ("lesson line", "deltaw.cli.commands.lesson.check_outputs", NOTHING_SAVED),
    ],
)  # fmt: skip
def test_ctrl_c_is_said_by_every_command(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str, place: str, line: str
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, stop)
    assert run(*command.split()) == (130, "", f"deltaw: {line}\n")
    assert not list(Path().iterdir())
