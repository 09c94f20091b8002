"""Rules about divergence, the learning rate, gradient clipping, the batch size and the number of epochs.

See `internals` for when they apply.
"""

from __future__ import annotations

import math

import numpy as np

from deltaw.doctor.evidence.during import During
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.equations.optimizers import Momentum, optimizer
from deltaw.numbers import number
from deltaw.speech import say
from deltaw.training import EarlyStopping

GAIN = 0.05  # gain in skill by another rate, beyond the noise of another seed
SLOPE = 0.01  # relative decrease of E over the last tenth of the epochs from which it is still falling
CLIPPED = 100.0  # ratio of the gradient's length to its limit
FLUCTUATION = 0.02  # standard deviation of the changes of E from epoch to epoch, relative to E
FEWEST_STEPS = 200
FEWEST_AN_EPOCH, BATCH = 5, 32  # steps; batches for more of them
PATIENT = 20  # epochs


def diverged(evidence: Evidence) -> Finding | None:
    """NaN or infinity during training: the first tensor, and the step."""
    seen = evidence.watched
    if (broken := seen.divergence) is None:
        return None
    layer = "" if broken.where.layer is None else say(" of layer {layer}", layer=broken.where.layer + 1)
    return finding(
        "{tensor}{layer} is the first to overflow float32 (3.4e38) or to be NaN, in {place}; the largest "
        "|z| of that step is {largest}. From then on nothing is learnt.",
        tensor=broken.tensor,
        layer=layer,
        place=say("step {step}", step=(broken.where.step or 0) + 1),
        largest=broken.largest,
        evidence={"tensor": broken.tensor, "step": broken.where.step, "largest_z": broken.largest},
        where=broken.where,
        repair=Repair(say("clip the gradient to length 1"), {"max_grad_norm": 1.0}),
    )


def learning_rate_too_high(evidence: Evidence) -> Finding | None:
    """A lower learning rate is markedly better in the sweep."""
    found = _better_rate(evidence, lower=True)
    if found is None:
        return None
    seen, best, gain = found
    sweep = seen.sweep
    assert sweep is not None
    used, error = sweep.used, sweep.errors[sweep.at(sweep.used)]
    beyond = sweep.bound is not None and used > sweep.bound
    bound = ""
    if sweep.bound is not None and sweep.curvature is not None:
        bound = say(
            " E's largest curvature at the start is {curvature}: steps are stable for α < {bound}, and α is {over}.",
            curvature=number(sweep.curvature, 3),
            bound=number(sweep.bound, 3),
            over=say("above" if beyond else "below"),
        )
    result = f"E = {number(float(error), 3)}" if np.isfinite(error) else say("E NaN or ∞")
    return finding(
        "α = {used} ends with {fate}; α = {best} with E = {error}; at the start E = {start}.{bound}",
        used=number(used),
        fate=result,
        best=number(best),
        error=sweep.errors[sweep.at(best)],
        start=sweep.start,
        bound=bound,
        evidence={
            "learning_rate": used,
            "better_learning_rate": best,
            "gain": gain,
            "bound": sweep.bound,
            "stable": sweep.stable,
        },
        repair=Repair(f"α = {number(best)}", {"learning_rate": best}),
        likelihood=0.8 if beyond else 0.5,
    )


def learning_rate_too_low(evidence: Evidence) -> Finding | None:
    """A higher learning rate is markedly better in the sweep."""
    found = _better_rate(evidence, lower=False)
    if found is None:
        return None
    seen, best, gain = found
    sweep, look = seen.sweep, seen.looks[-1]
    assert sweep is not None
    ratio = float(np.median(look.update / np.maximum(look.weight, 1e-30)))  # NaN if the last step is not known
    relative = (
        ""
        if math.isnan(ratio)
        else say(" A step changes a layer's weights by {ratio} of their length.", ratio=number(ratio, 2))
    )
    return finding(
        "In {batch_steps} steps α = {used} brings E from {start} to {error}, α = {best} to {least}.{strides}",
        batch_steps=seen.trainings[0].history.batch_steps,
        used=number(sweep.used),
        start=sweep.start,
        error=sweep.errors[sweep.at(sweep.used)],
        best=number(best),
        least=sweep.errors[sweep.at(best)],
        strides=relative,
        evidence={"learning_rate": sweep.used, "better_learning_rate": best, "gain": gain, "update_to_weight": ratio},
        repair=Repair(f"α = {number(best)}", {"learning_rate": best}),
        likelihood=0.45 if ratio < 1e-3 else 0.35,
    )


def _better_rate(evidence: Evidence, lower: bool) -> tuple[During, float, float] | None:
    """(the training, a better rate, its gain in skill)."""
    seen = evidence.watched
    sweep = seen.sweep
    if sweep is None or sweep.used <= 0 or not np.isfinite(sweep.errors).any() or (sweep.best < sweep.used) != lower:
        return None
    gain = seen.holdout.skill(float(sweep.scores.max())) - seen.holdout.skill(float(sweep.scores[sweep.at(sweep.used)]))
    lower_error = sweep.errors[sweep.at(sweep.best)] < sweep.errors[sweep.at(sweep.used)]
    if gain < max(GAIN, seen.noise) or not lower_error:
        return None
    return seen, sweep.best, gain


def excessive_gradient_clipping(evidence: Evidence) -> Finding | None:
    """Gradient clipping that leaves hardly any step."""
    seen, limit = evidence.watched, evidence.setup.max_grad_norm
    if not seen.short or limit is None or seen.start is None:
        return None
    length = float(np.linalg.norm(seen.start.gradient))
    if not length > CLIPPED * limit:
        return None
    return finding(
        "At the start ‖∂E/∂W‖ is {length}, and max_grad_norm = {longest} makes it {times} times "
        "shorter: steps are as much shorter than α = {learning_rate} says.",
        length=length,
        longest=number(limit),
        times=length / limit,
        learning_rate=number(evidence.setup.learning_rate),
        evidence={"gradient": length, "max_grad_norm": limit},
        where=Where(step=0),
        repair=Repair(say("clip the gradient only where it is longer than 1"), {"max_grad_norm": 1.0}),
    )


def too_few_epochs(evidence: Evidence) -> Finding | None:
    """E is still falling when training ends."""
    seen, setup = evidence.watched, evidence.setup
    E = seen.loss
    if not seen.short or seen.divergence or seen.completed < 1.0 or not len(E):
        return None
    steps = seen.trainings[0].history.batch_steps
    tenth = max(1, len(E) // 10)
    fall = float(1 - E[-tenth:].mean() / E[-2 * tenth : -tenth].mean()) if len(E) > 2 * tenth else math.nan
    if not (fall > SLOPE or steps < FEWEST_STEPS):
        return None
    more = max(10, math.ceil(1000 / max(1, steps)))
    repair = Repair(say("{more} times as many epochs", more=more), {"epochs": setup.epochs * more})
    if steps < FEWEST_AN_EPOCH * len(E) and setup.batch_size > BATCH:  # as many passes over the rows, in smaller steps
        repair = Repair(say("batches of {rows}", rows=BATCH), {"batch_size": BATCH})
    falling = "" if math.isnan(fall) else say("; E fell by {fall:.1%} in the last tenth of the epochs", fall=fall)
    return finding(
        "Training has {steps} steps in all, {steps_an_epoch} in an epoch{falling}.",
        falling=falling,
        steps=steps,
        steps_an_epoch=steps // len(E),
        evidence={"decrease": fall, "steps": steps},
        where=Where(epoch=len(E) - 1),
        repair=repair,
        likelihood=0.5 if steps < FEWEST_STEPS else 0.3,
    )


def stopped_too_early(evidence: Evidence) -> Finding | None:
    """Early stopping that ended training in its first half."""
    seen, setup = evidence.watched, evidence.setup
    history = seen.trainings[0].history
    given = setup.early_stopping
    patience = given.patience if isinstance(given, EarlyStopping) else given
    if not seen.short or history.ended != "early stopping" or patience is None or 2 * len(history) > seen.setup.epochs:
        return None
    longer = max(PATIENT, 10 * patience, setup.epochs // 2)
    return finding(
        "Early stopping ended training after {share:.1%} of the epochs: its patience is {patience}, and E on the "
        "validation rows did not fall for so long.",
        share=len(history) / seen.setup.epochs,
        patience=patience,
        evidence={"epochs": len(history), "patience": patience},
        where=Where(epoch=len(history) - 1),
        repair=Repair(say("a patience of {epochs} epochs", epochs=longer), {"early_stopping": longer}),
    )


def noisy_gradient(evidence: Evidence) -> Finding | None:
    """E fluctuates and decreases no further: small batches, large steps."""
    seen, setup = evidence.watched, evidence.setup
    E = seen.loss[len(seen.loss) // 2 :]
    if not seen.short or seen.divergence or len(E) < 5 or seen.setup.batch_size >= len(seen.setup.T) / 2:
        return None
    fluctuation, rises = float(np.std(np.diff(E)) / max(E.mean(), 1e-30)), float(np.mean(np.diff(E) > 0))
    if fluctuation < FLUCTUATION or not 0.25 < rises < 0.75:
        return None
    method = optimizer(setup.optimizer)
    momentum = method.momentum if isinstance(method, Momentum) else 0.0
    stride = (
        say(
            " With momentum μ = {momentum} the steps of one gradient add up to α/(1 − μ) = {learning_rate}.",
            momentum=number(momentum),
            learning_rate=number(setup.learning_rate / (1 - momentum), 3),
        )
        if momentum
        else ""
    )
    larger = max(32, 4 * setup.batch_size)
    return finding(
        "In the second half of the epochs E rises in {rises:.0%} and changes by {rough:.1%} of itself from one to "
        "the next: each step follows the gradient of {rows}.{stride}",
        rises=rises,
        rough=fluctuation,
        rows=say("{n} rows" if setup.batch_size > 1 else "{n} row", n=setup.batch_size),
        stride=stride,
        evidence={"fluctuation": fluctuation, "rises": rises, "batch_size": setup.batch_size, "momentum": momentum},
        repair=Repair(say("batches of {rows}", rows=larger), {"batch_size": larger}),
        likelihood=0.65,
    )
