"""Dropout masks: the share dropped, and the random bits against a transcription of Philox from its paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.dropout import Dropout, mask, philox, threshold
from deltaw.exceptions import SettingError

KEYS = (1 << 64) - 1
WORD = (1 << 32) - 1


def philox_by_hand(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4×32 with 10 rounds: Salmon et al. (2011), section 3.3 and table 2's constants."""
    x, (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(p1 >> 32) ^ x[1] ^ k0, p1 & WORD, (p0 >> 32) ^ x[3] ^ k1, p0 & WORD]
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return x


def mask_by_hand(key: int, step: int, layer: int, rows: int, units: int, rate: float) -> np.ndarray:
    """16 bits a unit, 8 units a block; every row starts a new block."""
    blocks, cut = (units + 7) // 8, round(rate * 65536)
    factors = np.zeros((rows, units))
    for row in range(rows):
        for block in range(blocks):
            counter = [row * blocks + block, layer, step & WORD, step >> 32]
            words = philox_by_hand(counter, [key & WORD, key >> 32])
            for unit in range(8 * block, min(8 * block + 8, units)):
                draw = words[unit % 8 // 2] >> (16 * (unit % 2)) & 0xFFFF
                factors[row, unit] = 1 / (1 - cut / 65536) if draw >= cut else 0
    return factors


# The known answers that come with the authors' own code, Random123: counter, key, block.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("counter", "key", "block"), KNOWN)
def test_known_answers(counter: str, key: str, block: str) -> None:
    x, k, wanted = ([int(word, 16) for word in text.split()] for text in (counter, key, block))
    assert philox_by_hand(x, k) == wanted
    got = philox(np.array([x[0]], np.uint64), x[1], x[2] | x[3] << 32, k[0] | k[1] << 32)
    assert got.tolist() == [wanted]


@given(
    key=st.integers(0, KEYS), step=st.integers(0, 2**40), layer=st.integers(0, 9), rows=st.integers(1, 3),
    units=st.sampled_from([1, 3, 7, 8, 9, 16, 33]), rate=st.sampled_from([0.1, 0.5, 0.9]),
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


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.15, 0.5, 0.9])
def test_each_unit_row_and_step_is_dropped_as_often_as_chance_has_it(rate: float) -> None:
    """Counts of 200,000 draws, and of each unit, row and step alone, within five standard errors of the binomial."""
    m = np.stack([mask(3, step, 1, 50, 40, rate) for step in range(100)]) == 0
    for axes in ((0, 1, 2), (0, 1), (0, 2), (1, 2)):
        n = np.prod([m.shape[axis] for axis in axes])
        assert np.abs(m.mean(axis=axes) - rate).max() < 5.5 * np.sqrt(rate * (1 - rate) / n)


def test_units_rows_steps_and_layers_are_independent() -> None:
    """No correlation beyond chance between any two units, neighbouring rows, steps, layers or keys."""
    m = (mask(5, 0, 0, 2000, 40, 0.5) > 0).astype(float)
    correlation = np.corrcoef(m.T) - np.eye(40)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)
    assert np.abs(m.mean(axis=1) - 0.5).max() < 5 * 0.5 / np.sqrt(40)
    others = {"row": np.roll(m, 1, axis=0)}
    for what, (key, step, layer) in {
        "step": (5, 1, 0),
        "2³² steps": (5, 2**32, 0),
        "layer": (5, 0, 1),
        "key": (6, 0, 0),
    }.items():
        others[what] = mask(key, step, layer, 2000, 40, 0.5) > 0
    for what, other in others.items():
        assert abs(np.corrcoef(m.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(m.size), what


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
