"""What scikit-learn's estimators do not have: parameters, held-out rows, weights that can be set."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import scale
from sklearn.utils._param_validation import InvalidParameterError

import deltaw
from deltaw.equations import backprop
from deltaw.equations.activations import ACTIVATIONS, activation
from deltaw.equations.losses import LOSSES, loss, one_hot
from deltaw.exceptions import InputError
from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
from deltaw.sklearn.learning.descent import Descent
from deltaw.sklearn.parameters import PERCEPTRON

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
BODIES, SUGAR = load_diabetes(return_X_y=True)
SUGAR = scale(SUGAR)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def few(**settings: Any) -> dict[str, Any]:
    return {"max_iter": 30, "random_state": 0, "learning_rate_init": 0.01, **settings}


# --- networks ---------------------------------------------------------------------------------------------------------


def test_no_hidden_layer_is_logistic_regression() -> None:
    ours = MLPClassifier((), solver="lbfgs", alpha=1.0, tol=1e-6, max_iter=3000).fit(X, Y)
    # scikit-learn's C is 1/alpha; both leave the intercepts unpenalised.
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=3000).fit(X, Y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-3)


def test_no_hidden_layer_is_ridge_regression() -> None:
    ours = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=2.0, tol=1e-7, max_iter=3000).fit(BODIES, SUGAR)
    np.testing.assert_allclose(ours.predict(BODIES), Ridge(alpha=2.0).fit(BODIES, SUGAR).predict(BODIES), atol=5e-3)


def test_an_activation_for_each_layer() -> None:
    estimator = MLPClassifier((6, 5), activation=["gelu", "softsign"], **few()).fit(X, Y)
    a = X
    for W, b, name in zip(estimator.coefs_, estimator.intercepts_, ["gelu", "softsign", "softmax"], strict=True):
        a = activation(name).f(a @ W + b)
    np.testing.assert_allclose(estimator.predict_proba(X), a, rtol=1e-5)
    np.testing.assert_allclose(estimator.set_params(engine="reference").predict_proba(X), a, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"step", "exponential", "softmax"}))
def test_every_activation_learns(name: str) -> None:
    assert MLPClassifier(20, activation=name, **few(max_iter=150)).fit(scale(X), Y).score(scale(X), Y) > 0.9


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"difference", "pinball"}))
def test_every_loss_learns_classes(name: str) -> None:
    spec = f"{name}(0.7)" if name == "huber" else name
    for X_, y in ((scale(X), NAMES), (scale(X[50:]), NAMES[50:])):
        estimator = MLPClassifier(20, loss=spec, **few(max_iter=200)).fit(X_, y)
        assert estimator.score(X_, y) > 0.9
        assert hasattr(estimator, "predict_proba") == (name != "hinge")
        assert hasattr(estimator, "decision_function") == (name == "hinge")
        if name != "hinge":
            np.testing.assert_allclose(estimator.predict_proba(X_).sum(axis=1), 1)


@pytest.mark.parametrize("name", ["absolute_error", "huber(0.5)", "pinball(0.5)", "squared"])
def test_every_loss_learns_numbers(name: str) -> None:
    assert MLPRegressor(name, 20, **few(max_iter=150)).fit(BODIES * 20, SUGAR).score(BODIES * 20, SUGAR) > 0.45


def test_shares_as_numbers() -> None:
    share = 1 / (1 + np.exp(-SUGAR))
    estimator = MLPRegressor("binary_cross_entropy", 20, **few(max_iter=100)).fit(BODIES * 20, share)
    predicted = estimator.predict(BODIES * 20)
    assert estimator.out_activation_ == "logistic"
    assert ((predicted > 0) & (predicted < 1)).all()
    assert estimator.score(BODIES * 20, share) > 0.45


# --- training ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"max_grad_norm": 0.01}, {"label_smoothing": 0.2}, {"dropout": 0.3}, {"dropout": [0.1, 0.4]},
        {"schedule": "cosine"}, {"optimizer": "rmsprop"}, {"optimizer": "adamw(weight_decay=0.3)"},
    ],
    ids=str,
)  # fmt: skip
def test_each_does_what_the_equations_do(settings: dict[str, Any]) -> None:
    made = [
        MLPClassifier((7, 6), engine=engine, batch_size=40, **few(max_iter=6), **settings).fit(X, Y)
        for engine in ("native", "reference")
    ]
    plain = MLPClassifier((7, 6), batch_size=40, **few(max_iter=6)).fit(X, Y)
    for native, reference, without in zip(made[0].coefs_, made[1].coefs_, plain.coefs_, strict=True):
        np.testing.assert_allclose(native, reference, atol=2e-4)
        assert np.abs(native - without).max() > 1e-3


def test_a_schedule_reaches_across_calls_of_partial_fit() -> None:
    settings = {"schedule": "cosine", "batch_size": 150, "max_iter": 5, "random_state": 0}
    whole, stepwise = MLPClassifier(8, **settings).fit(X, Y), MLPClassifier(8, **settings)
    for _ in range(5):
        stepwise.partial_fit(X, Y, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.coefs_[0], stepwise.coefs_[0])


def test_class_weights_are_row_weights() -> None:
    by_class = MLPClassifier(8, class_weight={"setosa": 2.0, "virginica": 0.5}, **few()).fit(X, NAMES)
    by_row = MLPClassifier(8, **few()).fit(X, NAMES, sample_weight=np.array([2.0, 1.0, 0.5])[Y])
    np.testing.assert_array_equal(by_class.coefs_[0], by_row.coefs_[0])


def test_balanced_classes_weigh_the_same_in_all() -> None:
    rows = np.r_[0:50, 50:60, 100:104]
    balanced = MLPClassifier(8, class_weight="balanced", **few()).fit(X[rows], Y[rows])
    shares = np.array([50, 10, 4])
    by_hand = MLPClassifier(8, **few()).fit(X[rows], Y[rows], sample_weight=(64 / 3 / shares)[Y[rows]])
    np.testing.assert_allclose(balanced.coefs_[0], by_hand.coefs_[0], atol=1e-6)
    assert not hasattr(balanced, "partial_fit")


def test_quantiles_are_quantiles_and_do_not_cross() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (3000, 1))
    y = x[:, 0] + (0.2 + 0.3 * np.abs(x[:, 0])) * rng.normal(size=3000)
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    estimator = MLPRegressor(quantiles=levels, hidden_layer_sizes=30, **few(max_iter=60)).fit(x, y)
    predicted = estimator.predict(x)
    assert predicted.shape == (3000, 5)
    assert (np.diff(predicted, axis=1) >= 0).all()
    np.testing.assert_allclose((y[:, None] <= predicted).mean(axis=0), levels, atol=0.05)
    assert 0 < estimator.score(x, y) < 1


def test_quantiles_of_few_rows_are_no_worse_than_those_of_y() -> None:
    """Early stopping had kept a network whose first steps only brought the quantiles together, at D² = −1."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = 10 * (x[:, 0] + rng.normal(size=200))
    estimator = MLPRegressor(quantiles=(0.05, 0.5, 0.95), early_stopping=True, random_state=0).fit(x, y)
    assert estimator.score(x, y) > 0
    low, _, high = estimator.predict(x).T
    assert np.mean((low <= y) & (y <= high)) > 0.8


def test_rows_given_for_validation_are_followed_and_not_learnt() -> None:
    order = np.random.default_rng(0).permutation(150)
    train, held = order[:100], order[100:]
    estimator = MLPClassifier(9, **few()).fit(X[train], NAMES[train], X_val=X[held], y_val=NAMES[held])
    alone = MLPClassifier(9, **few()).fit(X[train], NAMES[train])
    np.testing.assert_array_equal(estimator.coefs_[0], alone.coefs_[0])
    assert len(estimator.validation_loss_curve_) == len(estimator.validation_scores_) == estimator.n_iter_
    assert estimator.best_validation_score_ == max(estimator.validation_scores_)
    assert estimator.validation_scores_[-1] == pytest.approx(estimator.score(X[held], NAMES[held]))
    chances = estimator.predict_proba(X[held])
    last = loss("cross_entropy").E(chances, one_hot(Y[held], 3)).mean()
    assert estimator.validation_loss_curve_[-1] == pytest.approx(last, rel=1e-5)


def test_early_stopping_by_rows_given_keeps_the_best_weights() -> None:
    estimator = MLPRegressor(hidden_layer_sizes=40, early_stopping=True, **few(max_iter=300, learning_rate_init=0.02))
    estimator.fit(BODIES[:300] * 20, SUGAR[:300], X_val=BODIES[300:] * 20, y_val=SUGAR[300:])
    best = max(estimator.validation_scores_)
    assert estimator.n_iter_ < 300
    assert estimator.validation_scores_[-1] < best
    assert estimator.score(BODIES[300:] * 20, SUGAR[300:]) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("class_weight", [None, {0: 3.0, 1: 1.0, 2: 1.0}])
def test_of_equal_scores_the_lower_loss_is_kept_where_classes_have_weights(class_weight: Any) -> None:
    """Twelve rows are soon all right, and their loss goes on falling."""
    few_rows, names = scale(X)[::13], Y[::13]
    estimator = MLPClassifier(
        8, early_stopping=True, class_weight=class_weight, **few(max_iter=90, learning_rate_init=0.01)
    )
    estimator.fit(scale(X), Y, X_val=few_rows, y_val=names)
    scores, losses = map(np.array, (estimator.validation_scores_, estimator.validation_loss_curve_))
    drawn = np.flatnonzero(scores == scores.max())
    assert len(drawn) > 1
    kept = drawn[0] if class_weight is None else drawn[losses[drawn].argmin()]
    weight = None if class_weight is None else [class_weight[y] for y in names]
    E = loss("cross_entropy").E(estimator.predict_proba(few_rows), one_hot(names, 3))
    assert np.average(E, weights=weight) == pytest.approx(losses[kept], rel=1e-4)


# --- weights ----------------------------------------------------------------------------------------------------------


def test_initialize_learns_nothing_and_weights_can_be_set() -> None:
    estimator = MLPClassifier(4, warm_start=True, max_iter=1, solver="sgd", momentum=0.0, random_state=1).initialize(
        X, NAMES
    )
    first = [coef.copy() for coef in estimator.coefs_]
    assert estimator.n_iter_ == 0
    assert estimator.predict(X).shape == (150,)
    estimator.coefs_ = [coef * 0.5 for coef in first]
    net = deltaw.Network([4, 4, 3], ["relu", "softmax"])
    net.weights, net.biases = [coef.T for coef in estimator.coefs_], estimator.intercepts_
    np.testing.assert_allclose(estimator.predict_proba(X), net.forward(X), rtol=1e-5)
    signals = net.signals(X)
    gradients = backprop.backward(signals, one_hot(Y, 3), net.weights, net.rows, loss("cross_entropy"), l2=1e-4 / 150)
    estimator.fit(X, NAMES)
    np.testing.assert_allclose(estimator.coefs_[0].T, net.weights[0] - 0.001 * gradients.dW[0], atol=1e-7)


def test_a_warm_start_that_had_converged_changes_nothing_until_something_else_does() -> None:
    estimator = MLPClassifier(8, warm_start=True, tol=1e-2, **few(max_iter=500)).fit(X, Y)
    weights = copy.deepcopy(estimator.coefs_)
    np.testing.assert_array_equal(estimator.fit(X, Y).coefs_[0], weights[0])
    estimator.set_params(alpha=1.0).fit(X, Y)
    assert np.abs(estimator.coefs_[0] - weights[0]).max() > 1e-4
    again = copy.deepcopy(estimator.coefs_)
    estimator.fit(X[:140], Y[:140])
    assert np.abs(estimator.coefs_[0] - again[0]).max() > 1e-6


def test_a_warm_start_goes_on_after_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Descent, number: int) -> bool:
        if number == 2:
            raise KeyboardInterrupt
        return epoch(self, number)

    epoch = Descent.epoch
    estimator = MLPClassifier(8, warm_start=True, **few())
    monkeypatch.setattr(Descent, "epoch", interrupted)
    with pytest.warns(UserWarning, match="interrupted by user"):
        estimator.fit(X, Y)
    monkeypatch.undo()
    assert (estimator.n_iter_, len(estimator.loss_curve_)) == (2, 2)
    assert len(estimator.fit(X, Y).loss_curve_) == 32


def test_rows_held_out_need_not_have_every_class() -> None:
    estimator = MLPClassifier(8, warm_start=True, **few()).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    assert len(estimator.fit(X, Y, X_val=X[:9], y_val=Y[:9]).validation_scores_) == 60


# --- bits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"early_stopping": True, "dropout": 0.2}])
def test_the_same_bits_for_any_number_of_threads(settings: dict[str, Any]) -> None:
    digits, y = load_digits(return_X_y=True)
    made = [
        MLPClassifier(300, random_state=5, max_iter=4, n_threads=n, **settings).fit(digits, y).coefs_
        for n in (1, 2, 3, None)
    ]
    for other in made[1:]:
        assert all((a == b).all() for a, b in zip(made[0], other, strict=True))


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}])
def test_rows_in_another_order_and_whole_weights_give_the_same_bits(settings: dict[str, Any]) -> None:
    # All rows in every step: their order has no meaning, and a weight is so many rows.
    shuffled = np.random.default_rng(0).permutation(150)
    weight = np.random.default_rng(1).integers(0, 3, 150)
    one = MLPClassifier(8, random_state=0, max_iter=9, **settings)
    a, b = clone(one).fit(X, Y), clone(one).fit(X[shuffled], Y[shuffled])
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])
    a, b = clone(one).fit(X, Y, weight), clone(one).fit(X.repeat(weight, axis=0), Y.repeat(weight))
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])


def test_going_on_after_pickling_is_going_on() -> None:
    straight, stored = (MLPClassifier(8, dropout=0.2, random_state=0) for _ in range(2))
    for _ in range(4):
        straight.partial_fit(X, NAMES, classes=np.unique(NAMES))
        stored.partial_fit(X, NAMES, classes=np.unique(NAMES))
        stored = pickle.loads(pickle.dumps(stored))
    assert all((a == b).all() for a, b in zip(straight.coefs_, stored.coefs_, strict=True))


def test_equal_rows_are_never_on_both_sides_of_early_stopping() -> None:
    from deltaw.sklearn.learning.sample import Sample

    sample = Sample(np.repeat(X, 3, axis=0), np.repeat(Y, 3).astype(np.int32))
    kept, apart = sample.set_apart(0.2, np.random.RandomState(0), by_class=True)
    assert len(kept) + len(apart) == 450
    assert not {row.tobytes() for row in kept.X} & {row.tobytes() for row in apart.X}
    assert np.bincount(apart.T).min() > 0.2 * len(apart)


# --- what cannot be ---------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "a loss": (MLPRegressor, {"loss": "mse"}, r"'loss' parameter of MLPRegressor must be a name among absolute, "),
    "a loss without a minimum": (MLPClassifier, {"loss": "difference"}, "'loss' parameter"),
    "an activation": (MLPClassifier, {"activation": "logit"}, "'activation' parameter"),
    "activations": (MLPClassifier, {"activation": ["relu", "tanh"]}, r"one for each hidden layer \(1\), found 2"),
    "an optimiser": (MLPClassifier, {"optimizer": "lion"}, "'optimizer' parameter"),
    "a schedule": (MLPClassifier, {"schedule": "zigzag"}, "'schedule' parameter"),
    "dropout": (MLPClassifier, {"dropout": 1.0}, "'dropout' parameter"),
    "dropouts": (MLPClassifier, {"dropout": [0.1, 0.2]}, r"one for each hidden layer \(1\)"),
    "dropout of lbfgs": (MLPClassifier, {"dropout": 0.1, "solver": "lbfgs"}, "expected none with solver='lbfgs'"),
    "threads": (MLPClassifier, {"n_threads": 0}, "'n_threads' parameter"),
    "smoothing": (MLPClassifier, {"label_smoothing": -0.1}, "'label_smoothing' parameter"),
    "falling quantiles": (MLPRegressor, {"quantiles": (0.9, 0.1)}, "expected rising numbers between 0 and 1"),
    "quantiles of 1": (MLPRegressor, {"quantiles": (0.5, 1.0)}, "expected rising numbers between 0 and 1"),
    "half a unit": (MLPClassifier, {"hidden_layer_sizes": (2.5,)}, "whole numbers, found"),
    "a class that counts less than nothing": (MLPClassifier, {"class_weight": {0: -1}}, "0 or more"),
    "units": (MLPClassifier, {"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes must be > 0"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_parameters_say_so_in_one_line(what: str) -> None:
    kind, settings, message = BAD[what]
    with pytest.raises((InvalidParameterError, InputError), match=message) as caught:
        kind(**settings).fit(X, Y)
    assert "\n" not in str(caught.value)


def test_bad_data_say_so() -> None:
    with pytest.raises(InputError, match="poisson expects counts"):
        MLPRegressor("poisson").fit(X, Y - 1.0)
    with pytest.raises(InputError, match="expected both or neither"):
        MLPClassifier().fit(X, Y, X_val=X)
    with pytest.raises(InputError, match=r"classes not in `self.classes_`"):
        MLPClassifier(max_iter=1).fit(X, NAMES, X_val=X, y_val=Y.astype(str))
    with pytest.raises(InputError, match="quantiles: expected one column of y"):
        MLPRegressor(quantiles=[0.1, 0.9]).fit(X, X)
    with pytest.raises(InputError, match="expected numbers, 0 or more, and one of them above 0, found -1 in row 0"):
        MLPRegressor().fit(X, Y, sample_weight=-np.ones(150))
    with pytest.raises(InputError, match="numbers beyond float32 in X"):
        MLPRegressor().fit(X * 1e40, Y)


def test_a_multilabel_weight_for_each_label() -> None:
    features, labels = make_multilabel_classification(n_samples=60, n_classes=3, random_state=0)
    MLPClassifier(5, class_weight=[{0: 1, 1: 2}] * 3, **few(max_iter=2)).fit(features, labels)
    with pytest.raises(InputError, match="one dict for each of the 3 labels, found 2"):
        MLPClassifier(class_weight=[{0: 1, 1: 2}] * 2).fit(features, labels)


def test_reaching_the_last_epoch_is_told() -> None:
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(3\) reached"):
        MLPClassifier(max_iter=3).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier().partial_fit(X, Y, classes=[0, 1, 2])


# --- said twice -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "own"),
    [
        ((MLPClassifier, MLPRegressor), {"class_weight", "label_smoothing", "quantiles"}),
        ((TableClassifier, TableRegressor), {"class_weight", "label_smoothing", "threshold", "target_scale"}),
    ],
)
def test_what_both_constructors_say_is_the_same(kinds: Any, own: set[str]) -> None:
    """Names in the same order, defaults and types; what only one of them has, apart."""
    ours = [inspect.signature(kind).parameters for kind in kinds]
    other = {*own, "loss"} if kinds[0] is MLPClassifier else own  # whose default is another
    shared = [[each for each in parameters.values() if each.name not in other] for parameters in ours]
    assert shared[0] == shared[1]
    assert set(ours[0]) ^ set(ours[1]) == own
    assert {each.name for each in shared[0]} == set(PERCEPTRON) or kinds[0] is not MLPClassifier
    for kind in kinds:
        with pytest.raises(TypeError, match=rf"{kind.__name__}\.__init__\(\) got an unexpected keyword"):
            kind(layers=(3,))


class Doubled(MLPRegressor):
    """Somebody's own: one parameter more, most of the others left as they are."""

    def __init__(self, times: float = 2.0, *, max_iter: int = 5, random_state: int | None = None) -> None:
        super().__init__(max_iter=max_iter, random_state=random_state)
        self.times = times

    def predict(self, X: Any) -> Any:
        return self.times * super().predict(X)


def test_a_subclass_has_parameters_of_its_own() -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:60], y[:60]
    mine = clone(Doubled(times=3.0, random_state=0))
    assert mine.get_params() == {"times": 3.0, "max_iter": 5, "random_state": 0}
    np.testing.assert_array_equal(
        mine.fit(X, y).predict(X), 3 * MLPRegressor(max_iter=5, random_state=0).fit(X, y).predict(X)
    )


@pytest.mark.parametrize("kind", [MLPClassifier, TableClassifier])
def test_parameters_are_kept_in_their_order(kind: Any) -> None:
    """So that a pickle has the same bytes in every process."""
    assert [*vars(kind())] == [*inspect.signature(kind).parameters]
