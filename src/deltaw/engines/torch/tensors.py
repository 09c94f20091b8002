"""NumPy's functions on PyTorch's tensors, so that the equations run as they stand, on any device.

NumPy lets arguments of unknown types implement its functions: `np.exp(z)` calls `z.__array_ufunc__`,
`np.where(…)` calls `__array_function__` (NEP 13 and NEP 18). A Tensor answers with PyTorch's function of the same name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

Plain = Any  # a torch.Tensor


class Tensor:
    """A tensor `t` for NumPy's functions and operators, together with numbers and NumPy's arrays."""

    __slots__ = ("t",)

    def __init__(self, t: Plain) -> None:
        self.t = t

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        return self._by_name(ufunc.__name__, inputs, settings) if method == "__call__" else NotImplemented

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return self._by_name(function.__name__, args, settings)

    def _by_name(self, name: str, args: Any, settings: dict[str, Any]) -> Any:
        return type(self)(function(name)(*(self._plain(each) for each in args), **settings))

    def _plain(self, value: Any) -> Any:
        """The value for PyTorch: the tensor, an array as one on the same device, a number unchanged."""
        if isinstance(value, Tensor):
            return value.t
        if isinstance(value, np.ndarray):
            return constant(value.tobytes(), value.dtype.str, value.shape, self.t.device)
        if isinstance(value, (list, tuple)):
            return [self._plain(each) for each in value]
        return value.item() if isinstance(value, np.generic) else value

    def __matmul__(self, other: Tensor) -> Tensor:
        return type(self)(self.t @ other.t)

    def __neg__(self) -> Any:
        return type(self)(-self.t)

    def __getitem__(self, index: Any) -> Any:
        return type(self)(self.t[index])

    def __len__(self) -> int:
        return len(self.t)

    @property
    def T(self) -> Any:
        return type(self)(self.t.T)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.t.shape)

    def sum(self, axis: int) -> Any:
        return type(self)(self.t.sum(axis))

    def all(self) -> Any:
        return type(self)(self.t.all())

    def __bool__(self) -> bool:
        return bool(self.t)

    def __float__(self) -> float:
        return float(self.t)

    def reshape(self, *shape: int) -> Any:
        return type(self)(self.t.reshape(*shape))


class Coarse(Tensor):
    """A tensor whose products of matrices are of factors rounded to bfloat16, eight bits of each number's digits."""

    __slots__ = ()

    def __matmul__(self, other: Tensor) -> Tensor:
        return type(self)((self.t.bfloat16() @ other.t.bfloat16()).to(self.t.dtype))


def _give_operators() -> None:
    """An operator of Tensor is that of PyTorch, from either side."""

    def forward(of: Callable[..., Any]) -> Any:
        return lambda self, other: type(self)(of(self.t, self._plain(other)))

    def reverse(of: Callable[..., Any]) -> Any:
        return lambda self, other: type(self)(of(self._plain(other), self.t))

    for name in ("add", "sub", "mul", "truediv", "pow", "and", "xor"):
        of = getattr(operator, f"__{name}__")
        setattr(Tensor, f"__{name}__", forward(of))
        setattr(Tensor, f"__r{name}__", reverse(of))
    for name in ("lt", "le", "gt", "ge", "rshift"):
        setattr(Tensor, f"__{name}__", forward(getattr(operator, f"__{name}__")))


_give_operators()


def _largest(a: Any, b: Any) -> Plain:
    return torch.clamp(a, min=b) if isinstance(a, torch.Tensor) else torch.clamp(b, min=a)


def _least(a: Any, b: Any) -> Plain:
    return torch.clamp(a, max=b) if isinstance(a, torch.Tensor) else torch.clamp(b, max=a)


def _or_nan(z: Plain, found: Plain) -> Plain:
    return torch.where(torch.isnan(z), z, found)


def _full_like(x: Plain, value: Any) -> Plain:
    return torch.zeros_like(x) + value if isinstance(value, torch.Tensor) else torch.full_like(x, value)


# NumPy's name -> PyTorch's function, where that has another name, takes no numbers, or makes one of a NaN.
FUNCTIONS: dict[str, Callable[..., Plain]] = {
    "maximum": _largest,
    "minimum": _least,
    "max": torch.amax,
    "full_like": _full_like,
    "heaviside": lambda z, at_zero: _or_nan(z, torch.where(z == 0, at_zero, (z > 0).to(z.dtype))),
    "sign": lambda z: _or_nan(z, torch.sign(z)),
    "ndtr": torch.special.ndtr,
}


@cache
def function(name: str) -> Callable[..., Plain]:
    """PyTorch's function for NumPy's, or SciPy's, of that name."""
    return FUNCTIONS.get(name) or getattr(torch, name)


@cache
def constant(stored: bytes, kind: str, shape: tuple[int, ...], device: Any) -> Plain:
    """A setting that is an array (the quantiles of a loss), in float32, copied to a device once."""
    numbers = np.frombuffer(stored, kind).reshape(shape).astype(np.float32)
    return torch.tensor(numbers, device=device)
