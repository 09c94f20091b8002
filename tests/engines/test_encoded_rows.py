"""Encoded rows: the native engine sums bins and slots by running sums, and nothing that is computed may show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_parity import RATES, excess, judged
from witnesses import INSTRUCTION_SETS

from deltaw import InputError, Network, Predictor, engines, train, train_pack
from deltaw.engines import native
from deltaw.engines.native import core
from deltaw.engines.rows import Rows
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.encoded import Encoded, Field
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import OPTIMIZERS
from deltaw.equations.scaled import Scaled
from starts import TRAINABLE, smooth_start

FIELDS = (Field("bins", 4), Field(), Field("slots", 3, 0.5), Field(), Field("bins", 9), Field("slots", 1))
N_IN = sum(field.inputs for field in FIELDS)
ROWS = 33


pytestmark = pytest.mark.usefixtures("witnesses")


def encoded(n: int, seed: int, fields: tuple[Field, ...] = FIELDS) -> Encoded:
    """Rows of these fields; of the bins some lie at either end."""
    rng = np.random.default_rng(seed)
    columns = {
        "number": lambda field: rng.normal(size=n),
        "bins": lambda field: np.clip(rng.uniform(-0.3, 1.3, n) * field.inputs, 0, field.inputs),
        "slots": lambda field: rng.integers(0, field.inputs, n),
        "scaled": lambda field: rng.normal(size=n),
    }
    return Encoded(np.column_stack([columns[field.kind](field) for field in fields]), fields)


def made(seed: int, sizes: tuple[int, ...] = (9, 5), n_out: int = 3, rows: int = ROWS) -> tuple[Network, Any, Any]:
    rng = np.random.default_rng(seed)
    network = Network([N_IN, *sizes, n_out], ["tanh"] * len(sizes) + ["identity"], seed=seed)
    return network, encoded(rows, seed), rng.dirichlet(np.ones(n_out), rows)


@pytest.mark.parametrize("loss_name", TRAINABLE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_as_the_reference(optimizer: str, loss_name: str) -> None:
    """Every loss with every optimiser; the activations go round."""
    names = list(ACTIVATIONS)
    name = names[(list(OPTIMIZERS).index(optimizer) + 3 * TRAINABLE.index(loss_name)) % len(names)]

    def make(seed: int) -> tuple[Network, Any, Any]:
        s = smooth_start([N_IN, 6, 3], name, loss(loss_name), True, ROWS, seed, margin=1e-3)
        return s.network, encoded(ROWS, seed), s.T

    alpha = RATES[optimizer] * (0.1 if (name, loss_name) == ("exponential", "cross_entropy") else 1)
    settings = {"loss": loss_name, "optimizer": optimizer, "learning_rate": alpha, "batch_size": 7}
    assert judged(make, settings | {"epochs": 3}) <= 1


SETTINGS: dict[str, dict[str, Any]] = {
    "the notes' rule": {"backward": "notes"},
    "batch 1": {"batch_size": 1, "epochs": 1},
    "batch 1 of plain descent": {"batch_size": 1, "epochs": 1, "optimizer": "sgd", "learning_rate": 0.02},
    "batches below and above": {"batch_size": 3},
    "dropout": {"dropout": 0.3},
    "dropout by the notes' rule": {"dropout": 0.3, "backward": "notes"},
    "l2 and decay": {"l2": 0.1, "optimizer": "adamw(weight_decay=0.5)"},
    "clipping that bites": {"max_grad_norm": 0.05},
    "weighted rows": {"sample_weight": np.random.default_rng(1).uniform(0, 3, ROWS)},
    "a scale": {"input_scale": (0.5, 0.1)},
    "all rows as one batch": {"batch_size": ROWS},
}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(what: str) -> None:
    settings = {"loss": "squared", "optimizer": "adam", "learning_rate": 2e-3, "batch_size": 7, "epochs": 3}
    assert judged(made, settings | SETTINGS[what]) <= 1


@pytest.mark.parametrize("sizes", [(), (1,), (3, 3), (65,), (200, 17)], ids=str)
@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_widths_on_every_instruction_set(name: str, sizes: tuple[int, ...]) -> None:
    settings = {"optimizer": "adam", "learning_rate": 2e-3, "batch_size": 16, "epochs": 3}
    share = excess(*made(1, sizes, rows=70), settings, f"native {name}")
    assert share is not None
    assert share <= 1


MANY = (*FIELDS, *[Field("bins", 7)] * 9)


@pytest.mark.parametrize("fields", [FIELDS[:1], FIELDS[2:3], MANY], ids=["bins", "slots", "many"])
def test_kinds_and_batches_beyond_what_the_engine_holds_at_once(fields: tuple[Field, ...]) -> None:
    X = encoded(1300, 2, fields)
    network = Network([X.shape[1], 20, 2], ["tanh", "identity"], seed=0)
    T = np.random.default_rng(0).normal(size=(1300, 2))
    for batch_size in (64, 600, 1100):
        settings = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": batch_size, "epochs": 2}
        share = excess(network, X, T, settings)
        assert share is not None
        assert share <= 1, batch_size


def bits(network: Network) -> list[bytes]:
    return [a.tobytes() for a in (*network.weights, *network.biases)]


@pytest.mark.parametrize("sizes", [(), (5,), (64, 64), (200, 200)], ids=str)
@pytest.mark.parametrize("more", [{}, {"dropout": 0.3, "l2": 0.1}, {"max_grad_norm": 0.05}], ids=str)
def test_threads_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], more: Any) -> None:
    monkeypatch.setattr(native, "WORTH_TWO_THREADS", 0)
    start, X, T = made(0, sizes, rows=190)
    for batch_size in (1, 4, 33, 150):  # of the last, sums are by halves of the rows
        results = set()
        for threads in (1, 2, 3):
            network = start.copy()
            how = {"optimizer": "adamw", "learning_rate": 0.01, "batch_size": batch_size, "epochs": 2, **more}
            train(network, X, T, threads=threads, telemetry=True, **how)
            results.add(tuple(bits(network)))
        assert len(results) == 1, batch_size


def test_a_row_has_the_same_bits_alone_and_among_others() -> None:
    network, X, _ = made(0, rows=200)
    predict = Predictor(network)
    outputs = predict(X)
    np.testing.assert_allclose(outputs, network.forward(X.toarray()), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(predict(X, threads=3), outputs)
    for row in range(0, 200, 23):
        np.testing.assert_array_equal(predict(X[[row]])[0], outputs[row])
    np.testing.assert_allclose(engines.predictor.outputs(network, X, "reference"), network.forward(X.toarray()))


def test_nan_spoils_its_own_row_and_is_refused_in_training() -> None:
    network, X, T = made(0)
    wanted = Predictor(network)(X)
    for column in range(len(FIELDS)):
        if FIELDS[column].kind == "slots":
            continue
        spoilt = Encoded(X.stored.copy(), X.fields)
        spoilt.stored[5, column] = np.nan
        outputs = Predictor(network)(spoilt)
        assert np.isnan(outputs[5]).all()
        np.testing.assert_array_equal(np.delete(outputs, 5, 0), np.delete(wanted, 5, 0))
        with pytest.raises(InputError, match="finite numbers, found nan at row 5"):
            train(network, spoilt, T)


def test_numbers_whose_sum_is_too_large_are_finite() -> None:
    network, X, T = made(0)
    X.stored[:, FIELDS.index(Field())] = 3e38
    for rows in (X, X.toarray()):
        assert len(Rows.of(network, rows, T, loss("squared"))) == len(X)


def test_a_pack_and_its_evaluation() -> None:
    """As each alone, bit for bit, with rows held out and parts of the rows."""
    start, X, T = made(3, (8,), rows=120)
    held_out = made(4, (8,), rows=50)[1:]
    how = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 16, "epochs": 3, "validation": held_out}
    alone = [Network(start.sizes, start.activations, seed=seed) for seed in (1, 2)]
    packed = [network.copy() for network in alone]
    histories = train_pack(packed, X, T, **how)
    for network, other, history in zip(alone, packed, histories, strict=True):
        assert train(network, X, T, **how, seed=histories.index(history)).validation_loss == history.validation_loss
        assert bits(network) == bits(other)


def test_telemetry_sees_what_the_reference_sees() -> None:
    network, X, T = made(0, (9,))
    how = {"batch_size": 7, "epochs": 2, "learning_rate": 0.02, "telemetry": True}
    looks = [train(network.copy(), X, T, engine=engine, **how).looks[-1] for engine in ("native", "reference")]
    for name in ("saturated", "dead", "gradient", "update", "weight"):
        np.testing.assert_allclose(getattr(looks[0], name), getattr(looks[1], name), rtol=1e-3, atol=1e-6)


def test_what_lies_in_no_field_is_refused() -> None:
    network, X, T = made(0)
    X.stored[3, 0] = 5
    with pytest.raises(InputError, match="validation X: expected a number from 0 to 4"):
        train(network, made(0)[1], T, validation=(X, T))
    with pytest.raises(InputError, match=r"from 0 to 4 for 4 bins, found 5\.0 at row 3, column 0"):
        Predictor(network)(X)


def test_the_core_takes_fields_that_are_all_inputs_once_and_nothing_else() -> None:
    stored = np.zeros((2, 2), np.float32)
    for fields in ([(1, "number", 1.0)], [(2, "number", 1.0)] * 2, [(0, "bins", 1.0)] * 2, [(2**25, "bins", 1.0)] * 2,
                   [(3, "words", 1.0)] * 2):  # fmt: skip
        with pytest.raises(ValueError, match="encoded"):
            core().Inputs.encoded(stored, fields, [])
    for scaling in ([], [(0.0, 0.0, 0.0, 0.0, False, [], [])], [(0.0, 0.0, 1.0, 0.0, False, [0.0, 1.0], [])],
                    [(0.0, 0.0, 1.0, 0.0, False, [1.0, 0.0, 2.0], [])],
                    [(0.0, 0.0, 1.0, 0.0, False, [0.0, 1.0, 2.0], [0.0, 1.0])],
                    [(0.0, 0.0, 1.0, 0.0, False, [0.0, 1.0, 2.0], [0.0])]):  # fmt: skip
        with pytest.raises(ValueError, match="encoded"):
            core().Inputs.encoded(stored, [(3, "scaled", 1.0), (1, "number", 1.0)], scaling)


EDGES = (-1.0, -0.2, 0.4, 0.6, 2.0)
COLUMNS = (
    Scaled(0.1, 1.3, 0.0, True, 0.7, EDGES), Scaled(-2.0, 0.9, 0.5), Scaled(0.0, 3.0, 0.0, True),
    Scaled(0.1, 1.3, 0.0, True, 0.7, EDGES, indicator=(0.01, 0.99)), Scaled(-2.0, 0.9, 0.5, indicator=(-1.0, 1.0)),
)  # fmt: skip
RAW = tuple(Field("scaled", each.inputs, scaled=each) for each in COLUMNS)
EXTREME = [np.nan, -1e38, 3.4e38, 1e-45, -0.0, 0.4, 0.6, 2.0, -1.0]


@pytest.mark.parametrize(
    "fields",
    [RAW[:1] * 9, RAW[3:4] * 9, (*FIELDS, *RAW, *FIELDS[:3], *RAW)],
    ids=["side by side", "with gaps", "mixed"],
)
@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_numbers_that_are_kept_raw_give_the_same_bits(name: str, fields: tuple[Field, ...]) -> None:
    """As those that are scaled and put into bins before."""
    rng = np.random.default_rng(0)
    raw = encoded(90, 1, fields)
    for i, field in enumerate(fields):
        if field.kind == "scaled":
            raw.stored[:, i] = rng.choice([*rng.normal(size=40), *EXTREME], 90)
    X, T = raw.unfolded(), rng.normal(size=(90, 2))
    start = Network([X.shape[1], 9, 2], ["tanh", "identity"], seed=0)
    for batch_size in (1, 3, 32, 90):
        how = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": batch_size, "epochs": 2, "threads": 2}
        networks = [start.copy(), start.copy()]
        for network, rows in zip(networks, (raw, X), strict=True):
            train(network, rows, T, engine=f"native {name}", **how)
        assert bits(networks[0]) == bits(networks[1]), batch_size
    answers = [engines.predictor.outputs(start, rows) for rows in (raw, X)]
    assert answers[0].tobytes() == answers[1].tobytes()
