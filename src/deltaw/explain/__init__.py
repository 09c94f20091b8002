"""Every number of a step, what pushed an answer, and where the formulas come from."""

from __future__ import annotations
