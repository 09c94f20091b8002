"""The data sets of scikit-learn, read from its files without importing it, which would take longer than training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import SettingError
from deltaw.speech import say
from deltaw.tables.reading.formats.pixels import image_frame, pixel_names
from deltaw.tables.table import Block, Table, listing, suggested

# Values (n, columns) and target (n,): numbers or class names.
Values = tuple[NDArray[np.float64], NDArray[Any]]


def _classes(file: Path) -> Values:
    """A first line "rows,columns,class names", then a line per row: values and class index."""
    with file.open(encoding="utf-8") as lines:
        names = np.array(next(lines).strip().split(",")[2:])
        rows = np.loadtxt(lines, delimiter=",")
    return rows[:, :-1], names[rows[:, -1].astype(np.int64)]


def _digits(file: Path) -> Values:
    rows = np.loadtxt(file, delimiter=",")
    return rows[:, :-1], rows[:, -1].astype(np.int64)


def _diabetes(file: Path) -> Values:
    """Two files; scikit-learn centres every column and gives it norm 1."""
    X = np.loadtxt(file)
    X = (X - X.mean(axis=0)) / X.std(axis=0) / len(X) ** 0.5
    return X, np.loadtxt(file.with_name("diabetes_target.csv.gz"))


@dataclass(frozen=True)
class _Bundled:
    """A data set: names of the target and the other columns, its file in scikit-learn, and the reader."""

    target: str
    columns: tuple[str, ...]
    file: str
    values: Callable[[Path], Values]


_IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")  # cm
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315_of_diluted_wines", "proline",
)  # fmt: skip
_CELLS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points", "symmetry",
    "fractal_dimension",
)  # fmt: skip
_CANCER = tuple(form.format(cell) for form, cell in product(("mean_{}", "{}_error", "worst_{}"), _CELLS))
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
_SIDES = (8, 8)  # of the images of digits, with pixels 0…16

_SETS = {
    "digits": _Bundled("label", pixel_names(_SIDES), "digits.csv.gz", _digits),
    "iris": _Bundled("species", _IRIS, "iris.csv", _classes),
    "wine": _Bundled("cultivar", _WINE, "wine_data.csv", _classes),
    "breast_cancer": _Bundled("diagnosis", _CANCER, "breast_cancer.csv", _classes),
    "diabetes": _Bundled("progression", _DIABETES, "diabetes_data_raw.csv.gz", _diabetes),
}
BUNDLED = tuple(_SETS)


def bundled(name: str) -> Table:
    """One of the data sets BUNDLED. Raises SettingError for other names."""
    if name not in _SETS:
        expected = say("expected a bundled data set ({bundled})", bundled=listing(BUNDLED))
        raise SettingError(expected, f'"{name}"', suggested(name, BUNDLED, say("choose one of these")))
    about = _SETS[name]
    X, t = _values(name)
    blocks: tuple[Block, ...] = ()
    if name == "digits":
        frame = image_frame(X.reshape(-1, *_SIDES).astype(np.uint8))
        blocks = (Block("pixels", about.columns, 0.0, 16.0, _SIDES),)
    else:
        frame = pl.DataFrame(X, schema=about.columns)
    return Table(frame.with_columns(pl.Series(about.target, t)), name, target=about.target, blocks=blocks)


def _values(name: str) -> Values:
    """From scikit-learn's file, or by its loader if a release moves or changes the file."""
    package = find_spec("sklearn")  # finds it without importing it
    if package is not None and package.origin is not None:
        try:
            return _SETS[name].values(Path(package.origin).parent / "datasets" / "data" / _SETS[name].file)
        except (OSError, ValueError):
            pass
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")()
    words = np.asarray(bunch.get("target_names", ()))
    return bunch.data, words[bunch.target] if words.dtype.kind == "U" else bunch.target
