"""What is measured before training, against NumPy, brute force and the equations; and the order of findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaw import Network
from deltaw.doctor import Finding, Rule, Setup, examine_table
from deltaw.doctor.evidence import duplicates as measuring
from deltaw.doctor.evidence.before import before
from deltaw.doctor.evidence.duplicates import duplicates, keys
from deltaw.doctor.findings import Where
from deltaw.doctor.rules.rule import ordered
from deltaw.doctor.trials.changes import applied
from deltaw.exceptions import SettingError

rng = np.random.default_rng(5)
X = rng.normal(2.0, 3.0, (300, 5))
T = rng.integers(0, 3, 300)


def setup(**words: Any) -> Setup:
    made = {"network": Network([5, 7, 3], ["tanh", "softmax"]), "X": X, "T": T, "loss": "cross_entropy"}
    return Setup(**(made | words))


def test_columns_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "CHUNK", 64)
    x = X + np.array([0, 1e9, 0, 0, 0])  # a mean that sums of squares would drown in
    x[3, 2] = np.nan
    known = before(setup(X=x, input_scale=(-2.0, 1.0))).columns
    seen = 1.0 - 2.0 * x
    np.testing.assert_allclose(known.mean, np.nanmean(seen, axis=0), rtol=1e-12)
    np.testing.assert_allclose(known.std, np.nanstd(seen, axis=0), rtol=1e-7)
    np.testing.assert_allclose(known.low, np.nanmin(seen, axis=0))
    np.testing.assert_allclose(known.high, np.nanmax(seen, axis=0))
    assert known.bad.tolist() == [0, 0, 1, 0, 0]
    assert known.bad_rows.tolist() == [3]


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix, np.float32, "uint8"])
def test_other_kinds_of_rows(kind: Any) -> None:
    x = np.round(np.abs(X)) * (X > 2)
    given_ = x.astype(kind) if isinstance(kind, (str, type)) and not hasattr(kind, "tocsr") else kind(x)
    one, other = before(setup(X=x)), before(setup(X=given_))
    np.testing.assert_allclose(one.columns.rms, other.columns.rms)
    assert one.duplicates.distinct == other.duplicates.distinct
    np.testing.assert_array_equal(one.x, other.x)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40))
def test_duplicates_by_brute_force(pairs: list[tuple[int, int]]) -> None:
    """The ceiling is the share of rows right when equal inputs all get their commonest class."""
    x, t = np.array(pairs, np.float64).T[:, :, None]
    found = duplicates(x, t, np.arange(len(x)), (x[:2], t[:2]))
    groups: dict[float, list[float]] = {}
    for key, value in zip(x[:, 0], t[:, 0], strict=True):
        groups.setdefault(key, []).append(value)
    assert found.distinct == len(groups)
    assert found.ceiling == pytest.approx(sum(max(map(g.count, g)) for g in groups.values()) / len(x))
    assert found.contradicting == pytest.approx(sum(len(g) for g in groups.values() if len(set(g)) > 1) / len(x))
    assert found.shared == 1.0


def test_ceiling_of_numbers_is_the_explained_variance() -> None:
    x = np.repeat(np.arange(50.0), 4)[:, None]
    t = rng.normal(size=(200, 1)) + x
    means = t.reshape(50, 4).mean(axis=1).repeat(4)[:, None]
    expected = 1 - np.square(t - means).sum() / np.square(t - t.mean()).sum()
    assert duplicates(x, t, np.arange(200), None).ceiling == pytest.approx(expected)


def test_keys_do_not_depend_on_where_a_row_stands() -> None:
    x = rng.normal(size=(1000, 33))
    twice = np.concatenate([x, x[::-1], -0.0 * x[:1], 0.0 * x[:1]])
    found = keys(twice, np.arange(len(twice)))
    np.testing.assert_array_equal(found[:1000], found[1000:2000][::-1])
    assert found[-1] == found[-2]
    assert len(np.unique(found)) == 1001


@pytest.mark.parametrize("most", [2, 256, 1 << 20])
def test_different_rows_have_different_keys(most: int) -> None:
    """Whole numbers too, whose floats end in many zero bits."""
    x = rng.integers(0, most, (30_000, 12)).astype(np.float64)
    assert len(np.unique(keys(x, np.arange(len(x))))) == len(np.unique(x, axis=0))


def test_the_first_pass_is_the_networks() -> None:
    given_ = setup()
    start = before(given_).start
    assert start is not None
    signals = given_.network.signals(X)
    np.testing.assert_allclose(start.z_rms, [np.sqrt(np.mean(z**2)) for z in signals.z])
    np.testing.assert_allclose(start.spread[0], np.sqrt(signals.o[0].var(axis=0).mean()))
    # ∂E/∂W by differences, in one weight of the first layer and of the last
    for l, place in ((0, (2, 1)), (1, (0, 3))):
        slopes = np.zeros(given_.network.weights[l].shape)
        for at in np.ndindex(slopes.shape):
            ends = []
            for step in (1e-5, -1e-5):
                net = given_.network.copy()
                net.weights[l][at] += step
                ends.append(-np.log(net.forward(X)[np.arange(len(T)), T]).mean())
            slopes[at] = (ends[0] - ends[1]) / 2e-5
        assert start.gradient[l] == pytest.approx(np.linalg.norm(slopes), rel=1e-5), place


@pytest.mark.parametrize(
    ("t", "outputs", "task", "form"),
    [
        (T, 3, "classification", "labels"),
        (np.eye(3)[T], 3, "classification", "one_hot"),
        (0.01 + 0.98 * np.eye(3)[T], 3, "classification", "one_hot"),
        (T % 2, 1, "classification", "binary"),
        (2 * (T % 2) - 1, 1, "classification", "binary"),
        ((X[:, :3] > 2).astype(int), 3, "labels", "several"),
        (X[:, 0], 1, "regression", "numbers"),
        (X[:, :2], 2, "regression", "numbers"),
        (0 * X[:, 0] + 7, 1, "regression", "numbers"),
    ],
)
def test_what_targets_are(t: Any, outputs: int, task: str, form: str) -> None:
    known = before(setup(network=Network([5, outputs], "identity"), T=t)).targets
    assert (known.task, known.form) == (task, form)


def test_twins_are_units_that_never_part() -> None:
    net = Network([5, 4, 4, 3], ["tanh", "tanh", "softmax"])
    net.weights[1][2] = net.weights[1][0]
    start = before(setup(network=net)).start
    assert start is not None
    assert start.duplicates.tolist() == [0, 0, 0]  # in equal, out different: they part at the first step
    net.weights[2][:, 2] = net.weights[2][:, 0]
    start = before(setup(network=net)).start
    assert start is not None
    assert start.duplicates.tolist() == [0, 1, 0]


# --- changes --------------------------------------------------------------------------------------------------------


def test_changes_leave_the_setup_as_it_was() -> None:
    given_ = setup(validation=(X[:9], T[:9]))
    weights = [w.copy() for w in given_.network.weights]
    changed = applied(given_, {"inputs": "standard", "hidden_activation": "relu", "init": None, "learning_rate": 7.0})
    assert (given_.network.activations, changed.network.activations) == (["tanh", "softmax"], ["relu", "softmax"])
    assert all(np.array_equal(a, b) for a, b in zip(weights, given_.network.weights, strict=True))
    np.testing.assert_allclose(changed.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(changed.X.std(axis=0), 1)
    np.testing.assert_allclose(changed.validation[0], (X[:9] - X.mean(axis=0)) / X.std(axis=0))
    assert changed.learning_rate == 7.0
    with pytest.raises(SettingError, match=r"expected a setting or one of .* found 'learning rate'"):
        applied(given_, {"learning rate": 1})


def test_columns_and_rows_that_are_dropped() -> None:
    given_ = setup(sample_weight=np.arange(300.0), columns=tuple("abcde"))
    fewer = applied(given_, {"drop_columns": (1, 3), "drop_rows": (0, 299)})
    assert fewer.columns == ("a", "c", "e")
    assert fewer.network.sizes == [3, 7, 3]
    np.testing.assert_array_equal(fewer.X, X[1:299][:, [0, 2, 4]])
    np.testing.assert_array_equal(fewer.sample_weight, np.arange(1.0, 299.0))
    kept = X.copy()
    kept[:, [1, 3]] = 0
    np.testing.assert_allclose(fewer.network.forward(X[:, [0, 2, 4]]), given_.network.forward(kept))


def test_rows_with_holes_are_left_out() -> None:
    x = X.copy()
    x[3, 1], x[299, 0] = np.nan, np.inf
    held = X[:9].copy()
    held[4, 4] = np.nan
    given_ = setup(X=x, validation=(held, given_targets := np.arange(9.0)))
    whole = applied(given_, {"whole_rows": True})
    np.testing.assert_array_equal(whole.X, np.delete(X, [3, 299], axis=0))
    assert len(whole.T) == 298
    np.testing.assert_array_equal(whole.validation[0], np.delete(X[:9], 4, axis=0))
    np.testing.assert_array_equal(whole.validation[1], np.delete(given_targets, 4))


@pytest.mark.parametrize("form", ["labels", "one_hot", "binary"])
def test_classes_weighed_alike(form: str) -> None:
    label = (np.arange(300) < 20).astype(np.int64)
    T = {"labels": label, "one_hot": np.eye(2)[label], "binary": label[:, None].astype(float)}[form]
    weight = applied(setup(T=T, task="classification"), {"balance": True}).sample_weight
    assert weight[label == 0].sum() == pytest.approx(weight[label == 1].sum())
    assert weight.sum() == pytest.approx(300)
    with pytest.raises(SettingError, match="balance"):
        applied(setup(T=X[:, 0], task="regression"), {"balance": True})


def test_drawn_weights_are_drawn_again_and_others_kept() -> None:
    given_ = setup()
    assert given_.drawn
    assert not np.array_equal(given_.seeded(1).network.weights[0], given_.network.weights[0])
    given_.network.weights[0][0, 0] = 5.0
    by_hand = replace(given_)
    assert not by_hand.drawn
    assert by_hand.seeded(1).network.weights[0][0, 0] == 5.0


def test_a_word_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match=r"found 'learnin_rate'; choose one"):
        Setup.of(Network([5, 3]), X, T, {"learnin_rate": 1})
    with pytest.raises(SettingError, match="network: expected"):
        Setup.of("net", X, T, {})  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="reduction: expected one of mean, sum"):
        Setup.of(Network([5, 3]), X, T, {"reduction": "median"})


# --- the order of findings ------------------------------------------------------------------------------------------


def rule(name: str, *explains: str) -> Rule:
    return Rule(name, "risk", "before", lambda _: None, "r.", "s.", explains=explains)


def found(name: str, severity: Any, likelihood: float = 0.5, ineffective: bool = False) -> Finding:
    return Finding("c.", severity=severity, likelihood=likelihood, rule=name, ineffective=ineffective)


def test_the_cause_comes_first_and_is_as_bad_as_what_it_causes() -> None:
    rules = [rule("cause", "middle"), rule("middle", "end"), rule("end"), rule("other")]
    placed = ordered([found("end", "fault", 0.9), found("other", "risk", 0.99), found("cause", "risk", 0.1)], rules)
    assert [(f.rule, f.severity, f.because_of) for f in placed] == [
        ("cause", "fault", ()), ("end", "fault", ("cause",)), ("other", "risk", ()),
    ]  # fmt: skip


def test_a_cause_whose_repair_changed_nothing_explains_nothing() -> None:
    placed = ordered(
        [found("end", "fault"), found("cause", "risk", ineffective=True)], [rule("cause", "end"), rule("end")]
    )
    assert [(f.rule, f.severity) for f in placed] == [("end", "fault"), ("cause", "risk")]


def test_rules_that_explain_each_other_end() -> None:
    placed = ordered([found("a", "note"), found("b", "risk")], [rule("a", "b"), rule("b", "a")])
    assert {f.rule for f in placed} == {"a", "b"}


def test_places_are_counted_as_people_count() -> None:
    assert str(Where(layer=0, epoch=2)) == "layer 1, epoch 3"
    assert str(Where(column="age", row=4)) == "column age, row 5"


def test_words_that_share_a_slot_do_not_contradict_one_another() -> None:
    """Their rows are told apart by what rows with the word answer."""
    rng = np.random.default_rng(0)
    word, other = rng.permutation(np.arange(600) % 150), rng.integers(0, 3, 600)
    table = pl.DataFrame({"word": [f"w{i}" for i in word], "x": other, "y": word + 0.25 * other})
    assert "conflicting_targets" not in {f.rule for f in examine_table(table, "y", seconds=0).findings}
    twice = table.with_columns(y=pl.col("y") + 50 * (pl.int_range(600) % 2))
    assert "conflicting_targets" in {f.rule for f in examine_table(twice, "y", seconds=0).findings}
