"""What a training left, as a model with its scores."""

from __future__ import annotations

import platform
from dataclasses import replace

import numpy as np

from deltaw import __version__
from deltaw.models.contents import Origin
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.across_folds import own_threshold
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.model import Model
from deltaw.models.scoring.scores import Baseline
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.fitting import ELIMINATED
from deltaw.tables.notations import Decimals


def model_of(done: Trained) -> Model:
    """The model, without scores."""
    plan = done.plan
    origin = Origin(
        str(plan.table.name),
        plan.learnt,
        0 if plan.validation is None else len(plan.validation),
        0 if plan.test is None else len(plan.test),
        plan.seed,
        plan.choices.test_size,
        plan.engine,
        {"deltaw": __version__, "python": platform.python_version(), "numpy": np.__version__},
        len(plan.folds),
        plan.choices.group,
        plan.choices.time,
        plan.test_name,
        plan.validation_name,
    )
    baseline = Baseline.of(plan.target.task, plan.training.truth, len(plan.target.classes), plan.training.weight)
    return Model(
        done.network, plan.preparation, plan.target, plan.recipe, baseline, done.learning, None, origin,
        plan.table.missing, done.others, decimals=_decimals(plan),
    )  # fmt: skip


def without_weightless(model: Model) -> Model:
    """The same model of one network without the columns that it has no weights of, since its training eliminated them
    (`trainings/midway.py`): rows to predict need not have them.
    """
    first, places = model.network.weights[0], model.preparation.places
    read = {name for step, _ in places if isinstance(step, Alike) for name in step.inputs}
    gone = {step.title: place for step, place in places if not first[:, place].any() and not read & {*step.inputs}}
    if not gone or not first.any():
        return model
    kept = np.ones(first.shape[1], bool)
    for place in gone.values():
        kept[place] = False
    network = model.network.copy()
    network.weights[0], network.sizes = first[:, kept], [int(kept.sum()), *network.sizes[1:]]
    decimals = {name: mark for name, mark in model.decimals.items() if name not in gone}
    preparation = model.preparation.without(gone, ELIMINATED)
    return replace(model, network=network, preparation=preparation, decimals=decimals)


def _decimals(plan: Plan) -> Decimals:
    """The marks before decimals of the columns that the model reads, pixels aside."""
    single = [step.inputs[0] for step in plan.preparation.steps if len(step.inputs) == 1]
    names = [*dict.fromkeys([*single, plan.target.name, str(plan.recipe.weight)])]
    return {name: plan.table.decimals[name] for name in names if name in plan.table.decimals}


def scored(done: Trained, at: float | None = None) -> Model:
    """The model with the threshold that was asked for, and its scores on the test rows."""
    at = at if at is not None else own_threshold(done)
    done = replace(done, plan=done.plan.refitted)
    model, test = model_of(done), done.plan.test
    if at is not None:
        model = replace(model.with_threshold(at), recipe=done.plan.recipe)
    if test is None:
        return model
    scores = model._score(test.X, test.truth, test.weight, test.group, done.plan.threads)
    return replace(model, scores=scores, held_out=test.frame)
