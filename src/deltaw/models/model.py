"""A trained network together with all that it takes to use it on a table: `deltaw.fit` makes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines import answering
from deltaw.engines.predictor import outputs
from deltaw.exceptions import InputError, SettingError
from deltaw.files import check_outputs, path_of
from deltaw.given import among, is_whole
from deltaw.models import shown, storage
from deltaw.models.answers import Answers, decoded, mean_of, outcome, rows_of, some_rows, together, truth, values_of
from deltaw.models.contents import Contents, Learning, reading_of
from deltaw.models.distilling import HELD_OUT, Cost, agreement, distilled, with_strangers
from deltaw.models.rows import weights
from deltaw.models.rows.division import group_numbers, split
from deltaw.models.scoring.dependence import Dependence, of_column
from deltaw.models.scoring.importance import MAX_ROWS, TELLING, Importance, check, permuted, some
from deltaw.models.scoring.metrics import METRICS, Outcome, metric_of
from deltaw.models.scoring.scores import Scores, score
from deltaw.models.search.tuning import Tuning
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.speech import say
from deltaw.tables import Reading, Table, origins, read_as
from deltaw.tables.table import missing_column

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from deltaw.export import Exported, Program

Array = NDArray[Any]

FEWEST_DISTILLED = 10  # rows
# What a model of one of its networks, or of another, does not have.
APART: dict[str, Any] = {"ways": (), "scores": None, "held_out": None, "witness": None, "tuning": None}


@dataclass(frozen=True, repr=False, eq=False)  # one is itself, as what holds arrays is: it may be a key
class Model(Contents):
    """A trained network with its preparation of the inputs and its reading of the outputs.

    Attributes:
        network: the `deltaw.Network`, or the first of several.
        others: the others; of `members`, all of them, the mean answers: of their probabilities, or of their numbers.
        ways: how each of `members` was trained, where each was in its own way; see `Member`.
        preparation: from columns to the network's inputs.
        target: from the network's outputs to answers.
        recipe: every setting that it was trained with.
        baseline: the constant answer that scores are held against.
        history: loss, score and seconds of each epoch.
        scores: on rows that the network that answered had not seen, or None where none were set apart.
        origin: the table, the seed, the versions.
        missing: the words that mean a missing value where a table is read for it.
        held_out: those rows, right after `deltaw.fit`; None in a model that was loaded.
        witness: where the network has learnt from these rows too, and others scored them: the model of the first
            fold, with the rows that it has not seen. It tells what the columns are worth.
        tuning: what was tried, right after `deltaw.tune`; None in any other.
    """

    held_out: pl.DataFrame | None = field(default=None, compare=False)
    witness: Model | None = field(default=None, compare=False)
    tuning: Tuning | None = field(default=None, compare=False)

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return self.target.task

    @property
    def classes(self) -> tuple[Any, ...]:
        """The target's values, in the order of `predict_proba`'s columns; () for numbers."""
        return self.target.classes

    @property
    def described_networks(self) -> str:
        """ "4 → 64 selu → 3 softmax: 515 parameters", or "4 networks, 4 → 64 …: 2,060 parameters in all"."""
        count = sum(network.parameter_count for network in self.members)
        if not self.others:
            return say("{network}: {n:,} parameters", network=self.network.summary(), n=count)
        kinds = list(dict.fromkeys(network.summary() for network in self.members))
        shown = {"networks": len(self.members), "kind": say("; ").join(kinds), "n": count}
        return say("{networks} networks, {kind}: {n:,} parameters in all", **shown)

    def member(self, number: int) -> Model:
        """The model of one of its networks alone; without scores, which are those of all together.

        Args:
            number: which, counted from 1.

        Raises:
            SettingError: there is none of that number.
        """
        count = len(self.members)
        if not is_whole(number, 1, count):
            networks = say("one of {n} networks", n=count) if count > 1 else say("1, the only network")
            raise SettingError("member: expected {networks}, counted from 1", repr(number), "give 1", networks=networks)
        if count == 1:
            return self
        return replace(self, network=self.members[number - 1], recipe=self.recipe_of(number), others=(), **APART)

    def single(self, rows: Any, *, seed: int = 0, threads: int | None = None) -> tuple[Model, Cost]:
        """Distil several networks into one, which is nearly as accurate (Hinton et al. 2015).

        Args:
            rows: rows like those to predict, best the training rows; see `predict`. No targets are needed.
            seed: random seed of the initial weights and of the rows that are mixed and held out.
            threads: maximum number of threads; the result does not depend on it.

        Returns:
            The `Model`, without scores, and the `Cost`, by a fifth of the rows that it has not learnt from.

        Raises:
            SettingError: the model has one network.
            InputError: as `predict`; fewer than 10 rows.
        """
        if not self.others:
            raise SettingError("single: expected a model of several networks", say("one network"), "use it as it is")
        frame = (table := self.read(rows)).frame
        if len(frame) < FEWEST_DISTILLED:
            said = "{name}: expected {n} rows or more to learn the answers for"
            expected = say(said, name=table.name, n=FEWEST_DISTILLED)
            raise InputError(expected, f"{len(frame)}", "give more; they need no target")
        X = self.preparation.transform(frame, source=table.name)
        learnt, apart = split(len(frame), HELD_OUT, seed)
        network, history = distilled(
            lambda some: self._forward(some, threads=threads), with_strangers(X[learnt], self.preparation.recalls),
            X[apart], self.network, self.recipe, seed, engine=self.origin.engine, threads=threads,
        )  # fmt: skip
        learning = Learning(**vars(history), held_out="validation")
        recipe = replace(self.recipe, networks=1)
        made = replace(self, network=network, recipe=recipe, history=learning, others=(), **APART)
        before, after = (Answers.of(model.target, model._forward(X[apart])).values for model in (self, made))
        scores: list[Scores | None] = [None, None]
        if self.target.name in frame.columns:
            rows, true = self._known(frame[apart], table.name)
            scores = [model._score(rows, *true, None) for model in (self, made)]
        metric, alike = metric_of(self.recipe.metric, self.task), agreement(before, after, self.task)
        return made, Cost(len(self.members), len(apart), alike, metric, *scores)

    @property
    def picture(self) -> BlockOfNumbers | None:
        """The inputs that are the pixels of one picture (its `columns`, `shape`), or None."""
        return next((s for s in self.preparation.steps if isinstance(s, BlockOfNumbers) and len(s.shape) == 2), None)

    def read(self, rows: Any, reading: Reading | None = None) -> Table:
        """`rows` as a table, read as the model's own were: the same words mean a missing value, and words are words.

        Args:
            rows: see `predict`.
            reading: how a file is read (delimiter, encoding, sheet); None: as it is found.

        Raises:
            InputError: rows that cannot be read; those of `deltaw.read`.
        """
        return read_as(rows, reading_of(self, reading))

    def answers(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Answers:
        """Answers and, for classes, their probabilities, in one pass.

        Args:
            rows, engine, threads: see `predict`, which raises the same.

        Returns:
            `values` (n,) as `predict` gives them, `probabilities` (n, K) as `predict_proba` does, or None.
        """
        frame = rows_of(table := self.read(rows))
        return Answers.together(self.target, self._outputs(frame, table.name, engine, threads), len(frame))

    def answers_in_turn(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Iterator[Answers]:
        """What `answers` says, of some rows after the others: no more probabilities are there than come at a time.

        Args:
            rows, engine, threads: see `predict`, which raises the same.
        """
        frame = rows_of(table := self.read(rows))
        return (Answers.of(self.target, each) for each in self._outputs(frame, table.name, engine, threads))

    def predict(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Array:
        """Predictions for rows: class values, or numbers in the target's own units, (n,).

        Args:
            rows: a path, a data frame, or a Table with the columns that were trained on, in any order; others are
                ignored. Of a table that brings its own test rows, those are taken.
            engine: "native" (float32; a row gets the same prediction, bit for bit, alone and among others),
                "reference" (the equations, float64), "torch" (float32), or None: the engine that trained the model;
                for torch, the native one.
            threads: maximum number of threads; the predictions do not depend on it.

        Raises:
            InputError: rows that cannot be read, or a column missing or of another kind.
            MissingError: the engine is not installed.
        """
        frame = rows_of(table := self.read(rows))
        return values_of(self.target, self._outputs(frame, table.name, engine, threads))

    def predict_proba(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Array:
        """Class probabilities, (n, K), in the order of `classes`; each row sums to 1.

        Args:
            rows, engine, threads: see `predict`.

        Raises:
            SettingError: the model predicts numbers.
            InputError, MissingError: as `predict`.
        """
        if (probabilities := self.answers(rows, engine=engine, threads=threads).probabilities) is None:
            found = say("one of numbers ({name})", name=self.target.name)
            raise SettingError("predict_proba: expected a model of classes", found, "use predict")
        return probabilities

    def evaluate(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Scores:
        """Score the predictions for rows whose target is known; `Scores.rows` is their number.

        Args:
            rows, engine, threads: see `predict`; the rows have the target's column, too.

        Where the model was trained with a column of weights and the rows have it, they count by it (`Scores.weight`).

        Raises:
            InputError, MissingError: as `predict`; the target's column is missing or empty, or holds an unknown class.
        """
        return self._scored(self._outcome(rows, engine, threads))

    def importance(self, rows: Any, *, metric: str | None = None, repeats: int = 5, seed: int = 0) -> Importance:
        """Permutation importance of each column: how much the score falls when its cells are shuffled.

        Args:
            rows: see `predict`; of more than 5,000 so many are drawn.
            metric: the score to look at, in its unit (see `METRICS`); None: the one that the model was trained for,
                else the area under the ROC curve, or R².
            repeats: number of permutations to average over.
            seed: of the permutations and intervals.

        Raises:
            InputError: as `evaluate`; a metric that there is not, or that these rows do not define.
        """
        check(repeats, seed)
        row = metric_of((self.recipe.metric or TELLING[self.task]) if metric is None else metric, self.task)
        frame, source = self._with_target(rows)
        frame = frame.filter(self.target.some_known(frame.get_column(self.target.name), source))
        X, true = self._known(frame[some(len(frame), MAX_ROWS, seed)], source)
        score = row.score(outcome(self.target, self._forward(X), *true))
        if np.isnan(score):
            expected = say("metric: expected one that is defined for the rows of {source}", source=source)
            raise SettingError(expected, repr(row.name), say("give {name}", name=METRICS[self.task][1].name))
        columns = permuted(
            np.asarray(X), [(step.title, place) for step, place in self.preparation.places],
            lambda moved: outcome(self.target, self._forward(moved), *true), row, repeats, seed,
        )  # fmt: skip
        return Importance(row, score, row.score(self.baseline.outcome(*true[:2])), len(X), repeats, seed, columns)

    def plot_importance(self, rows: Any, *, metric: str | None = None, repeats: int = 5, seed: int = 0) -> Figure:
        """What each column is worth as a matplotlib figure; its arguments, and errors, are those of `importance`."""
        return self.importance(rows, metric=metric, repeats=repeats, seed=seed).plot()

    def dependence(self, rows: Any, column: str) -> Dependence | None:
        """How the mean answer goes with one column: see `deltaw.models.scoring.dependence`.

        Args:
            rows: see `predict`; of more than 5,000 so many are drawn.
            column: a raw column that the model uses.

        Returns:
            The `Dependence`; None for the pixels of a picture, or where all rows have the same cell.

        Raises:
            InputError: as `predict`; a column that the model does not use.
        """
        frame = rows_of(table := self.read(rows))
        frame = frame[some(len(frame), MAX_ROWS, 0)]
        X = self.preparation.transform(frame, source=table.name)
        for step, place in self.preparation.places:
            if among(column, (step.title, *step.inputs)):
                cells = frame.get_column(step.inputs[0])
                return of_column(X, place, step, cells, lambda moved: decoded(self.target, self._forward(moved)))
        raise missing_column(column, self.preparation.input_names, say("the model"))

    def _with_target(self, rows: Any) -> tuple[pl.DataFrame, str]:
        """Rows that have the target's column, and what they are called."""
        frame = rows_of(table := self.read(rows))
        if self.target.name not in frame.columns:
            table.column(self.target.name)  # raises, naming the nearest column
        return frame, table.name

    def _outcome(self, rows: Any, engine: str | None, threads: int | None) -> Outcome:
        """What is answered and what is true, of the rows whose truth is known and that count."""
        frame, source = self._with_target(rows)
        found = together(self._outputs(frame, source, engine, threads), len(frame))  # messages name the user's rows
        true = self._true(frame, source)
        return outcome(self.target, found[true[0]], *true[1:])

    def _known(self, frame: pl.DataFrame, source: str) -> tuple[Any, tuple[Array, Array | None, Array | None]]:
        """The network's inputs, and what `_true` says, of the rows whose truth is known and that count."""
        X, true = self.preparation.encode(frame, source=source), self._true(frame, source)
        return X[true[0]], true[1:]

    def _true(self, frame: pl.DataFrame, source: str) -> tuple[Array, Array, Array | None, Array | None]:
        """Which rows have a known truth and count, and of those the truth, the weights, and which belong together."""
        series, weight = frame.get_column(self.target.name), None
        known = self.target.some_known(series, source)
        if self.recipe.weight in frame.columns:
            weight = weights.of_rows(frame.get_column(str(self.recipe.weight)), source, known)
            known = weight > 0
        true = truth(self.target, series, source, gaps=True)[known]
        return known, true, None if weight is None else weight[known], group_numbers(frame, self.origin.group, known)

    def with_threshold(self, threshold: float | None) -> Model:
        """The same model, the second of its two classes the answer from the probability `threshold` on; None: from ½.

        Probabilities stay what they are. Its `scores` are those of the new answers right after `deltaw.fit`; a model
        that was loaded no longer has the rows for that, and has none: `evaluate` scores it anew.

        Args:
            threshold: from 0 to 1; None: the likelier class is the answer.

        Raises:
            SettingError: no probability, or a model of numbers or of more than two classes.
        """
        target, scores = self.target.with_threshold(threshold), None
        if self.scores is not None and self.scores.outcome is not None:
            known = self.scores.outcome
            scores = self._scored(replace(known, predicted=target.labels(known.shares)))
        return replace(self, target=target, scores=scores, recipe=replace(self.recipe, threshold=target.threshold))

    def save(self, path: str | Path) -> None:
        """Write a model file (`.deltaw`), whole or not at all.

        Args:
            path: where; a file that is there already is replaced.

        Raises:
            OutputError: it cannot be written there, or `path` is the table that the model was trained on.
            SettingError: it is no path.
        """
        path = path_of(path, "save")
        check_outputs({"save": path}, filter(isfile, origins(self.origin.source)))
        storage.save(self, path)

    def program(self, prepared: bool = False) -> Program:
        """What it does with a row, as a list of operations: what every exported form is written from.
        Raises SettingError for a target that is not scaled in a straight line.

        Args:
            prepared: whether rows come as features that are prepared already, (n, n_in), and not as cells.
        """
        from deltaw.export.program import of_model

        return of_model(self.preparation, self.target, self.members, self.missing, prepared)

    def export(self, path: str | Path, **choices: Any) -> Exported:
        """Write the model as a file that needs no DeltaW, and prove that it gives the same answers.

        Args:
            path: its ending says the form: .c, .mjs, .py, .sql, .onnx.
            choices: those of `deltaw.export.export`, which raises the same; `test`: rows that say what int8 loses.
        """
        from deltaw.models.exported import export

        return export(self, path, **choices)

    def to_torch(self) -> Any:
        """A torch.nn.Module from columns to answers: `deltaw.export.forms.torch.to_torch`, which raises the same."""
        from deltaw.export.forms.torch import to_torch

        return to_torch(self.program())

    def __repr__(self) -> str:
        sizes = ("" if not self.others else f"1 of {len(self.members)}: ") + "-".join(map(str, self.network.sizes))
        scores = f", {self.scores}" if self.scores is not None else ""
        return f"Model({self.task} of {self.target.name!r}, recipe {self.recipe.name!r}, network {sizes}{scores})"

    def _repr_html_(self) -> str:
        """For a notebook: what it is, its scores, its columns."""
        return shown.fragment(self)

    def _outputs(self, frame: pl.DataFrame, source: str, engine: str | None, threads: int | None) -> Iterator[Array]:
        """What the network says of rows, some after the others."""
        for X in self.preparation.pieces(frame, source):
            yield from (self._forward(some, engine, threads) for some in some_rows(X, self.network.sizes[-1]))

    def _forward(self, X: Any, engine: str | None = None, threads: int | None = None) -> Array:
        """The network's outputs, float64 whatever the engine reckons in; of several the mean of what they say."""
        engine = answering(self.origin.engine) if engine is None else engine
        found = (outputs(network, X, engine, threads) for network in self.members)
        return mean_of([np.asarray(each, np.float64) for each in found], self.task)

    def _score(self, X: Any, truth: Array, weight: Array | None, group: Array | None, threads: int | None) -> Scores:
        return self._scored(outcome(self.target, self._forward(X, threads=threads), truth, weight, group))

    def _scored(self, answers: Outcome) -> Scores:
        return score(answers, self.baseline, self.classes, self.recipe.weight)


def load(path: str | Path) -> Model:
    """Read a model file.

    Args:
        path: of what `Model.save`, or the command line, wrote.

    Raises:
        ModelFileError: the file is missing, truncated, foreign, damaged, or of a later version.
        SettingError: it is no path.
    """
    return Model(**vars(storage.load(path_of(path, "load"))))
