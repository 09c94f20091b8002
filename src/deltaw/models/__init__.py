"""From a table to a model that can be used, kept and scored."""

from __future__ import annotations

from deltaw.models.answers import Answers, rows_of
from deltaw.models.batches import predict_batches
from deltaw.models.contents import Learning, Origin
from deltaw.models.crossvalidation import CrossValidation, crossval
from deltaw.models.fitting import fit
from deltaw.models.fitting.deciding.planning import replan
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.streaming import plan
from deltaw.models.fitting.running import run
from deltaw.models.fitting.trainings.epoch_scores import ScoredEpoch
from deltaw.models.fitting.trainings.resuming import checkpoints
from deltaw.models.model import Model, load
from deltaw.models.recipes import RECIPES, Recipe
from deltaw.models.rows.parts import Part
from deltaw.models.scoring.metrics import METRICS, Outcome, metric_of
from deltaw.models.scoring.scores import GUESS, Scores, worst
from deltaw.models.search.tune import Search, tune
from deltaw.models.search.tuning import Tuning
from deltaw.models.storage import document

__all__ = [
    "GUESS",
    "METRICS",
    "RECIPES",
    "Answers",
    "CrossValidation",
    "Learning",
    "Model",
    "Origin",
    "Outcome",
    "Part",
    "Plan",
    "Recipe",
    "ScoredEpoch",
    "Scores",
    "Search",
    "Tuning",
    "checkpoints",
    "crossval",
    "document",
    "fit",
    "load",
    "metric_of",
    "plan",
    "predict_batches",
    "replan",
    "rows_of",
    "run",
    "tune",
    "worst",
]
