"""Columns that are the target in other words, and rows on both sides of the split; and what only looks like them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr
from sklearn.datasets import load_iris

from deltaw import Network
from deltaw.doctor import Finding, Setup, diagnose, examine_table
from deltaw.doctor.evidence.leakage import column_skill
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.judge import ranks
from deltaw.tables import BUNDLED

N = 300
rng = np.random.default_rng(11)
FIELDS = {name: rng.normal(size=N) for name in "abc"}
KIND = np.array(["oak", "ash", "elm"])[np.digitize(FIELDS["a"] + FIELDS["b"] + rng.normal(0, 0.5, N), [-0.6, 0.6])]
PRICE = np.exp(12 + 0.4 * FIELDS["a"] + 0.2 * FIELDS["b"] + 0.1 * rng.normal(size=N))
STEPS = np.round(PRICE, -5)  # nine prices
BY_KIND = np.argsort(KIND, kind="stable")


def recoded(**code: Any) -> np.ndarray:
    return np.array([code[kind] for kind in KIND])


def found(target: str, rows: dict[str, Any]) -> Finding | None:
    """What the rule `leak` says of a table, before training."""
    diagnosis = examine_table(pl.DataFrame(rows), target, seconds=0)
    return next((each for each in diagnosis.findings if each.rule == "leak"), None)


LEAKS = {
    "words": ("kind", KIND, recoded(oak="Eiche", ash="Esche", elm="Ulme")),
    "numbers dealt out anew": ("kind", KIND, recoded(oak=7, ash=3, elm=9)),
    "a finer code": ("kind", KIND, [f"{kind}-{i % 4}" for i, kind in enumerate(KIND)]),
    "a tax": ("price", PRICE, 0.0125 * PRICE),
    "a tax, nearly": ("price", PRICE, 0.0125 * PRICE * (1 + 0.02 * rng.normal(size=N))),
    "the logarithm": ("price", PRICE, np.log(PRICE)),
    "the other way round": ("price", PRICE, -(PRICE**3)),
    "ranks": ("price", PRICE, rankdata(PRICE) / N),
    "a name for each price": ("price", STEPS, [f"band {int(step) % 997}" for step in STEPS]),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_column_that_is_the_target_in_other_words(name: str) -> None:
    target, values, copy = LEAKS[name]
    assert found(target, FIELDS | {target: values}) is None
    leak = found(target, FIELDS | {"copy": copy, target: values})
    assert leak is not None
    assert (leak.severity, leak.where and leak.where.column) == ("risk", "copy")
    assert leak.repair is not None
    setup = examine_table(pl.DataFrame(FIELDS | {"copy": copy, target: values}), target, seconds=0).setup
    assert not any(name.startswith("copy") for name in leak.repair.apply(setup).columns or ())


def test_a_column_of_what_the_rows_are_of() -> None:
    """Each patient has a few visits, some of them one, and is ill in all of them or in none."""
    draw = np.random.default_rng(3)
    patient = draw.integers(0, 100, N)
    ill = np.where(draw.random(100) < 0.4, "ill", "well")[patient]
    leak = found("ill", FIELDS | {"the patient": patient, "ill": ill})
    assert leak is not None
    assert leak.where is not None
    assert leak.where.column == "the patient"
    assert "group='the patient'" in leak.cause
    pain = draw.normal(size=100)[patient]
    leak = found("pain", FIELDS | {"patient": patient, "pain": pain})
    assert leak is not None
    assert "group='patient'" in leak.cause
    assert found("ill", FIELDS | {"patient": draw.integers(0, 100, N), "ill": ill}) is None


def test_a_number_of_rows_that_were_sorted() -> None:
    rows = {name: values[BY_KIND] for name, values in FIELDS.items()} | {"kind": KIND[BY_KIND]}
    keys = {"reading": 1000.0 + np.cumsum(rng.uniform(0.5, 1.5, N))}
    leak = found("kind", rows | keys)
    assert leak is not None
    assert leak.where is not None
    assert leak.where.column == "reading"


@pytest.mark.parametrize("name", BUNDLED)
def test_an_honest_column_is_none(name: str) -> None:
    """Petal width alone tells 96 % of the irises apart."""
    assert not {each.rule for each in examine_table(name, seconds=0).findings} & {"leak", "train_test_overlap"}


def test_few_rows_of_a_class_at_a_columns_end_are_chance() -> None:
    rare = np.where(np.arange(N) < 3, "yes", "no")
    assert found("rare", FIELDS | {"d": np.where(np.arange(N) < 3, 9.0, FIELDS["a"]), "rare": rare}) is None


@given(st.lists(st.integers(-5, 5), min_size=8, max_size=40), st.randoms())
def test_ranks_are_those_of_scipy(values: list[int], draw: Any) -> None:
    places = list(range(len(values)))
    draw.shuffle(places)  # numbers that are all different: few would be classes
    x, t = np.array(values, float), np.sqrt(places)
    np.testing.assert_allclose(ranks(x), rankdata(x))
    known = targets(t[:, None], Setup(Network([1, 1]), x, t))
    order, _ = column_skill(x[:, None], t[:, None], known)
    expected = 0.0 if len(set(values)) == 1 else abs(spearmanr(x, t).statistic)
    assert order[0] == pytest.approx(expected)


def test_by_value_is_leave_one_out() -> None:
    """The mean, and the commonest class, of the other rows with the same value, by brute force."""
    x, t = rng.integers(0, 6, 80).astype(float), rng.normal(size=80)
    others = [np.delete(t, i)[np.delete(x, i) == x[i]] for i in range(80)]
    expected = 1 - np.sum([(t[i] - o.mean()) ** 2 for i, o in enumerate(others)]) / np.sum((t - t.mean()) ** 2)
    _, value = column_skill(x[:, None], t[:, None], targets(t[:, None], Setup(Network([1, 1]), x, t)))
    assert value[0] == pytest.approx(max(expected, 0.0))


def test_a_shallow_tree_agrees() -> None:
    """With as many leaves as classes, on irises."""
    from sklearn.tree import DecisionTreeClassifier

    X, y = load_iris(return_X_y=True)
    X = X + 1e-3 * rng.normal(size=X.shape)  # no ties, which a cut may not divide
    setup = Setup(Network([4, 3], "softmax"), X, y)
    order, _ = column_skill(X, np.eye(3)[y], targets(y[:, None], setup))
    tree = [DecisionTreeClassifier(max_leaf_nodes=3).fit(X[:, [j]], y).score(X[:, [j]], y) for j in range(4)]
    assert order[2:] == pytest.approx(1 - (1 - np.array(tree[2:])) / (2 / 3), abs=0.06)


# --- rows on both sides of the split --------------------------------------------------------------------------------


@cache
def few_valued(rows: int, seed: int) -> tuple[Any, Any]:
    """Rows of three columns of few values, as a list of passengers has them, and a class that depends on them."""
    draw = np.random.default_rng(seed)
    x = np.column_stack([draw.integers(1, 4, rows), draw.integers(0, 2, rows), draw.poisson(1.0, rows)]).astype(float)
    x = np.column_stack([x, np.round(draw.normal(size=rows), 1)])
    return x, (draw.random(rows) < 0.2 + 0.6 * x[:, 1]).astype(int)


def across(X: Any, T: Any, Xv: Any, Tv: Any) -> Finding | None:
    setup = Setup(Network([4, 8, 2], ["relu", "softmax"]), X, T, "cross_entropy", validation=(Xv, Tv))
    return next((each for each in diagnose(setup, seconds=0).findings if each.rule == "train_test_overlap"), None)


@pytest.mark.parametrize("seed", range(10))
def test_rows_of_few_values_repeat_by_chance(seed: int) -> None:
    """Half of the rows of a table like Titanic's have a twin, on whichever side of the split."""
    X, T = few_valued(838, seed)
    shared = across(X[:670], T[:670], X[670:], T[670:])
    assert shared is None
    copied = across(X, T, X[670:], T[670:])
    assert copied is not None
    assert copied.evidence["shared"] == 1.0
    assert 0.2 < copied.evidence["by_chance"] < 0.8


def test_some_copies_among_rows_of_many_values() -> None:
    X = rng.normal(size=(400, 4))
    T = (X[:, 0] > 0).astype(int)
    assert across(X[:300], T[:300], X[300:], T[300:]) is None
    assert across(X[:310], T[:310], X[300:], T[300:]) is not None


def test_copies_are_told_where_no_column_alone_tells_rows_apart() -> None:
    """Of two decimals each: one row in seven has its number of another row's column."""
    X = np.round(rng.normal(size=(400, 4)), 2)
    T = (X[:, 0] + rng.normal(size=400) > 0).astype(int)
    assert across(X[:300], T[:300], X[300:], T[300:]) is None
    again = across(np.concatenate([X[:200]] * 2), np.concatenate([T[:200]] * 2), X[:100], T[:100])
    assert again is not None
    assert again.evidence["by_chance"] == 0.0


def test_rows_whose_rare_words_share_a_slot_are_no_copies() -> None:
    """Two columns tell all rows apart, and nearly all of their words are one input to the network."""
    draw = np.random.default_rng(7)
    ids = [[f"{draw.integers(90, 150)}/{draw.integers(60, 100)}" for _ in range(N)] for _ in range(2)]
    rows = {"age": draw.integers(20, 60, N), "a": ids[0], "b": ids[1], "y": draw.choice(["no", "yes"], N)}
    found = examine_table(pl.DataFrame(rows), "y", seconds=0).findings
    assert "train_test_overlap" not in {each.rule for each in found}
