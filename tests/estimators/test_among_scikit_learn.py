"""Inside scikit-learn's machinery: pipelines, searches, frames, callbacks, metadata, several processes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import joblib
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from deltaw.exceptions import InputError
from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
from deltaw.sklearn.learning.threads import threads

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
COLUMNS = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(X, columns=COLUMNS)
KIND = np.where(X[:, 0] > 5.8, "large", "small")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class OnlyArrow:
    """A frame of a library that nobody knows: all it offers is its Arrow stream."""

    def __init__(self, frame: pa.Table) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


def quick(**settings: Any) -> MLPClassifier:
    return MLPClassifier(
        **{"hidden_layer_sizes": 9, "max_iter": 60, "learning_rate_init": 0.02, "random_state": 0, **settings}
    )


def test_a_pipeline_with_columns_of_two_kinds() -> None:
    frame = FRAME.assign(kind=KIND)
    columns = ColumnTransformer(
        [
            ("words", OneHotEncoder(sparse_output=True), ["kind"]),
            ("numbers", StandardScaler(), COLUMNS),
        ],
        sparse_threshold=1.0,
    )
    pipeline = make_pipeline(columns, quick()).fit(frame, NAMES)
    assert pipeline.predict_proba(frame).shape == (150, 3)
    assert pipeline.score(frame, NAMES) > 0.9


def test_a_search_in_two_processes() -> None:
    search = GridSearchCV(quick(), {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [(), (8,)]}, cv=3, n_jobs=2)
    search.fit(X, NAMES)
    again = GridSearchCV(quick(), search.param_grid, cv=3).fit(X, NAMES)
    assert search.best_params_ == again.best_params_
    np.testing.assert_array_equal(search.best_estimator_.coefs_[0], again.best_estimator_.coefs_[0])
    assert search.score(X, NAMES) > 0.9


def test_table_estimators_work_under_joblib_where_polars_has_begun() -> None:
    """Its processes are not forked: Polars' threads would be missing there (tests/tables/reading/test_forks.py)."""
    model = TableClassifier(epochs=2, hidden=4, random_state=0)
    alone = cross_val_score(model, X, NAMES, cv=2)
    np.testing.assert_array_equal(cross_val_score(model, X, NAMES, cv=2, n_jobs=2), alone)


def test_calibration_importance_and_stacking() -> None:
    calibrated = CalibratedClassifierCV(quick(), cv=2).fit(X, NAMES)
    assert calibrated.predict_proba(X).shape == (150, 3)
    assert CalibratedClassifierCV(quick(loss="hinge"), cv=2).fit(X, NAMES).score(X, NAMES) > 0.8
    found = permutation_importance(quick().fit(X, NAMES), X, NAMES, n_repeats=3, random_state=0)
    assert found.importances_mean[2:].max() > found.importances_mean[:2].max()  # petals tell more than sepals
    stack = StackingClassifier([("net", quick()), ("line", LogisticRegression())], cv=2).fit(X, NAMES)
    assert stack.score(X, NAMES) > 0.9


@pytest.mark.parametrize(
    "frame",
    [FRAME, pl.DataFrame(X, schema=COLUMNS), pa.table(FRAME), OnlyArrow(pa.table(FRAME)), nw.from_native(FRAME)],
    ids=["pandas", "polars", "pyarrow", "any arrow", "narwhals"],
)
def test_frames_keep_their_names(frame: Any) -> None:
    estimator = quick().fit(frame, NAMES)
    assert list(estimator.feature_names_in_) == COLUMNS
    np.testing.assert_array_equal(estimator.coefs_[0], quick().fit(X, NAMES).coefs_[0])
    np.testing.assert_array_equal(estimator.predict(frame), estimator.predict(FRAME))
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.predict(FRAME[COLUMNS[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        estimator.predict(X)
    table = TableClassifier(epochs=2, hidden=(4,)).fit(frame, NAMES)
    assert list(table.feature_names_in_) == COLUMNS
    assert table.predict(frame).shape == (150,)


def test_answers_of_every_kind() -> None:
    plain = quick().fit(X, NAMES)
    for y in (pd.Series(NAMES), pl.Series(NAMES), pa.array(NAMES.tolist()), NAMES.astype(object), NAMES.tolist()):
        np.testing.assert_array_equal(quick().fit(X, y).coefs_[0], plain.coefs_[0])
    labels = scipy.sparse.csr_matrix(np.c_[Y > 0, Y > 1].astype(int))
    predicted = quick().fit(X, labels).predict(X)
    assert scipy.sparse.issparse(predicted)
    assert predicted.shape == (150, 2)


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_are_dense_rows(make: Any, dtype: Any) -> None:
    dense = np.where(X > 2, X, 0).astype(dtype)
    one, other = (quick(solver="sgd", batch_size=50).fit(rows, Y) for rows in (dense, make(dense)))
    assert other.coefs_[0].dtype == dtype
    np.testing.assert_allclose(other.predict_proba(make(dense)), one.predict_proba(dense), atol=1e-3)
    assert quick(solver="lbfgs").fit(make(dense), Y).score(make(dense), Y) > 0.9


def test_metadata_are_routed() -> None:
    weight = np.linspace(0.1, 2, 150)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = quick().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asked)
        pipeline.fit(X, NAMES, sample_weight=weight)
    by_hand = quick().fit(StandardScaler().fit_transform(X), NAMES, sample_weight=weight)
    np.testing.assert_array_equal(pipeline[-1].coefs_[0], by_hand.coefs_[0])


# --- callbacks --------------------------------------------------------------------------------------------------------


class Watcher:
    """Looks on, and stops after `epochs`."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.heard: list[str] = []
        self.scores: list[float] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self.heard.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any, y: Any, fitted_estimator: Any) -> bool:
        self.heard.append(f"end {context.task_name}")
        self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) >= self.epochs


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_callback_sees_every_epoch_and_may_stop(solver: str) -> None:
    watcher = Watcher(4)
    estimator = quick(solver=solver).set_callbacks(watcher).fit(X, NAMES)
    assert estimator.n_iter_ == 4
    assert watcher.heard[:2] == ["setup", "begin fit"]
    assert watcher.heard.count("end epoch") == 4
    assert watcher.heard[-2:] == ["end fit", "teardown"]
    assert watcher.scores[3] == watcher.scores[4] == estimator.score(X, NAMES)
    alone = quick(solver=solver, max_iter=4).fit(X, NAMES)
    np.testing.assert_array_equal(estimator.coefs_[0], alone.coefs_[0])


def test_scikit_learns_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    quick(max_iter=5).set_callbacks(ProgressBar()).fit(X, NAMES)
    assert "MLPClassifier - fit" in capsys.readouterr().out


# --- threads and processes --------------------------------------------------------------------------------------------


def test_threads_keep_to_the_limits_of_others() -> None:
    assert threads(3) == 3
    with threadpool_limits(1):
        assert threads(None) == 1
    inside = joblib.Parallel(n_jobs=2)(joblib.delayed(threads)(None) for _ in range(2))
    assert all(n <= max(1, joblib.cpu_count() // 2) for n in inside)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_importing_the_estimators_leaves_pytorch_alone() -> None:
    """That `import deltaw` leaves both alone is of tests/test_house.py."""
    code = "import sys, deltaw.sklearn; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_as_it_is() -> None:
    frame = FRAME.assign(kind=KIND, day=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(150), "D"))
    frame.loc[::7, "a"] = np.nan
    frame.loc[3, "kind"] = None
    search = GridSearchCV(TableClassifier(epochs=20, random_state=0), {"hidden": [(8,), (16, 8)]}, cv=2, n_jobs=2)
    search.fit(frame, NAMES)
    assert search.predict_proba(frame).shape == (150, 3)
    assert search.score(frame, NAMES) > 0.9
    assert list(search.classes_) == ["setosa", "versicolor", "virginica"]
    scores = cross_val_score(TableRegressor(epochs=20, random_state=0), frame.drop(columns="d"), X[:, 3], cv=3)
    assert scores.shape == (3,)


def test_a_table_with_the_settings_of_a_recipe() -> None:
    table = TableClassifier("notes", epochs=2, settings={"clamp": False}, random_state=3).fit(X, NAMES)
    assert (table.model_.recipe.name, table.n_iter_, len(table.loss_curve_)) == ("notes", 2, 2)
    with pytest.raises(InputError, match="a setting of the recipe"):
        TableClassifier(settings={"epoch": 3}).fit(X, NAMES)
    with pytest.raises(InputError, match="settings: expected none that the estimator decides itself, found seed, task"):
        TableClassifier(settings={"task": "regression", "seed": 1}).fit(X, NAMES)
    with pytest.raises(InputError, match="learning_rate"):
        TableClassifier(learning_rate="fast").fit(X, NAMES)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected two classes or more, found 1 class"):
        TableClassifier().fit(X, np.zeros(150))
    same = [TableRegressor(epochs=3, random_state=1).fit(X[:, :3], X[:, 3]).predict(X[:, :3]) for _ in range(2)]
    np.testing.assert_array_equal(*same)


# --- notebooks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator", [quick(), MLPRegressor(hidden_layer_sizes=(), max_iter=2), TableClassifier(epochs=2)]
)
def test_the_notebook_view_draws_the_network_and_loads_nothing(estimator: Any) -> None:
    assert "<svg" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", estimator._repr_html_(), flags=re.S)
    page = estimator.fit(X, Y)._repr_html_()
    assert re.search('aria-label="network of [0-9]+ – ', page)  # of a table, numbers have bins beside them
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(http""", page)
