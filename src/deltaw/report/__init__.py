"""The report of a training: a self-contained HTML file, with scores, columns and learning curves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deltaw import files
from deltaw.models import GUESS, Model
from deltaw.notebook import escape
from deltaw.pages import html as pages
from deltaw.report import columns, learning, scores
from deltaw.speech import say, spoken


def write(path: str | Path, model: Model, rows: str = "") -> None:
    """Write the report of a model to `path` atomically; see `html`. Raises OutputError."""
    files.write_bytes(path, html(model, rows).encode())


def html(model: Model, rows: str = "") -> str:
    """The report of a model as an HTML page.

    Directly after `deltaw.fit` it has curves, the largest errors and the importance of columns, for which a loaded
    model lacks the rows. To report on other rows, replace the model's `scores` and `held_out`.

    Args:
        model: the model.
        rows: description of the scored rows, if they are not those held out in training.
    """
    title = say("{name} of {source}", name=model.target.name, source=model.origin.source)
    sections = "".join(pages.section(heading, body) for heading, body in _sections(model) if body)
    return pages.page(
        title, f"{_headline(model, rows)}\n{sections}", spoken(), style=pages.css("report", Path(__file__).parent)
    )


def _sections(model: Model) -> Iterator[tuple[str, str]]:
    yield from scores.sections(model)
    yield from columns.sections(model)
    yield from learning.sections(model)
    yield say("Columns"), columns.table(model)
    yield say("Network"), learning.network(model)
    yield say("Settings"), learning.settings(model)


def _headline(model: Model, rows: str) -> str:
    origin, recipe = model.origin, model.recipe
    if rows:
        scored = say("scored on {rows}", rows=rows)
    elif model.scores is None:
        scored = say("scored on no rows")
    else:
        scored = say("scores: {scored}", scored=origin.scored(model.scores.rows))
    chosen = ", the best weights chosen on {n:,} more"
    if model.history.finish:
        chosen = ", the best weights chosen on {n:,} more, which it was trained on at the end"
    whole = say(", each in the end on all of them") if model.history.finish else ""
    more = say(chosen, n=origin.validation_rows) if origin.validation_rows else whole
    trained = say(
        "{networks}, trained by the recipe <code>{recipe}</code> on {rows:,} rows{more}; {scored}{counted}.",
        networks=_networks(model), recipe=escape(recipe.name), rows=origin.training_rows, more=more,
        scored=escape(scored), counted="" if model.scores is None else escape(model.scores.counted),
    )  # fmt: skip
    source = say("of {source}", source=escape(origin.source))
    name = f"{escape(model.target.name)} <span class=soft>{source}</span>"
    lead = f"<h1>{name}</h1><p class=soft>{trained}</p>"
    if model.scores is None:
        return lead
    tiles = "".join(
        f"<div class=tile><span>{metric.title}</span><b>{metric.show(model.scores[metric.name])}</b>"
        f"<span>{_between(model.scores.show_interval(metric))}</span>"
        f"<span>{say(GUESS[model.task])}{say(': ')}{metric.show(model.scores.baseline[metric.name])}</span></div>"
        for metric in model.scores.leading(model.recipe.metric)
    )
    return f"{lead}<div class=tiles>{tiles}</div>"


def _networks(model: Model) -> str:
    count, parameters = len(model.members), sum(network.parameter_count for network in model.members)
    if count == 1:
        return say("A network of {n:,} parameters", n=parameters)
    return say("{count} networks, whose mean is the answer, with {n:,} parameters together", count=count, n=parameters)


def _between(interval: str) -> str:
    return f"95%{say(': ')}{interval}" if interval else ""
