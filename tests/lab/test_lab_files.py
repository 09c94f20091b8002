"""Model files go both ways: Python answers as the lab did, and the lab as Python does."""

from __future__ import annotations

import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from engine import ask
from setups import by_baseline
from test_lab_tables import COLUMNS, KIND, choice, csv

import deltaw
from deltaw.equations.optimizers import optimizer
from deltaw.files.model import _canonical
from deltaw.live.write import contents
from deltaw.models.recipes import RECIPES, sized
from deltaw.models.scoring.intervals import Resamples, interval, of_share
from deltaw.models.scoring.metrics import METRICS, Outcome
from deltaw.preparation.unknown import unknown_words
from deltaw.tables import read

WORDS = csv({name: COLUMNS[name] for name in ("size", "count", "town", "truth", "answer", "day")} | {"y": list(KIND)})

SIZES = ["n.a." if i % 9 == 0 else f"{i % 40 / 8}" for i in range(len(KIND))]  # a word among numbers
GAPS = csv({"size": SIZES, "town": COLUMNS["town"], "y": list(KIND)})


def bundled(name: str, tmp_path: Path) -> tuple[str, str]:
    """A table as text, and its target."""
    table = read(name)
    table.frame.write_csv(tmp_path / f"{name}.csv")
    assert table.target is not None
    return (tmp_path / f"{name}.csv").read_text(), table.target


def job(text: str, target: str, kind: str, task: str, **own: Any) -> dict[str, Any]:
    notes = kind == "notes"
    return {"do": "model", "bytes": np.frombuffer(text.encode(), np.uint8), "name": "t.csv", "kind": kind, "own": own,
            "choice": choice(target, "unit" if notes else "piecewise", notes, 0.2, task)}  # fmt: skip


def test_python_answers_as_the_lab_did(tmp_path: Path) -> None:
    iris, diabetes = bundled("iris", tmp_path), bundled("diabetes", tmp_path)
    jobs = [
        job(*iris, "default", "classification"),
        job(*iris, "notes", "classification"),
        job(*diabetes, "default", "regression", epochs=5),
        job(*diabetes, "notes", "regression"),
        job(WORDS, "y", "default", "classification", rate=1.5e-7),
        job(GAPS, "y", "default", "classification"),
        job(*bundled("digits", tmp_path), "default", "classification", epochs=1),
    ]
    for one, found in zip(jobs, ask(jobs), strict=True):
        assert isinstance(found, dict), found
        path, table = tmp_path / "m.deltaw", tmp_path / "t.csv"
        path.write_bytes(found["file"].tobytes())
        table.write_bytes(one["bytes"].tobytes())
        model = deltaw.load(path)
        outputs = found["outputs"].reshape(-1, model.network.sizes[-1])
        answered = model._forward(model.preparation.transform(model.read(str(table)).frame))
        np.testing.assert_allclose(answered, outputs, atol=3e-6, rtol=3e-5)
        assert len(model.predict(str(table))) == len(outputs)
        assert model.history.loss == found["losses"].tolist()
        assert repr(model)
        # What it learnt from and how is what a training in Python would say, too.
        again = tmp_path / "again.deltaw"
        model.save(again)
        assert deltaw.load(again).recipe == model.recipe
        assert model.recipe.optimizer == found["settings"]["optimizer"]
    (broken,) = ask([job(*iris, "default", "classification", optimizer="sgd", rate=1e30, epochs=1)])  # no loss yet
    assert "finite numbers in a model file" in broken


def test_the_same_training_in_python_gives_the_same_file_but_for_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`deltaw.fit` with the rows of a lab held out makes the same network, by the baseline's bits."""
    by_baseline(monkeypatch)
    iris, diabetes = bundled("iris", tmp_path), bundled("diabetes", tmp_path)
    fifths = csv({"x": COLUMNS["size"][:150], "z": COLUMNS["count"][:150], "y": [f"c{i % 5}" for i in range(150)]})
    (tmp_path / "fifths.csv").write_text(fifths)  # more classes: numbers beside bins begin with larger weights
    for text, target, name, kind, task in (
        (fifths, "y", "fifths", "default", "classification"),
        (*iris, "iris", "default", "classification"),
        (*iris, "iris", "notes", "classification"),
        (*diabetes, "diabetes", "default", "regression"),
    ):
        (found,) = ask([job(text, target, kind, task)])
        (tmp_path / "m.deltaw").write_bytes(found["file"].tobytes())
        lab = deltaw.load(tmp_path / "m.deltaw")
        own = {} if kind == "notes" else {"validation": 0.0, "finish": 0.0, "calibrate": False, "screening": False,
                                             "networks": 1, "target_scale": "none"}  # fmt: skip
        python = deltaw.fit(
            str(tmp_path / f"{name}.csv"), target, kind, test_size=0.2, folds=0, seed=3, threads=1, verbose=False, **own
        )
        assert python.recipe == lab.recipe
        assert python.preparation == lab.preparation
        assert python.network.sizes == lab.network.sizes
        rounding = 1e-12 if task == "classification" else 1e-4  # many bins are not spread out in Python
        assert python.history.loss == pytest.approx(lab.history.loss, rel=rounding)
        for ours, theirs in zip(python.network.weights, lab.network.weights, strict=True):
            if task == "classification":
                assert np.array_equal(ours, theirs)
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_a_network_that_goes_back_to_its_line_is_one_in_python_too(tmp_path: Path) -> None:
    """Python answers as the lab does, and knows how far from the line that is."""
    X = np.random.default_rng(3).normal(size=(400, 5))
    y = X @ [1, 2, 0, 0, 3] + 0.5 * X[:, 0] * X[:, 1] + 6 * X[::-1, 0]  # a line, hardly bent, and noise
    columns = {**{f"c{k}": column for k, column in enumerate(X.T)}, "y": y}
    text = csv({name: [f"{x:.3f}" for x in column] for name, column in columns.items()})
    (found,) = ask([job(text, "y", "default", "regression") | {"finished": True}])
    assert 0 < found["share"] < 1
    (tmp_path / "m.deltaw").write_bytes(found["file"].tobytes())
    (tmp_path / "t.csv").write_text(text)
    model = deltaw.load(tmp_path / "m.deltaw")
    assert model.history.beyond_line == found["share"]
    answered = model._forward(model.preparation.transform(model.read(str(tmp_path / "t.csv")).frame))
    np.testing.assert_allclose(answered[:, 0], found["outputs"], atol=3e-6, rtol=3e-5)


def twice() -> str:
    """Rows that come twice with an answer of their own, which Python knows by heart."""
    rng = np.random.default_rng(2)
    each = np.repeat(np.arange(200), 3)
    names = ("count", "town", "truth", "day")
    chosen = {name: [str(COLUMNS[name][i]) for i in each] for name in names}
    size = ["" if i % 9 == 0 else str(i % 40 / 8) for i in each]
    return csv({"size": size, **chosen, "y": list(rng.choice(["a", "b", "c"], 200)[each])})


def test_the_lab_answers_as_python_does(tmp_path: Path) -> None:
    jobs, models = [], []
    for text, target, own in (
        (*bundled("iris", tmp_path), {}),
        (*bundled("diabetes", tmp_path), {}),
        (WORDS, "y", {"recipe": "notes"}),
        (GAPS, "y", {}),
        (twice(), "y", {"hidden": 8}),
        (*bundled("wine", tmp_path), {"recipe": "accurate", "networks": 2}),
    ):
        path = tmp_path / "t.csv"
        path.write_text(text)
        model = deltaw.fit(str(path), target, epochs=2, folds=0, seed=5, **own)
        model.save(tmp_path / "m.deltaw")
        file = np.frombuffer((tmp_path / "m.deltaw").read_bytes(), np.uint8)
        jobs.append({"do": "open", "file": file, "bytes": np.frombuffer(text.encode(), np.uint8), "name": "t.csv"})
        models.append((model, model.network.forward(model.preparation.transform(model.read(str(path)).frame))))
    answers = ask([*jobs, {**jobs[0], "file": np.zeros(40, np.uint8)}])
    assert [model.preparation.steps[-1].kind == "alike" for model, _ in models] == [*[False] * 4, True, False]
    for (model, outputs), found in zip(models, answers[:-1], strict=True):
        assert isinstance(found, dict), found
        np.testing.assert_allclose(found["outputs"].reshape(outputs.shape), outputs, atol=3e-6, rtol=3e-5)
        assert found["settings"]["rate"] == model.recipe.learning_rate
        assert bool(found["notes"]) == (len(model.others) > 0)
    assert "another kind of file" in answers[-1]


def test_rows_of_another_file_are_answered_as_python_does(tmp_path: Path) -> None:
    """Without a target, with a new word, a gap and columns in another order."""
    (tmp_path / "t.csv").write_text(GAPS)
    model = deltaw.fit(str(tmp_path / "t.csv"), "y", epochs=2, folds=0, seed=5)
    model.save(tmp_path / "m.deltaw")
    frame = pl.read_csv(io.StringIO(GAPS), infer_schema=False).drop("y").reverse()
    new = pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("never seen")).otherwise("town")
    others = frame.select(reversed(frame.columns)).with_columns(town=new)
    others.write_csv(tmp_path / "others.csv")
    file, text, rows = (
        np.frombuffer((tmp_path / name).read_bytes(), np.uint8) for name in ("m.deltaw", "t.csv", "others.csv")
    )
    (found,) = ask([{"do": "others", "file": file, "bytes": text, "name": "t.csv", "others": rows}])
    assert isinstance(found, dict), found
    answers = model.network.forward(model.preparation.transform(model.read(str(tmp_path / "others.csv")).frame))
    np.testing.assert_allclose(found["outputs"].reshape(answers.shape), answers, atol=3e-6, rtol=3e-5)


def test_words_that_were_read_as_numbers_are_those_of_the_model(tmp_path: Path) -> None:
    """Truth values, numbers and codes of other files, which are words among others in the training rows."""
    known = {"sure": ["True", "False", "maybe"], "size": ["1.0", "2.5", "large"], "zip": ["01067", "80331", "04109"],
             "old": ["7", "12", "x"]}  # fmt: skip
    text = csv({name: [cells[i * (k + 2) % 7 % 3] for i in range(90)] for k, (name, cells) in enumerate(known.items())}
               | {"y": ["ab"[i % 7 % 3 % 2] for i in range(90)]})  # fmt: skip
    (tmp_path / "t.csv").write_text(text)
    model = deltaw.fit(str(tmp_path / "t.csv"), "y", epochs=2, folds=0, seed=5)
    model.save(tmp_path / "m.deltaw")
    files = {
        "a.json": [
            {"sure": i % 2 == 0, "size": [1, 2.5][i % 2], "zip": [1067, 80331][i % 2], "old": 7} for i in range(6)
        ],
        "b.csv": "sure,size,zip,old\ntrue,1,1067,007\nFALSE,2.50,80331.0,12\nfalse,1.00,4109,12.0\n",
        "c.csv": "sure,size,zip,old\nmaybe,large,01067,x\nother,3,99999,y\n",
    }
    jobs, expected = [], []
    for name, rows in files.items():
        (tmp_path / name).write_text(rows if isinstance(rows, str) else json.dumps(rows))
        data = (np.frombuffer((tmp_path / each).read_bytes(), np.uint8) for each in ("m.deltaw", "t.csv", name))
        jobs.append({"do": "others", "name": "t.csv", **dict(zip(("file", "bytes", "others"), data, strict=True))})
        expected.append(model.network.forward(model.preparation.transform(model.read(str(tmp_path / name)).frame)))
    for name, found, answers in zip(files, ask(jobs), expected, strict=True):
        assert isinstance(found, dict), found
        np.testing.assert_allclose(found["outputs"].reshape(answers.shape), answers, atol=3e-6, rtol=3e-5, err_msg=name)


def test_intervals_are_deltaws() -> None:
    """Of a share the same; of what Python draws rows for nearly the same."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=800) ** 3
    outcome = Outcome(truth, truth + rng.normal(size=800) * (0.2 + abs(truth) / 3))
    errors, spreads = (outcome.predicted - truth) ** 2, (truth - truth.mean()) ** 2
    (found,) = ask([{"do": "intervals", "right": 690, "n": 800, "errors": errors, "spreads": spreads}])
    assert found[0] == pytest.approx([690 / 800, *of_share(690, 800)], rel=1e-6)
    for name, (value, low, high) in zip(("r2", "rmse"), found[1:], strict=True):
        metric = next(each for each in METRICS["regression"] if each.name == name)
        ends = interval(metric, outcome, Resamples.of(outcome))
        assert ends is not None
        assert value == pytest.approx(metric.score(outcome))
        assert [low, high] == pytest.approx(ends, abs=0.2 * (ends[1] - ends[0]))


def test_recipes_settings_are_deltaws() -> None:
    shapes = (
        (40, 3, False),
        (150, 4, False),
        (5000, 77, False),
        (20000, 12, False),
        (60000, 784, True),
        (50000, 20, False),
        (900000, 60, False),
    )
    kinds = (("classification", 3), ("classification", 7), ("regression", 1))
    cases = [(*kind, *shape) for kind in kinds for shape in shapes]
    jobs = [
        {"do": "recipe", "name": name, "trained": rows, "seed": 1, "heldOut": 0.2,
         "data": {"nIn": n_in, "nOut": n_out, "image": {} if image else None, "target": {"task": task},
                  "labels": [0] * n_in + [*range(n_out)] if task == "classification" else None}}
        for name in ("default", "notes") for task, n_out, rows, n_in, image in cases
    ]  # fmt: skip
    for one, found in zip(jobs, ask(jobs), strict=True):
        task, rows = one["data"]["target"]["task"], one["trained"]
        data, classes = one["data"], one["data"]["nOut"] if task == "classification" else 0
        share = 1 / len(data["labels"]) if classes else 1.0
        recipe = sized(RECIPES[one["name"]][task], rows, data["nIn"], data["image"] is not None, classes, rarest=share)
        own = {
            "optimizer": recipe.optimizer, "rate": recipe.learning_rate, "batch": recipe.batch_size,
            "epochs": recipe.epochs, "loss": recipe.loss, "schedule": recipe.schedule, "dropout": recipe.dropout,
            "dropoutSchedule": recipe.dropout_schedule, "labelSmoothing": recipe.label_smoothing, "bias": recipe.bias,
            "init": recipe.init, "backward": recipe.backward, "l2": recipe.l2,
        }  # fmt: skip
        assert {name: found[name] for name in own} == own
        assert [layer["units"] for layer in found["layers"][:-1]] == list(recipe.hidden or ())


def test_a_table_that_is_dropped_begins_as_deltaw_lab_begins(tmp_path: Path) -> None:
    rng, jobs, pages = np.random.default_rng(0), [], []
    for rows, target in ((30, "kind"), (150, "kind"), (400, "size"), (3000, "kind"), (70, "size")):
        table = pl.DataFrame({
            "a": rng.normal(size=rows), "b": rng.integers(0, 9, rows), "word": rng.choice(["x", "y", "z"], rows),
            "kind": rng.choice(["ant", "bee", "cat"], rows), "size": rng.normal(size=rows),
        })  # fmt: skip
        path = tmp_path / f"{rows}.csv"
        table.write_csv(path)
        pages.append(contents(str(path), None, target, None, {"seed": 0}))
        choice = {"target": target, "scaling": "standard", "encoding": "labels", "low": 0.01, "high": 0.99}
        jobs.append({
            "do": "dropped", "bytes": np.frombuffer(path.read_bytes(), np.uint8), "name": path.name,
            "choice": choice | {"heldOut": 0.2, "seed": 0},
        })  # fmt: skip
    for page, found in zip(pages, ask(jobs), strict=True):
        wanted = page.document["settings"]
        assert optimizer(found["settings"].pop("optimizer")).spec == wanted.pop("optimizer")
        assert found["settings"] == wanted
        assert found["nIn"] == page.document["data"]["nIn"]
        assert found["heldOut"] == len(page.arrays["heldOut"])


def test_json_is_pythons() -> None:
    rng = np.random.default_rng(0)
    numbers = [float(x) for p in range(-320, 309, 3) for x in rng.normal(size=2) * 10.0**p if math.isfinite(x)]
    values = [
        [*numbers, 0, 1, -5, 1e16, 123456789012345680.0, 1e21, 1e-5, 0.0001, 5e-324],
        {"b": 'é\u007f\u2028\U0001f600"\\\n', "a": None, "\U0001f600": True, "\uffee": [], "Z": {}},
    ]
    for value, found in zip(values, ask([{"do": "canonical", "value": v} for v in values]), strict=True):
        assert found["text"] == _canonical(json.loads(found["text"]))
        assert json.loads(found["text"]) == value
    for text in ("", "abc", "x" * 1000):
        assert ask([{"do": "sha", "text": text}])[0] == hashlib.sha256(text.encode()).hexdigest()


def test_words_that_a_model_does_not_know_are_spoken_of_as_in_python(tmp_path: Path) -> None:
    told = {"town": ["Rom", "Ulm", "Bern"] * 20, "sure": ["yes", "no"] * 30, "y": ["a", "b", "b", "a"] * 15}
    (tmp_path / "t.csv").write_text(csv(told))
    model = deltaw.fit(str(tmp_path / "t.csv"), "y", folds=0, networks=1, hidden=(4,), epochs=1, validation=0.0)
    model.save(tmp_path / "m.deltaw")
    file = np.frombuffer((tmp_path / "m.deltaw").read_bytes(), np.uint8)
    others = {
        "as they were": {}, "few are new": {"town": ["Rom"] * 40 + ["Köln"] * 20},
        "neither yes nor no": {"sure": ["yes", "never"] * 30},
        "most are new": {"town": ["Rom"] * 20 + ["Köln"] * 40}, "spelt otherwise": {"sure": ["YES", "No"] * 30},
    }  # fmt: skip
    tables = [csv(told | each) for each in others.values()]
    jobs = [{"do": "open", "file": file, "bytes": np.frombuffer(text.encode(), np.uint8), "name": "t.csv"}
            for text in tables]  # fmt: skip
    for name, text, found in zip(others, tables, ask(jobs), strict=True):
        (tmp_path / "other.csv").write_text(text)
        rows = read(str(tmp_path / "other.csv")).frame
        expected = [{"column": each.column, "n": each.cells, "present": each.present, "word": each.word}
                    for each in unknown_words(model.preparation.steps, rows)]  # fmt: skip
        assert [note["values"] for note in found["told"]] == expected, name


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Wherever a byte has changed: in the numbers, in the description, in the header; or where the end is missing."""
    deltaw.fit("iris", folds=0, networks=1, hidden=(4,), epochs=1, validation=0.0, verbose=False).save(
        tmp_path / "m.deltaw"
    )
    whole = (tmp_path / "m.deltaw").read_bytes()
    at = {"numbers": len(whole) - 9, "description": whole.index(b"virginica") + 1, "header": 20}
    bad = {name: whole[:i] + bytes([whole[i] ^ 2]) + whole[i + 1 :] for name, i in at.items()}
    bad |= {"cut": whole[:-100], "short": whole[:5], "empty": b"", "noise": np.random.default_rng(0).bytes(500)}
    jobs = [
        {"do": "open", "file": np.frombuffer(file, np.uint8), "bytes": np.zeros(0, np.uint8), "name": "t.csv"}
        for file in [whole, *bad.values()]
    ]
    fine, *found = ask(jobs)
    assert "expected a table, found an empty file" in fine  # the model was opened, and then its table
    for name, said in zip(bad, found, strict=True):
        assert said.startswith("expected a model file that DeltaW wrote, found "), (name, said)
