"""A large table lies in parts of its own, and what is let go of them the system has again."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from deltaw.tables.reading import places

MIXED = pl.DataFrame({
    "a": np.arange(1000), "b": np.linspace(0, 1, 1000, dtype=np.float32), "c": np.arange(1000) / 3,
    "small": np.arange(1000).astype(np.int8), "gap": [None, *range(999)], "yes": [True, False] * 500,
    "w": [f"a word, {i}" for i in range(1000)], "day": [date(2024, 1, 1 + i % 28) for i in range(1000)],
})  # fmt: skip


@pytest.mark.parametrize("part", [1, 70, 8 * 333, 2**20])
def test_the_rows_are_the_same_in_memory_of_their_own(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PART", part)
    for frame in (MIXED, MIXED[10:700].vstack(MIXED[:5])):
        found = places.in_parts(frame)
        assert_frame_equal(found, frame)
        assert found.n_chunks() == -(-len(frame) // max(1, part // 8))
        for column, before in zip(found.iter_columns(), frame.iter_columns(), strict=True):
            if column.dtype.is_numeric() and not column.null_count():
                mine = [chunk.to_numpy(allow_copy=False) for chunk in column.get_chunks()]
                assert not any(np.shares_memory(a, b.to_numpy()) for a in mine for b in before.get_chunks())
    assert_frame_equal(places.in_parts(MIXED[:0]), MIXED[:0])


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read off /proc")
def test_what_is_let_go_the_system_has_again(tmp_path: Path) -> None:
    """Part by part, by a process that has told no allocator anything."""
    columns = {f"x{i}": pl.Series(np.random.default_rng(i).normal(size=500_000).astype(np.float32)) for i in range(16)}
    pl.DataFrame(columns).write_parquet(tmp_path / "d.parquet")
    code = (
        "import deltaw, sys\n"
        "def held(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20\n"
        "deltaw.read(sys.argv[1] + '/small.parquet'); before = held()\n"
        "frame = deltaw.read(sys.argv[1] + '/d.parquet').frame; whole = held()\n"
        "parts = [frame[i : i + 2**16] for i in range(0, len(frame), 2**16)]; del frame, parts[2:]\n"
        "print(whole - before, held() - before)"
    )
    pl.DataFrame({"a": [1.0, 2.0]}).write_parquet(tmp_path / "small.parquet")
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True, text=True)
    whole, rest = map(float, ran.stdout.split())
    size = 16 * 500_000 * 4 / 2**20
    assert size < whole < 3 * size
    assert rest < whole - 0.6 * size
