"""Rules about the outputs, before training: whether output activation, loss and targets fit together."""

from __future__ import annotations

from typing import Any

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.equations.activations import activation
from deltaw.equations.losses import EPSILON, LOSSES, Loss, loss, titled
from deltaw.exceptions import InputError
from deltaw.numbers import number
from deltaw.speech import say

PROBES = np.linspace(0.02, 0.98, 25)  # outputs at which losses are compared
REACHABLE = 0.9  # R² that outputs within their range could reach
FEW = 0.05  # share of the rows
LOG_LOSSES = ("cross_entropy", "binary_cross_entropy", "poisson")
NUMBER_LOSSES = ("absolute", "pinball", "poisson")

# Output activation and loss of the canonical link, whose ∂E/∂z is o − t, by `Targets.form` (Bishop 2006, section 5.2).
CANONICAL = {
    "labels": ("softmax", "cross_entropy"),
    "one_hot": ("softmax", "cross_entropy"),
    "binary": ("sigmoid", "binary_cross_entropy"),
    "several": ("sigmoid", "binary_cross_entropy"),
    "numbers": ("identity", "squared"),
}


def canonical(evidence: Evidence) -> Repair:
    """The output activation and loss that fit the targets."""
    targets, outputs = evidence.known.targets, evidence.setup.network.sizes[-1]
    form = targets.form
    name, row = ("sigmoid", "binary_cross_entropy") if outputs == 1 and form == "one_hot" else CANONICAL[form]
    changes: dict[str, Any] = {"output_activation": name, "loss": row}
    words = say("{name} outputs with {loss} error", name=name, loss=titled(row))
    if form in ("binary", "several", "one_hot") and targets.values != (0.0, 1.0):
        changes["labels"] = (0.0, 1.0)
        words += say(", targets 0 and 1")
    return Repair(words, changes)


def output_activation(evidence: Evidence) -> str:
    """The name of the output activation."""
    return evidence.setup.network.activations[-1]


def output_layer(evidence: Evidence) -> Where:
    """The output layer."""
    return Where(layer=len(evidence.setup.network.weights) - 1)


def loss_row(evidence: Evidence) -> Loss | None:
    """The loss; None if it is unknown."""
    try:
        return loss(evidence.setup.loss)
    except InputError:
        return None


def loss_kind(evidence: Evidence) -> str:
    """ "huber" of "huber(0.5)"; a user-defined loss is named by the built-in loss that has the same values, if any."""
    row = loss_row(evidence)
    return "" if row is None else _kind_by_values(row)


def _kind_by_values(row: Loss) -> str:
    """The kind of the built-in loss that equals E up to a constant and a factor."""
    if row.kind in LOSSES or not row.fits(1):
        return row.kind
    o, t = (each.reshape(-1, 1) for each in np.meshgrid(PROBES, [0.0, 1.0]))
    with np.errstate(all="ignore"):
        ours = np.asarray(row.E(o, t), np.float64)
        for name in LOSSES:
            theirs = loss(name).E(o, t)
            if np.isfinite(ours).all() and abs(np.corrcoef(ours, theirs)[0, 1] - 1.0) < 1e-6:
                return name
    return row.kind


# --- targets and outputs --------------------------------------------------------------------------------------------


def targets_outside_range(evidence: Evidence) -> Finding | None:
    """Targets outside the range of the output activation."""
    known, targets = evidence.known, evidence.known.targets
    name = output_activation(evidence)
    low, high = activation(name).range
    t = known.t[np.isfinite(known.t).all(axis=1)]
    if not len(t) or t.shape[1] != known.targets.outputs:
        return None
    near = np.clip(t, low, high)
    share = float((t != near).any(axis=1).mean())
    if not share:
        return None
    spread = float(np.square(t - t.mean(axis=0)).sum())
    reached = 1 - float(np.square(t - near).sum()) / spread if spread > 0 else 0.0
    numbers = targets.form == "numbers"
    if numbers:
        repair = Repair(say("identity outputs: any number can be reached"), {"output_activation": "identity"})
        if loss_kind(evidence) in LOG_LOSSES:
            repair = canonical(evidence)
        best = say(
            "the nearest that {name} can give explains {reached} of their variance (R²) at most",
            name=name,
            reached=number(reached, 3),
        )
    else:
        repair = canonical(evidence)
        best = say("the error drives z to where the slope is 0 and still does not end")
    return finding(
        "{name} gives numbers from {low} to {high}; targets run from {min} to {max}, and in {share:.0%} "
        "of the rows lie outside: {best}.",
        name=name,
        low=number(low),
        high=number(high),
        min=targets.low.min(),
        max=targets.high.max(),
        share=share,
        best=best,
        evidence={"share_outside": share, "reachable": reached},
        where=output_layer(evidence),
        repair=repair,
        severity="fault" if numbers and reached < REACHABLE else "risk",
    )


def targets_at_asymptotes(evidence: Evidence) -> Finding | None:
    """Targets at the ends of a bounded output activation, which it only approaches; the notes advise against it."""
    known, name = evidence.known, output_activation(evidence)
    low, high = activation(name).range
    if (
        name not in ("sigmoid", "tanh", "softsign")
        or loss_kind(evidence) in LOG_LOSSES
        or loss_kind(evidence) == "hinge"
    ):
        return None
    share = float(np.isin(known.t, (low, high)).any(axis=1).mean())
    if not share:
        return None
    inside = low + 0.01 * (high - low), high - 0.01 * (high - low)
    changes = {} if known.targets.form in ("numbers", "labels") else {"labels": inside}
    return finding(
        "{share:.0%} of the rows have targets at {low} or {high}, which {name} only approaches: the "
        "weights grow without end towards them, and the slope dies on the way. The notes advise 0.01 and "
        "0.99.",
        share=share,
        low=number(low),
        high=number(high),
        name=name,
        evidence={"share": share},
        where=output_layer(evidence),
        repair=Repair(
            say("targets {inside} and {high}", inside=number(inside[0], 3), high=number(inside[1], 3)), changes
        ),
    )


def softmax_on_one_output(evidence: Evidence) -> Finding | None:
    """Softmax over one output: exp(z)/exp(z)."""
    net = evidence.setup.network
    if output_activation(evidence) != "softmax" or net.sizes[-1] != 1:
        return None
    binary = evidence.known.targets.form != "numbers"
    name, row = ("sigmoid", "binary_cross_entropy") if binary else ("identity", "squared")
    changes = {"output_activation": name, "loss": row}
    if binary and evidence.known.targets.values != (0.0, 1.0):
        changes["labels"] = (0.0, 1.0)  # type: ignore[assignment]
    return finding(
        "Softmax over one output is exp(z) / exp(z) = 1 whatever z is: the answer is 1 in every row, and "
        "its slope is 0.",
        evidence={"outputs": 1},
        where=output_layer(evidence),
        repair=Repair(say("{name} outputs with {loss} error", name=name, loss=titled(row)), changes),
    )


def softmax_for_multilabel(evidence: Evidence) -> Finding | None:
    """Softmax for multilabel targets."""
    known = evidence.known
    if output_activation(evidence) != "softmax" or known.targets.form != "several" or known.t.shape[1] < 2:
        return None
    yes = np.isclose(known.t, known.targets.values[1]).sum(axis=1)
    share = float((yes != 1).mean())
    if share < FEW:
        return None
    most = int(yes.max())
    return finding(
        "{share:.0%} of the rows have no label or several, up to {most}; softmax's outputs sum to 1, so "
        "of {parts} labels none can be above 1/{parts} without taking from the others.",
        share=share,
        most=most,
        parts=max(most, 2),
        evidence={"share": share, "most_labels": most},
        where=output_layer(evidence),
        repair=canonical(evidence),
        severity="fault" if (yes > 1).any() else "risk",
    )


# --- outputs and loss -----------------------------------------------------------------------------------------------


def improper_loss(evidence: Evidence) -> Finding | None:
    """A loss that is minimal at the same output for all rows, whatever their targets."""
    row, name = loss_row(evidence), output_activation(evidence)
    known = evidence.known
    f = activation(name)
    t = known.t[np.isfinite(known.t).all(axis=1)]
    if row is None or not row.fits(t.shape[1]) or f.coupled or t.shape[1] != known.targets.outputs:
        return None
    if not len(t) or not np.ptp(t, axis=0).any():
        return None
    low, high = f.range
    inside = np.clip(t, row.low, row.high)
    if (t != inside).any(axis=1).mean() > FEW:  # outside the loss's range, which other rules report
        return None
    aimed = np.clip(inside, low, high)
    with np.errstate(all="ignore"):
        best = float(row.E(aimed, inside).mean())
        ends = {end: float(row.E(np.full_like(t, end), inside).mean()) for end in (max(low, -1e6), min(high, 1e6))}
    end = min(ends, key=lambda each: ends[each])
    if not ends[end] <= best + EPSILON:
        return None
    return finding(
        "With {name} outputs, {kind} error is least where every output is {end}: {cost} per row, no more than the "
        "{best} of outputs equal to the targets. Outputs that should be low cost nothing, so the network learns the "
        "same answer for every row.",
        name=name,
        kind=titled(row.kind),
        end=number(end),
        cost=ends[end],
        best=best,
        evidence={"error_of_one_answer": ends[end], "error_of_the_truth": best},
        where=output_layer(evidence),
        repair=canonical(evidence),
    )


def outputs_outside_loss_domain(evidence: Evidence) -> Finding | None:
    """A loss with the logarithm of outputs that may be 0 or less, or above 1."""
    name, row = output_activation(evidence), loss_kind(evidence)
    low, high = activation(name).range
    above = row == "binary_cross_entropy" and high > 1
    if row not in LOG_LOSSES or not (low < 0 or above or (low == 0 and name in ("relu", "step"))):
        return None
    start = evidence.known.start
    outside = float("nan")
    if start is not None:
        o = activation(name).f(start.z[-1])
        outside = float(((o <= 0) | (o >= 1 if row == "binary_cross_entropy" else False)).mean())
    pair = ("exponential", "poisson") if row == "poisson" else None
    repair = (
        Repair(say("exponential outputs with poisson error"), {"output_activation": pair[0]})
        if pair
        else canonical(evidence)
    )
    return finding(
        "{row} takes {logs}, but {name} gives numbers from {low} to {high}; before training {outside:.0%} of the "
        "outputs lie where that logarithm does not exist.",
        row=row, logs=say("log o and log(1 − o)") if row == "binary_cross_entropy" else "log o", name=name,
        low=number(low), high=number(high), outside=outside,
        evidence={"share_outside": outside}, where=output_layer(evidence), repair=repair,
    )  # fmt: skip


def unreachable_hinge_margin(evidence: Evidence) -> Finding | None:
    """Hinge loss with outputs that cannot reach −1 and 1, or with other targets."""
    name, known = output_activation(evidence), evidence.known
    if loss_kind(evidence) != "hinge":
        return None
    low, high = activation(name).range
    middle = float(((known.t > -1) & (known.t < 1)).any(axis=1).mean())
    if low <= -1 and high >= 1 and not middle:
        return None
    zero = (
        say("; for targets of 0, found in {middle:.0%} of the rows, E = 1 whatever the output", middle=middle)
        if middle
        else ""
    )
    return finding(
        "Hinge asks for t·o ≥ 1 with t = −1 or 1: outputs of both signs, but {name} gives numbers from "
        "{low} to {high}{zero}.",
        name=name,
        low=number(low),
        high=number(high),
        zero=zero,
        evidence={"share_of_targets_between": middle},
        where=output_layer(evidence),
        repair=canonical(evidence),
        severity="fault" if low > -1 or middle > FEW else "risk",
    )


def regression_loss_for_classes(evidence: Evidence) -> Finding | None:
    """Classes with a loss for numbers, which is not minimal at the class probabilities."""
    targets, row = evidence.known.targets, loss_kind(evidence)
    if targets.task == "regression" or row not in NUMBER_LOSSES or output_activation(evidence) == "step":
        return None
    why = {
        "absolute": say(
            "its best answer is the median, for a class less likely than ½ exactly 0, and its slope ±1 is as "
            "steep for an answer that is nearly right"
        ),
        "pinball": say("its best answer is a quantile, 0 or 1, and not how likely a class is"),
        "poisson": say("it is meant for counts"),
    }[row]
    return finding(
        "Classes are learnt with {row} error: {said}. Where they overlap, the network answers the most frequent one.",
        row=titled(row),
        said=why,
        evidence={"classes": len(targets.classes)},
        where=output_layer(evidence),
        repair=canonical(evidence),
    )


def squared_error_for_classes(evidence: Evidence) -> Finding | None:
    """Squared error for classes: with bounded outputs its gradient vanishes where the answer is most wrong."""
    targets, row, name = evidence.known.targets, loss_kind(evidence), output_activation(evidence)
    if targets.task == "regression" or row not in ("squared", "huber"):
        return None
    if name in ("identity", "relu", "leaky_relu"):
        said = say(
            "{name} outputs are no probabilities: squared error also penalises an answer that is right beyond its "
            "target, so rows far on the right side move the decision boundary",
            name=name,
        )
    elif name in ("sigmoid", "tanh", "softmax", "softsign"):
        said = say(
            "∂E/∂z = (o − t) f'(z): with {name} outputs f'(z) is nearly 0 where the answer is confidently wrong; "
            "cross entropy has no such factor",
            name=name,
        )
    else:
        return None
    return finding(
        "Classes are learnt with squared error: {said}.", said=said, evidence={"classes": len(targets.classes)},
        where=output_layer(evidence), repair=canonical(evidence),
        severity="risk" if name in ("identity", "relu", "leaky_relu") else "note",
    )  # fmt: skip
