"""Many columns of numbers at a time, in pieces of rows: to the bit what each column gives by its own equations."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError
from deltaw.preparation import Preparation
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.making import NUMBERS, ROWS, Numbers, raw_of
from deltaw.preparation.recipe import AT_ONCE
from deltaw.preparation.scales.bins import position
from deltaw.preparation.scales.scaling import SCALINGS, Scale
from deltaw.tables import Table, kinds

SCALING = SCALINGS["piecewise"]
HUGE, TINY = 1.7e308, 5e-324
finite = st.floats(allow_nan=False, allow_infinity=False)
cells = st.lists(st.one_of(finite, st.sampled_from([HUGE, -HUGE, TINY, 0.0, -0.0, np.nan])), min_size=4, max_size=4)
edges = st.sampled_from([(), (-1.0, 0.0, 2.5), (-HUGE, -3.0, 0.0, 1.0, HUGE), tuple(np.linspace(-2, 2, 17))])
scales = st.builds(Scale, finite, st.floats(1e-300, 1e300), st.floats(-2, 2), st.just(True))
numbers = st.builds(Number, st.just(""), scales, finite, st.booleans(), edges)


@given(st.lists(st.tuples(numbers, cells), min_size=1, max_size=5))
def test_many_columns_at_a_time_are_each_by_its_own_equations(columns: list[tuple[Number, list[float]]]) -> None:
    steps, values = [step for step, _ in columns], np.array([each for _, each in columns])
    widths = [len(step.fields(SCALING)) for step in steps]
    places = np.cumsum([0, *widths]).tolist()
    for kind in (np.float32, np.float64):
        found = np.full((places[-1], 4), np.nan, kind)
        Numbers(steps, places[:-1], SCALING).write(values, found)
        for step, x, first in zip(steps, values, places, strict=False):
            missing = np.isnan(x)
            x = np.where(missing, step.fill, x)
            expected = [step.scale.apply(x)]
            expected += [position(x, step.edges)] if step.edges else []
            expected += [np.where(missing, 1.0, 0.0)] if step.indicator else []
            expected = np.array(expected, kind)
            assert found[first : first + len(expected)].tobytes() == expected.tobytes()


@pytest.fixture(scope="module")
def table() -> Table:
    rng = np.random.default_rng(0)
    n = AT_ONCE + 77
    day = datetime.date(2000, 1, 1)
    frame = pl.DataFrame(
        {f"x{i}": rng.normal(size=n) for i in range(70)}
        | {f"of {kind}": pl.Series(rng.integers(0, 100, n)).cast(kind) for kind in NUMBERS}
        | {"word": rng.choice(["a", "b", "c"], n), "yes": rng.random(n) < 0.5}
        | {"day": [day + datetime.timedelta(int(k)) for k in rng.integers(0, 9999, n)]}
        | {"text": [f"{k:,}" for k in rng.integers(1, 9999, n)]}
    ).with_columns(pl.when(pl.col("x3") > 1).then("x4").alias("x4"))
    return Table(frame, "data")


def test_numbers_that_float32_holds_are_kept_raw_of_a_large_table(
    monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    """The same inputs, of less that is stored."""
    single = pl.col("x0").cast(pl.Float32)
    frame = table.frame.with_columns(x0=single, x1=pl.col("x1").round(), gaps=single)
    frame = frame.with_columns(pl.when(pl.col("gaps") > 0).then("gaps"))
    recipe = Preparation.fit(frame, kinds(Table(frame, "data"), given={"text": "number"}), "piecewise")
    before = recipe.encode(frame)
    monkeypatch.setattr("deltaw.preparation.recipe.LARGE", 0)
    raw = recipe.encode(frame)
    assert {f"x{i}" for i in range(3)} - raw_of(recipe.steps, frame) == {"x2"}
    assert raw.shape == before.shape
    assert raw.nbytes < before.nbytes
    # What is missing is told by the number itself.
    assert sum(bool(field.scaled.indicator) for field in raw.fields) == 1
    assert raw.unfolded().stored.tobytes() == before.stored.tobytes()
    with pytest.raises(ColumnError, match="inf"):
        recipe.encode(frame.with_columns(x0=pl.lit(np.inf, pl.Float32)))


@pytest.mark.parametrize("large", [0, 2**40])
def test_a_table_is_let_go_part_by_part(monkeypatch: pytest.MonkeyPatch, table: Table, large: int) -> None:
    monkeypatch.setattr("deltaw.preparation.recipe.LARGE", large)
    frame = table.frame.drop("text", "x7")
    recipe = Preparation.fit(frame, kinds(Table(frame, "data")), "piecewise")
    rows = np.flatnonzero(np.random.default_rng(0).random(len(frame)) < 0.7)
    for some in (None, rows):
        parts = [frame[:20], frame[20:9000], frame[9000:]]
        made, wanted = recipe.encode_and_free(parts, "data", some), recipe.encode(frame, rows=some)
        assert not parts
        assert made.fields == wanted.fields
        assert made.stored.tobytes() == wanted.stored.tobytes()


@pytest.mark.parametrize("scaling", ["piecewise", "robust"])
def test_pieces_of_the_rows_are_as_all_rows(table: Table, scaling: str) -> None:
    recipe = Preparation.fit(table.frame, kinds(table, given={"text": "number"}), scaling)
    whole = recipe.transform(table.frame)
    some = [0, 1, ROWS - 1, ROWS, ROWS + 1, len(whole) - 1]
    for row in some:
        text = pl.Series("text", ["1,234", table.frame["text"][row]])  # what a comma means, several cells say
        pair = pl.concat([table.frame[0:1], table.frame[row : row + 1]]).with_columns(text)
        assert recipe.transform(pair)[1:].tobytes() == whole[row : row + 1].tobytes()
    stored = recipe.encode(table.frame)
    np.testing.assert_allclose(np.asarray(stored), whole, atol=1e-5)
    pieces = [np.asarray(each) for each in recipe.pieces(table.frame.drop("text").with_columns(text=1.5), "data")]
    assert len(pieces) > 1
    whole = np.asarray(recipe.encode(table.frame.with_columns(text=1.5)))
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_a_cell_is_named_by_its_row_among_all(table: Table) -> None:
    recipe = Preparation.fit(table.frame, kinds(table), "piecewise")
    row = ROWS + 12_345
    where = pl.int_range(pl.len()) == row
    for bad in (
        table.frame.with_columns(pl.when(where).then(np.inf).otherwise("x69").alias("x69")),
        table.frame.with_columns(
            pl.when(where).then(pl.lit("?x")).otherwise(pl.col("x69").cast(pl.String)).alias("x69")
        ),
    ):
        with pytest.raises(ColumnError, match=rf'row {row + 1:,} of column "x69"'):
            recipe.encode(bad)
    two = table.frame.with_columns(x2=pl.lit(np.inf), word=pl.col("day"))
    with pytest.raises(ColumnError, match=r'row 1 of column "x2"'):
        recipe.encode(two)


@pytest.mark.parametrize("others", [[], [" a", "a "], [""], ["unseen"], ["7"]])
@pytest.mark.parametrize("known", [["a", "b", "c"], ["007", "123", "500"], ["1", "12", "a"]])
def test_many_words_take_the_slots_that_each_alone_does(known: list[str], others: list[str]) -> None:
    rng = np.random.default_rng(0)
    fitted = pl.DataFrame({"word": rng.choice(known, 4_000)})
    step = Preparation.fit(fitted, kinds(Table(fitted, "data"), None, {"word": "category"}), "piecewise").steps[0]
    cells = pl.DataFrame({"word": [*others, None, *rng.choice(known, 2_500).tolist()]})
    alone = np.concatenate([step.read(cells[i : i + 20], "data") for i in range(0, len(cells), 20)])
    np.testing.assert_array_equal(step.read(cells, "data"), alone)
