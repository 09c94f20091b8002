"""Settings of a recipe that depend on the data: on the numbers of training rows, inputs and classes, and on whether
the inputs are pixels.

All are measured: docs/explanations/recipe.md says on which tables, benchmarks/notes/recipe.md what else was tried.
"""

from __future__ import annotations

import math
from typing import Any

# Rows.
FEW_ROWS = 150  # below: much overfitting, and training takes no time
ALONE = 2_000  # from here on a second network is not worth its time, unless there are many classes
JUDGED_ROWS = 8_000  # from here on the held-out rows are enough to tell whether a cycle brought an improvement
LARGE_ROWS = 10_000  # from here on overfitting is no problem: label smoothing and dropout only slow learning down
MANY_ROWS = 50_000  # from here on the validation rows are not missed in training
PLENTY_ROWS = 800_000  # from here on batches can be four times as large (threads wait for each other once a batch)
OF_A_CLASS = 40  # of each class: from here on, hidden units are too few rather than overfitting, so none is dropped
ENOUGH_STEPS = 6_000_000  # seen in all epochs: enough for a large table

# Whether few rows are mostly noise, or a curve that every row confirms, nothing shows beforehand; what suits the one
# ruins the other. So the folds try both.
FREE_DROPOUT, FREE_DECAY, FREE_BIN_ROWS = 0.1, 0.3, 8
CLEARLY = 0.1  # the share by which held-out rows have to be predicted better for that; of squares twice as much

OF_THE_RAREST = 1 / 8  # of its share: the most that label smoothing gives each class, so that a rare one stays rare
MANY_CLASSES = 4  # boosted trees grow a tree for each class, a network learns all at once: there is time for more
# `patience`: ends after the learning rate's third cycle if it brought nothing: the fourth takes as long as all three.
# `finish`: for longer if the last cycle still brought much.
WAVES = "waves"


def _notes_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    return {"hidden": (200,) if image else (100,)}


def _default_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """The default recipe.

    - Batches of a 32nd of the rows, so that small tables too make a thousand steps; at most 128 rows, so that large
      tables make enough, and more only for very many rows.
    - Epochs: fewer for more rows, twice as many for many classes.
    - The learning rate falls with the root of the number of inputs, whose changes add up in z. For many rows, and many
      classes of a large table, it is larger; for many rows it falls once instead of in cycles, and with the largest
      batches it is larger by the root of their size.
    - Weight decay and dropout fall with the number of rows, as the weight of a prior does with more data. Below 150
      rows, where few or no held-out rows end the training, there is more of both, in more steps, and a smooth
      activation. No dropout for large tables, and if many classes share the units and have rows enough.
    - Label smoothing except for large tables, of which probabilities can be learnt as they are.
    - Validation rows are trained on after that (`finish`), unless they are few.
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
        "optimizer": _adamw(decay),
        "dropout": 0.15 if image else 0.0 if large or shared else float(f"{thin:.2g}"),
        "finish": 0.0 if image or many else 0.2,
        "patience": WAVES if rows >= JUDGED_ROWS and not image else None,
        "networks": 1,
    }


def _adamw(decay: float) -> str:
    return f"adamw(beta1=0.9, beta2=0.95, weight_decay={decay:.2g}, decay_schedule='flat_cosine')"


def freer(rows: int, image: bool) -> dict[str, Any]:
    """What the folds try instead of the default recipe's strong regularisation of few rows; {} for more rows."""
    if image or rows >= FEW_ROWS:
        return {}
    return {"dropout": FREE_DROPOUT, "optimizer": _adamw(FREE_DECAY), "bin_rows": FREE_BIN_ROWS}


def ensemble(rows: int, image: bool, classes: int, epochs: int) -> dict[str, Any]:
    """`networks` and their epochs, if validation rows choose the weights: two networks for few rows, or many classes.

    A mean of two networks overfits less than one. Unless there are many classes, each gets fewer epochs; below FEW_ROWS
    fewer epochs would cost more than the second network is worth.
    """
    longer = classes >= MANY_CLASSES
    if image or not FEW_ROWS <= rows < (MANY_ROWS if longer else ALONE):
        return {"networks": 1}
    return {"networks": 2, "epochs": epochs if longer else max(8, round(0.6 * epochs))}


def smoothing(share: float, classes: int, rarest: float) -> float:
    """Label smoothing: `share`, or less if a class is rare, by the share of the rarest."""
    return float(f"{min(share, OF_THE_RAREST * classes * rarest):.2g}") if classes else share


def doubled(networks: int, rows: int) -> int:
    """Number of networks of an ensemble: for few rows twice as many, of which two share a held-out part."""
    return 2 * networks if rows < ALONE else networks


def _power(x: float) -> int:
    """The largest power of two up to x, 2 at least."""
    return 1 << int(math.log2(max(x, 2.0)))


def _quick_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """The default recipe in a fifth of the epochs (from FEW_ROWS on): with smaller batches, so that there are steps
    enough, and, for tables, another learning rate.
    """
    found = _default_by_data(rows, inputs, image, classes)
    if rows < FEW_ROWS and not image:
        return found
    faster = {} if image else {"learning_rate": float(f"{0.02 * min(1.0, rows / 256):.2g}")}
    fewer = {"epochs": max(4, round(found["epochs"] / 5)), "batch_size": min(256, found["batch_size"])}
    return found | faster | fewer | {"patience": None}


def _accurate_by_data(rows: int, inputs: int, image: bool, classes: int) -> dict[str, Any]:
    """The default recipe without early stopping: the mean of several networks makes up for overfitting. A row is held
    out from few of them, so that it is worth learning from in the end only where there is more to learn.
    """
    found = _default_by_data(rows, inputs, image, classes)
    return found | {"patience": None, "finish": WAVES if found["finish"] else 0.0}


BY_DATA = {
    "notes": _notes_by_data,
    "default": _default_by_data,
    "quick": _quick_by_data,
    "accurate": _accurate_by_data,
}
