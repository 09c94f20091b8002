"""Shares: exact for straight lines, whole for all others, and those that SciPy's quadrature finds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from examples import SLOPED, network
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import deltaw
from deltaw.exceptions import InputError, SettingError
from deltaw.explain import attributions
from deltaw.numbers import number
from deltaw.pages import FORMATS


@given(st.integers(0, 99), st.integers(0, 2), st.sampled_from(["z", "o"]), st.booleans())
def test_linear_networks_are_exact(seed: int, hidden: int, of: str, bias: bool) -> None:
    rng = np.random.default_rng(seed)
    net = network([4, *[3] * hidden, 2], ["identity"] * (hidden + 1), bias, seed)
    x, baseline = rng.normal(size=4), rng.normal(size=4)
    found = attributions(net, x, 1, of, baseline)
    whole = np.linalg.multi_dot([*net.weights[::-1], np.eye(4)])[1]
    np.testing.assert_allclose(found.shares, whole * (x - baseline), rtol=1e-10, atol=1e-12)
    assert found.method == "exact"
    assert abs(found.gap) < 1e-12


def test_the_z_of_a_classifier_without_hidden_layers_is_exact() -> None:
    net = network([4, 3], ["softmax"], True, 1)
    x = np.array([1.0, -2.0, 0.5, 3.0])
    found = attributions(net, x)
    k = int(np.argmax(net.weights[0] @ x + net.biases[0]))
    assert found.output == k
    np.testing.assert_allclose(found.shares, net.weights[0][k] * x, rtol=1e-14)
    assert found.method == "exact"
    assert attributions(net, x, of="o").method == "integrated gradients"


@given(
    st.lists(st.sampled_from([name for name in SLOPED if name != "exponential"]), min_size=1, max_size=3),
    st.sampled_from(["z", "o"]), st.integers(0, 999),
)  # fmt: skip
def test_shares_sum_to_the_difference(names: list[str], of: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = network([5, *[8] * (len(names) - 1), 3], names, True, seed)
    x, baseline = rng.normal(0, 3, 5), rng.normal(0, 3, 5)
    found = attributions(net, x, 2, of, baseline)
    ends = [net.signals(each) for each in (x, baseline)]
    at = [(s.z if of == "z" else s.o)[-1][0, 2] for s in ends]
    assert (found.value, found.value_at_baseline) == pytest.approx(tuple(at), rel=1e-12)
    assert found.shares.sum() == pytest.approx(at[0] - at[1], abs=1e-3)
    assert found.gap == pytest.approx(found.shares.sum() - (at[0] - at[1]), abs=1e-12)


@pytest.mark.parametrize("names", [["tanh", "softmax"], ["relu", "identity"]])
def test_shares_are_the_integrals(names: list[str]) -> None:
    """Each share by SciPy's own quadrature, with the gradient by central differences."""
    rng = np.random.default_rng(3)
    net = network([3, 6, 2], names, True, 3)
    x, baseline = rng.normal(0, 2, 3), rng.normal(0, 2, 3)
    found = attributions(net, x, 0, "o", baseline, tolerance=1e-8)

    def slope(s: float, i: int) -> float:
        h = np.eye(3)[i] * 1e-6
        at = baseline + s * (x - baseline)
        return float((net.forward(at + h)[0, 0] - net.forward(at - h)[0, 0]) / 2e-6)

    for i in range(3):
        integral, _ = quad(slope, 0, 1, args=(i,), limit=200, points=np.linspace(0.05, 0.95, 19))
        assert found.shares[i] == pytest.approx(integral * (x[i] - baseline[i]), abs=2e-5)


def test_kinks_get_more_points() -> None:
    net = network([5, 40, 1], ["relu", "identity"], True, 2)
    x = np.random.default_rng(2).normal(0, 3, 5)
    rough, fine = (attributions(net, x, baseline=-x, tolerance=tolerance) for tolerance in (1.0, 1e-6))
    assert fine.points > rough.points
    assert abs(fine.gap) <= 1e-6


def test_groups() -> None:
    net = network([4, 2], ["identity"], False, 0)
    found = attributions(net, [1, 2, 3, 4])
    grouped = found.grouped(("a", "b", "b", "a"))
    assert grouped == pytest.approx({"a": found.shares[[0, 3]].sum(), "b": found.shares[[1, 2]].sum()})
    with pytest.raises(SettingError, match="groups: expected 4 names"):
        found.grouped(("a",))


@pytest.mark.parametrize("n", [4, 40])
def test_pages_show_the_numbers(n: int) -> None:
    net = network([n, 3], ["softmax"], True, 0)
    found = attributions(net, np.linspace(-1, 1, n), inputs=[f"in{i}" for i in range(n)], outputs=("<a>", "b", "c"))
    largest = int(np.argmax(np.abs(found.shares)))
    for form in FORMATS:
        shown = found.page.render(form)
        if form == "json":
            np.testing.assert_array_equal(json.loads(shown)["shares"], found.shares)
        else:
            assert number(float(found.shares[largest])) in shown
            assert f"in{largest}" in shown
            assert ("more inputs" in shown) == (n == 40)
    assert "<a>" not in found.page.html()


NET = deltaw.Network([2, 3, 2], ["tanh", "softmax"])
BAD = {
    "row": (lambda: attributions(NET, [1.0]), "X: expected 2 columns"),
    "NaN": (lambda: attributions(NET, [1.0, np.nan]), "X: expected finite"),
    "baseline": (lambda: attributions(NET, [1, 2], baseline=[1]), "baseline X: expected 2 columns"),
    "output": (lambda: attributions(NET, [1, 2], 2), "output: expected one from 0 to 1, found 2"),
    "of": (lambda: attributions(NET, [1, 2], of="y"), "of: expected z or o, found 'y'"),
    "tolerance": (lambda: attributions(NET, [1, 2], tolerance=0), "tolerance: expected a number, more than 0"),
    "step": (lambda: attributions(deltaw.Network([2, 3, 1], ["step", "identity"]), [1, 2]), "activations with a slope"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_get_one_line(name: str) -> None:
    call, message = BAD[name]
    with pytest.raises((InputError, SettingError)) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
