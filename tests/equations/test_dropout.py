"""Dropout masks: the share dropped, and the random bits against a transcription of Philox from its paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.dropout import Dropout, mask, threshold
from deltaw.exceptions import SettingError

WORD = (1 << 64) - 1


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4×64 with 10 rounds: Salmon et al. (2011), section 3.3 and table 2's constants."""
    x, (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = 0xD2E7470EE14C6C93 * x[0], 0xCA5A826395121157 * x[2]
        x = [(p1 >> 64) ^ x[1] ^ k0, p1 & WORD, (p0 >> 64) ^ x[3] ^ k1, p0 & WORD]
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & WORD, (k1 + 0xBB67AE8584CAA73B) & WORD
    return x


def mask_by_hand(key: int, step: int, layer: int, rows: int, units: int, rate: float) -> np.ndarray:
    """16 bits a unit, 16 units a block; every row starts a new block; the first block has counter 1."""
    blocks, cut = (units + 15) // 16, round(rate * 65536)
    factors = np.zeros((rows, units))
    for row in range(rows):
        for block in range(blocks):
            words = philox([row * blocks + block + 1, 0, layer, step], [key, 0])
            for unit in range(16 * block, min(16 * block + 16, units)):
                draw = words[unit % 16 // 4] >> (16 * (unit % 4)) & 0xFFFF
                factors[row, unit] = 1 / (1 - cut / 65536) if draw >= cut else 0
    return factors


@given(
    key=st.integers(0, WORD), step=st.integers(0, 2**40), layer=st.integers(0, 9), rows=st.integers(1, 3),
    units=st.sampled_from([1, 3, 15, 16, 17, 33]), rate=st.sampled_from([0.1, 0.5, 0.9]),
)  # fmt: skip
def test_the_bits_are_philox(key: int, step: int, layer: int, rows: int, units: int, rate: float) -> None:
    args = (key, step, layer, rows, units, rate)
    np.testing.assert_array_equal(mask(*args), mask_by_hand(*args))


def test_a_draw_on_the_threshold_is_kept() -> None:
    args = (11, 0, 0, 400, 640, 0.5)  # of 256,000 draws of 16 bits, about 4 are the threshold itself
    np.testing.assert_array_equal(mask(*args), mask_by_hand(*args))


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.15, 0.5, 0.9])
def test_share_dropped_and_mean_kept(rate: float) -> None:
    m = mask(7, 0, 0, 400, 500, rate)  # 200,000 units: 5 standard errors are 0.0056 at most
    assert m.shape == (400, 500)
    assert np.mean(m == 0) == pytest.approx(rate, abs=0.006)
    assert m.mean() == pytest.approx(1, abs=0.02)
    kept = np.unique(m[m > 0])
    assert len(kept) == 1
    assert kept[0] == pytest.approx(1 / (1 - rate), rel=1e-3)


def test_the_same_for_the_same_and_else_another() -> None:
    first = mask(1, 2, 3, 20, 50, 0.5)
    np.testing.assert_array_equal(first, mask(1, 2, 3, 20, 50, 0.5))
    others = [mask(2, 2, 3, 20, 50, 0.5), mask(1, 3, 3, 20, 50, 0.5), mask(1, 2, 4, 20, 50, 0.5)]
    for other in others:  # independent masks agree on half of the units: 500 of 1000, ± 16
        assert 400 < np.sum(other == first) < 600


def test_rows_and_units_are_independent() -> None:
    m = (mask(5, 0, 0, 2000, 40, 0.5) > 0).astype(float)
    correlation = np.corrcoef(m.T) - np.eye(40)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)
    assert np.abs(m.mean(axis=1) - 0.5).max() < 5 * 0.5 / np.sqrt(40)


def test_a_bigger_rate_drops_the_same_units_and_more() -> None:
    less, more = mask(1, 0, 0, 30, 30, 0.2), mask(1, 0, 0, 30, 30, 0.6)
    assert (more[less == 0] == 0).all()


def test_threshold_never_drops_everything() -> None:
    assert [threshold(r) for r in (0.0, 0.5, 1 - 2**-16)] == [0, 32768, 65535]
    assert threshold(0.9999999) == threshold(1.5) == 65535
    assert np.isfinite(mask(0, 0, 0, 5, 5, 0.99999999)).all()


@pytest.mark.parametrize(
    ("rate", "layers", "rates"),
    [(0.2, 3, (0.2, 0.2, 0.2)), ([0.1, 0], 2, (0.1, 0.0)), (0, 0, ()), ([], 0, ()), (np.float32(0.5), 1, (0.5,)),
     (np.array([0.25, 0.5]), 2, (0.25, 0.5))],
)  # fmt: skip
def test_one_rate_for_each_hidden_layer(rate: object, layers: int, rates: tuple[float, ...]) -> None:
    assert Dropout(rate).rates(layers) == rates  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rate", [1, 1.0, -0.1, True, None, "0.5", [0.1], [0.1, 0.2, 0.3], [0.1, 1.0], [0.1, "a"], {}, float("nan")]
)
def test_bad_rates(rate: object) -> None:
    with pytest.raises(SettingError, match=r"^dropout") as caught:
        Dropout(rate).rates(2)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_bad_schedule_is_found_before_training() -> None:
    with pytest.raises(SettingError, match=r"^schedule"):
        Dropout(0.1, "cosin").rates(1)
