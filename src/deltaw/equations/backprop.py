"""The whole method on one page: signals forward, errors backward, weights updated.

Notation, here and everywhere. A layer is z = W a + b, o = f(z); W has shape (n_out, n_in), as in the notes'
y = Wx. Rows of data are rows of a batch: A is (n, n_in) and Z = A Wᵀ + b. t is the target, E the error
function, δ = ∂E/∂z, α the learning rate.

    forward     Z_l = A_{l−1} W_lᵀ + b_l,  O_l = f(Z_l),  A_l = O_l (× the dropout mask)
    backward    δ_L = ∂E/∂z at the output;  δ_l = (δ_{l+1} W_{l+1}) ⊙ f'(Z_l);  ∂E/∂W_l = δ_lᵀ A_{l−1}
    update      W_l ← W_l + ΔW_l,  and for the notes' own method ΔW_l = −α ∂E/∂W_l
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.activations import Activation
from deltaw.equations.losses import Loss, fused
from deltaw.equations.optimizers import Optimizer, State

Array = NDArray[np.float64]
Rule = Literal["gradient", "notes"]
RULES: tuple[Rule, ...] = ("gradient", "notes")


@dataclass(frozen=True)
class Signals:
    """The results of a forward pass, layer by layer.

    Attributes:
        a: L + 1 arrays; a[0] is the input, a[l] what layer l hands on, (n, units).
        z: L arrays; z[l] goes into layer l's activation.
        o: L arrays; o[l] = f(z[l]). a[l + 1] differs from it only where dropout is at work.
    """

    a: list[Array]
    z: list[Array] = field(default_factory=list)
    o: list[Array] = field(default_factory=list)


@dataclass(frozen=True)
class Gradients:
    """The results of a backward pass, layer by layer.

    Attributes:
        dW: ∂E/∂W, (n_out, n_in).
        db: ∂E/∂b, (n_out,).
        delta: ∂E/∂z (by the rule used), each row times its weight, (n, n_out).
        sent: ∂E/∂o as it reached the layer, (n, n_out). By the notes' rule −sent is their split error.
    """

    dW: list[Array]
    db: list[Array]
    delta: list[Array]
    sent: list[Array]


def forward(
    x: Array,
    W: Sequence[Array],
    b: Sequence[Array],
    activations: Sequence[Activation],
    masks: Sequence[Array | None] | None = None,
) -> Signals:
    """Send the rows of x, (n, n_in), through all layers. `masks` multiply the layers' outputs (dropout)."""
    signals = Signals(a=[x])
    for l, f in enumerate(activations):
        z = signals.a[l] @ W[l].T + b[l]
        o = f.f(z)
        mask = masks[l] if masks else None
        signals.z.append(z)
        signals.o.append(o)
        signals.a.append(o if mask is None else o * mask)
    return signals


def backward(
    signals: Signals,
    t: Array,
    W: Sequence[Array],
    activations: Sequence[Activation],
    loss: Loss,
    rule: Rule = "gradient",
    row_weight: Array | None = None,
    masks: Sequence[Array | None] | None = None,
    l2: float = 0.0,
) -> Gradients:
    """Send the error back from the output and compare it with the signals: ∂E/∂W and ∂E/∂b of every layer.

    Two rules for what a hidden layer receives. "gradient": Wᵀδ, the chain rule. "notes": Wᵀe, the error itself
    split over the links; the notes put it where the chain rule has Wᵀδ, which leaves out the f'(z) of every
    layer after. They agree on the last layer, and wherever f' = 1.

    Args:
        t: targets, (n, n_out).
        row_weight: share of each row in E, (n,); 1/n each if not given, so that E is the rows' mean.
        masks: the masks of the forward pass.
        l2: adds ½ l2 Σ W² to E (biases apart).
    """
    n, last = len(t), len(W) - 1
    share = np.full(n, 1.0 / n) if row_weight is None else row_weight
    z, o = signals.z, signals.o

    # The output layer. A fused pair knows δ directly; the notes' e is then −δ: t − o for all three pairs.
    pair = fused(activations[last].name, loss)
    if pair:
        delta = sent = pair.delta(o[last], t) * share[:, None]
    else:
        sent = loss.dE(o[last], t) * share[:, None]
        delta = activations[last].chain(sent, z[last], o[last])
    deltas, sents = [delta], [sent]

    # The hidden layers, from the last to the first.
    for l in range(last, 0, -1):
        sent = (delta if rule == "gradient" else sent) @ W[l]
        mask = masks[l - 1] if masks else None
        if mask is not None:
            sent = sent * mask
        delta = activations[l - 1].chain(sent, z[l - 1], o[l - 1])
        deltas.insert(0, delta)
        sents.insert(0, sent)

    dW = [d.T @ a for d, a in zip(deltas, signals.a, strict=False)]
    if l2:
        dW = [g + l2 * w for g, w in zip(dW, W, strict=True)]
    db = [d.sum(axis=0) for d in deltas]
    return Gradients(dW, db, deltas, sents)


def penalty(l2: float, W: Sequence[NDArray[Any]]) -> float:
    """½ l2 Σ W² over all layers: what `l2` adds to E."""
    return 0.5 * l2 * sum(float(np.sum(np.square(w, dtype=np.float64))) for w in W)


def clip(gradients: Gradients, max_norm: float, biased: Sequence[bool]) -> Gradients:
    """Shorten the gradient of all layers together to length max_norm if it is longer (Pascanu et al. 2013).

    The biases of layers without bias, `biased[l]` False, are not trained and do not count.
    """
    trained = [*gradients.dW, *(db for db, trains in zip(gradients.db, biased, strict=True) if trains)]
    scale = max_norm / np.maximum(np.sqrt(sum(np.sum(g * g) for g in trained)), max_norm)
    return Gradients(
        [scale * g for g in gradients.dW], [scale * g for g in gradients.db], gradients.delta, gradients.sent
    )


@dataclass
class Parameters:
    """The weights and biases of a network in training, with the optimiser's state for each.

    A layer without bias has zeros in b, and `biased[l]` False: they are never changed.
    """

    W: list[Array]
    b: list[Array]
    biased: list[bool]
    W_state: list[State]
    b_state: list[State]

    @classmethod
    def begin(cls, W: list[Array], b: list[Array], biased: list[bool], optimizer: Optimizer) -> Parameters:
        """Before the first step: states of zeros."""
        return cls(list(W), list(b), biased, [optimizer.zeros(w) for w in W], [optimizer.zeros(v) for v in b])

    def copy(self) -> Parameters:
        """Parameters of their own; `update` puts new arrays in the lists, so the arrays need no copy."""
        return Parameters(list(self.W), list(self.b), self.biased, list(self.W_state), list(self.b_state))


def update(
    parameters: Parameters, gradients: Gradients, optimizer: Optimizer, alpha: float, t: int, decay: float = 0.0
) -> None:
    """W ← W + ΔW − α·decay·W and b ← b + Δb, in every layer; t = 1, 2, 3, … is the step."""
    p = parameters
    for l in range(len(p.W)):
        dW, p.W_state[l] = optimizer.delta(gradients.dW[l], p.W_state[l], alpha, t)
        p.W[l] = p.W[l] + dW - alpha * decay * p.W[l]
        if p.biased[l]:
            db, p.b_state[l] = optimizer.delta(gradients.db[l], p.b_state[l], alpha, t)
            p.b[l] = p.b[l] + db
