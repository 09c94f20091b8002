"""Pairings that gradient descent cannot minimise, and why: found from the tables' own functions, not from a list."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.formulas import loss_formula
from deltaw.equations.activations import Activation
from deltaw.equations.losses import Loss
from deltaw.numbers import number

FAR = 20.0  # as far as outputs without a limit are looked at


def problems(f: Activation, row: Loss, hidden: Activation | None) -> tuple[str, ...]:
    """What keeps gradient descent from a minimum, one text each; none for most pairings."""
    found = []
    if row.kind == "difference":
        found.append(
            "Errors of opposite sign cancel: with t = (1, 0) and o = (0, 1) both outputs are wrong, and E = (1 − 0) + "
            "(0 − 1) = 0. `deltaw.train` refuses this error function."
        )
    if _flat(f):
        found.append(f"{f.name} has the derivative 0 wherever it has one: every ∂E/∂w is 0, and no weight changes.")
    elif hidden is not None and _flat(hidden):
        found.append(f"{hidden.name} has the derivative 0 wherever it has one: only the last layer learns.")
    if f.coupled:
        if row.kind == "difference":
            found.append(
                f"The outputs of {f.name} sum to 1, so E = Σ t − 1 whatever the weights are: every ∂E/∂w is 0."
            )
    elif not _flat(f) and (way := _one_way(f, row)):
        sign, limit = (">", f.range[0]) if way > 0 else ("<", f.range[1])
        found.append(
            f"∂E/∂o_k {sign} 0 for all outputs and targets, so gradient descent moves every o_k towards "
            f"{number(limit)}: E has no minimum at o = t."
        )
        if row.kind == "cross_entropy":
            found.append("Cross-entropy needs outputs whose sum is fixed, as that of softmax is.")
    return tuple(found)


def undefined(f: Activation, row: Loss) -> bool:
    """Whether f reaches outputs of which the error has no logarithm."""
    o, t = sp.symbols("o t", real=True)
    inside = [log.args[0] for log in loss_formula(row, o, t).atoms(sp.log)]
    return any(float(arg.subs(o, _near(limit))) < 0 for arg in inside for limit in f.range)


def _near(limit: float) -> float:
    return math.copysign(FAR, limit) if math.isinf(limit) else limit


def _flat(f: Activation) -> bool:
    z = np.array([-2.0, -0.5, 0.5, 2.0])
    return not f.coupled and not np.any(f.df(z, f.f(z)))


def _one_way(f: Activation, row: Loss) -> int:
    """−1 if E falls wherever o grows, whatever the target, 1 if it rises; 0 if E is least somewhere in between."""
    low, high = (_near(limit) for limit in f.range)
    if undefined(f, row):
        low = max(low, 0.0)
    o = np.linspace(low, high, 101)[1:-1, None]
    t = np.linspace(max(row.low, -1.0), min(row.high, 1.0), 5)[None, 1:-1]
    slopes = row.dE(o, t)
    return -1 if (slopes < 0).all() else 1 if (slopes > 0).all() else 0
