"""Work that several threads do at once: results, the first error and the language are those of one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deltaw import threads
from deltaw.speech import chosen
from deltaw.threads import AHEAD, in_order, processors, side_by_side


@pytest.fixture(params=[1, 2, 3])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    count: int = request.param
    monkeypatch.setattr(threads, "processors", lambda: count)
    return count


def test_results_stand_in_the_items_order(cores: int) -> None:
    assert side_by_side(lambda n: n * n, range(50)) == [n * n for n in range(50)]
    assert side_by_side(str, iter(())) == []


def test_of_errors_the_first_in_order_is_raised(cores: int) -> None:
    second = threading.Event()

    def work(n: int) -> None:
        if n == 1 and cores > 1:
            second.wait(10)  # a later one fails before it
        if n == 2:
            second.set()
        if n:
            raise ValueError(n)

    with pytest.raises(ValueError, match=r"^1$"):
        side_by_side(work, range(5))


def test_sentences_are_said_in_the_callers_language(cores: int) -> None:
    before = chosen.set("zh")
    try:
        assert side_by_side(lambda n: chosen.get(), range(4)) == ["zh"] * 4
    finally:
        chosen.reset(before)


def test_threads_are_of_the_processors_and_end_with_the_work(cores: int) -> None:
    before = threading.active_count()
    names = side_by_side(lambda n: threading.current_thread().name, range(20))
    assert len(set(names)) <= cores
    assert threading.active_count() == before
    assert processors() >= 1


def test_in_order_hands_out_what_map_does_and_asks_for_no_item_too_soon(cores: int) -> None:
    handed, asked = list[int](), list[int]()

    def items() -> Iterator[int]:
        for n in range(20):
            asked.append(len(handed))  # how many of those before it were handed out by then
            yield n

    for made in in_order(lambda n: n * n, items()):
        handed += [made]
    assert handed == [n * n for n in range(20)]
    assert asked == [max(0, n - AHEAD + 1) for n in range(20)]
    assert list(in_order(str, iter(()))) == []


def test_in_order_raises_the_first_error_and_ends_its_threads(cores: int) -> None:
    before, handed = threading.active_count(), list[int]()
    with pytest.raises(ZeroDivisionError):
        handed.extend(in_order(lambda n: 6 // (3 - n), range(9)))
    assert handed == [2, 3, 6]
    assert threading.active_count() == before
