"""Rules about the network as it starts: activations, initial weights, and the signals of its first pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.start import DRAWS, Start
from deltaw.doctor.findings import Finding, Repair, Where
from deltaw.engines.look import flat_below
from deltaw.numbers import amount, number
from deltaw.speech import say

LINEAR = 0.99  # share of the targets' variance that a straight line already explains
SATURATED = 0.5  # share of a layer's signals
LARGE, SMALL = 4.0, 0.25  # root mean square weight over what suits the width
FADED = 1e-3  # how much of the signals' differences, or of the error, is left at the other end
GROWN = 1e3
SELDOM = 0.075  # of the draws: one of twenty may be dead in a network of which hardly any is
SQUASHING = frozenset({"sigmoid", "tanh", "softsign", "softmax", "step"})
# What the derivative is at its steepest: a layer passes on no more of an error than that, times the weights' gain.
STEEPEST = {"sigmoid": 0.25, "softmax": 0.5}
# Gain that keeps the size of signals: W's deviation is gain/√n_in (He et al. 2015; Glorot & Bengio 2010).
GAIN = {"relu": math.sqrt(2.0), "leaky_relu": math.sqrt(2.0)}


def started(evidence: Evidence) -> Start | None:
    """The first pass, where it was possible."""
    return evidence.known.start


def no_hidden_activation(evidence: Evidence) -> Finding | None:
    """Hidden layers without an activation: W₂(W₁x + b₁) + b₂ is one layer."""
    net, known = evidence.setup.network, evidence.known
    hidden = net.activations[:-1]
    plain = [l for l, name in enumerate(hidden) if name == "identity"]
    if not plain:
        return None
    every = len(plain) == len(hidden)
    line = _straight_line(known.x, known.t) if every else float("nan")
    repair = Repair(say("relu in the hidden layers"), {"hidden_activation": "relu", "init": None})
    if not every:
        return Finding(
            say(
                "Layer {plain} has no activation: with the next it is one layer, W₂(W₁x + b₁) + b₂ = (W₂W₁)x + …",
                plain=plain[0] + 1,
            ),
            {"linear_layers": len(plain)},
            Where(layer=plain[0]),
            repair,
            severity="note",
            likelihood=0.2,
        )
    enough = line >= LINEAR
    return Finding(
        say(
            "No hidden layer has an activation: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂), so the {n} layers can do "
            "what one can. The best straight line explains {line} of the targets' variance{enough}.",
            n=len(hidden) + 1,
            line=number(line, 3),
            enough=say(", which may be all that is wanted") if enough else "",
        ),
        {"linear_layers": len(plain), "explained_by_a_line": line},
        Where(layer=0),
        repair,
        severity="note" if enough else "risk",
    )


def _straight_line(x: np.ndarray, t: np.ndarray) -> float:
    """R² of least squares on the sample, less what so many coefficients would explain by chance."""
    fine = np.isfinite(x).all(axis=1) & np.isfinite(t).all(axis=1)
    x, t = x[fine], t[fine]
    n, k = x.shape
    if n <= k + 1:
        return float("nan")
    a = np.column_stack([(x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0), np.ones(n)])
    rest = t - a @ np.linalg.lstsq(a, t, rcond=None)[0]
    spread = np.square(t - t.mean(axis=0)).sum()
    if not spread > 0:
        return float("nan")
    return float(1 - np.square(rest).sum() / spread * (n - 1) / (n - k - 1))


def step_activation(evidence: Evidence) -> Finding | None:
    """A step has slope 0: the gradient ends there."""
    net = evidence.setup.network
    steps = [l for l, name in enumerate(net.activations) if name == "step"]
    if not steps or evidence.setup.backward == "notes":
        return None
    last = steps[-1]
    inner = last < len(net.weights) - 1
    below = say("layers 1 to {last} never change", last=last + 1) if last else say("layer 1 never changes")
    name = "relu" if inner else "sigmoid"
    changes = {"activations": [name if f == "step" else f for f in net.activations], "init": None}
    return Finding(
        say(
            "The step's slope is 0 wherever it has one: δ = ∂E/∂o · f'(z) = 0, and {below}{all}.",
            below=below,
            all="" if inner else say(", which is all there is"),
        ),
        {"layers_without_gradient": last + 1},
        Where(layer=last),
        Repair(say("{name} instead of the step", name=name), changes),
    )


def equal_weights(evidence: Evidence) -> Finding | None:
    """Units that are twins: the same weights in and out."""
    start, net = started(evidence), evidence.setup.network
    if start is None:
        return None
    others = np.maximum(np.array(net.sizes[1:]) - 1, 1)
    if not (start.alike / others > 0.5).any():
        return None
    l = int(np.argmax(start.twins / others))
    if not start.twins[l] / others[l] > 0.5:
        return _alike(start, net.sizes[1:], int(np.argmax(start.alike / others)))
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
            twins=start.twins[l] + 1, l=l + 1, n=units, what=say("zero weights" if zero else "weights"),
            units=amount(units - int(start.twins[l]), "unit"),
        )  # fmt: skip
    return Finding(
        said, {"twins": int(start.twins[l]), "units": units, "zero": zero}, Where(layer=l),
        Repair(say("draw the weights at random, with the deviation that suits the width"), {"init": None}),
    )  # fmt: skip


def _alike(start: Start, units: Sequence[int], l: int) -> Finding:
    """Units with the same weights in, and others out."""
    return Finding(
        say(
            "{alike} of layer {l}'s {unit} units have the same weights in, and give the same signals: only "
            "the weights out tell them apart. In the first step their gradients are multiples of each other, "
            "and a method that scales each weight's step by itself (Adam, RMSprop) leaves of that the sign: "
            "two kinds of units.",
            alike=start.alike[l] + 1,
            l=l + 1,
            unit=units[l],
        ),
        {"twins": int(start.alike[l]), "units": units[l], "zero": False},
        Where(layer=l),
        Repair(say("draw the weights at random, with the deviation that suits the width"), {"init": None}),
        severity="risk",
        likelihood=0.6,
    )


def weights_too_large(evidence: Evidence) -> Finding | None:
    """Weights far larger than suits the width, with the signals to show for it."""
    start = started(evidence)
    if start is None:
        return None
    ratio = _ratios(evidence, start)
    flats = np.where([_squashes(name) for name in evidence.setup.network.activations], start.saturated, 0.0)
    l = int(ratio.argmax())
    if not ratio[l] > LARGE:
        return None
    n_in = evidence.setup.network.sizes[l]
    seen = say(", and {flat:.0%} of its signals lie where f is flat", flat=flats[l]) if flats[l] > 0 else ""
    return Finding(
        say(
            "Layer {l}'s weights have root mean square {weight}; for {n_in} inputs {right} keeps z around "
            "1. They are {ratio} times as large: z is {z_rm} (root mean square){seen}.",
            l=l + 1,
            weight=number(start.weight[l], 3),
            n_in=n_in,
            right=number(start.weight[l] / ratio[l], 3),
            ratio=number(ratio[l], 3),
            z_rm=number(start.z_rms[l], 3),
            seen=seen,
        ),
        {"times_too_large": float(ratio[l]), "z_rms": float(start.z_rms[l]), "saturated": float(flats[l])},
        Where(layer=l),
        Repair(say("draw the weights with the deviation that suits the width"), {"init": None}),
        likelihood=0.6 if flats[l] > SATURATED else 0.4,
    )


def weights_too_small(evidence: Evidence) -> Finding | None:
    """Weights far smaller than suits the width: the signals fade on their way."""
    start = started(evidence)
    if start is None or not np.isfinite(start.gradient).all():
        return None
    sizes = evidence.setup.network.sizes
    usual = np.sqrt(2.0 / (np.array(sizes[:-1]) + sizes[1:]))  # Glorot's, smaller where a layer fans out
    ratio = np.maximum(_ratios(evidence, start), start.weight / usual)
    ratio = np.where(ratio > 0, ratio, 1.0)  # zeros are another rule's
    small = ratio < SMALL
    product = float(np.prod(np.minimum(ratio, 1.0)))
    if not small.any() or len(ratio) < 2:
        return None
    l = int(ratio.argmin())
    return Finding(
        say(
            "Weights of {sum} of the {n} layers are too small for their width, in layer {l} {value} times "
            "(root mean square {weight}, for {size} inputs and {n_out} units {right} keeps the size of "
            "signals). Over all layers a difference between two rows is made {product} as large.",
            sum=int(small.sum()),
            n=len(ratio),
            l=l + 1,
            value=number(1 / ratio[l], 3),
            weight=number(start.weight[l], 3),
            size=sizes[l],
            n_out=sizes[l + 1],
            right=number(start.weight[l] / ratio[l], 3),
            product=number(product, 2),
        ),
        {"times_too_small": float(1 / ratio[l]), "product": product, "layers": int(small.sum())},
        Where(layer=l),
        Repair(say("draw the weights with the deviation that suits the width"), {"init": None}),
        severity="risk" if product < FADED**0.5 else "note",
        likelihood=0.7 if product < FADED else 0.3,
    )


def vanishing_by_depth(evidence: Evidence) -> Finding | None:
    """Squashing layers on top of each other: each passes on a fraction of the differences and of the error."""
    start, net = started(evidence), evidence.setup.network
    hidden = net.activations[:-1]
    if start is None or len(hidden) < 2 or not np.isfinite(start.sent).all():
        return None
    forward = _ratio(start.spread[len(hidden) - 1], start.spread[0])
    backward = _ratio(start.sent[0], start.sent[-1])
    left = min(forward, backward)
    if not left < FADED:
        return None
    name = max(set(hidden), key=hidden.count)
    limit = (
        say(" A {name}'s slope is {steepest} at most.", name=name, steepest=number(STEEPEST[name]))
        if name in STEEPEST
        else ""
    )
    return Finding(
        say(
            "Over {n} {name} layers the differences between rows shrink to {forward} of those after the "
            "first, the error sent back to {backward} of that at the output.{limit} The first layers hardly "
            "learn, and the last see the same in every row.",
            n=len(hidden),
            name=name,
            forward=number(forward, 2),
            backward=number(backward, 2),
            limit=limit,
        ),
        {"forward": forward, "backward": backward, "hidden_layers": len(hidden)},
        Where(layer=0),
        Repair(
            say("selu in the hidden layers, which keeps mean and variance"), {"hidden_activation": "selu", "init": None}
        ),
    )


def exploding_at_start(evidence: Evidence) -> Finding | None:
    """Signals that grow from layer to layer, up to overflow."""
    start, net = started(evidence), evidence.setup.network
    if start is None:
        return None
    repair = Repair(
        say("selu in the hidden layers, weights drawn to suit"), {"hidden_activation": "selu", "init": None}
    )
    if start.overflow is not None:
        l = start.overflow
        before = (
            say(", after {z_rm} (root mean square) in the layer before", z_rm=number(start.z_rms[l - 1], 3))
            if l
            else ""
        )
        return Finding(
            say(
                "In the first forward pass z of layer {l} ({activation}) passes the largest number that float32 "
                "holds, 3.4e38{before}.",
                l=l + 1,
                activation=net.activations[l],
                before=before,
            ),
            {"layer": l},
            Where(layer=l, step=0),
            repair,
            severity="fault",
        )
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
    return Finding(
        say(
            "{why}. In the first pass z runs up to {z}, root mean square {max} in layer {argmax} against "
            "{z_rm} in the first; one step can carry it over the largest float32.",
            why=why,
            z=number(float(max(np.abs(z).max() for z in start.z)), 3),
            max=number(start.z_rms.max(), 3),
            argmax=int(start.z_rms.argmax()) + 1,
            z_rm=number(start.z_rms[0], 3),
        ),
        {"grown": grown, "exponential_layers": len(growing)},
        Where(layer=int(start.z_rms.argmax())),
        repair,
    )


def dead_layer(evidence: Evidence) -> Finding | None:
    """A layer of which every unit is flat for every row."""
    start, net = started(evidence), evidence.setup.network
    if start is None or len(evidence.known.index) < 2:
        return None
    exact = [name in ("relu", "step") for name in net.activations]
    dead = [l for l, units in enumerate(net.sizes[1:]) if exact[l] and start.dead[l] == units]
    if not dead and start.born_dead.sum() > SELDOM:
        return _born_dead(evidence, start)
    if not dead or net.activations[dead[0]] == "step" or not start.weight[dead[0]] > 0:
        return None
    l, hidden = dead[0], dead[0] < len(net.weights) - 1
    width = net.sizes[l + 1]
    return Finding(
        say(
            "Before the first step all {n} units of layer {l} ({name}) give 0 for every row: the slope there is 0, so "
            "no layer up to this one gets a gradient{ever}. With narrow layers, many of them, or biases below 0, that "
            "happens by chance.",
            n=width,
            l=l + 1,
            name=net.activations[l],
            ever="" if hidden else say(", and the answer is 0 for ever"),
        ),
        {"dead": width, "layers_without_gradient": l + 1},
        Where(layer=l),
        Repair(say("selu in the hidden layers, weights drawn anew"), {"hidden_activation": "selu", "init": None})
        if hidden
        else Repair(say("identity outputs"), {"output_activation": "identity"}),
    )


def _born_dead(evidence: Evidence, start: Start) -> Finding:
    """This draw lives, and other seeds' do not."""
    net, share = evidence.setup.network, float(start.born_dead.sum())
    l = int(start.born_dead.argmax())
    hidden = l < len(net.weights) - 1
    return Finding(
        say(
            "In {share:.0%} of {draws} draws of the weights by other seeds a whole layer gives 0 for every "
            "row, most often layer {l} ({size} relu units): such a network learns nothing, and which seed "
            "draws one is chance.",
            share=share,
            draws=DRAWS,
            l=l + 1,
            size=net.sizes[l + 1],
        ),
        {"share_of_draws": share, "draws": DRAWS, "units": net.sizes[l + 1]},
        Where(layer=l),
        Repair(say("selu in the hidden layers, weights drawn anew"), {"hidden_activation": "selu", "init": None})
        if hidden
        else Repair(say("identity outputs"), {"output_activation": "identity"}),
        severity="risk",
        likelihood=0.7,
    )


def saturated_at_start(evidence: Evidence) -> Finding | None:
    """Most signals of a squashing layer lie where its slope is gone, before any learning."""
    start, net = started(evidence), evidence.setup.network
    if start is None:
        return None
    flats = np.where([_squashes(name) for name in net.activations], start.saturated, 0.0)
    l = int(flats.argmax())
    if not flats[l] > SATURATED:
        return None
    return Finding(
        say(
            "Before the first step {flat:.0%} of layer {l}'s signals lie where {activation} is flat (slope "
            "below a twentieth of its steepest): z is {z_rm} (root mean square). δ = ∂E/∂o · f'(z) is as "
            "small.",
            flat=flats[l],
            l=l + 1,
            activation=net.activations[l],
            z_rm=number(start.z_rms[l], 3),
        ),
        {"saturated": float(flats[l]), "z_rms": float(start.z_rms[l])},
        Where(layer=l),
        Repair(say("inputs and weights that keep z around 1"), {"inputs": "standard", "init": None}),
    )


def _ratios(evidence: Evidence, start: Start) -> np.ndarray:
    """Root mean square of W over gain/√n_in, layer by layer."""
    net = evidence.setup.network
    gains = [GAIN.get(name, 1.0) for name in net.activations]
    fitting = np.array([gain / math.sqrt(n_in) for gain, n_in in zip(gains, net.sizes[:-1], strict=True)])
    return np.asarray(start.weight / fitting)


def _squashes(name: str) -> bool:
    """Whether f is flat on both sides."""
    return name in SQUASHING and flat_below(name) > 0


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b > 0 else 0.0 if a == 0 else math.inf
