"""A step's numbers are those of the equations, its pages show them, and wrong arguments get one line."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from examples import SLOPED, WITH_MINIMUM, network, target
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw.equations import backprop, losses
from deltaw.equations.optimizers import SGD
from deltaw.exceptions import DeltaWError, InputError, SettingError
from deltaw.numbers import number
from deltaw.pages import FORMATS


@np.errstate(over="ignore", invalid="ignore")  # exponentials of exponentials
def equations_step(
    net: deltaw.Network, x: np.ndarray, t: np.ndarray, alpha: float, loss: losses.Loss, rule: backprop.Rule
) -> tuple[backprop.Signals, backprop.Gradients, backprop.Parameters, list[float]]:
    """The same step by the equations: signals, gradients, parameters after, E before and after."""
    s = net.signals(x)
    g = backprop.backward(s, t[None], net.weights, net.rows, loss, rule)
    p = backprop.Parameters.begin(list(net.weights), list(net.biases), net.bias, SGD())
    backprop.update(p, g, SGD(), alpha, 1)
    after = backprop.forward(x[None], p.W, p.b, net.rows)
    E = [losses.row_errors(each.z[-1], each.o[-1], t[None], net.activations[-1], loss)[0] for each in (s, after)]
    return s, g, p, E


@given(
    st.lists(st.sampled_from(SLOPED), min_size=1, max_size=3), st.sampled_from(WITH_MINIMUM), st.booleans(),
    st.sampled_from(backprop.RULES), st.integers(0, 99),
)  # fmt: skip
def test_numbers_are_those_of_the_equations(
    names: list[str], loss: str, bias: bool, rule: backprop.Rule, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(1, 5, len(names) + 1)]
    net = network(sizes, names, bias, seed)
    x, t = rng.uniform(0.1, 0.9, sizes[0]), target(loss, sizes[-1], rng)
    before = [w.copy() for w in net.weights]
    step = deltaw.explain.step(net, x, t, 0.3, loss, rule)

    row = losses.loss(loss)
    s, g, p, E = equations_step(net, x, t, 0.3, row, rule)
    for l in range(len(names)):
        for ours, theirs in (
            (step.z[l], s.z[l][0]), (step.o[l], s.o[l][0]), (step.a[l], s.a[l][0]), (step.delta[l], g.delta[l][0]),
            (step.dW[l], g.dW[l]), (step.db[l], g.db[l]), (step.after.W[l], p.W[l]), (step.after.b[l], p.b[l]),
            (step.change_W[l], -0.3 * g.dW[l]), (net.weights[l], before[l]),
        ):  # fmt: skip
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_allclose(step.b[l] + step.change_b[l], p.b[l], rtol=1e-15)
    np.testing.assert_array_equal(step.e, t - s.o[-1][0])
    for l in range(len(names) - 1):
        np.testing.assert_allclose(step.split[l], net.weights[l + 1].T @ step.split[l + 1], rtol=1e-12, atol=1e-14)
        true = backprop.backward(s, t[None], net.weights, net.rows, row, "gradient")
        np.testing.assert_allclose(step.sent[l], net.weights[l + 1].T @ true.delta[l + 1][0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose([step.E, step.E_after], E, rtol=1e-13)


def test_the_split_error_of_the_squared_error_is_the_notes_own() -> None:
    net = network([3, 4, 2], ["sigmoid", "sigmoid"], False, 1)
    step = deltaw.explain.step(net, [0.1, 0.5, 0.9], [0.2, 0.8])
    np.testing.assert_allclose(step.split[0], net.weights[1].T @ step.e, rtol=1e-13)


def test_the_worked_update() -> None:
    # o_j = (0.4, 0.5), w = (2, 3), e = 0.8, α = 0.1, sigmoid output.
    net = deltaw.Network([2, 1], "sigmoid", bias=False)
    net.weights = [np.array([[2.0, 3.0]])]
    step = deltaw.explain.step(net, [0.4, 0.5], [1 / (1 + math.exp(-2.3)) + 0.8], 0.1)
    assert step.change_W[0][0, 0] == pytest.approx(0.00265, abs=5e-6)
    assert step.after.W[0][0, 0] == pytest.approx(2.00265, abs=5e-6)
    for form in ("text", "markdown", "html"):
        assert number(float(step.after.W[0][0, 0])) in step.page.render(form)


def test_the_worked_signals() -> None:
    net = deltaw.Network([3, 3, 3], "sigmoid", bias=False)
    net.weights = [
        np.array([[0.9, 0.3, 0.4], [0.2, 0.8, 0.2], [0.1, 0.5, 0.6]]),
        np.array([[0.3, 0.7, 0.5], [0.6, 0.5, 0.2], [0.8, 0.1, 0.9]]),
    ]
    seen = deltaw.explain.signals(net, [0.9, 0.1, 0.8])
    np.testing.assert_allclose(seen.o[0], [0.761, 0.603, 0.650], atol=1e-3)
    np.testing.assert_allclose(seen.o[1], [0.726, 0.708, 0.778], atol=1e-3)
    text = str(deltaw.explain.step(net, [0.9, 0.1, 0.8], [0.5, 0.5, 0.5]))
    for shown in ("0.9·0.9 + 0.3·0.1 + 0.4·0.8 = 1.16", "0.76133", "0.60348", "0.65022", "0.7263"):
        assert shown in text


def test_the_changed_network_is_a_copy() -> None:
    net = network([2, 2, 1], ["tanh", "identity"], True, 0)
    step = deltaw.explain.step(net, [0.1, 0.2], [1.0])
    step.after.network.weights[0][:] = 7.0
    step.network.weights[0][:] = 8.0
    assert net.weights[0].max() < 5


def test_what_a_native_training_step_does() -> None:
    rng = np.random.default_rng(3)
    net = network([3, 4, 3], ["relu", "softmax"], True, 3)
    x = rng.random(3)
    step = deltaw.explain.step(net, x, 1, 0.2, "cross_entropy")
    deltaw.train(net, x[None], np.array([1]), loss="cross_entropy", learning_rate=0.2, epochs=1, engine="reference")
    for ours, theirs in zip(step.after.W, net.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize(("name", "loss"), [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")])
@pytest.mark.parametrize("last", [0.5, 0.1])
def test_what_delta_is_where_slopes_cancel(name: str, loss: str, last: float) -> None:
    t = np.array([0.2, 0.3, last])
    step = deltaw.explain.step(network([2, 3], [name], True, 4), [0.1, 0.5], t, 0.1, loss)
    whole = name == "sigmoid" or t.sum() == 1
    np.testing.assert_allclose(step.delta[-1], step.o[-1] * (1 if whole else t.sum()) - t, rtol=1e-13)
    assert f"δ = {'o − t' if whole else 'o Σt − t'}" in str(step)


CASES = {
    "small": (["sigmoid", "sigmoid"], [2, 2, 1], "squared", True),
    "no bias": (["tanh"], [3, 2], "absolute", False),
    "softmax within": (["softmax", "identity"], [3, 4, 2], "huber(0.5)", True),
    "softmax": (["gelu", "softmax"], [3, 5, 3], "cross_entropy", True),
    "softmax, squared": (["softmax"], [3, 3], "squared", True),
    "wide": (["relu", "softmax"], [200, 60, 40], "cross_entropy", True),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rule", backprop.RULES)
def test_every_form_carries_the_same_numbers(name: str, rule: backprop.Rule) -> None:
    names, sizes, loss, bias = CASES[name]
    rng = np.random.default_rng(4)
    net = network(sizes, names, bias, 4)
    step = deltaw.explain.step(net, rng.random(sizes[0]), target(loss, sizes[-1], rng), 0.1, loss, rule)
    shown = {form: step.page.render(form) for form in FORMATS}
    data = json.loads(shown["json"])
    np.testing.assert_array_equal(data["layers"][-1]["z"], step.z[-1])
    np.testing.assert_array_equal(data["layers"][0]["delta"], step.delta[0])
    assert data["E_after"] == step.E_after
    l, (k, j) = -1, np.unravel_index(np.abs(step.change_W[-1]).argmax(), step.change_W[-1].shape)
    values = [
        step.E, step.E_after, np.abs(step.o[0]).max(), np.abs(step.e).max(), np.abs(step.delta[0]).max(),
        abs(step.after.W[l][k, j]), abs(step.change_W[l][k, j]), abs(step.dW[l][k, j]),
    ]  # fmt: skip
    for form in ("text", "markdown", "html"):
        for value in values:
            assert number(float(value)) in shown[form], (form, value)
        assert len(shown[form]) < 100_000


def test_wide_layers_are_summarised() -> None:
    rng = np.random.default_rng(5)
    net = network([784, 200, 10], ["relu", "softmax"], True, 5)
    step = deltaw.explain.step(net, rng.random(784), 3, 0.1, "cross_entropy")
    text = step.page.text(100)
    assert len(text.splitlines()) < 200
    o = step.o[0]
    largest = np.argsort(-np.abs(o))
    for value in o[largest[:8]]:
        assert number(float(value)) in text
    rest = o[largest[8:]].sum()
    assert (
        f"… and 192 more units; their o sum to {number(float(rest))}, all together to {number(float(o.sum()))}" in text
    )
    data = step.page.json()
    assert "W" not in data["layers"][0]
    first = data["layers"][0]["largest_links"][0]
    assert abs(first["change_W"]) == np.abs(step.change_W[0]).max()
    assert len(step.page.render("json")) < 200_000


def test_the_unit_that_is_called_the_largest_is() -> None:
    """Its z, or o, may be far below 0, where another's is further from 0."""
    net = deltaw.Network([20, 14, 2], ["tanh", "softmax"], seed=1)
    net.weights[1] = np.array([0.1, -1.0])[:, None] * np.sign(net.signals(np.full(20, 0.5)).o[0])
    seen = deltaw.explain.signals(net, np.full(20, 0.5), outputs=("yes", "no"))
    assert abs(seen.z[1]).argmax() != seen.o[1].argmax()
    largest, inner = ("yes", "no")[int(seen.o[1].argmax())], int(abs(seen.o[0]).argmax())
    assert f"The largest output, {largest}, as a sum:" in str(seen)
    assert f"The unit whose o is furthest from 0, {inner}, as a sum:" in str(seen)


def test_names_of_inputs_and_outputs() -> None:
    net = network([2, 3, 2], ["tanh", "softmax"], True, 0)
    step = deltaw.explain.step(net, [1, 2], 1, 0.1, "cross_entropy", inputs=("<w>", "h"), outputs=("cat", "dog"))
    for form in FORMATS:
        shown = step.page.render(form)
        assert "dog" in shown
        assert "<w>" in shown or "&lt;w&gt;" in shown or r"\<w\>" in shown
    assert "<w>" not in step.page.html()


def test_html_loads_nothing() -> None:
    net = network([2, 2, 1], ["sigmoid", "sigmoid"], True, 0)
    page = deltaw.explain.step(net, [1, 2], [0.3]).page.html()
    assert set(re.findall(r"https?://[^\"\s<)]*", page)) == {"http://www.w3.org/1998/Math/MathML"}
    assert "src=" not in page
    assert "<script" not in page


NET = deltaw.Network([2, 3, 2], ["tanh", "softmax"])
BAD = {
    "two columns": (lambda: deltaw.explain.step(NET, [1.0], 1, loss="cross_entropy"), "X: expected 2 columns"),
    "NaN": (lambda: deltaw.explain.step(NET, [1.0, math.nan], [0, 1]), "X: expected finite numbers, found nan"),
    "words": (lambda: deltaw.explain.step(NET, ["a", "b"], [0, 1]), "X: expected numbers"),
    "ragged": (lambda: deltaw.explain.step(NET, [[1], [1, 2]], [0, 1]), "X: expected"),
    "two rows": (lambda: deltaw.explain.step(NET, np.ones((2, 2)), [0, 1]), "x: expected one example, found 2 rows"),
    "no minimum": (lambda: deltaw.explain.step(NET, [1, 2], [0, 1], loss="difference"), "has a minimum"),
    "loss": (lambda: deltaw.explain.step(NET, [1, 2], [0, 1], loss="squred"), "did you mean 'squared'"),
    "label": (lambda: deltaw.explain.step(NET, [1, 2], 5, loss="cross_entropy"), "labels from 0 to 1"),
    "label for squared": (lambda: deltaw.explain.step(NET, [1, 2], 1), "T: expected shape (1, 2)"),
    "target": (lambda: deltaw.explain.step(NET, [1, 2], [math.inf, 0]), "T: expected finite"),
    "three targets": (lambda: deltaw.explain.step(NET, [1, 2], [1, 2, 3]), "T: expected shape (1, 2)"),
    "rate": (lambda: deltaw.explain.step(NET, [1, 2], [0, 1], learning_rate=-1), "learning_rate: expected"),
    "rule": (lambda: deltaw.explain.step(NET, [1, 2], [0, 1], backward="up"), "backward: expected one of gradient"),
    "network": (lambda: deltaw.explain.step([2, 3], [1, 2], [0, 1]), "net: expected a deltaw.Network"),
    "names": (lambda: deltaw.explain.step(NET, [1, 2], [0, 1], inputs=("a",)), "inputs: expected 2 names, one for"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_get_one_line(name: str) -> None:
    call, message = BAD[name]
    with pytest.raises((InputError, SettingError)) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, DeltaWError)


def test_signals_alone_have_a_page_too() -> None:
    net = network([3, 9, 2], ["elu", "softmax"], True, 1)
    seen = deltaw.explain.signals(net, [1, 2, 3], outputs=("no", "yes"))
    for form in FORMATS:
        shown = seen.page.render(form)
        value = repr(float(seen.z[-1][1])) if form == "json" else number(float(seen.z[-1][1]))
        assert value in shown
        assert "yes" in shown
    assert "<table>" in seen._repr_html_()
    assert "leaky relu" in str(deltaw.explain.signals(deltaw.Network([2, 1], "leaky_relu"), [1, 2]))
