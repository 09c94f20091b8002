"""The chain rule's factors multiply to ∂E/∂w, which a central difference confirms, for any activation and loss."""

from __future__ import annotations

import re

import numpy as np
import pytest
from examples import SLOPED, WITH_MINIMUM, network, target
from hypothesis import assume, given
from hypothesis import strategies as st

import deltaw
from deltaw.equations.backprop import RULES, Rule
from deltaw.exceptions import SettingError
from deltaw.explain import Step
from deltaw.numbers import number
from deltaw.pages import FORMATS


def step_of(names: list[str], loss: str, bias: bool, seed: int, rule: Rule = "gradient") -> Step:
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(2, 5, len(names) + 1)]
    net = network(sizes, names, bias, seed)
    return deltaw.explain.step(net, rng.uniform(0.1, 0.9, sizes[0]), target(loss, sizes[-1], rng), 0.1, loss, rule)


@given(
    st.lists(st.sampled_from(SLOPED), min_size=1, max_size=3), st.sampled_from(WITH_MINIMUM), st.booleans(),
    st.sampled_from(RULES), st.integers(0, 9999), st.data(),
)  # fmt: skip
def test_factors_are_the_gradient(
    names: list[str], loss: str, bias: bool, rule: Rule, seed: int, data: st.DataObject
) -> None:
    step = step_of(names, loss, bias, seed, rule)
    layer = data.draw(st.integers(1, len(names)))
    n_out, n_in = step.W[layer - 1].shape
    to = data.draw(st.integers(0, n_out - 1))
    of = data.draw(st.one_of(st.integers(0, n_in - 1), *([st.just("bias")] if bias else [])))
    link = step.link(layer, to, of)

    chain = deltaw.explain.step(step.network, step.x, step.t, 0.1, loss)  # by the chain rule, whatever the rule
    exact = chain.db[layer - 1][to] if of == "bias" else chain.dW[layer - 1][to, of]
    assert link.gradient == pytest.approx(exact, rel=1e-9, abs=1e-12)
    by_rule = step.db[layer - 1][to] if of == "bias" else step.dW[layer - 1][to, of]
    assert link.by_rule == by_rule
    for each in link.factors:
        if each.terms:
            assert sum(term.left * term.right for term in each.terms) == pytest.approx(each.value, rel=1e-12)

    # Where o leaves the domain of a logarithm, or a kink lies within h, E has no slope to be measured.
    assume(loss not in {"cross_entropy", "binary_cross_entropy", "poisson"} or step.o[-1].min() > 1e-3)
    assume(loss != "binary_cross_entropy" or step.o[-1].max() < 1 - 1e-3)
    assume(all(np.abs(z).min() > 1e-3 for z in step.z))
    assume(np.abs(step.e).min() > 1e-3 and np.abs(np.abs(step.e) - 1).min() > 1e-3)
    assume(loss != "hinge" or np.abs(1 - step.t * step.o[-1]).min() > 1e-3)
    assert link.numeric == pytest.approx(exact, rel=1e-5, abs=1e-7)
    assert link.agrees


@pytest.mark.parametrize("names", [["sigmoid"], ["tanh", "sigmoid"], ["relu", "softmax"], ["softmax", "identity"]])
@pytest.mark.parametrize("rule", RULES)
def test_pages_show_the_numbers(names: list[str], rule: Rule) -> None:
    step = step_of(names, "squared", True, 3, rule)
    for of in (0, "bias"):
        link = step.link(1, 1, of)
        for form in FORMATS:
            shown = link.page.render(form)
            value = repr(link.gradient) if form == "json" else number(link.gradient)
            assert value in shown
            for each in link.factors if form == "text" else ():
                assert number(each.value, 5) in shown
        assert link.page.json()["link"]["factors"][-1]["value"] == (1.0 if of == "bias" else step.x[0])


def test_an_output_link_by_the_notes_formula() -> None:
    step = step_of(["sigmoid", "sigmoid"], "squared", False, 7)
    link = step.link(2, 0, 1)
    t, o, before = step.t[0], step.o[1][0], step.o[0][1]
    assert link.gradient == pytest.approx(-(t - o) * o * (1 - o) * before, rel=1e-13)
    assert "=−(t₀−o⁽²⁾₀)·o⁽²⁾₀(1−o⁽²⁾₀)·o⁽¹⁾₁" in [re.sub(r"\s", "", line) for line in str(link).splitlines()]


def test_a_kink_is_said() -> None:
    net = deltaw.Network([1, 1, 1], ["relu", "identity"], bias=False)
    net.weights = [np.zeros((1, 1)), np.ones((1, 1))]
    link = deltaw.explain.step(net, [1.0], [1.0]).link(1, 0, 0)
    assert not link.agrees
    assert "kink" in str(link)


BAD = {
    (0, 0, 0): "link: expected a layer from 1 to 2, found 0",
    (3, 0, 0): "link: expected a layer from 1 to 2, found 3",
    (True, 0, 0): "link: expected a layer from 1 to 2, found True",
    (1, 9, 0): "link: expected a unit of layer 1 from 0 to ",
    (1, -1, 0): "link: expected a unit of layer 1 from 0 to ",
    (1, 0, 99): "link: expected the unit it comes from, 0 to ",
    (1, 0, 0.5): "link: expected the unit it comes from, 0 to ",
    (1, 0, "bais"): "link: expected the unit it comes from, 0 to ",
    (1, 0, "bias"): "link: expected a weight of layer 1, which has no bias",
}


@pytest.mark.parametrize("place", BAD)
def test_links_that_are_not_there(place: tuple[int, int, int]) -> None:
    with pytest.raises(SettingError) as caught:
        step_of(["tanh", "tanh"], "squared", False, 0).link(*place)
    assert BAD[place] in str(caught.value)
