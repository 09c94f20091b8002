"""Lessons: from a straight line that separates two kinds of things to a network that reads digits.

One lesson is one file with one function of the same name; it runs on the real engine and shows the numbers of that run:

    deltaw.lessons.line(learning_rate=0.5)

`LESSONS` is the table of them, in the order in which they are best read.
"""

from __future__ import annotations

from deltaw.lessons.data import data
from deltaw.lessons.descent import descent
from deltaw.lessons.errors import errors
from deltaw.lessons.gradient import gradient
from deltaw.lessons.lesson import Entry, Lesson, Parameter
from deltaw.lessons.line import line
from deltaw.lessons.lines import lines
from deltaw.lessons.network import network
from deltaw.lessons.neuron import neuron
from deltaw.lessons.signals import signals
from deltaw.lessons.split import split
from deltaw.lessons.step import step

_ORDER = (line, lines, neuron, signals, errors, descent, split, gradient, step, data, network)

LESSONS: dict[str, Entry] = {function.__name__: Entry(function) for function in _ORDER}
"""Name -> lesson, in the order in which they are best read."""

__all__ = [
    "LESSONS", "Entry", "Lesson", "Parameter", "data", "descent", "errors", "gradient", "line", "lines", "network",
    "neuron", "signals", "split", "step",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
