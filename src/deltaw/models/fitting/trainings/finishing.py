"""After a training whose best weights some rows have chosen: a few epochs on all rows, these too.

The epoch is chosen, so that they need not be kept apart any longer: a fifth of the rows is worth more than anything
else that as much time can be spent on (docs/explanations/recipe.md). No rows are left to say when to end; at a fifth of
the rate, which falls to 0, the network stays near to the weights that they chose.
"""

from __future__ import annotations

from dataclasses import replace

from deltaw.models.fitting.trainings.crossing import joined
from deltaw.models.fitting.trainings.following import Trained, trained
from deltaw.models.fitting.trainings.judge import ScoredEpoch
from deltaw.models.fitting.trainings.packed import packed
from deltaw.models.fitting.trainings.watching import Heard
from deltaw.models.rows.parts import both
from deltaw.training.checkpoints import Checkpoints

RATE = 0.2  # of the recipe's learning rate
SCHEDULE = "cosine"


def finished(best: Trained, told: Heard, checkpoints: Checkpoints | None = None) -> Trained:
    """What the recipe's `finish` makes of a training; one that is broken off stays what it was.

    Args:
        best: with the weights that the validation rows chose; of several networks, each its own.
        told: of each epoch, whose numbers go on.
        checkpoints: of the run, whose first trainings those were.
    """
    plan, recipe = best.plan, best.plan.recipe
    if not plan.finishes or best.broken_off or plan.validation is None:
        return best
    assert recipe.epochs is not None
    assert recipe.learning_rate is not None
    assert recipe.finish is not None
    made = len(best.learning)
    # A mean of several that ended early has little left to gain: docs/explanations/recipe.md.
    epochs = max(1, round(recipe.finish * (made if best.others else recipe.epochs)))
    less = replace(recipe, epochs=epochs, learning_rate=RATE * recipe.learning_rate, schedule=SCHEDULE, from_line=False)
    rows = both(plan.training, plan.validation)

    def further(epoch: ScoredEpoch) -> bool:
        return told is not None and told(replace(epoch, number=epoch.number + made, epochs=epoch.epochs + made))

    heard = None if told is None else further
    # Its number says where it began: a run that goes on to more epochs than before begins it anew.
    own = replace(plan, recipe=less, network=best.network, training=rows, validation=None, test=None)
    if best.others:
        number = made * recipe.ensemble_size
        after = joined(own, packed(own, heard, checkpoints, (best.network, *best.others), number))
    else:
        after = trained(own, heard, checkpoints=checkpoints, number=made)
    if after.broken_off:
        return replace(best, learning=replace(best.learning, ended=after.learning.ended))
    steps = best.learning.batch_steps + after.learning.batch_steps
    learning = replace(best.learning, finish=len(after.learning), batch_steps=steps)
    return replace(best, network=after.network, others=after.others, learning=learning)
