"""The house rules: who may import whom, how long a file may be, what is public, and what `import deltaw` costs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import deltaw

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "deltaw"
ORDER = [
    "given", "plain", "speech", "signs", "exceptions", "schema", "languages", "numbers", "notebook", "plots",
    "allocators", "forks", "sigterm", "threads", "equations", "tables", "preparation", "network", "engines", "files",
    "training", "progress", "export", "models", "pages", "callbacks", "report", "derive", "explain", "doctor",
    "lessons", "sklearn", "live", "bench", "cli", "__main__",
]  # fmt: skip
# Rooms that know less than their place in the order would allow.
ONLY = {room: {"given", "speech", "exceptions"} for room in ("forks", "equations", "schema")} | {
    "files": {"given", "speech", "exceptions", "schema"},
    "plots": {"speech", "exceptions", "signs", "numbers"}, "notebook": {"signs"}, "signs": set(), "allocators": set(),
    "plain": set(), "numbers": {"speech"}, "exceptions": {"speech", "signs"}, "speech": set(),
}  # fmt: skip
LIMIT = 420  # lines of a file
HEAVY = {
    "polars",
    "sklearn",
    "matplotlib",
    "scipy",
    "rich",
    "typer",
    "pandas",
    "pyarrow",
    "safetensors",
    "sympy",
    "latex2mathml",
    "torch",
    "jax",
    "onnx",
    "onnxruntime",
    "duckdb",
}

MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    """`equations` for equations/losses.py, `network` for network.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> frozenset[str]:
    """All of ours that a module imports, wherever in it the import stands: "deltaw.pages.Page", "deltaw.plots"."""
    names = set()
    package = ("deltaw", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = ".".join((*base, *([node.module] if node.module else [])))
            names |= {f"{full}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.startswith("deltaw."))


def imports(path: Path) -> set[str]:
    """The rooms of ours that a module imports."""
    return {name.split(".")[1] for name in imported(path)}


def test_imports_go_one_way() -> None:
    """One test for all files: a test each costs more than what it asks."""
    beyond = {}
    for path in MODULES:
        here = room(path)
        assert here in ORDER, f"{here} has no place in the order of imports; give it one here and in CONTRIBUTING.md"
        allowed = ONLY.get(here, set(ORDER[: ORDER.index(here)])) | {here, "__version__"}
        beyond[str(path.relative_to(PACKAGE))] = imports(path) - allowed
    assert {path: rooms for path, rooms in beyond.items() if rooms} == {}


def test_the_document_has_the_same_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert " < ".join(ORDER[:-1]) in text.replace("\n", " ")  # all but __main__


def test_the_order_itself_is_seen() -> None:
    """The test above would pass if `imports` saw nothing."""
    assert imports(PACKAGE / "training" / "loop.py") >= {"engines", "equations", "exceptions", "network", "training"}


def module(path: Path) -> str:
    """`deltaw.pages.html` for pages/html.py, `deltaw.pages` for pages/__init__.py."""
    return ".".join(("deltaw", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


FILES = {module(path): path for path in MODULES}
ROOMS = sorted({room(path) for path in MODULES if path.parent != PACKAGE})


def file_of(name: str) -> str:
    """The file that an imported name comes from: the name itself, where it is a file, or what stands before it."""
    return name if name in FILES or "." not in name else file_of(name.rpartition(".")[0])


def within(here: str) -> dict[str, set[str]]:
    """File -> the files that it imports, for those of one room; an import for type checking alone is one too."""
    of_room = {name for name, path in FILES.items() if room(path) == here}
    return {name: {file_of(each) for each in imported(FILES[name])} & of_room for name in of_room}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes of which each leads to every other and back to itself."""

    def reached(node: str) -> set[str]:
        seen: set[str] = set()
        ahead = list(graph[node])
        while ahead:
            if (one := ahead.pop()) not in seen:
                seen.add(one)
                ahead += graph[one]
        return seen

    far = {node: reached(node) for node in graph}
    groups = {tuple(sorted(other for other in far[node] if node in far[other])) for node in graph if node in far[node]}
    return sorted(map(list, groups))


@pytest.mark.parametrize("here", ROOMS)
def test_no_circle_of_files(here: str) -> None:
    """A circle that the place of an import hides is one all the same: data stands below, what is made of it above."""
    assert circles(within(here)) == []


def test_circles_themselves_are_seen() -> None:
    """The test above would pass if `within` or `circles` saw nothing."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}, "f": set()}) == [["a", "b", "c"], ["e"]]
    seen = within("derive")
    assert "deltaw.derive.page" in seen["deltaw.derive"]  # inside a function
    assert "deltaw.derive.evidence" in seen["deltaw.derive.proof"]  # for type checking alone
    assert "deltaw.derive.lines" in seen["deltaw.derive"]  # `from deltaw.derive import lines`


def files(*folders: str) -> list[Path]:
    kinds = {".py", ".hpp", ".cpp", ".h", ".c", ".txt", ".css", ".js", ".html"}
    found = (p for folder in folders for p in (ROOT / folder).rglob("*") if p.suffix in kinds)
    return sorted(p for p in found if p != PACKAGE / "live" / "page.html")  # built of lab/


def test_no_file_is_too_long() -> None:
    lengths = {
        str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in files("src", "native")
    }
    assert len(lengths) > 20
    assert {name: n for name, n in lengths.items() if n > LIMIT} == {}


def test_no_room_without_a_subject() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
    places = [
        p for folder in ("src", "native", "tests") for p in (ROOT / folder).rglob("*") if "__pycache__" not in p.parts
    ]
    assert [
        str(p.relative_to(ROOT))
        for p in places
        if p.stem in vague and (p.is_dir() or p.suffix in {".py", ".hpp", ".cpp"})
    ] == []


def test_no_two_files_of_tests_share_a_name() -> None:
    """Their folders are no packages: pytest would take the second for the first, and end where all are run at once."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, times in names.items() if times > 1] == []


def test_paths_that_are_named_are_there() -> None:
    """In make's commands, the workflow and the documents; CONTRIBUTING.md may name a path by its end."""
    tops = ["src", "tests", "docs", "benchmarks", "native", "lab", "site", "notebooks"]
    path = re.compile(rf"(?<![\w/.-])(?:{'|'.join(tops)})/[\w./-]*\w")
    pages = [ROOT / "Makefile", *(ROOT / ".github").rglob("*.yml"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages for name in path.findall(page.read_text(encoding="utf-8"))}
    named = {name for name in named if not name.startswith(("lab/node_modules", "lab/dist"))}  # made by make
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    ends = re.findall(r"`([\w/-]+(?:/|\.(?:py|hpp|cpp|ts|cmake)))`", contributing)
    walked = (folder for top in tops for folder in os.walk(ROOT / top) if "node_modules" not in folder[0])
    there = [Path(here, name).as_posix() for here, folders, names in walked for name in (".", *names)]
    assert len(named) > 20
    assert len(ends) > 60
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert [end for end in ends if not any(each.endswith(f"/{end.rstrip('/')}") for each in there)] == []


def test_public_names() -> None:
    assert deltaw.__all__ == sorted(deltaw.__all__)
    assert dir(deltaw) == deltaw.__all__
    assert {
        "DeltaWError", "EarlyStopping", "Encoded", "History", "InputError", "Lab", "Model", "Network",
        "Predictor",
        "TrainingInterrupted", "__version__", "callbacks", "crossval", "doctor", "explain", "export", "fit",
        "from_torch", "lab", "language", "lessons", "predict_batches", "load", "read", "train", "train_pack", "tune",
    } == set(deltaw.__all__)  # fmt: skip


@pytest.mark.parametrize("name", deltaw.__all__)
def test_every_public_name_loads(name: str) -> None:
    value = getattr(deltaw, name)
    assert name == "__version__" or value.__doc__


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'deltaw' has no attribute 'trian'"):
        deltaw.trian  # type: ignore[attr-defined] # noqa: B018
    with pytest.raises(AttributeError, match=r"'predict'; it is Model\.predict$"):
        deltaw.predict  # type: ignore[attr-defined] # noqa: B018


def test_one_version() -> None:
    """`__init__.py` says it, and the build reads it there; nobody else says it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["scikit-build"]["metadata"]["version"]["input"] == "src/deltaw/__init__.py"
    assert "\nversion:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def loaded_after(statement: str) -> set[str]:
    """The top-level modules in memory after a statement in a fresh Python."""
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {statement}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in out.split()}


def test_import_loads_nothing_heavy() -> None:
    assert loaded_after("import deltaw") & HEAVY == set()
    assert "deltaw" in loaded_after("import deltaw")


def test_training_on_arrays_loads_nothing_heavy() -> None:
    statement = "import deltaw; deltaw.train(deltaw.Network([2, 2]), [[0, 1]], [[1, 0]], epochs=1, engine='reference')"
    assert loaded_after(statement) & HEAVY == set()


def test_exceptions_are_one_tree() -> None:
    from deltaw import exceptions

    classes = [c for c in vars(exceptions).values() if isinstance(c, type) and c.__module__ == "deltaw.exceptions"]
    assert all(issubclass(c, (exceptions.DeltaWError, KeyboardInterrupt)) for c in classes)
    drawn = exceptions.__doc__ or ""
    assert all(c.__name__ in drawn for c in classes)
    message = str(exceptions.InputError("a\nb", "c", "d"))
    assert message == "a b, found c; d"
