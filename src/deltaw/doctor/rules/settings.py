"""Rules about the settings, before training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.rules.outputs import loss_kind
from deltaw.doctor.trials.trial import whole_number
from deltaw.equations.dropout import Dropout
from deltaw.equations.schedules import factors, schedule
from deltaw.exceptions import InputError
from deltaw.numbers import number
from deltaw.speech import listed, say

ALL_DROPPED = 0.01  # share of the rows for which a whole layer is dropped
DROPPED = 0.8  # share of a layer
SMOOTHED = 0.5  # share of a target
# Usual learning rates; that of adaptive optimisers.
USUAL_RATES, ADAPTIVE = {"sgd": 0.1, "momentum": 0.01, "nesterov": 0.01}, 0.001
FADED, FEWEST_EPOCHS = 0.1, 10  # epochs at the full rate that all are worth, over their number
EFFECTIVE, FEWEST = 0.1, 30  # share of the rows that count, by their weights; rows from which it is judged


def invalid_arguments(evidence: Evidence) -> Finding | None:
    """The error that `deltaw.train` raises."""
    error = evidence.refusal
    if error is None:
        return None
    return finding("deltaw.train refuses this: {error}.", error=error, repair=Repair(error.remedy or say("correct it")))


def gradient_ascent(evidence: Evidence) -> Finding | None:
    """Gradient ascent: a negative learning rate, or a loss without a minimum."""
    setup = evidence.setup
    rate = _number(setup.learning_rate)
    if rate is not None and rate < 0:
        return finding(
            "ΔW = −α ∂E/∂W with α = {rate} goes up the gradient: every step makes E larger.", rate=number(rate),
            evidence={"learning_rate": rate}, repair=Repair(f"α = {number(-rate)}", {"learning_rate": -rate}),
        )  # fmt: skip
    if loss_kind(evidence) == "difference":
        return finding(
            "E = t − o has no minimum: errors of opposite sign cancel, and E falls without end as the outputs grow.",
            repair=Repair(say("squared error"), {"loss": "squared"}),
        )
    return None


def zero_learning_rate(evidence: Evidence) -> Finding | None:
    """A learning rate of zero."""
    if _number(evidence.setup.learning_rate) != 0:
        return None
    usual = USUAL_RATES.get(str(evidence.setup.optimizer).split("(")[0], ADAPTIVE)
    return finding(
        "ΔW = −α ∂E/∂W with α = 0: no weight ever changes.",
        evidence={"learning_rate": 0.0},
        repair=Repair(say("α = {usual} to begin with", usual=number(usual)), {"learning_rate": usual}),
    )


def fading_learning_rate(evidence: Evidence) -> Finding | None:
    """A schedule that leaves hardly any learning rate for most of the epochs."""
    setup = evidence.setup
    try:
        row, epochs = schedule(setup.schedule), whole_number(setup.epochs, "epochs")
    except InputError:
        return None  # `invalid_arguments` says what is wrong with it
    factor = factors(row, 0, epochs, 1, epochs)
    worth = float(factor.sum() / factor.max()) if factor.max() > 0 else 0.0
    if worth >= FADED * epochs or epochs < FEWEST_EPOCHS:
        return None
    return finding(
        "The schedule {name} lowers α so fast that all {epochs} epochs learn as much as {worth} at the full rate; the "
        "last has {last} of it.",
        name=row.name,
        epochs=epochs,
        worth=number(worth, 2),
        last=number(float(factor[-1]), 2),
        evidence={"epochs_at_full_rate": worth, "last_factor": float(factor[-1])},
        repair=Repair(say("schedule='cosine'"), {"schedule": "cosine"}),
    )


def no_bias(evidence: Evidence) -> Finding | None:
    """Layers without b."""
    net = evidence.setup.network
    without = [l + 1 for l, given in enumerate(net.bias) if not given]
    if not without:
        return None
    return finding(
        "Without b, layer {layers} gives z = 0 for an input of zeros, whatever W is: a constant part of the targets, "
        "or a threshold, cannot be learnt there.",
        layers=listed(map(str, without)),
        evidence={"layers": len(without)},
        where=Where(layer=without[0] - 1),
        repair=Repair(say("b in every layer"), {"bias": True}),
    )


def summed_loss(evidence: Evidence) -> Finding | None:
    """E summed over the rows of a batch, so that its gradient grows with the batch size."""
    setup = evidence.setup
    if setup.reduction != "sum" or setup.rate == setup.learning_rate:
        return None
    return finding(
        "E is summed over the rows: ∂E/∂W of a batch of {batch_size} is {batch_size} times their mean, and α = "
        "{learning_rate} acts like {rate}. Another batch size then acts like another learning rate.",
        batch_size=setup.batch_size,
        learning_rate=number(setup.learning_rate),
        rate=setup.rate,
        evidence={"learning_rate": setup.learning_rate, "rate_for_the_mean": setup.rate},
        repair=Repair(say("average over the rows"), {"reduction": "mean"}),
    )


def inexact_gradient(evidence: Evidence) -> Finding | None:
    """backward="notes": the angle between its direction and the gradient at the first step."""
    start = None if evidence.before is None else evidence.before.start
    if evidence.setup.backward != "notes" or start is None or not np.isfinite(start.notes_cosine).all():
        return None
    l = int(start.notes_cosine.argmin())
    cosine = float(start.notes_cosine[l])
    if cosine > 1 - 1e-6:
        return None
    against = say("uphill") if cosine < 0 else say("not downhill as steeply as it could")
    return finding(
        "backward='notes' sends Wᵀe back where the gradient has Wᵀδ. At the first step its ΔW of layer "
        "{l} points {degrees}° away from −∂E/∂W: {against}.",
        l=l + 1,
        degrees=np.degrees(np.arccos(np.clip(cosine, -1, 1))),
        against=against,
        evidence={"cosine": cosine},
        where=Where(layer=l),
        repair=Repair(say("backward='gradient'"), {"backward": "gradient"}),
        severity="risk" if cosine <= 0 else "note",
    )


def excessive_dropout(evidence: Evidence) -> Finding | None:
    """Dropout that often drops all units of a narrow layer, or nearly all of any layer."""
    net = evidence.setup.network
    hidden = net.sizes[1:-1]
    try:
        given = evidence.setup.dropout
        rates = (given if isinstance(given, Dropout) else Dropout(given)).rates(len(hidden))
    except InputError:
        return None  # `invalid_arguments` says what is wrong with it
    all_dropped = [rate**units for rate, units in zip(rates, hidden, strict=True)]
    for l, (rate, units, share) in enumerate(zip(rates, hidden, all_dropped, strict=True)):
        if share > ALL_DROPPED or rate > DROPPED:
            kept = tuple(0.0 if s > ALL_DROPPED or r > DROPPED else r for r, s in zip(rates, all_dropped, strict=True))
            return finding(
                "Dropout of {rate} on layer {l}'s {units} units leaves {left} on average, and none at all in "
                "{share:.1%} of the rows (probability {rate}^{units}): nothing is learnt from these, and the signals "
                "of the others vary as strongly.",
                rate=number(rate),
                l=l + 1,
                units=units,
                left=number(units * (1 - rate), 2),
                share=share,
                evidence={"rate": rate, "units": units, "all_dropped": share},
                where=Where(layer=l),
                repair=Repair(say("no dropout there"), {"dropout": kept}),
            )
    return None


def excessive_label_smoothing(evidence: Evidence) -> Finding | None:
    """Label smoothing that leaves less than half of the label."""
    share = _number(evidence.setup.label_smoothing)
    if share is None or not share > SMOOTHED or share >= 1:
        return None
    return finding(
        "Label smoothing of {share} leaves {value:.0%} of each target: the rest is the same for every class.",
        share=number(share),
        value=1 - share,
        evidence={"label_smoothing": share},
        repair=Repair(say("a tenth at most"), {"label_smoothing": 0.1}),
    )


def uneven_sample_weights(evidence: Evidence) -> Finding | None:
    """Row weights that are dominated by a few rows."""
    given = evidence.setup.sample_weight
    try:
        w = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        return None  # `invalid_arguments` says what is wrong with it
    if given is None or w.shape != (evidence.known.rows,) or not (w >= 0).all() or not w.sum() > 0:
        return None
    if (excluded := _excluded_class(evidence, w)) is not None:
        k, rows = excluded
        return finding(
            "All {n:,} rows of class {k} have weight 0: it does not enter E.",
            n=rows,
            k=k,
            evidence={"class": k, "rows": rows},
            repair=Repair(say("weights above 0 for every class"), {"sample_weight": None}),
            likelihood=0.9,
        )
    effective = float(w.sum() ** 2 / np.square(w).sum())  # Kish's (1965) effective sample size
    if effective >= EFFECTIVE * len(w) or len(w) < FEWEST:
        return None
    zeros = int((w == 0).sum())
    uneven = "The weights of the rows are so uneven that {n:,} rows count like {effective}: (Σw)²/Σw²."
    none = (
        "The weights of the rows are so uneven that {n:,} rows count like {effective}: (Σw)²/Σw². {sum:,} of them "
        "have weight 0."
    )
    return finding(
        none if zeros else uneven,
        n=len(w),
        effective=number(effective, 3),
        sum=zeros,
        evidence={"effective_rows": effective, "rows": len(w)},
        repair=Repair(say("more even weights"), {"sample_weight": None}),
    )


def _excluded_class(evidence: Evidence, w: NDArray[np.float64]) -> tuple[int, int] | None:
    """The first class whose rows all have weight 0, and their number."""
    targets = evidence.known.targets
    if targets.task != "classification" or targets.bad or (w > 0).all():
        return None
    label = targets.label(evidence.setup.T)
    rows, weights = np.bincount(label), np.bincount(label, w)
    excluded = np.flatnonzero((rows > 0) & (weights == 0))
    return (int(excluded[0]), int(rows[excluded[0]])) if len(excluded) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float, np.integer, np.floating)) else None
