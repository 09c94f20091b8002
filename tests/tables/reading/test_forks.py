"""In a forked process what needs Polars' threads is refused in one line, and the rest works; other starts just work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import deltaw

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

# Each program makes the calls in a child of this kind, within some time, and prints what each one ended with.
FORKED = """
import multiprocessing, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
import deltaw
{parent}

CALLS = {calls!r}

def child():
    for call in CALLS:
        try:
            exec(call, globals())
            print("fine", flush=True)
        except deltaw.InputError as error:
            print(error, flush=True)

if __name__ == "__main__":
    process = multiprocessing.get_context("{start}").Process(target=child)
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        print("never ends")
"""
USED = """
import deltaw.sklearn, polars as pl
X, y = np.random.default_rng(0).normal(size=(300, 5)), np.arange(300) % 2
if __name__ == "__main__":
    pl.DataFrame(X).write_csv("rows.csv")
    deltaw.read("rows.csv")
    table = deltaw.sklearn.TableClassifier("default", epochs=1, hidden=4).fit(X, y)
    model, frame = table.to_model(), pl.DataFrame(X)
    model.save("m.deltaw")
    network = deltaw.Network([5, 64, 1])
    predict, rows = deltaw.Predictor(network), np.repeat(X, 100, axis=0)
    perceptron = deltaw.sklearn.MLPClassifier(max_iter=1).fit(X, y)
"""
REFUSED = (
    "a table: expected a process in which Polars' threads run, found one forked after they had begun; start it by "
)


def ends(parent: str, calls: Sequence[str], folder: Path, start: str = "fork") -> list[str]:
    return prints(FORKED.format(parent=parent, calls=calls, start=start), folder)


def prints(program: str, folder: Path) -> list[str]:
    script = folder / "program.py"
    script.write_text(program)
    env = os.environ | {"PYTHONPATH": str(Path(deltaw.__file__).parents[1])}
    command = [sys.executable, script.name]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


NEED_POLARS = (
    "deltaw.fit('rows.csv', 'column_4')",
    "deltaw.read('rows.csv')",
    "deltaw.load('m.deltaw').predict(frame)",
    "model.evaluate(deltaw.tables.Table(frame, 'rows'))",
    "table.predict(X)",
    "deltaw.sklearn.TableClassifier(epochs=1).fit(X, y)",
    "perceptron.predict(frame)",
    "deltaw.sklearn.MLPClassifier(max_iter=1).fit(frame, y)",
)
NEED_NONE = (
    "deltaw.train(network, X, X[:, :1], epochs=2, batch_size=64, threads=2)",
    "assert deltaw.Predictor(network)(rows, threads=2).shape == predict(rows).shape == (30000, 1)",
    "assert deltaw.sklearn.MLPClassifier(max_iter=2, n_threads=2).fit(X, y).predict(X).shape == (300,)",
    "assert perceptron.predict_proba(X).shape == (300, 2)",
    "deltaw.load('m.deltaw'); perceptron.to_model().save('p.deltaw')",
)


def test_what_needs_polars_threads_is_refused_and_the_rest_works(tmp_path: Path) -> None:
    found = ends(USED, NEED_POLARS + NEED_NONE, tmp_path)
    assert found[len(NEED_POLARS) :] == ["fine"] * len(NEED_NONE)
    assert [line.startswith(REFUSED) for line in found[: len(NEED_POLARS)]] == [True] * len(NEED_POLARS), found
    assert "get_context('spawn')" in found[0]
    assert "loky" in found[0]


FIT = ("deltaw.fit('iris', epochs=1, hidden=4, folds=1)",)


@pytest.mark.parametrize("parent", ["import deltaw.sklearn", "import polars"], ids=["imported", "polars"])
def test_a_child_whose_parent_has_read_no_table_reads_its_own(parent: str, tmp_path: Path) -> None:
    assert ends(parent, FIT, tmp_path) == ["fine"]


def test_a_parent_that_uses_polars_by_itself_is_seen_and_a_grandchild_too(tmp_path: Path) -> None:
    """It may never have loaded our tables."""
    parent = "import polars as pl, os\npl.read_csv(b'a,b\\n1,2\\n')"
    fork = "pid = os.fork()\nif pid: os.waitpid(pid, 0), os._exit(0)"
    found = ends(parent, (*FIT, fork, *FIT), tmp_path)
    assert [found[0].startswith(REFUSED), found[1], found[2].startswith(REFUSED)] == [True, "fine", True]


def test_a_spawned_child_works(tmp_path: Path) -> None:
    parent = f"if __name__ == '__main__':\n    {FIT[0]}"
    assert ends(parent, FIT, tmp_path, start="spawn") == ["fine"]
