"""Tables with their folds: what a contender learns from, and what it is asked.

The recipe's numbers were chosen on CHOSEN_ON. UNSEEN chose nothing: what is reached there is what to expect elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks.tables.public import PUBLIC, brought
from deltaw.preparation import Target
from deltaw.tables import BUNDLED, Column, Table, bundled, kinds, read

SEED = 0

CHOSEN_ON = ("breast_cancer", "diabetes", "concrete", "credit_data", "cells", "Computers", "spam7", "diamonds",
             "attrition", "mlc_churn", "ames", "hpc_data", "penguins", "Wage", "airfare")  # fmt: skip
UNSEEN = ("digits", "wine", "Hitters", "stackoverflow", "wa_churn", "taxi", "deliveries", "hotel_rates", "flights")
TABLES = (*CHOSEN_ON, *UNSEEN)
KNOWN = (*BUNDLED, *PUBLIC)


@dataclass(frozen=True)
class Data:
    """One table, its target, the kinds of its columns, and (training, test) rows of each fold."""

    table: Table
    target: Target
    columns: tuple[Column, ...]
    folds: list[tuple[Any, Any]]

    def parts(self, fold: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of a fold that are learnt from, and those that are asked."""
        learnt, asked = (self.table.frame[rows] for rows in self.folds[fold])
        return learnt, asked


def load(name: str, folds: int, rows: int) -> Data:
    """The table `name`, at most so many of its rows at random; SystemExit where the package that has it is missing."""
    if name in BUNDLED:
        table = bundled(name)
        return divided(table, name, str(table.target), folds, rows)
    return divided(read(brought(PUBLIC[name])), name, PUBLIC[name].target, folds, rows)


def known(names: Iterable[str] | None, tables: Collection[str]) -> list[str]:
    """The names that are asked for, or all; ends the program at one that no table has."""
    asked = list(tables if names is None else names)
    if others := [name for name in asked if name not in tables]:
        raise SystemExit(f"--tables: expected some of {', '.join(tables)}, found {', '.join(others)}")
    return asked


def divided(
    table: Table, name: str, target_name: str, folds: int, rows: int, columns: tuple[Column, ...] | None = None
) -> Data:
    """The rows that have an answer, at most so many at random, and their folds; `columns`: where a rule of its own
    says what kinds they are."""
    frame = table.frame.filter(pl.col(target_name).is_not_null())
    if len(frame) > rows:
        frame = frame[np.sort(np.random.default_rng(SEED).permutation(len(frame))[:rows])]
    table = Table(frame=frame, name=name, target=target_name, blocks=table.blocks)
    target = Target.fit(frame[target_name], target_name)
    places = np.zeros(len(frame))
    if target.task == "classification":
        parts = StratifiedKFold(folds, shuffle=True, random_state=SEED).split(places, target.encode(frame[target_name]))
    else:
        parts = KFold(folds, shuffle=True, random_state=SEED).split(places)
    return Data(table, target, kinds(table, target_name) if columns is None else columns, list(parts))
