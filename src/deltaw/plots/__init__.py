"""Figures that reports, lessons and notebooks share.

Every function takes plain arrays and returns a `matplotlib.figure.Figure`: no pyplot, no global
state, no window. A notebook shows it as it is, with or without pyplot; `svg` turns it into text for a page.
"""

from __future__ import annotations

from deltaw.plots.answers import calibration, confusion, per_class, pictures, predicted_against_true
from deltaw.plots.look import BLUE, GREEN, GREY, INK, STYLE, VERMILION, svg
from deltaw.plots.style import figure, percent, short, styled
from deltaw.plots.training import learning_curves

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "STYLE",
    "VERMILION",
    "calibration",
    "confusion",
    "figure",
    "learning_curves",
    "per_class",
    "percent",
    "pictures",
    "predicted_against_true",
    "short",
    "styled",
    "svg",
]
