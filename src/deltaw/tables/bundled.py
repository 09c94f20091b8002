"""Data sets that come with scikit-learn, for a first try."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from deltaw.exceptions import SettingError
from deltaw.tables.pixels import image_frame, pixel_names
from deltaw.tables.table import Block, Table, listing, nearest

# Name of the data set -> name of its target column.
TARGETS = {
    "digits": "label",
    "iris": "species",
    "wine": "cultivar",
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
}
BUNDLED = tuple(TARGETS)


def bundled(name: str) -> Table:
    """One of the data sets BUNDLED, with its target known. Raises SettingError for any other name."""
    if name not in TARGETS:
        near = nearest(name, BUNDLED)
        remedy = f"did you mean {near}?" if near else "choose one of these"
        raise SettingError(f"expected a bundled data set ({listing(BUNDLED)})", f'"{name}"', remedy)
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")()
    target = TARGETS[name]
    blocks: tuple[Block, ...] = ()
    if name == "digits":
        images = bunch.images.astype(np.uint8)
        frame = image_frame(images)
        blocks = (Block("pixels", pixel_names((8, 8)), 0.0, 16.0, (8, 8)),)
    else:
        frame = pl.DataFrame(bunch.data, schema=[_identifier(each) for each in bunch.feature_names])
    return Table(frame.with_columns(_target(bunch, target)), name, target=target, blocks=blocks)


def _identifier(name: str) -> str:
    """ "sepal length (cm)" -> "sepal_length": the units are in scikit-learn's description."""
    return name.split(" (")[0].replace(" ", "_").replace("/", "_")


def _target(bunch: Any, name: str) -> pl.Series:
    """Class names where the set has words for them (iris, wine, breast_cancer), else the numbers."""
    names = bunch.get("target_names")
    if names is None or np.issubdtype(np.asarray(names).dtype, np.number):
        return pl.Series(name, bunch.target)
    return pl.Series(name, np.asarray(names, dtype=str)[bunch.target])
