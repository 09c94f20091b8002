"""The reference: every public name is on a page and documented, with its parameters, its shapes and its errors."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from raising import ERRORS, MADE_BY, plain, raised

import deltaw
from deltaw.equations import activations, initializers, losses, optimizers, schedules

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


def named(name: str) -> Any:
    """What a page means by a name."""
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def names() -> Iterator[tuple[str, Any]]:
    """Every public name that is a function or a class, and what else the pages have, each once."""
    public = {f"{room}.{name}": named(f"{room}.{name}") for room in ROOMS for name in import_module(room).__all__}
    public |= {f"deltaw.lessons.{name}": entry.function for name, entry in deltaw.lessons.LESSONS.items()}
    seen: list[Any] = []
    for name, value in [*public.items(), *((name, named(name)) for name in sorted(PAGES))]:
        if (inspect.isclass(value) or inspect.isfunction(value)) and not any(value is each for each in seen):
            seen.append(value)
            yield name, value


def members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A name, and of a class its public methods and properties, those of its bases in DeltaW too."""
    yield name, value
    if inspect.isclass(value):
        ours = [each for each in value.__mro__ if each.__module__.startswith("deltaw.")]
        for key, member in {key: member for each in reversed(ours) for key, member in vars(each).items()}.items():
            if not key.startswith("_") and inspect.isfunction(plain(member)):
                yield f"{name}.{key}", plain(member)


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


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_completed_is_public(room: str) -> None:
    """Not the modules in which a room has it."""
    assert [*dir(import_module(room))] == sorted(import_module(room).__all__)


def test_every_public_name_is_on_a_page() -> None:
    """By the name that users write, or the one of the file that has it; constants are on a page, too."""
    on_pages = {(name.split(".")[1], name.rpartition(".")[2]) for name in PAGES}
    for room in ROOMS:
        for name in set(import_module(room).__all__) - {"__version__", *(r.rpartition(".")[2] for r in ROOMS)}:
            assert any(end == name for _, end in on_pages), f"{room}.{name}: give it a line in docs/reference"
    for lesson in deltaw.lessons.LESSONS:
        assert ("lessons", lesson) in on_pages


def test_pages_name_no_file_in_the_place_of_what_it_has() -> None:
    """`deltaw.doctor.examine` was the file of that name: the function was missing on the site."""
    places = {name: DOCS.parent / "src" / Path(*name.split(".")) for name in PAGES}
    assert [name for name, place in places.items() if place.is_dir() or place.with_suffix(".py").is_file()] == []


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


def owner(name: str) -> Any:
    """The class that a member is of, or None."""
    value = MEMBERS.get(name.rpartition(".")[0])
    return value if inspect.isclass(value) else None


def errors(name: str) -> set[type]:
    """What calling it raises, as its source says; of a class, what making one does."""
    value = MEMBERS[name]
    if not inspect.isclass(value):
        return raised(value, owner(name))
    makers = (plain(inspect.getattr_static(value, made, None)) for made in MADE_BY)
    return {error for made in makers if inspect.isfunction(made) for error in raised(made, value)}


def promised(name: str, depth: int = 3) -> str:
    """What is said of a name, and of those that it names where it speaks of errors."""
    text = said(MEMBERS[name])
    if not depth:
        return text
    sentences = (each for each in re.split(r"\.\s|\n\s*\n|; ", text) if re.search(r"[Rr]aise|[Ee]rror|refuse", each))
    others = {other for each in sentences for other in re.findall(r"`([\w.]+)`", each)}
    places = {each for other in others for each in (other, f"{name.rpartition('.')[0]}.{other}") if each in MEMBERS}
    return text + "".join(promised(each, depth - 1) for each in sorted(places - {name}))


# What is given back and belongs to the inside: a row of a table, how one is read, a part of a page or of a preparation.
PARTS = {"Activation", "BlockOfNumbers", "Effect", "Figure", "Metric", "Operation", "Reading", "Section"}
# What the source has and nobody meets: why.
NEVER = {
    "deltaw.doctor.diagnose": "what deltaw.train refuses is a finding",
    "deltaw.doctor.Diagnosis.repair": "the same; Repaired.refused says it",
    "deltaw.doctor.Diagnosis.page": "it shows changes that the rules made themselves",
    "deltaw.models.Tuning.statement": "the metric was looked up when the search began",
}


def test_errors_are_named() -> None:
    """By their own names or those of what they are: a SettingError is an InputError as well."""
    unsaid = {}
    for name in set(MEMBERS) - set(NEVER):
        text = promised(name)
        missing = {
            error.__name__
            for error in errors(name)
            if not any(re.search(rf"\b{each.__name__}\b", text) for each in error.__mro__ if each in ERRORS)
        }
        if missing:
            unsaid[name] = missing
    assert not unsaid


def annotated(value: Any) -> dict[str, str]:
    """Parameters, or fields of a class, and "return" -> the annotation as it is written."""
    value = value.__init__ if inspect.isclass(value) and "__init__" in vars(value) else value
    return {key: str(text) for key, text in inspect.get_annotations(value).items() if not key.startswith("_")}


ARRAY = re.compile(r"Array|csr")
SHAPE = re.compile(
    r"\((?:n|m|k|K|units|quantiles|n_\w+|len\(\w+\)|rows|h, w)(?:, ?(?:[\w+ ]+|…|len\(\w+\)))*,?\)|numbers? alone"
)


@pytest.mark.parametrize(
    "name", [name for name in MEMBERS if ARRAY.search(" ".join(annotated(MEMBERS[name]).values()))]
)
def test_shapes_are_said(name: str) -> None:
    """Of arrays that it takes, gives or holds; or which name has the same."""
    text = said(MEMBERS[name])
    assert SHAPE.search(text) or ELSEWHERE.search(text), f"{name}: its docstring says no shape, as (n, n_in)"


def test_what_comes_back_has_a_page() -> None:
    """Classes of ours that functions of `deltaw`, and methods of its classes, say they return."""
    pages = {value for value in NAMES.values() if inspect.isclass(value)}
    ours = [
        value for name, value in MEMBERS.items() if inspect.isfunction(value) and NAMES.get(name.rpartition(".")[0])
    ]
    ours += [value for name, value in NAMES.items() if name.count(".") == 1 and inspect.isfunction(value)]
    for function in ours:
        for word in re.findall(r"\b[A-Z]\w+", annotated(function).get("return", "")):
            of = function.__globals__.get(word)
            known = not inspect.isclass(of) or not of.__module__.startswith("deltaw") or of in pages
            assert known or of.__name__ in PARTS, f"{function.__qualname__}: give {of} a line in docs/reference"


WORDS = (
    (activations.ACTIVATIONS, activations.activation),
    (losses.LOSSES, losses.loss),
    (optimizers.OPTIMIZERS, optimizers.optimizer),
    (schedules.SCHEDULES, schedules.schedule),
    (initializers.INITIALIZERS, initializers.initializer),
)


def test_words_have_their_page() -> None:
    """Every row of every table of equations, with the settings that it has by itself; in both languages."""
    pages = [(DOCS / "reference" / f"equations{lang}.md").read_text(encoding="utf-8") for lang in ("", ".zh")]
    firsts = [re.findall(r"^\| (`.*?) \|", page, re.M) for page in pages]
    assert firsts[0] == firsts[1]
    said = [each for cell in firsts[0] for each in re.findall(r"`([^`]+)`", cell)]
    rows = [(name, row) for table, row in WORDS for name in table]
    assert [each.partition("(")[0] for each in said] == [name for name, _ in rows]
    for text, (name, row) in zip(said, rows, strict=True):
        if name != "constant" or row is schedules.schedule:  # the weights' has no value by itself
            assert text == getattr(row(name), "spec", row(name).name).removesuffix("()")


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


def examples(name: str) -> list[doctest.DocTest]:
    """What the docstring of a name shows, if anything is run there."""
    found = doctest.DocTestParser().get_doctest(inspect.getdoc(MEMBERS[name]) or "", {}, name, None, 0)
    return [found] if found.examples else []


@pytest.mark.parametrize("name", [name for name in MEMBERS if examples(name)])
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    for example in examples(name):
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert not said, "".join(said)


def test_what_is_taken_first_has_an_example() -> None:
    firsts = {f"deltaw.{name}" for name in deltaw.__all__ if inspect.isroutine(getattr(deltaw, name))}
    without = {name for name in firsts & set(MEMBERS) if not examples(name)}
    assert without <= {"deltaw.load", "deltaw.lab", "deltaw.from_torch"}  # they need a file, write one, need PyTorch


def test_help_of_the_package_names_every_name() -> None:
    assert set(deltaw.__all__) - {"__version__"} <= set(re.findall(r"\w+", deltaw.__doc__ or ""))
