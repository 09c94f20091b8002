"""From rows of a table to the arrays that a network is trained and scored on (`Part`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.engines.rows import spread
from deltaw.equations.encoded import Encoded
from deltaw.exceptions import SettingError
from deltaw.models.answers import truth
from deltaw.models.recipes import Recipe
from deltaw.models.rows import weights
from deltaw.models.rows.division import Constraints, Indices
from deltaw.models.rows.heap import trim_heap
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.means import MOST_OUTPUTS, PARTS, TrainingTargets
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.scales.logarithm import LogScale, skewness
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.speech import say
from deltaw.tables import Table
from deltaw.tables.held import all_as_read, with_common_enums
from deltaw.tables.table import total_rows, with_frames
from deltaw.tables.taking import taken

Array = NDArray[Any]

OF_A_MEDIAN = ("mae", "median_error", "mape", "rmsle")  # metrics for which the median is a better prediction
SKEWED = 1.0  # skewness; that of the exponential distribution is 2
STANDARD = SCALINGS["standard"].fit
MIDDLE = 0.5  # the usual decision threshold


@dataclass(frozen=True)
class Part:
    """Training, validation or test rows.

    Attributes:
        source: their raw columns, or those of more rows.
        X: (n, n_features) float32, the network's inputs; bins and one-hot columns encoded (`deltaw.equations.encoded`).
        T: (n,) labels, or (n, n_out) targets as the loss takes them.
        truth: (n,) class indices, or numbers in the target's own units.
        weight: (n,) row weights; None: all 1.
        rows: indices of the rows in `source`; None: all.
        group: (n,) group numbers; None: no groups.
    """

    source: pl.DataFrame
    X: Array | Encoded
    T: Array
    truth: Array
    weight: Array | None = None
    rows: Indices | None = None
    group: Array | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def frame(self) -> pl.DataFrame:
        """The raw columns of these rows."""
        return taken(self.source, self.rows)

    @property
    def bare(self) -> Part:
        """The part without its raw columns."""
        return replace(self, source=pl.DataFrame(), rows=None)

    def some(self, places: Indices) -> Part:
        """Some of the rows, by their indices in this part."""
        weight = None if self.weight is None else self.weight[places]
        group = None if self.group is None else self.group[places]
        rows = places if self.rows is None else self.rows[places]
        return Part(self.source, self.X[places], self.T[places], self.truth[places], weight, rows, group)


class Glimpse(NamedTuple):
    """Some rows of a part with their raw columns, kept for display when those of the others are freed."""

    places: Indices
    frame: pl.DataFrame

    @classmethod
    def of(cls, frame: pl.DataFrame, rows: Indices, most: int) -> Glimpse:
        """At most `most` of these rows of a frame, evenly spaced."""
        places = spread(len(rows), most)
        return cls(places, all_as_read(frame[rows[places]]))

    def part(self, whole: Part) -> Part:
        """The same rows as a `Part`, from the `whole` one."""
        return replace(whole.some(self.places), source=self.frame, rows=None)


def joined_parts(first: Part, second: Part) -> Part:
    """The rows of two parts of one table, concatenated."""
    if isinstance(first.X, Encoded) and isinstance(second.X, Encoded):
        joined: Array | Encoded = first.X.joined(second.X)
    else:
        joined = np.concatenate([np.asarray(first.X), np.asarray(second.X)])
    weights = [each.weight for each in (first, second) if each.weight is not None]
    groups = [each.group for each in (first, second) if each.group is not None]
    names = first.source.columns  # fewer if raw columns were freed
    return Part(
        pl.concat(with_common_enums([first.frame, second.frame[names]])),
        joined,
        np.concatenate([first.T, second.T]),
        np.concatenate([first.truth, second.truth]),
        np.concatenate(weights) if weights else None,
        group=np.concatenate(groups) if groups else None,
    )


def with_known_target(table: Table, target: Target) -> tuple[Table, int]:
    """The rows with a target value, and the number of those without."""

    def with_target(frame: pl.DataFrame) -> pl.DataFrame:
        known = target.known(frame.get_column(target.name), table.name)
        return frame if known.all() else frame.filter(known)

    kept = with_frames(table, with_target)
    left_out = total_rows(table) - total_rows(kept)
    return (kept if left_out else table), left_out


def scaled_target(whole: Target, rest: pl.DataFrame, recipe: Recipe, source: str) -> Target:
    """The target as the network learns it, with the scale of the training rows `rest`.

    Raises SettingError for a threshold if there are not two classes.
    """
    if recipe.threshold is not None:
        given = recipe.threshold
        whole = whole.with_threshold(MIDDLE if isinstance(given, str) else given)  # "best:…" is found after training
    if whole.task == "classification":
        return whole
    scaling = ("range", recipe.target_low, recipe.target_high) if recipe.targets == "range" else "standard"
    series, where = rest.get_column(whole.name), say("training rows of {source}", source=source)
    log = whole.low if recipe.target_scale == "log" else None
    fitted = Target.fit(series, whole.name, "regression", scaling, recipe.clamp, where, log)
    return replace(fitted, reason=whole.reason)


def target_scale_of(recipe: Recipe, whole: Target, frame: pl.DataFrame) -> str:
    """The scale of a numeric target, "log" or "none": as asked, or by its skewness and the metric (docs/tables.md).

    On a log scale a network predicts about the conditional median, not the mean, which RMSE and R² ask for.

    Raises SettingError for "log" with classes.
    """
    if whole.task == "classification":
        if recipe.target_scale == "log":
            found = say("{n} classes", n=len(whole.classes))
            raise SettingError("target_scale: expected numbers to be predicted", found, "leave it out")
        return "none"
    if recipe.target_scale != "auto":
        return recipe.target_scale
    if recipe.keep not in OF_A_MEDIAN or whole.low < 0:
        return "none"
    x = as_numbers(frame.get_column(whole.name).drop_nulls(), whole.name)
    before, after = skewness(x), skewness(LogScale.fit(STANDARD, x, whole.low).apply(x).astype(np.float64))
    return "log" if before > SKEWED and abs(after) < before else "none"


def training_targets(
    frame: pl.DataFrame, target: Target, recipe: Recipe, constraints: Constraints, seed: int
) -> TrainingTargets | None:
    """The training rows' targets, for target statistics; None if there are too many classes, or only one group.

    Args:
        frame: the rows.
        target, recipe: of the model.
        constraints: of these rows.
        seed: of their random division into parts.
    """
    if len(target.classes) > MOST_OUTPUTS:
        return None
    parts = constraints.parts(PARTS, seed)
    found = targets_in_parts(frame, target, recipe, parts) if len(np.unique(parts)) > 1 else None
    trim_heap(len(frame))  # before columns are copied
    return found


def targets_in_parts(frame: pl.DataFrame, target: Target, recipe: Recipe, parts: NDArray[np.uint8]) -> TrainingTargets:
    """The targets of rows that lie in these parts."""
    names, values = target.averaged(frame.get_column(target.name))
    return TrainingTargets.of(names, values, parts, weights.among(frame, recipe.weight, "training rows"))


def part_of(
    frame: pl.DataFrame,
    preparation: Preparation,
    target: Target,
    recipe: Recipe,
    source: str,
    targets: TrainingTargets | None = None,
    rows: Indices | None = None,
    frames: list[pl.DataFrame] | None = None,
    group: Array | None = None,
) -> Part:
    """The arrays of a frame's rows.

    Args:
        frame: the raw columns.
        preparation, target, recipe: of the model.
        source: name of the rows in messages.
        targets: their own, if they are training rows: each is encoded without its own.
        rows: indices of some rows; None: all.
        frames: pieces of the raw columns, freed one after another, if `frame` has only the target and the weights.
        group: see `Part`.
    """
    rows = none_if_all(frame, rows)
    beside = target_and_weight(frame, target, recipe, rows)
    series = beside.get_column(target.name)
    known = truth(target, series, source)
    if target.task == "regression":
        T: Array = target.encode(series, source)
    else:
        T = target.slots(known, recipe.target_low, recipe.target_high) if recipe.targets == "one_hot" else known
    weight = weights.among(beside, recipe.weight, source)
    if frames is not None:
        none = all_as_read(frames[0].clear())
        made = Part(none, preparation.encode_and_free(frames, source, rows, targets), T, known, weight, group=group)
        trim_heap(len(made))
        return made
    return Part(frame, preparation.encode(frame, source, targets, rows), T, known, weight, rows, group)


def counts_of(part: Part, training: Part, target: Target, recipe: Recipe) -> Array | None:
    """(n,) row times class weights of a part; "balanced" ones by the training rows; None: all 1."""
    factors = weights.of_classes(recipe.class_weight, target, training.truth, training.weight)
    return weights.in_training(factors, part.truth, part.weight)


def none_if_all(frame: pl.DataFrame, rows: Indices | None) -> Indices | None:
    """`rows`, or None if they are all rows of the frame."""
    return None if rows is None or len(rows) == len(frame) else rows


def in_chunks(table: Table, beside: list[str]) -> tuple[list[pl.DataFrame], Table]:
    """A table's frame in its memory chunks, each freed alone, and a table of the columns `beside`."""
    frame = table.frame
    trim_heap(len(frame))  # before there are inputs beside it
    ends = np.cumsum([len(part) for part in frame.to_series(0).get_chunks()]).tolist()
    kept = frame[beside].rechunk()  # copied out of the chunks
    return [frame[a:b] for a, b in pairwise([0, *ends]) if a < b], replace(table, frame=kept)


def with_out_of_fold(
    preparation: Preparation, frame: pl.DataFrame, targets: TrainingTargets, rows: Indices | None
) -> TrainingTargets:
    """The targets with each training row's leave-out statistics, so that inputs can be made piece by piece."""
    steps = preparation.steps_with_means
    return targets._replace(
        out_of_fold={s.title: s.out_of_fold(taken(frame[list(s.inputs)], rows), targets) for s in steps}
    )


def target_and_weight(frame: pl.DataFrame, target: Target, recipe: Recipe, rows: Indices | None) -> pl.DataFrame:
    """Target and weight columns of these rows, or all."""
    return taken(frame[names_of_target_and_weight(target, recipe)], none_if_all(frame, rows))


def names_of_target_and_weight(target: Target, recipe: Recipe) -> list[str]:
    """Names of the target column and the weight column, if any."""
    return [target.name, *([] if recipe.weight is None else [recipe.weight])]
