"""The device of tensors, and its errors: it is not available, not one's own, or full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from deltaw.engines import ranks
from deltaw.exceptions import DeltaWError, SettingError
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as

# Kind -> whether it is there. The first that is there is taken where none is named.
DEVICES = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}


def device_of(name: str | None) -> Any:
    """The torch.device of that name; None: the first kind of DEVICES that is there.

    Of several GPUs, it is that of this process's number on its machine. Raises SettingError for one that is not.
    """
    there = [kind for kind, is_there in DEVICES.items() if is_there()]
    kind, _, number = (there[0] if name is None else str(name)).partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    local = str(ranks.local() % count) if kind == "cuda" and count and not number else number
    if kind not in there or not (local or "0").isdecimal() or int(local or 0) >= count:
        expected = "device: expected an available one ({names})"
        raise SettingError(expected, repr(name), "choose one of these, or leave it out", names=listed(there))
    return torch.device(f"{kind}:{local}" if local else kind)


def shared(here: ranks.Ranks, name: str | None) -> Any:
    """`device_of` on every rank, all of one kind and each with its own GPU; an error of one is raised by all.

    Whoever waits for another's GPU would not notice that the other one has ended.
    """
    try:
        device, wrong = device_of(name), None
    except SettingError as error:
        device, wrong = None, error
    of_ranks = here.gathered((("", "") if device is None else (device.type, identity(device)), wrong))
    for _, each in of_ranks:
        if each is not None:
            raise each
    kinds, gpus = {kind for (kind, _), _ in of_ranks}, {which for (_, which), _ in of_ranks}
    if len(kinds) > 1:
        expected = "device: expected one kind in all processes"
        raise SettingError(expected, " ".join(sorted(kinds)), "choose one by {device}", device=given_as("device"))
    if "cuda" in kinds and len(gpus) < here.world:
        raise SettingError(
            "device: expected a GPU for each of {world} processes", say("{count} in all", count=len(gpus)),
            "start as many processes as there are GPUs, or give {device}", world=here.world,
            device=given_as("device", "cpu"),
        )  # fmt: skip
    return device


def identity(device: Any) -> str:
    """A unique identifier of this GPU, across machines; "" for other devices."""
    return str(torch.cuda.get_device_properties(device).uuid) if device.type == "cuda" else ""


@contextmanager
def room(device: Any) -> Iterator[None]:
    """Raises DeltaWError if a GPU's memory is full."""
    try:
        yield
    except torch.OutOfMemoryError:
        free, whole = (size / 2**30 for size in torch.cuda.mem_get_info(device))
    else:
        return
    expected = "device: expected room for the network and a batch of rows"
    remedy = "choose a smaller batch_size or network, end what else uses the GPU, or use {cpu}"
    found = say("{free} of {whole} GiB free", free=f"{free:.1f}", whole=f"{whole:.0f}")
    raise DeltaWError(expected, found, remedy, cpu=given_as("device", "cpu"))
