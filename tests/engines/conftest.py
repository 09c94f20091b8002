"""Engines that only tests know, by their names."""

from __future__ import annotations

import pytest
from witnesses import WITNESSES

from deltaw import engines


@pytest.fixture
def witnesses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in WITNESSES.items():
        monkeypatch.setitem(engines.ENGINES, name, ("witnesses", kind.__name__))
