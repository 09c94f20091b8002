"""A table in several files is the table of all of them, or is refused by the file and column that differ."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.ipc as ipc
import pytest
from polars.testing import assert_frame_equal

import deltaw
from deltaw.cli import main
from deltaw.cli.commands import shards
from deltaw.cli.output import documents
from deltaw.exceptions import InputError
from deltaw.tables import Reading, several, slices, stream
from deltaw.tables.reading.formats import batches, columnar, together

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 2)).round(3)
WHOLE = pl.DataFrame({
    "a": X[:, 0], "b": (10 * X[:, 1]).astype(np.int64), "w": RNG.choice(["k", "l", "m"], 240), "y": X[:, 0] > 0,
})  # fmt: skip


@pytest.fixture(params=["parquet", "arrow", "csv"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three files of 100, 40 and 100 rows, and what is none."""
    write = {"parquet": "write_parquet", "arrow": "write_ipc", "csv": "write_csv"}[request.param]
    (tmp_path / "d").mkdir()
    for i, (start, n) in enumerate([(0, 100), (100, 40), (140, 100)]):
        getattr(WHOLE[start : start + n], write)(tmp_path / "d" / f"part-{i}.{request.param}")
    (tmp_path / "d" / "_SUCCESS").write_text("")
    (tmp_path / "d" / ".hidden.csv").write_text("no,table\n1,2\n")
    return tmp_path / "d"


def test_a_folder_and_a_pattern(folder: Path) -> None:
    ending = next(folder.glob("part-0.*")).suffix
    for source in (folder, str(folder), f"{folder}/*{ending}", f"{folder.parent}/**/part-*", f"{folder}/part-[0-2]*"):
        assert_frame_equal(deltaw.read(source).frame, WHOLE)
    assert_frame_equal(deltaw.read(f"{folder}/part-[12]*").frame, WHOLE[100:])


def test_folders_that_say_something(tmp_path: Path) -> None:
    for year in (2023, 2024):
        for place in ("north", "south"):
            (tmp_path / f"year={year}" / f"place={place}").mkdir(parents=True)
            pl.DataFrame({"a": [year % 7, 2]}).write_parquet(tmp_path / f"year={year}/place={place}/0.parquet")
    found = deltaw.read(tmp_path).frame
    assert found["year"].to_list() == [2023] * 4 + [2024] * 4
    assert found["place"].to_list() == ["north", "north", "south", "south"] * 2
    assert found["year"].dtype == pl.Int64


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_small_file_takes_few_calls_of_polars(ending: str, tmp_path: Path) -> None:
    """Of a thousand files each call counts: what its cells are, Python says of so few."""
    for i in range(10):
        getattr(WHOLE.with_columns(v="w", u="w")[20 * i : 20 * i + 20], f"write_{ending}")(tmp_path / f"{i}.{ending}")

    def calls(made: Callable[[], object]) -> int:
        seen = list[str]()
        sys.setprofile(lambda frame, event, arg: seen.append(arg.__name__) if event == "c_call" else None)
        try:
            made()
        finally:
            sys.setprofile(None)
        return seen.count("collect")

    found = stream(str(tmp_path), Reading())
    assert found is not None
    assert 0 < calls(lambda: deltaw.read(tmp_path)) <= 120
    assert 0 < calls(lambda: list(found.slices())) <= 120


def test_a_column_without_a_value_in_one(tmp_path: Path) -> None:
    pl.DataFrame({"a": [None, None], "b": [1, 2]}).write_parquet(tmp_path / "0.parquet")
    pl.DataFrame({"a": ["x", "y"], "b": [1.5, 2.5]}).write_parquet(tmp_path / "1.parquet")
    found = deltaw.read(tmp_path).frame
    assert found["a"].to_list() == [None, None, "x", "y"]
    assert found["b"].to_list() == [1.0, 2.0, 1.5, 2.5]


def changed(folder: Path, number: int, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / f"{number}.parquet")


def test_what_differs_is_named(tmp_path: Path) -> None:
    for i in range(3):
        changed(tmp_path, i, WHOLE[80 * i : 80 * i + 80])
    one = WHOLE[160:]
    for frame, line in (
        (one.drop("b"), r'2\.parquet: expected a column "b"'),
        (one.with_columns(z=1), r'2\.parquet: expected the columns of .*0\.parquet, found "z" as well'),
        (one.with_columns(pl.col("w").str.len_chars()), r'2\.parquet: expected words in column "w", .* found numbers'),
        (one.with_columns(a=pl.lit("q")), r'2\.parquet: expected numbers in column "a", .* found words'),
    ):
        changed(tmp_path, 2, frame)
        with pytest.raises(InputError, match=line) as caught:
            deltaw.read(tmp_path)
        assert "\n" not in str(caught.value)
    changed(tmp_path, 2, one)
    whole = (tmp_path / "1.parquet").read_bytes()
    (tmp_path / "1.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"1\.parquet: expected Parquet, found an unreadable file"):
        deltaw.read(tmp_path)


def test_what_means_nothing(tmp_path: Path) -> None:
    for source in (tmp_path, f"{tmp_path}/*.parquet"):
        with pytest.raises(InputError, match="expected files of tables, found none"):
            deltaw.read(source)
    WHOLE.write_parquet(tmp_path / "a[1].parquet")
    assert len(deltaw.read(tmp_path / "a[1].parquet").frame) == 240  # a file of that name is no pattern
    with pytest.raises(InputError, match=r"expected at most 10 bytes in all files, found .* in 1; raise the limit"):
        deltaw.read(tmp_path, max_bytes=10)


def test_a_file_in_slices(tmp_path: Path) -> None:
    for write, name in (("write_parquet", "d.parquet"), ("write_ipc", "d.arrow")):
        getattr(WHOLE, write)(tmp_path / name)
        found = slices(tmp_path / name, Reading(), cells=4 * 70)
        assert found is not None
        parts = list(found)
        assert [len(table.frame) for _, table in parts] == [70, 70, 70, 30]
        assert [str(place) for place, _ in parts][1] == name.replace("d.", "d-00001.")
        assert_frame_equal(pl.concat([table.frame for _, table in parts]), WHOLE)
    WHOLE.write_csv(tmp_path / "d.csv")
    assert slices(tmp_path / "d.csv", Reading()) is None
    assert slices(tmp_path, Reading()) is None
    assert slices("x" * 5000, Reading()) is None


def test_a_file_that_changes_between_two_slices(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    WHOLE.write_parquet(path)
    parts = slices(path, Reading(), cells=4 * 100)
    assert parts is not None
    next(parts)
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"d\.parquet: expected the file as it was at the beginning, found another"):
        next(parts)


@pytest.mark.parametrize("left", [b"", b"PAR1 no more", None])
def test_a_file_that_changes_before_its_turn(folder: Path, left: bytes | None) -> None:
    """One that another program has just emptied is none of those that never had rows."""
    found, last = several(folder), sorted(folder.glob("part*"))[-1]
    assert found is not None
    parts = found.pieces(deltaw.read, Reading())
    next(parts)
    last.unlink() if left is None else last.write_bytes(left)
    found = "(another file, written since|no file any more)"
    wrong = rf"part-2\.\w+: expected the file as it was at the beginning, found {found}"
    with pytest.raises(InputError, match=wrong):
        list(parts)


def test_columns_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that is read some columns after the others, none is of another file of that name."""
    path = tmp_path / "d.parquet"
    WHOLE.write_parquet(path)
    monkeypatch.setattr(columnar, "AT_ONCE", 2 * len(WHOLE))
    read = pl.read_parquet

    def written_meanwhile(*given: Any, **how: Any) -> pl.DataFrame:
        found = read(*given, **how)
        WHOLE[::-1].write_parquet(path, compression="uncompressed")
        return found

    monkeypatch.setattr(pl, "read_parquet", written_meanwhile)
    with pytest.raises(InputError, match=r"d\.parquet: expected the file as it was at the beginning, found another"):
        deltaw.read(path)


def test_a_link_that_leads_nowhere(folder: Path) -> None:
    """Half of a table that was not fetched is no table."""
    (folder / "part-9.csv").symlink_to("nowhere")
    for source in (folder, folder / "part-*"):
        with pytest.raises(InputError, match=r"part-9\.csv: expected a file that can be read, found no such file"):
            deltaw.read(source)


def test_answers_where_only_some_files_have_what_is_to_be_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()
    for i, part in enumerate((WHOLE[:90], WHOLE[90:].drop("y"))):
        part.write_csv(f"d/{i}.csv")
    deltaw.fit(WHOLE, "y", hidden=4, epochs=2, folds=0).save("m.deltaw")
    assert main(["predict", "m.deltaw", "d", "-o", "answers"]) == 0
    assert len(deltaw.read("answers").frame) == len(WHOLE)
    for wanted in (["predict", "m.deltaw", "d", "-o", "kept", "--keep", "y"], ["evaluate", "m.deltaw", "d"]):
        assert main(wanted) == 2
        assert '1.csv: expected a column "y"' in capsys.readouterr().err


def test_commands(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder.parent)
    WHOLE.write_csv("whole.csv")
    hasty = ["-t", "y", "--hidden", "4", "--epochs", "2", "-q", "-o"]
    assert main(["train", "d", *hasty, "m.deltaw"]) == main(["train", "whole.csv", *hasty, "n.deltaw"]) == 0
    many, one = deltaw.load("m.deltaw"), deltaw.load("n.deltaw")
    assert many.predict_proba(WHOLE).tolist() == one.predict_proba(WHOLE).tolist()
    capsys.readouterr()

    assert main(["evaluate", "m.deltaw", "d/part-*"]) == main(["evaluate", "m.deltaw", "whole.csv"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("240 rows of") == 2
    assert len({part.split("\n", 1)[1].strip() for part in shown.split("240 rows of")[1:]}) == 1

    assert main(["predict", "m.deltaw", "d", "-o", "answers/"]) == 0
    assert "240 answers written to 3 files in answers" in capsys.readouterr().err
    names = sorted(path.name for path in Path("answers").iterdir())
    assert names == sorted(path.name for path in folder.iterdir() if path.name.startswith("part"))
    assert main(["predict", "m.deltaw", "whole.csv", "-o", "whole-answers.csv"]) == 0
    expected = pl.read_csv("whole-answers.csv").drop("row")
    assert_frame_equal(deltaw.read("answers").frame.drop("row"), expected)
    WHOLE.write_parquet("whole.parquet")
    Path("slices").mkdir()
    assert main(["predict", "m.deltaw", "whole.parquet", "-o", "slices", "--keep", "a"]) == 0
    assert [path.name for path in Path("slices").iterdir()] == ["whole-00000.parquet"]
    assert_frame_equal(deltaw.read("slices").frame.drop("row", "a"), expected)
    Path("text").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deltaw.tables.reading.streams.PIECE", 2000)
        assert main(["predict", "m.deltaw", "whole.csv", "-o", "text"]) == 0
        patch.setattr("deltaw.tables.reading.loading.limit", lambda most: 100)
        capsys.readouterr()
        assert main(["evaluate", "m.deltaw", "whole.csv"]) == 0
    assert capsys.readouterr().out.split("\n", 1)[1].strip() in shown
    assert sorted(path.name for path in Path("text").iterdir())[:2] == ["whole-00000.csv", "whole-00001.csv"]
    assert_frame_equal(deltaw.read("text").frame.drop("row"), expected)
    for place, line in (("d", "expected another folder than that of the rows"), ("m.deltaw/x", "expected a folder")):
        assert main(["predict", "m.deltaw", "d", "-o", place]) == 2
        assert line in capsys.readouterr().err


SIGNED = ["a[1]", "a*", "[b]", "{c}", "a?", "year=2024"]


@pytest.mark.parametrize("write", ["write_parquet", "write_ipc", "write_csv"])
def test_the_name_of_a_file_is_no_pattern(write: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stem in SIGNED:
        for name, frame in ((stem, WHOLE), ("a1", WHOLE.clear()), ("b", WHOLE.clear())):
            with (tmp_path / f"{name}.table").open("wb") as file:  # Polars' own name is a pattern
                getattr(frame, write)(file)
        path = tmp_path / f"{stem}.table"
        csv = write == "write_csv"
        path = path.rename(path.with_suffix(".csv")) if csv else path
        assert_frame_equal(deltaw.read(path).frame, WHOLE)
        found = stream(str(path), Reading())
        assert found is not None
        assert found.held > 0
        with monkeypatch.context() as small:
            small.setattr("deltaw.tables.reading.streams.CELLS", 500)
            assert_frame_equal(pl.concat(part.table.frame for part in found.slices()), WHOLE)
        if not csv:
            parts = slices(str(path), Reading(), cells=500)
            assert parts is not None
            assert_frame_equal(pl.concat(table.frame for _, table in parts), WHOLE)


def test_the_name_of_a_folder_is_no_pattern(tmp_path: Path) -> None:
    for name, frame in (("d[1]", WHOLE), ("d1", WHOLE[:3])):
        (tmp_path / name).mkdir()
        frame.write_csv(tmp_path / name / "0.csv")
    assert_frame_equal(deltaw.read(f"{tmp_path}/d[1]/*.csv").frame, WHOLE)
    assert_frame_equal(deltaw.read(f"{tmp_path}/d[1]").frame, WHOLE)
    assert_frame_equal(deltaw.read(f"{tmp_path}/d[12]/*.csv").frame, WHOLE[:3])


def test_train_and_answer_by_a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    path, model = tmp_path / "[a]*.parquet", tmp_path / "m.deltaw"
    with path.open("wb") as file:
        WHOLE.write_parquet(file)
    for more in ([], ["--memory", "1000"]):
        assert main(["train", str(path), "-t", "y", "-o", str(model), "--epochs", "1", *more]) == 0
        assert main(["evaluate", str(model), str(path)]) == 0
        assert main(["predict", str(model), str(path), "-o", str(tmp_path / "answers.csv")]) == 0
        assert len(pl.read_csv(tmp_path / "answers.csv")) == len(WHOLE)


def test_a_folder_that_cannot_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WHOLE.write_csv(tmp_path / "0.csv")
    there = os.scandir

    def scandir(place: str | Path) -> Any:
        if str(place).endswith("closed"):
            raise PermissionError(errno.EACCES, "", str(place))
        return there(place)

    monkeypatch.setattr(os, "scandir", scandir)
    (tmp_path / "_closed").mkdir()
    assert_frame_equal(deltaw.read(tmp_path).frame, WHOLE)
    (tmp_path / "closed").mkdir()
    with pytest.raises(InputError, match=r"closed: expected a file that can be read, found no permission"):
        deltaw.read(tmp_path)


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_a_stream_of_arrow_is_read_batch_by_batch(compression: str | None, tmp_path: Path) -> None:
    """Dictionaries come along; one that ends anywhere is read as far as Arrow's own library reads it, or refused."""
    frame = WHOLE.with_columns(pl.col("w").cast(pl.Categorical), pl.Series("gap", [None, *range(239)]))
    arrow = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    path = tmp_path / "d.arrows"
    with ipc.new_stream(path, arrow.schema, options=ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(arrow, max_chunksize=100)
    assert batches.size(path) == (240, 5)
    found = list(batches.batches(path))
    assert [len(batch) for batch in found] == [100, 100, 40]
    whole = pl.concat([batch.with_columns(pl.col("w").cast(pl.String)) for batch in found])
    assert_frame_equal(whole, frame.with_columns(pl.col("w").cast(pl.String)))
    data = path.read_bytes()
    for length in range(1, len(data), 97):
        path.write_bytes(data[:length])
        try:
            rows = sum(len(batch) for batch in batches.batches(path))
        except ValueError:
            continue
        with ipc.open_stream(path) as file:
            assert rows == file.read_all().num_rows
    frame.write_ipc_stream(path)
    assert_frame_equal(pl.concat(batches.batches(path)), frame)


def test_a_folder_of_answers_is_apart_from_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers among the rows would be read with them the next time; those of two files in one would be lost."""
    monkeypatch.chdir(tmp_path)
    Path("d/more").mkdir(parents=True)
    WHOLE.write_csv("d/a.csv")
    WHOLE.write_csv("d/more/b.csv")
    deltaw.fit(WHOLE, "y", hidden=4, epochs=1, folds=0, verbose=False).save("m.deltaw")
    for data, folder in (("d", "d/answers"), ("d", "d/more"), ("d/**/*.csv", "d/more")):
        assert main(["predict", "m.deltaw", data, "-o", folder]) == 2
        assert f"{folder}: expected another folder than that of the rows, found one in it" in capsys.readouterr().err
    assert main(["predict", "m.deltaw", "d", "-o", "d/_answers"]) == 0
    assert main(["predict", "m.deltaw", "d/*.csv", "-o", "d/answers"]) == 0
    for i, name in enumerate(("b.arrows", "b.arrows.csv")):
        getattr(WHOLE, ("write_ipc_stream", "write_csv")[i])(f"d/more/{name}")
    capsys.readouterr()
    assert main(["predict", "m.deltaw", "d", "-o", "e"]) == 2
    line = (
        "e/more/b.arrows.csv: expected the answers for one file, found d/more/b.arrows.csv as well as d/more/b.arrows; "
    )
    assert line + "rename one of the two" in capsys.readouterr().err
    assert not Path("e").exists()


def test_small_files_are_read_by_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together or each by itself: the same rows, types and notes; those that are unlike others are read alone."""
    other = WHOLE[:20].with_columns(pl.col("b").cast(pl.Int32)).select("y", "b", "w", "a")
    frames = [WHOLE[:20], WHOLE[20:20], WHOLE[20:60], other, WHOLE[60:61], WHOLE.with_columns(w=pl.lit(None))[:7]]
    for i, frame in enumerate(frames):
        frame.write_parquet(tmp_path / f"[{i}].parquet")
    WHOLE[:5].write_csv(tmp_path / "[7].csv")
    WHOLE[:9].to_pandas().set_index("b").to_parquet(tmp_path / "[8].parquet")
    with pytest.raises(InputError, match=r'\[8\]\.parquet: expected a column "b"'):
        deltaw.read(tmp_path)
    (tmp_path / "[8].parquet").unlink()
    source, scan, taken = str(tmp_path), pl.scan_parquet, list[int]()

    def counted(files: Any, **how: Any) -> pl.LazyFrame:
        taken.append(len(files) if isinstance(files, list) else 1)
        return scan(files, **how)

    def found() -> list[pl.DataFrame]:
        rows = stream(source, Reading())
        assert rows is not None
        return [deltaw.read(source).frame, *(part.table.frame for part in rows.slices(columns=["a", "w"]))]

    monkeypatch.setattr(pl, "scan_parquet", counted)
    many = found()
    assert max(taken) == 6
    monkeypatch.setattr(together, "SMALL", 0)
    for one, other in zip(many, found(), strict=True):
        assert_frame_equal(one, other)


@pytest.mark.parametrize("rows", [20, 0])
def test_alike_small_files_take_one_look(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, looks = pl.scan_parquet, list[int]()
    for i in range(9):
        WHOLE[20 * i : 20 * i + (rows if i == 4 else 20)].write_parquet(tmp_path / f"{i}.parquet")
    monkeypatch.setattr(pl, "scan_parquet", lambda *given, **how: looks.append(1) or scan(*given, **how))
    assert len(deltaw.read(tmp_path).frame) == 160 + rows
    assert len(looks) == 1


def test_small_files_of_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Answers that are made together are those that are made alone; those before a bad file stay, and none after it."""
    rows, out = tmp_path / "rows", tmp_path / "out"
    rows.mkdir()
    model = deltaw.fit(WHOLE, "y", epochs=2, folds=0, verbose=False)
    model.save(tmp_path / "m.deltaw")
    WHOLE[:0].write_parquet(rows / "0.parquet")
    for i in range(1, 9):
        WHOLE[20 * i : 21 * i].with_columns(z=pl.lit(i)).write_parquet(rows / f"{i}.parquet")
    answer = ["predict", str(tmp_path / "m.deltaw"), str(rows), "-o", str(out), "--keep", "z", "--row"]
    assert main(answer) == 0
    for i in range(1, 9):
        found = pl.read_parquet(out / f"{i}.parquet")
        assert found["row"].to_list() == list(range(1, i + 1))
        assert set(found["z"]) == {i}
        assert (found["prediction"].to_numpy() == model.predict(WHOLE[20 * i : 21 * i])).all()
        assert (found["probability_True"].to_numpy() == model.predict_proba(WHOLE[20 * i : 21 * i])[:, 1]).all()
    WHOLE[:5].drop("a").with_columns(z=0).write_parquet(rows / "5.parquet")
    capsys.readouterr()
    assert main([*answer[:4], str(tmp_path / "again"), *answer[5:]]) == 2
    assert "5.parquet" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [f"{i}.parquet" for i in range(1, 5)]


@pytest.mark.parametrize(("after", "line"), [
    (0, "interrupted; nothing was saved: run the same command again"),
    (2, "interrupted; 2 files in {out} are complete: run the same command again"),
])  # fmt: skip
def test_ctrl_c_while_files_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], after: int, line: str
) -> None:
    deltaw.fit(WHOLE, "y", epochs=1, folds=0, verbose=False).save(tmp_path / "m.deltaw")
    (rows := tmp_path / "rows").mkdir()
    for i in range(4):
        WHOLE[:3].write_parquet(rows / f"{i}.parquet")
    answered, calls, out = documents.answers_alone, list[int](), tmp_path / "out"

    def pressed(*given: Any) -> pl.DataFrame:
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return answered(*given)

    monkeypatch.setattr(shards, "CELLS_AT_ONCE", 0)
    monkeypatch.setattr(documents, "answers_alone", pressed)
    assert main(["predict", str(tmp_path / "m.deltaw"), str(rows), "-o", str(out)]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "deltaw: " + line.format(out=out)
    assert [len(pl.read_parquet(out / f"{i}.parquet")) for i in range(after)] == [3] * after


@pytest.mark.parametrize("writes", ["write_csv", "write_parquet"])
def test_what_folders_say_is_kept_beside_answers(tmp_path: Path, writes: str) -> None:
    model = deltaw.fit(WHOLE, "y", epochs=1, folds=0, verbose=False)
    model.save(tmp_path / "m.deltaw")
    for year in ("2019", "2020"):
        (folder := tmp_path / "rows" / f"year={year}").mkdir(parents=True)
        getattr(WHOLE[:3], writes)(folder / f"a.{writes.removeprefix('write_')}")
    rows, out = str(tmp_path / "rows"), tmp_path / "out"
    assert main(["predict", str(tmp_path / "m.deltaw"), rows, "-o", str(out), "--keep", "year,a"]) == 0
    for file in out.rglob("a.*"):
        found = pl.read_csv(file) if file.suffix == ".csv" else pl.read_parquet(file)
        assert found["year"].cast(pl.String).to_list() == [file.parent.name[-4:]] * 3
        assert found["a"].to_list() == WHOLE["a"][:3].to_list()


@pytest.mark.skipif(os.name == "nt", reason="no file is a pipe there")
def test_what_a_stream_would_hold_is_looked_at_once(tmp_path: Path) -> None:
    """The plan says it again; a file that is a pipe by then would be waited for, and nothing said."""
    for i in range(2):
        WHOLE[:20].write_ipc(tmp_path / f"{i}.arrow")
    found = stream(str(tmp_path), Reading())
    assert found is not None
    known = found.held
    (tmp_path / "1.arrow").unlink()
    os.mkfifo(tmp_path / "1.arrow")
    assert replace(found, memory=1).held == known > 0
    with pytest.raises(InputError, match=r"1\.arrow: expected the file as it was at the beginning"):
        list(found.slices())
