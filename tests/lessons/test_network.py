"""Lesson `network`: what it reaches, its mistakes, and the ways back against differences and inverses of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw.exceptions import InputError
from deltaw.lessons.digits import digits
from deltaw.lessons.lesson import Lesson
from deltaw.lessons.network import alike, ask_backwards, descend, mistakes, network

QUICK: dict[str, Any] = {"hidden": 8, "epochs": 2, "runs": 1}
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist.npz"


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return network()


def test_it_ends_above_97_percent(lesson: Lesson) -> None:
    ends = lesson.data["accuracy"][:, -1]
    assert ends.shape == (5,)
    assert ends[0] > 0.97
    assert ends.mean() > 0.97
    assert "above 97%" in lesson.page.markdown()


def test_accuracy_is_counted_anew(lesson: Lesson) -> None:
    """Train the same network again, by the public functions alone, on rows taken from the table itself."""
    images = digits()
    frame = deltaw.read("digits").frame
    X = 0.01 + 0.98 * frame.drop("label").to_numpy() / 16
    labels = frame["label"].to_numpy()
    T = np.where(labels[:, None] == np.arange(10), 0.99, 0.01)
    net = deltaw.Network([64, 100, 10], "sigmoid", bias=False, init="notes", seed=0)
    rows, test = images.training, images.test
    deltaw.train(net, X[rows], T[rows], learning_rate=0.3, epochs=30, backward="notes", seed=0)
    right = net.forward(X[test]).argmax(axis=1) == labels[test]
    assert np.mean(right) == pytest.approx(lesson.data["accuracy"][0, -1], abs=0.012)  # rounding of the inputs
    assert len(lesson.data["mistakes"]) == round((1 - lesson.data["accuracy"][0, -1]) * len(test))
    for each in lesson.data["mistakes"]:
        assert str(labels[each["row"]]) == each["label"] != each["answer"]


def test_mistakes_are_the_wrong_rows_surest_first() -> None:
    net = deltaw.Network([2, 2], "sigmoid", bias=False)
    net.weights = [np.array([[4.0, 0.0], [0.0, 4.0]])]
    X = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.4], [0.8, 0.1]])
    found = mistakes(net, X, np.array([0, 0, 0, 1]))
    assert [(row, label, answer) for row, label, answer, _ in found] == [(1, 0, 1), (3, 1, 0), (2, 0, 1)]
    assert found[0][3] == pytest.approx(1 / (1 + np.exp(-3.6)))


@pytest.fixture
def small() -> deltaw.Network:
    return deltaw.Network([6, 5, 3], "sigmoid", bias=False, init="normal(1.5)", seed=2)


def test_asked_backwards_is_inverse_sigmoid_and_transpose(small: deltaw.Network) -> None:
    t = np.array([0.99, 0.01, 0.01])
    signal = t.copy()
    for W in reversed(small.weights):
        z = np.array([np.log(o / (1 - o)) for o in signal])
        back = [sum(W[k, j] * z[k] for k in range(len(z))) for j in range(W.shape[1])]
        signal = 0.01 + 0.98 * (np.array(back) - min(back)) / (max(back) - min(back))
    found = ask_backwards(small, t[None])
    np.testing.assert_allclose(found[0], signal, rtol=1e-12)
    assert found.min() == pytest.approx(0.01)
    assert found.max() == pytest.approx(0.99)


def test_a_square_orthogonal_layer_asked_backwards_returns_its_input() -> None:
    """Where Wᵀ is the inverse of W, asking backwards undoes the layer, but for the range that it is moved into."""
    W, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    net = deltaw.Network([4, 4], "sigmoid", bias=False)
    net.weights = [W]
    x = np.random.default_rng(1).uniform(0.01, 0.99, 4)
    x = 0.01 + 0.98 * (x - x.min()) / (x.max() - x.min())
    np.testing.assert_allclose(ask_backwards(net, net.forward(x))[0], x, rtol=1e-9)


def test_descent_goes_against_the_slope_of_the_image(small: deltaw.Network) -> None:
    x, t, h = np.full((1, 6), 0.5), np.array([[0.99, 0.01, 0.01]]), 1e-6

    def error(x: np.ndarray) -> float:
        return float(0.5 * np.sum((t - small.forward(x)) ** 2))

    moved = descend(small, x, t, steps=1, rate=0.1)
    for j in range(6):
        nudge = np.eye(6)[j : j + 1] * h
        slope = (error(x + nudge) - error(x - nudge)) / (2 * h)
        assert moved[0, j] == pytest.approx(0.5 - 0.1 * slope, rel=1e-7)
    far = descend(small, x, t)
    assert error(far) < error(x)
    assert far.min() >= 0.01
    assert far.max() <= 0.99


def test_descended_pictures_are_read_as_what_was_asked(lesson: Lesson) -> None:
    for name in ("from_grey", "from_mean"):
        o = lesson.data["outputs"][name]
        assert (o.argmax(axis=1) == np.arange(10)).all()
        assert np.diag(o).min() > 0.9


def test_alike_is_the_correlation() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(3, 20)), rng.normal(size=(3, 20))
    assert alike(one, other)[1, 2] == pytest.approx(np.corrcoef(one[1], other[2])[0, 1])
    assert alike(np.ones((2, 5)), one[:2, :5])[0, 0] == 0  # an even grey is like nothing


def test_one_run_says_so() -> None:
    text = " ".join(network(**QUICK).page.markdown().split())
    assert "This is one run" in text
    assert "not above 97%" in text
    assert "Over 1 runs" not in text


def test_the_digit_changes_the_table() -> None:
    assert "four pictures of 3" in network(**QUICK).page.markdown()
    assert "four pictures of 8" in network(digit="8", **QUICK).page.markdown()


def test_bad_data_get_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected grey images with a label each"):
        network(data="wine", **QUICK)
    unlabelled = tmp_path / "images.npz"
    np.savez(unlabelled, x_train=np.zeros((20, 8, 8), np.uint8))
    with pytest.raises(InputError, match="found images without labels"):
        network(data=str(unlabelled), **QUICK)


@pytest.mark.skipif(not MNIST.is_file(), reason="MNIST is not at ../shared/data/mnist.npz")
def test_mnist_by_path_keeps_its_own_test_images() -> None:
    images = digits(str(MNIST))
    assert (len(images.training), len(images.test)) == (60_000, 10_000)
    assert images.shape == (28, 28)
    assert images.span == (0, 255)
