"""Numbers of a large table take half of the room where no network can tell, by whatever way the table comes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deltaw.exceptions import ColumnError, InputError
from deltaw.models import plan, replan
from deltaw.models.fitting import fit
from deltaw.preparation.columns.numbers import Number
from deltaw.tables import Reading, held, read_as
from deltaw.tables.reading import halving, shards
from deltaw.tables.reading.formats import columnar, pieces, together

N = 600
RNG = np.random.default_rng(0)
SMALL = RNG.normal(size=N)
NARROW, WIDE = pl.Float32, pl.Float64
# A column, and what becomes of it.
COLUMNS = {
    "around 0": (SMALL, NARROW),
    "temperature": (288.15 + 8 * SMALL, NARROW),
    "price": ((1000 + 500 * SMALL).round(2), NARROW),
    "mostly 0.1": (np.where(SMALL < 1, 0.1, SMALL), NARROW),
    "halves": (1e6 + np.arange(N) % 7 / 2, NARROW),
    "seconds": (1.7e9 + 3600 * SMALL, WIDE),
    "latitude": (52.5 + 0.01 * SMALL, WIDE),
    "far cluster": (np.where(np.arange(N) % 3 > 0, SMALL, 1000 + 0.001 * SMALL), WIDE),
    "too large": (np.where(np.arange(N) == 590, 1e39, SMALL), WIDE),
    "too small": (1e-50 * SMALL, WIDE),
    "one number": (np.full(N, 0.1), WIDE),
    "whole": (np.arange(N) - 5, pl.Int32),
    "large": (np.where(np.arange(N) == 590, 2**40, np.arange(N)), pl.Int64),
    "place": (np.arange(N, dtype=np.uint64), pl.UInt32),
    "byte": (np.arange(N).astype(np.uint8), pl.UInt8),
    "told": (SMALL / 7, WIDE),
}
FRAME = pl.DataFrame({name: cells for name, (cells, _) in COLUMNS.items()}).with_columns(
    gap=pl.when(pl.int_range(N) % 50 > 0).then(pl.Series(SMALL / 3)), w=pl.Series(["a", "b", "c"] * 200)
)
SAID = Reading(unrounded=("t?ld",))


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables are large here, and are read in parts."""
    for where, name, value in (
        (halving, "CELLS", 1000), (columnar, "AT_ONCE", 2000), (pieces, "LARGE", 100), (pieces, "SMALL", 12_000),
        (shards, "AT_ONCE", 2000), (shards, "WORTH", 100), (shards, "SMALL", 0), (together, "SMALL", 0),
    ):  # fmt: skip
        monkeypatch.setattr(where, name, value)


def test_what_becomes_of_a_column() -> None:
    found = read_as(FRAME, SAID)
    assert {name: found.frame.schema[name] for name in COLUMNS} == {name: kind for name, (_, kind) in COLUMNS.items()}
    assert found.rounded == ("around 0", "gap", "mostly 0.1", "price", "temperature")
    assert_frame_equal(found.frame.cast(FRAME.schema), FRAME, rel_tol=1e-7)
    exact = [name for name in FRAME.columns if name not in found.rounded]
    assert_frame_equal(found.frame[exact].cast(FRAME[exact].schema), FRAME[exact])
    assert read_as(FRAME, Reading()).frame.schema == FRAME.schema
    assert read_as(FRAME[:50], SAID).frame.schema == FRAME.schema  # a small one


@given(st.integers(0, 2**32), st.floats(-12, 12), st.integers(0, 12))
def test_no_number_is_moved_by_more_than_that_of_its_bin(seed: int, far: float, digits: int) -> None:
    x = np.random.default_rng(seed)
    column = pl.Series("x", (10.0**far * x.normal(1, 10 ** x.uniform(-6, 3), 400)).round(digits))
    small = column.cast(pl.Float32)
    if not halving.float32_suffices(column.to_numpy()):
        return
    edges = np.unique(np.quantile(column, np.linspace(0, 1, halving.BINS + 1), method="inverted_cdf"))
    bins = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, len(edges) - 2)
    moved = np.abs(small.cast(pl.Float64).to_numpy() - column.to_numpy())
    assert (moved <= halving.FAINT * np.diff(edges)[bins]).all()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_gives_what_its_frame_gives(kind: str, tmp_path: Path) -> None:
    frame = FRAME.drop("place", "byte")  # which text does not tell
    getattr(frame, f"write_{kind}")(tmp_path / f"d.{kind}")
    found, known = read_as(tmp_path / f"d.{kind}", SAID), read_as(frame, SAID)
    assert_frame_equal(found.frame, known.frame)
    assert found.rounded == known.rounded
    assert kind == "parquet" or found.frame.n_chunks() > 1


def cut(frame: pl.DataFrame, ends: list[int], folder: Path, within: str = "") -> str:
    """Shards of so many rows each, in folders called so."""
    for i, (first, end) in enumerate(pairwise([0, *sorted(ends), len(frame)])):
        place = folder / within.format(i % 2, i % 3)
        place.mkdir(parents=True, exist_ok=True)
        frame[first:end].write_parquet(place / f"{i}.parquet")
    return str(folder)


# What looks like codes, numbers or days in some rows, and is words in others, or has no value.
MORE = FRAME.with_columns(
    pl.when(pl.int_range(N) < 300).then(pl.lit("1.5")).otherwise(pl.lit("2.5 or so")).alias("turns"),
    pl.when(pl.int_range(N) < 200).then(pl.lit("007")).otherwise(pl.lit("12")).alias("code"),
    pl.when(pl.int_range(N) > 400).then(pl.Series(SMALL / 9)).alias("late"),
    pl.Series("day", np.arange(N)).cast(pl.Date), pl.Series("none", [None] * N, pl.Float64),
    pl.Series("y", ["none", "some", "NA"] * 200),
)  # fmt: skip


@given(
    st.lists(st.integers(0, N), max_size=5),
    st.sampled_from(["", "at={}", "w=b{}/at={}"]),
    st.sampled_from([0, 2**16]),
    st.booleans(),
)
def test_shards_whose_columns_are_read_in_turns_are_those_that_are_read_at_once(
    ends: list[int], within: str, small: int, large: bool
) -> None:
    how = Reading(unrounded=("t?ld",), target="y", classes=("none", "na"))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "MANY", 100 if large else 10_000)
        patch.setattr(together, "SMALL", small)  # files that are read together
        source, found = cut(MORE, ends, Path(folder), within), list[Any]()
        for turns, whole in ((64, 2000), (1, 2**20)):
            patch.setattr(shards, "TURNS", turns)
            patch.setattr(columnar, "AT_ONCE", whole)  # cells of a file, which would round them by itself
            try:
                found.append(read_as(source, how))
            except InputError as error:  # numbers by their cells in one, and words in another
                found.append(error)
    if any(isinstance(each, InputError) for each in found):
        assert {type(each) for each in found} == {ColumnError}
        assert str(found[0]) == str(found[1])
        return
    assert_frame_equal(found[0].frame, found[1].frame)
    assert found[0].rounded == found[1].rounded
    assert found[0].notes == found[1].notes


@given(st.lists(st.integers(0, N), max_size=5))
def test_one_file_that_is_cut_into_shards_is_the_file(ends: list[int]) -> None:
    with TemporaryDirectory() as folder:
        FRAME.write_parquet(Path(folder) / "d.parquet")
        known, found = (read_as(each, SAID) for each in (
            f"{folder}/d.parquet", cut(FRAME, ends, Path(folder) / "shards")))  # fmt: skip
    assert_frame_equal(found.frame, known.frame)
    assert found.rounded == known.rounded


def test_of_large_shards_some_columns_are_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, widths = pl.read_parquet, list[int]()

    def counted(*given: Any, **how: Any) -> pl.DataFrame:
        widths.append(len(how["columns"]))
        return read(*given, **how)

    source = cut(FRAME, [200, 200, 450], tmp_path)
    monkeypatch.setattr(pl, "read_parquet", counted)
    read_as(source, SAID)
    assert max(widths) <= 4
    assert sum(widths) == 3 * FRAME.width

    def written_meanwhile(*given: Any, **how: Any) -> pl.DataFrame:
        FRAME[100:300].write_parquet(tmp_path / "0.parquet", compression="uncompressed")
        return read(*given, **how)

    monkeypatch.setattr(pl, "read_parquet", written_meanwhile)
    with pytest.raises(InputError, match=r"0\.parquet: expected the file as it was at the beginning, found another"):
        read_as(source, SAID)


def test_text_whose_later_rows_need_more_is_read_anew(tmp_path: Path) -> None:
    """The first rows lie around 0, all others close beside each other: half of all bins are there."""
    late = pl.DataFrame({"x": np.where(np.arange(N) < 150, SMALL, 1e6 + 1e-3 * SMALL), "z": SMALL, "w": ["word"] * N})
    late = late.with_columns(pl.lit(0.5).alias(f"c{i}") for i in range(9))
    late.write_csv(tmp_path / "d.csv")
    found = read_as(tmp_path / "d.csv", SAID)
    assert found.frame.schema["x"] == pl.Float64
    assert found.frame["x"].equals(late["x"])
    assert found.rounded == ("z",)


def test_numbers_that_mean_missing_do_so_rounded_as_well(tmp_path: Path) -> None:
    FRAME[["w"]].with_columns(x=pl.when(pl.int_range(N) % 5 > 0).then(SMALL).otherwise(-99.9)).write_csv(
        tmp_path / "d.csv"
    )
    for source in (tmp_path / "d.csv", pl.read_csv(tmp_path / "d.csv")):
        table = read_as(source, Reading.of(na=-99.9))
        small = read_as(table, SAID)
        assert small.frame["x"].null_count() == table.frame["x"].null_count() == N / 5
        asked = read_as(source, Reading(missing=table.missing, unrounded=()))
        assert asked.frame["x"].null_count() == N / 5


def test_an_infinite_number_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{'inf' if i == 412 else i / 7},{i % 2}\n" for i in range(N)))
    with pytest.raises(ColumnError, match=r'finite number in row 413 of column "x"'):
        plan(tmp_path / "d.csv", "y")


def test_whole_numbers_that_are_rounded_are_told_of_a_file_in_parts(tmp_path: Path) -> None:
    ids = [2**53 + 1 + 2 * (i % 5) for i in range(N)]
    for late in (2, N - 2):  # beside fractions of the same part, or of another
        cells = [f"{one},{i % 3}\n" if i != late else f"0.5,{i % 3}\n" for i, one in enumerate(ids)]
        (tmp_path / "d.csv").write_text("id,b\n" + "".join(cells))
        assert [note[:11] for note in read_as(tmp_path / "d.csv", Reading()).notes] == ['column "id"']


def learnt(seed: int = 0) -> pl.DataFrame:
    """Distances in tenths, each of one route that has a price of its own; and what says more of the price."""
    rng = np.random.default_rng(seed)
    ways, own = np.sort(rng.uniform(100, 3000, 120).round()) / 10, rng.normal(0, 40, 120)
    route, size = rng.integers(0, 120, N), rng.normal(size=N)
    price = 50 + np.sqrt(10 * ways[route]) + own[route] + 10 * size + rng.normal(0, 5, N)
    return pl.DataFrame({"distance": ways[route], "size": size, "counts": rng.random(N), "price": price})


def test_the_model_is_the_same_from_a_frame_and_from_its_files(tmp_path: Path) -> None:
    frame = FRAME[["around 0", "temperature", "seconds", "gap", "whole", "w"]].with_columns(y=pl.Series(SMALL > 0.2))
    frame.write_csv(tmp_path / "d.csv")
    frame.write_parquet(tmp_path / "d.parquet")
    models = [
        fit(source, "y", hidden=4, epochs=2, folds=0, verbose=False)
        for source in (frame, tmp_path / "d.csv", tmp_path / "d.parquet", cut(frame, [250, 400], tmp_path / "d"))
    ]
    for each in models[1:]:
        assert each.preparation == models[0].preparation
        assert each.scores == models[0].scores
        for a, b in zip(each.network.weights, models[0].network.weights, strict=True):
            np.testing.assert_array_equal(a, b)
    again = replan(models[1], tmp_path / "d.csv")  # read as it is to be answered, not rounded
    assert again is not None
    assert again.table.rounded == ("around 0", "gap", "temperature")


def test_answers_and_weights_and_told_kinds_are_those_of_the_source() -> None:
    frame = learnt()
    made = plan(frame, "price", weight="counts", kinds={"dist*": "category"}, folds=0)
    assert made.table.rounded == ("size",)
    assert made.table.frame.schema["price"] == pl.Float64
    assert plan(frame, "price", kinds={"dist*": "number"}, folds=0, scaling="standard").table.rounded == (
        "counts", "distance", "size",
    )  # fmt: skip


def test_numbers_that_are_names_keep_all_of_their_digits(tmp_path: Path) -> None:
    frame = learnt()
    frame.write_csv(tmp_path / "d.csv")
    for source in (frame, tmp_path / "d.csv"):
        made = plan(source, "price", folds=0)
        step = next(each for each in made.preparation.steps if each.title == "distance")
        assert isinstance(step, Number)
        assert step.means is not None
        assert set(step.means.numbers) <= set(frame["distance"])
        assert made.table.rounded == ("counts", "size")
