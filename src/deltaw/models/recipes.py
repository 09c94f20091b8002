"""Recipes: every choice between a typed table and a trained network, as a row of a table.

`RECIPES[name][task]` is a `Recipe`. Fields that are None depend on the data; `sized` fills them in. A caller may set
any field by its name: `deltaw.fit(..., recipe="notes", learning_rate=0.3)`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from deltaw import notebook
from deltaw.equations.backprop import Rule
from deltaw.equations.losses import loss
from deltaw.equations.schedules import schedule
from deltaw.exceptions import SettingError
from deltaw.models import by_data
from deltaw.models.allowed import SCHEMA, checked
from deltaw.models.by_data import BY_DATA, ensemble, smoothing
from deltaw.models.scoring.metrics import NAMES
from deltaw.models.suggestions import meant
from deltaw.preparation.scales.bins import FEWEST_ROWS
from deltaw.speech import listed, say
from deltaw.tables.reading.source import WORDS
from deltaw.tables.table import nearest
from deltaw.training.stopping import EarlyStopping, Score


@dataclass(frozen=True, repr=False)
class Recipe:
    """How a network is made for a table. Words are those of `deltaw.Network` and `deltaw.train`.

    Attributes:
        name: of the recipe that the fields started from.
        scaling: how the inputs are scaled.
        screening: whether uninformative columns are left out, if most of the table's columns are.
        targets: "labels" (class numbers), "one_hot" (high for the true class, else low), "range" (numbers scaled
            linearly into [low, high]) or "standard" (numbers minus their mean, divided by their standard deviation).
        target_low, target_high: for "one_hot" and "range".
        clamp: whether answers are kept within the range of numbers seen in training.
        hidden: units of each hidden layer; none: by the data.
        activation: activation of the hidden layers; none: by the data.
        output_activation: activation of the output layer.
        loss: the error function E that training minimises. With any but cross-entropy, classes are learnt as "one_hot",
            unless `targets` says otherwise.
        optimizer: the optimiser, by name, with settings like adam(beta1=0.8).
        learning_rate: α, the factor of the gradient in each step.
        bias: whether layers have biases b.
        init: rule for the initial weights; none: chosen by the activation.
        from_line: whether a regression network starts from the best linear model of its inputs, unless `init` is given.
        schedule: how α changes during training.
        batch_size: rows per step.
        epochs: passes over the training rows.
        backward: "gradient", the chain rule, or "notes", the notes' split error.
        l2: adds ½ l2 Σ W² to E.
        dropout: share of each hidden layer's outputs that is set to 0 in a step; none: by the data.
        label_smoothing: share of every target that is spread over all classes (label smoothing).
        max_grad_norm: gradients longer than this are clipped to it.
        validation: share of the training rows held out to choose the best weights; 0 trains on all and keeps the last.
        keep: what chooses the best weights: "loss", "score" (accuracy or R²) or the name of a score.
        patience: epochs without improvement after which training ends (early stopping); "waves": it ends after a cycle
            of the schedule without improvement; none: by the data, either that or never.
        finish: epochs, as a share of `epochs`, for which the best weights are trained further on all rows, held-out
            ones included; fewer for several networks that were best early; "waves": more if the last cycle of the
            schedule was still of use, else few or none.
        dropout_schedule: how the dropout rate changes during training.
        calibrate: whether held-out rows calibrate the probabilities, or decide how far a regression network may move
            from the linear model that it started from.
        threshold: for two classes, the probability from which the second is predicted, or "best:f1": the one at which
            that score (any of predicted classes) is best on held-out rows.
        class_weight: weight of the rows of a class in training, not in scores: "balanced", or {"no": 1, "yes": 5}
        weight: the column of row weights, for training and scores; it is not an input.
        networks: how many networks are trained, each with a different part of the rows held out; the prediction is
            their mean. From eight on, two share a part. none: one or two, by the data.
        target_scale: scale of a numeric target: "log", "none", or "auto": log if the metric favours the median and
            the target is skewed.
        bin_rows: fewest training rows per bin of a number, with the scaling "piecewise".
    """

    name: str
    scaling: str
    targets: str
    activation: str | None
    output_activation: str
    loss: str
    optimizer: str | None = None
    learning_rate: float | None = None
    target_low: float = 0.01
    target_high: float = 0.99
    clamp: bool = True
    hidden: tuple[int, ...] | None = None
    bias: bool = True
    init: str | None = None
    from_line: bool = False
    screening: bool = False
    schedule: str | None = "constant"
    batch_size: int | None = None
    epochs: int | None = None
    backward: Rule = "gradient"
    l2: float = 0.0
    dropout: float | None = 0.0
    dropout_schedule: str = "constant"
    label_smoothing: float | None = 0.0
    max_grad_norm: float | None = None
    validation: float = 0.0
    keep: str = "loss"
    patience: int | str | None = None
    finish: float | str | None = 0.0
    calibrate: bool = False
    threshold: float | str | None = None
    target_scale: str = "auto"
    class_weight: str | dict[str, float] | None = None
    weight: str | None = None
    networks: int | None = 1
    bin_rows: int = FEWEST_ROWS

    @property
    def ensemble_size(self) -> int:
        """How many networks are trained; 1 while `networks` is undecided."""
        return self.networks or 1

    @property
    def metric(self) -> str | None:
        """The score that `keep` names; None for "loss" and "score"."""
        return self.keep if self.keep in NAMES else None

    def stopping(self, score: Score | None = None) -> EarlyStopping:
        """The early stopping of a decided recipe, by `score`, or by the validation loss."""
        if not isinstance(self.patience, str):
            return EarlyStopping(self.patience, score=score)
        assert self.schedule is not None
        assert self.epochs is not None
        return EarlyStopping(None, score=score, looks=schedule(self.schedule).ends(self.epochs))

    def __repr__(self) -> str:
        return f"Recipe({self.name}: {', '.join(f'{name}={value!r}' for name, value in self._decided().items())})"

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        return notebook.fragment(notebook.heading(f"recipe {self.name}"), notebook.pairs(self._decided()))

    def _decided(self) -> dict[str, Any]:
        """The settings that have a value, by name."""
        return {name: value for name, value in vars(self).items() if name != "name" and value is not None}

    def document(self) -> dict[str, Any]:
        """Plain JSON data."""
        known = asdict(self) | {"hidden": None if self.hidden is None else list(self.hidden)}
        return {key: value for key, value in known.items() if key not in FILE_DEFAULTS or value != FILE_DEFAULTS[key]}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Recipe:
        """The inverse of `document`, which must follow `SCHEMA`. Raises SettingError for a value that cannot be."""
        for key, value in document.items():
            if key != "name" and value is not None:
                checked(key, value)
        hidden = document["hidden"]
        return cls(**FILE_DEFAULTS | document | {"hidden": None if hidden is None else tuple(hidden)})


# The notes' network: sigmoids, one row at a time, and the error split back by Wᵀ.
_NOTES = Recipe(
    name="notes",
    scaling="unit",
    targets="one_hot",
    activation="sigmoid",
    output_activation="sigmoid",
    loss="squared",
    optimizer="sgd",
    learning_rate=0.1,
    clamp=False,
    bias=False,
    init="notes",
    batch_size=1,
    epochs=5,
    backward="notes",
)

# Holzmüller, Grinsztajn & Steinwart 2024, "Better by default" (RealMLP), arXiv 2407.04491: the simplified variant, with
# the bins of Gorishniy et al. 2022 for its numbers, half as wide.
_DEFAULT = Recipe(
    name="default",
    scaling="piecewise",
    targets="labels",
    activation=None,
    output_activation="softmax",
    loss="cross_entropy",
    schedule=None,
    dropout=None,
    dropout_schedule="flat_cosine",
    label_smoothing=None,
    validation=0.2,
    keep="loss",
    finish=None,
    calibrate=True,
    networks=None,
    screening=True,
)

# What differs where numbers are to be learnt.
_NUMBERS: dict[str, Any] = {
    "targets": "standard",
    "activation": "mish",
    "output_activation": "identity",
    "loss": "squared",
    "label_smoothing": 0.0,
    "from_line": True,
}
_QUICK = replace(_DEFAULT, name="quick", networks=1)
# Four networks, each with a quarter of the rows held out, need no dropout: their mean does what it is for. Of few rows
# there are two for each quarter (`by_data.doubled`).
_ACCURATE = replace(_DEFAULT, name="accurate", networks=4, dropout=0.0)

RECIPES: dict[str, dict[str, Recipe]] = {
    "default": {"classification": _DEFAULT, "regression": replace(_DEFAULT, **_NUMBERS)},
    "quick": {"classification": _QUICK, "regression": replace(_QUICK, **_NUMBERS)},
    "accurate": {"classification": _ACCURATE, "regression": replace(_ACCURATE, **_NUMBERS)},
    "notes": {"classification": _NOTES, "regression": replace(_NOTES, targets="range")},
}


def choose(name: str, task: str, settings: Mapping[str, Any]) -> Recipe:
    """The recipe `name` for a task, with the caller's settings in place of its own.

    Raises:
        SettingError: an unknown recipe or setting, an invalid value, or a loss that does not fit the targets.
    """
    check_names(name, settings)
    chosen = replace(RECIPES[name][task], **{key: checked(key, value) for key, value in settings.items()})
    row = loss(chosen.loss)
    if chosen.targets == "standard" and row.low > -math.inf:
        expected = say("loss: expected one for any number, since those to be predicted are scaled by their spread")
        raise SettingError(expected, repr(chosen.loss), "choose another, such as 'squared'")
    # Only cross-entropy takes class numbers as targets.
    numbers = chosen.targets == "labels" and "targets" not in settings and row.kind != "cross_entropy"
    return replace(chosen, targets="one_hot") if numbers else chosen


def check_names(name: str, settings: Mapping[str, Any]) -> None:
    """Raise SettingError for an unknown recipe or setting."""
    if not isinstance(name, str) or name not in RECIPES:
        near = nearest(str(name), RECIPES)
        remedy = "did you mean {near!r}?" if near else "choose one of these"
        raise SettingError("recipe: expected one of {recipes}", repr(name), remedy, recipes=listed(RECIPES), near=near)
    known = [field.name for field in fields(Recipe) if field.name != "name"]
    for key in settings:
        if key not in known:
            near = meant(key, [*known, *WORDS])
            raise SettingError(
                "expected a setting of the recipe ({known})",
                repr(key),
                "did you mean {near!r}?" if near else "choose one of these",
                known=listed(known),
                near=near,
            )


def sized(
    recipe: Recipe, rows: int, inputs: int, image: bool, classes: int, held_out: bool = False, rarest: float = 1.0
) -> Recipe:
    """The recipe with its undecided fields (None) filled in by the size of the data.

    Args:
        recipe: the recipe.
        rows: number of training rows.
        inputs: number of the network's inputs.
        image: whether the inputs are the pixels of one image.
        classes: number of classes; 0 for regression.
        held_out: whether validation rows choose the best epoch.
        rarest: share of the rarest class among the training rows.
    """
    found = BY_DATA[recipe.name](rows, inputs, image, classes)
    if "label_smoothing" in found:
        found["label_smoothing"] = smoothing(found["label_smoothing"], classes, rarest)
    if recipe.networks is None and held_out:
        found |= ensemble(rows, image, classes, found["epochs"])
    return replace(recipe, **{key: value for key, value in found.items() if getattr(recipe, key) is None})


def freer(recipe: Recipe, rows: int, image: bool, given: Collection[str]) -> Recipe:
    """A decided recipe with less regularisation, which the folds of few rows try beside it; the same where they do not.

    Args:
        recipe: the decided recipe.
        rows: number of training rows.
        image: whether the inputs are the pixels of one image.
        given: names of the settings that the caller gave; they stay.
    """
    found = {} if recipe.name == "notes" else by_data.freer(rows, image)
    kept = given if recipe.dropout else {*given, "dropout"}  # without any it stays so
    return replace(recipe, **{name: value for name, value in found.items() if name not in kept})


# Settings that a model file leaves out if they have these values.
FILE_DEFAULTS: dict[str, Any] = {
    "from_line": False,
    "screening": False,
    "finish": 0.0,
    "calibrate": False,
    "threshold": None,
    "target_scale": "none",
    "class_weight": None,
    "weight": None,
    "networks": 1,
    "bin_rows": FEWEST_ROWS,
}
FILE_SCHEMA = {f"{name}?" if name in FILE_DEFAULTS else name: kind for name, kind in SCHEMA.items()}
