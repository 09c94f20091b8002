"""Orders by the core are those of NumPy's generators."""

from __future__ import annotations

import numpy as np
import pytest

from deltaw.engines import orders

SIZES = [1, 2, 3, 5, 16, 17, 64, 65, 66, 1000, 2**16, 2**16 + 1]  # around what is drawn by one more bit, or ahead


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_the_core_draws_what_numpy_draws(kind):
    assert orders._core() is not None
    ours, numpys = (np.random.Generator(kind(7)) for _ in range(2))
    for n in SIZES:
        rows = np.tile(np.arange(n) ** 2, (3, 1))
        expected = numpys.permuted(rows, axis=1)
        orders.permute(rows, ours)
        np.testing.assert_array_equal(rows, expected, f"of {n}")
    assert ours.random() == numpys.random()  # and both go on alike


def test_numpy_draws_where_there_is_no_core(monkeypatch):
    monkeypatch.setattr(orders, "_core", lambda: None)
    rows = np.arange(10)[None].copy()
    orders.permute(rows, np.random.default_rng(1))
    np.testing.assert_array_equal(rows[0], np.random.default_rng(1).permutation(10))
