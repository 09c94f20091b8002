"""A trained network together with all that it takes to use it on a table: `deltaw.fit` makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines import answering
from deltaw.engines.predictor import outputs
from deltaw.exceptions import InputError, SettingError
from deltaw.files import check_outputs, place_of
from deltaw.given import among, is_whole
from deltaw.models import html, storage
from deltaw.models.answers import Answers, concatenated, decoded, mean_of, outcome, rows_of, some_rows, truth, values_of
from deltaw.models.beyond import notes_on_rows
from deltaw.models.contents import Contents, Learning, reading_of, recipe_of
from deltaw.models.distilling import FEWEST, HELD_OUT, Cost, agreement, distilled
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import group_numbers
from deltaw.models.rows.division import split
from deltaw.models.scoring.dependence import Dependence, of_column
from deltaw.models.scoring.importance import MAX_ROWS, TELLING, Importance, check, column_importances, sampled
from deltaw.models.scoring.metrics import METRICS, Outcome, metric_of
from deltaw.models.scoring.scores import Scores, score
from deltaw.models.search.tuning import Tuning
from deltaw.speech import say
from deltaw.tables import Reading, Table, origins, read_as
from deltaw.tables.table import missing_column

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from deltaw.export import Exported, Program

Array = NDArray[Any]

# What a model with other networks does not keep.
RESET: dict[str, Any] = {"ways": (), "scores": None, "held_out": None, "witness": None, "tuning": None}


@dataclass(frozen=True, repr=False, eq=False)  # hashed and compared by identity
class Model(Contents):
    """A trained network, or an ensemble, with the preparation of its inputs and the meaning of its outputs.

    Attributes:
        network: the `deltaw.Network`, or the first of an ensemble.
        others: the ensemble's other networks. The prediction is the mean over all (`members`): of probabilities, or of
            numbers.
        ways: a `Member` for each network, if they were trained with different settings.
        preparation: from columns to the network's inputs.
        target: from the network's outputs to predictions.
        recipe: all settings of the training.
        baseline: the constant prediction that scores are compared with.
        history: loss, score and seconds of each epoch.
        scores: of predictions for rows that the predicting network was not trained on; None if there were none.
        origin: name of the table, numbers of rows, seed and versions.
        missing: the words that are read as missing values.
        decimals: the decimal mark, "," or ".", of each column whose numbers were text in training. It decides how text
            like 1.500 is read that could be either.
        held_out: the rows that `scores` are of, in the order of `scores.outcome`, right after `deltaw.fit`; None in a
            model that was loaded.
        witness: if the network was trained on those rows as well: the model of the first fold, with the rows held out
            from it. Importances are measured with it.
        tuning: what was tried, right after `deltaw.tune`; otherwise None.
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

    def member(self, number: int) -> Model:
        """The model of one network of the ensemble, without scores. Raises SettingError if there is no such network.

        Args:
            number: counted from 1.
        """
        count = len(self.members)
        if not is_whole(number, 1, count):
            networks = say("one of {n} networks", n=count) if count > 1 else say("1, the only network")
            raise SettingError("member: expected {networks}, counted from 1", repr(number), "give 1", networks=networks)
        if count == 1:
            return self
        return replace(self, network=self.members[number - 1], recipe=recipe_of(self, number), others=(), **RESET)

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
        table = self.read(rows)
        if len(table.frame) < FEWEST:
            expected = say("{name}: expected {n} rows or more to learn the answers for", name=table.name, n=FEWEST)
            raise InputError(expected, f"{len(table.frame)}", "give more; they need no target")
        X = self.preparation.transform(table.frame, source=table.name)
        learnt, apart = split(len(X), HELD_OUT, seed)
        network, found = distilled(self, partial(self._forward, threads=threads), X[learnt], X[apart], seed, threads)
        history = Learning(**vars(found), held_out="validation")
        recipe = replace(self.recipe, networks=1)
        made = replace(self, network=network, recipe=recipe, history=history, others=(), **RESET)
        before, after = (Answers.of(model.target, model._forward(X[apart])).values for model in (self, made))
        scores: list[Scores | None] = [None, None]
        if self.target.name in table.frame.columns:
            rows, true = self._known(table.frame[apart], table.name)
            scores = [model._score(rows, *true, None) for model in (self, made)]
        metric, alike = metric_of(self.recipe.metric, self.task), agreement(before, after, self.task)
        return made, Cost(len(self.members), len(apart), alike, metric, *scores)

    def read(self, rows: Any, reading: Reading | None = None) -> Table:
        """Read rows as the training table was read: the same missing values, the same columns of words.

        Args:
            rows: see `predict`.
            reading: how a file is read (delimiter, encoding, sheet); None: detected.

        Raises:
            InputError: as `deltaw.read`.
        """
        return read_as(rows, reading_of(self, reading))

    def notes(self, rows: Any) -> tuple[str, ...]:
        """What to know of rows before relying on their predictions, as `deltaw predict` says it: how they were read,
        unknown columns, words and units, numbers and dates beyond those of training. `rows`: see `predict`.
        """
        return (*(table := self.read(rows)).notes, *notes_on_rows(self, table))

    def answers(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Answers:
        """Predictions and, for classification, their probabilities, in one pass.

        Args:
            rows, engine, threads: see `predict`, which raises the same.

        Returns:
            `values` (n,) as `predict` gives them, `probabilities` (n, K) as `predict_proba` does, or None.
        """
        frame = rows_of(table := self.read(rows))
        return Answers.of_batches(self.target, self._outputs(frame, table.name, engine, threads), len(frame))

    def answers_in_turn(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Iterator[Answers]:
        """`answers` in batches of rows, so that only one batch of probabilities is in memory (see `predict`)."""
        frame = rows_of(table := self.read(rows))
        return (Answers.of(self.target, each) for each in self._outputs(frame, table.name, engine, threads))

    def predict(self, rows: Any, *, engine: str | None = None, threads: int | None = None) -> Array:
        """Predictions for rows: class values, or numbers in the target's own units, (n,).

        Args:
            rows: a path, a file object, a data frame, or a Table with the columns that were trained on, in any order;
                others are ignored. If the table has its own test rows, those are predicted.
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

        If the model was trained with a column of weights and the rows have it, they are weighted by it.

        Args:
            rows, engine, threads: see `predict`; the rows also have the target's column.

        Raises:
            InputError, MissingError: as `predict`; the target's column is missing or empty, or holds an unknown class.
        """
        return self._scored(self._outcome(rows, engine, threads))

    def importance(self, rows: Any, *, metric: str | None = None, repeats: int = 5, seed: int = 0) -> Importance:
        """Permutation importance of each column: how much the score falls when its cells are shuffled.

        Args:
            rows: see `predict`; of more than 5,000 a random sample is taken.
            metric: a name in `METRICS`; None: the metric that the model was trained for, else AUC, or R².
            repeats: number of permutations to average over.
            seed: of the permutations and intervals.

        Raises:
            InputError: as `evaluate`; an unknown metric, or one that is not defined for these rows.
        """
        check(repeats, seed)
        row = metric_of((self.recipe.metric or TELLING[self.task]) if metric is None else metric, self.task)
        frame, source = self._with_target(rows)
        frame = frame.filter(self.target.some_known(frame.get_column(self.target.name), source))
        X, true = self._known(frame[sampled(len(frame), MAX_ROWS, seed)], source)
        score = row.score(outcome(self.target, self._forward(X), *true))
        if np.isnan(score):
            expected = say("metric: expected one that is defined for the rows of {source}", source=source)
            raise SettingError(expected, repr(row.name), say("give {name}", name=METRICS[self.task][1].name))
        columns = column_importances(
            np.asarray(X), [(step.title, place) for step, place in self.preparation.places],
            lambda moved: outcome(self.target, self._forward(moved), *true), row, repeats, seed,
        )  # fmt: skip
        return Importance(row, score, row.score(self.baseline.outcome(*true[:2])), len(X), repeats, seed, columns)

    def plot_importance(self, rows: Any, *, metric: str | None = None, repeats: int = 5, seed: int = 0) -> Figure:
        """A bar chart of `importance`, a matplotlib figure; for arguments and errors see `importance`."""
        return self.importance(rows, metric=metric, repeats=repeats, seed=seed).plot()

    def dependence(self, rows: Any, column: str) -> Dependence | None:
        """Partial dependence of the prediction on one column: see `deltaw.models.scoring.dependence`.

        Args:
            rows: see `predict`; of more than 5,000 a random sample is taken.
            column: a raw column that the model uses.

        Returns:
            The `Dependence`; None for the pixels of an image, or if all rows have the same cell.

        Raises:
            InputError: as `predict`; a column that the model does not use.
        """
        frame = rows_of(table := self.read(rows))
        frame = frame[sampled(len(frame), MAX_ROWS, 0)]
        X = self.preparation.transform(frame, source=table.name)
        for step, place in self.preparation.places:
            if among(column, (step.title, *step.inputs)):
                cells = frame.get_column(step.inputs[0])
                return of_column(X, place, step, cells, lambda moved: decoded(self.target, self._forward(moved)))
        raise missing_column(column, self.preparation.input_names, say("the model"))

    def _with_target(self, rows: Any) -> tuple[pl.DataFrame, str]:
        """Rows with the target's column, and the name of their table."""
        frame = rows_of(table := self.read(rows))
        if self.target.name not in frame.columns:
            raise missing_column(self.target.name, frame.columns, table.name, needed="answers")
        return frame, table.name

    def _outcome(self, rows: Any, engine: str | None, threads: int | None) -> Outcome:
        """Predictions beside the truth, for the rows with a known target and a weight above 0."""
        frame, source = self._with_target(rows)
        found = concatenated(self._outputs(frame, source, engine, threads), len(frame))  # messages name the user's rows
        true = self._true(frame, source)
        return outcome(self.target, found[true[0]], *true[1:])

    def _known(self, frame: pl.DataFrame, source: str) -> tuple[Any, tuple[Array, Array | None, Array | None]]:
        """The network's inputs, and the rest of `_true`, for the rows with a known target and a weight above 0."""
        X, true = self.preparation.encode(frame, source=source), self._true(frame, source)
        return X[true[0]], true[1:]

    def _true(self, frame: pl.DataFrame, source: str) -> tuple[Array, Array, Array | None, Array | None]:
        """A mask of the rows with a known target and a weight above 0; their truth, weights and groups."""
        series, weight = frame.get_column(self.target.name), None
        known = self.target.some_known(series, source)
        if self.recipe.weight in frame.columns:
            weight = weights.of_rows(frame.get_column(str(self.recipe.weight)), source, known)
            known = weight > 0
        true = truth(self.target, series, source, gaps=True)[known]
        group = group_numbers(frame, self.origin.group, self.origin.time, known, source)
        return known, true, None if weight is None else weight[known], group

    def with_threshold(self, threshold: float | None) -> Model:
        """The same binary classifier with another decision threshold; its probabilities do not change.

        Right after `deltaw.fit`, `scores` are recomputed; a model that was loaded does not have the rows for that, and
        its `scores` are None: call `evaluate`.

        Args:
            threshold: probability from which the second class is predicted, 0 to 1; None: the likelier class.

        Raises:
            SettingError: not a probability, or not a model of two classes.
        """
        target, scores = self.target.with_threshold(threshold), None
        if self.scores is not None and self.scores.outcome is not None:
            known = self.scores.outcome
            scores = self._scored(replace(known, predicted=target.labels(known.shares)))
        return replace(self, target=target, scores=scores, recipe=replace(self.recipe, threshold=target.threshold))

    def save(self, path: Any) -> None:
        """Write a model file (`.deltaw`), atomically.

        Args:
            path: an existing file is replaced; or a file object for bytes, which is written to.

        Raises:
            OutputError: it cannot be written, or `path` is the table that the model was trained on.
            SettingError: not a path.
        """
        path = place_of(path, "save", "write")
        check_outputs({"save": path}, filter(isfile, origins(self.origin.source)))
        storage.save(self, path)

    def program(self, prepared: bool = False) -> Program:
        """The model as a list of operations on a row, from which every exported form is written.

        Args:
            prepared: leave out the preparation: rows are the network's inputs, (n, n_in).

        Raises:
            SettingError: the target's scaling is not linear.
        """
        from deltaw.export.program import of_model

        return of_model(self.preparation, self.target, self.members, self.missing, prepared)

    def export(
        self, path: Any, *, form: str | None = None, dialect: str | None = None, table: str = "data",
        prepared: bool = False, libm: bool = True, int8: bool = False, test: Any = None, check: bool = True,
        inputs: Iterable[Path] = (),
    ) -> Exported:  # fmt: skip
        """Write the model as a file that needs no DeltaW, and check that it gives the same predictions.

        Args:
            path: the file to write; its ending chooses the form: .c, .mjs, .py, .sql or .onnx; or a file object.
            form, dialect, table, prepared, libm, int8, check, inputs: see `deltaw.export.export`, also for errors.
            test: with `int8`, rows whose targets are known: the C file says what the rounding costs in score on them.
        """
        from deltaw.export.exporting import export
        from deltaw.models.rounding import cost

        if test is not None and not int8:
            raise SettingError("test: expected int8, whose loss of score it tells", say("none"), "leave it out")
        return export(
            self, path, form=form, dialect=dialect, table=table, prepared=prepared, libm=libm, int8=int8, check=check,
            remarks=() if test is None else [cost(self, test)], inputs=inputs,
        )  # fmt: skip

    def to_torch(self) -> Any:
        """The model as a torch.nn.Module from columns to predictions: see `deltaw.export.forms.torch.to_torch`."""
        from deltaw.export.forms.torch import to_torch

        return to_torch(self.program())

    def __repr__(self) -> str:
        sizes = ("" if not self.others else f"1 of {len(self.members)}: ") + "-".join(map(str, self.network.sizes))
        scores = f", {self.scores}" if self.scores is not None else ""
        return f"Model({self.task} of {self.target.name!r}, recipe {self.recipe.name!r}, network {sizes}{scores})"

    def _repr_html_(self) -> str:
        """For a notebook: network, scores and columns."""
        return html.fragment(self)

    def _outputs(self, frame: pl.DataFrame, source: str, engine: str | None, threads: int | None) -> Iterator[Array]:
        """The network's outputs, in batches of rows."""
        for X in self.preparation.pieces(frame, source):
            yield from (self._forward(some, engine, threads) for some in some_rows(X, self.network.sizes[-1]))

    def _forward(self, X: Any, engine: str | None = None, threads: int | None = None) -> Array:
        """The network's outputs in float64; of an ensemble, their mean."""
        engine = answering(self.origin.engine) if engine is None else engine
        found = (outputs(network, X, engine, threads) for network in self.members)
        return mean_of(found, self.task)

    def _score(self, X: Any, truth: Array, weight: Array | None, group: Array | None, threads: int | None) -> Scores:
        return self._scored(outcome(self.target, self._forward(X, threads=threads), truth, weight, group))

    def _scored(self, answers: Outcome) -> Scores:
        return score(answers, self.baseline, self.classes, self.recipe.weight)


def load(path: Any) -> Model:
    """Read a model file.

    Args:
        path: of a file that `Model.save` or `deltaw train` wrote; or a file object with its bytes.

    Raises:
        ModelFileError: the file is missing, truncated, damaged, not a model file, or of a later version.
        SettingError: not a path.

    Examples:
        >>> import deltaw, tempfile
        >>> path = f"{tempfile.mkdtemp()}/iris.deltaw"
        >>> deltaw.fit("iris", epochs=1, folds=0).save(path)
        >>> deltaw.load(path).classes
        ('setosa', 'versicolor', 'virginica')
    """
    return Model(**vars(storage.load(place_of(path, "load", "read"))))
