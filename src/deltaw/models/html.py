"""A model as HTML for a notebook."""

from __future__ import annotations

from typing import Any

from deltaw import notebook
from deltaw.models.contents import described_networks
from deltaw.speech import say
from deltaw.tables.table import clip, listing

MAX_COLUMNS = 25


def fragment(model: Any) -> str:
    """The facts, scores and columns of a `deltaw.Model`."""
    origin = model.origin
    facts = {
        say("trained on"): say("{rows:,} rows of {name}", rows=origin.training_rows, name=origin.source),
        say("network"): described_networks(model),
        say("recipe"): f"{model.recipe.name}, {say('seed')} {origin.seed}, {say('engine')} {origin.engine}",
        say("history"): say("; ").join(model.history._said()),
    } | ({say("classes"): listing(model.classes)} if model.classes else {})
    lines = model.preparation.describe()
    columns = [(clip(c.column), c.kind, c.treatment, f"{c.features:,}") for c in lines[:MAX_COLUMNS]]
    more = say("… and {n:,} more columns", n=rest) if (rest := len(lines) - len(columns)) else ""
    return notebook.fragment(
        notebook.heading(say("{task} of {name}", task=say(model.task), name=model.target.name)),
        notebook.pairs(facts),
        "" if model.scores is None else model.scores._repr_html_(),
        notebook.table([say("column"), say("kind"), say("preparation"), say("features")], columns, (3,)),
        notebook.paragraph(more) if more else "",
    )
