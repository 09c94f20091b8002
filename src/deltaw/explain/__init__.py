"""Every number of a step, what pushed an answer, and where the formulas come from.

step = deltaw.explain.step(network, x, t)       # prints; shows in notebooks; step.page has four forms
step.link(layer=2, to=0, of=1)                  # one weight, factor by factor
"""

from __future__ import annotations

from deltaw.explain.links import Link
from deltaw.explain.trace import Step, Trace, signals, step

__all__ = ["Link", "Step", "Trace", "signals", "step"]
