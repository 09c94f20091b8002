"""Fine-tuning: after held-out rows have chosen the best weights, a few epochs on all rows, these included.

Once the epoch is chosen, these rows need not be held out, and a fifth of the rows is worth more than
anything else that takes as much time (docs/explanations/recipe.md). No held-out rows are left to end this phase; the
learning rate is a fifth and falls to 0, so that the network stays near the weights that were chosen.

Scores, calibration and threshold come from before: by answers to rows that were held out then.

`finish="waves"` asks whether there is more to learn. The schedule's last cycle takes as long as all before. If it has
lowered the loss of held-out rows markedly, it is for rows that the networks lack, and they learn from all for longer;
if not, it is noise that more training would fit, and they hardly learn any more, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from deltaw.equations.schedules import schedule
from deltaw.models.by_data import MANY_CLASSES, WAVES
from deltaw.models.fitting.trainings.across_folds import combined
from deltaw.models.fitting.trainings.epoch_scores import ScoredEpoch
from deltaw.models.fitting.trainings.listeners import Listener
from deltaw.models.fitting.trainings.one_training import Trained, trained
from deltaw.models.fitting.trainings.packed import trained_pack
from deltaw.models.rows.parts import joined_parts
from deltaw.training.checkpoints import Checkpoints

RATE = 0.2  # of the recipe's learning rate
SCHEDULE = "cosine"

# `finish="waves"`, by measurement: how much lower the last cycle has to bring the loss, and the shares of the epochs.
MARKEDLY = 0.04
LONGER, SHORT = 0.8, 0.1


def finished(
    best: Trained, listener: Listener, checkpoints: Checkpoints | None = None, best_epochs: Sequence[int | None] = ()
) -> Trained:
    """The result after fine-tuning, for as long as the recipe's `finish` says; `best` itself if that is interrupted.

    Args:
        best: with the weights that the validation rows chose; of an ensemble, each network with its own.
        listener: gets each epoch; they are numbered on from those of `best`.
        checkpoints: of the run, whose first trainings were those of `best`.
        best_epochs: of an ensemble, that of each network, counted from 0; None: the last.
    """
    plan, recipe = best.plan, best.plan.recipe
    if not plan.finishes or best.broken_off or not (share := share_of(best)):
        return best
    assert recipe.epochs is not None
    assert recipe.learning_rate is not None
    made = len(best.learning)
    # An ensemble that was best early has little left to gain, and overfits: docs/explanations/recipe.md.
    best_after = [made if epoch is None else epoch + 1 for epoch in best_epochs]
    epochs = (made * fmean(best_after)) ** 0.5 if best.others else recipe.epochs
    less = replace(
        recipe,
        epochs=max(1, round(share * epochs)),
        learning_rate=RATE * recipe.learning_rate,
        schedule=SCHEDULE,
        from_line=False,
    )
    rows = plan.training if plan.validation is None else joined_parts(plan.training.bare, plan.validation.bare)

    def further(epoch: ScoredEpoch) -> bool:
        return listener is not None and listener(replace(epoch, number=epoch.number + made, epochs=epoch.epochs + made))

    numbered_on = None if listener is None else further
    # Its number says where it started: a run that is resumed for more epochs than before starts it anew.
    own = replace(plan, recipe=less, network=best.network, training=rows, validation=None, test=None, folds=())
    if best.others:
        number = made * recipe.ensemble_size
        after = combined(own, trained_pack(own, numbered_on, checkpoints, (best.network, *best.others), number))
    else:
        after = trained(own, numbered_on, checkpoints=checkpoints, number=made)
    if after.broken_off:
        return replace(best, learning=replace(best.learning, ended=after.learning.ended))
    steps = best.learning.batch_steps + after.learning.batch_steps
    learning = replace(best.learning, finish=len(after.learning), batch_steps=steps)
    return replace(best, network=after.network, others=after.others, learning=learning)


def share_of(best: Trained) -> float:
    """The share of the epochs to fine-tune for: the recipe's `finish`, or what "waves" makes of this training."""
    recipe, losses = best.plan.recipe, best.learning.validation_loss
    if recipe.finish != WAVES:
        return float(recipe.finish or 0.0)
    assert recipe.schedule is not None
    assert recipe.epochs is not None
    end = max(schedule(recipe.schedule).ends(recipe.epochs), default=recipe.epochs)
    before, last = (min(part, default=float("inf")) for part in (losses[:end], losses[end:]))
    if last < (1.0 - MARKEDLY) * before:
        return LONGER
    return SHORT if len(best.plan.target.classes) >= MANY_CLASSES else 0.0
