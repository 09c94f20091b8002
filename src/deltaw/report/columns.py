"""Sections of a report about the columns: importance, partial dependence, preparation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deltaw import plots
from deltaw.exceptions import InputError
from deltaw.models import Model
from deltaw.models.scoring.dependence import Dependence
from deltaw.models.scoring.importance import Importance, sampled
from deltaw.notebook import escape
from deltaw.pages import html as pages
from deltaw.plots import curves
from deltaw.speech import reads, say

MAX_COLUMNS = 200  # rows of the table of columns
# Permutation importance: most columns, repetitions, and limits of rows times columns and of rows: a second or two.
MAX_WORTHS, REPEATS, MAX_PERMUTED, FEWEST_PERMUTED, MOST_PERMUTED = 200, 3, 60_000, 300, 2_000
MAX_DEPENDENCES = 6  # columns
MAX_LINES = 4  # classes in a figure of partial dependence


def sections(model: Model) -> Iterator[tuple[str, str]]:
    """(heading, HTML) of the sections that need held-out rows."""
    asked = model.witness or model  # the network itself may have been trained on these rows
    if (found := _importance(asked)) is not None:
        yield say("How important the columns are"), _worth(found, model.witness is not None)
        yield say("How the answer depends on a column"), _dependences(asked, found)


def _importance(model: Model) -> Importance | None:
    """Permutation importance on some held-out rows; None without such rows, and for a single column or too many."""
    if model.held_out is None or not 2 <= len(model.preparation.steps) <= MAX_WORTHS:
        return None
    most = max(FEWEST_PERMUTED, min(MOST_PERMUTED, MAX_PERMUTED // len(model.preparation.steps)))
    rows = model.held_out[sampled(len(model.held_out), most, 0)]
    try:
        return model.importance(rows, repeats=REPEATS)
    except InputError:  # the score is undefined on these rows
        return None


def _worth(found: Importance, by_witness: bool) -> str:
    """The columns by importance."""
    shown = found.columns[: curves.MAX_BARS]
    figure = curves.importance(
        [reads(each.column) for each in shown], [each.drop for each in shown], [each.interval for each in shown],
        found.metric.title,
    )  # fmt: skip
    cells = [[reads(each.column), found.show(each), found.show_interval(each)] for each in shown]
    more = len(found.columns) - len(shown)
    title = found.metric.title
    note = say(
        "Permutation importance: how much worse the {title} of {rows:,} rows gets when the cells of one "
        "column are shuffled (mean of {repeats} times). Columns that carry the same information can "
        "replace each other.",
        title=title, rows=found.rows, repeats=found.repeats,
    )  # fmt: skip
    note += say(" … and {n:,} more columns.", n=more) if more else ""
    note += say(" Computed with the network of the first fold, which had not seen these rows.") if by_witness else ""
    headings = [say("column"), say("{title} worse by", title=title), say("95% interval")]
    table = pages.table(headings, cells, (1, 2))
    picture = pages.figure(figure, say("how important each column is"))
    return f"<p class=soft>{escape(note)}</p><div class=row>{picture}{table}</div>"


def _dependences(model: Model, found: Importance) -> str:
    """Partial dependence on the most important columns."""
    assert model.held_out is not None
    names = [each.column for each in found.columns[:MAX_DEPENDENCES]]
    known = [each for each in (model.dependence(model.held_out, name) for name in names) if each is not None]
    if not known:
        return ""
    chosen = _lines(model, known)
    answers = [each.answers if chosen is None else each.answers[:, chosen] for each in known]
    low, high = min(map(np.min, answers)), max(map(np.max, answers))
    pad = 0.06 * (high - low) or 1.0
    what = model.target.name if chosen is None else say("probability")
    names = [] if chosen is None else [str(model.classes[k]) for k in chosen]
    if len(names) == 1:
        what, names = say("probability of {name}", name=names[0]), []
    drawn = "".join(
        pages.figure(
            curves.dependence(each.column, each.kind, each.cells, y, plots.short(what), (low - pad, high + pad), names),
            say("the mean answer against {column}", column=each.column),
        )
        for each, y in zip(known, answers, strict=True)
    )
    note = say("Partial dependence: the mean answer when all rows get the same value in one column.")
    return f"<p class=soft>{note}</p><div class=row>{drawn}</div>"


def _lines(model: Model, known: list[Dependence]) -> list[int] | None:
    """Indices of the classes with a line: of two the second, of more those with the largest range; None for numbers."""
    if model.task == "regression":
        return None
    if len(model.classes) == 2:
        return [1]
    moved = np.max([np.ptp(each.answers, axis=0) for each in known], axis=0)
    return sorted(np.argsort(-moved, kind="stable")[:MAX_LINES].tolist())


def table(model: Model) -> str:
    """The table of the preparation of each column."""
    lines = model.preparation.describe()
    cells = [[column, kind, treatment, f"{features:,}"] for column, kind, treatment, features in lines[:MAX_COLUMNS]]
    headings = [say("column"), say("kind"), say("preparation"), say("features")]
    return pages.table(headings, cells, numbers={3}) + more(len(lines) - len(cells))


def more(columns: int) -> str:
    """The number of columns that are not listed."""
    return f"<p class=soft>{say('… and {n:,} more columns.', n=columns)}</p>" if columns > 0 else ""
