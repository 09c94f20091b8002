"""Links between pages lead to files that are there, and to headings that these have, by the names that GitHub gives.

A Chinese page leads to the Chinese ones.
"""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)([^)#\s]*)(?:#([^)]*))?\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)


@cache
def anchors(page: Path) -> list[str]:
    """What a page's headings are called in links."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    names = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in re.findall(r"^#+ (.*)$", text, re.M))
    return [re.sub(r"[-\s]+", "-", name) for name in names]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, part in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        to = (page.parent / target).resolve() if target else page
        assert to.exists(), f"{page.name}: no file {target}"
        assert not part or part in anchors(to), f"{page.name}: no heading #{part} in {to.name}"
        chinese = to.with_suffix(".zh.md")
        assert ".zh" not in page.name or to.suffix != ".md" or not chinese.exists(), (
            f"{page.name}: {chinese.name} is there"
        )


def test_parts_that_links_name_are_the_same_in_both_languages() -> None:
    """By their number among the headings: so the site finds the Chinese part for the name of the English one."""
    for page in PAGES:
        for target, part in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            to = (page.parent / target).resolve()
            chinese = to.with_suffix(".zh.md")
            if part and target and chinese.exists():
                assert len(anchors(to)) == len(anchors(chinese)), f"{to.name} and {chinese.name} have other headings"


def test_lines_of_chinese_are_joined_without_a_blank() -> None:
    """But those of lists, tables and code."""
    pytest.importorskip("yaml")
    pytest.importorskip("markdown")
    joined = runpy.run_path(str(ROOT / "site" / "build.py"))["joined"]
    apart = "先说：\n- 甲，\n  乙；\n- 丙。\n\n丁，\n`戊`\n\n```\n己，\n庚\n```\n\n辛：\n| 壬 |\n"
    assert joined(apart) == apart.replace("甲，\n  乙", "甲，乙").replace("丁，\n`", "丁，`")


def test_no_line_is_a_heading_by_chance() -> None:
    """Where a line was broken before #NULL!, or behind the sign of a list, MkDocs made a heading of it."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        assert re.findall(r"^#[^#\s].*|^[^\s|].*\n[-=]+$", text, re.M) == [], page.name


def test_emphasis_ends_as_github_reads_it() -> None:
    """Between a full stop and a Chinese character, ** ends nothing there: a blank has to follow."""
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    for page in PAGES:
        inline = (part for block in markdown.parse(page.read_text(encoding="utf-8")) for part in block.children or ())
        assert [part.content for part in inline if part.type == "text" and "**" in part.content] == [], page.name
