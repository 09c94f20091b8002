"""Every block on a page and in the READMEs runs in an empty folder, in its order; the Chinese pages have the same ones.

`console` blocks are commands, a line each after `$ `; `python` is Python, with what blocks above have made; `text` is
what the commands above have printed, whatever its numbers. Other languages, and blocks without one, are not run.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from deltaw.cli import main

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.M | re.S)
PAGES = sorted(
    path
    for path in (*ROOT.glob("README.md"), *(ROOT / "docs").rglob("*.md"))
    if path != ROOT / "docs" / "export.md"  # has a test of its own
    and not path.name.endswith(".zh.md")
    and BLOCK.search(path.read_text(encoding="utf-8"))
)
CHINESE = sorted([*(ROOT / "docs").rglob("*.zh.md"), ROOT / "README.zh-CN.md"])
PAGES += [path for path in CHINESE if "```text" in path.read_text(encoding="utf-8")]
QUICK = {"how-to/own-network.md", "how-to/several-networks.md", "start/install.md"}  # the others: make test-docs
SAID = {"pip", "make"}  # programs that a reader runs, and that no test does


def blocks(path: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def shape(text: str) -> list[str]:
    """Lines without their numbers, which another processor may have in another last digit, and without …"""
    return [re.sub(r"[\d.,]+|\s+|─+", " ", line).strip() for line in text.splitlines() if line.strip() not in "…"]


def lines(text: str) -> list[str]:
    """The commands of a block, without what is said of them."""
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


def place(path: Path) -> str:
    return path.relative_to(ROOT / "docs" if (ROOT / "docs") in path.parents else ROOT).as_posix()


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=place(p), marks=[] if place(p) in QUICK else pytest.mark.slow) for p in PAGES]
)
def test_every_block_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    before, printed = set(sys.modules), io.StringIO()
    monkeypatch.setenv("COLUMNS", "100")
    for language, text in blocks(path):
        if language == "text":
            assert set(shape(text)) <= set(shape(printed.getvalue()))
            continue
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text, str(path), "exec"), names)
            continue
        for line in lines(text):
            program, *arguments = shlex.split(line, comments=True)
            assert program in SAID | {"deltaw"}, line
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                assert program in SAID or main(arguments) == 0, line
    plt.close("all")
    for name in {name for name in set(sys.modules) - before if (tmp_path / f"{name}.py").exists()}:
        del sys.modules[name]


def bare(code: list[tuple[str, str]]) -> list[str]:
    """Blocks without their comments and without what chooses the language."""
    return [re.sub(r"\s*#.*| --lang zh", "", text).rstrip() for kind, text in code if kind != "text"]


@pytest.mark.parametrize("path", CHINESE, ids=place)
def test_the_chinese_page_has_the_same_code(path: Path) -> None:
    assert bare(blocks(path)) == bare(blocks(path.with_name(re.sub(r"\.zh(-CN)?", "", path.name))))


HALF = re.compile(r"[一-鿿][,;:!?()]|[,;!?()][一-鿿]")


@pytest.mark.parametrize("path", CHINESE, ids=place)
def test_chinese_punctuation_is_full_width(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)|<[^>]*>|\*\*?", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert [text[max(0, m.start() - 15) : m.end() + 15] for m in HALF.finditer(text)] == []


def test_the_chinese_notes_lead_to_the_same_places() -> None:
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("notes.md", "notes.zh.md")]
    codes = [[re.findall(r"`([^`]+)`", row) for row in page.splitlines() if row.startswith("| ")] for page in pages]
    assert codes[0] == codes[1]
    numbers = [sorted(re.findall(r"\d+\.\d+%", page)) for page in pages]
    assert numbers[0] == numbers[1]


def both(name: str) -> list[list[str]]:
    """The rows of the tables of a page, in English and in Chinese."""
    pages = [(ROOT / "docs" / f"{name}{lang}.md").read_text(encoding="utf-8") for lang in ("", ".zh")]
    return [[line for line in page.splitlines() if line.startswith("| ")] for page in pages]


def test_the_chinese_glossary_has_the_same_terms() -> None:
    english, chinese = ([re.split(r" *\| *", row)[1:4] for row in rows[1:]] for rows in both("glossary"))
    assert english == [[other, here, letter] for here, other, letter in chinese]


@pytest.mark.parametrize(
    "name", ["accuracy", "doctor-programs", "explanations/recipe", "export", "reference/equations", "scale", "speed"]
)
def test_chinese_tables_have_the_same_numbers(name: str) -> None:
    english, chinese = ([sorted(re.findall(r"`[^`]+`|\d*\.\d+", row)) for row in rows] for rows in both(name))
    assert english == chinese
