"""The lab's engine gives the bits of the native engine's baseline: orders, initial weights, and what training makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine import ask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from setups import by_baseline, data, network, same, settings, trained

from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.initializers import INITIALIZERS
from deltaw.equations.losses import LOSSES, loss
from deltaw.equations.optimizers import OPTIMIZERS
from deltaw.equations.schedules import SCHEDULES
from deltaw.models.rows.division import split

RNG = np.random.default_rng(3)
X = RNG.normal(size=(61, 5)).astype(np.float32)
UNIT = RNG.uniform(0.05, 0.95, (61, 2)).astype(np.float32)
CLASSES = np.eye(3, dtype=np.float32)[RNG.integers(3, size=61)]
SIGNS = np.where(RNG.random((61, 2)) < 0.5, -1.0, 1.0).astype(np.float32)
WORDS = np.where(RNG.random((61, 40)) < 0.9, 0.0, RNG.normal(size=(61, 40))).astype(np.float32)  # mostly 0
PIXELS = np.where(WORDS == 0, 0.01, np.abs(WORDS)).astype(np.float32)  # mostly the notes' 0.01
WEIGHT = RNG.uniform(0, 3, 61).astype(np.float32)

NOTES = [(12, "sigmoid"), (2, "sigmoid")]
HIDDEN = {  # an activation of the hidden layers, each with another optimiser, batch and backward rule
    name: settings(
        [(7, name), (2, "sigmoid")], optimizer=list(OPTIMIZERS)[i % 7], batch=(1, 8, 61)[i % 3], rate=0.02,
        backward=("gradient", "notes")[i % 2], seed=i,
    )
    for i, name in enumerate(ACTIVATIONS)
}  # fmt: skip
OUTPUT = {
    "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "poisson": "exponential", "hinge": "tanh",
}  # fmt: skip
SETUPS: dict[str, tuple[Any, Any, dict[str, Any], Any]] = {
    **{f"hidden {name}": (X, UNIT, own, None) for name, own in HIDDEN.items()},
    **{
        f"loss {name}": (
            X, {"cross_entropy": CLASSES, "hinge": SIGNS}.get(name, UNIT),
            settings([(6, "tanh"), (3 if name == "cross_entropy" else 2, OUTPUT.get(name, "identity"))], loss=name,
                     optimizer="adam(beta1=0.8)", batch=16), None,
        )
        for name in LOSSES if loss(name).minimum
    },
    **{
        f"schedule {name}": (X, UNIT, settings([(4, "relu"), (2, "identity")], schedule=name, seed=9), None)
        for name in SCHEDULES
    },
    "dropout": (
        X, CLASSES, settings([(9, "relu"), (8, "silu"), (3, "softmax")], loss="cross_entropy", dropout=0.3,
                             dropoutSchedule="flat_cosine",
                             optimizer="adamw(weight_decay=0.1, decay_schedule='cosine')"), None,
    ),
    "smoothing, weights": (
        X, CLASSES, settings([(9, "selu"), (3, "softmax")], loss="cross_entropy", labelSmoothing=0.1, batch=10), WEIGHT,
    ),
    "l2, clipped": (
        X, UNIT, settings([(9, "elu"), (2, "identity")], l2=0.01, maxGradNorm=0.2, optimizer="momentum(0.8)"), None,
    ),
    "the notes": (X, UNIT, settings(NOTES, bias=False, init="notes", batch=1, backward="notes"), None),
    "sparse": (WORDS, UNIT, settings(NOTES, batch=1), None),
    "sparse around 0.01": (PIXELS, UNIT, settings(NOTES, batch=1, bias=False, init="notes"), WEIGHT),
    "wide": (
        WORDS, CLASSES, settings([(33, "mish"), (17, "gelu"), (3, "softmax")], loss="cross_entropy", batch=20), None,
    ),
    "in order": (X, UNIT, settings([(3, "tanh"), (2, "identity")], shuffle=False, batch=7), None),
    "no layer between": (X, UNIT, settings([(2, "identity")], loss="huber(0.3)", batch=1), None),
    "pinball": (X, UNIT, settings([(3, "relu"), (2, "identity")], loss="pinball(0.1, 0.9)", batch=7), None),
    "a large batch": (
        np.tile(X, (18, 1)), np.tile(UNIT, (18, 1)), settings([(3, "relu"), (2, "identity")], batch=900), None,
    ),
}  # fmt: skip


def test_every_weight_and_error_is_the_baseline_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an epoch is trained in pieces of any length, which is how a page does it."""
    assert len(SETUPS) >= 30
    by_baseline(monkeypatch)
    cuts = [1, 2, 1, 5, 3, 7, 11, *[13] * 30]
    jobs = [
        {"do": "train", "data": data(x, t, w), "settings": own, "actions": [*[["advance", n] for n in cut], ["state"]]}
        for x, t, own, w in SETUPS.values()
        for cut in (cuts, [10**6])
    ]
    answers = ask(jobs)
    for i, (name, (x, t, own, w)) in enumerate(SETUPS.items()):
        net, _ = trained(x, t, own, w)
        for which in (0, 1):
            state = answers[2 * i + which]
            assert isinstance(state, list), f"{name}: {state}"
            assert state[-1]["ended"] == "finished", name
            assert same(state[-1], net), f"{name}, {('in pieces', 'at once')[which]}"


@hypothesis(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 2**53 - 1), st.lists(st.integers(0, 3000), min_size=1, max_size=6)),
        min_size=20,
        max_size=40,
    )
)
def test_random_numbers_are_numpys(cases: list[tuple[int, list[int]]]) -> None:
    answers = ask([{"do": "draws", "seed": seed, "sizes": sizes} for seed, sizes in cases])
    for (seed, sizes), found in zip(cases, answers, strict=True):
        rng = np.random.default_rng(seed)
        key = int(rng.integers(1 << 63))
        assert found["key"] == [key >> 32, key & 0xFFFFFFFF]
        for n, order in zip(sizes, found["orders"], strict=True):
            assert np.array_equal(order, rng.permutation(n))
        assert np.array_equal(found["normal"], rng.normal(size=50))
        assert np.array_equal(found["uniform"], rng.uniform(size=50))


def test_initial_weights_are_deltaws() -> None:
    rules = [*(name for name in INITIALIZERS if name != "constant"), "normal(0.3)", "constant(0.2)", None]
    own = [settings([(30, "relu"), (8, "selu"), (3, "softmax")], init=rule, seed=11) for rule in rules]
    x = data(np.zeros((2, 20)), np.zeros((2, 3)))
    for given_settings, found in zip(
        own, ask([{"do": "initial", "data": x, "settings": each} for each in own]), strict=True
    ):
        assert same(found, network(20, given_settings)), given_settings["init"]


def test_rows_held_out_are_deltaws() -> None:
    labels = np.random.default_rng(1).integers(4, size=203).astype(np.int32)
    cases = [(n, share, seed, with_labels) for n in (1, 2, 5, 30, 203) for share in (0.0, 0.1, 0.25, 0.5)
             for seed in (0, 7) for with_labels in (False, True)]  # fmt: skip
    jobs = [{"do": "split", "n": n, "share": share, "seed": seed, "labels": labels[:n] if known else None}
            for n, share, seed, known in cases]  # fmt: skip
    for (n, share, seed, known), found in zip(cases, ask(jobs), strict=True):
        kept, apart = split(n, share, seed, labels[:n] if known else None)
        assert np.array_equal(found["trained"], kept)
        assert np.array_equal(found["heldOut"], apart)
