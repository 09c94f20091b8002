"""Sections of a report about the scores: all scores, confusion, thresholds, calibration, the largest errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw import plots
from deltaw.models import GUESS, Model, Scores, worst
from deltaw.models.contents import picture_of
from deltaw.models.scoring.metrics import Outcome
from deltaw.notebook import escape
from deltaw.numbers import number
from deltaw.pages import html as pages
from deltaw.plots import curves
from deltaw.report import columns
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from deltaw.preparation import Target

MAX_PER_CLASS = 60  # classes in the figure of precision and recall
FEWEST_CALIBRATED = 100  # rows; with fewer, deciles are too small
MAX_WORST = 12  # rows
MAX_WORST_PICTURES = 24
MAX_SHOWN_INPUTS = 7  # raw columns shown for each of the largest errors


def sections(model: Model) -> Iterator[tuple[str, str]]:
    """(heading, HTML) of each section; "" if there is nothing to show."""
    scores = model.scores
    if scores is None:
        return
    yield say("More scores"), _scores(scores, model.recipe.metric)
    if scores.confusion is not None:
        yield say("Confusion matrix"), _confusion(scores)
    if scores.outcome is None:
        return
    if scores.outcome.probabilities is None:
        yield say("Answers"), _numbers(scores.outcome, model.target.name)
    else:
        yield say("Scores by threshold"), _thresholds(scores, model.target)
        yield say("Calibration"), _calibration(scores.outcome)
    yield say("The largest errors"), _worst(model, scores)


def _scores(scores: Scores, named: str | None) -> str:
    """The table of the scores without a tile."""
    cells = [
        [m.title, m.show(scores[m.name]), scores.show_interval(m), m.show(scores.baseline[m.name])]
        for m in scores.defined
        if m not in scores.leading(named)
    ]
    note = say(
        "95% bootstrap interval of these {rows:,} rows: where the score of other rows like these would "
        "lie. There is none if all resamples score the same.",
        rows=scores.rows,
    )
    headings = ["", say("the network"), say("95% interval"), say(GUESS[scores.task])]
    return f"{pages.table(headings, cells, (1, 2, 3))}<p class=soft>{note}</p>" if cells else ""


def _numbers(outcome: Outcome, name: str) -> str:
    """Predicted against true numbers."""
    figure = plots.predicted_against_true(outcome.truth, outcome.predicted, name)
    drawn = pages.figure(figure, say("answers and true values, and the distribution of errors"))
    figure = curves.residuals(outcome.truth, outcome.predicted, name)
    return drawn + pages.figure(figure, say("errors by answer"))


def _calibration(outcome: Outcome) -> str:
    """The calibration figure; "" for too few rows."""
    if outcome.probabilities is None or len(outcome.truth) < FEWEST_CALIBRATED:
        return ""
    figure = plots.calibration(outcome.probabilities, outcome.truth, outcome.weight)
    return pages.figure(figure, say("share of right answers by predicted probability"))


def _thresholds(scores: Scores, target: Target) -> str:
    """ROC and precision-recall curves, and for two classes the scores by threshold."""
    assert scores.outcome is not None
    truth, p, classes = scores.outcome.truth, scores.outcome.shares, scores.classes
    weight = scores.outcome.weight
    if len(np.unique(truth)) < 2:
        return ""
    drawn = pages.figure(curves.roc(truth, p, classes, weight), say("ROC curves"))
    drawn += pages.figure(curves.precision_recall(truth, p, classes, weight), say("precision against recall"))
    if len(classes) == 2:
        figure = curves.thresholds(truth == 1, p[:, 1], classes[1], target.threshold or 0.5, weight)
        drawn += pages.figure(figure, say("precision, recall and F1 against the threshold"))
    rule = f"<p class=soft>{say('The answer is {rule}.', rule=escape(target.rule))}</p>" if target.rule else ""
    return f"{rule}<div class=row>{drawn}</div>"


def _confusion(scores: Scores) -> str:
    assert scores.confusion is not None
    pairs = [
        (int(scores.confusion[t, o]), scores.classes[t], scores.classes[o])
        for t, o in np.argwhere(scores.confusion > 0)
        if t != o
    ]
    if not pairs:
        note = say("No mistakes.")
    else:
        most = sorted(pairs, key=lambda pair: -pair[0])[:3]
        taken = [say("{t} as {o} ({n:,})", t=escape(str(t)), o=escape(str(o)), n=n) for n, t, o in most]
        note = say("Most frequent mistakes: {taken}.", taken=listed(taken))
    figures = pages.figure(plots.confusion(scores.confusion, scores.classes), say("confusion matrix"))
    if len(scores.classes) <= MAX_PER_CLASS:
        each = plots.per_class(scores.precision, scores.recall, scores.classes)
        figures += pages.figure(each, say("precision and recall of each class"))
    return f"<p class=soft>{note}</p><div class=row>{figures}</div>"


def _worst(model: Model, scores: Scores) -> str:
    """The largest errors, as images if the inputs are one, else as a table."""
    assert scores.outcome is not None
    if model.held_out is None:
        return ""
    shape = picture_of(model)
    chosen = worst(scores.outcome, MAX_WORST if shape is None else MAX_WORST_PICTURES)
    if not len(chosen):
        return f"<p>{say('Every answer was right.')}</p>"
    rows = model.held_out[chosen]
    if shape is not None:
        images = rows[list(shape.columns)].to_numpy().astype(float).reshape(len(chosen), *shape.shape)
        verdicts = _verdicts(model, scores, chosen)
        captions = [say("{t}, answered {o} ({sure})", t=t, o=o, sure=sure) for t, o, sure in verdicts]
        return pages.figure(plots.pictures(images, captions), say("the largest errors as pictures"))
    known = [name for name in model.preparation.input_names[:MAX_SHOWN_INPUTS] if name in rows.columns]
    headings = [say("truth"), say("answer"), say("confidence" if model.task == "classification" else "error"), *known]
    cells = [
        [*verdict, *(_cell(value) for value in row)]
        for verdict, row in zip(_verdicts(model, scores, chosen), rows[known].rows(), strict=True)
    ]
    more = len(model.preparation.input_names) - len(known)
    return pages.table(headings, cells) + columns.more(more)


def _verdicts(model: Model, scores: Scores, rows: Iterable[int]) -> list[list[str]]:
    """For each row the truth, the prediction, and its probability or error, as texts."""
    assert scores.outcome is not None
    truth, predicted, probabilities = scores.outcome.truth, scores.outcome.predicted, scores.outcome.probabilities
    if probabilities is None:
        return [[_cell(truth[i]), _cell(predicted[i]), _cell(predicted[i] - truth[i])] for i in rows]
    return [
        [str(model.classes[truth[i]]), str(model.classes[predicted[i]]), f"{probabilities[i, predicted[i]]:.0%}"]
        for i in rows
    ]


def _cell(value: Any) -> str:
    if value is None:
        return say("missing")
    text = str(value)
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        text = number(float(value))
    return text if len(text) <= 40 else text[:39] + "…"
