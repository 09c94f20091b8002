"""The training loop: what is repeatable, what data means the same, what ends it and what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from deltaw import EarlyStopping, History, Network, TrainingInterrupted, train
from deltaw.equations import losses
from deltaw.equations.dropout import Dropout
from deltaw.equations.optimizers import Adam
from deltaw.network import generator
from deltaw.training import Epoch

RNG = np.random.default_rng(0)
X, T = RNG.uniform(-1, 1, (23, 4)), RNG.uniform(0.1, 0.9, (23, 2))
LABELS = RNG.integers(0, 3, 23)
ENGINES = ["reference", "native"]
# The engines agree to float32 rounding; within one engine the same numbers in another form are as close as it can tell.
CLOSE = {"reference": {"rtol": 1e-10, "atol": 1e-12}, "native": {"rtol": 2e-4, "atol": 2e-6}}


def net(sizes: list[int] | None = None, **settings: Any) -> Network:
    return Network(sizes or [4, 5, 2], **{"activations": "tanh", "seed": 1, **settings})


def weights(
    x: Any = X, t: Any = T, engine: str = "reference", start: Network | None = None, **settings: Any
) -> np.ndarray:
    """All weights and biases after training, in one row."""
    network = start or net()
    train(network, x, t, engine=engine, **{"batch_size": 5, "epochs": 3, **settings})
    return np.concatenate([a.ravel() for a in (*network.weights, *network.biases)])


@pytest.mark.parametrize("engine", ENGINES)
def test_learns(engine: str) -> None:
    network = net([4, 16, 2])
    history = train(network, X, T, optimizer="adam", learning_rate=0.01, batch_size=8, epochs=200, engine=engine)
    assert isinstance(history, History)
    assert len(history) == len(history.loss) == len(history.seconds) == 200
    assert history.loss[-1] < 0.1 * history.loss[0]
    assert history.ended == "finished"
    assert history.validation_loss == []
    assert history.best_epoch is None
    assert "kept" not in repr(history)
    assert history.batch_steps == 200 * 3
    assert all(s > 0 for s in history.seconds)


@pytest.mark.parametrize("engine", ENGINES)
def test_loss_is_E_before_each_update(engine: str) -> None:
    network = net()
    E = losses.loss("squared").E(network.forward(X), T)
    history = train(network, X, T, batch_size=23, epochs=1, engine=engine)
    assert history.loss[0] == pytest.approx(E.mean(), rel=1e-6)
    still = train(net(), X, T, learning_rate=0.0, batch_size=5, epochs=2, engine=engine)
    assert still.loss == pytest.approx([E.mean()] * 2, rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_bits(engine: str) -> None:
    settings: dict[str, Any] = {"dropout": 0.3, "optimizer": "adam", "engine": engine}
    same = weights(seed=4, **settings), weights(seed=4, **settings)
    np.testing.assert_array_equal(*same)
    assert not np.array_equal(same[0], weights(seed=5, **settings))
    assert not np.array_equal(weights(seed=4, engine=engine), weights(seed=5, engine=engine))  # the order alone


def test_shuffle_takes_every_row_once_an_epoch_in_a_new_order() -> None:
    from deltaw.engines.reference import ReferenceEngine

    seen: list[np.ndarray] = []
    original = ReferenceEngine.train

    def spy(self: Any, rows: Any, orders: np.ndarray, first: int, pace: Any) -> Any:
        seen.extend(orders)
        return original(self, rows, orders, first, pace)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReferenceEngine, "train", spy)
        weights(epochs=3)
        weights(epochs=2, shuffle=False)
    assert all((np.sort(order) == np.arange(23)).all() for order in seen)
    assert not (seen[0] == seen[1]).all()
    assert not (seen[1] == seen[2]).all()
    drawn = generator(0)
    drawn.integers(1 << 63)  # the key of dropout masks, which comes first
    np.testing.assert_array_equal(seen[:3], [drawn.permutation(23) for _ in range(3)])  # however many at a time
    assert all((order == np.arange(23)).all() for order in seen[3:])


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_number_weights_are_repeated_rows(engine: str) -> None:
    counts = np.random.default_rng(1).integers(0, 4, 23)
    counts[0] = 3
    settings: dict[str, Any] = {"batch_size": 1000, "engine": engine, "optimizer": "momentum"}
    weighted = weights(sample_weight=counts, **settings)
    repeated = weights(np.repeat(X, counts, axis=0), np.repeat(T, counts, axis=0), **settings)
    np.testing.assert_allclose(weighted, repeated, **CLOSE[engine])


@pytest.mark.parametrize("engine", ENGINES)
def test_only_ratios_of_weights_matter(engine: str) -> None:
    w = np.random.default_rng(2).uniform(0.1, 2, 23)
    np.testing.assert_allclose(
        weights(sample_weight=w, engine=engine), weights(sample_weight=w * 1e-200, engine=engine), **CLOSE[engine]
    )
    np.testing.assert_allclose(
        weights(sample_weight=np.full(23, 7), engine=engine), weights(engine=engine), **CLOSE[engine]
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 5])
def test_bytes_with_a_scale_are_scaled_floats(engine: str, batch_size: int) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (23, 4), dtype=np.uint8)
    for scale in ((0.99 / 255, 0.01), 1 / 255, (1 / 128, -1.0)):
        multiply, offset = scale if isinstance(scale, tuple) else (scale, 0.0)
        scaled = weights(pixels * multiply + offset, batch_size=batch_size, engine=engine)
        for x in (pixels, pixels.astype(np.float32), pixels.astype(np.int64), pixels.tolist()):
            got = weights(x, batch_size=batch_size, engine=engine, input_scale=scale)
            np.testing.assert_allclose(got, scaled, **CLOSE[engine])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("scale", [None, (0.5, 0.25)])
def test_sparse_is_dense(engine: str, batch_size: int, scale: Any) -> None:
    x = np.where(np.random.default_rng(4).random((23, 4)) < 0.7, 0, X)
    x[3] = 0  # a row of nothing
    settings: dict[str, Any] = {"batch_size": batch_size, "engine": engine, "input_scale": scale}
    dense = weights(x, **settings)
    for kind in (sp.csr_array, sp.csc_matrix, sp.coo_array, sp.lil_matrix):
        np.testing.assert_allclose(weights(kind(x), **settings), dense, **CLOSE[engine])


def test_a_sparse_matrix_stays_as_it_was_given() -> None:
    doubled = sp.csr_array((np.ones(3), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 4))
    dense = doubled.toarray()
    np.testing.assert_allclose(weights(doubled, T[:1]), weights(dense, T[:1]))
    assert doubled.nnz == 3
    np.testing.assert_array_equal(doubled.indices, [2, 0, 2])
    numbers = np.array([[2**24 + 1, 0, 0, 0]])
    start = net(init="zeros")
    np.testing.assert_array_equal(
        weights(sp.csr_array(numbers), T[:1], start=start), weights(numbers, T[:1], start=net(init="zeros"))
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_are_one_hot_rows(engine: str) -> None:
    def run(t: Any, **settings: Any) -> np.ndarray:
        start = net([4, 5, 3], activations=["tanh", "softmax"])
        return weights(X, t, engine, start, loss="cross_entropy", **settings)

    hot = losses.one_hot(LABELS, 3)
    np.testing.assert_allclose(run(LABELS), run(hot), **CLOSE[engine])
    np.testing.assert_allclose(run(LABELS.astype(np.uint8).tolist()), run(hot), **CLOSE[engine])
    smooth = losses.smooth(hot, 0.2, losses.loss("cross_entropy"))
    np.testing.assert_allclose(run(LABELS, label_smoothing=0.2), run(smooth), **CLOSE[engine])


def test_one_output_takes_a_plain_row_of_targets() -> None:
    network, same = net([4, 3, 1]), net([4, 3, 1])
    train(network, X, T[:, 0], engine="reference")
    train(same, X, T[:, :1], engine="reference")
    np.testing.assert_array_equal(network.weights[0], same.weights[0])


def test_names_and_objects_are_the_same() -> None:
    named = weights(optimizer="adam(beta1=0.5)", loss="huber(0.5)", schedule="cosine", dropout=[0.2])
    given = weights(
        optimizer=Adam(beta1=0.5), loss=losses.loss("huber(0.5)"), schedule="cosine()", dropout=Dropout((0.2,))
    )
    np.testing.assert_array_equal(named, given)


def test_dropout_fades_along_its_schedule() -> None:
    faded = weights(dropout=Dropout(0.5, "exponential(1e-300)"), epochs=2, batch_size=23, shuffle=False)
    assert not np.array_equal(faded, weights(epochs=2, batch_size=23, shuffle=False))
    first = net()  # dropped in the first step only, so its second epoch is one without dropout
    weights(dropout=0.5, epochs=1, batch_size=23, start=first, shuffle=False)
    np.testing.assert_allclose(weights(start=first, epochs=1, batch_size=23, shuffle=False), faded, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_layers_without_bias_keep_zeros(engine: str) -> None:
    network = net(bias=[False, True])
    weights(engine=engine, start=network, optimizer="adamw", l2=0.1)
    assert not network.biases[0].any()
    assert network.biases[1].any()


def test_callbacks_are_told_and_may_stop() -> None:
    told: list[Epoch] = []
    network = net()
    settings: dict[str, Any] = {"engine": "reference", "validation": (X[:5], T[:5]), "epochs": 6}
    history = train(network, X, T, callbacks=[told.append, lambda epoch: epoch.number == 3], **settings)
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert all(epoch.epochs == 6 and epoch.rows == 23 and epoch.network is network for epoch in told)
    assert [epoch.loss for epoch in told] == history.loss
    assert [epoch.validation_loss for epoch in told] == history.validation_loss
    np.testing.assert_allclose(told[-1].outputs, network.forward(X[:5]), rtol=1e-12)


def test_callbacks_see_the_weights_of_their_epoch() -> None:
    seen: list[np.ndarray] = []
    train(
        net(),
        X,
        T,
        engine="reference",
        epochs=3,
        callbacks=iter([lambda epoch: seen.append(epoch.network.weights[0].copy())]),
    )
    assert len(seen) == 3
    assert not np.array_equal(seen[0], seen[1])
    one = net()
    train(one, X, T, engine="reference", epochs=1)
    np.testing.assert_array_equal(seen[0], one.weights[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_change_nothing(engine: str) -> None:
    watched = weights(
        engine=engine, callbacks=[lambda epoch: None], validation=(X, T), early_stopping=EarlyStopping(None)
    )
    best_is_last = weights(engine=engine)
    np.testing.assert_array_equal(watched, best_is_last)


@pytest.mark.parametrize("engine", ENGINES)
def test_validation_is_E_of_the_weights_as_they_are(engine: str) -> None:
    network, w = net(), np.random.default_rng(5).uniform(0.5, 2, 9)
    history = train(network, X, T, validation=(X[:9], T[:9], w), epochs=2, dropout=0.4, l2=0.1, engine=engine)
    E = losses.loss("squared").E(network.forward(X[:9]), T[:9])
    assert history.validation_loss[-1] == pytest.approx(np.average(E, weights=w), rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_ends_training_and_is_said(engine: str) -> None:
    network = Network([4, 5, 2], "identity", seed=1)
    history = train(network, X, T, learning_rate=1e6, batch_size=1, epochs=50, engine=engine)
    assert history.ended == "diverged"
    assert len(history) < 50
    assert not np.isfinite(history.loss[-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_with_early_stopping_keeps_the_best(engine: str) -> None:
    network = Network([4, 5, 2], "identity", seed=1)
    settings: dict[str, Any] = {"learning_rate": 30.0, "batch_size": 23, "epochs": 60, "engine": engine}
    history = train(network, X, T, validation=(X, T), early_stopping=50, **settings)
    assert history.ended == "diverged"
    assert all(np.isfinite(w).all() for w in network.weights)


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_keeps_what_was_learnt(engine: str) -> None:
    def interrupt(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    network, two_epochs = net(), net()
    with pytest.raises(TrainingInterrupted) as caught:
        train(network, X, T, epochs=9, callbacks=[interrupt], engine=engine)
    train(two_epochs, X, T, epochs=2, engine=engine)
    for ours, theirs in zip(network.weights, two_epochs.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert caught.value.history.ended == "interrupted"
    assert len(caught.value.history.loss) == 2
    assert isinstance(caught.value, KeyboardInterrupt)


def test_ctrl_c_inside_a_step_leaves_the_last_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from deltaw.equations import backprop

    calls, network, whole = 0, net(), net()
    original = backprop.update

    def interrupted_update(parameters: Any, *rest: Any) -> None:
        nonlocal calls
        calls += 1
        original(parameters, *rest)
        if calls == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(backprop, "update", interrupted_update)
    with pytest.raises(TrainingInterrupted):
        train(network, X, T, batch_size=5, shuffle=False, engine="reference")
    monkeypatch.undo()
    train(whole, X[:10], T[:10], batch_size=5, shuffle=False, epochs=1, engine="reference")
    for ours, theirs in zip(network.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_other_errors_of_callbacks_come_through() -> None:
    def broken(epoch: Epoch) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        train(net(), X, T, callbacks=[broken], engine="reference")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_data_stay_as_they_were(engine: str) -> None:
    x, t, w = X.copy(), T.copy(), np.ones(23)
    for array in (x, t, w):
        array.flags.writeable = False
    weights(x, t, engine, sample_weight=w, validation=(x, t), label_smoothing=0.1, input_scale=(2, 1))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(t, T)


@pytest.mark.parametrize("engine", ENGINES)
def test_epochs_that_nobody_watches_are_the_same_as_watched_ones(engine: str) -> None:
    settings: dict[str, Any] = {"dropout": 0.3, "optimizer": "adamw(weight_decay=0.1)", "schedule": "cosine"}
    settings |= {"engine": engine, "epochs": 5}
    looked: list[int] = []
    watched = weights(callbacks=[lambda epoch: looked.append(epoch.number)], **settings)
    np.testing.assert_array_equal(weights(**settings), watched)
    assert looked == [1, 2, 3, 4, 5]
