"""Polars after a fork. Its threads stay behind in the parent, and whatever waits for them in the child never ends.

Whether they run is noted before each fork, so that the child can refuse in one line. `import deltaw` itself begins to
`watch`: a parent may well use Polars before it uses us.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from deltaw.exceptions import InputError
from deltaw.speech import say

if TYPE_CHECKING:
    from pathlib import Path

_THREADS = "/proc/self/task"
_POOL = re.compile(r"polars-\d+")  # what Polars calls the threads of its pool; others of its threads nobody waits for

_left_behind = False  # in this process: whether it was forked from one in which they ran
_running = False  # in a parent that is about to fork


def refuse_after_fork() -> None:
    """Raise InputError where Polars would wait for threads that stayed behind."""
    if _left_behind:
        raise InputError(
            "a table: expected a process in which Polars' threads run",
            say("one forked after they had begun"),
            "start it by multiprocessing.get_context('spawn') or joblib's loky, or fork before a table is read",
        )


def pool_runs() -> bool:
    """Whether Polars has started its threads. Where the system does not say, it is taken to do so when it is loaded."""
    if "polars" not in sys.modules:
        return False
    from pathlib import Path  # here, where it has long been loaded: `import deltaw` costs nothing

    try:
        return any(_POOL.match(_name(thread)) for thread in Path(_THREADS).iterdir())
    except OSError:
        return True


def _name(thread: Path) -> str:
    try:
        return (thread / "comm").read_text()
    except OSError:  # it has just ended
        return ""


def _before() -> None:
    global _running
    _running = pool_runs()


def _in_child() -> None:
    global _left_behind
    _left_behind = _left_behind or _running


def watch() -> None:
    """Note from now on what runs where this process forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before, after_in_child=_in_child)
