"""A plan: everything that is decided before training, as data; and the plan of each fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.by_data import MANY_CLASSES
from deltaw.models.fitting.deciding.fitted import fitted
from deltaw.models.fitting.deciding.idle import Use, idle
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.recipes import RECIPES, Recipe, freer, sized
from deltaw.models.rows.dividing import FEWEST_CHOOSING, Choices, observed
from deltaw.models.rows.division import Constraints, Division, Indices
from deltaw.models.rows.parts import (
    Part,
    counts_of,
    names_of_target_and_weight,
    part_of,
    targets_in_parts,
)
from deltaw.models.rows.survey import Streamed
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.preparation.fitting import UNINFORMATIVE
from deltaw.progress import left_out
from deltaw.tables import Table
from deltaw.tables.held import all_as_read, compacted, with_common_enums
from deltaw.tables.taking import taken

if TYPE_CHECKING:
    from deltaw.tables import Column

Array = NDArray[Any]

LARGER = 3.0  # times: initial weights of numbers beside their bins, with many classes


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before training; `run` does as it says.

    Attributes:
        table: the rows as they were read, without those that have no target value.
        columns: the kind of each column, and why.
        preparation, target, recipe, network: those of the model to be; the network has its initial weights.
        training, validation, test: the rows that the final network learns from, those that choose its best weights, and
            those that score it; None: no such rows.
        seed, engine, threads: see `deltaw.fit`.
        constraints: of each division of the rows.
        choices: how the caller wanted the rows divided.
        folds: divisions of the training rows. A network is trained on each, to find the epoch to end the final training
            with and, without test rows, the scores.
        test_name, validation_name: names of the tables that were given for these, or None.
        left_out, weightless: numbers of rows left out without a target value, and with a weight of 0.
        start: the model whose weights training starts from, or None.
        streamed: the training rows if they do not fit into memory; `training` is then a sample of them.
        given: names of the recipe's settings that the caller gave.
        seconds: how long the recipe `accurate` searches; None: it trains the networks that it names.
        looked: some training rows with their raw columns, evenly spaced, if those of the others were freed.
        uninformative: columns to leave out, with the reasons; None: screening decides, in each fold which ones.
    """

    table: Table
    columns: tuple[Column, ...]
    preparation: Preparation
    target: Target
    recipe: Recipe
    network: Network
    training: Part
    validation: Part | None
    test: Part | None
    seed: int
    engine: str
    threads: int | None
    constraints: Constraints
    choices: Choices
    folds: tuple[Division, ...] = ()
    test_name: str | None = None
    validation_name: str | None = None
    left_out: int = 0
    weightless: int = 0
    start: Start | None = None
    streamed: Streamed | None = None
    given: tuple[str, ...] = ()
    seconds: float | None = None
    looked: Part | None = None
    uninformative: Mapping[str, str] | None = None

    @property
    def rows(self) -> int:
        """Number of rows with a target value."""
        return self.learnt + sum(len(part) for part in (self.validation, self.test) if part is not None)

    @property
    def remarks(self) -> list[str]:
        """Lines to show before training: on how the table was read, on rows that are left out, and on settings that
        change nothing.
        """
        lines = [f"{self.table.name}: {note}" for note in self.table.notes]
        more = [left_out(self.left_out, self.rows + self.left_out, self.target.name)] if self.left_out else []
        return [*lines, *more, *self.idle]

    @property
    def idle(self) -> list[str]:
        """Notes on settings that were given and change nothing."""
        chosen = self.validation is not None or self.ended_by_folds
        use = Use(self.recipe, not self.target.classes, chosen, self.finishes or not self.recipe.finish)
        return list(idle(use, self.given, self._usual))

    @property
    def _usual(self) -> Recipe:
        """The recipe without the caller's settings."""
        if self.start is not None:
            return self.start.model.recipe
        own = RECIPES[self.recipe.name][self.target.task]
        return sized(own, self.learnt, self.preparation.n_features, self._image, len(self.target.classes))

    @property
    def _image(self) -> bool:
        """Whether the inputs are the pixels of an image."""
        return any(len(block.shape) > 1 for block in self.table.blocks)

    @property
    def learnt(self) -> int:
        """Number of training rows."""
        return len(self.training if self.streamed is None else self.streamed)

    @property
    def trainings(self) -> int:
        """Number of networks that are trained."""
        size, tried = self.recipe.ensemble_size, len(self.recipes)
        return size * tried if size > 1 else len(self.folds) * tried + 1

    @property
    def scored_by_folds(self) -> bool:
        """Whether the scores come from the folds' networks, each on the rows that it has not seen."""
        return bool(self.folds) and self.table.test is None and self.choices.test_size is None

    @property
    def ended_by_folds(self) -> bool:
        """Whether the folds choose the epoch to end the final training with, which takes enough held-out rows."""
        held_out = sum(len(each.validation) or len(each.test) for each in self.folds)
        return self.validation is None and self.recipe.validation > 0 and held_out >= FEWEST_CHOOSING

    @property
    def recipes(self) -> list[Recipe]:
        """Those that the folds try, the plan's own first; see `recipes.freer`."""
        choose = self.ended_by_folds and not any(len(each.validation) for each in self.folds)
        if not choose or self.start is not None or self.seconds is not None:
            return [self.recipe]
        other = freer(self.recipe, self.learnt, self._image, self.given)
        return [self.recipe] if other == self.recipe else [self.recipe, other]

    @property
    def tried(self) -> list[Plan]:
        """The plans of these recipes."""
        if not (others := self.recipes[1:]):
            return [self]
        rows = np.unique(np.concatenate([part for each in self.folds for part in (each.training, each.test)]))
        whole = Division(rows, rows[:0], rows[:0])
        return [self, *(replace(replace(self, recipe=each).of(whole), folds=self.folds) for each in others)]

    @property
    def finishes(self) -> bool:
        """Whether training goes on with the table's held-out rows in the end: its validation rows, or the parts that
        the networks of an ensemble hold out; see `finishing`. What a search found stays as it is.
        """
        if not self.recipe.finish or self.seconds is not None or self.streamed is not None:
            return False
        if self.folds:
            return self.recipe.ensemble_size > 1 and self.validation is None
        return self.validation is not None and self.validation_name is None

    @property
    def chooses_apart(self) -> bool:
        """Whether each network of an ensemble has its own validation rows, though there are no folds: in the end all
        networks learn from all rows. With groups or times, one part is held out from all networks.
        """
        tied = self.choices.group is not None or self.choices.time is not None
        return self.finishes and self.recipe.ensemble_size > 1 and not self.folds and not tied

    def counts(self, part: Part) -> Array | None:
        """Weights of a part's rows in the training and validation loss, (n,); None: all 1."""
        return counts_of(part, self.training, self.target, self.recipe)

    def row_weights(self, part: Part) -> Array:
        """The same as numbers, (n,), also if all are 1."""
        counts = self.counts(part)
        return np.ones(len(part)) if counts is None else counts

    @property
    def lean(self) -> Plan:
        """The plan without the raw training rows, if neither training nor `refitted` needs them any more."""
        if self.folds:
            return self
        table, training = replace(self.table, frame=self.table.frame.clear()), self.training
        if self.preparation.means:
            training = replace(training, source=training.source[self._for_refitting])
        else:
            training = replace(training, source=table.frame, rows=None)
        return replace(self, table=table, training=training, looked=None)

    @property
    def _for_refitting(self) -> list[str]:
        """The columns that `refitted` asks for."""
        return [*self.preparation.columns_with_means, *names_of_target_and_weight(self.target, self.recipe)]

    @property
    def held_out(self) -> tuple[str, Part | None]:
        """The rows that are scored after each epoch: validation rows choose the best, test rows are only shown."""
        if self.validation is not None:
            return "validation", self.validation
        return ("", None) if self.test is None else ("test", self.test)

    def of(self, division: Division) -> Plan:
        """The plan of a training on a division of the rows: everything is fitted again, on its training rows alone.

        Columns are left out only if they are of all rows: a network of few columns says nothing about one of hundreds.

        Validation or test rows that were given are kept if the division has none of its own.
        """
        table, frame, training = self.table, self.table.frame, division.training
        screened = self.recipe.screening and UNINFORMATIVE in self.preparation.uninformative.values()
        preparation, target, targets, _ = fitted(
            table, self.columns, self.target, replace(self.recipe, screening=screened), training, self.constraints,
            self.seed, self.start, uninformative=self.uninformative,
        )  # fmt: skip

        def part(rows: Indices, given: Part | None, name: str | None) -> Part | None:
            if not len(rows):
                return None if given is None else part_of(given.frame, preparation, target, self.recipe, str(name))
            group = self.constraints.groups_of(rows, self.folds)
            return part_of(taken(frame, rows), preparation, target, self.recipe, table.name, group=group)

        group = self.constraints.groups_of(training, self.folds)
        learnt = part_of(frame, preparation, target, self.recipe, table.name, targets, training, group=group)
        return replace(
            self, preparation=preparation, target=target, training=learnt,
            network=drawn_network(self.recipe, target, preparation, self.seed, self.start),
            validation=part(division.validation, self.validation, self.validation_name),
            test=part(division.test, self.test, self.test_name or table.name), folds=(),
        )  # fmt: skip

    @property
    def refitted(self) -> Plan:
        """The plan after its training: target statistics are fitted again, on the table's validation rows, too.

        They keep the scale that the network was trained with. Its inputs stay as they were; test rows have no part.
        """
        chose, test, elsewhere = self.validation, self.test, self.validation_name or self.start or self.streamed
        if chose is None or elsewhere or not self.preparation.means:
            return self
        names = self._for_refitting
        learnt = replace(self.training, source=self.training.source[names]).frame
        chosen = all_as_read(replace(chose, source=chose.source[names]).frame)
        whole = self.rows + self.left_out + self.weightless  # few beside many, which stay as they are held
        rows = pl.concat(with_common_enums([learnt, compacted(chosen, whole)]))
        none = np.zeros(len(rows), np.uint8)  # the parts are for rows that are learnt from
        preparation = self.preparation.refitted(rows, targets_in_parts(rows, self.target, self.recipe, none))
        if test is not None:
            test = part_of(test.frame, preparation, self.target, self.recipe, "test", group=test.group)
        return replace(self, preparation=preparation, test=test)

    @property
    def observed(self) -> Plan:
        """The plan of one training on a part of the rows, with validation and test rows, in place of the folds."""
        if not self.folds:
            return self
        return self.of(observed(self.constraints, self.recipe.validation, self.seed, self.table.test is not None))


def drawn_network(
    recipe: Recipe, target: Target, preparation: Preparation, seed: int, start: Start | None = None
) -> Network:
    """The network with its initial weights."""
    if start is not None:
        return start.network()
    assert recipe.hidden is not None
    assert recipe.activation is not None
    network = Network(
        [preparation.n_features, *recipe.hidden, len(target.classes or (target.name,))],
        activations=[*[recipe.activation] * len(recipe.hidden), recipe.output_activation],
        bias=recipe.bias,
        init=recipe.init,
        seed=seed,
    )
    return with_larger_numbers(network, recipe, target, preparation)


def with_larger_numbers(network: Network, recipe: Recipe, target: Target, preparation: Preparation) -> Network:
    """A network as drawn, and with many classes with larger weights of numbers beside their bins.

    Weights are drawn for as many inputs as there are, most of which are bins: too small for the number itself, by which
    sums of columns are learnt. With numbers to predict, the linear start makes up for that.
    """
    if recipe.init is None and len(target.classes) >= MANY_CLASSES:
        numbers = [bins.start - 1 for _, bins in preparation.bins if bins.stop > bins.start]
        network.weights[0][:, numbers] *= LARGER
    return network
