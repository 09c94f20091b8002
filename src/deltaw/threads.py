"""Work that is done by as many threads as there are processors, where NumPy and Polars hold no lock meanwhile."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

MOST = 4  # threads: what their items hold, memory holds at once
AHEAD = 3  # items of `in_order` that are under way
ROOM = 2**28  # bytes that a library may ask for at once, as to be loaded


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """work(item) of one item after the other, the next ones meanwhile; of errors the first in this order is raised.

    An item is asked for when AHEAD of those before it were handed out and no sooner, however many processors there are.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(processors(), MOST), thread_name_prefix="deltaw")
    waiting, left = deque[Future[Made]](), iter(items)
    try:
        while True:
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
            try:
                item = next(left)
            except StopIteration:
                break
            waiting.append(pool.submit(copy_context().run, work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def side_by_side(work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """[work(item) for item in items], several items at once; of errors the first in this order is raised."""
    items = list(items)
    threads = min(processors(), MOST, len(items))
    if threads < 2:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # here: few rows need none

    pool = ThreadPoolExecutor(threads, thread_name_prefix="deltaw")
    try:
        made = [pool.submit(copy_context().run, work, item) for item in items]
        return [each.result() for each in made]
    finally:
        pool.shutdown(cancel_futures=True)


def starved() -> bool:
    """Whether this process can have no more memory or threads: what fails for want of them, each library says in its
    own words.
    """
    from concurrent.futures import ThreadPoolExecutor
    from mmap import mmap

    try:
        mmap(-1, ROOM).close()
        with ThreadPoolExecutor(processors() + MOST) as pool:
            for _ in range(processors() + MOST):
                pool.submit(time.sleep, 0.01)
    except (OSError, MemoryError, RuntimeError):
        return True
    return False
