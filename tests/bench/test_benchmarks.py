"""The commands of benchmarks/: that each can say what it asks, that documents name them as they are, and a summary."""

from __future__ import annotations

import re
import runpy
import subprocess
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
