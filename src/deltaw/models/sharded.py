"""Scores of rows that are predicted in pieces (shards, processes): only predictions and truth are kept of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deltaw.models.model import Model
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.scores import Scores
from deltaw.tables import Table


def outcomes(model: Model, tables: Iterable[Table]) -> list[Outcome]:
    """Predictions beside the truth, for each table. Raises as `Model.evaluate`."""
    return [model._outcome(table, None, None) for table in tables]


def scored(model: Model, found: Sequence[Outcome]) -> Scores:
    """The scores of all pieces."""
    return model._scored(Outcome.joined(found))
