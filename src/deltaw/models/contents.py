"""The parts of a model, as plain data: `storage` reads and writes them, `model` uses them on tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from deltaw import plots
from deltaw.forks import refuse_after_fork
from deltaw.models.recipes import Recipe
from deltaw.models.scoring.scores import Baseline, Scores
from deltaw.network import Network
from deltaw.numbers import amount, number
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.category import Category
from deltaw.preparation.fitting import ELIMINATED
from deltaw.speech import say
from deltaw.tables.cells import are_words_alone, would_be_respelt
from deltaw.tables.missing import MISSING
from deltaw.tables.notations import Decimals
from deltaw.tables.reading.answers import with_classes
from deltaw.tables.reading.source import Reading
from deltaw.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(repr=False)
class Learning(History):
    """`deltaw.History`, with the score on held-out rows and what was done after the last epoch.

    Attributes:
        score: accuracy, R² or the chosen metric on the held-out rows after each epoch; empty without such rows.
        held_out: which rows: "validation" if they chose the best weights, "test" if they did not, "" if there were
            none; "folds" if `score` and `validation_loss` are means over the cross-validation trainings, which chose
            the number of epochs of this training and may have run longer than it.
        finish: epochs on all rows that followed the best epoch; they are not in the lists.
        strength: calibration factor of the last layer's weights (an inverse temperature); see the recipe's `calibrate`.
        beyond_line: weight of the network against the linear model that it started from, 0 to 1; see `from_line`.
    """

    score: list[float] = field(default_factory=list)
    held_out: str = ""
    finish: int = 0
    strength: float = 1.0
    beyond_line: float = 1.0

    def plot(self) -> Figure:
        held_out = say(f"{self.held_out} rows") if self.held_out in ("validation", "test") else say("held-out rows")
        return plots.learning_curves(
            self.loss, self.validation_loss or None, held_out=held_out, score=self.score or None, best=self.best_epoch
        )

    def _curves(self) -> dict[str, list[float]]:
        return super()._curves() | {"score": self.score}

    def _said(self) -> list[str]:
        followed = say("then {epochs} on all rows", epochs=amount(self.finish, "epoch"))
        stretched = say("logits scaled by {strength}", strength=number(self.strength, 3))
        leant = say("{share:.0%} of the difference from the linear model kept", share=self.beyond_line)
        more = [*([followed] if self.finish else []), *([stretched] if self.strength != 1.0 else [])]
        more += [leant] if self.beyond_line != 1.0 else []
        return [*super()._said(), *more]


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes:
        source: name of the training table.
        training_rows, validation_rows, test_rows: number of rows for training, early stopping and scores.
        seed, engine: as they were given.
        test_size: share of the rows held out for the scores; None if it was not given.
        versions: of DeltaW, Python and NumPy.
        folds: number of cross-validation folds; 0: none.
        group, time: columns that the division into folds respected.
        test, validation: names of the tables that were given for these.
    """

    source: str
    training_rows: int
    validation_rows: int
    test_rows: int
    seed: int
    test_size: float | None
    engine: str
    versions: dict[str, str]
    folds: int = 0
    group: str | None = None
    time: str | None = None
    test: str | None = None
    validation: str | None = None

    def scored(self, rows: int) -> str:
        """A sentence: how `rows` rows were scored."""
        if self.test_rows or not self.folds:
            return say("{rows:,} rows that were never trained on", rows=rows)
        if self.folds == 1:
            first = "{rows:,} rows held out from a first training; the saved network was then trained on all rows"
            return say(first, rows=rows)
        every = say("each of {n:,} later rows" if self.time else "each of {n:,} rows", n=rows)
        return say(
            "{n}-fold cross-validation: {every} predicted by a network that had not seen it", n=self.folds, every=every
        )


@dataclass(frozen=True)
class Member:
    """How one network of an ensemble was trained, if each had its own settings.

    Attributes:
        settings: settings of the recipe that differ from the first network's.
        part: which part of the rows was held out from it, from 1; 0: the same rows as from all others.
        epoch: after which it was taken, from 1.
        seed: of its initial weights and order of rows.
    """

    settings: dict[str, Any]
    part: int
    epoch: int
    seed: int


@dataclass(frozen=True, repr=False, eq=False)
class Contents:
    """All that a model file holds; see `Model` for the attributes."""

    network: Network
    preparation: Preparation
    target: Target
    recipe: Recipe
    baseline: Baseline
    history: Learning
    scores: Scores | None
    origin: Origin
    missing: tuple[str, ...] = MISSING
    others: tuple[Network, ...] = ()
    ways: tuple[Member, ...] = ()
    decimals: Decimals = field(default_factory=dict)

    @property
    def members(self) -> tuple[Network, ...]:
        """All networks of the ensemble, or the single one."""
        return (self.network, *self.others)


def recipe_of(model: Contents, number: int) -> Recipe:
    """The `Recipe` of network `number`, counted from 1. Raises SettingError for settings that are not allowed."""
    own = model.ways[number - 1].settings if model.ways else {}
    return Recipe.from_document(model.recipe.document() | own) if own else model.recipe


def described_networks(model: Contents) -> str:
    """ "4 → 64 selu → 3 softmax: 515 parameters", or "4 networks, 4 → 64 …: 2,060 parameters in all"."""
    count = sum(network.parameter_count for network in model.members)
    if not model.others:
        return say("{network}: {n:,} parameters", network=model.network.summary(), n=count)
    kinds = list(dict.fromkeys(network.summary() for network in model.members))
    shown = {"networks": len(model.members), "kind": say("; ").join(kinds), "n": count}
    return say("{networks} networks, {kind}: {n:,} parameters in all", **shown)


def rows_an_epoch(model: Contents) -> int:
    """Rows per epoch, summed over the networks."""
    rows, count, folds = model.origin.training_rows, len(model.members), model.origin.folds
    return rows if count == 1 else round(rows * count * (1 - 1 / folds if folds else 1))


def picture_of(model: Contents) -> BlockOfNumbers | None:
    """The input block that holds the pixels of an image, with its `columns` and `shape`; None if there is none."""
    return next((s for s in model.preparation.steps if isinstance(s, BlockOfNumbers) and len(s.shape) == 2), None)


def words_in(model: Contents) -> frozenset[str]:
    """Columns of text in which no numbers are looked for: words that look like numbers might be misread in a few rows,
    and those that do not need not be tried.
    """
    refuse_after_fork()
    known = {step.column: step.known for step in model.preparation.steps if isinstance(step, Category)}
    known |= {model.target.name: tuple(each for each in model.target.classes if isinstance(each, str))}
    return frozenset(name for name, words in known.items() if would_be_respelt(words) or are_words_alone(words))


def eliminated(model: Contents) -> list[str]:
    """The columns that were left out because held-out rows are predicted better without them."""
    return [each.column for each in model.preparation.left_out if each.reason == ELIMINATED]


def reading_of(model: Contents, how: Reading | None = None) -> Reading:
    """`how`, with the model's missing-value words, columns of words and decimal marks."""
    told = replace(how or Reading(), missing=model.missing, words=words_in(model), decimals=model.decimals)
    return with_classes(told, model.target.name, model.target.classes)
