"""The scores of rows that come in pieces: of each, what is answered and what is true stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deltaw.models.fitting.trainings.crossing import together
from deltaw.models.model import Model
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.scores import Scores
from deltaw.tables import Table


def outcomes(model: Model, tables: Iterable[Table]) -> list[Outcome]:
    """What is answered and what is true of each. Raises as `Model.evaluate` does."""
    return [model._outcome(table, None, None) for table in tables]


def scored(model: Model, found: Sequence[Outcome]) -> Scores:
    """The scores of all of them."""
    return model._scored(together(found))
