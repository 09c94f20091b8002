"""Work that is done by as many threads as there are processors, where NumPy and Polars hold no lock meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

MOST = 4  # threads of `side_by_side`: what their items hold, memory holds at once


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
