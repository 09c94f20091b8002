"""`deltaw bench`, end to end on the quickest workload, and what it refuses. Nothing here looks at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import deltaw.bench
from commands import Run
from deltaw.bench import NAMES, PEERS, Options, Report, machine, missing
from deltaw.bench.children import THREADS, Child, ChildError, environment
from deltaw.bench.cost import Curve, draw
from deltaw.bench.peers import Job
from deltaw.bench.workloads import MNIST

TINY = ["bench", "--only", "tiny", "--peers", "sklearn", "--threads", "1", "--quick"]


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """What the measurements of this file found: the first is made, and then shown in other forms."""
    return []


@pytest.fixture
def measured_once(reports: list[Report], monkeypatch: pytest.MonkeyPatch) -> None:
    """`deltaw bench` measures where nothing has been, and else shows what was found."""

    def run(options: Options, tell: Callable[[str], None]) -> Report:
        if not reports:
            reports.append(measure(options, tell))
        return reports[0]

    measure, starts = deltaw.bench.run, deltaw.bench.startup.measure
    monkeypatch.setattr("deltaw.bench.run", run)
    monkeypatch.setattr("deltaw.bench.startup.measure", lambda _, threads: starts(1, threads))


@pytest.mark.usefixtures("measured_once")
def test_the_document(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    status, out, err = run(*TINY, "--json")
    assert status == 0
    assert list(tmp_path.iterdir()) == []  # nothing is left behind
    assert "tiny" in err
    document: dict[str, Any] = json.loads(out)
    assert set(document) == {
        "format", "date", "seconds", "machine", "settings", "rows", "start_up", "telemetry", "export", "curves",
        "remarks",
    }  # fmt: skip
    assert document["format"] == 1
    assert set(document["machine"]) >= {"processor", "cores", "instruction_sets", "system", "python", "versions"}
    assert document["machine"]["versions"]["deltaw"]
    (row,) = document["rows"]
    assert (row["workload"], row["unit"]) == ("tiny", "samples/s")
    assert [(t["peer"], t["threads"], len(t["seconds"])) for t in row["timings"]] == [
        ("deltaw", 1, 3),
        ("sklearn", 1, 3),
    ]
    assert all(second > 0 for timing in row["timings"] for second in timing["seconds"])
    assert all(timing["work"] == 150 * 200 for timing in row["timings"])
    assert row["best_peer"]["peer"] == "sklearn"
    assert row["ratios"]["best"] == pytest.approx(row["ours"]["rate"] / row["best_peer"]["rate"])
    assert row["targets"] == {"best": 3, "compiled": 20, "book": None, "peak": None}
    assert set(row["product_operations_per_second"]) == {"1"}


@pytest.mark.usefixtures("measured_once")
def test_the_table(run: Run) -> None:
    status, out, _ = run(*TINY)
    assert status == 0
    for words in ("tiny", "scikit-learn", "sklearn", "ratio", "target", "of peak", "threads", machine.processor()):
        assert words in out


def test_the_list(run: Run) -> None:
    status, out, _ = run("bench", "--list")
    assert status == 0
    assert all(name in out for name in (*NAMES, *PEERS))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "tyni"], "--only: expected one or more of notes-1, .* found 'tyni'"),
        (["--only", "tiny,nothing"], "found 'nothing'"),
        (["--peers", "theano"], "--peers: expected one or more of deltaw, .* found 'theano'"),
        (["--threads", "two"], "--threads: expected whole numbers, found 'two'"),
        (["--threads", "0"], "--threads: expected 1 …"),
        (["--threads", "100000"], "the cores of this machine, found 100000"),
        (["--runs", "2"], "--runs: expected 3 or more"),
        (["--mnist", "nowhere.npz"], "nowhere.npz: expected MNIST as .npz, found no such file"),
        (["--plot", "cost.txt"], r"--plot: expected a file ending in \.png"),
        (["--plot", "nowhere/cost.svg"], "a folder that does not exist"),
        (["--quik"], "--quik"),
    ],
)
def test_options_that_cannot_be(run: Run, options: list[str], words: str) -> None:
    import re

    status, out, err = run("bench", *options)
    assert status == 2
    assert out == ""
    last = err.strip().splitlines()[-1]
    assert last.startswith("deltaw: ")
    assert re.search(words, last)
    assert "Traceback" not in err


def test_a_peer_that_is_not_installed_is_left_out_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.bench.peers.find_spec", lambda name: None)
    lines = missing(tuple(PEERS))
    assert [line.split()[0] for line in lines] == ["torch", "torch.compile", "jax"]
    assert all("not installed; pip install" in line for line in lines)


def test_environment_of_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OPENBLAS_L2_SIZE", "1")
    found = environment(2)
    assert not {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & set(found)
    assert {found[name] for name in THREADS} == {"2"}
    assert "OPENBLAS_CORETYPE" in os.environ, "our own is left alone"


def test_a_peer_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    job = Job("sklearn", str(tmp_path / "nowhere"), 1, "train", MNIST)
    with Child(job, 1) as child, pytest.raises(ChildError) as caught:
        child.answer(60)
    assert len(str(caught.value).splitlines()) == 1


def test_a_peer_that_takes_too_long_is_ended() -> None:
    with Child(None, 1) as child, pytest.raises(ChildError, match="took longer than"):
        child.answer(0.0)


@pytest.mark.parametrize("ending", [".svg", ".png"])
def test_the_figure_is_drawn(ending: str, tmp_path: Path) -> None:
    sizes = (10, 100, 1000)
    curves = [Curve(name, name, sizes, (0.1, 1.0, 10.0), (1e3, 1e4, 1e5)) for name in ("rows", "width", "depth")]
    path = tmp_path / f"cost{ending}"
    draw(curves, path, "a machine")
    written = path.read_bytes()
    assert len(written) > 1000
    if ending == ".svg":
        text = written.decode()
        assert "operations^1.00" in text
        assert "1,000" in text
        assert "mathdefault" not in text
