"""The reference: every public name is on a page and documented, with each of its parameters."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import deltaw

DOCS = Path(__file__).parents[2] / "docs"
ROOMS = ("deltaw", *(f"deltaw.{room}" for room in ("callbacks", "doctor", "explain", "export", "lessons", "sklearn")))
PAGES = {
    name
    for page in (DOCS / "reference").glob("*.md")
    for name in re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.M)
}
# What a docstring may say in place of a list: that another has it, and which.
ELSEWHERE = re.compile(r"[Ss]ee `|as `|as in `|those of `|scikit-learn's parameters|words are those of")
BY_NATURE = {"self", "cls", "args", "kwargs"}


def names() -> Iterator[tuple[str, Any]]:
    """Every public name that is a function or a class."""
    for room in ROOMS:
        module = import_module(room)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield f"{room}.{name}", value
    for name, entry in deltaw.lessons.LESSONS.items():
        yield f"deltaw.lessons.{name}", entry.function


def members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A name, and of a class its own public methods and properties."""
    yield name, value
    if inspect.isclass(value) and not issubclass(value, tuple):
        for key, member in vars(value).items():
            function = getattr(member, "__func__", getattr(member, "func", getattr(member, "fget", member)))
            if not key.startswith("_") and inspect.isfunction(function):
                yield f"{name}.{key}", function


NAMES = dict(names())
MEMBERS = dict(pair for name, value in NAMES.items() for pair in members(name, value))


def said(value: Any) -> str:
    """What is said of it; of a class, what is said of its bases and of its making too."""
    if not inspect.isclass(value):
        return inspect.getdoc(value) or ""
    ours = [c for c in value.__mro__ if c.__module__.startswith("deltaw.")]
    return "\n".join(f"{c.__dict__.get('__doc__') or ''}\n{c.__init__.__doc__ or ''}" for c in ours)


def parameters(value: Any) -> set[str]:
    made = value.__init__ if inspect.isclass(value) and "__init__" in vars(value) else value
    if inspect.isclass(made):
        return set()
    by_name = (p for p in inspect.signature(made).parameters.values() if p.kind is not p.VAR_KEYWORD)
    return {p.name for p in by_name if not p.name.startswith("_")} - BY_NATURE


def test_every_public_name_is_on_a_page() -> None:
    """By the name that users write, or the one of the file that has it; constants are on a page, too."""
    on_pages = {(name.split(".")[1], name.rpartition(".")[2]) for name in PAGES}
    for room in ROOMS:
        for name in set(import_module(room).__all__) - {"__version__", *(r.rpartition(".")[2] for r in ROOMS)}:
            assert any(end == name for _, end in on_pages), f"{room}.{name}: give it a line in docs/reference"
    for lesson in deltaw.lessons.LESSONS:
        assert ("lessons", lesson) in on_pages


def test_chinese_pages_have_the_same_names() -> None:
    for page in (DOCS / "reference").glob("*.zh.md"):
        lines = [path.read_text(encoding="utf-8") for path in (page, page.with_name(page.name.replace(".zh", "")))]
        assert len({tuple(re.findall(r"^::: .*$", text, re.M)) for text in lines}) == 1


@pytest.mark.parametrize("name", MEMBERS)
def test_it_is_documented(name: str) -> None:
    text = said(MEMBERS[name])
    assert text.strip(), f"{name}: give it a docstring"
    missing = {p for p in parameters(MEMBERS[name]) if not re.search(rf"\b{re.escape(p)}\b", text)}
    assert not missing or ELSEWHERE.search(text), f"{name}: its docstring says nothing of {', '.join(sorted(missing))}"


def below(name: str, text: str) -> bool:
    """Whether a file sets this constant and says below it what it is."""
    nodes = ast.parse(text).body
    set_here = [name in map(ast.unparse, getattr(node, "targets", [getattr(node, "target", node)])) for node in nodes]
    return any(here and isinstance(then, ast.Expr) for here, then in zip(set_here[:-1], nodes[1:], strict=True))


def test_constants_are_documented() -> None:
    """By words below them, which the reference shows: Python itself keeps none of a constant."""
    for room in ROOMS:
        folder = DOCS.parent / "src" / "deltaw" / room.rpartition(".")[2]
        for name in filter(str.isupper, import_module(room).__all__):
            texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
            assert any(below(name, text) for text in texts), f"{room}.{name}: write below it what it is"
