"""A model used on a table in several files, one of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deltaw.models.answers import outcome
from deltaw.models.fitting.crossing import together
from deltaw.models.model import Model
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.scores import Scores, score
from deltaw.tables import Table


def evaluate(model: Model, tables: Iterable[Table], engine: str | None = None, threads: int | None = None) -> Scores:
    """`Model.evaluate` over all of them: of each, what is answered and what is true stays. Raises as it does."""
    return scored(model, outcomes(model, tables, engine, threads))


def outcomes(
    model: Model, tables: Iterable[Table], engine: str | None = None, threads: int | None = None
) -> list[Outcome]:
    """What is answered and what is true of each. Raises as `Model.evaluate` does."""
    found = []
    for table in tables:
        X, truth, weight = model._known(*model._with_target(table))
        found.append(outcome(model.target, model._forward(X, engine, threads), truth, weight))
    return found


def scored(model: Model, found: Sequence[Outcome]) -> Scores:
    """The scores of all of them."""
    return score(together(found), model.baseline, model.classes, model.recipe.weight)
