"""Distributed prediction: a picklable function of a batch of rows, for Ray, Spark and Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import unmasked
from deltaw.exceptions import InputError
from deltaw.models.model import Model, load
from deltaw.speech import listed
from deltaw.tables.reading.frames import series
from deltaw.tables.table import clip

Array = NDArray[Any]


class predict_batches:  # noqa: N801, a function to its users, and one that can be sent to other machines
    """A function that adds a model's predictions to a batch of rows: `predict_batches(model)(rows)`.

    It is for engines of distributed frames: Ray Data's `map_batches`, Spark's `mapInPandas` and `mapInArrow`, Dask's
    `map_partitions`. It can be pickled together with its model, and does not depend on how the rows are divided.

    Args:
        model: a Model, or the path of a model file, which each process reads once, on its own machine.
        threads: maximum number of threads for a batch; such engines run one batch on each processor.

    Returns:
        For a pandas, Polars or Arrow table, or a dictionary of arrays: the same with further columns, `prediction`,
        and for classification one `probability_…` for each class. For an iterator of these: an iterator.

    Raises:
        InputError: rows that do not fit the model, or a column with the name of a prediction column.
        ModelFileError: the path is of no model file.

    Examples:
        >>> import deltaw
        >>> answer = deltaw.predict_batches(deltaw.fit("iris", epochs=5, folds=0))
        >>> answer(deltaw.read("iris").frame.head(2)).columns[-4:]
        ['prediction', 'probability_setosa', 'probability_versicolor', 'probability_virginica']
    """

    def __init__(self, model: Model | str | Path, threads: int | None = 1) -> None:
        if not isinstance(model, (Model, str, Path)):
            expected = "model: expected a Model, or the path of a model file"
            raise InputError(expected, type(model).__name__, "give what deltaw.fit returned")
        self.model, self.threads = model, threads

    def __call__(self, rows: Any) -> Any:
        if isinstance(rows, Iterator):
            return map(self, rows)
        kind = "mapping" if isinstance(rows, Mapping) else type(rows).__module__.split(".")[0]
        whole = kind == "mapping" or (hasattr(rows, "__len__") and hasattr(rows, "columns"))
        if kind not in KINDS or not whole:  # no column of a table, and none that is still to be made
            expected = "rows: expected a pandas, Polars or Arrow table, or a dictionary of arrays"
            raise InputError(expected, type(rows).__name__, "convert them first")
        names, beside = KINDS[kind]
        answers = self._answers(rows if kind != "mapping" else _frame(rows))
        for name in names(rows):
            if name in answers:
                expected = "rows: expected no column of the name of an answer"
                raise InputError(expected, repr(name), "rename or drop it")
        return beside(rows, answers)

    @property
    def ddl(self) -> str:
        """The prediction columns as a Spark DDL schema: "prediction string, `probability_a b` double"."""
        like = _of_no_rows(self._model)
        kinds = {"f": "double", "U": "string", "i": "bigint", "b": "boolean"}
        quoted = {
            name: name if name.isidentifier() and name.isascii() else f"`{name.replace('`', '``')}`" for name in like
        }
        return ", ".join(f"{quoted[name]} {kinds[each.dtype.kind]}" for name, each in like.items())

    @property
    def _model(self) -> Model:
        return self.model if isinstance(self.model, Model) else _loaded(str(self.model), _written(str(self.model)))

    def _answers(self, rows: Any) -> dict[str, Array]:
        model = self._model  # once: its file may be replaced meanwhile
        like = _of_no_rows(model)
        if not len(rows):
            return like
        found = model.answers(rows, threads=self.threads)
        _, *names = like
        shares = {} if found.probabilities is None else dict(zip(names, found.probabilities.T, strict=True))
        return {"prediction": found.values} | shares


def _of_no_rows(model: Model) -> dict[str, Array]:
    """Empty prediction columns: their names and types."""
    values = np.asarray(model.classes)[:0] if model.classes else np.empty(0)
    return {"prediction": values} | {f"probability_{name}": np.empty(0) for name in model.classes}


@lru_cache(maxsize=8)
def _loaded(path: str, written: tuple[int, int] | None) -> Model:
    """The model in a file, cached until the file changes: a cluster's worker processes live long."""
    return load(path)


def _written(path: str) -> tuple[int, int] | None:
    """Modification time and inode, which tell whether the file has changed; None if it cannot be read."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ino


def _frame(rows: Mapping[str, Any]) -> Any:
    import polars as pl

    columns = {name: unmasked(column) for name, column in rows.items()}
    for name, column in columns.items():
        if not hasattr(column, "__len__") or isinstance(column, str | bytes) or getattr(column, "shape", None) == ():
            expected = 'rows: expected an array or a list in column "{name}"'
            raise InputError(expected, type(column).__name__, "give an entry of it for each row", name=clip(str(name)))
    heights = {len(column) for column in columns.values()}
    if len(heights) > 1:
        found = listed(map(str, sorted(heights)))
        raise InputError("rows: expected columns of one length", found, "give an entry of each column for each row")
    return pl.DataFrame({str(name): series(str(name), column) for name, column in columns.items()})


def _to_arrow(rows: Any, answers: dict[str, Array]) -> Any:
    import pyarrow as pa

    for name, values in answers.items():
        rows = rows.append_column(name, pa.array(values))
    return rows


def _to_polars(rows: Any, answers: dict[str, Array]) -> Any:
    import polars as pl

    kinds = {"f": pl.Float64, "U": pl.String, "i": pl.Int64, "b": pl.Boolean}  # which no rows do not tell
    typed = [pl.Series(name, each.tolist(), dtype=kinds.get(each.dtype.kind)) for name, each in answers.items()]
    return rows.with_columns(typed)


def _to_arrays(rows: Mapping[str, Any], answers: dict[str, Array]) -> dict[str, Any]:
    return dict(rows) | {
        name: each.astype(object) if each.dtype.kind == "U" else each for name, each in answers.items()
    }


def _to_pandas(rows: Any, answers: dict[str, Array]) -> Any:
    levels = rows.columns.nlevels
    if levels == 1:
        return rows.assign(**answers)
    rows = rows.copy()
    for name, values in answers.items():
        rows[(name, *[""] * (levels - 1))] = values
    return rows


# Where a table comes from -> its columns' names, and the table with answers beside.
KINDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, dict[str, Array]], Any]]] = {
    "pandas": (lambda rows: rows.columns, _to_pandas),
    "polars": (lambda rows: rows.columns, _to_polars),
    "pyarrow": (lambda rows: rows.column_names, _to_arrow),
    "mapping": (lambda rows: rows, _to_arrays),
}
