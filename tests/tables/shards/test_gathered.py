"""Small files go together, in their order, until they are worth a call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import TableError
from deltaw.tables.reading.streams import gathered


@given(st.lists(st.integers(0, 9)), st.integers(0, 20))
def test_small_files_are_gathered_until_they_are_worth_a_call(sizes: list[int], enough: int) -> None:
    found = list(gathered(sizes, lambda size: size, enough, lambda waiting, size: waiting[-1] % 2 == size % 2))
    assert [size for some in found for size in some] == sizes
    for some in found:
        assert some
        assert sum(some[:-1]) < enough or len(some) == 1
        assert len(some) == 1 or max(some) < enough
        assert len({size % 2 for size in some}) == 1


def test_what_is_gathered_comes_before_what_is_wrong() -> None:
    def files() -> Iterator[int]:
        yield from (1, 2)
        raise TableError("{path}: expected rows", "none", "leave it out", path="c")

    found = []
    with pytest.raises(TableError, match="c: expected rows"):
        found.extend(gathered(files(), lambda size: size, 9))  # extend keeps what came
    assert found == [[1, 2]]
