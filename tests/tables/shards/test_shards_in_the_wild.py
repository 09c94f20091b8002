"""Shards as other programs write them: each kind works, read at once and in parts, or a line names file and column."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

import deltaw
from deltaw import models
from deltaw.exceptions import InputError
from deltaw.tables import kinds

N = 60
TIMES = [datetime(2024, 1, 1) + timedelta(hours=7 * k) for k in range(N)]
Write = Callable[[Path], Any]


def rows(seed: int, i: Any = None) -> pa.Table:
    """A column of numbers, one `i` as it is told, one of words, and the answers."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=N).round(3)
    i = pa.array(rng.integers(0, 50, N)) if i is None else i
    return pa.table({"a": a, "i": i, "w": rng.choice(["k", "l", "m"], N), "y": np.where(a > 0, "yes", "no")})


def parquet(table: pa.Table, **how: Any) -> Write:
    return lambda path: pq.write_table(table, f"{path}.parquet", **how)


def arrow(table: pa.Table, make: Any = ipc.new_file, ending: str = ".arrow", compression: str | None = None) -> Write:
    def write(path: Path) -> None:
        with make(f"{path}{ending}", table.schema, options=ipc.IpcWriteOptions(compression=compression)) as file:
            file.write_table(table)

    return write


def text(table: pa.Table, change: Callable[[str], str] = str, ending: str = ".csv", compress: Any = bytes) -> Write:
    written = change(pl.DataFrame(table).write_csv()).encode()
    return lambda path: Path(f"{path}{ending}").write_bytes(compress(written))


def wordy(table: pa.Table, kind: Any) -> pa.Table:
    return table.set_column(2, "w", table["w"].cast(kind))


A, B = rows(1), rows(2)
WHOLE, THIRDS = pa.array(range(N)), pa.array(np.arange(N) / 3)
CENTS = pa.array([Decimal(k) / 100 for k in range(N)], pa.decimal128(12, 2))
GAPS = pa.array([None if k % 7 == 0 else k for k in range(N)], pa.int64())
WORKS: dict[str, tuple[list[Write], str]] = {  # the shards, and the kind of column i
    **{each: ([parquet(A, compression=each), parquet(B, compression=each)], "number")
       for each in ("snappy", "zstd", "gzip", "lz4", "brotli", "none")},
    "dictionary": ([parquet(wordy(A, pa.dictionary(pa.int32(), pa.string()))), parquet(B)], "number"),
    "large strings": ([parquet(wordy(A, pa.large_string())), parquet(B)], "number"),
    "nullable": ([parquet(rows(1, GAPS)), parquet(rows(2, WHOLE.cast(pa.int32())))], "number"),
    "decimal": ([parquet(rows(1, CENTS)), parquet(rows(2, THIRDS))], "number"),
    "whole and not": ([parquet(rows(1, WHOLE)), parquet(rows(2, THIRDS))], "number"),
    "signed and not": ([parquet(rows(1, WHOLE.cast(pa.uint64()))), parquet(rows(2, pa.array(range(-N, 0))))], "number"),
    "half": ([parquet(rows(1, pa.array(np.arange(N, dtype=np.float16)))), parquet(B)], "number"),
    "of no value": ([parquet(rows(1, pa.nulls(N))), parquet(B)], "number"),
    "with a zone": ([parquet(rows(1, pa.array([t.replace(tzinfo=UTC) for t in TIMES], pa.timestamp("us", "UTC")))),
                     parquet(rows(2, pa.array(TIMES, pa.timestamp("ns"))))], "date"),
    "int96": ([parquet(rows(k, pa.array(TIMES, pa.timestamp("ns"))), use_deprecated_int96_timestamps=True)
               for k in (1, 2)], "date"),
    "arrow": ([arrow(A), arrow(B, compression="zstd")], "number"),
    "feather": ([arrow(each, ending=".feather", compression="lz4") for each in (A, B)], "number"),
    "stream": ([arrow(A, ipc.new_stream, ".arrows"), arrow(B, ipc.new_stream, ".arrow", "lz4")], "number"),
    "gzip text": ([text(A, ending=".csv.gz", compress=gzip.compress), text(B)], "number"),
    "windows": ([text(A, lambda all: "\ufeff" + all.replace("\n", "\r\n")), text(B)], "number"),
    "tabs": ([text(A, lambda all: all.replace(",", "\t"), ".tsv"), text(B)], "number"),
    "another order": ([parquet(A), parquet(B.select(["y", "w", "i", "a"])), text(A.select(["w", "y", "a", "i"]))],
                      "number"),
    "several formats": ([parquet(A), text(B), arrow(A)], "number"),
}  # fmt: skip


def half_a_stream(path: Path) -> None:
    arrow(B, ipc.new_stream, ".arrows")(path)
    os.truncate(f"{path}.arrows", Path(f"{path}.arrows").stat().st_size // 2)


REFUSED: dict[str, tuple[Write, str]] = {  # after a shard of A
    "more": (parquet(B.append_column("z", WHOLE)), r'1\.parquet: expected the columns of .*0\.parquet, found "z" as w'),
    "less": (text(B.drop_columns(["i"])), r'1\.csv: expected a column "i", found the columns a, w, y'),
    "truth": (parquet(rows(2, pa.array([True, False] * 30))), r'1\.parquet: expected numbers in column "i", .* truth'),
    "dates": (parquet(rows(2, pa.array(TIMES))), r'1\.parquet: expected numbers in column "i", .* dates'),
    "lists": (parquet(rows(2, pa.array([[k] for k in range(N)]))), r'1\.parquet: expected (numbers in|a) column "i"'),
    "half a file": (lambda path: Path(f"{path}.parquet").write_bytes(b"PAR1half"), r"1\.parquet: expected Parquet, fo"),
    "half a stream": (half_a_stream, r"1\.arrows: expected Arrow, found an unreadable file"),
}  # fmt: skip


def test_times_of_several_zones_are_instants(tmp_path: Path) -> None:
    """One shard in Berlin, one in Shanghai, a third without a zone, which is UTC's: each instant is one time."""
    utc = pa.array([t.replace(tzinfo=UTC) for t in TIMES], pa.timestamp("us", "UTC"))
    zones = [utc.cast(pa.timestamp("us", zone)) for zone in ("Europe/Berlin", "Asia/Shanghai")]
    for k, times in enumerate([*zones, pa.array(TIMES, pa.timestamp("us"))]):
        pq.write_table(rows(k, times), tmp_path / f"{k}.parquet")
    assert deltaw.read(tmp_path).frame.get_column("i").to_list() == 3 * TIMES
    model = deltaw.fit(str(tmp_path / "0.parquet"), "y", epochs=1, hidden=4, verbose=False)
    answers = [model.predict_proba(deltaw.read(rows(0, times))) for times in (*zones, utc)]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@pytest.mark.parametrize("name", WORKS)
def test_it_works(tmp_path: Path, name: str) -> None:
    shards, kind = WORKS[name]
    for number, write in enumerate(shards):
        write(tmp_path / str(number))
    table = deltaw.read(tmp_path)
    assert len(table.frame) == N * len(shards)
    expected = {"a": "number", "i": kind, "w": "category"}
    assert {column.name: column.kind for column in kinds(table, "y")} == expected
    in_parts = models.plan(str(tmp_path), "y", memory=1)
    assert {column.name: column.kind for column in in_parts.columns} == expected
    assert in_parts.rows == len(table.frame)
    assert in_parts.streamed is not None


@pytest.mark.parametrize("name", REFUSED)
def test_it_has_a_line(tmp_path: Path, name: str) -> None:
    write, line = REFUSED[name]
    parquet(A)(tmp_path / "0")
    write(tmp_path / "1")
    for how in ({}, {"memory": 1}):
        with pytest.raises(InputError, match=line) as caught:
            models.plan(str(tmp_path), "y", **how)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("zone", ["+05:30", "UTC+3"])
def test_a_zone_that_has_no_name(tmp_path: Path, zone: str) -> None:
    """How many hours it is from UTC nobody has to know: instants are kept as those of UTC."""
    times = pa.array(TIMES, pa.timestamp("us")).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    table = rows(1, times.cast(pa.timestamp("us", zone)))
    for write in (parquet(table), arrow(table), arrow(table, ipc.new_stream, ".arrows")):
        write(tmp_path / "0")
    for source in (*tmp_path.iterdir(), tmp_path, table):
        assert deltaw.read(source).frame.get_column("i")[:N].to_list() == TIMES
    assert models.plan(str(tmp_path), "y", memory=1).rows == 3 * N


def test_files_without_an_ending(tmp_path: Path) -> None:
    """Hive's, beside others or alone: to leave them out would be to leave out rows. What is no table by its first bytes
    is none."""
    for name, write in (("0", parquet(A)), ("1", arrow(B)), ("2", parquet(A))):
        write(tmp_path / name)
    for path in (*tmp_path.glob("*.arrow"), tmp_path / "2.parquet"):
        path.rename(path.with_suffix(""))
    (tmp_path / "README").write_text("a,b\n1,2\n")
    assert len(deltaw.read(tmp_path).frame) == 3 * N
    assert len(deltaw.read(f"{tmp_path}/[12]").frame) == 2 * N
    assert models.plan(str(tmp_path), "y", memory=1).rows == 3 * N


def test_a_shard_without_its_names(tmp_path: Path) -> None:
    text(A)(tmp_path / "0")
    text(B, lambda all: all.partition("\n")[2])(tmp_path / "1")
    for how in ({}, {"memory": 1}):
        line = (
            r'1\.csv: expected a column "a", found the columns column_1, .*; give files of one table, each with the co'
        )
        with pytest.raises(InputError, match=line):
            models.plan(str(tmp_path), "y", **how)


def test_a_folder_says_what_its_files_leave_empty(tmp_path: Path) -> None:
    for i in (1, 2):
        (tmp_path / f"i={i}").mkdir()
        parquet(rows(i, pa.nulls(N)))(tmp_path / f"i={i}" / "0")
    assert deltaw.read(tmp_path).frame["i"].to_list() == [1] * N + [2] * N


@pytest.mark.parametrize("spelling", ["%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S"])
@pytest.mark.parametrize("written", [(0,), (1,), (0, 1), (2,)])
def test_dates_in_text_beside_dates(tmp_path: Path, spelling: str, written: tuple[int, ...]) -> None:
    """Whichever files have them, and in whichever order: a date is what it says."""
    days = [pa.array([each.date() for each in TIMES]), pa.nulls(N), pa.array([each.date() for each in TIMES])]
    tables = [rows(k, column).to_pandas() for k, column in enumerate(days)]
    for k, table in enumerate(tables):
        if k in written:
            table["i"] = [None if day is None else day.strftime(spelling) for day in table["i"]]
            table.to_csv(tmp_path / f"{k}.csv", index=False)
        else:
            pq.write_table(rows(k, days[k]), tmp_path / f"{k}.parquet")
    found = deltaw.read(tmp_path).frame["i"]
    assert found.cast(pl.Date).to_list() == [day for column in days for day in column.to_pylist()]
    assert found.dtype.is_temporal()
    plans = [models.plan(str(tmp_path), "y", **how) for how in ({}, {"memory": 1})]
    assert [each.preparation.describe()[1].kind for each in plans] == ["date", "date"]


@pytest.mark.parametrize(("cell", "found"), [("03/07/2024", "03/07/2024"), ("soon", "soon")])
@pytest.mark.parametrize("order", ["01", "10"])
def test_text_beside_dates_that_says_none_or_two(tmp_path: Path, cell: str, found: str, order: str) -> None:
    parquet(rows(0, pa.array([each.date() for each in TIMES])))(tmp_path / order[0])
    parquet(rows(1, pa.array([cell] * N)))(tmp_path / order[1])
    for how in ({}, {"memory": 1}):
        line = rf'{order[1]}\.parquet: expected dates in column "i", as in other files, found {found}; write all files'
        with pytest.raises(InputError, match=line):
            models.plan(str(tmp_path), "y", **how)


def test_files_that_say_other_than_their_folders(tmp_path: Path) -> None:
    """What a file says is taken, with a line where that is something else, however it is written."""
    said = {"i=01": [1.0] * N, "i=2": [2] * N, "i=3": [7] * N, "i=4": [None, *[4] * (N - 1)]}
    for folder, cells in said.items():
        (tmp_path / folder).mkdir()
        parquet(rows(1, pa.array(cells)))(tmp_path / folder / "0")
    line = 'column "i": files disagree with the names of their folders; the files\' values are used'
    table = deltaw.read(tmp_path)
    assert table.frame["i"].to_list() == [cell for cells in said.values() for cell in cells]
    assert table.notes == (line,)
    assert line in models.plan(str(tmp_path), "y", memory=1).table.notes
    (tmp_path / "i=3" / "0.parquet").unlink()
    assert deltaw.read(tmp_path).notes == ()


def test_a_folder_whose_column_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "=1").mkdir()
    parquet(A)(tmp_path / "=1" / "0")
    assert deltaw.read(tmp_path).frame.columns == A.column_names
