"""The diagnosis as a document, its figures, and the commands."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from commands import Run, refused
from deltaw import Network
from deltaw.cli import main
from deltaw.doctor import Diagnosis, examine, examine_model, figures, outcome

rng = np.random.default_rng(7)
X = rng.normal(size=(300, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


@cache
def diagnosis() -> Diagnosis:
    net = Network([3, 8, 2], ["tanh", "softmax"])
    return examine(net, 500 * X, Y, loss="cross_entropy", learning_rate=0.5, batch_size=32, epochs=10, seconds=2)


def test_the_cause_is_named_first() -> None:
    found = diagnosis()
    assert not found.healthy
    assert found.findings[0].rule == "unscaled_inputs"
    assert found.line.startswith("fault, unscaled inputs: ")


def test_every_form() -> None:
    page = diagnosis().page
    text = page.text()
    assert text.index("Unscaled inputs (fault") < text.index("Consequences")
    html = page.html()
    assert "$$" not in html
    assert html.count("<figure>") == len(page.figures) >= 4
    document = json.loads(json.dumps(page.json(), allow_nan=False))
    assert document["healthy"] is False
    assert document["findings"][0]["repair"]["changes"] == {"inputs": "standard"}
    assert "unscaled_inputs" in repr(diagnosis())


def test_a_notebook_shows_it(undrawn: None) -> None:
    assert "Unscaled inputs" in diagnosis()._repr_html_()


def test_a_figure_says_in_text_what_it_shows() -> None:
    """Whoever does not see it reads its caption: numbers stand there, and no colour that depends on light or dark."""
    shown = diagnosis().page
    assert len(shown.figures) >= 4
    for figure in shown.figures:
        assert any(sign.isdigit() for sign in figure.caption)
        assert not {"light", "dark", "bright"} & set(figure.caption.lower().replace(":", " ").split())
    during = diagnosis().evidence.watched
    assert any(f"{during.loss[-1]:.3g}" in figure.caption for figure in shown.figures)


def test_a_line_said_once(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the doctor knew before training is not said again after it."""
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "40", "--set", "dropout=0.85"]) == 0
    heard = [line for line in capsys.readouterr().err.splitlines() if line.startswith("doctor ")]
    assert heard[0].startswith("doctor   risk, excessive dropout")
    assert len(set(heard)) == len(heard)


def test_a_healthy_network_in_few_words() -> None:
    words: dict[str, Any] = {"loss": "cross_entropy", "optimizer": "adam", "learning_rate": 0.01, "batch_size": 32}
    found = examine(Network([3, 16, 2], ["relu", "softmax"]), X, Y, seconds=0, **words)
    assert (found.healthy, found.findings, found.line) == (True, (), "")
    assert "No problem found" in str(found)


NAMES = ["tanh", "relu", "softmax"]
BAD = np.array([np.nan, 0.0, np.inf])


def test_a_line_after_a_training_that_did_not_go_well(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "40"]) == 0
    assert "doctor " not in capsys.readouterr().err
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "2", "--set", "init=zeros"]) == 0
    heard = capsys.readouterr()
    assert heard.err.rstrip().splitlines()[-1].startswith("doctor   fault, ")
    model = deltaw.fit("rows.csv", "kind", epochs=2, learning_rate=0.0, init="zeros")
    assert model.scores is not None
    assert model.scores["accuracy"] <= model.scores.baseline["accuracy"]
    assert outcome(model).startswith("fault, learnt nothing: log loss")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.saturation([[0.1, 0.5, np.nan]], NAMES),
        lambda: figures.saturation(np.full((40, 30), 0.5), ["tanh"] * 30),
        lambda: figures.gradients({"before": BAD, "after": [1e-30, 1.0, 2.0]}, NAMES),
        lambda: figures.signals(np.array([np.nan, np.inf, 1e30, 0.0]), "relu", 0),
        lambda: figures.signals(X, "softmax", 2, after=BAD),
        lambda: figures.loss([1.0, 1e9, np.nan], np.nan, {2: "lost"}),
        lambda: figures.loss([0.5], np.inf, held_out=[np.nan]),
        lambda: figures.loss([0.5, 0.4], 1.0, held_out=[0.6, 0.5, 0.4, 0.5]),
        lambda: figures.loss([np.nan], 1.0),
        lambda: figures.rates([1e-3, 1e-2, 1e-1], [np.inf, 1.0, -3.0], 1e-2, bound=0.02),
        lambda: figures.rates([1e-3], [np.nan], 1e-3),
    ],
)
def test_figures_of_odd_numbers(draw: Any) -> None:
    from deltaw import plots

    assert plots.svg(draw()).startswith("<svg")


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [f"{a:.4f},{b:.4f},{'yes' if a * b > 0 else 'no'}" for a, b, _ in X]
    Path("rows.csv").write_text("a,b,kind\n" + "\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.usefixtures("undrawn")
def test_doctor_of_a_table(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "rows.csv", "-t", "kind", "--seconds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["healthy"] is True
    assert main(["doctor", "rows.csv", "-t", "kind", "--seconds", "0", "--set", "init=zeros", "--html", "d.html"]) == 0
    out = capsys.readouterr()
    assert out.out == ""
    assert "Equal weights" in Path("d.html").read_text()


def test_doctor_of_a_model(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = deltaw.fit("rows.csv", "kind", epochs=2)
    model.save("m.deltaw")
    assert main(["doctor", "m.deltaw", "rows.csv", "--seconds", "0"]) == 0
    assert "units" in capsys.readouterr().out
    found = examine_model(model, "rows.csv", seconds=0)
    assert tuple(dict.fromkeys(found.setup.columns)) == ("a", "b")  # numbers have bins beside them
    assert found.setup.drawn


def test_a_line_before_a_training_that_will_not_go_well(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "40"]) == 0
    assert "doctor " not in capsys.readouterr().err
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "2", "--set", "init=zeros"]) == 0
    heard = [line for line in capsys.readouterr().err.splitlines() if line.startswith("doctor ")]
    assert heard[0].startswith("doctor   fault, equal weights")
    assert len(set(heard)) == len(heard)
    assert main(["train", "rows.csv", "-t", "kind", "--epochs", "2", "--learning-rate", "0", "--doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["doctor"]["findings"][0]["rule"] == "zero_learning_rate"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("nowhere.csv", "expected a file"),
        ("rows.csv", "expected the name of the column"),
        ("rows.csv -t kimd", "kind"),
        ("m.deltaw", "expected DATA, or a model file and DATA, found m.deltaw;"),
        ("m.deltaw rows.csv --seed 1", "with a model, expected its own settings, found --seed;"),
        ("rows.csv rows.csv", "expected DATA, or a model file and DATA"),
        ("rows.csv -t kind --rows 0", "--rows: expected 1 or more"),
        ("rows.csv -t kind --seconds -1", "--seconds: expected 0 or more"),
        ("rows.csv -t kind --seconds 0 --repair", "--repair: expected --seconds above 0"),
        ("rows.csv -t kind --html nowhere/d.html", "nowhere"),
        ("rows.csv -t kind --set speed=3", "'speed'"),
    ],
)
def test_one_clear_line(table: Path, run: Run, arguments: str, words: str) -> None:
    assert words in refused(run("doctor", *arguments.split()))


def test_only_a_fault_is_asked_why_it_does_not_learn(table: Path) -> None:
    """A risk in a network that learns all is no failure; where no network learns, no share of the way is told."""
    assert diagnosis().page.title == "Why does it not learn?"
    leaking = pl.read_csv(table).with_columns(copy=pl.col("kind") + "!")
    found = deltaw.doctor.examine_table(leaking, "kind", seconds=0)
    assert {f.severity for f in found.findings} >= {"risk"}
    assert found.page.title == "The doctor's examination"
    noise = pl.DataFrame({"x": rng.normal(size=12), "y": rng.normal(size=12)})
    assert "these rows -" not in deltaw.doctor.examine_table(noise, "y", seconds=1).page.text()
