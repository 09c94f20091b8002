"""The commands of benchmarks/: that each can say what it asks, that documents name them as they are, and a summary."""

from __future__ import annotations

import re
import runpy
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "benchmarks").rglob("*.py"))
COMMANDS = [".".join(path.with_suffix("").parts) for path in FILES if "__main__" in (ROOT / path).read_text("utf-8")]


def test_every_command_says_what_it_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        monkeypatch.setattr("sys.argv", [name, "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(name, run_name="__main__")
        assert ended.value.code == 0, name
        assert name in capsys.readouterr().out, f"{name}: how it is run is missing above its file"
    assert len(COMMANDS) > 20


def test_documents_name_what_there_is() -> None:
    told = subprocess.run(["git", "-C", ROOT, "ls-files", "*.md", "*.py", "*.toml", "Makefile"], capture_output=True)
    if told.returncode:
        pytest.skip("no repository")
    texts = {name: (ROOT / name).read_text("utf-8") for name in told.stdout.decode().split()}
    commands = {name: set(re.findall(r"python -m (benchmarks\.[\w.]+)", text)) for name, text in texts.items()}
    paths = {name: set(re.findall(r"benchmarks/[\w/]+\.py", text)) for name, text in texts.items()}
    unknown = {name: found - {*COMMANDS, "benchmarks.ROOM.FILE"} for name, found in commands.items()}
    assert {name: found for name, found in unknown.items() if found} == {}
    assert {name: path for name, found in paths.items() for path in found if not (ROOT / path).is_file()} == {}
    assert sum(map(len, commands.values())) > 30


@pytest.mark.parametrize("ending", ["", ".zh"])
def test_figures_are_drawn_from_the_first_tables_of_their_pages(ending: str) -> None:
    """Every row of the table has its point, and the figure that lies there names it."""
    from benchmarks.figures import DOCS, FIGURES, first_table

    for name, draw in FIGURES.items():
        rows = first_table((DOCS / f"{name}{ending}.md").read_text("utf-8"))
        axis = draw(rows, ending).axes[0]
        said = {text.get_text() for text in (*axis.texts, *axis.get_yticklabels())}
        there = (DOCS / "figures" / f"{name}{ending}.svg").read_text("utf-8")
        for row in rows[1:]:
            (label,) = {row[0], row[0].rpartition(" (")[0], row[0].rpartition("（")[0]} & said
            assert label in there


def test_a_summary_of_tables_from_which_nothing_is_learnt() -> None:
    """In a folder of one's own that may be so of all: there is no score to share, and the rest is said."""
    from benchmarks.accuracy.beside_others import Summary

    common = {"table": "noise", "rows": 100, "fold": 0, "guess": 0.5, "score": 0.5, "loss": None, "seconds": 1.0}
    lines = [common | {"who": who, "times": times} for who, times in (("default", 0.5), ("HGB", 1.0))]
    summary = Summary(lines, {"all": ["noise"]})
    assert [(row["normalised"], row["rank"], row["time"]) for row in summary.rows()] == [
        (None, 1.5, 0.5),
        (None, 1.5, 1),
    ]
    assert "default" in summary.text()


def test_a_summary_says_no_time_of_who_answered_elsewhere() -> None:
    from benchmarks.accuracy.beside_others import Summary

    common = {"table": "wine", "rows": 178, "fold": 0, "guess": 0.4, "loss": 0.1}
    lines = [
        common | {"who": who, "score": score, "times": times, "seconds": times}
        for who, score, times in (("HGB", 0.9, 1.0), ("TabM", 1.0, None))
    ]
    summary = Summary(lines, {"all": ["wine"]})
    assert [(row["rank"], row["time"], row["longest"]) for row in summary.rows()] == [(2, 1.0, 1.0), (1, None, None)]
    assert "1.000 ± 0.000" in summary.text()


def test_what_is_answered_elsewhere_is_scored_as_what_is_answered_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a class and of a number, by a stranger in pytabkit's place; and a second time nothing is left to do."""
    stranger = """
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

def plain(X):
    return X.assign(**{name: X[name].cat.codes for name in X.select_dtypes("category")})

def of(tree):
    class Stranger:
        def __init__(self, device, n_threads, random_state):
            self.tree = tree(random_state=random_state, max_depth=3)

        def fit(self, X, y, cat_col_names):
            assert cat_col_names == list(X.select_dtypes("category"))
            self.tree.fit(plain(X), y)
            self.classes_ = getattr(self.tree, "classes_", None)
            return self

        def predict(self, X):
            return self.tree.predict(plain(X))

        def predict_proba(self, X):
            return self.tree.predict_proba(plain(X))
    return Stranger

TabM_D_Classifier, TabM_D_Regressor = of(DecisionTreeClassifier), of(DecisionTreeRegressor)
"""
    (tmp_path / "pytabkit.py").write_text(stranger, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from benchmarks import kept
    from benchmarks.accuracy.answering import main as answering
    from benchmarks.accuracy.elsewhere import main as elsewhere
    from benchmarks.accuracy.rivals import RIVALS
    from benchmarks.accuracy.scoring import scored
    from benchmarks.tables.divided import load

    folder, answers, file = tmp_path / "folder", tmp_path / "answers.npz", tmp_path / "runs.jsonl"
    commands = [
        (elsewhere, "write", folder, "--tables", "wine", "diabetes", "--rows", 120),
        (answering, folder, "--to", answers, "--device", "cpu", "--workers", 2, "--limit", 60),
        (elsewhere, "score", answers, "--file", file),
    ]
    for main, *words in commands + commands[1:]:
        monkeypatch.setattr("sys.argv", ["command", *map(str, words)])
        with suppress(SystemExit):
            main()
    lines = kept.lines(file)
    assert [(line["table"], line["fold"]) for line in lines] == [(t, f) for t in ("diabetes", "wine") for f in range(3)]
    for line in lines:
        data = load(line["table"], 3, 120)
        train, test = data.parts(line["fold"])
        here = scored(data, RIVALS["TabM"](data, train, test), train, test)
        assert {**line, **here, "times": None, "seconds": None} == line
