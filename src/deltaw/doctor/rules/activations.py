"""Rules about the activations that a network is given."""

from __future__ import annotations

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.speech import say

LINEAR = 0.99  # R² of a linear model from which it is all that is needed


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
        return finding(
            "Layer {plain} has no activation: with the next it is one layer, W₂(W₁x + b₁) + b₂ = (W₂W₁)x + …",
            plain=plain[0] + 1,
            evidence={"linear_layers": len(plain)},
            where=Where(layer=plain[0]),
            repair=repair,
            severity="note",
            likelihood=0.2,
        )
    enough = line >= LINEAR
    return finding(
        "No hidden layer has an activation: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂), so the {n} layers can do "
        "what one can. The best straight line explains {line} of the targets' variance{enough}.",
        n=len(hidden) + 1,
        line=line,
        enough=say(", which may be all that is wanted") if enough else "",
        evidence={"linear_layers": len(plain), "explained_by_a_line": line},
        where=Where(layer=0),
        repair=repair,
        severity="note" if enough else "risk",
    )


def _straight_line(x: np.ndarray, t: np.ndarray) -> float:
    """Adjusted R² of least squares on the sample."""
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
    return finding(
        "The step's slope is 0 wherever it has one: δ = ∂E/∂o · f'(z) = 0, and {below}{all}.",
        below=below,
        all="" if inner else say(", which is all there is"),
        evidence={"layers_without_gradient": last + 1},
        where=Where(layer=last),
        repair=Repair(say("{name} instead of the step", name=name), changes),
    )
