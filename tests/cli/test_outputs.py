"""What a command writes never destroys what it reads, nor what a finished training left."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.cli import main
from deltaw.exceptions import OutputError
from deltaw.files.atomic import check_writable
from deltaw.files.places import same_file
from deltaw.training.epochs import Training

QUICK = "--engine reference --hidden 4 --epochs 1"
Run = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    rng = np.random.default_rng(0)
    x = rng.normal(size=60).round(3)
    pl.DataFrame({"x": x, "y": np.where(x > 0, "a", "b")}).write_csv(folder / "d.csv")
    assert main(f"train {folder}/d.csv -t y {QUICK} -o {folder}/m.deltaw".split()) == 0
    (folder / "link.csv").symlink_to("d.csv")
    os.link(folder / "d.csv", folder / "twin.csv")
    (folder / "sub").mkdir()
    for name, kind in (("train-images-idx3-ubyte", 3), ("train-labels-idx1-ubyte", 1)):
        shape = b"".join(n.to_bytes(4, "big") for n in (40, 2, 2)[:kind])
        (folder / name).write_bytes(bytes([0, 0, 8, kind]) + shape + bytes(range(2)) * (80 if kind == 3 else 20))
    return folder


@pytest.fixture
def run(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a copy of the folder: (exit status, stderr)."""
    shutil.copytree(source, tmp_path / "there", symlinks=True)
    (tmp_path / "there" / "twin.csv").unlink()
    os.link(tmp_path / "there" / "d.csv", tmp_path / "there" / "twin.csv")
    monkeypatch.chdir(tmp_path / "there")

    def call(command: str) -> tuple[int, str]:
        return main(command.split()), capsys.readouterr().err

    return call


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path().rglob("*")) if path.is_file()}


REFUSED = [
    f"train d.csv -t y {QUICK} -o d.csv",
    f"train d.csv -t y {QUICK} -o ./sub/../d.csv",
    f"train d.csv -t y {QUICK} -o link.csv",
    f"train link.csv -t y {QUICK} -o d.csv",
    f"train d.csv -t y {QUICK} -o twin.csv",
    f"train d.csv -t y {QUICK} --report d.csv",
    f"train d.csv -t y {QUICK} -o F --report F",
    f"train d.csv -t y {QUICK} -o F --report sub/../F",
    f"train d.csv -t y {QUICK} -o F --report f",
    f"train train-images-idx3-ubyte {QUICK} -o train-images-idx3-ubyte",
    f"train train-images-idx3-ubyte {QUICK} -o train-labels-idx1-ubyte",
    f"train train-labels-idx1-ubyte {QUICK} --report train-images-idx3-ubyte",
    "predict m.deltaw d.csv -o m.deltaw",
    "predict m.deltaw d.csv -o d.csv",
    "predict m.deltaw link.csv -o twin.csv",
    "predict m.deltaw d.csv -o no/../d.csv",
    "train d.csv -t y -o no/../d.csv",
    "explain m.deltaw d.csv -o m.deltaw",
    "explain m.deltaw d.csv -o link.csv",
    "doctor d.csv -t y --seconds 0 --html d.csv",
    "doctor m.deltaw d.csv --seconds 0 --html m.deltaw",
    "doctor m.deltaw d.csv --seconds 0 --html twin.csv",
    "lesson network --data d.csv --html d.csv",
    "bench --quick --mnist d.png --plot d.png",
]


@pytest.mark.parametrize("command", REFUSED)
def test_an_output_over_an_input_is_refused(run: Run, command: str) -> None:
    shutil.copy("d.csv", "d.png")
    before = contents()
    status, err = run(command)
    assert status == 2
    assert "expected another file than" in err
    assert err.count("\n") == 1
    assert contents() == before


@pytest.mark.parametrize(
    "command",
    [
        f"train d.csv -t y {QUICK} -o new/",
        f"train d.csv -t y {QUICK} --report new/",
        "explain m.deltaw d.csv -o new/",
        "predict m.deltaw d.csv --json -o new/",
        "predict m.deltaw iris -o new.d/",
    ],
)
def test_a_slash_at_the_end_names_no_file(run: Run, command: str) -> None:
    """Of which a path forgets it: a file of that name would be written."""
    before = contents()
    status, err = run(command)
    assert status == 2
    assert "expected the path of a file, found new" in err
    assert contents() == before


def test_answers_go_into_the_folder_that_a_slash_says(run: Run) -> None:
    assert run("predict m.deltaw d.csv -o new/")[0] == 0
    assert len([*Path("new").iterdir()]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the current folder of a process")
def test_a_current_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OutputError, match=r"x.deltaw: .* found a folder that does not exist"):
        check_writable("x.deltaw")


@pytest.mark.parametrize(
    "command",
    [
        f"train d.csv -t y {QUICK} -o other.csv",
        f"train d.csv -t y {QUICK} -o OTHER.TSV.gz",
        f"train d.csv -t y {QUICK} -o m.parquet",
        f"train d.csv -t y {QUICK} --report other.csv",
        f"tune d.csv -t y --rounds 1 {QUICK} -o other.csv",
        "export m.deltaw -o other.csv",
        "export m.deltaw --form c -o other.csv",
        "evaluate m.deltaw d.csv --report other.csv",
        "doctor d.csv -t y --seconds 0 --html other.csv",
        "predict m.deltaw d.csv -o other.deltaw",
        "lab d.csv -t y -o other.csv",
        "lab d.csv -t y -o m.deltaw",
        "export m.deltaw --form c -o n.deltaw",
        f"train d.csv -t y {QUICK} -o other.html",
    ],
)
def test_what_is_no_table_never_goes_where_tables_are(run: Run, command: str) -> None:
    Path("other.csv").write_text("id,answer\n1,2\n")
    before = contents()
    status, err = run(command)
    assert (status, err.count("\n"), contents() == before) == (2, 1, True), err
    assert "expected" in err


@pytest.mark.parametrize(("command", "name"), [
    (f"train d.csv -t y {QUICK}", "other.deltaw"), ("export m.deltaw --form c", "other.c"),
    ("lab d.csv -t y", "other.html"),
])  # fmt: skip
def test_the_name_that_is_advised_is_one_of_what_is_written(run: Run, command: str, name: str) -> None:
    for path in ("other.csv", "other.TSV.gz"):
        assert f"call it e.g. {name}" in run(f"{command} -o {path}")[1]


@pytest.mark.usefixtures("undrawn")
def test_what_is_not_the_same(run: Run) -> None:
    assert run("predict m.deltaw d.csv -o p.csv")[0] == 0
    assert run("predict m.deltaw d.csv -o p.csv")[0] == 0  # one may be made again
    assert run(f"train d.csv -t y {QUICK} -o m.deltaw")[0] == 0
    assert run("predict m.deltaw d.csv -o /dev/null")[0] == 0
    assert run(f"train d.csv -t y {QUICK} -o /dev/null --report /dev/null")[0] == 0
    assert not same_file(Path("d.csv"), Path("D.csv")) or Path("D.csv").exists()
    assert not same_file(Path("none"), Path("other"))


def test_a_read_only_file_is_kept(run: Run) -> None:
    Path("m.deltaw").chmod(0o444)
    before = contents()
    status, err = run(f"train d.csv -t y {QUICK} -o m.deltaw")
    assert (status, err.count("\n")) == (2, 1)
    assert "read-only" in err
    assert contents() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_device_is_refused_before_anything_is_read(run: Run) -> None:
    before = contents()
    for command in (f"train d.csv -t y {QUICK} -o /dev/full", "predict m.deltaw d.csv -o /dev/full"):
        status, err = run(command)
        assert (status, err) == (2, "deltaw: /dev/full: expected a path that can be written, found a device; "
                                    "give the path of a file\n")  # fmt: skip
    assert contents() == before


def test_modes_are_kept(run: Run) -> None:
    Path("m.deltaw").chmod(0o600)
    assert run(f"train d.csv -t y {QUICK} -o m.deltaw")[0] == 0
    assert stat.S_IMODE(Path("m.deltaw").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.usefixtures("undrawn")
def test_ctrl_c_leaves_the_finished_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("r.html").write_text("before")
    before = contents()
    advance, epochs = Training.advance, iter(range(99))

    def interrupted(training: Training, *given: Any) -> Any:
        if next(epochs) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return advance(training, *given)

    monkeypatch.setattr(Training, "advance", interrupted)
    status, err = run("train d.csv -t y --engine reference --epochs 9 --folds 1 -o m.deltaw --report r.html")
    assert status == 130, err
    assert "m.interrupted.deltaw" in err
    assert {name: content for name, content in contents().items() if "interrupted" not in name} == before
    assert deltaw.load("m.interrupted.deltaw").history.ended == "interrupted"
    assert Path("r.interrupted.html").exists()


def test_a_training_that_diverges_leaves_the_model(run: Run) -> None:
    before = contents()
    status, err = run("train d.csv -t y --engine reference --learning-rate 1e30 --set loss=squared -o m.deltaw "
                      "--set output_activation=identity --set activation=identity --set targets=one_hot "
                      "--set optimizer=sgd")  # fmt: skip
    assert status == 2
    assert "diverged" in err
    assert contents() == before


def test_what_is_written_is_what_the_name_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option, ending in (("--json", "html"), ("--json", "md"), ("--format html", "json"), ("--format text", "md")):
        assert main(f"derive {option} -o {tmp_path}/page.{ending}".split()) == 2
        assert f"found '.{ending}'" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
    assert main(f"derive --json -o {tmp_path}/page.json".split()) == 0
    assert (tmp_path / "page.json").read_text().startswith("{")


def test_ctrl_c_before_a_command_begins(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Pressed:
        @staticmethod
        def find_spec(name: str, *given: object) -> None:
            if name == "deltaw.cli.output.streams":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "deltaw.cli.output.streams")
    monkeypatch.setattr(sys, "meta_path", [Pressed, *sys.meta_path])
    assert main(["--version"]) == 130
    assert capsys.readouterr().err == "deltaw: interrupted; nothing was saved: run the same command again\n"


@pytest.mark.parametrize("place", ["deltaw.cli._quiet", "deltaw.cli.language", "typer.core.TyperGroup.make_context"])
def test_ctrl_c_when_it_has_loaded(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between what is loaded and the command there is no moment without its line."""

    def pressed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, pressed)
    assert main(["--version"]) == 130
    assert capsys.readouterr().err == "deltaw: interrupted; nothing was saved: run the same command again\n"
