"""From and to scikit-learn, PyTorch and model files: the predictions stay what they were."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale

import deltaw
from deltaw.equations.optimizers import Adam
from deltaw.exceptions import SettingError
from deltaw.export.forms.torch import TORCH
from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, from_sklearn, from_torch

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
BODIES, SUGAR = load_diabetes(return_X_y=True)
LABELS = make_multilabel_classification(n_samples=60, random_state=0)
TABLES: dict[str, tuple[str, Any, Any]] = {
    "three classes": ("MLPClassifier", X, NAMES),
    "two classes": ("MLPClassifier", X[:100], NAMES[:100]),
    "labels": ("MLPClassifier", *LABELS),
    "numbers": ("MLPRegressor", BODIES, scale(SUGAR)),
    "two numbers": ("MLPRegressor", BODIES, np.c_[SUGAR, SUGAR] / 100),
}
OURS = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def answers(estimator: Any, X: Any) -> Any:
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)


@pytest.mark.parametrize("what", TABLES)
def test_from_scikit_learn_and_back(what: str) -> None:
    kind, X, y = TABLES[what]
    settings = {"hidden_layer_sizes": (9, 8), "activation": "tanh", "max_iter": 20, "random_state": 0}
    theirs = getattr(neural_network, kind)(**settings).fit(X, y)
    ours = from_sklearn(theirs)
    assert type(ours) is OURS[kind]
    np.testing.assert_allclose(answers(ours, X), answers(theirs, X), rtol=1e-4, atol=1e-6)  # float32
    ours.set_params(engine="reference")
    np.testing.assert_allclose(answers(ours, X), answers(theirs, X), rtol=1e-12)
    np.testing.assert_allclose(ours.score(X, y), theirs.score(X, y), rtol=1e-12)
    ours.set_params(engine="native")
    back = ours.to_sklearn()
    assert type(back) is type(theirs)
    assert back.get_params() == theirs.get_params()
    np.testing.assert_array_equal(back.predict(X), theirs.predict(X))
    ours.partial_fit(X, y)  # goes on from there
    back.partial_fit(X, y)
    assert ours.loss_ == pytest.approx(back.loss_, rel=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "gelu"},
        {"loss": "binary_cross_entropy"},
        {"loss": "hinge"},
        {"hidden_layer_sizes": (3, 3), "activation": ["relu", "tanh"]},
    ],
    ids=str,
)
def test_what_scikit_learn_has_not(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="to_sklearn: expected one hidden activation"):
        MLPClassifier(max_iter=1, **settings).fit(X, Y).to_sklearn()


def test_other_estimators_and_unfitted_ones() -> None:
    with pytest.raises(SettingError, match="expected scikit-learn's MLPClassifier or MLPRegressor, found float"):
        from_sklearn(0.5)
    for way in ("to_sklearn", "to_torch", "to_model"):
        with pytest.raises(NotFittedError):
            getattr(MLPClassifier(), way)()
    with pytest.raises(NotFittedError):
        from_sklearn(neural_network.MLPClassifier())


@pytest.mark.parametrize("what", ["three classes", "two classes", "numbers"])
def test_a_model_file_predicts_the_same(what: str, tmp_path: Path) -> None:
    kind, X, y = TABLES[what]
    ours = OURS[kind](hidden_layer_sizes=9, max_iter=20, random_state=0).fit(X, y)
    ours.to_model().save(tmp_path / "from.deltaw")
    model = deltaw.load(tmp_path / "from.deltaw")
    assert (model.recipe.optimizer, model.recipe.batch_size) == (Adam().spec, min(200, len(X)))
    assert model.recipe.l2 == 1e-4 / min(200, len(X))
    frame = pl.DataFrame(X, schema=[f"x{i}" for i in range(X.shape[1])])
    if kind == "MLPRegressor":
        np.testing.assert_allclose(model.predict(frame), ours.predict(X), rtol=1e-5, atol=1e-6)
        return
    np.testing.assert_array_equal(model.predict(frame), ours.predict(X))
    np.testing.assert_allclose(model.predict_proba(frame), ours.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(model.baseline.statistic, np.unique(y, return_counts=True)[1] / len(y))


def test_a_model_file_holds_one_answer_a_row() -> None:
    with pytest.raises(SettingError, match="to_model: expected one answer a row, found 5 outputs"):
        MLPClassifier(max_iter=1).fit(*LABELS).to_model()


def test_a_table_estimator_is_a_model(tmp_path: Path) -> None:
    table = TableClassifier(epochs=3, random_state=0).fit(X, NAMES)
    table.to_model().save(tmp_path / "table.deltaw")
    model = deltaw.load(tmp_path / "table.deltaw")
    assert model.classes == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(model.predict(pl.DataFrame(X, schema=["x0", "x1", "x2", "x3"])), table.predict(X))


# --- PyTorch ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["logistic", *sorted(set(TORCH) - {"sigmoid", "softmax"})])
def test_to_torch_and_back(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours = MLPClassifier((9, 8), activation=name, dropout=0.1, max_iter=5, random_state=0).fit(X, NAMES)
    module = ours.to_torch()
    module.eval()
    exact = copy.copy(ours).set_params(engine="reference").predict_proba(X)
    np.testing.assert_allclose(ours.predict_proba(X), exact, rtol=1e-4, atol=1e-6)  # float32
    with torch.no_grad():
        np.testing.assert_allclose(module(torch.from_numpy(X)).numpy(), exact, rtol=1e-9)
    back = from_torch(module, classes=ours.classes_)
    assert (back.activation, back.hidden_layer_sizes) == (name, (9, 8))
    np.testing.assert_array_equal(back.predict_proba(X), ours.predict_proba(X))
    np.testing.assert_array_equal(back.predict(X), ours.predict(X))
    assert back.set_params(warm_start=True, max_iter=2).fit(X, NAMES).score(X, NAMES) >= 0


def test_a_module_that_ends_in_logits_or_numbers() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    torch.manual_seed(0)
    logits = nn.Sequential(
        nn.Flatten(), nn.Linear(4, 5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3, bias=False)
    ).eval()
    rows = torch.from_numpy(X.astype(np.float32))
    ours = from_torch(logits, classes=["a", "b", "c"])
    assert ours.dropout == [0.2]
    with torch.no_grad():
        np.testing.assert_allclose(ours.predict_proba(X.astype(np.float32)), logits(rows).softmax(1).numpy(), atol=1e-6)
        one = nn.Sequential(nn.Linear(4, 1)).eval()
        np.testing.assert_allclose(from_torch(one).predict(X.astype(np.float32)), one(rows).ravel().numpy(), atol=1e-6)
        chances = from_torch(one, classes=[0, 1]).predict_proba(X.astype(np.float32))[:, 1]
        np.testing.assert_allclose(chances, one(rows).sigmoid().ravel().numpy(), atol=1e-6)


def test_modules_that_are_no_such_network() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    linear = nn.Linear(2, 2)
    sequences = ([nn.Conv1d(1, 1, 1)], [nn.ReLU(), linear], [linear, nn.LeakyReLU(0.3)], [linear, nn.ReLU(), nn.Tanh()])
    for module in (linear, *(nn.Sequential(*parts) for parts in sequences)):
        with pytest.raises(SettingError, match=r"from_torch: expected a torch.nn.Sequential of Linear layers"):
            from_torch(module)
    with pytest.raises(SettingError, match="an output for each of the 3 classes, or one for two classes, found 2"):
        from_torch(nn.Sequential(nn.Linear(2, 2)), classes=["a", "b", "c"])
