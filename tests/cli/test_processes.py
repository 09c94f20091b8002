"""`torchrun … -m deltaw train`: the same model from any number of processes; one line where one ends, or differs.

The processes are started here as torchrun starts them, by the same environment, so that each can be told apart; one
test is of torchrun itself, with a process that is killed and all started again.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.cli import main

pytest.importorskip("torch", reason="PyTorch is not installed")

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
PATIENCE = 300  # seconds, on a machine that has much else to do


def port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def store() -> Any:
    """Where they meet, which lies with torchrun: it is there whoever ends."""
    from torch.distributed import TCPStore

    STORES.append(TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False))
    return STORES[-1]


STORES: list[Any] = []


def started(commands: Sequence[Sequence[str]]) -> list[subprocess.Popen[str]]:
    """A process for each command, as torchrun starts them."""
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store().port), "WORLD_SIZE": str(len(commands)),
            "TORCHELASTIC_RUN_ID": "test", "TORCHELASTIC_USE_AGENT_STORE": "True", "OMP_NUM_THREADS": "1",
            "LOCAL_WORLD_SIZE": str(len(commands))}  # fmt: skip
    return [
        subprocess.Popen(
            [sys.executable, *command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | told | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank, command in enumerate(commands)
    ]  # fmt: skip


def ended(processes: Sequence[subprocess.Popen[str]]) -> tuple[list[int], list[str], list[str]]:
    """Statuses, what they said, and the lines of errors of all together (those of ours)."""
    try:
        texts = [each.communicate(timeout=PATIENCE) for each in processes]
    finally:
        for each in processes:
            each.kill()
    errors = [line for _, text in texts for line in text.splitlines() if line.startswith("deltaw: ")]
    return [each.returncode for each in processes], [text for text, _ in texts], errors


def train(*arguments: Any) -> list[str]:
    return ["-m", "deltaw", "train", *map(str, arguments)]


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """101 rows of numbers and words, which no number of processes divides."""
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'xyz'[k]},{'red' if a + k > 1 else 'blue'}" for a, b, k in
            zip(rng.normal(size=101), rng.normal(size=101), rng.integers(0, 3, 101), strict=True)]  # fmt: skip
    path = tmp_path_factory.mktemp("data") / "flowers.csv"
    path.write_text("\n".join(["a,b,word,colour", *rows]))
    return path


SETTINGS = ("-t", "colour", "--epochs", "3", "--hidden", "8", "--set", "batch_size=7", "--set", "dropout=0.2")


def test_the_same_model_from_any_number_of_processes(flowers: Path, tmp_path: Path) -> None:
    models = []
    for world in (1, 2, 3):
        path = tmp_path / f"{world}.deltaw"
        statuses, said, errors = ended(started([train(flowers, *SETTINGS, "-o", path)] * world))
        assert (statuses, errors) == ([0] * world, [])
        assert [bool(text) for text in said] == [True] + [False] * (world - 1)  # the first one speaks
        models.append(deltaw.load(path))
    alone = deltaw.fit(flowers, "colour", epochs=3, hidden=8, batch_size=7, dropout=0.2, engine="torch", device="cpu")
    for model in models:
        np.testing.assert_allclose(model.history.loss, alone.history.loss, rtol=1e-5)
        for ours, theirs in zip(model.network.weights, alone.network.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


TRAJECTORY = """
import sys, numpy as np, deltaw
from deltaw.engines import ranks
here = ranks.join()
rng = np.random.default_rng(0)
X, T = rng.normal(size=(50, 4)), rng.normal(size=(50, 2))
network = deltaw.Network([4, 6, 2], ["relu", "identity"], seed=1)
history = deltaw.train(network, X, T, engine="torch", optimizer="adam", learning_rate=0.01, batch_size=16, epochs=4,
                       l2=0.1, dropout=0.3, max_grad_norm=0.5, sample_weight=np.arange(50.0), validation=(X[:9], T[:9]))
np.savez(sys.argv[1] + str(here.rank), *network.weights, *network.biases, history.loss, history.validation_loss)
ranks.leave()
"""


def test_all_processes_have_the_same_bits(tmp_path: Path) -> None:
    """Batches of 16, 16, 16 and 2 rows: of the last one of three processes has none."""
    found = {}
    for world in (1, 3):
        statuses, _, _ = ended(started([["-c", TRAJECTORY, str(tmp_path / f"{world}.")]] * world))
        assert statuses == [0] * world
        found[world] = [np.load(tmp_path / f"{world}.{rank}.npz") for rank in range(world)]
    for name in found[1][0].files:
        first, *others = (each[name] for each in found[3])
        assert all(np.array_equal(first, other) for other in others)
        np.testing.assert_allclose(first, found[1][0][name], rtol=1e-5, atol=1e-7)


def test_a_process_that_sees_other_files(flowers: Path, tmp_path: Path) -> None:
    other = tmp_path / "flowers.csv"
    other.write_text(flowers.read_text().replace("red", "blue", 1))
    commands = [train(data, *SETTINGS, "-o", tmp_path / "m.deltaw") for data in (flowers, other)]
    statuses, _, errors = ended(started(commands))
    assert statuses == [2, 2]
    assert errors == ["deltaw: rank 1: expected the table as in rank 0, found another; give every process the same "
                      "files and options"]  # fmt: skip
    assert not (tmp_path / "m.deltaw").exists()


def test_what_is_wrong_in_all_is_said_once(flowers: Path, tmp_path: Path) -> None:
    commands = [train(flowers, "-t", "color", "-o", tmp_path / "m.deltaw")] * 2
    statuses, _, errors = ended(started(commands))
    assert statuses == [2, 2]
    assert len(errors) == 1
    assert errors[0].startswith("deltaw: rank 0: ")


def test_what_is_wrong_later_is_said_once(tmp_path: Path) -> None:
    """Of processes that all find it, and of one that others wait for: all end with its status."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=3000)
    pl.DataFrame({"a": a, "y": a + rng.normal(size=3000)}).write_csv(tmp_path / "rows.csv")
    settings = ["-t", "y", "--epochs", "1", "--hidden", "2", "--memory", "1KB", "-o", tmp_path / "m.deltaw"]
    full = [sys.executable, "-c", FULL, *train(tmp_path / "rows.csv", *settings)[2:]]
    well = train(tmp_path / "rows.csv", *settings)
    for commands in ([full[1:]] * 2, [well, full[1:]]):
        statuses, said, errors = ended(started(commands))
        assert statuses == [2, 2]
        assert len(errors) == 1
        assert errors[0].endswith("give another folder with --cache")
        assert said[1] == ""
    assert not (tmp_path / "m.deltaw").exists()


# A disk that is full when rows are put there.
FULL = """
import sys
from deltaw.cli import main
from deltaw.exceptions import OutputError
from deltaw.training import blocks
def full(self, arrays):
    raise OutputError("/disk: expected room", "none", "give another folder with --cache")
blocks.Blocks.write = full
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("other", [["--epochs", "4"], ["--checkpoint", "run"]])
def test_processes_that_were_told_otherwise(
    other: list[str], flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what no digest of rows and settings says, and by which they would wait for each other in vain."""
    monkeypatch.chdir(tmp_path)
    commands = [train(flowers, *SETTINGS, "-o", "m.deltaw"), train(flowers, *SETTINGS, "-o", "m.deltaw", *other)]
    statuses, _, errors = ended(started(commands))
    assert statuses == [2, 2]
    assert len(errors) == 1
    assert f"rank 1: expected {other[0][2:]} as in rank 0, found" in errors[0]


OLDER = """
import sys
from deltaw.cli import main
from deltaw.training import checkpoints
checkpoints.__version__ = "0.0.1"
sys.exit(main(sys.argv[1:]))
"""


def test_a_process_of_another_version(flowers: Path, tmp_path: Path) -> None:
    command = train(flowers, *SETTINGS, "-o", tmp_path / "m.deltaw")
    statuses, _, errors = ended(started([command, ["-c", OLDER, *command[2:]]]))
    assert statuses == [2, 2]
    assert len(errors) == 1
    assert "rank 1: expected the version of DeltaW as in rank 0, found" in errors[0]


def test_commands_that_one_process_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"TORCHELASTIC_RUN_ID": "test", "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2"}
    for rank in ("0", "1"):
        for name, value in (told | {"RANK": rank, "LOCAL_RANK": rank}).items():
            monkeypatch.setenv(name, value)
        assert main(["doctor", "iris"]) == 2
    assert capsys.readouterr().err == (
        "deltaw: rank 0: deltaw doctor: expected one process, found 2 that torchrun has started; start it without "
        "torchrun, which only train, predict, evaluate can use\n"
    )


OTHERWISE = """
import sys, numpy as np, deltaw
from deltaw.engines import ranks
here = ranks.join()
x = np.arange(40.0) + here.rank
try:
    deltaw.fit(__import__("polars").DataFrame({"x": x, "y": x * x}), "y", epochs=1, hidden=2, engine="torch")
except deltaw.InputError as error:
    print("deltaw: " + str(error), file=sys.stderr)
ranks.leave()
"""


def test_fit_where_processes_have_other_rows() -> None:
    """As somebody gives them who takes each to have rows of its own: all are told so."""
    _, _, errors = ended(started([["-c", OTHERWISE]] * 2))
    assert len(set(errors)) == 1
    assert len(errors) == 2
    assert "rank 1: expected the table as in rank 0, found another" in errors[0]


def test_a_plan_that_is_only_printed(flowers: Path) -> None:
    statuses, said, errors = ended(started([train(flowers, *SETTINGS, "--print-config")] * 2))
    assert (statuses, errors) == ([0, 0], [])
    assert ["epochs = 3" in text for text in said] == [True, False]


def test_another_process_that_is_not_reached(
    flowers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where torchrun starts all again on a machine that has too much to do."""

    def refused(*given: Any) -> None:
        raise RuntimeError("Gloo connectFullMesh failed with … Connection refused")

    monkeypatch.setattr("torch.distributed.rendezvous", refused)
    for name, value in {"TORCHELASTIC_RUN_ID": "test", "RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert main(["train", str(flowers), *SETTINGS]) == 1
    assert capsys.readouterr().err == (
        "deltaw: rank 1: several processes: expected all 2 to start, found one that could not "
        "be reached; start them again; with checkpoints, add --resume to continue\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_process_that_dies_ends_the_others(flowers: Path, tmp_path: Path) -> None:
    """With nobody there to tell them, as where its machine dies."""
    run = tmp_path / "run"
    settings = [*SETTINGS, "--epochs", "100000", "--checkpoint", run, "--every", "1epochs", "-o", tmp_path / "m.deltaw"]
    processes = started([train(flowers, *settings)] * 2)
    try:
        waited_for(run)
        processes[1].kill()
        at = time.monotonic()
        statuses, _, errors = ended(processes)
    finally:
        for each in processes:
            each.kill()
    assert time.monotonic() - at < 30
    assert statuses == [1, -signal.SIGKILL]
    assert len(errors) == 1
    assert errors[0].startswith("deltaw: rank 0: several processes: expected all 2 to run to the end")
    assert not (tmp_path / "m.deltaw").exists()


def waited_for(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not list(folder.glob("*.safetensors")):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="/proc says which process is which")
@pytest.mark.parametrize("nodes", [1, 2])
def test_torchrun_starts_them_again_and_they_go_on(flowers: Path, tmp_path: Path, nodes: int) -> None:
    """One is killed; torchrun ends the others and starts all again, without a word of --resume.

    Of two nodes each has a torchrun, which meet at a port of one of them: that of the other hears of it, too.
    """
    whole, again, run = tmp_path / "whole.deltaw", tmp_path / "again.deltaw", tmp_path / "run"
    settings = [*SETTINGS, "--epochs", "120", "--folds", "0"]
    command = [*TORCHRUN, "--nproc-per-node", "2"]
    subprocess.run([*command, *train(flowers, *settings, "-o", whole)], check=True, capture_output=True)
    if nodes > 1:
        meet = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port()}", "--rdzv-id", "test"]
        command = [*TORCHRUN[:-1], "--nnodes", str(nodes), "--nproc-per-node", "1", *meet]
    keeping = ["--checkpoint", run, "--every", "1epochs", "-o", again]
    launchers = [
        subprocess.Popen(
            [*command, "--max-restarts", "1", *train(flowers, *settings, *keeping)], text=True, stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(nodes)
    ]  # fmt: skip
    try:
        waited_for(run)
        os.kill(rank_of([each.pid for each in launchers], 1), signal.SIGKILL)
        said = "".join(each.communicate(timeout=PATIENCE)[1] for each in launchers)
    finally:
        for each in launchers:
            each.kill()
    assert [each.returncode for each in launchers] == [0] * nodes, said
    assert re.search("resuming from .*checkpoint", said)
    for ours, theirs in zip(deltaw.load(again).network.weights, deltaw.load(whole).network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def rank_of(parents: Sequence[int], rank: int) -> int:
    """The process of that rank among the children of torchrun, or of several."""
    children = [Path(f"/proc/{each}/task/{each}/children").read_text().split() for each in parents]
    for each in (child for some in children for child in some):
        told = Path(f"/proc/{each}/environ").read_bytes().split(b"\0")
        if f"RANK={rank}".encode() in told:
            return int(each)
    raise AssertionError("no such process")


def test_rows_that_are_streamed(tmp_path: Path) -> None:
    """Of shards that the memory does not hold; smooth signals, so that roundings stay what they are."""
    rng = np.random.default_rng(0)
    for k, n in enumerate((3000, 5000, 4001)):
        a, b = rng.normal(size=(2, n))
        pl.DataFrame({"a": a, "b": b, "y": a * b + 0.1 * rng.normal(size=n)}).write_parquet(tmp_path / f"{k}.parquet")
    models = []
    for world in (1, 2):
        path = tmp_path / f"{world}.deltaw"
        command = train(tmp_path / "*.parquet", "-t", "y", "--epochs", "2", "--hidden", "8", "--memory", "100KB",
                        "--set", "batch_size=100", "--set", "activation=tanh", "-o", path)  # fmt: skip
        statuses, _, errors = ended(started([command] * world))
        assert (statuses, errors) == ([0] * world, [])
        models.append(deltaw.load(path))
    np.testing.assert_allclose(models[1].history.loss, models[0].history.loss, rtol=1e-5)
    for ours, theirs in zip(models[1].network.weights, models[0].network.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def shared_out(flowers: Path, folder: Path, count: int) -> None:
    """A model of the table, m.deltaw, and its rows in so many files, rows/0.csv and on."""
    deltaw.fit(flowers, "colour", epochs=1, hidden=4, folds=0).save(folder / "m.deltaw")
    header, *rows = flowers.read_text().splitlines()
    (folder / "rows").mkdir()
    for k in range(count):
        (folder / "rows" / f"{k}.csv").write_text("\n".join([header, *rows[k::count]]))


def test_predict_shares_the_files(flowers: Path, tmp_path: Path) -> None:
    """Rank r has files r, r + world, …; where there are fewer files than processes, some have none."""
    shared_out(flowers, tmp_path, 2)
    command = ["-m", "deltaw", "predict", *(str(tmp_path / each) for each in ("m.deltaw", "rows")), "-o"]
    processes = started([[*command, str(tmp_path / "together")]] * 3)
    said = [each.communicate(timeout=PATIENCE)[1] for each in processes]
    assert [each.returncode for each in processes] == [0, 0, 0]
    assert ["101 answers written to 2 files" in text for text in said] == [True, False, False]
    subprocess.run([sys.executable, *command, str(tmp_path / "alone")], check=True, capture_output=True)
    for name in ("0.csv", "1.csv"):
        assert (tmp_path / "together" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert len(list((tmp_path / "together").iterdir())) == 2


def test_predict_where_one_fails(flowers: Path, tmp_path: Path) -> None:
    """The others end with its status, and do not say that all is well."""
    shared_out(flowers, tmp_path, 2)
    (tmp_path / "rows" / "1.csv").write_text("a,b,word\n1,oops,x\n")
    processes = started([["-m", "deltaw", "predict", *map(str, (tmp_path / "m.deltaw", tmp_path / "rows")), "-o",
                          str(tmp_path / "answers")]] * 2)  # fmt: skip
    said = [each.communicate(timeout=PATIENCE)[1] for each in processes]
    assert [each.returncode for each in processes] == [2, 2]
    assert [text.count("\n") for text in said] == [0, 1]
    assert "1.csv: expected a number in row 1" in said[1]


def test_evaluate_shares_the_files(flowers: Path, tmp_path: Path) -> None:
    """The scores of all files, said once, as one process says them."""
    shared_out(flowers, tmp_path, 3)
    command = ["-m", "deltaw", "evaluate", *(str(tmp_path / each) for each in ("m.deltaw", "rows"))]
    alone = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True).stdout
    statuses, texts, errors = ended(started([command] * 2))
    assert (statuses, errors) == ([0, 0], [])
    assert texts == [alone, ""]
    (tmp_path / "rows" / "1.csv").write_text("other,columns\n1,2\n")
    statuses, texts, errors = ended(started([command] * 2))
    assert statuses == [2, 2]
    assert texts == ["", ""]
    assert len(errors) == 1
    assert "1.csv" in errors[0]


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_answers_where_one_sees_other_files(command: str, flowers: Path, tmp_path: Path) -> None:
    """A file that one does not see would be in nobody's share, and its rows would have no answers."""
    shared_out(flowers, tmp_path, 2)
    shutil.copytree(tmp_path / "rows", tmp_path / "other" / "rows")
    (tmp_path / "other" / "rows" / "1.csv").unlink()
    words = ["-o", str(tmp_path / "answers")] * (command == "predict")

    def commands() -> list[list[str]]:
        folders = (tmp_path / "rows", tmp_path / "other" / "rows")
        return [["-m", "deltaw", command, str(tmp_path / "m.deltaw"), str(folder), *words] for folder in folders]

    for found in ("no 1.csv", "no 0.csv"):  # which is what a folder without files is
        statuses, texts, errors = ended(started(commands()))
        assert (statuses, texts) == ([2, 2], ["", ""])
        assert len(errors) == 1
        assert errors[0].startswith("deltaw: rank 1: ")
        assert f"expected the files of rank 0, found {found}; give every process the same files" in errors[0]
        shutil.rmtree(tmp_path / "other" / "rows", ignore_errors=True)
    assert not (tmp_path / "answers").exists()
