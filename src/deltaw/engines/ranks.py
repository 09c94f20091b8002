"""Several processes that train one network together, each a rank of torch.distributed; alone, a rank of one."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple


class Ranks(NamedTuple):
    """Which of how many."""

    rank: int = 0
    world: int = 1

    def part(self, n: int, start: int = 0) -> slice:
        """This rank's of n rows in their order, the first at `start`: no row is in two ranks', none in no rank's."""
        first, last = (start + n * each // self.world for each in (self.rank, self.rank + 1))
        return slice(first, last)

    def sum(self, tensors: list[Any]) -> list[Any]:
        """Each tensor summed over all ranks, in one message; all of one type and device. All get the same bits."""
        if self.world == 1:
            return tensors
        import torch
        import torch.distributed as together

        flat = torch.cat([each.reshape(-1) for each in tensors])
        together.all_reduce(flat)
        parts = flat.split([each.numel() for each in tensors])
        return [part.reshape(each.shape) for part, each in zip(parts, tensors, strict=True)]


def here() -> Ranks:
    """This process's, where somebody has called torch.distributed.init_process_group, or `join`."""
    together = sys.modules.get("torch.distributed")
    if together is None or not together.is_available() or not together.is_initialized():
        return Ranks()
    return Ranks(together.get_rank(), together.get_world_size())


def local() -> int:
    """This process's number on its machine, as torchrun says it; 0 where nothing trains together."""
    return int(os.environ.get("LOCAL_RANK", "0")) if here().world > 1 else 0
