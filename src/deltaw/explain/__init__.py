"""Explanations: every number of a training step, attributions of a prediction, and derivations of the formulas.

    step = deltaw.explain.step(network, x, t)                 # prints; shows in notebooks; step.page has four forms
    step.link(layer=2, to=0, of=1)                            # one weight, factor by factor
    deltaw.explain.prediction(model, "flowers.csv", row=3)    # from the cells to the prediction, with attributions
    deltaw.explain.attributions(network, x)                   # the contribution of each input to an output
    deltaw.explain.derivation("tanh", "squared", layers=2)    # where the formulas come from, line by line

All of it but the last is computed by `deltaw.equations`, in float64.
"""

from __future__ import annotations

from deltaw.derive import Derivation, derivation
from deltaw.explain.attributions import Attributions, attributions
from deltaw.explain.links import Link
from deltaw.explain.prediction import Prediction, prediction
from deltaw.explain.step import Step, Trace, signals, step

__all__ = [
    "Attributions",
    "Derivation",
    "Link",
    "Prediction",
    "Step",
    "Trace",
    "attributions",
    "derivation",
    "prediction",
    "signals",
    "step",
]


def __dir__() -> list[str]:
    return __all__
