"""The judge, against scikit-learn, SciPy and chance; and that `train`'s closing line and the doctor are of one mind."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import log_loss, roc_auc_score

import deltaw
from deltaw import Network, models
from deltaw.doctor import Setup, diagnose, examine_model, judge, outcome, planned
from deltaw.doctor.trials.scores import gains_over_guess, guess, measure, permutation_p_value, score
from deltaw.doctor.trials.trial import Budget, hold_out

SHARES = np.array([0.6, 0.3, 0.1])


def by_name(gains: tuple[judge.Gain, ...]) -> dict[str, float]:
    return {gain.measure: gain.mean for gain in gains}


def drawn(seed: int, n: int, signal: float) -> tuple[Any, Any, Any]:
    """Labels, probabilities that know so much of them, and the class shares."""
    rng = np.random.default_rng(seed)
    label = np.r_[np.arange(3), rng.choice(3, n - 3, p=SHARES)]
    p = np.exp(signal * np.eye(3)[label] + rng.normal(size=(n, 3)))
    return label, p / p.sum(axis=1, keepdims=True), SHARES


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0))
def test_gains_are_scikit_learns(seed: int, signal: float) -> None:
    label, p, shares = drawn(seed, 40, signal)
    found = by_name(judge.of_classes(label, p, shares, p))
    assert found["accuracy"] == pytest.approx(np.mean(p.argmax(axis=1) == label) - np.mean(label == 0))
    constant = np.broadcast_to(shares, p.shape)
    assert found["log loss"] == pytest.approx(log_loss(label, constant) - log_loss(label, p), abs=1e-5)
    auc = roc_auc_score(label, p, multi_class="ovr", average="weighted")
    assert (found["AUC"] + 1) / 2 == pytest.approx(auc)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_gains_of_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(30, 1))
    o = np.round(t + rng.normal(size=(30, 1)), 1)  # with ties
    found = by_name(judge.of_numbers(t, o, np.zeros(1)))
    assert found["R²"] == pytest.approx(1 - np.sum((t - o) ** 2) / np.sum(t**2))
    assert found["order"] == pytest.approx(spearmanr(t[:, 0], o[:, 0])[0])


def test_standard_errors_are_those_of_drawing_the_rows_again() -> None:
    label, p, shares = drawn(0, 400, 1.0)
    rng = np.random.default_rng(1)
    again = [rng.integers(0, 400, 400) for _ in range(150)]
    for gain in judge.of_classes(label, p, shares, p):
        means = [by_name(judge.of_classes(label[i], p[i], shares, p[i]))[gain.measure] for i in again]
        assert gain.error == pytest.approx(np.std(means), rel=0.2), gain.measure


@pytest.mark.parametrize("n", [20, 50, 300])
def test_chance_is_seldom_taken_for_learning_nor_learning_for_chance(n: int) -> None:
    def share(verdict: Any, signal: float) -> float:
        tried = [drawn(seed, n, signal) for seed in range(150)]
        return float(np.mean([verdict(judge.of_classes(label, p, shares, p)) for label, p, shares in tried]))

    assert share(judge.learnt, 0.0) < 0.06
    assert share(judge.nothing, 0.7) < 0.04  # AUC 0.68
    if n == 300:
        assert share(judge.nothing, 0.0) > 0.9
        assert share(judge.learnt, 0.7) > 0.9


def test_answers_that_never_change_need_no_rows_to_show_it() -> None:
    label, p, shares = drawn(0, 30, 0.0)
    always = np.broadcast_to(shares, p.shape)
    assert judge.nothing(judge.of_classes(label, always, shares, always))
    t = np.arange(30.0)[:, None]
    assert judge.nothing(judge.of_numbers(t, np.full_like(t, 14.0), np.array([14.5])))


def test_a_rare_class_that_is_ranked_is_learnt() -> None:
    """Accuracy is the guess's, or below it: it accuses nobody."""
    rng = np.random.default_rng(0)
    label = (rng.random(400) < 0.08).astype(np.int64)
    odds = -3.5 + 2 * label + rng.normal(size=400)
    p = 1 / (1 + np.exp(-odds))
    two, shares = np.column_stack([1 - p, p]), np.array([0.92, 0.08])
    gains = judge.of_classes(label, two, shares, two)
    assert by_name(gains)["accuracy"] <= 0.01
    assert judge.learnt(gains)


def test_too_sure_and_right_is_learnt() -> None:
    label, p, shares = drawn(0, 200, 1.5)
    sure = np.where(p == p.max(axis=1, keepdims=True), 1 - 1e-12, 1e-12)
    gains = judge.of_classes(label, sure, shares, sure)
    assert by_name(gains)["log loss"] < 0
    assert judge.learnt(gains)


# --- tables ---------------------------------------------------------------------------------------------------------


def rare(seed: int = 0, n: int = 1200, signal: float = 1.3) -> pl.DataFrame:
    """A class of about 9 % of the rows, told by three columns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    yes = rng.random(n) < 1 / (1 + np.exp(3.3 - signal * x[:, :3].sum(axis=1)))
    return pl.DataFrame({**{f"x{j}": x[:, j] for j in range(4)}, "y": np.where(yes, "yes", "no")})


def test_a_rare_class_makes_no_fault() -> None:
    plan = models.plan(rare(signal=0.6), "y", epochs=30)
    model = models.run(plan)
    assert outcome(model) == ""
    for diagnosis in (diagnose(planned(plan), seconds=2.0), examine_model(model, plan.table, seconds=2.0)):
        assert diagnosis.healthy, diagnosis
        assert diagnosis.evidence.watched.measure == "AUC"
        assert "uninformative_inputs" not in {f.rule for f in diagnosis.findings}


def test_train_and_doctor_are_of_one_mind_where_there_is_nothing_to_learn() -> None:
    table = rare().with_columns(y=pl.col("y").shuffle(seed=1))
    plan = models.plan(table, "y", epochs=10)
    said = outcome(models.run(plan))
    found = {f.rule: f.severity for f in diagnose(planned(plan), seconds=2.0).findings}
    assert said.split(",")[0] in ("fault", "risk")
    assert found["uninformative_inputs"] in ("fault", "risk")


@pytest.mark.parametrize("choices", [{}, {"test_size": 0.4}])
def test_what_holds_for_its_own_rows_only_is_no_fault(choices: dict[str, float]) -> None:
    """The error of the rows that are learnt from fell far below the guess's: it learnt what is not so elsewhere."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 8))
    noise = pl.DataFrame({**{f"x{j}": x[:, j] for j in range(8)}, "y": rng.normal(size=400)})
    plan = models.plan(noise, "y", epochs=80, hidden=[32], validation=0.0, **choices)  # type: ignore[arg-type]
    model = models.run(plan)
    assert model.scores is not None
    assert model.scores["r2"] < 0
    said = outcome(model, plan)
    assert said.startswith("risk, what it learnt does not generalise: R² −")
    assert outcome(model) == said or choices
    still = models.plan(noise, "y", epochs=2, init="zeros", learning_rate=1e-9, validation=0.0, **choices)  # type: ignore[arg-type]
    assert outcome(models.run(still), still).startswith("fault, learnt nothing: R²")


def test_folds_that_chose_other_inputs_than_the_plan_are_judged_by_their_model() -> None:
    """Of few rows they choose how many bins there are: the plan's inputs are not the network's then."""
    plan = models.plan(pl.DataFrame({"x": range(40), "y": [*"uv" * 19, "u", "z"]}), "y", epochs=1)
    model = models.run(plan)
    assert model.preparation.feature_names != plan.preparation.feature_names
    assert outcome(model, plan).startswith("fault, learnt nothing: log loss")


def test_a_network_that_answers_alike_is_found_among_rare_classes() -> None:
    """Its accuracy is as good as anybody's."""
    plan = models.plan(rare(), "y", epochs=30, init="zeros", hidden=[8], learning_rate=1e-9)
    assert outcome(models.run(plan)).startswith("fault, learnt nothing: log loss")
    assert not diagnose(planned(plan), seconds=2.0).healthy


def test_auc_scores_where_one_class_has_most_rows() -> None:
    frame = rare()
    X, T = frame.drop("y").to_numpy(), (frame["y"] == "yes").to_numpy().astype(float)
    setup = Setup(Network([4, 6, 1], ["tanh", "sigmoid"]), X, T, loss="binary_cross_entropy", test=(X[:300], T[:300]))
    net = setup.network
    assert measure(setup) == "AUC"
    assert guess(setup) == 0.5
    assert score(setup, net, X[:300], T[:300]) == pytest.approx(roc_auc_score(T[:300], net.forward(X[:300])[:, 0]))
    assert measure(Setup(net, X, (X[:, 0] > 0) * 1.0)) == "accuracy"
    two = Setup(
        Network([4, 6, 2], ["tanh", "softmax"]),
        X,
        np.eye(2)[T.astype(int)],
        test=(X[:300], np.eye(2)[T[:300].astype(int)]),
    )
    assert measure(two) == "AUC"
    assert {g.measure for g in gains_over_guess(two, two.network)} == {"accuracy", "log loss", "AUC"}


# --- whose rows -----------------------------------------------------------------------------------------------------


def test_rows_that_chose_the_weights_do_not_score() -> None:
    plan = models.plan(rare(), "y", epochs=20, folds=0, networks=1)
    assert plan.validation is not None
    assert plan.test is not None
    model = models.run(plan)
    seen = examine_model(model, plan.table, seconds=1.0).evidence.watched
    np.testing.assert_array_equal(seen.setup.held_out[0], plan.test.X)
    assert model.scores is not None
    assert judge.auc(seen.gains[0]) == pytest.approx(
        roc_auc_score(plan.test.truth, model.scores.outcome.probabilities[:, 1])
    )
    holdout = hold_out(planned(plan), Budget())
    np.testing.assert_array_equal(holdout.setup.held_out[1], plan.test.T)
    np.testing.assert_array_equal(holdout.setup.validation[1], plan.validation.T)  # these stop the training


def test_early_stopping_of_ones_own_does_not_score_either() -> None:
    X = np.random.default_rng(0).normal(size=(200, 2))
    T = (X[:, :1] > 0) * 1.0
    setup = Setup(Network([2, 4, 1]), X, T, validation=(X[:50], T[:50]), early_stopping=3)
    holdout = hold_out(setup, Budget())
    assert len(holdout.held) == 50
    np.testing.assert_array_equal(holdout.setup.held_out[0], X[holdout.held])


def test_where_there_are_no_rows_apart_it_is_said() -> None:
    x = np.random.default_rng(0).normal(size=39)  # of which a quarter are too few to be held out of a training anew
    frame = pl.DataFrame({"x": x, "y": np.where(x > 0, "yes", "no")})
    model = deltaw.fit(frame, "y", epochs=20, test_size=0.0, validation=0.0, hidden=[8])
    diagnosis = examine_model(model, frame, seconds=1.0)
    assert diagnosis.evidence.watched.setup.held_out is None
    assert diagnosis.healthy
    assert "training rows, since there are no others" in " ".join(diagnosis.page.text().split())


def test_permutations_of_ranks() -> None:
    frame = rare()
    X, T = frame.drop("y").to_numpy(), (frame["y"] == "yes").to_numpy().astype(float)[:, None]
    from deltaw.doctor.evidence.targets import targets

    known = targets(T, Setup(Network([4, 1]), X, T))
    good = X[:, :3].sum(axis=1, keepdims=True)
    assert permutation_p_value(known, T, good, 99) == pytest.approx(0.01)
    assert permutation_p_value(known, T, np.ones_like(good), 99) == 1.0
