"""What a contender's answers for a fold are worth, and what they took."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from benchmarks.commands import on_one_thread
from benchmarks.tables.divided import Data

Line = dict[str, Any]

LEAST_GAIN = 0.01  # accuracy or R² above the guess, from which on it is more than chance
LEAST = 1e-7  # a probability that is counted as 0 in the log loss


def gained(gains: Sequence[float], sign: int = 1, clearly: float = 0.001) -> str:
    """The mean, its standard error, and on how many tables it is better and worse by more than `clearly`.

    `sign`: 1 where more is better, −1 where less is.
    """
    error = statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    better, worse = (sum(side * sign * gain > clearly for gain in gains) for side in (1, -1))
    return f"{statistics.mean(gains):+.4f} ± {error:.4f}, better on {better} and worse on {worse} of {len(gains)}"


def turn(
    data: Data, run: Callable[[Data, pl.DataFrame, pl.DataFrame], Any], train: pl.DataFrame, test: pl.DataFrame
) -> Line:
    """What `scored` says, and the CPU seconds of learning and answering, on one thread."""
    answers, seconds = on_one_thread(lambda: run(data, train, test))
    return {"seconds": seconds} | scored(data, answers, train, test)


def scored(data: Data, answers: Any, train: pl.DataFrame, test: pl.DataFrame) -> Line:
    """Accuracy and log loss, or R²; and what one answer for all rows would score."""
    (old, new) = (part[data.target.name] for part in (train, test))
    if data.target.task == "classification":
        labels, classes = data.target.encode(new), len(data.target.classes)
        commonest = np.bincount(data.target.encode(old), minlength=classes).argmax()
        likelihood = np.clip(answers[np.arange(len(labels)), labels], LEAST, 1.0)
        right = float(np.mean(answers.argmax(axis=1) == labels))
        return {"score": right, "guess": float(np.mean(labels == commonest)), "loss": float(-np.log(likelihood).mean())}
    t, mean = new.to_numpy().astype(float), float(old.cast(pl.Float64).mean())  # type: ignore[arg-type]
    off, guess = (float(np.square(t - o).sum() / np.square(t - t.mean()).sum()) for o in (answers, mean))
    return {"score": 1.0 - off, "guess": 1.0 - guess, "loss": None}
