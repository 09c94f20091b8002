"""Tables as nobody writes them, through reading, planning, a little training and predicting: of use, or one line."""

from __future__ import annotations

import contextlib
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deltaw
from deltaw import models
from deltaw.exceptions import InputError

LONGEST = 1_400  # characters of a message: three parts of at most 400, and what joins them

NAMES = st.one_of(
    st.sampled_from(["x", "y", "*", "^a$", "^", "$", "", " ", "id", "label", "nan", "prediction", "x" * 3000, "[/b]",
                     ":warning:", "\x1b[2J", "a\tb", "é", "e\u0301", "\u202eabc", "0", "1.5", "pixel1", "a,b", 'a"b',
                     "__", "day days", "x (missing)", "literal", "count", "len", "index"]),
    st.text(st.characters(codec="utf-8"), max_size=6),
)  # fmt: skip

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "numbers": st.floats(allow_nan=True, allow_infinity=True),
    "ordinary numbers": st.floats(-1e3, 1e3).map(lambda x: round(x, 2)),
    "few numbers": st.sampled_from([0, 1, 2, 3]),
    "whole numbers": st.integers(-(2**63), 2**63 - 1),
    "great numbers": st.sampled_from([0.0, -0.0, 5e-324, 1e-300, 1.7e308, -1.7e308, 1e30]),
    "truth values": st.booleans(),
    "yes or no": st.sampled_from(["yes", "no", "Yes", "NO"]),
    "words": st.sampled_from(["red", "green", "blue", "Red", " red", "na", ""]),
    "odd words": st.sampled_from(["\x1b[31m", "=1+1", "*", "nan", "None", "inf", "1e999", "12x", "1,5", "é", "\u202e",
                                  "x" * 2000, '"', "'", "\\", "[/b]", "١٢", "½", "1_000", "0x10", "+", "-"]),
    "any text": st.text(st.characters(codec="utf-8"), max_size=8),
    "days": st.dates().map(str),
    "days of another kind": st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    "times": st.datetimes().map(str),
    "money": st.integers(0, 10**6).map(lambda n: f"$ {n:,}"),
    "one value": st.just(7),
    "nothing": st.none(),
}  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Up to five columns of one length, each of one kind of cells, some of them missing or of another kind."""
    rows = draw(st.sampled_from([1, 2, 3, 7, 24, 24, 40, 40]))
    made: dict[str, list[Any]] = {}
    for _ in range(draw(st.integers(1, 5))):
        kind = CELLS[draw(st.sampled_from(sorted(CELLS)))]
        few = draw(st.lists(kind, min_size=1, max_size=12))
        seed = draw(st.integers(0, 2**32 - 1))
        rng = np.random.default_rng(seed)
        cells = [few[i] for i in rng.integers(0, len(few), rows)]
        gaps = draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.9]))
        made[draw(NAMES)] = [None if rng.random() < gaps else cell for cell in cells]
        if draw(st.integers(0, 9)) == 0:
            cells[int(rng.integers(rows))] = draw(CELLS[draw(st.sampled_from(sorted(CELLS)))])
    return made


def written(draw: st.DrawFn, columns: dict[str, list[Any]], folder: Path) -> Path:
    """The table as a file of some format, a few bytes of some changed."""
    kind = draw(st.sampled_from(["csv", "csv", "tsv", "ssv", "gz", "parquet", "arrow", "npz"]))
    text = {name: [None if cell is None else str(cell) for cell in cells] for name, cells in columns.items()}
    frame = pl.DataFrame([pl.Series(name, cells, pl.String) for name, cells in text.items()])
    if kind in {"parquet", "arrow"}:
        with contextlib.suppress(TypeError, pl.exceptions.PolarsError, OverflowError):
            frame = pl.DataFrame([pl.Series(name, cells) for name, cells in columns.items()])
    buffer = io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(buffer)
    elif kind == "arrow":
        frame.write_ipc(buffer)
    elif kind == "npz":
        kinds = [np.array(cells) for cells in columns.values()]
        arrays = {
            name: array for name, array in zip(("X", "y", "X_test"), kinds, strict=False) if array.dtype != object
        }
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
    else:
        frame.write_csv(buffer, separator={"tsv": "\t", "ssv": ";"}.get(kind, ","))
    content = bytearray(buffer.getvalue())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        content[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    path = folder / f"table.{'csv.gz' if kind == 'gz' else 'csv' if kind == 'ssv' else kind}"
    path.write_bytes(gzip.compress(bytes(content)) if kind == "gz" else bytes(content))
    return path


def use(path: Path, data: st.DataObject) -> None:
    table = deltaw.read(path)
    target = data.draw(st.sampled_from(table.frame.columns))
    plan = models.plan(table, target, epochs=1, hidden=3, engine="native", seed=data.draw(st.integers(0, 3)))
    model = models.run(plan)
    answers = model.answers(table)
    assert len(answers.values) == len(table.frame if table.test is None else table.test)
    model.save(path.with_name("m.deltaw"))
    loaded = deltaw.load(path.with_name("m.deltaw"))  # whatever was trained can be read again
    again = loaded.answers(table)
    assert answers.values.tolist() == again.values.tolist() or np.isnan(answers.values.astype(float)).any()


def hold(data: st.DataObject, folder: Path) -> None:
    path = written(data.draw, data.draw(columns()), folder)
    message = "none"
    try:
        use(path, data)
    except InputError as error:
        message = str(error)
    assert message
    assert "\n" not in message
    assert len(message) <= LONGEST


SLOWLY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=60, **SLOWLY)
@given(data=st.data())
def test_generated_tables(tmp_path: Path, data: st.DataObject) -> None:
    hold(data, tmp_path)


@pytest.mark.slow
@settings(max_examples=3_000, **SLOWLY)
@given(data=st.data())
def test_three_thousand_generated_tables(tmp_path: Path, data: st.DataObject) -> None:
    hold(data, tmp_path)
