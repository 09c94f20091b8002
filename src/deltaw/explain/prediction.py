"""A model's prediction for one row: from cells to prediction, its attributions, and a training step on the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.equations.backprop import Rule
from deltaw.exceptions import ColumnError, InputError, SettingError
from deltaw.explain import step_page
from deltaw.explain.attributions import TOLERANCE, attributions
from deltaw.explain.ensemble import ensemble
from deltaw.explain.prediction_page import TYPICAL_ROW, Answered, cells, data, lead, lesson, pushes, what_answered
from deltaw.explain.step import signals, step
from deltaw.models import Model
from deltaw.models.answers import rows_of
from deltaw.pages import Page, Paged, Section, Text
from deltaw.preparation.arithmetic import arithmetic
from deltaw.speech import say
from deltaw.tables import Table as Rows

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Answered, Paged):
    """A prediction for one row and its explanation; `str` and notebooks show its page.

    Attributes:
        model: the model, of an ensemble the network that is explained.
        row: number of the row, from 1.
        source: name of the table.
        prepared: how the cells became inputs.
        signals: z and o of every layer.
        answer: the predicted class, or number in the target's own units.
        probabilities: (K,) of the classes; None for regression.
        truth: the target's cell; None if the table has none.
        attributions: contribution of each input to z of the predicted class, or to the number, in the target's units.
        against: the baseline of the contributions, in words.
        other: the baseline's cells, one row: a typical row (`Preparation.usual_row`), or another row of the table.
        step: a step of gradient descent on this row; None if the target is not known.
        together: of an ensemble, the predictions of all its networks; else None.
    """

    @cached_property
    def page(self) -> Page:
        """Everything as a document."""
        sections = [] if self.together is None else [self.together.section]
        sections += [
            Section(say("What contributed to the answer"), pushes(self)),
            Section(say("From cells to inputs"), cells(self)),
            *step_page.signal_sections(self.signals),
            Section(say("The answer"), what_answered(self)),
            Section(say("One training step on this row"), [Text(lesson(self))]),
        ]
        if self.step is not None:
            sections += step_page.learning_sections(self.step)
        return Page(
            say("{name} of row {row:,} of {source}", name=self.model.target.name, row=self.row, source=self.source),
            lead(self),
            sections,
            data(self),
        )


def prediction(
    model: Model,
    rows: Any,
    row: int = 1,
    *,
    learning_rate: float = 0.1,
    backward: Rule | None = None,
    against: int | None = None,
    member: int = 1,
) -> Prediction:
    """Explain a model's prediction for one row, number by number.

    Args:
        model: from `deltaw.fit` or `deltaw.load`.
        rows: as for `model.predict`, or one row as a mapping from columns to values.
        row: number of the row, counted from 1 without the header.
        learning_rate: α of the training step that is shown if the target is known.
        backward: "gradient" or "notes"; None: the rule by which the model was trained.
        member: which network of an ensemble to explain, counted from 1.
        against: number of the row that is the baseline of the contributions; None: a typical row.

    Returns:
        The `Prediction`.

    Raises:
        InputError: rows that cannot be read, no such row, or an invalid cell.
        SettingError: an invalid setting.

    Examples:
        >>> import deltaw
        >>> model = deltaw.fit("iris", epochs=5, folds=0)
        >>> answer = deltaw.explain.prediction(model, "iris", row=70)
        >>> print(answer)  # doctest: +SKIP
    """
    if not isinstance(model, Model):
        raise SettingError("model: expected a deltaw.Model", repr(model)[:60], "make one: deltaw.load(path)")
    whole, model = model, model.member(member)
    table = model.read(_frame(rows) if isinstance(rows, Mapping) else rows)
    frame = _row(table, row)
    prepared = _numbered(row, lambda: arithmetic(model.preparation, frame, table.name))
    x = model.preparation.transform(frame, source=table.name)[0]
    names, classes = model.preparation.feature_names, tuple(map(str, model.classes)) or (model.target.name,)
    seen = signals(model.network, x, names, classes)
    found = model.answers(Rows(frame, table.name), engine="reference")  # as all numbers of the page are
    probabilities = None if found.probabilities is None else found.probabilities[0]

    if against is None:
        other, baseline_name = model.preparation.usual_row(), TYPICAL_ROW
        baseline = model.preparation.transform(other)[0]
    else:
        other, baseline_name = _row(table, against), say("row {n:,}", n=against)
        baseline = np.asarray(_numbered(against, lambda: model.preparation.transform(other, source=table.name)[0]))
    if probabilities is None:
        scale = model.target.scale
        precise = TOLERANCE * min(1.0, float(scale.slope(seen.o[-1])[0]))
        shares = attributions(model.network, x, 0, "o", baseline, precise, names, classes, scale)
    else:
        answered = int(model.target.labels(probabilities[None])[0])
        shares = attributions(model.network, x, answered, "z", baseline, TOLERANCE, names, classes)

    truth, taught = None, None
    if model.target.name in frame.columns and frame.get_column(model.target.name)[0] is not None:
        truth = frame.get_column(model.target.name)[0]
        t = _numbered(row, lambda: _target(model, frame, table.name))
        rule = model.recipe.backward if backward is None else backward
        taught = step(model.network, x, t, learning_rate, model.recipe.loss, rule, names, classes)
    made = Prediction(
        model, row, table.name, tuple(prepared), seen, found.values[0], probabilities, truth, shares, baseline_name,
        other, taught,
    )  # fmt: skip
    all_say = ensemble(whole, Rows(frame, table.name), x, baseline, made.columns, names, classes)
    return replace(made, together=all_say)


# --- reading the row ------------------------------------------------------------------------------------------------


def _frame(row: Mapping[str, Any]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({str(name): [value] for name, value in row.items()})


def _row(table: Rows, row: Any) -> pl.DataFrame:
    frame = rows_of(table)
    if not isinstance(row, (int, np.integer)) or isinstance(row, bool) or not 1 <= row <= len(frame):
        expected = "{name}: expected a row from 1 to {n:,}"
        raise InputError(expected, repr(row), "rows are counted without the header", name=table.name, n=len(frame))
    return frame[int(row) - 1]


def _numbered(row: int, call: Any) -> Any:
    """The result of `call`; an error about row 1, the only row that it gets, names the row's own number."""
    try:
        return call()
    except ColumnError as error:
        place = " in row {row:,} of "
        named = error.expected.replace(say(place, row=1), say(place, row=row))
        raise ColumnError(named, error.found, error.remedy) from None


def _target(model: Model, frame: pl.DataFrame, source: str) -> Any:
    """The row's target as the model was trained on it: a label, or the outputs wanted, (n_out,)."""
    series, recipe = frame.get_column(model.target.name), model.recipe
    if recipe.targets == "one_hot" and model.task == "classification":
        return model.target.one_hot(series, recipe.target_low, recipe.target_high, source)[0]
    return model.target.encode(series, source)[0]
