"""Statistics of samples, against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import sem
from sklearn.metrics import roc_auc_score

from deltaw.equations.statistics import area_within, curve_areas, standard_error


@pytest.mark.parametrize("ddof", [0, 1])
def test_the_standard_error_is_scipys(ddof: int) -> None:
    sample = np.random.default_rng(0).normal(3.0, 2.0, 50)
    assert standard_error(sample, ddof) == pytest.approx(sem(sample, ddof=ddof), rel=1e-12)


def in_parts(seed: int) -> tuple[np.ndarray, ...]:
    """Scores that no two of four parts have in common, which of them are positive, weights, parts; one has no pairs."""
    rng = np.random.default_rng(seed)
    part, positive, weight = rng.integers(0, 4, 90), rng.random(90) < 0.3, 0.5 + rng.random(90)
    positive[part == 3] = False
    return np.round(positive + rng.normal(size=90), 1) + 10 * part, positive, weight, part


def test_the_area_within_parts_is_the_share_of_their_pairs_in_the_right_order() -> None:
    score, positive, weight, part = in_parts(1)
    pairs = (part[:, None] == part) * np.outer(weight * positive, weight * ~positive)
    right = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    values = area_within(score, positive, weight, part)
    assert values @ weight / weight.sum() == pytest.approx((pairs * right).sum() / pairs.sum(), rel=1e-12)
    of_one = area_within(score, positive, weight, np.zeros(90))
    np.testing.assert_allclose(of_one, curve_areas(score, positive, weight)[0], rtol=1e-12)
    assert of_one @ weight / weight.sum() == pytest.approx(roc_auc_score(positive, score, sample_weight=weight))
    assert np.isnan(area_within(score, np.full(90, False), weight, part)).all()


def test_pseudo_values_within_parts_are_the_derivatives_by_the_weights() -> None:
    score, positive, weight, part = in_parts(2)

    def area(w: np.ndarray) -> float:
        return float(area_within(score, positive, w, part) @ w / w.sum())

    step = 1e-5 * np.eye(90)
    slopes = [(area(weight + each) - area(weight - each)) / 2e-5 for each in step]
    wanted = area(weight) + weight.sum() * np.array(slopes)
    np.testing.assert_allclose(area_within(score, positive, weight, part), wanted, atol=1e-6)
