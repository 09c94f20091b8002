"""A class that only the rows beside those trained on have: the doctor looks at the others, and does not fall."""

from __future__ import annotations

import numpy as np
import pytest

import deltaw
from deltaw import doctor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
T = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
OTHERS = np.where(np.arange(20) == 19, 3, T[100:])


@pytest.mark.parametrize("outputs", [3, 4])
@pytest.mark.parametrize("beside", ["validation", "test"])
def test_labels_that_no_training_row_has(outputs: int, beside: str) -> None:
    net = deltaw.Network([4, 8, outputs], ["relu", "softmax"])
    rows = {beside: (X[100:], OTHERS)}
    found = doctor.examine(net, X[:100], T[:100], loss="cross_entropy", batch_size=10, seconds=0.5, **rows)
    rules = {each.rule for each in found.findings}
    assert rules & {"missing_classes"} if outputs == 4 else rules or beside == "test"
