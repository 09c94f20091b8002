"""Rules about the trained network: saturated layers, dead units, vanishing and exploding gradients.

Like all rules about a training, they apply only if the network learns markedly less than a baseline, or diverges: dead
units are no fault if the score does not suffer.
"""

from __future__ import annotations

import math

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.rules.signals import FADED, GROWN, bounded
from deltaw.numbers import number
from deltaw.speech import say

FLAT_LAYER = 0.8  # share of a layer's signals that are saturated
DEAD = 0.5  # share of a layer's units


def saturated_in_training(evidence: Evidence) -> Finding | None:
    """A bounded activation that saturated during training."""
    seen, net = evidence.watched, evidence.setup.network
    if not seen.short or seen.divergence or not seen.looks:
        return None
    first, last = seen.looks[0].saturated, seen.looks[-1].saturated
    share = np.where([bounded(name) for name in net.activations], np.nan_to_num(last), 0.0)
    l = int(share.argmax())
    if not share[l] > FLAT_LAYER:
        return None
    n_in = net.sizes[l]
    return finding(
        "At the end {share:.0%} of layer {l}'s signals lie where {activation} is flat (in epoch {looked} "
        "{first:.0%}): δ = ∂E/∂o · f'(z) is a twentieth or less, and the weights of its {n_in} inputs no longer "
        "change.",
        share=share[l],
        l=l + 1,
        activation=net.activations[l],
        looked=seen.looked[0] + 1,
        first=first[l],
        n_in=n_in,
        evidence={"saturated": float(share[l]), "at_first_look": float(first[l])},
        where=Where(layer=l, epoch=len(seen.loss) - 1),
        repair=Repair(
            say("scale the inputs, and draw weights that suit the activation"), {"inputs": "standard", "init": None}
        ),
        likelihood=0.4,
    )


def dead_units(evidence: Evidence) -> Finding | None:
    """Dead relu units, which give 0 for every row; of the seed with the most of them."""
    seen, net = evidence.watched, evidence.setup.network
    trials = [t for t in seen.trainings if t.history.looks]
    if not seen.short or seen.divergence or not trials:
        return None
    relu = np.array([name == "relu" for name in net.activations])
    shares = [np.where(relu, t.history.looks[-1].dead / np.array(net.sizes[1:], float), 0.0) for t in trials]
    worst = int(np.argmax([share.max() for share in shares]))
    share, trial = shares[worst], trials[worst]
    if not share.max() > DEAD:
        return None
    l = int(share.argmax())
    looks = zip(trial.looked, trial.history.looks, strict=True)
    epoch = next(e for e, look in looks if look.dead[l] > DEAD * net.sizes[l + 1])
    of = sum(bool(each.max() > DEAD) for each in shares)
    hidden = l < len(net.weights) - 1
    return finding(
        "{dead} of layer {l}'s {size} relu units give 0 for every row from epoch {epoch} on: with a slope of 0 they "
        "get no gradient and do not recover. This happens in {of} of {n} trainings.",
        dead=int(trial.history.looks[-1].dead[l]),
        l=l + 1,
        size=net.sizes[l + 1],
        epoch=epoch + 1,
        of=of,
        n=len(trials),
        evidence={
            "dead": int(trial.history.looks[-1].dead[l]),
            "units": net.sizes[l + 1],
            "share": float(share[l]),
            "trainings": of,
        },
        where=Where(layer=l, epoch=epoch),
        repair=Repair(
            say("leaky_relu, which has a slope on both sides"), {"hidden_activation": "leaky_relu", "init": None}
        )
        if hidden
        else Repair(say("identity outputs"), {"output_activation": "identity"}),
        likelihood=0.7 if share[l] == 1 else 0.5,
    )


def vanishing_gradient(evidence: Evidence) -> Finding | None:
    """Vanishing gradient: ∂E/∂o at the first layer against the output, at the end of training."""
    return _gradient_ratio(evidence, vanishing=True)


def exploding_gradient(evidence: Evidence) -> Finding | None:
    """Exploding gradient: ∂E/∂o at the first layer against the output, at the end of training."""
    return _gradient_ratio(evidence, vanishing=False)


def _gradient_ratio(evidence: Evidence, vanishing: bool) -> Finding | None:
    seen, net = evidence.watched, evidence.setup.network
    if not seen.short or seen.divergence or seen.end is None or len(net.weights) < 3:
        return None
    sent, hidden = seen.end.sent, net.activations[:-1]
    ratio = float(sent[0] / sent[-1]) if sent[-1] > 0 else math.nan
    if not (ratio < FADED if vanishing else ratio > GROWN):
        return None
    l = int((sent[:-1] / sent[-1] < FADED).nonzero()[0].max()) if vanishing else int(sent.argmax())
    name = max(hidden, key=hidden.count)
    return finding(
        "At the end an error of 1 at the output arrives at the first layer as {ratio}, through {n} {name} layers: "
        "the first {fate}.",
        ratio=number(ratio, 2), n=len(hidden), name=name,
        fate=say("hardly learn any more" if vanishing else "take far too large steps while the last hardly change"),
        evidence={"ratio": ratio, "hidden_layers": len(hidden)}, where=Where(layer=l, epoch=len(seen.loss) - 1),
        repair=Repair(say("selu, which keeps mean and variance"), {"hidden_activation": "selu", "init": None})
        if vanishing else Repair(say("clip the gradient to length 1"), {"max_grad_norm": 1.0}),
        likelihood=0.5,
    )  # fmt: skip


def damaged_weights(evidence: Evidence) -> Finding | None:
    """A saved network scores less than a new training with its settings."""
    seen = evidence.watched
    if not seen.settings_suffice or seen.retrained is None:
        return None
    saved, retrained = seen.trainings[0].score, seen.retrained.score
    return finding(
        "As saved it scores {saved}; trained again with its own settings on these rows, {retrained}. The fault "
        "is in the weights, or in rows that they were not trained for, not in the settings.",
        saved=saved,
        retrained=retrained,
        evidence={"saved": saved, "retrained": retrained, "guess": seen.holdout.guess},
        repair=Repair(say("train it again with the same settings"), {"seed": evidence.setup.seed + 1}),
    )
