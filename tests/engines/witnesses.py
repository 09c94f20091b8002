"""More engines, for tests only: two say how far from the reference a float32 engine may be, and where; the others are
the native engine on one instruction set each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.native import NativeEngine, instruction_sets
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.reference import ReferenceEngine
from deltaw.engines.rows import Rows
from deltaw.equations.activations import Activation
from deltaw.equations.losses import Loss
from deltaw.network import Network
from starts import distance

f32 = np.float32


class Watched(ReferenceEngine):
    """The reference, noting how near it came to a kink, where the smallest rounding may turn a whole step around."""

    nearest = np.inf

    def __init__(self, network: Network, plan: Plan) -> None:
        super().__init__(network, plan)
        Watched.nearest = np.inf

    def _errors(self, signals: Any, t: NDArray[np.float64]) -> NDArray[np.float64]:
        Watched.nearest = min(Watched.nearest, distance(signals, t, self.activations, self.plan.loss))
        return super()._errors(signals, t)


class Rounded(ReferenceEngine):
    """The reference with every array rounded to float32: the rounding that no float32 engine can avoid."""

    def __init__(self, network: Network, plan: Plan) -> None:
        super().__init__(network, replace(plan, loss=_rounded_loss(plan.loss)))
        self.activations = [_rounded_activation(row) for row in self.activations]
        p = self.parameters
        for arrays in (p.W, p.b):
            arrays[:] = [a.astype(f32) for a in arrays]
        for states in (p.W_state, p.b_state):
            states[:] = [tuple(s.astype(f32) for s in state) for state in states]

    def train(
        self, rows: Rows, orders: NDArray[np.int64], first_step: int, pace: Pace
    ) -> tuple[list[float], list[float]]:
        pace = Pace(pace.alpha.astype(f32), pace.decay.astype(f32), pace.dropout)
        results = super().train(_rounded_rows(rows), orders, first_step, pace)
        assert all(a.dtype == f32 for a in (*self.parameters.W, *self.parameters.b)), "something was float64"
        return results

    def _targets(self, rows: Rows, index: Any) -> Any:
        return super()._targets(rows, index).astype(f32)

    def _masks(self, step: int, n: int, factor: float) -> Any:
        return [None if mask is None else mask.astype(f32) for mask in super()._masks(step, n, factor)]


class _RoundedRows(Rows):
    def inputs(self, index: Any) -> Any:
        return super().inputs(index).astype(f32)


def _rounded_rows(rows: Rows) -> Rows:
    weight: Any = np.ones(len(rows), f32) if rows.weight is None else rows.weight.astype(f32)
    return _RoundedRows(rows.X, rows.T, rows.scale, weight)


def _rounded_activation(row: Activation) -> Activation:
    return replace(row, f=lambda z: row.f(z).astype(f32), df=lambda z, o: row.df(z, o).astype(f32))


def _rounded_loss(row: Loss) -> Loss:
    return replace(row, dE=lambda o, t: row.dE(o, t).astype(f32))


class Baseline(NativeEngine):
    def __init__(self, network: Network, plan: Plan) -> None:
        super().__init__(network, plan, "baseline")


class Avx2(NativeEngine):
    def __init__(self, network: Network, plan: Plan) -> None:
        super().__init__(network, plan, "avx2")


class Avx512(NativeEngine):
    def __init__(self, network: Network, plan: Plan) -> None:
        super().__init__(network, plan, "avx512")


_OF_ANY: dict[str, type[NativeEngine]] = {"baseline": Baseline, "avx2": Avx2, "avx512": Avx512}
INSTRUCTION_SETS = {name: kind for name, kind in _OF_ANY.items() if name in instruction_sets()}  # of this processor
WITNESSES: dict[str, type[Any]] = {
    "watched": Watched,
    "rounded": Rounded,
    **{f"native {name}": kind for name, kind in INSTRUCTION_SETS.items()},
}
