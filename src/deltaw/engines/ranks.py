"""Several processes that train one network together, each a rank of torch.distributed; alone, a rank of one.

torchrun starts the processes and sets their ranks in the environment; `join` connects them.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from deltaw.exceptions import DeltaWError
from deltaw.speech import say
from deltaw.speech.settings import given_as

Found = TypeVar("Found")
PATIENCE = 300.0  # seconds for the others to come, as PyTorch has it
SLOWEST = timedelta(days=1)  # timeout of a message, for ranks that read longer; a dead one is noticed without it
_ALONE: ContextVar[bool] = ContextVar("alone", default=False)
_OWN = secrets.token_hex(8)  # what tells this process from others
_STORES: list[Any] = []  # the key-value store of the group: all can read it, whichever rank ends


class Ranks(NamedTuple):
    """This process's rank among those that train together, and how many there are."""

    rank: int = 0
    world: int = 1

    def part(self, n: int, start: int = 0) -> slice:
        """This rank's share of n rows, in order, the first at `start`: each row belongs to exactly one rank."""
        first, last = (start + n * each // self.world for each in (self.rank, self.rank + 1))
        return slice(first, last)

    def sum(self, tensors: list[Any]) -> list[Any]:
        """Each tensor summed over all ranks, in one message; all of one type and device. All get the same bits."""
        if self.world == 1:
            return tensors
        import torch
        import torch.distributed as together

        flat = torch.cat([each.reshape(-1) for each in tensors])
        self._exchanged(lambda: together.all_reduce(flat))
        parts = flat.split([each.numel() for each in tensors])
        return [part.reshape(each.shape) for part, each in zip(parts, tensors, strict=True)]

    def gathered(self, value: Found) -> list[Found]:
        """What each rank passes, in the order of the ranks; anything that can be pickled."""
        if self.world == 1:
            return [value]
        import torch.distributed as together

        found: list[Any] = [None] * self.world
        self._exchanged(lambda: together.all_gather_object(found, value))
        return found

    def _exchanged(self, call: Callable[[], object]) -> None:
        """Raises DeltaWError if a rank has gone."""
        try:
            call()
        except RuntimeError as error:
            raise DeltaWError(
                "several processes: expected all {world} to run to the end", say("one that ended earlier"),
                "start them again; with checkpoints, add {resume} to continue", world=self.world,
                resume=given_as("resume", True),
            ) from error  # fmt: skip


def here() -> Ranks:
    """This process's `Ranks`: one of several where torch.distributed.init_process_group, or `join`, was called."""
    together = sys.modules.get("torch.distributed")
    if together is None or _ALONE.get() or not together.is_available() or not together.is_initialized():
        return Ranks()
    return Ranks(together.get_rank(), together.get_world_size())


@contextmanager
def alone() -> Iterator[None]:
    """A context in which this process trains and predicts alone, without the other ranks."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def started() -> Ranks | None:
    """The `Ranks` that torchrun has started this process with, or None; neither imports torch nor waits for others."""
    run, rank, world = (os.environ.get(name, "") for name in ("TORCHELASTIC_RUN_ID", "RANK", "WORLD_SIZE"))
    return Ranks(int(rank), int(world)) if run and rank.isdecimal() and world.isdecimal() else None


def own() -> Ranks:
    """`started`, or a single rank: for work that is divided without any message to the others."""
    return started() or Ranks()


def restarted() -> bool:
    """Whether torchrun has started the processes again after one had ended."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def local() -> int:
    """This process's number on its machine, as torchrun says it; 0 where nothing trains together."""
    return int(os.environ.get("LOCAL_RANK", "0")) if here().world > 1 else 0


def beside() -> int:
    """How many processes torchrun has started on this machine, with this one."""
    return max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1"))) if started() is not None else 1


def join() -> Ranks:
    """Join the process group of all processes that torchrun has started: gloo on CPUs, NCCL between GPUs.

    Raises:
        DeltaWError: another one cannot be reached.
    """
    import torch
    import torch.distributed as together

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        store, rank, world = next(together.rendezvous("env://"))
        store = together.PrefixStore(_met(store, rank, world), store)
        together.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=SLOWEST)
    except RuntimeError as error:
        raise DeltaWError(
            "several processes: expected all {world} to start", say("one that could not be reached"),
            "start them again; with checkpoints, add {resume} to continue", world=own().world,
            resume=given_as("resume", True),
        ) from error  # fmt: skip
    _STORES[:] = [store]
    atexit.register(_part)  # PyTorch's threads, if still running, abort the process at its exit
    return here()


def _met(store: Any, rank: int, world: int) -> str:
    """A prefix of the store that only the processes of this start have in common.

    After a restart the store may still hold the addresses of processes that are gone, and each node counts its restarts
    by itself. So each rank draws a random number and publishes a digest of all numbers that it sees. Once all digests
    agree, every number is of this start: no process of an earlier one has seen those drawn last.
    """
    drawn, seen = ([f"deltaw {what} {each}" for each in range(world)] for what in ("drawn", "seen"))
    store.set(drawn[rank], secrets.token_hex(8))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        name = sha256(b" ".join(store.multi_get(drawn))).hexdigest()
        store.set(seen[rank], name)
        if set(store.multi_get(seen)) == {name.encode()}:
            return name
        time.sleep(0.05)
    raise RuntimeError("others did not come")


def speaks(status: int) -> tuple[bool, int]:
    """(whether this process prints why the run ends, the exit status that all ranks share).

    Once the ranks have met, the first that fails prints: the others end because of it. Before that, the first process
    of each machine prints, since what is wrong then is wrong in all of them.
    """
    if own().world == 1:
        return True, status
    if not _STORES:
        return os.environ.get("LOCAL_RANK", "0") == "0", status
    try:
        said = _STORES[0].compare_set("said", "", f"{_OWN} {status}").decode()
    except RuntimeError:  # it was with a process that is gone
        return True, status
    whose, its = said.split()
    return (True, status) if whose == _OWN else (False, int(its))  # who has spoken may have more to say


def leave() -> None:
    """Wait for the other ranks, then leave the process group."""
    if here().world == 1:
        return
    here().gathered(None)
    _part()


def _part() -> None:
    import torch.distributed as together

    if together.is_initialized():
        together.destroy_process_group()
