"""What a model consists of, as plain data: `storage` keeps it in a file, `model` uses it on tables."""

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
from deltaw.preparation.columns.category import Category
from deltaw.speech import say
from deltaw.tables.cells import read_otherwise
from deltaw.tables.missing import MISSING
from deltaw.tables.reading.answers import with_classes
from deltaw.tables.reading.source import Reading
from deltaw.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(repr=False)
class Learning(History):
    """`deltaw.History`, and the score on the rows held out.

    Attributes:
        score: accuracy, R² or the metric that chose, after each epoch on the rows held out; empty without them.
        held_out: "validation" where the best weights were chosen by those rows, "test" where nothing was, or "";
            "folds" where `score` and `validation_loss` are means over the folds' trainings, each on its own rows held
            out, which chose the epoch after which this training ended. They go on to where those trainings ended.
        finish: how many epochs on all rows followed from the best weights on: the lists end before them.
        strength: what the weights of the last layer were multiplied by in the end; see the recipe's `calibrate`.
        beyond_line: what the distance of the answers from the best line's was multiplied by in the end, 0 to 1; see its
            `from_line`.
    """

    score: list[float] = field(default_factory=list)
    held_out: str = ""
    finish: int = 0
    strength: float = 1.0
    beyond_line: float = 1.0

    def plot(self) -> Figure:
        held_out = say(f"{self.held_out} rows") if self.held_out in ("validation", "test") else say("rows held out")
        return plots.learning_curves(
            self.loss, self.validation_loss or None, held_out=held_out, score=self.score or None, best=self.best_epoch
        )

    def _curves(self) -> dict[str, list[float]]:
        return super()._curves() | {"score": self.score}

    def _said(self) -> list[str]:
        followed = say("then {epochs} on all rows", epochs=amount(self.finish, "epoch"))
        stretched = say("answers {strength} times as strong", strength=number(self.strength, 3))
        leant = say("{share:.0%} of the way from the best line", share=self.beyond_line)
        more = [*([followed] if self.finish else []), *([stretched] if self.strength != 1.0 else [])]
        more += [leant] if self.beyond_line != 1.0 else []
        return [*super()._said(), *more]


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes:
        source: what the table was called.
        training_rows, validation_rows, test_rows: how many rows this network learnt from, how many chose its weights,
            and how many that it never saw score it.
        seed, engine: as they were given.
        test_size: the share of the rows that was set apart for the scores; None where none was.
        versions: of DeltaW, Python and NumPy.
        folds: into how many parts the rows were divided, each left out of one training on the others; 0: none.
        group, time: the columns that the division respected.
        test, validation: what the rows that were given for these were called.
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
        """How so many rows were scored, in words."""
        if self.test_rows or not self.folds:
            return say("{rows:,} rows that were never trained on", rows=rows)
        if self.folds == 1:
            first = "{rows:,} rows held out from a first training; the saved network was then trained on all rows"
            return say(first, rows=rows)
        every = say("each of {n:,} later rows" if self.time else "each of {n:,} rows", n=rows)
        return say(
            "{n}-fold cross-validation: {every} answered by a network that had not seen it", n=self.folds, every=every
        )


@dataclass(frozen=True)
class Member:
    """How one of several networks was trained, where each was trained in its own way.

    Attributes:
        settings: those of the recipe in which it differs from the first.
        part: which part of the rows was held out from it, from 1; 0: the rows that were held out from all.
        epoch: after which it was taken, from 1.
        seed: of its initial weights and orders.
    """

    settings: dict[str, Any]
    part: int
    epoch: int
    seed: int


@dataclass(frozen=True, repr=False, eq=False)
class Contents:
    """All that a model file holds; `Model` says what each part is."""

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

    @property
    def members(self) -> tuple[Network, ...]:
        """The networks whose mean answers."""
        return (self.network, *self.others)

    @property
    def words(self) -> frozenset[str]:
        """The columns of words of which some look like numbers or truth values: in a few rows all may."""
        refuse_after_fork()
        known = {step.column: step.known for step in self.preparation.steps if isinstance(step, Category)}
        known |= {self.target.name: tuple(each for each in self.target.classes if isinstance(each, str))}
        return frozenset(name for name, words in known.items() if read_otherwise(words))

    def recipe_of(self, number: int) -> Recipe:
        """The `Recipe` of the member `number`, counted from 1: the model's, changed by what was the member's own.

        Raises SettingError for a file whose settings cannot be.
        """
        own = self.ways[number - 1].settings if self.ways else {}
        return Recipe.from_document(self.recipe.document() | own) if own else self.recipe

    @property
    def rows_an_epoch(self) -> int:
        """How many rows all networks together are trained on in an epoch."""
        rows, count, folds = self.origin.training_rows, len(self.members), self.origin.folds
        return rows if count == 1 else round(rows * count * (1 - 1 / folds if folds else 1))


def reading_of(model: Contents, how: Reading | None = None) -> Reading:
    """How rows are read for a model: `how`, with the words that mean a missing value, and those that do not."""
    told = replace(how or Reading(), missing=model.missing, words=model.words)
    return with_classes(told, model.target.name, model.target.classes)
