"""Rules about the initial weights: equal units, too large, too small."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.start import Start
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.rules.signals import FADED, SATURATED, flat
from deltaw.numbers import amount, number
from deltaw.speech import say

LARGE, SMALL = 4.0, 0.25  # root mean square weight over gain/√n_in
# Gain that keeps the size of signals: W's deviation is gain/√n_in (He et al. 2015; Glorot & Bengio 2010).
GAIN = {"relu": math.sqrt(2.0), "leaky_relu": math.sqrt(2.0)}


def equal_weights(evidence: Evidence) -> Finding | None:
    """Units with the same incoming and outgoing weights."""
    start, net = evidence.known.start, evidence.setup.network
    if start is None:
        return None
    others = np.maximum(np.array(net.sizes[1:]) - 1, 1)
    if not (start.same_inputs / others > 0.5).any():
        return None
    l = int(np.argmax(start.duplicates / others))
    if not start.duplicates[l] / others[l] > 0.5:
        return _same_inputs(start, net.sizes[1:], int(np.argmax(start.same_inputs / others)))
    zero = not np.any(net.weights[l])
    dead = zero and start.gradient[l] == 0 and l + 1 < len(net.weights) and not np.any(net.weights[l + 1])
    units = net.sizes[l + 1]
    if dead:
        said = say(
            "All weights of layer {l} and of the next are 0: ∂E/∂W = δ xᵀ is 0 in both, since δ comes back through "
            "zeros, and what goes forward is {what} for every row.",
            l=l + 1, what="0" if start.spread[l] == 0 else say("the same"),
        )  # fmt: skip
    else:
        said = say(
            "{twins} of layer {l}'s {n} units have the same {what}, in and out: they get the same gradient in every "
            "step and stay equal for ever. The layer works like one of {units}.",
            twins=start.duplicates[l] + 1, l=l + 1, n=units, what=say("zero weights" if zero else "weights"),
            units=amount(units - int(start.duplicates[l]), "unit"),
        )  # fmt: skip
    return Finding(
        said, {"duplicate_units": int(start.duplicates[l]), "units": units, "zero": zero}, Where(layer=l),
        Repair(say("draw the weights at random, with the standard deviation that suits the width"), {"init": None}),
    )  # fmt: skip


def _same_inputs(start: Start, units: Sequence[int], l: int) -> Finding:
    """Units with the same incoming weights, but other outgoing ones."""
    return finding(
        "{alike} of layer {l}'s {unit} units have the same incoming weights and give the same signals: "
        "only the outgoing weights differ. In the first step their gradients are multiples of each other, "
        "and optimisers that scale each weight's step separately (Adam, RMSprop) keep only the sign: two "
        "kinds of units.",
        alike=start.same_inputs[l] + 1,
        l=l + 1,
        unit=units[l],
        evidence={"duplicate_units": int(start.same_inputs[l]), "units": units[l], "zero": False},
        where=Where(layer=l),
        repair=Repair(
            say("draw the weights at random, with the standard deviation that suits the width"), {"init": None}
        ),
        severity="risk",
        likelihood=0.6,
    )


def weights_too_large(evidence: Evidence) -> Finding | None:
    """Weights far larger than gain/√n_in, with large signals."""
    start = evidence.known.start
    if start is None:
        return None
    ratio = _ratios(evidence, start)
    flats = flat(evidence, start)
    ratio = np.where(np.asarray(start.z_rms) > 1, ratio, 0.0)  # large weights suit inputs that are mostly 0
    l = int(ratio.argmax())
    if not ratio[l] > LARGE:
        return None
    n_in = evidence.setup.network.sizes[l]
    seen = say(", and {flat:.0%} of its signals lie where f is flat", flat=flats[l]) if flats[l] > 0 else ""
    return finding(
        "Layer {l}'s weights have root mean square {weight}; for {n_in} inputs {right} keeps z around "
        "1. They are {ratio} times as large: z is {z_rm} (root mean square){seen}.",
        l=l + 1,
        weight=start.weight[l],
        n_in=n_in,
        right=start.weight[l] / ratio[l],
        ratio=ratio[l],
        z_rm=start.z_rms[l],
        seen=seen,
        evidence={"times_too_large": float(ratio[l]), "z_rms": float(start.z_rms[l]), "saturated": float(flats[l])},
        where=Where(layer=l),
        repair=Repair(say("draw the weights with the standard deviation that suits the width"), {"init": None}),
        likelihood=0.6 if flats[l] > SATURATED else 0.4,
    )


def weights_too_small(evidence: Evidence) -> Finding | None:
    """Weights far smaller than gain/√n_in: signals vanish."""
    start = evidence.known.start
    if start is None or not np.isfinite(start.gradient).all():
        return None
    sizes = evidence.setup.network.sizes
    usual = np.sqrt(2.0 / (np.array(sizes[:-1]) + sizes[1:]))  # Glorot's, which is smaller where a layer fans out
    ratio = np.maximum(_ratios(evidence, start), start.weight / usual)
    ratio = np.where(ratio > 0, ratio, 1.0)  # another rule reports zeros
    small = ratio < SMALL
    product = float(np.prod(np.minimum(ratio, 1.0)))
    if not small.any() or len(ratio) < 2:
        return None
    l = int(ratio.argmin())
    return finding(
        "Weights of {sum} of the {n} layers are too small for their width, in layer {l} {value} times (root mean "
        "square {weight}; for {size} inputs and {n_out} units {right} keeps the size of signals). Over all layers a "
        "difference between two rows shrinks to {product}.",
        sum=int(small.sum()),
        n=len(ratio),
        l=l + 1,
        value=1 / ratio[l],
        weight=start.weight[l],
        size=sizes[l],
        n_out=sizes[l + 1],
        right=start.weight[l] / ratio[l],
        product=number(product, 2),
        evidence={"times_too_small": float(1 / ratio[l]), "product": product, "layers": int(small.sum())},
        where=Where(layer=l),
        repair=Repair(say("draw the weights with the standard deviation that suits the width"), {"init": None}),
        severity="risk" if product < FADED**0.5 else "note",
        likelihood=0.7 if product < FADED else 0.3,
    )


def _ratios(evidence: Evidence, start: Start) -> np.ndarray:
    """(L,) root mean square of W over gain/√n_in."""
    net = evidence.setup.network
    gains = [GAIN.get(name, 1.0) for name in net.activations]
    fitting = np.array([gain / math.sqrt(n_in) for gain, n_in in zip(gains, net.sizes[:-1], strict=True)])
    return np.asarray(start.weight / fitting)
