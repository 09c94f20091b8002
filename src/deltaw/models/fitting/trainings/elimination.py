"""Backward elimination of columns by short trainings (wrapper feature selection: Kohavi & John 1997, "Wrappers for
feature subset selection", Artificial Intelligence 97).

A tree never splits on an uninformative column; a network fits its noise, and loses most by it where the signal is hard
to find: interactions of thresholds, products. No statistic of one column shows what it adds to all others, so networks
tell (`ablation.py`): one for each fold, trained for a quarter of the epochs (28 at most). A single training tells
itself, after its first cycles (`midway.py`).
"""

from __future__ import annotations

from dataclasses import replace

from deltaw.engines import ranks
from deltaw.exceptions import SettingError
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.ablation import Ablation, Asked, columns_of
from deltaw.models.fitting.trainings.across_folds import chosen_epochs
from deltaw.models.fitting.trainings.packed import trained_pack

# Measured: benchmarks/notes/recipe.md.
SHARE, FEWEST = 1 / 4, 3  # of the epochs; with an eighth, products of four columns are missed
MOST = 28  # epochs: a quarter of what the recipes train, whatever is asked for


def eliminated(plan: Plan) -> tuple[str, ...]:
    """Names of the eliminated columns; () if the trainings cannot tell, or if there are blocks.

    Args:
        plan: with folds, each with test rows.

    Raises:
        KeyboardInterrupt: on Ctrl-C.
    """
    columns = columns_of(plan)
    assert plan.recipe.epochs is not None
    epochs = min(MOST, round(SHARE * plan.recipe.epochs))
    if not columns or epochs < FEWEST:
        return ()
    short = replace(plan.recipe, epochs=epochs, patience=None, networks=len(plan.folds))
    with ranks.alone():
        try:
            runs = trained_pack(replace(plan, recipe=short), None)
        except SettingError:  # all diverge: the training itself reports that
            return ()
        if any(run.learning.ended == "interrupted" for run in runs):
            raise KeyboardInterrupt
        asked = [
            Asked(run.after(epoch), run.plan.test)
            for run, epoch in zip(runs, chosen_epochs(plan, runs)[0], strict=True)
            if run.plan.test is not None
        ]
        found = Ablation(plan, asked, [place for _, place in columns]).eliminated()
    return tuple(columns[k][0] for k in found)
