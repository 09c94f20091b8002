"""How processes that torchrun has started, or started again, find a name to meet under; who of them speaks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deltaw.engines import ranks


class Store(dict[str, bytes]):
    """As PyTorch's: who asks for what is not there waits until it is."""

    def set(self, name: str, value: str) -> None:
        self[name] = value.encode()

    def compare_set(self, name: str, there: str, value: str) -> bytes:
        return self.setdefault(name, value.encode())

    def multi_get(self, names: list[str]) -> list[bytes]:
        while not all(name in self for name in names):
            time.sleep(0.001)
        return [self[name] for name in names]


def met(store: Store, late: int, world: int = 3) -> list[str]:
    """The names that the ranks found, of which one comes late."""
    first = threading.Event()

    def come(rank: int) -> str:
        if rank == late:
            first.wait()
            time.sleep(0.1)
        first.set()
        return ranks._met(store, rank, world)

    with ThreadPoolExecutor(world) as pool:
        return list(pool.map(come, range(world)))


@pytest.mark.parametrize("late", [0, 1, 2])
def test_those_who_were_there_before_are_not_met(late: int) -> None:
    """The store is that of those before, whose numbers are still in it: none is taken for one who is late."""
    store = Store()
    before = set(met(store, 1))
    after = set(met(store, late))
    assert len(before) == len(after) == 1
    assert before != after


def test_who_waits_in_vain_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    met(store, 0)
    monkeypatch.setattr(ranks, "PATIENCE", 0.2)
    with pytest.raises(RuntimeError, match="did not come"):
        ranks._met(store, 0, 3)


def test_who_has_spoken_may_say_more_and_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is interrupted, and then there is no room for what was learnt: the same process says both."""
    for name, value in {"TORCHELASTIC_RUN_ID": "test", "RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ranks, "_STORES", [Store()])
    assert ranks.speaks(130) == (True, 130)
    assert ranks.speaks(2) == (True, 2)
    monkeypatch.setattr(ranks, "_OWN", "another")
    assert ranks.speaks(1) == (False, 130)
