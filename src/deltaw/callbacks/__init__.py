"""Callbacks of `deltaw.fit` that log a run: to a file, to MLflow, or for TensorBoard.

    deltaw.fit("flowers.csv", "species", callbacks=[deltaw.callbacks.JsonLines("runs.jsonl")])

A callback is any function that takes a `ScoredEpoch`. Its methods `started(plan)`, `ended(model)` and `failed(error)`,
if it has any, are called too; the model's history says how a training ended.
"""

from __future__ import annotations

from deltaw.callbacks.jsonl import JsonLines
from deltaw.callbacks.mlflow import MLflow
from deltaw.callbacks.tensorboard import TensorBoard

__all__ = ["JsonLines", "MLflow", "TensorBoard"]


def __dir__() -> list[str]:
    return __all__
