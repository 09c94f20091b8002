"""Every row of the table of scores against scikit-learn, and its interval against how often it holds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import deltaw
from deltaw.exceptions import SettingError
from deltaw.models.scoring.intervals import FEWEST_ROWS, GROUPS, Resamples, interval, of_share
from deltaw.models.scoring.metrics import METRICS, Metric, Outcome, Sums, metric_of

# What scikit-learn says of (truth, answers, probabilities).
BINARY: dict[str, Callable[..., float]] = {
    "accuracy": lambda t, o, p: metrics.accuracy_score(t, o),
    "log_loss": lambda t, o, p: metrics.log_loss(t, p, labels=range(p.shape[1])),
    "auc": lambda t, o, p: metrics.roc_auc_score(t, p[:, 1]),
    "balanced_accuracy": lambda t, o, p: metrics.balanced_accuracy_score(t, o),
    "f1": lambda t, o, p: metrics.f1_score(t, o),
    "average_precision": lambda t, o, p: metrics.average_precision_score(t, p[:, 1]),
    "brier": lambda t, o, p: metrics.brier_score_loss(t, p[:, 1]),
    "ece": lambda t, o, p: calibration_error(t, p),
}
MANY: dict[str, Callable[..., float]] = BINARY | {
    "auc": lambda t, o, p: metrics.roc_auc_score(t, p, multi_class="ovr"),
    "f1": lambda t, o, p: metrics.f1_score(t, o, average="macro"),
    "average_precision": lambda t, o, p: metrics.average_precision_score(t, p),
    "brier": lambda t, o, p: metrics.brier_score_loss(t, p, labels=range(p.shape[1])),
}
NUMBERS: dict[str, Callable[..., float]] = {
    "r2": lambda t, o, p: metrics.r2_score(t, o),
    "rmse": lambda t, o, p: metrics.root_mean_squared_error(t, o),
    "mae": lambda t, o, p: metrics.mean_absolute_error(t, o),
    "median_error": lambda t, o, p: metrics.median_absolute_error(t, o),
    "mape": lambda t, o, p: metrics.mean_absolute_percentage_error(t, o),
    "rmsle": lambda t, o, p: metrics.root_mean_squared_log_error(t, o),
}


def calibration_error(truth: np.ndarray, p: np.ndarray) -> float:
    """Guo et al. 2017, eq. 3, as it stands there: Σ |B_m| / n · |acc(B_m) − conf(B_m)|."""
    sure, right, total = p.max(axis=1), p.argmax(axis=1) == truth, 0.0
    for m in range(15):
        inside = (sure > m / 15) & (sure <= (m + 1) / 15)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    return total


def of_classes(seed: int, n: int, k: int, decimals: int = 9) -> Outcome:
    """Every class occurs; few decimals make equal probabilities, which curves must not take in one order."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(k), rng.integers(k, size=n)])
    shares = rng.dirichlet(np.ones(k), len(truth)) + 0.3 * np.eye(k)[truth]
    shares = np.round(shares / shares.sum(axis=1, keepdims=True), decimals) + 1e-3
    shares /= shares.sum(axis=1, keepdims=True)
    return Outcome(truth, shares.argmax(axis=1), shares)


def of_numbers(seed: int, n: int) -> Outcome:
    rng = np.random.default_rng(seed)
    truth = rng.gamma(2.0, 100.0, n)
    return Outcome(truth, truth * np.exp(rng.normal(0, 0.3, n)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 60), st.integers(2, 5), st.sampled_from([1, 2, 9]))
def test_of_classes_as_scikit_learn_has_them(seed: int, n: int, k: int, decimals: int) -> None:
    outcome = of_classes(seed, n, k, decimals)
    for metric in METRICS["classification"]:
        wanted = (BINARY if k == 2 else MANY)[metric.name](outcome.truth, outcome.predicted, outcome.probabilities)
        assert metric.score(outcome) == pytest.approx(wanted, abs=1e-9), metric.name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60))
def test_of_numbers_as_scikit_learn_has_them(seed: int, n: int) -> None:
    outcome = of_numbers(seed, n)
    for metric in METRICS["regression"]:
        wanted = NUMBERS[metric.name](outcome.truth, outcome.predicted, None)
        assert metric.score(outcome) == pytest.approx(wanted, rel=1e-9), metric.name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 60), st.integers(2, 5), st.sampled_from([1, 9]))
def test_a_row_of_weight_3_is_three_rows(seed: int, n: int, k: int, decimals: int) -> None:
    for task, outcome in (
        ("classification", of_classes(seed, n, k, decimals)),
        ("regression", of_numbers(seed, n + 2)),
    ):
        counts = np.random.default_rng(seed).integers(1, 4, len(outcome.truth))
        for metric in METRICS[task]:
            found = metric.score(replace(outcome, weight=counts.astype(float)))
            assert found == pytest.approx(weighted(metric, outcome, counts), rel=1e-9, abs=1e-12), metric.name
            assert metric.score(replace(outcome, weight=np.full(len(counts), 0.25))) == pytest.approx(
                metric.score(outcome), rel=1e-9, abs=1e-12
            ), metric.name


# What scikit-learn says of sample_weight.
WEIGHTED: dict[str, Callable[..., float]] = {
    "accuracy": lambda o, w: metrics.accuracy_score(o.truth, o.predicted, sample_weight=w),
    "log_loss": lambda o, w: metrics.log_loss(o.truth, o.probabilities, sample_weight=w),
    "auc": lambda o, w: metrics.roc_auc_score(o.truth, o.probabilities[:, 1], sample_weight=w),
    "balanced_accuracy": lambda o, w: metrics.balanced_accuracy_score(o.truth, o.predicted, sample_weight=w),
    "f1": lambda o, w: metrics.f1_score(o.truth, o.predicted, sample_weight=w),
    "average_precision": lambda o, w: metrics.average_precision_score(
        o.truth, o.probabilities[:, 1], sample_weight=w
    ),
    "brier": lambda o, w: metrics.brier_score_loss(o.truth, o.probabilities[:, 1], sample_weight=w),
    "r2": lambda o, w: metrics.r2_score(o.truth, o.predicted, sample_weight=w),
    "rmse": lambda o, w: metrics.root_mean_squared_error(o.truth, o.predicted, sample_weight=w),
    "mae": lambda o, w: metrics.mean_absolute_error(o.truth, o.predicted, sample_weight=w),
    "mape": lambda o, w: metrics.mean_absolute_percentage_error(o.truth, o.predicted, sample_weight=w),
    "rmsle": lambda o, w: metrics.root_mean_squared_log_error(o.truth, o.predicted, sample_weight=w),
}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 60))
def test_weights_as_scikit_learn_has_them(seed: int, n: int) -> None:
    for task, outcome in (("classification", of_classes(seed, n, 2, 1)), ("regression", of_numbers(seed, n))):
        weight = np.random.default_rng(seed).gamma(1, 0.01, len(outcome.truth))
        for metric in METRICS[task]:
            if metric.name in WEIGHTED:
                wanted = WEIGHTED[metric.name](outcome, weight)
                assert metric.score(replace(outcome, weight=weight)) == pytest.approx(wanted, rel=1e-9), metric.name


def test_intervals_of_rows_with_weights() -> None:
    """Rows that count for much are few: the interval widens; where all count the same it is that of the rows."""
    for task, outcome in (("classification", of_classes(3, 298, 2)), ("regression", of_numbers(3, 300))):
        few = np.where(np.arange(300) < 30, 30.0, 0.1)
        for metric in METRICS[task]:
            if metric.name in ("accuracy", "median_error", "ece"):  # found in another way, or raised by chance
                continue
            widths = []
            for weight in (None, np.full(300, 0.5), few):
                each = replace(outcome, weight=weight)
                low, high = interval(metric, each, Resamples(300, weight=weight)) or (np.nan, np.nan)
                assert low <= metric.score(each) <= high
                widths.append(high - low)
            assert widths[0] == pytest.approx(widths[1], rel=1e-6), metric.name
            assert widths[2] > 1.2 * widths[0], metric.name


def test_what_is_not_defined() -> None:
    zero, negative = Outcome(np.array([0.0, 1.0]), np.ones(2)), Outcome(np.array([-1.0, 1.0]), np.ones(2))
    assert np.isnan(metric_of("mape", "regression").score(zero))
    assert np.isfinite(metric_of("rmsle", "regression").score(zero))
    assert np.isnan(metric_of("rmsle", "regression").score(negative))
    assert np.isnan(metric_of("r2", "regression").score(Outcome(np.full(3, 0.1), np.ones(3))))
    one_class = Outcome(np.zeros(4, int), np.zeros(4, int), np.full((4, 2), 0.5))
    assert np.isnan(metric_of("auc", "classification").score(one_class))
    for metric in METRICS["regression"]:  # and nothing breaks where all is equal, or one row is all
        for truth in (np.full(20, 0.1), np.ones(1)):
            interval(metric, Outcome(truth, truth), Resamples(len(truth)))


def weighted(metric: Metric, outcome: Outcome, counts: np.ndarray) -> float:
    """The score of the rows as often as they are drawn, row by row."""
    rows = np.repeat(np.arange(len(counts)), counts.astype(int))
    p = outcome.probabilities
    return metric.score(Outcome(outcome.truth[rows], outcome.predicted[rows], None if p is None else p[rows]))


@pytest.mark.parametrize("task", METRICS)
def test_a_resample_is_scored_as_its_rows_are(task: str) -> None:
    """Exactly for sums; for areas, which are linear in the weights, but for what is of the order 1 / n."""
    outcome = of_classes(1, 297, 3) if task == "classification" else of_numbers(1, 300)
    resamples = Resamples(300)
    for metric in METRICS[task]:
        if isinstance(metric.score, Sums):
            terms = metric.score.terms(outcome, resamples.groups)
            found = [float(metric.score.value(counts @ terms)) for counts in resamples.counts[:20]]
            wanted = [weighted(metric, outcome, counts) for counts in resamples.counts[:20]]
            linear = metric.name in {"auc", "average_precision"}
            np.testing.assert_allclose(found, wanted, atol=0.01 if linear else 1e-9, rtol=0 if linear else 1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(2, 5), st.booleans())
def test_answers_scored_in_turn_have_the_bits_of_each_alone(seed: int, n: int, k: int, weighs: bool) -> None:
    """As those of many epochs are, of which one may have diverged."""
    rng = np.random.default_rng(seed)
    weight = rng.gamma(1.0, size=n + k) if weighs else None
    numbers = of_numbers(seed, n + k)
    off = [rng.normal(0, scale, n + k) for scale in (1.0, 1e30, 500.0)]
    epochs = {
        "classification": [of_classes(seed + epoch, n, k) for epoch in range(3)],
        "regression": [replace(numbers, predicted=numbers.predicted + each) for each in off],
    }
    for task, outcomes in epochs.items():
        truth, predicted = (np.concatenate([getattr(o, name) for o in outcomes]) for name in ("truth", "predicted"))
        shares = None if task == "regression" else np.concatenate([o.shares for o in outcomes])
        together = Outcome(truth, predicted, shares, None if weight is None else np.tile(weight, 3))
        for metric in METRICS[task]:
            if isinstance(metric.score, Sums) and metric.score.alone:
                alone = np.array([metric.score(replace(each, weight=weight)) for each in outcomes])
                assert metric.score.in_turn(together, 3).tobytes() == alone.tobytes(), metric.name


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(2, 4))
def test_intervals_hold_the_score_and_are_the_same_again(seed: int, n: int, k: int) -> None:
    for task, outcome in (("classification", of_classes(seed, n, k)), ("regression", of_numbers(seed, n))):
        for metric in METRICS[task]:
            found = interval(metric, outcome, Resamples(len(outcome.truth)))
            assert found == interval(metric, outcome, Resamples(len(outcome.truth)))
            if found is None:
                assert len(outcome.truth) < FEWEST_ROWS or metric.name not in {"mae", "rmse", "median_error"}
            else:
                assert metric.lowest <= found[0] <= found[1] <= metric.highest
                if metric.name != "ece":  # which chance alone raises: its interval may lie below
                    assert found[0] - 1e-9 <= metric.score(outcome) <= found[1] + 1e-9


def test_groups_know_the_spread_of_rows() -> None:
    """Beyond GROUPS rows are drawn together: the interval is that of single rows, but for what the draws differ by."""
    outcome = of_numbers(0, 4 * GROUPS)
    metric = metric_of("rmse", "regression")
    low, high = interval(metric, outcome, Resamples(len(outcome.truth))) or (0.0, 0.0)
    errors = (outcome.predicted - outcome.truth) ** 2
    wanted = errors.std() / np.sqrt(len(errors)) / (2 * np.sqrt(errors.mean()))  # by the delta method
    assert (high - low) / (2 * 1.96) == pytest.approx(wanted, rel=0.15)


@pytest.mark.parametrize("task", METRICS)
def test_rows_that_belong_together_say_no_more_than_one_of_them(task: str) -> None:
    """Each of 60 patients has ten equal rows: the interval is that of the 60, whatever they are called."""
    once = of_classes(2, 60, 2) if task == "classification" else of_numbers(2, 60)
    n = len(once.truth)
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(n), 10))
    order = np.concatenate([np.arange(n), order])  # each stands first where it stands in `once`
    p = once.probabilities
    often = Outcome(once.truth[order], once.predicted[order], None if p is None else p[order], group=100 - order)
    for metric in METRICS[task]:
        if not isinstance(metric.score, Sums) or metric.name in {"auc", "average_precision"}:
            continue  # areas are linear but for what is of the order 1 / n
        wanted = interval(metric, once, Resamples(n)) if metric.name != "accuracy" else None
        found = interval(metric, often, Resamples.of(often))
        assert found is not None
        if wanted is not None:
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
        narrow = interval(metric, often, Resamples(len(order)))
        assert narrow is not None
        assert np.ptp(found) > 2 * np.ptp(narrow)
    few = replace(often, group=often.group % 9)
    assert all(interval(metric, few, Resamples.of(few)) is None for metric in METRICS[task])


def test_scores_know_which_rows_belong_together() -> None:
    """By folds, by one part, by several networks, and of rows to come; their intervals are those of the groups."""
    draw = np.random.default_rng(0)
    house = np.repeat(np.arange(60), 5)
    x = draw.normal(size=(60, 2))[house] + 0.1 * draw.normal(size=(300, 2))
    frame = pl.DataFrame({"house": house, "a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > 0, "yes", "no")})
    for asked in ({"folds": 3}, {"folds": 1}, {"recipe": "accurate"}):
        model = deltaw.fit(frame, "y", group="house", epochs=2, verbose=False, **asked)
        assert model.scores is not None
        assert model.scores.outcome is not None
        assert len(np.unique(model.scores.outcome.group)) * 5 == model.scores.rows
    evaluated, importance = model.evaluate(frame), model.importance(frame)
    without = model.evaluate(frame.drop("house"))
    assert np.ptp(evaluated.intervals["log_loss"]) > 1.5 * np.ptp(without.intervals["log_loss"])
    alone = model.importance(frame.drop("house"))
    worth = [next(each for each in found.columns if each.column == "a") for found in (importance, alone)]
    assert np.ptp(worth[0].interval) > np.ptp(worth[1].interval)


def test_a_share_of_all_is_not_certain() -> None:
    from scipy.stats import binomtest

    for right, rows in ((30, 30), (0, 7), (29, 30), (500, 1000)):
        wanted = binomtest(right, rows).proportion_ci(0.95, method="wilson")
        assert of_share(right, rows) == pytest.approx((wanted.low, wanted.high))


def test_names_that_are_not_there() -> None:
    assert metric_of(None, "regression").name == "r2"
    for name, words in {
        "acuracy": "did you mean 'accuracy'",
        "rmse": "which is for the other task",
        "R2": "'r2', which is for the other task",
        "xyz": "give one of these",
    }.items():
        with pytest.raises(SettingError, match=words):
            metric_of(name, "classification")


# Truths of infinitely many rows, by a million of them.
COVERED: dict[str, tuple[str, Callable[[int, int], Outcome], float]] = {
    "accuracy": ("classification", lambda seed, n: of_classes(seed, n - 2, 2), 0.92),
    "log_loss": ("classification", lambda seed, n: of_classes(seed, n - 2, 2), 0.92),
    "auc": ("classification", lambda seed, n: of_classes(seed, n - 2, 2), 0.91),
    "average_precision": ("classification", lambda seed, n: of_classes(seed, n - 2, 2), 0.90),
    "f1": ("classification", lambda seed, n: of_classes(seed, n - 3, 3), 0.91),
    "balanced_accuracy": ("classification", lambda seed, n: of_classes(seed, n - 3, 3), 0.91),
    "brier": ("classification", lambda seed, n: of_classes(seed, n - 3, 3), 0.92),
    "ece": ("classification", lambda seed, n: of_classes(seed, n - 3, 3), 0.80),
    "r2": ("regression", of_numbers, 0.87),
    "rmse": ("regression", of_numbers, 0.87),
    "mae": ("regression", of_numbers, 0.90),
    "median_error": ("regression", of_numbers, 0.92),
    "mape": ("regression", of_numbers, 0.91),
    "rmsle": ("regression", of_numbers, 0.91),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COVERED)
def test_the_interval_covers(name: str) -> None:
    """95 % and what 300 tables of 120 rows may be off by; less for heavy tails, as the bootstrap is known for."""
    task, make, least = COVERED[name]
    metric: Any = metric_of(name, task)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        truth = metric.score(make(10**7, 10**6))
        found = [interval(metric, make(seed, 120), Resamples(120, seed)) for seed in range(300)]
    covered = np.mean([ends is not None and ends[0] <= truth <= ends[1] for ends in found])
    assert least <= covered <= 0.985


@pytest.mark.parametrize("unit", [1e300, 1e-300, -3e307, 2.0])
def test_targets_of_any_size_are_scored(unit: float) -> None:
    """Squares near 1e600 do not exist; warnings are errors here."""
    truth, predicted = np.array([0.1, 0.4, -0.2, 0.5]), np.array([0.2, 0.3, -0.3, 0.55])
    plain = {metric.name: metric.score(Outcome(truth, predicted, None)) for metric in METRICS["regression"]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {m.name: m.score(Outcome(truth * unit, predicted * unit, None)) for m in METRICS["regression"]}
    for name in ("r2", "mape"):
        assert found[name] == pytest.approx(plain[name], rel=1e-9)
    for name in ("rmse", "mae", "median_error"):
        assert found[name] == pytest.approx(plain[name] * abs(unit), rel=1e-9)


FAR_APART = np.random.default_rng(1).uniform(-320, 308, 120)


@pytest.mark.parametrize(
    "y",
    [np.linspace(-1e300, 1e300, 120), np.resize([1.79e308, -1.79e308, 0.3], 120), 10**FAR_APART],
    ids=["huge", "both ends", "of any size"],
)
def test_a_model_of_numbers_near_the_largest_is_trained_and_scored_without_a_warning(y: np.ndarray) -> None:
    table = pl.DataFrame({"x": np.random.default_rng(0).permutation(y / 2), "y": y})
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = deltaw.fit(table, "y", epochs=1)
        assert model.scores is not None
        assert model.scores["median_error"] > 0
        assert model.evaluate(table).rows == 120


def test_classes_without_rows_have_no_area() -> None:
    """Of five classes the third occurs in no row: scikit-learn's mean over the others, each against the rest."""
    outcome = of_classes(0, 80, 5)
    outcome = replace(outcome, truth=np.where(outcome.truth == 2, 4, outcome.truth))
    for name, area in (("auc", metrics.roc_auc_score), ("average_precision", metrics.average_precision_score)):
        wanted = np.mean([area(outcome.truth == c, outcome.shares[:, c]) for c in (0, 1, 3, 4)])
        assert metric_of(name, "classification").score(outcome) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("sureness", [1.0, 2.5])
def test_the_interval_of_the_calibration_error_allows_for_the_noise_in_its_bins(sureness: float) -> None:
    """Of few rows the error itself is too high; 0 for probabilities that are true."""

    def drawn(seed: int, n: int) -> Outcome:
        rng = np.random.default_rng(seed)
        logit = 2 * rng.normal(size=n)
        yes, told = (1 / (1 + np.exp(-times * logit)) for times in (1.0, sureness))
        shares = np.column_stack([1 - told, told])
        return Outcome((rng.random(n) < yes).astype(int), shares.argmax(axis=1), shares)

    ece = metric_of("ece", "classification")
    true = ece.score(drawn(0, 400_000))
    found = [interval(ece, each, Resamples.of(each)) for each in (drawn(seed, 200) for seed in range(1, 41))]
    assert np.mean([each is not None and each[0] <= max(true, 0.01) and true - 0.01 <= each[1] for each in found]) > 0.8
    assert np.mean([ece.score(drawn(seed, 200)) for seed in range(1, 41)]) > true + 0.01
