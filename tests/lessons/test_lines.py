"""Lesson 2 against logic and the equations: which answers lines can make, and what the trained networks answer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from deltaw import lessons
from deltaw.equations.activations import activation
from deltaw.lessons.lines import CORNERS, GATES, answer, separable_answers


def a_line_exists(answers: tuple[int, ...]) -> bool:
    """Whether some w, b have w·x + b ≥ 1 at every yes and ≤ −1 at every no: a linear programme."""
    sign = np.where(np.array(answers) == 1, -1.0, 1.0)
    A = sign[:, None] * np.column_stack([CORNERS, np.ones(4)])
    return linprog(np.zeros(3), A_ub=A, b_ub=-np.ones(4), bounds=[(None, None)] * 3).status == 0


def test_lines_make_fourteen_of_sixteen_answers() -> None:
    found = separable_answers()
    assert set(found) == {ways for ways in product((0, 1), repeat=4) if a_line_exists(ways)}
    assert set(product((0, 1), repeat=4)) - set(found) == {GATES["xor"], GATES["xnor"]}
    for ways, (w1, w2, b) in found.items():
        assert tuple((CORNERS @ (w1, w2) + b > 0).astype(int)) == ways


@pytest.mark.parametrize(("gate", "best"), [("xor", 3), ("xnor", 3), ("and", 4), ("nand", 4), ("or", 4), ("nor", 4)])
def test_the_best_line(gate: str, best: int) -> None:
    data = lessons.lines(gate=gate, runs=1, epochs=1).data
    assert data["best_by_a_line"] == best
    *w, b = data["best_line"]
    assert np.count_nonzero((CORNERS @ w + b > 0) == data["target"]) == best


def test_one_unit_never_answers_xor() -> None:
    assert lessons.lines(runs=20).data["one_unit"]["right"].max() <= 3


@pytest.mark.parametrize("hidden", [2, 3])
def test_the_drawn_network_by_the_equations(hidden: int) -> None:
    data = lessons.lines(hidden=hidden, runs=8).data
    network = data["network"]
    f = activation("sigmoid").f
    h = f(CORNERS @ network["hidden_weights"].T + network["hidden_biases"])
    o = f(h @ network["output_weights"] + network["output_bias"])
    np.testing.assert_allclose(network["hidden_outputs"], h)
    np.testing.assert_allclose(network["outputs"], o)
    assert network["right"].max() == np.count_nonzero((o > 0.5) == data["target"]) == 4
    first = int(np.argmax(network["right"]))
    assert network["shown_seed"] == network["seeds"][first]


def test_one_hidden_unit_is_one_line_still() -> None:
    lesson = lessons.lines(hidden=1, runs=5)
    assert lesson.data["network"]["right"].max() <= 3
    assert "0 of 5 seeds" in str(lesson)


def test_what_counts_as_an_answer() -> None:
    assert [answer(o) for o in (0.0, 0.4, 0.495, 0.5, 0.505, 0.6, 1.0)] == [0, 0, None, None, None, 1, 1]


def test_sentences_follow_the_numbers() -> None:
    assert "needs no second line" in str(lessons.lines(gate="or", runs=2)).replace("\n", " ")
    # After one step nothing has settled: no word of an error that cannot fall.
    assert "decides nothing" not in str(lessons.lines(gate="or", runs=2, epochs=1, learning_rate=1e-6))
