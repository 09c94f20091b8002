"""Statistics of samples, against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import sem

from deltaw.equations.statistics import standard_error


@pytest.mark.parametrize("ddof", [0, 1])
def test_the_standard_error_is_scipys(ddof: int) -> None:
    sample = np.random.default_rng(0).normal(3.0, 2.0, 50)
    assert standard_error(sample, ddof) == pytest.approx(sem(sample, ddof=ddof), rel=1e-12)
