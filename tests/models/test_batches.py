"""A model's answers beside rows, whatever kind of table these are in, and on the engines of large frames."""

from __future__ import annotations

import pickle
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import deltaw
from deltaw import InputError, predict_batches


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    a, word = rng.normal(size=90), rng.choice(["x", "y"], 90)
    return pl.DataFrame({"a": a, "word": word, "kind": np.where((a > 0) ^ (word == "x"), "one", "two")})


@pytest.fixture(scope="module")
def model(rows: pl.DataFrame) -> deltaw.Model:
    return deltaw.fit(rows, "kind", hidden=8, epochs=5, folds=0)


KINDS: dict[str, Any] = {
    "polars": (lambda rows: rows, lambda found: found.to_dict(as_series=False)),
    "pandas": (lambda rows: rows.to_pandas(), lambda found: found.to_dict("list")),
    "arrow": (lambda rows: rows.to_arrow(), lambda found: found.to_pydict()),
    "batch": (
        lambda rows: pa.RecordBatch.from_pydict(rows.to_dict(as_series=False), rows.to_arrow().schema),
        lambda found: found.to_pydict(),
    ),
    "arrays": (
        lambda rows: {name: rows[name].to_numpy() for name in rows.columns},
        lambda found: {name: np.asarray(each).tolist() for name, each in found.items()},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table(kind: str, rows: pl.DataFrame, model: deltaw.Model) -> None:
    if kind == "pandas":
        pytest.importorskip("pandas")
    there, back = KINDS[kind]
    found = back(predict_batches(model)(there(rows)))
    assert list(found) == [*rows.columns, "prediction", "probability_one", "probability_two"]
    assert found["prediction"] == model.predict(rows).tolist()
    np.testing.assert_array_equal(found["probability_two"], model.predict_proba(rows)[:, 1])
    none = back(predict_batches(model)(there(rows.head(0))))
    assert list(none) == list(found)
    assert none["prediction"] == []


def test_a_batch_without_rows_has_the_types_of_others(rows: pl.DataFrame, model: deltaw.Model) -> None:
    whole = rows.with_columns(n=pl.Series([k % 2 for k in range(90)]), yes=pl.col("a") > 0)
    targets = (whole, "kind"), (whole.drop("kind"), "n"), (whole.drop("kind"), "yes")
    for frame, target in targets:
        made = model if target == "kind" else deltaw.fit(frame, target, hidden=2, epochs=1, folds=0)
        answer = predict_batches(made)
        assert answer(frame.head(0)).schema == answer(frame).schema
        kinds = {answer({n: frame[n].to_numpy()[:k] for n in frame.columns})["prediction"].dtype for k in (0, 1, 9)}
        assert len(kinds) == 1


def test_what_answers_add_to_a_schema(rows: pl.DataFrame, model: deltaw.Model) -> None:
    assert predict_batches(model).ddl == "prediction string, probability_one double, probability_two double"
    frame = rows.with_columns(kind=pl.col("kind").replace("one", "o n`e"))
    made = deltaw.fit(frame, "kind", hidden=2, epochs=1, folds=0)
    assert "`probability_o n``e` double" in predict_batches(made).ddl
    assert predict_batches(deltaw.fit(rows, "a", hidden=2, epochs=1, folds=0)).ddl == "prediction double"


def test_arrays_as_clusters_make_them(rows: pl.DataFrame) -> None:
    """Objects with gaps among them, words among numbers, times in nanoseconds."""
    pd = pytest.importorskip("pandas")
    day = pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 3, 30), "1d", eager=True)
    whole = rows.with_columns(when=day, word=pl.when(pl.col("a") > 1).then(None).otherwise("word"))
    model = deltaw.fit(whole, "kind", hidden=4, epochs=2, folds=0)
    usual = {name: whole[name].to_numpy() for name in whole.columns}
    others: dict[str, Any] = {"when": usual["when"].astype("datetime64[ns]"), "a": usual["a"].astype(object)}
    others["a"][3] = str(others["a"][3])
    for gap in (None, np.nan, pd.NA, pd.NaT):
        others["word"] = np.array([gap if each is None else each for each in whole["word"]], object)
        assert predict_batches(model)(usual | others)["prediction"].tolist() == model.predict(whole).tolist()


def test_a_model_file_that_is_written_anew(rows: pl.DataFrame, model: deltaw.Model, tmp_path: Path) -> None:
    """Processes of a cluster outlive the model that they have read."""
    path, other = tmp_path / "m.deltaw", deltaw.fit(rows, "a", hidden=2, epochs=1, folds=0)
    model.save(path)
    assert predict_batches(path)(rows)["prediction"].to_list() == model.predict(rows).tolist()
    other.save(path)
    assert predict_batches(path)(rows)["prediction"].to_list() == other.predict(rows).tolist()


def test_arrays_of_several_lengths(rows: pl.DataFrame, model: deltaw.Model) -> None:
    with pytest.raises(InputError, match=r"rows: expected columns of one length, found \d+, \d+; give an entry"):
        predict_batches(model)({name: rows[name].to_numpy() for name in rows.columns} | {"a": np.zeros(3)})


@pytest.mark.parametrize("cell", [1.0, "word", np.float32(1), np.array(1.0), None])
def test_columns_that_are_none(cell: Any, rows: pl.DataFrame, model: deltaw.Model) -> None:
    for others in ({}, {name: rows[name].to_numpy() for name in rows.columns}):
        with pytest.raises(InputError, match='rows: expected an array or a list in column "a", found'):
            predict_batches(model)(others | {"a": cell})


def test_arrow_answers_have_the_same_types_where_no_rows_are(rows: pl.DataFrame, model: deltaw.Model) -> None:
    answer = predict_batches(model)
    assert answer(rows.head(0).to_arrow()).schema == answer(rows.to_arrow()).schema


def test_how_rows_are_divided_changes_nothing(rows: pl.DataFrame, model: deltaw.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.deltaw")
    answer = pickle.loads(pickle.dumps(predict_batches(tmp_path / "m.deltaw")))
    pieces = list(answer(iter([rows[:7], rows[7:8], rows[8:]])))
    assert pl.concat(pieces).equals(predict_batches(model)(rows))


def test_numbers(rows: pl.DataFrame) -> None:
    model = deltaw.fit(rows, "a", hidden=4, epochs=2, folds=0)
    assert predict_batches(model)(rows).columns == [*rows.columns, "prediction"]


def test_columns_of_several_levels(rows: pl.DataFrame) -> None:
    pd = pytest.importorskip("pandas")
    frame = rows.to_pandas()
    frame.columns = pd.MultiIndex.from_tuples([("in", "a"), ("in", "word"), ("out", "kind")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = deltaw.fit(frame, ("out", "kind"), drop=[("in", "word")], hidden=4, epochs=1, folds=0)
        found = predict_batches(model)(frame)
    assert (model.target.name, model.preparation.column_names) == ("('out', 'kind')", ("('in', 'a')",))
    assert found[("prediction", "")].tolist() == model.predict(frame).tolist()


def test_what_is_no_table(rows: pl.DataFrame, model: deltaw.Model) -> None:
    pd = pytest.importorskip("pandas")
    for given in (rows.lazy(), rows["a"], pd.Series([1.0]), pa.array([1.0])):
        with pytest.raises(InputError, match="expected a pandas, Polars or Arrow table"):
            predict_batches(model)(given)


def test_what_cannot_be(rows: pl.DataFrame, model: deltaw.Model) -> None:
    with pytest.raises(InputError, match=r"^model: expected a Model"):
        predict_batches(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^rows: expected a pandas, Polars or Arrow table"):
        predict_batches(model)([1, 2])
    with pytest.raises(InputError, match=r"no column of the name of an answer, found 'prediction'"):
        predict_batches(model)(rows.with_columns(prediction=1))


def test_dask(rows: pl.DataFrame, model: deltaw.Model) -> None:
    frames = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    many = frames.from_pandas(rows.to_pandas(), npartitions=4)
    found = many.map_partitions(predict_batches(model)).compute(scheduler="threads")
    assert found["prediction"].tolist() == model.predict(rows).tolist()


@pytest.mark.slow
def test_ray(rows: pl.DataFrame, model: deltaw.Model, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    model.save(tmp_path / "m.deltaw")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    try:
        data = ray.data.from_arrow(rows.to_arrow()).map_batches(predict_batches(tmp_path / "m.deltaw"), batch_size=20)
        found = {each["a"]: each["prediction"] for each in data.take_all()}
    finally:
        ray.shutdown()
    assert found == dict(zip(rows["a"], model.predict(rows).tolist(), strict=True))


@pytest.mark.slow
def test_spark(rows: pl.DataFrame, model: deltaw.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    model.save(tmp_path / "m.deltaw")
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        many = session.createDataFrame(rows.to_pandas()).repartition(3)
        schema = "a double, word string, kind string, " + predict_batches(model).ddl
        for each in (many.mapInPandas, many.mapInArrow):
            found = each(predict_batches(tmp_path / "m.deltaw"), schema).collect()
            assert {row["a"]: row["prediction"] for row in found} == dict(
                zip(rows["a"], model.predict(rows).tolist(), strict=True)
            )
    finally:
        session.stop()
