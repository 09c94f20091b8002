"""`Target`: from the target's column to numbers to train on, and from outputs to predictions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from deltaw.exceptions import ColumnError, ModelFileError, SettingError
from deltaw.given import among
from deltaw.numbers import amount, number, typed
from deltaw.plain import Plain
from deltaw.preparation.document import fields
from deltaw.preparation.reading import as_numbers, looked_up, places_as_written, spelt_as
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.preparation.scales.scaling import IDENTITY, LARGEST, SCALINGS, Fit, Scale, fit_scale, range_onto
from deltaw.preparation.task import (
    AS_ASKED,
    FRACTIONS,
    TASKS,
    Task,
    cells_of,
    classes_of,
    in_unit,
    infer_task,
    known_cells,
)
from deltaw.schema import agrees
from deltaw.speech import listed, retold, say
from deltaw.speech.settings import given_as
from deltaw.tables.cells import as_words, read_numbers
from deltaw.tables.codes import are_codes, width_of
from deltaw.tables.held import are_plain, as_read
from deltaw.tables.numerals import without_gaps
from deltaw.tables.strays import check_strays
from deltaw.tables.table import cell_error, clip, listing, suggested
from deltaw.tables.units import is_unit, plain_unit

AT_ONCE = 2**16  # rows converted at a time, to save memory


@dataclass(frozen=True)
class Target(Plain):
    """The target as plain data.

    Attributes:
        name: of the column.
        task: "classification" or "regression".
        reason: why this task, in a few words.
        classes: the values in order (classification), else ().
        low, high: the range in training, possibly widened (regression), else 0.
        scale: linear or logarithmic scale of numbers (regression), else the identity.
        clamp: whether predictions are clipped to low…high (regression).
        threshold: for two classes, the probability from which the second is predicted; None: the likelier class.
        unit: of numbers in text (`deltaw.tables.units`); "" for none.
    """

    name: str
    task: Task
    reason: str
    classes: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    scale: Scale | LogScale = IDENTITY
    clamp: bool = False
    threshold: float | None = None
    unit: str = ""

    @classmethod
    def fit(
        cls,
        series: pl.Series,
        name: str,
        task: str | None = None,
        scaling: str | tuple[str, float, float] = "standard",
        clamp: bool = False,
        source: str = "training rows",
        log: float | None = None,
    ) -> Target:
        """Fit classes or scale on the training rows.

        Args:
            series: (n,) the target; missing values are ignored.
            name: the column's name.
            task: "classification" or "regression"; None: inferred (`infer_task`).
            scaling: of numbers: "standard", or ("range", low, high) for a linear map of the range onto low…high.
            clamp: whether to clip predictions to the range.
            source: name of the rows in messages.
            log: the lowest number over all rows, for a logarithmic scale (`LogScale`); None: a linear one.

        Raises:
            ColumnError: an infinite value, a negative one for the logarithm, a word among numbers, a single value or
                none, words for regression, or too many classes.
            SettingError: an unknown task or scaling.
        """
        if not among(task, (None, *TASKS)):
            raise SettingError(
                "task: expected {tasks}", repr(task), "choose one, or leave it out", tasks=listed(TASKS, " or ")
            )
        series = cells_of(series, name, source)
        series, unit = in_unit(series if are_plain(series) else as_read(series), task, source)
        if series.dtype == pl.String:
            check_strays(series, source)
        known = without_gaps(series)
        distinct = known.n_unique()
        if distinct < 2:
            none = say("none in {rows}", rows=amount(len(series), "row")) if len(series) else say("no rows")
            found = say("only {value}", value=clip(str(known[0]))) if distinct else none
            instead = "choose another target"
            if len(known) < len(series):
                instead = "choose another target, or list the words that do not mean a missing value ({option})"
            raise ColumnError(
                '{source}: expected different values in target "{name}"',
                found,
                instead,
                source=source,
                name=name,
                option=given_as("not_na"),
            )
        inferred, reason = (task, AS_ASKED) if task else infer_task(known, distinct)
        if inferred == "classification":
            classes = classes_of(known, name, distinct, source)
            if isinstance(classes[0], float) and not np.isfinite((classes[0], classes[-1])).all():
                as_numbers(series, source)  # says in which row
            return cls(name, "classification", reason, classes)
        if known.dtype == pl.String and read_numbers(known).null_count() == len(known):
            wanted = '{source}: expected numbers in target "{name}" for regression'
            raise ColumnError(wanted, f'"{clip(known[0])}"', "leave the task out", source=source, name=name)
        x = as_numbers(series, source)  # of all rows: a message names the right one
        x = x[~np.isnan(x)]
        if log is not None and min(log, x.min()) < 0:
            expected = say(
                '{source}: expected no number below 0 in target "{name}" for a log scale', source=source, name=name
            )
            raise ColumnError(expected, typed(min(log, x.min())), "leave target_scale out, or give none")
        scale = fit_scale(_fit(scaling), x) if log is None else LogScale.fit(_fit(scaling), x, log)
        return cls(name, "regression", reason, (), float(x.min()), float(x.max()), scale, clamp, unit=unit)

    @property
    def statement(self) -> str:
        """The task in words: "classification of 11 whole numbers 0 … 10"."""
        if self.task == "regression" and self.unit:
            return say("regression in {unit}, {reason}", unit=plain_unit(self.unit), reason=retold(self.reason))
        if self.task == "regression":
            return say("regression, {reason}", reason=retold(self.reason))
        first, last = self.classes[0], self.classes[-1]
        if isinstance(first, str | bool):
            shown = listing((clip(str(each), 20) for each in self.classes), 5)
            return say("classification of {n:,} classes, {shown}", n=len(self.classes), shown=shown)
        whole = "classification of {n:,} whole numbers {first} … {last}"
        others = "classification of {n:,} numbers {first} … {last}"
        said = whole if all(each == int(each) for each in self.classes) else others
        return say(said, n=len(self.classes), first=number(first), last=number(last))

    @property
    def other_task(self) -> Task | None:
        """The other possible task, unless the user chose one: numbers can be classes, too."""
        if self.task == "regression":
            return None if self.reason in (AS_ASKED, FRACTIONS) else "classification"
        names = isinstance(self.classes[0], str) and not are_codes(_series(self.name, self.classes))
        return None if self.reason == AS_ASKED or names or isinstance(self.classes[0], bool) else "regression"

    def known(self, series: pl.Series, source: str = "data") -> NDArray[np.bool_]:
        """(n,) whether the target of each row is known. Raises ColumnError for a type that no target has."""
        cells = cells_of(series, self.name, source)
        return cells.is_not_null().to_numpy() if cells.null_count() else np.ones(len(cells), np.bool_)

    def some_known(self, series: pl.Series, source: str = "data") -> NDArray[np.bool_]:
        """`known`; also raises ColumnError if it is for no row."""
        known = self.known(series, source)
        if len(known) and not known.any():
            expected = say('{source}: expected values in target "{name}"', source=source, name=self.name)
            raise ColumnError(expected, say("none in {n:,} rows", n=len(known)), "give rows whose answers are known")
        return known

    def encode(
        self, series: pl.Series, source: str = "data", gaps: bool = False
    ) -> NDArray[np.int32] | NDArray[np.float32]:
        """Labels (n,) int32 for classification, scaled numbers (n, 1) float32 for regression.

        With `gaps`, a missing value is -1 or NaN. Raises ColumnError for a missing value without `gaps`, a class that
        was not in training, and a cell that is not a number.
        """
        given = series
        series = cells_of(series, self.name, source) if gaps else known_cells(series, self.name, source)
        if self.task == "regression":
            return self.scale.apply(self.numbers(series, source))[:, None]
        known = self._spelt
        labels = np.empty(len(series), np.int32)
        for start in range(0, len(series), AT_ONCE):
            part = series[start : start + AT_ONCE]
            if (places := places_as_written(part, known, -1)) is not None:
                labels[start : start + len(part)] = places
                continue
            words = spelt_as(part if given.dtype == pl.String else as_words(part), known)
            words, found = looked_up(words, self._places, self._width, -1)
            unseen = found == len(known)
            if unseen.any():
                row = int(unseen.argmax())
                expected = say("a class seen in training ({classes})", classes=listing(self.classes))
                remedy = suggested(words[row], known, say("remove the row, or train with such rows too"))
                raise cell_error(source, self.name, start + row, expected, words[row], remedy)
            labels[start : start + len(part)] = found
        return labels

    def numbers(self, series: pl.Series, source: str = "data") -> NDArray[np.float64]:
        """The numbers (n,) of regression, NaN if missing. Raises ColumnError for other cells."""
        return as_numbers(series, source, self.unit)

    @cached_property
    def _spelt(self) -> list[str]:
        """The classes as words."""
        return as_words(_series(self.name, self.classes)).to_list()

    @cached_property
    def _places(self) -> dict[str, int]:
        """Class as a word -> index."""
        return {word: place for place, word in enumerate(self._spelt)}

    @cached_property
    def _width(self) -> int | None:
        return width_of(self._spelt)

    def one_hot(
        self, series: pl.Series, low: float = 0.0, high: float = 1.0, source: str = "data", gaps: bool = False
    ) -> NDArray[np.float32]:
        """Targets (n, K) float32: `high` for each row's class, `low` for the others. Classification only."""
        return self.slots(self.encode(series, source, gaps), low, high)

    def slots(self, labels: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
        """`one_hot` of labels."""
        return np.where(np.arange(len(self.classes)) == labels[:, None], np.float32(high), np.float32(low))

    def with_wider_range(self) -> Target:
        """The target with predictions up to half the range beyond the training rows; not below 0, if these are not."""
        beyond = self.high / 2 - self.low / 2
        low = max(self.low - beyond, 0.0 if self.low >= 0 else -LARGEST)
        return replace(self, low=low, high=min(self.high + beyond, LARGEST))

    def averaged(self, series: pl.Series, source: str = "data") -> tuple[tuple[str, ...], NDArray[Any]]:
        """(k names, values (n, k)) for target encoding: numbers, or their logarithms on a log scale; booleans, whether
        it is the second of two classes, or each of more.
        """
        if self.task == "classification":
            named = self.classes if len(self.classes) > 2 else self.classes[1:]
            shares = self.encode(series, source)[:, None] == np.arange(len(self.classes))[-len(named) :]
            return tuple(f"share of {clip(str(each))}" for each in named), shares
        log = isinstance(self.scale, LogScale)
        scale = self.scale.scale if isinstance(self.scale, LogScale) else self.scale
        return (f"mean {self.name}" + " on a log scale" * log,), scale.undo(self.encode(series, source))

    def with_threshold(self, threshold: float | None) -> Target:
        """The target with the second class predicted from this probability on; None: if it is the likelier one.

        Raises SettingError for an invalid probability, and unless there are two classes.
        """
        if threshold is None:
            return replace(self, threshold=None)
        if len(self.classes) != 2:
            found = say("{n} classes", n=len(self.classes)) if self.classes else say("numbers ({name})", name=self.name)
            raise SettingError("threshold: expected a target of two classes", found, "leave it out")
        number = isinstance(threshold, int | float | np.number) and not isinstance(threshold, bool)
        if not number or not 0 < threshold < 1:
            raise SettingError("threshold: expected a probability between 0 and 1", repr(threshold), "give e.g. 0.3")
        return replace(self, threshold=float(threshold))

    def labels(self, shares: NDArray[Any]) -> NDArray[np.intp]:
        """The predicted classes (n,): the likeliest, or of two by the threshold. `shares`: probabilities (n, K)."""
        if self.threshold is None:
            return np.asarray(shares.argmax(axis=1))
        return (shares[:, 1] >= self.threshold).astype(np.intp)

    @property
    def rule(self) -> str:
        """The threshold in words: "yes from a probability of 0.3 on"; "" without one."""
        if self.threshold is None:
            return ""
        return say("{answer} from a probability of {p} on", answer=self.classes[1], p=number(self.threshold))

    def decode(self, outputs: ArrayLike) -> pl.Series:
        """`values`, as a series called `name`."""
        return pl.Series(self.name, self.values(outputs).tolist())

    def values(self, outputs: ArrayLike) -> NDArray[Any]:
        """Predictions in the target's own values, (n,).

        Args:
            outputs: classification: labels (n,), or probabilities (n, K); regression: scaled numbers (n,) or (n, 1).
        """
        outputs = np.asarray(outputs)
        if self.task == "classification":
            return self._values[self.labels(outputs) if outputs.ndim == 2 else outputs]
        x = self.scale.undo(outputs.reshape(-1))
        return np.asarray(np.clip(x, self.low, self.high) if self.clamp else x)

    @cached_property
    def _values(self) -> NDArray[Any]:
        return _series(self.name, self.classes).to_numpy()

    def document(self) -> dict[str, Any]:
        """The target as plain JSON data."""
        known = asdict(self) | {"classes": list(self.classes)}
        return {key: value for key, value in known.items() if key not in FILE_DEFAULTS or value != FILE_DEFAULTS[key]}

    @classmethod
    def from_document(cls, document: Any) -> Target:
        """The inverse of `document`. Raises ModelFileError for an invalid document."""
        values = fields(document, CHECKS, "target", FILE_DEFAULTS)
        enough = len(values["classes"]) > 1 if values["task"] == "classification" else not values["classes"]
        if not enough or values["low"] > values["high"]:
            line = "{task} with {n} classes, {low} to {high}"
            found = say(line, task=values["task"], n=len(values["classes"]), low=values["low"], high=values["high"])
            raise ModelFileError("target: expected several classes or a range", found, "save the model again")
        threshold = values.pop("threshold")
        try:
            scale = values["scale"]
            scale = LogScale.from_document(scale) if "offset" in scale else Scale(**scale)
            return cls(**values | {"scale": scale}).with_threshold(threshold)
        except SettingError as error:
            raise ModelFileError(
                "target: {expected}", error.found, "save the model again", expected=error.expected
            ) from None


def _series(name: str, classes: tuple[Any, ...]) -> pl.Series:
    return pl.Series(name, list(classes))


def _fit(scaling: str | tuple[str, float, float]) -> Fit:
    if scaling == "standard":
        return SCALINGS["standard"].fit
    if isinstance(scaling, tuple) and len(scaling) == 3 and scaling[0] == "range" and scaling[1] < scaling[2]:
        return range_onto(scaling[1], scaling[2])
    expected = say('target scaling: expected "standard" or ("range", low, high)')
    raise SettingError(expected, repr(scaling), 'give e.g. ("range", 0.01, 0.99)')


def _are_classes(value: Any) -> bool:
    """Whether a document's value is valid classes: of one type, ascending, and distinct also as words."""
    if not isinstance(value, list) or len({type(each) for each in value}) > 1:
        return False
    plain = all(agrees(each, (str, bool, float)) for each in value)
    if not plain or not all(a < b for a, b in pairwise(value)):
        return False
    words = as_words(_series("classes", tuple(value)))
    return not words.null_count() and words.n_unique() == len(value)


CHECKS = {
    "name": str,
    "task": TASKS,
    "reason": str,
    "classes": _are_classes,
    "low": float,
    "high": float,
    "scale": (Scale.CHECKS, LogScale.CHECKS),
    "clamp": bool,
    "threshold": (float, None),
    "unit": ("", is_unit),
}
FILE_DEFAULTS = {"threshold": None, "unit": ""}  # left out of a document if they have these values
