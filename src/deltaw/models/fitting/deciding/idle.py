"""Settings that were given and change nothing in this training, as a table; a note names each, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from deltaw.equations.losses import loss
from deltaw.models.recipes import Recipe
from deltaw.speech import say


class Use(NamedTuple):
    """What decides whether a setting is of use.

    Attributes:
        recipe: as it was decided.
        numbers: whether numbers are predicted, not classes.
        chosen: whether held-out rows choose the epoch to end with.
        finishes: whether `finish` is followed; see `Plan.finishes`.
    """

    recipe: Recipe
    numbers: bool
    chosen: bool
    finishes: bool


# What a setting needs, and whether it is there.
Need = tuple[str, Callable[[Use], bool]]
_HIDDEN: Need = ("there are no hidden layers", lambda use: bool(use.recipe.hidden))
_NUMBERS: Need = ("classes are predicted, not numbers", lambda use: use.numbers)
_RANGE: Need = (
    'only the targets "one_hot" and "range" have it',
    lambda use: use.recipe.targets in ("one_hot", "range"),
)
_CHOSEN: Need = ("no held-out rows choose the epoch to end with", lambda use: use.chosen)


def _of_shares(recipe: Recipe) -> bool:
    """Whether an output is a yes or no of its own; see `equations.losses.smooth`."""
    return loss(recipe.loss).kind == "binary_cross_entropy"


NEEDS: dict[str, tuple[Need, ...]] = {
    "activation": (_HIDDEN,),
    "target_low": (_RANGE,),
    "target_high": (_RANGE,),
    "clamp": (_NUMBERS,),
    "from_line": (_NUMBERS, ("init is given", lambda use: use.recipe.init is None)),
    "label_smoothing": (("a single number is predicted", lambda use: not use.numbers or _of_shares(use.recipe)),),
    "dropout": (_HIDDEN,),
    "dropout_schedule": (_HIDDEN, ("dropout is 0", lambda use: bool(use.recipe.dropout))),
    "keep": (_CHOSEN,),
    "patience": (_CHOSEN,),
    "finish": (("no held-out rows are left to go on with", lambda use: use.finishes),),
    "bin_rows": (('only the scaling "piecewise" has bins', lambda use: use.recipe.scaling == "piecewise"),),
}


def idle(use: Use, given: Iterable[str], usual: Recipe) -> Iterator[str]:
    """A note on each given setting without effect; none where its value is the usual one.

    Args:
        use: of this training.
        given: names of the settings that the caller gave.
        usual: the recipe as it would be without them.
    """
    for name in given:
        missing = (reason for reason, met in NEEDS.get(name, ()) if not met(use))
        if getattr(use.recipe, name) != getattr(usual, name) and (reason := next(missing, None)):
            yield say("{name} changes nothing here: {reason}", name=name, reason=say(reason))
