"""Little of everything that makes rows stream, for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamed import WHOLE, in_small


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    WHOLE.write_parquet(tmp_path / "d.parquet")
    return tmp_path / "d.parquet"
