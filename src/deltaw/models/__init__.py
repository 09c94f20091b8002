"""From a table to a model that can be used, kept and scored."""

from __future__ import annotations

from deltaw.models.contents import Learning, Origin
from deltaw.models.fitting import Part, Plan, ScoredEpoch, fit, plan, replan, run
from deltaw.models.model import Answers, Model, load
from deltaw.models.recipes import RECIPES, Recipe
from deltaw.models.scores import GUESS, METRICS, Outcome, Scores, worst
from deltaw.models.storage import document

__all__ = [
    "GUESS",
    "METRICS",
    "RECIPES",
    "Answers",
    "Learning",
    "Model",
    "Origin",
    "Outcome",
    "Part",
    "Plan",
    "Recipe",
    "ScoredEpoch",
    "Scores",
    "document",
    "fit",
    "load",
    "plan",
    "replan",
    "run",
    "worst",
]
