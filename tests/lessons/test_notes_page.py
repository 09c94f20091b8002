"""docs/notes.md: whatever it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deltaw.lessons import LESSONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notes.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", PAGE)
TESTS = sorted({code for code in CODE if code.startswith("tests/")})
NAMES = sorted({match[0] for code in CODE if (match := re.match(r"deltaw(\.\w+)+", code))})
COMMANDS = sorted({code for code in CODE if code.startswith("deltaw ")})
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!the notes |lesson |`)", line)]


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def find(name: str) -> Any:
    """What a dotted name means, modules imported on the way."""
    found: Any = import_module("deltaw")
    place = "deltaw"
    for part in name.split(".")[1:]:
        place += f".{part}"
        if not hasattr(found, part):
            import_module(place)
        found = getattr(found, part)
    return found


def known_commands() -> set[str]:
    import typer

    from deltaw.cli.app import app

    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", TESTS)
def test_every_test_is_there(place: str) -> None:
    path, name = place.split("::")
    assert name in functions(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there(name: str) -> None:
    assert find(name) is not None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    words = command.split()
    assert words[1] in known_commands()
    if words[1] == "lesson":
        assert set(words[2:]) <= set(LESSONS)


def test_the_page_is_whole() -> None:
    """Every row has a lesson, a function and a test; every lesson is somewhere."""
    assert len(ROWS) > 30
    for row in ROWS:
        notes, lesson, function, test = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])
        assert notes
        assert lesson.startswith("`deltaw lesson ")
        assert function.startswith("`deltaw.")
        assert test.startswith("`tests/")
    assert {command.split()[-1] for command in COMMANDS} >= set(LESSONS)  # each has a line of its own
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == list(LESSONS)


def test_the_chinese_readme_names_commands_and_files_that_are_there() -> None:
    readme = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\$ deltaw (\w+)", readme, re.M)) | set(re.findall(r"`deltaw (\w+)[^`]*`", readme))
    assert {"lesson", "train", "explain"} <= named <= known_commands()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("https://")]
    assert links
    assert all((ROOT / link).exists() for link in links)
