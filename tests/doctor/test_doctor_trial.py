"""Trials: which rows they use, how long they train, and how they are scored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import accuracy_score, r2_score

from deltaw import Network
from deltaw.doctor import examine, learning_rate
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.findings import Finding, Repair
from deltaw.doctor.repair import Repaired
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.scores import WORST, guess, permutation_p_value, scored
from deltaw.doctor.trials.trial import Budget, affordable_epochs, hold_out, matching_batches, plain, trial
from deltaw.exceptions import InputError, SettingError

rng = np.random.default_rng(7)
N = 400
X = rng.normal(size=(N, 3))
LABELS = (X[:, 0] + X[:, 1] > 0).astype(np.int64) + (X[:, 0] > 1)
T = np.eye(3)[LABELS]


def classes(**words: Any) -> Setup:
    made = {"network": Network([3, 8, 3], ["relu", "softmax"]), "X": X, "T": T, "loss": "cross_entropy"}
    return Setup(**(made | {"learning_rate": 0.1, "batch_size": 10, "epochs": 20} | words))


def test_rows_that_score_are_not_trained_on_and_order_stays() -> None:
    holdout = hold_out(classes(X=np.arange(3.0 * N).reshape(N, 3)), Budget())
    assert (np.diff(holdout.index) > 0).all()
    np.testing.assert_array_equal(holdout.setup.X[:, 0], 3.0 * holdout.index)
    held = holdout.setup.held_out[0][:, 0] / 3.0
    assert len(held) == N // 4
    assert not set(held) & set(holdout.index)
    assert len(held) + len(holdout.index) == N
    assert holdout.whole


@given(st.integers(40, 400), st.integers(1, 150), st.floats(0.5, 1.0))
def test_the_last_batch_is_to_the_others_as_it_was(n: int, batch: int, share: float) -> None:
    """Rows held out must not leave a last batch of a few rows that the training has not."""
    asked = int(share * n)
    rows, fewer = matching_batches(n, batch, asked)
    assert 0.8 * asked - 1 <= rows <= asked
    assert fewer <= batch
    if batch >= n:
        assert fewer == rows
    elif rows < n:
        left, was = (rows - 1) % fewer + 1, (n - 1) % batch + 1
        assert left / fewer == pytest.approx(was / batch, abs=1 / fewer)
    else:
        assert fewer == batch


def test_fifty_rows_of_which_some_are_held_out() -> None:
    """38 rows in batches of 32 would end in a batch of 6, where 50 end in one of 18."""
    holdout = hold_out(classes(X=X[:50], T=T[:50], batch_size=32), Budget())
    assert len(holdout.held) == 12
    assert (len(holdout.index), holdout.setup.batch_size) == (38, 24)


def test_the_verdict_has_rows_of_its_own() -> None:
    holdout = hold_out(classes(), Budget())
    judged = hold_out(classes(), Budget(), seed=1, excluded=holdout.held)
    assert len(judged.held) == N // 4
    assert not set(judged.held) & set(holdout.held)
    assert not set(judged.held) & set(judged.index)
    other = rng.normal(size=(50, 3)), np.eye(3)[rng.integers(0, 3, 50)]
    judged = hold_out(classes(validation=other), Budget(), seed=1, excluded=np.zeros(0, np.int64))
    assert len(judged.setup.held_out[1]) == len(judged.held) == N // 4


def test_own_validation_rows_score() -> None:
    other = rng.normal(size=(50, 3)), np.eye(3)[rng.integers(0, 3, 50)]
    holdout = hold_out(classes(validation=other), Budget())
    assert len(holdout.index) == N
    np.testing.assert_array_equal(holdout.setup.held_out[1], other[1])


def test_four_rows_score_by_themselves() -> None:
    holdout = hold_out(classes(X=X[:4], T=T[:4], batch_size=4), Budget())
    assert holdout.setup.held_out is None
    assert len(holdout.index) == 4


@pytest.mark.parametrize(("rows", "batch"), [(50, 10), (300, 10), (1000, 7), (100, 400)])
def test_fewer_rows_make_as_many_steps(rows: int, batch: int) -> None:
    setup = classes(batch_size=batch, epochs=30)
    holdout = hold_out(setup, Budget(rows, 60.0))
    asked = 30 * -(-N // batch)
    cut = holdout.setup
    made = cut.epochs * -(-len(cut.T) // cut.batch_size)
    assert abs(made - asked) <= -(-len(cut.T) // cut.batch_size)
    assert holdout.completed == pytest.approx(1.0, abs=0.02)


def test_a_small_budget_makes_fewer() -> None:
    holdout = hold_out(classes(epochs=100_000), Budget(5000, 0.1))
    assert holdout.completed < 0.1
    assert 1 <= holdout.setup.epochs == affordable_epochs(holdout.setup, 0.1)


def test_a_large_network_gets_fewer_rows() -> None:
    """So that a pass over them fits into the budget."""
    x = rng.normal(size=(4000, 3))
    wide = Network([3, 3000, 3000, 3], ["relu", "relu", "softmax"])
    holdout = hold_out(classes(network=wide, X=x, T=np.eye(3)[rng.integers(3, size=4000)], epochs=1), Budget(5000, 0.2))
    assert 500 <= len(holdout.index) < 1500
    assert holdout.setup.epochs == 1
    assert not holdout.whole


def test_changes_of_rows_and_epochs_are_those_of_the_whole() -> None:
    holdout = hold_out(classes(), Budget(100, 60.0))
    gone = list(range(200))
    setup = holdout.repaired([Repair("", {"drop_rows": gone, "epochs": 40})])
    assert len(setup.T) == (holdout.index >= 200).sum()
    assert setup.epochs == pytest.approx(40 * holdout.stretch, abs=1)


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_scores_are_scikit_learns(seed: int, k: int) -> None:
    draw = np.random.default_rng(seed)
    t, o = draw.normal(size=(30, k)), draw.normal(size=(30, k))
    numbers = targets(t, Setup(Network([2, k]), np.zeros((30, 2)), t))
    ours = scored(numbers, t, o)
    assert ours == pytest.approx(max(WORST, r2_score(t, o, multioutput="variance_weighted")))
    one_hot = np.eye(k)[np.r_[np.arange(k), draw.integers(0, k, 30 - k)]]
    known = targets(one_hot, Setup(Network([2, k]), np.zeros((30, 2)), one_hot))
    assert scored(known, one_hot, o) == pytest.approx(accuracy_score(one_hot.argmax(axis=1), o.argmax(axis=1)))


@pytest.mark.parametrize("values", [(0.0, 1.0), (0.01, 0.99), (-1.0, 1.0), (3.0, 8.0)])
def test_one_output_answers_with_the_nearer_value(values: tuple[float, float]) -> None:
    t = np.array(values)[[0, 1, 1, 0]][:, None]
    low, high = values
    o = np.array([low + 0.4 * (high - low), low + 0.6 * (high - low), low, high])[:, None]
    known = targets(t, Setup(Network([2, 1]), np.zeros((4, 2)), t, task="classification"))
    assert scored(known, t, o) == 0.5


def test_outputs_that_are_no_numbers_score_worst() -> None:
    known = targets(T, classes())
    assert scored(known, T, np.full((N, 3), np.nan)) == 0.0
    t = X[:, :1]
    assert scored(targets(t, Setup(Network([3, 1]), X, t)), t, np.full((N, 1), np.inf)) == WORST


def test_the_guess() -> None:
    assert guess(classes()) == pytest.approx(np.bincount(LABELS).max() / N)
    assert guess(Setup(Network([3, 1]), X, X[:, :1])) == 0.0
    several = (X > 0.5).astype(float)
    yes = several.mean(axis=0)
    assert guess(classes(T=several, task="labels")) == pytest.approx(np.maximum(yes, 1 - yes).mean())


def test_a_permutation_test_tells_signal_from_chance() -> None:
    known = targets(T, classes())
    right = T + 0.1 * rng.normal(size=T.shape)
    assert permutation_p_value(known, T, right) == pytest.approx(1 / 1000)
    ps = [permutation_p_value(known, T, np.random.default_rng(i).normal(size=T.shape), 99) for i in range(40)]
    assert 0.2 < np.mean(ps) < 0.8  # evenly spread
    assert np.mean(np.array(ps) <= 0.1) < 0.3


@pytest.mark.parametrize(
    ("setup", "least"),
    [
        (classes(), 0.9),
        (classes(T=LABELS), 0.9),
        (classes(X=X * 1e5 + 3e6), 0.9),
        (classes(T=X[:, :1] * 1000 + 50, network=Network([3, 1]), loss="squared"), 0.99),
        (classes(T=(X > 0).astype(float), loss="binary_cross_entropy", task="labels"), 0.9),
        (classes(T=np.where(LABELS > 0, 0.99, 0.01), network=Network([3, 1]), loss="squared"), 0.9),
    ],
    ids=["one-hot", "class numbers", "inputs unscaled", "numbers", "labels", "two values"],
)
def test_a_plain_network_learns_what_can_be_learnt(setup: Setup, least: float) -> None:
    assert trial(plain(hold_out(setup, Budget()).setup, 1.0)).score > least


def test_a_trial_scores_the_rows_held_out() -> None:
    holdout = hold_out(classes(), Budget())
    made = trial(holdout.setup)
    X_held, T_held = holdout.setup.held_out
    answers = made.network.forward(X_held).argmax(axis=1)
    assert made.score == pytest.approx(np.mean(answers == T_held.argmax(axis=1)))
    assert made.history.ended == "finished"
    assert trial(holdout.setup).score == made.score
    assert trial(holdout.setup, 99).network.weights[0].tolist() != made.network.weights[0].tolist()


def test_what_cannot_be_trained_is_refused_not_raised() -> None:
    made = trial(replace(hold_out(classes(), Budget()).setup, learning_rate=-1.0))
    assert made.score == 0.0
    assert "learning_rate" in made.refused


def test_sparse_inputs() -> None:
    holdout = hold_out(classes(X=sparse.csr_array(X)), Budget())
    assert trial(holdout.setup).score == pytest.approx(trial(hold_out(classes(), Budget()).setup).score, abs=0.03)


def test_early_stopping_is_kept() -> None:
    made = trial(hold_out(classes(early_stopping=2, epochs=500, validation=(X[:40], T[:40])), Budget()).setup)
    assert made.history.ended == "early stopping"
    assert len(made.looked) == len(made.history.looks) == len(made.history)


@pytest.mark.parametrize("wrong", [{"X": X[:5]}, {"X": [["a"]] * N}, {"T": np.zeros((0, 3)), "X": np.zeros((0, 3))}])
def test_what_is_no_table_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        hold_out(classes(**wrong), Budget())


@pytest.mark.parametrize(
    ("rows", "seconds"), [(0, 10.0), (-3, 10.0), (0.5, 10.0), ("many", 10.0), (10, -1.0), (10, "long")]
)
@pytest.mark.parametrize("ask", [examine, learning_rate])
def test_a_budget_that_cannot_be_is_said(ask: Any, rows: Any, seconds: Any) -> None:
    setup = classes()
    with pytest.raises(SettingError, match=r"expected a (whole )?number"):
        ask(setup.network, setup.X, setup.T, loss="cross_entropy", rows=rows, seconds=seconds)


def test_a_setting_that_is_set_again_is_said_once() -> None:
    """The report of a repair named both learning rates, of which the first is not one that anything trains with."""
    kept = [
        Finding("", repair=Repair("scale the inputs", {"inputs": "standard"})),
        Finding("", repair=Repair("α = 0.02", {"learning_rate": 0.02})),
        Finding("", repair=Repair("α = 0.002", {"learning_rate": 0.002})),
    ]
    said = str(Repaired(tuple(kept), (), classes(), (0.5,), (0.9,), 0.4))
    assert said.startswith("Repaired: scale the inputs; α = 0.002. ")
