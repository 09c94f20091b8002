"""Rows on a device: all of them where they fit, else a batch at a time from main memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from deltaw.engines.rows import Rows
from deltaw.engines.single import single
from deltaw.equations.encoded import Encoded, Field

Plain = Any  # a torch.Tensor
Taken = Callable[[Any], Plain]  # the rows of an index, on the device

SHARE = 0.8  # of the free memory of a GPU that rows may take, so that they stay there


class OnDevice:
    """Rows as tensors.

    Attributes:
        inputs, targets, weight: the rows' own, for an index: a slice, or a tensor of their numbers. Labels are (n,).
        stays: whether all that a step takes lies on the device.
    """

    def __init__(self, rows: Rows, device: Any) -> None:
        self.device = device
        self.stays = not rows.sparse and _fits(rows.X.nbytes, device)
        self.inputs = _scaled(self._inputs(rows.X, rows.sparse), rows.scale)
        labels = rows.T is not None and rows.T.ndim == 1
        self.targets = self._taken(np.empty(0) if rows.T is None else rows.T if labels else single(rows.T, "T"))
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        self.weight = self._taken(single(weight, "sample_weight"))

    def _inputs(self, X: Any, sparse: bool) -> Taken:
        if sparse:
            return lambda index: torch.from_numpy(single(X[_of_numpy(index)].toarray(), "X")).to(self.device)
        if isinstance(X, Encoded):
            X = X.unfolded()  # not every device has float64
            return _expanded(self._taken(X.stored), X.fields)
        taken = self._taken(X if X.dtype == np.uint8 else single(X, "X"))
        return lambda index: taken(index).float()

    def _taken(self, array: Any) -> Taken:
        kept = _tensor(array)
        kept = kept.to(self.device) if self.stays else kept
        return lambda index: kept[index if isinstance(index, slice) else index.to(kept.device)].to(self.device)


def _fits(size: int, device: Any) -> bool:
    return device.type != "cuda" or bool(size <= SHARE * torch.cuda.mem_get_info(device)[0])


def _tensor(array: Any) -> Plain:
    """The array as a tensor on the same memory, which is only read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(array)


def _of_numpy(index: Any) -> Any:
    return index if isinstance(index, slice) else index.cpu().numpy()


def _scaled(inputs: Taken, scale: tuple[float, float]) -> Taken:
    multiply, offset = scale
    return inputs if scale == (1.0, 0.0) else lambda index: inputs(index) * multiply + offset


def _expanded(stored: Taken, fields: Sequence[Field]) -> Taken:
    """The inputs of encoded rows; see `equations.encoded.expanded`."""

    def inputs(index: Any) -> Plain:
        columns = stored(index).split(1, dim=1)
        return torch.cat([EXPANDED[field.kind](x, field) for x, field in zip(columns, fields, strict=True)], dim=1)

    return inputs


def _places(x: Plain, field: Field) -> Plain:
    return torch.arange(field.inputs, dtype=x.dtype, device=x.device)


# A column (n, 1) -> the inputs that it stands for (n, inputs); of a slot that is NaN, none is one.
EXPANDED: dict[str, Callable[[Plain, Field], Plain]] = {
    "number": lambda x, field: x,
    "bins": lambda x, field: (x - _places(x, field)).clamp(0.0, 1.0),
    "slots": lambda x, field: torch.where(x == _places(x, field), field.taken, field.others) + 0.0 * x,
}
