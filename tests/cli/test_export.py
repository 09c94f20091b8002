"""`deltaw export`: what it writes, what it says, and what it refuses before it reads anything."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

import deltaw
from commands import Run, refused
from deltaw.export import runners


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.deltaw"
    deltaw.fit("iris", epochs=2, engine="native", test_size=0.2).save(path)
    return path


def test_a_form_and_its_proof(run: Run, file: Path) -> None:
    status, out, err = run("export", file, "-o", "m.py")
    assert (status, err) == (0, "")
    assert "python: m.py, m.check.json" in out
    assert "all labels are the same" in out
    check = json.loads(Path("m.check.json").read_text(encoding="utf-8"))
    assert len(check["rows"]) == 1000
    assert any(None in row for row in check["rows"])
    status, out, err = run("export", "--check", "m.py", "m.check.json", "--json")
    assert (status, err, json.loads(out)["rows"]) == (0, "", 1000)


def test_a_form_that_says_something_else_is_found(run: Run, file: Path) -> None:
    assert run("export", file, "-o", "m.py")[0] == 0
    path = Path("m.py")
    path.write_text(path.read_text(encoding="ascii").replace("/ width", "/ width * 1.01").replace("1e-12", "1e-2"))
    status, _, err = run("export", "--check", "m.py", "m.check.json")
    assert status == 1
    assert err.startswith("deltaw: m.py: expected the model's answers for 1,000 rows, found ")
    path.write_text("MODEL = 1\n")
    assert run("export", "--check", "m.py", "m.check.json")[0] == 2
    Path("m.check.json").write_text('{"rows": []}')
    assert run("export", "--check", "m.py", "m.check.json")[0] == 2


FORGED_CHECKS: list[dict[str, Any]] = [
    {"model": "\ud800"}, {"answers": [[]] * 1000}, {"rows": [], "answers": [], "labels": []}, {"labels": [0]},
    {"answers": [[1.0]] * 1000}, {"kinds": []}, {"columns": ["?"] * 4},
]  # fmt: skip


def test_where_a_form_finds_no_room_or_no_end(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so, and not even a part of it is written."""
    resource = pytest.importorskip("resource")
    assert run("export", file, "-o", "m.py")[0] == 0
    sizes = [path.stat().st_size for path in Path().iterdir()]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (sum(sizes) - 1, before[1]))
    try:
        assert refused(run("export", file, "-o", "part.py")).startswith("part.py: expected a path that can be written")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    monkeypatch.setattr(runners, "SECONDS", 0)
    assert refused(run("export", file, "-o", "n.py")).endswith(" rows in 0 s, found none; give --no-check\n")
    monkeypatch.setattr(tempfile, "tempdir", "nowhere")
    assert refused(run("export", file, "-o", "n.py")).startswith("nowhere: expected room to run the form in, found no ")
    assert sorted(path.name for path in Path().iterdir()) == ["m.check.json", "m.py"]


def test_a_check_that_somebody_forged_is_refused(run: Run, file: Path) -> None:
    assert run("export", file, "-o", "m.py")[0] == 0
    whole = json.loads(Path("m.check.json").read_text(encoding="utf-8"))
    for text in ("[" * 10**5, "9" * 10**4, *(json.dumps(whole | forged) for forged in FORGED_CHECKS)):
        Path("m.check.json").write_text(text, encoding="utf-8")
        status, out, err = run("export", "--check", "m.py", "m.check.json")
        assert (status in (1, 2), out, err.count("\n")) == (True, "", 1), (text[:40], err)


def test_without_a_proof(run: Run, file: Path) -> None:
    status, out, _ = run("export", file, "-o", "m.mjs", "--no-check")
    assert (status, sorted(path.name for path in Path().iterdir())) == (0, ["m.mjs"])
    assert "not checked" in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-o", "m.exe"), "export: expected the ending "),
        (("-o", "m"), "export: expected the ending "),
        (("-o", "email.py"), "export email.py: expected a name that no module of Python has, found "),
        (("-o", "class.py"), "export class.py: expected a name that a module of Python can have, found one "),
        (("-o", "1a.py"), "export 1a.py: expected a name that a module of Python can have, found one "),
        (("-o", "my-model.py"), "export my-model.py: expected a name that a module of Python can have, found one "),
        (("-o", "m.c", "--form", "rust"), "form: expected one of "),
        (("-o", "m.c", "--dialect", "duckdb"), "dialect: expected SQL"),
        ((), "--output: expected a file to write"),
        (("x.json",), "export: expected one model"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    assert refused(run("export", "not-there.deltaw", *arguments)).startswith(expected)
    assert list(Path().iterdir()) == []


def test_never_over_the_model(run: Run, file: Path) -> None:
    before = file.read_bytes()
    assert run("export", file, "-o", file, "--form", "c")[0] == 2
    assert file.read_bytes() == before


def test_a_foreign_model_file_is_one_line(run: Run) -> None:
    Path("m.deltaw").write_bytes(b"PK not a model")
    refused(run("export", "m.deltaw", "-o", "m.c"))
    assert [path.name for path in Path().iterdir()] == ["m.deltaw"]


def test_names_of_c_files_become_names_of_c(run: Run, file: Path) -> None:
    assert run("export", file, "-o", "2 my-model.c")[0] == 0
    assert Path("c_2_my_model.h").is_file()
    assert "c_2_my_model_predict(" in Path("2 my-model.c").read_text(encoding="ascii")


def test_a_network_alone(tmp_path: Path) -> None:
    net = deltaw.Network([4, 3, 2], "tanh")
    done = deltaw.export(net, tmp_path / "n.c")
    assert [file.name for file in done.files] == ["n.c", "n.h", "n.check.json"]
