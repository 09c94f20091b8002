"""Files without rows among those of a table, as clusters write them: passed over, and answered by such files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deltaw
from deltaw import models
from deltaw.cli import main
from deltaw.exceptions import TableError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 2)).round(3)
WHOLE = pl.DataFrame({"a": X[:, 0], "w": RNG.choice(["k", "l"], 90), "y": np.where(X[:, 0] > 0, "yes", "no")})


def of_parquet(folder: Path) -> None:
    for i in (1, 2):
        WHOLE[30 * i - 30 : 30 * i].write_parquet(folder / f"part-{i}.snappy.parquet", compression="snappy")
    WHOLE[60:].write_parquet(folder / "part-4.parquet")
    WHOLE.clear().write_parquet(folder / "part-0.snappy.parquet")
    WHOLE.clear().write_parquet(folder / "part-3.parquet")
    (folder / ".part-0.snappy.parquet.crc").write_bytes(b"crc\0\1")
    (folder / "_metadata").write_bytes(b"PAR1")


def of_text(folder: Path) -> None:
    for i, start in ((1, 0), (2, 30), (4, 60)):
        WHOLE[start : start + 30].write_csv(folder / f"part-{i}.csv")
    (folder / "part-0.csv").write_text("a,w,y\n")
    (folder / "part-3.csv").write_bytes(b"")
    (folder / "part-5.csv.gz").write_bytes(gzip.compress(b""))
    (folder / ".part-1.csv.crc").write_bytes(b"crc\0\1")


WAYS = {"parquet": of_parquet, "csv": of_text}
EMPTY = {"parquet": 2, "csv": 3}


@pytest.fixture(params=WAYS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "d"
    (folder / "_delta_log").mkdir(parents=True)
    (folder / "_delta_log" / "0.json").write_text('{"protocol": {}}')
    (folder / "_SUCCESS").write_bytes(b"")
    WAYS[request.param](folder)
    return folder


def test_they_are_passed_over(folder: Path) -> None:
    n = EMPTY["parquet" if list(folder.glob("*.parquet")) else "csv"]
    for source in (folder, f"{folder}/*"):
        found = deltaw.read(source)
        assert_frame_equal(found.frame, WHOLE)
        assert found.notes == (f"{n} of {n + 3} files have no rows",)
    plan = models.plan(str(folder), "y", memory=1, validation=0.0)
    assert plan.streamed is not None
    assert plan.rows == 90
    assert f"{n} of {n + 3} files have no rows" in plan.table.notes


def test_a_shard_for_a_shard(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "d", "-t", "y", "--hidden", "4", "--epochs", "1", "-o", "m.deltaw"]) == 0
    assert "files have no rows" in capsys.readouterr().err
    WHOLE.write_csv("whole.csv")
    assert main(["evaluate", "m.deltaw", "d"]) == main(["evaluate", "m.deltaw", "whole.csv"]) == 0
    many, one = capsys.readouterr().out.split("90 rows of ")[1:]
    assert many.split("\n", 1)[1].strip() == one.split("\n", 1)[1].strip()
    assert main(["doctor", "d", "-t", "y", "--seconds", "0", "--rows", "50"]) == 0
    assert main(["predict", "m.deltaw", "d", "-o", "answers/", "--keep", "a"]) == 0
    names = sorted(path.name for path in folder.iterdir() if path.name.startswith("part"))
    assert sorted(path.name for path in Path("answers").iterdir()) == names
    frames = [deltaw.read(f"answers/{name}").frame for name in names if name[5] in "124"]
    assert sum(map(len, frames)) == 90
    if (folder / "part-3.parquet").is_file():
        empty = [pl.read_parquet(f"answers/{name}") for name in ("part-0.snappy.parquet", "part-3.parquet")]
        assert all(each.schema == frames[0].schema and not len(each) for each in empty)
    else:
        heads = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
                 for name in names if name[5] in "035" for data in [Path("answers", name).read_bytes()]]  # fmt: skip
        assert heads == [",".join(frames[0].columns).encode() + b"\n"] * 3


def test_where_none_has_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    WHOLE.write_csv("whole.csv")
    assert main(["train", "whole.csv", "-t", "y", "--hidden", "4", "--epochs", "1", "-q", "-o", "m.deltaw"]) == 0
    for name, write in (("p", pl.DataFrame.write_parquet), ("c", pl.DataFrame.write_csv)):
        Path(name).mkdir()
        for i in range(2):
            write(WHOLE.clear(), f"{name}/{i}.{'parquet' if name == 'p' else 'csv'}")  # type: ignore[operator]
        line = f"{name}: expected rows, found none in 2 files; give a table with rows"
        with pytest.raises(TableError) as caught:
            deltaw.read(name)
        assert str(caught.value) == line
        capsys.readouterr()
        for command in (
            f"train {name} -t y", f"train {name} -t y --memory 1", f"evaluate m.deltaw {name}", f"doctor {name} -t y",
            f"predict m.deltaw {name} -o out/", f"predict m.deltaw {name}",
        ):  # fmt: skip
            assert main(command.split()) == 2
            assert capsys.readouterr().err.strip().splitlines()[-1] == f"deltaw: {line}"
        assert not list(Path().glob("out/*"))


@pytest.mark.parametrize("stream", [False, True])
def test_folders_that_say_nothing_and_what_no_name_can_have(tmp_path: Path, stream: bool) -> None:
    said = {"city=New%20York/zip=7": ("New York", 7), "city=__HIVE_DEFAULT_PARTITION__/zip=8": (None, 8),
            "city=a%2Fb/zip=__HIVE_DEFAULT_PARTITION__": ("a/b", None)}  # fmt: skip
    for i, folder in enumerate(said):
        (tmp_path / folder).mkdir(parents=True)
        WHOLE[30 * i : 30 * i + 30].write_parquet(tmp_path / folder / "0.parquet")
    if stream:
        plan = models.plan(str(tmp_path), "y", memory=1)
        assert plan.streamed is not None
        found = pl.concat([plan.table.frame, plan.test.frame if plan.test else plan.table.frame.clear()])
    else:
        found = deltaw.read(tmp_path).frame
        assert len(found) == 90
    assert {tuple(row) for row in found[["city", "zip"]].unique().iter_rows()} == set(said.values())


def test_a_word_in_one_folder_makes_words_of_all(tmp_path: Path) -> None:
    for name in ("k=1", "k=02", "k=b"):
        (tmp_path / name).mkdir()
        WHOLE[:3].write_csv(tmp_path / name / "0.csv")
    assert deltaw.read(tmp_path).frame["k"].to_list() == ["02"] * 3 + ["1"] * 3 + ["b"] * 3


def test_what_cannot_be_decompressed_is_not_left_out_in_silence(tmp_path: Path) -> None:
    WHOLE.write_csv(tmp_path / "0.csv")
    (tmp_path / "1.csv.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    for source in (tmp_path, f"{tmp_path}/*"):
        with pytest.raises(TableError, match=r"1\.csv\.zst: expected a table as it is, or with .*xz, found \.zst; dec"):
            deltaw.read(source)
    (tmp_path / "1.csv.zst").rename(tmp_path / "0.csv.zst")  # of one that is there, too
    assert_frame_equal(deltaw.read(tmp_path).frame, WHOLE)
