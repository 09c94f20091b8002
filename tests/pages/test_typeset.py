"""Formulas in Unicode: what our pages write, and that nothing makes it fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.pages import typeset

LINES = {
    r"\frac{\partial E}{\partial w^{(2)}_{0,1}} = \delta_0 a_1": "∂E/∂w⁽²⁾₀,₁ = δ₀ a₁",
    r"z = W a + b, \quad o = f(z)": "z = W a + b,   o = f(z)",
    r"\Delta W = -\alpha \, \delta \, a^\top": "ΔW = −α δ aᵀ",
    r"-(t_0 - o_0) \cdot (-0.5)": "−(t₀ − o₀)·(−0.5)",
    r"\frac{\partial E}{\partial o} \cdot \frac{\partial o}{\partial z}": "∂E/∂o · ∂o/∂z",
    r"1.2 \times 10^{-7}": "1.2 × 10⁻⁷",
    r"\frac{a + b}{c}": "(a + b)/c",
    r"E = \tfrac{1}{2} \sum_k (t_k - o_k)^2": "E = ½Σₖ (tₖ − oₖ)²",
    r"\text{sigmoid}(1.16)": "sigmoid(1.16)",
    r"\left(x\right)": "(x)",
    r"e^{-z}": "e^(−z)",
    r"W^\top e": "Wᵀe",
    r"-\sum_k t_k \log o_k": "−Σₖ tₖ log oₖ",
    r"": "",
}


@pytest.mark.parametrize("latex", LINES)
def test_lines(latex: str) -> None:
    assert typeset(latex) == LINES[latex]


def test_equations_stand_under_each_other() -> None:
    text = typeset(r"\begin{aligned} z_0 &= 0.9 \cdot 0.3 \\ &= 0.27 \\ o_{10} &= 1 \end{aligned}")
    assert text.splitlines() == [" z₀ = 0.9·0.3", "    = 0.27", "o₁₀ = 1"]


def test_a_sign_that_goes_on_from_the_line_before_stands_apart() -> None:
    text = typeset(r"\begin{aligned} z &= -0.9 \\ &\quad - 0.3 \cdot 2 + b \end{aligned}")
    assert text.splitlines() == ["z = −0.9", "    − 0.3·2 + b"]


def test_matrices() -> None:
    text = typeset(r"z = \begin{pmatrix} 1 & -2.5 \\ 3 & 4 \\ 5 & 6 \end{pmatrix} \begin{bmatrix} 7 \\ 8 \end{bmatrix}")
    assert text.splitlines() == ["    ⎛1  −2.5⎞", "z = ⎜3     4⎟⎡7⎤", "    ⎝5     6⎠⎣8⎦"]


def test_cases() -> None:
    text = typeset(r"f = \begin{cases} z & z > 0 \\ 0 & \text{else} \end{cases}")
    assert text.splitlines() == ["f = ⎧z  z > 0", "    ⎩0  else"]


@given(st.text(alphabet=r"\{}_^&ab1+- frcbeginmatrx", max_size=40))
def test_nothing_makes_it_fail(latex: str) -> None:
    assert isinstance(typeset(latex), str)
