"""Rows that no memory holds: cells that cannot be, shards that change while they are read, a training that is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from streamed import LITTLE, WHOLE, N, begun, fitted, planned

import deltaw
from deltaw import models
from deltaw.exceptions import InputError, OutputError
from deltaw.models.fitting.trainings import prepared
from deltaw.tables import Reading, slices
from deltaw.tables.reading import draws, streams

BAD: dict[str, tuple[Any, str]] = {
    "a column less": (lambda folder: WHOLE.drop("b").write_parquet(folder / "2.parquet"),
                      r'2\.parquet: expected a column "b"'),
    "another kind": (lambda folder: WHOLE.with_columns(a=pl.lit("x")).write_parquet(folder / "2.parquet"),
                     r'2\.parquet: expected numbers in column "a", as in the files before it, found words'),
    "cut off": (lambda folder: (folder / "2.parquet").write_bytes((folder / "1.parquet").read_bytes()[:5000]),
                r"2\.parquet: expected Parquet, found an unreadable file"),
    "no target": (lambda folder: WHOLE.drop("y").write_parquet(folder / "2.parquet"),
                  r'2\.parquet: expected a column "y"'),
    "infinite": (lambda folder: WHOLE.with_columns(a=pl.lit(np.inf)).write_parquet(folder / "2.parquet"),
                 r'2\.parquet: expected a finite number in row 1 of column "a", found inf'),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_shards(what: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "cache").mkdir()
    for i in range(3):
        WHOLE[1000 * i : 1000 * i + 1000].write_parquet(tmp_path / "d" / f"{i}.parquet")
    change, line = BAD[what]
    change(tmp_path / "d")
    with pytest.raises(InputError, match=line) as caught:
        fitted(tmp_path / "d", tmp_path)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(("column", "cell"), [("v", "-1"), ("u", "abc"), ("c", "1.2.3"), ("c", "inf")])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_bad_cell_has_its_row(column: str, cell: str, ending: str, tmp_path: Path) -> None:
    """As in memory, whichever part it is met in, and whatever rows before it were left out."""
    frame = WHOLE.with_columns(v=pl.lit(0.5), u=pl.format("{} kg", pl.col("b").round(3)))
    words = frame.get_column(column).cast(pl.String).to_list()
    words[2345] = cell
    file = tmp_path / f"d.{ending}"
    kind = {"inf": pl.Float64, "-1": pl.Float64}.get(cell, pl.String)
    getattr(frame.with_columns(pl.Series(column, words).cast(kind)), f"write_{ending}")(file)
    (tmp_path / "cache").mkdir()
    lines = []
    for memory in (2**40, LITTLE):
        with pytest.raises(InputError) as caught:
            fitted(file, tmp_path, weight="v", memory=memory)
        lines.append(str(caught.value))
    assert lines[1] == lines[0]
    assert f"{file}: expected " in lines[0]
    assert f' in row 2,346 of column "{column}", found ' in lines[0]


def test_a_place_by_its_number_of_chance() -> None:
    for seed in (0, 1, 2**63 + 5):
        np.testing.assert_array_equal(draws.places(seed, draws.drawn(seed, 10**9, 500)), 10**9 + np.arange(500))


def test_a_shard_that_changes_or_vanishes(path: Path, tmp_path: Path) -> None:
    plan = planned(path, tmp_path)
    WHOLE[:100].write_parquet(path)
    with pytest.raises(InputError, match=r"d\.parquet: expected the file as it was at the beginning, found another"):
        prepared.prepared(plan)
    path.unlink()
    with pytest.raises(InputError, match=r"expected the file as it was at the beginning, found no file any more"):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def other_columns(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes().replace(b"yes", b"no"))
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("change", [torn, other_columns, Path.unlink])
def test_a_shard_that_changes_while_it_is_read(change: Callable[[Path], object], ending: str, tmp_path: Path) -> None:
    """However it looks by then, what is said is that it changed."""
    path = tmp_path / f"d.{ending}"
    write = {"parquet": WHOLE.write_parquet, "arrow": WHOLE.write_ipc, "csv": WHOLE.write_csv}
    write[ending](path)
    found = streams.stream(str(path), deltaw.tables.Reading())
    assert found is not None
    rows = found.slices()
    next(rows)
    change(path)
    with pytest.raises(
        InputError, match=rf"d\.{ending}: expected the file as it was at the beginning, found (an|no file)"
    ):
        list(rows)


def test_other_rows_that_no_time_tells(tmp_path: Path) -> None:
    """A file that was put in its place, of the same size and time."""
    path = tmp_path / "d.csv"
    (tmp_path / "cache").mkdir()
    WHOLE.write_csv(path)
    plan, known = planned(path, tmp_path), path.stat()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[:0:-1]]))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    with pytest.raises(InputError, match=r"d\.csv: expected the file as it was at the beginning, found other rows"):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


def test_a_shard_that_may_not_be_read(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is asked how large all are; and where it is kept from us later."""
    plan, opened = planned(path, tmp_path), Path.open

    def kept(self: Path, *given: Any, **how: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *given, **how)

    monkeypatch.setattr(Path, "open", kept)
    line = r"d\.parquet: expected a file that can be read, found no permission; check its path and permissions"
    with pytest.raises(InputError, match=line):
        models.plan(str(path), "y", memory=LITTLE, max_bytes=10)
    with pytest.raises(InputError, match=line):
        models.run(plan)


def test_what_means_nothing_or_has_no_room(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="expected files of tables, found none"):
        fitted(tmp_path / "*.none", tmp_path)
    with pytest.raises(InputError, match='expected a column "z"'):
        models.plan(str(path), "z", memory=LITTLE)
    plan = planned(path, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: os.statvfs_result([0] * 10) and type("D", (), {"free": 9}))
    with pytest.raises(
        OutputError, match=r"expected room for .* KiB of prepared rows, found 9 B free, of which 64 MiB"
    ):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deltaw", *begun(tmp_path, "--epochs", "100000", "--set", "patience=none")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("training"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(30) == 130, rest
    assert (tmp_path / "m.deltaw").is_file()
    assert not list((tmp_path / "cache").iterdir())


def test_slices_know_their_rows(path: Path) -> None:
    assert slices(path, Reading()) is not None
    found = streams.stream(str(path), deltaw.tables.Reading())
    assert found is not None
    parts = list(found.slices())
    assert [part.first for part in parts] == list(range(0, N, 250))
    assert parts[1].table.name == str(path)
    assert list(parts[1].table.name.places) == list(range(250, 500))
    assert streams.stream(WHOLE, deltaw.tables.Reading()) is None
    assert streams.stream("digits", deltaw.tables.Reading()) is None
    drawn = draws.drawn(3, 0, 1000)
    np.testing.assert_array_equal(np.concatenate([draws.drawn(3, 0, 10), draws.drawn(3, 10, 990)]), drawn)
    assert len(np.unique(drawn)) == 1000
    assert abs(drawn.astype(float).mean() / 2**64 - 0.5) < 0.05
