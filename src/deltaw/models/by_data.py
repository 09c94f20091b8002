"""What of a recipe depends on the data: how many rows there are to train on, how many inputs and classes, and whether
the inputs are pixels.

All of it is measured: docs/explanations/recipe.md says on which tables, benchmarks/notes/recipe.md what else was tried.
"""

from __future__ import annotations

import math
from typing import Any

FEW_ROWS = 150  # fewer: what they say is partly chance, and time is no matter
LARGE_ROWS = 10_000  # by which chance is outvoted: shy answers and shut units only slow what is to be learnt
MANY_ROWS = 50_000  # of which those that choose the weights are no loss, and none says too much of itself
PLENTY_ROWS = 800_000  # of which batches four times as large make steps enough, between which two threads meet
ENOUGH_STEPS = 6_000_000  # rows that are looked at, in all epochs, by which a large table is learnt
ALONE = 2_000  # from so many on a second network is not worth its time, unless there are many classes
MANY_CLASSES = 4  # trees are grown for each class, a network learns all at once: there is time for more
WAVES = "waves"  # ends a training after the rate's third wave, if that brought nothing: the fourth is as long as all
JUDGED_ROWS = 8_000  # from so many on those held out beside them tell that
OF_A_CLASS = 40  # rows that it has: from so many on, units that all classes share are needed more than they overfit


def _notes_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    return {"hidden": (200,) if image else (100,)}


def _default_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """Batches of a 32nd of the rows, so that small tables too make a thousand steps. Fewer epochs for more rows, which
    say more in each; twice as many for many classes. A rate that falls with the root of the inputs: as many steps in
    one direction add up in z. Decay and dropout fall with the rows, as the weight of a fixed prior does beside more
    data; below 150 rows, where few or none say when it is enough, there is more of both, in more steps, and no kink in
    the activation. Where many classes share the units, and there are rows enough of each, nothing is dropped. Rows that
    chose the weights are learnt from in the end, unless they are few beside the others. Of large tables the shares of
    their answers are what is to be learnt, so no target is smoothed, and many classes take longer steps; batches larger
    than 128 would leave them too few. Of many rows a larger rate that falls once goes farther than one in waves; where
    there are steps enough for larger batches, it grows with their root.
    """
    plenty, many, large = (rows >= least and not image for least in (PLENTY_ROWS, MANY_ROWS, LARGE_ROWS))
    few = 1.0 if image else max(1.0, (FEW_ROWS / rows) ** 2)
    shared = classes >= MANY_CLASSES and rows >= OF_A_CLASS * classes
    decay, thin = min(max(100 / rows * few, 0.02), 5.0), min(0.15 * min(1.0, 1_500 / rows) * few, 0.5)
    enough, of_rows, least = (10_000, 16, 16) if image else (2_000, 32, min(16, _power(rows / 8)))
    far = many or (large and classes >= MANY_CLASSES)
    rate = (0.016 if far else 0.012) * min(1.0, (32 / inputs) ** 0.5) * min(1.0, rows / 256)
    most, rate = (1024, 2 * rate) if plenty else (256 if many or image else 128, rate)
    least_epochs = min(12, max(5, round(ENOUGH_STEPS / rows)))
    epochs = max(least_epochs, round((64 if image else 56) * min(1.0, (enough / rows) ** 0.5)))
    return {
        "hidden": (256, 128) if image else (64, 64),
        "activation": "selu" if few == 1.0 else "mish",
        "batch_size": min(most, max(least, _power(rows / of_rows + 1))),
        "epochs": epochs if image or classes < MANY_CLASSES else 2 * epochs,
        "learning_rate": float(f"{rate:.2g}"),
        "schedule": "cosine" if many else "coslog",
        "label_smoothing": 0.0 if large else 0.05,
        "optimizer": f"adamw(beta1=0.9, beta2=0.95, weight_decay={decay:.2g}, decay_schedule='flat_cosine')",
        "dropout": 0.15 if image else 0.0 if large or shared else float(f"{thin:.2g}"),
        "finish": 0.0 if image or many else 0.2,
        "patience": WAVES if rows >= JUDGED_ROWS and not image else None,
        "networks": 1,
    }


def ensemble(rows: int, image: bool, classes: int, epochs: int) -> dict[str, Any]:
    """How many networks answer where rows that are held out choose the weights of what is kept, and how long each
    learns: of few rows, or of many classes, two.

    What one network makes of few rows is partly chance, and a mean of two is less so; unless there are many classes
    each learns for less long then. Of fewer rows than FEW_ROWS less time costs more than the second is worth.
    """
    longer = classes >= MANY_CLASSES
    if image or not FEW_ROWS <= rows < (MANY_ROWS if longer else ALONE):
        return {"networks": 1}
    return {"networks": 2, "epochs": epochs if longer else max(8, round(0.6 * epochs))}


def doubled(networks: int, rows: int) -> int:
    """How many networks of a pack there are where so many are asked for: of few rows twice as many, two with the same
    part held out. What one makes of few rows is partly chance, and there is time.
    """
    return 2 * networks if rows < ALONE else networks


def _power(x: float) -> int:
    """The largest power of two up to x, 2 at least."""
    return 1 << int(math.log2(max(x, 2.0)))


def _quick_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """As the default recipe, from FEW_ROWS on in a fifth of the epochs, which leave too few steps for the largest
    batches, and for tables at a rate that gets as far.
    """
    found = _default_by_data(rows, inputs, image, classes)
    if rows < FEW_ROWS and not image:
        return found
    faster = {} if image else {"learning_rate": float(f"{0.02 * min(1.0, rows / 256):.2g}")}
    fewer = {"epochs": max(4, round(found["epochs"] / 5)), "batch_size": min(256, found["batch_size"])}
    return found | faster | fewer | {"patience": None}


def _accurate_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """As the default recipe, but that each of several networks goes to its end: their mean makes up for it."""
    return _default_by_data(rows, inputs, image, classes) | {"patience": None}


BY_DATA = {
    "notes": _notes_by_data,
    "default": _default_by_data,
    "quick": _quick_by_data,
    "accurate": _accurate_by_data,
}
