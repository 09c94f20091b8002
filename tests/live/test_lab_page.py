"""The built page: of these sources, and filled with nothing but letters of base64."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import polars as pl
import pytest
from test_contents import frame

import deltaw
from deltaw.cli import main
from deltaw.exceptions import MissingError, OutputError
from deltaw.live import page

ROOT = Path(__file__).parents[2]
TABLE = re.compile(rb'<script type="text/plain" id="table">([^<]*)</script>')


def test_the_page_was_built_of_these_sources() -> None:
    built = runpy.run_path(str(ROOT / "lab" / "stamp.py"))
    found = built["STAMP"].search(page.empty())
    assert found, "the page has no stamp: make lab"
    assert found[1].decode() == built["sources"](), "sources of the lab have changed since the page was built: make lab"


def test_the_page_asks_nobody_for_anything() -> None:
    text = page.empty().decode()
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert len(text) <= 300_000


def test_foreign_text_is_no_markup(tmp_path: Path) -> None:
    table = frame().rename({"word": "</script><img src=x onerror=alert(1)>"})
    written = deltaw.lab(table, target="y", output=tmp_path / "lab.html").read_bytes()
    found = TABLE.findall(written)
    assert len(found) == 1
    assert re.fullmatch(rb"[A-Za-z0-9+/=]+", found[0])
    assert written.replace(found[0], b"") == page.empty()


def test_the_same_table_gives_the_same_page(tmp_path: Path) -> None:
    pages = [deltaw.lab("iris", output=tmp_path / f"{i}.html").read_bytes() for i in range(2)]
    assert pages[0] == pages[1]
    assert TABLE.findall(deltaw.lab(output=tmp_path / "empty.html").read_bytes()) == [b""]


def test_a_page_that_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page, "PAGE", "none.html")
    with pytest.raises(MissingError, match="make lab"):
        deltaw.lab("iris", output=tmp_path / "lab.html")
    assert not (tmp_path / "lab.html").exists()


def test_never_over_the_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    frame().write_csv(path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="expected another file than the input"):
        deltaw.lab(path, target="y", output=path)
    assert path.read_bytes() == before


RUNS: dict[str, tuple[list[str], int, str]] = {
    "iris": (["lab"], 0, "lab.html"),
    "a table": (["lab", "t.csv", "-t", "y", "--recipe", "notes", "-o", "t.html", "--json"], 0, "t.html"),
    "a model": (["lab", "m.deltaw", "t.csv", "-o", "m.html"], 0, "m.html"),
    "no rows": (["lab", "m.deltaw"], 2, "expected DATA, or a model file and DATA"),
    "two tables": (["lab", "t.csv", "t.csv"], 2, "expected DATA, or a model file and DATA"),
    "a setting of a model": (
        ["lab", "m.deltaw", "t.csv", "--epochs", "3"],
        2,
        "expected its own settings, found --epochs",
    ),
    "no target": (["lab", "t.csv", "-t", "z"], 2, 'expected a column "z"'),
    "no file": (["lab", "none.csv"], 2, "found no file of this name"),
    "no folder": (["lab", "-o", "none/lab.html"], 2, "a folder that does not exist"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    frame().write_csv(folder / "t.csv")
    deltaw.fit(pl.read_csv(folder / "t.csv"), "y", epochs=2, folds=0, verbose=False).save(folder / "m.deltaw")
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_the_command(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, status, said = RUNS[name]
    monkeypatch.chdir(folder)
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert said in out + err
    if "--json" in arguments:
        assert json.loads(out)["lab"] == said
    if not status:
        assert TABLE.search((folder / said).read_bytes())
