"""Rules about signals and gradients before training: vanishing, exploding, dead, saturated."""

from __future__ import annotations

import math

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.start import DRAWS, Start
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.engines.look import flat_below
from deltaw.equations.activations import activation
from deltaw.numbers import number
from deltaw.speech import say

SATURATED = 0.5  # share of a layer's signals
FADED, GROWN = 1e-3, 1e3  # ratio of the signals' spread, or of ∂E/∂o, between the two ends of the network
BORN_DEAD = 0.075  # share of draws with a dead layer that is tolerated
# The largest slope: a layer passes on no more of an error than that, times the weights' gain.
STEEPEST = {"sigmoid": 0.25, "softmax": 0.5}


def vanishing_gradient_at_start(evidence: Evidence) -> Finding | None:
    """Vanishing gradients through many layers of bounded activations."""
    start, net = evidence.known.start, evidence.setup.network
    hidden = net.activations[:-1]
    if start is None or len(hidden) < 2 or not np.isfinite(start.sent).all():
        return None
    forward = _ratio(start.spread[len(hidden) - 1], start.spread[0])
    backward = _ratio(start.sent[0], start.sent[-1])
    if not min(forward, backward) < FADED:
        return None
    name = max(hidden, key=hidden.count)
    limit = (
        say(" A {name}'s slope is {steepest} at most.", name=name, steepest=number(STEEPEST[name]))
        if name in STEEPEST
        else ""
    )
    return finding(
        "Over {n} {name} layers the differences between rows shrink to {forward} of those after the "
        "first, the error sent back to {backward} of that at the output.{limit} The first layers hardly "
        "learn, and the last see the same in every row.",
        n=len(hidden),
        name=name,
        forward=number(forward, 2),
        backward=number(backward, 2),
        limit=limit,
        evidence={"forward": forward, "backward": backward, "hidden_layers": len(hidden)},
        where=Where(layer=0),
        repair=Repair(
            say("selu in the hidden layers, which keeps mean and variance"), {"hidden_activation": "selu", "init": None}
        ),
    )


def exploding_signals_at_start(evidence: Evidence) -> Finding | None:
    """Signals that grow from layer to layer, or overflow."""
    start, net = evidence.known.start, evidence.setup.network
    if start is None:
        return None
    repair = Repair(
        say("selu in the hidden layers, with weights drawn for it"), {"hidden_activation": "selu", "init": None}
    )
    if (l := start.overflow) is not None:
        after = ", after {z_rm} (root mean square) in the layer before"
        before = say(after, z_rm=number(start.z_rms[l - 1], 3)) if l else ""
        return finding(
            "In the first forward pass z of layer {l} ({activation}) passes the largest number that float32 "
            "holds, 3.4e38{before}.", l=l + 1, activation=net.activations[l], before=before,
            evidence={"layer": l}, where=Where(layer=l, step=0), repair=repair, severity="fault",
        )  # fmt: skip
    growing = [l for l, name in enumerate(net.activations[:-1]) if name == "exponential"]
    grown = _ratio(start.z_rms.max(), start.z_rms[0])
    if len(growing) < 2 and grown < GROWN:
        return None
    why = (
        say(
            "{n} hidden layers are exponential: a change of 1 in z multiplies what follows by e, and after "
            "{n} layers e^e^…",
            n=len(growing),
        )
        if len(growing) > 1
        else say("Each layer makes its signals larger")
    )
    return finding(
        "{why}. In the first pass z runs up to {z}, root mean square {max} in layer {argmax} against {z_rm} in the "
        "first; one step can make it overflow float32.",
        why=why,
        z=max(np.abs(z).max() for z in start.z),
        max=start.z_rms.max(),
        argmax=int(start.z_rms.argmax()) + 1,
        z_rm=start.z_rms[0],
        evidence={"grown": grown, "exponential_layers": len(growing)},
        where=Where(layer=int(start.z_rms.argmax())),
        repair=repair,
    )


def dead_layer(evidence: Evidence) -> Finding | None:
    """A layer all of whose units are flat for every row."""
    start, net = evidence.known.start, evidence.setup.network
    if start is None or len(evidence.known.index) < 2:
        return None
    exact = [name in ("relu", "step") for name in net.activations]
    dead = [l for l, units in enumerate(net.sizes[1:]) if exact[l] and start.dead[l] == units]
    if not dead and start.born_dead.sum() > BORN_DEAD:
        return _born_dead(evidence, start)
    if not dead or net.activations[dead[0]] == "step" or not start.weight[dead[0]] > 0:
        return None
    l, hidden = dead[0], dead[0] < len(net.weights) - 1
    width = net.sizes[l + 1]
    return finding(
        "Before the first step all {n} units of layer {l} ({name}) give 0 for every row: the slope there is 0, so "
        "no layer up to this one gets a gradient{ever}. With narrow layers, many of them, or biases below 0, that "
        "happens by chance.",
        n=width,
        l=l + 1,
        name=net.activations[l],
        ever="" if hidden else say(", and the answer is 0 for ever"),
        evidence={"dead": width, "layers_without_gradient": l + 1},
        where=Where(layer=l),
        repair=_revived(hidden),
    )


def _born_dead(evidence: Evidence, start: Start) -> Finding:
    """The layer is not dead with this seed, but with many others."""
    net, share = evidence.setup.network, float(start.born_dead.sum())
    l = int(start.born_dead.argmax())
    return finding(
        "In {share:.0%} of {draws} draws of the weights by other seeds a whole layer gives 0 for every "
        "row, most often layer {l} ({size} relu units): such a network learns nothing, and which seed "
        "draws one is chance.",
        share=share,
        draws=DRAWS,
        l=l + 1,
        size=net.sizes[l + 1],
        evidence={"share_of_draws": share, "draws": DRAWS, "units": net.sizes[l + 1]},
        where=Where(layer=l),
        repair=_revived(l < len(net.weights) - 1),
        severity="risk",
        likelihood=0.7,
    )


def _revived(hidden: bool) -> Repair:
    """The repair of a dead layer."""
    if hidden:
        return Repair(
            say("selu in the hidden layers, with newly drawn weights"), {"hidden_activation": "selu", "init": None}
        )
    return Repair(say("identity outputs"), {"output_activation": "identity"})


def saturated_at_start(evidence: Evidence) -> Finding | None:
    """Most signals of a bounded activation are saturated before training."""
    start, net = evidence.known.start, evidence.setup.network
    if start is None:
        return None
    flats = flat(evidence, start)
    l = int(flats.argmax())
    if not flats[l] > SATURATED:
        return None
    return finding(
        "Before the first step {flat:.0%} of layer {l}'s signals lie where {activation} is flat (slope "
        "below a twentieth of its steepest): z is {z_rm} (root mean square). δ = ∂E/∂o · f'(z) is as "
        "small.",
        flat=flats[l],
        l=l + 1,
        activation=net.activations[l],
        z_rm=start.z_rms[l],
        evidence={"saturated": float(flats[l]), "z_rms": float(start.z_rms[l])},
        where=Where(layer=l),
        repair=Repair(say("inputs and weights that keep z around 1"), {"inputs": "standard", "init": None}),
    )


def flat(evidence: Evidence, start: Start) -> np.ndarray:
    """(L,) share of saturated signals in layers of bounded activations; 0 in others."""
    return np.where([bounded(name) for name in evidence.setup.network.activations], start.saturated, 0.0)


def bounded(name: str) -> bool:
    """Whether f is bounded on both sides and has a slope of its own (softmax has none)."""
    return bool(np.isfinite(activation(name).range).all()) and flat_below(name) > 0


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b > 0 else 0.0 if a == 0 else math.inf
