"""Derivations: what they end in against float64 equations and differences, and the checks that hold their lines."""

from __future__ import annotations

import itertools
import json
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy as sp
from scipy.special import erf

from deltaw import explain
from deltaw.derive import formulas as formulas
from deltaw.derive import lines as lines
from deltaw.derive.formulas import Chain, Partial, Total, evaluated, k
from deltaw.derive.notation import plain
from deltaw.derive.verification import Check, World
from deltaw.equations import backprop
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import FUSED, LOSSES, loss
from deltaw.exceptions import SettingError
from deltaw.pages import Formula
from starts import smooth_start

PAIRS = list(itertools.product(ACTIVATIONS, LOSSES))
# Every activation and every error at least once. Lines are checked of every error; the rest with `-m slow`.
SOME = [(name, list(LOSSES)[i % len(LOSSES)]) for i, name in enumerate(ACTIVATIONS)]
FUNCTIONS = {"exp": np.exp, "tanh": np.tanh, "log": np.log, "erf": erf, "Abs": np.abs, "sign": np.sign}
FUNCTIONS |= {name: row.f for name, row in ACTIVATIONS.items()} | {"σ": ACTIVATIONS["sigmoid"].f}


def value(e: Any, known: dict[str, Any], at: dict[str, int]) -> float:
    """A printed formula in numbers: `known` holds an array for each quantity, `at` the unit of each index.

    Written anew for the tests, without SymPy's algebra: what it evaluates is the tree that is printed.
    """

    def parts() -> list[float]:
        return [value(part, known, at) for part in e.args]

    match e:
        case Total():
            body, index = e.args
            size = len(known["δ@k"] if str(index) == "k" else known["o@k"])
            return sum(value(body, known, {**at, str(index): unit}) for unit in range(size))
        case sp.Piecewise():
            return next(value(v, known, at) for v, when in e.args if when == sp.true or holds(when, known, at))
        case sp.Indexed():
            return float(np.asarray(known[str(e.base)])[tuple(at[str(index)] for index in e.indices)])
        case sp.Symbol():
            return float(next(number for number, letter in formulas.CONSTANTS.items() if letter == e))
        case sp.Add():
            return sum(parts())
        case sp.Mul() | Chain():
            return float(np.prod(parts()))
        case sp.Pow():
            return float(np.power(*parts()))
        case sp.Function():
            return float(FUNCTIONS[type(e).__name__](np.array(*parts())))
    return float(e)


def holds(when: Any, known: dict[str, Any], at: dict[str, int]) -> bool:
    """A condition of a formula in numbers."""
    left, right = value(when.lhs, known, at), value(when.rhs, known, at)
    return {">": left > right, "<": left < right, "<=": left <= right}[when.rel_op]


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without their checks, for tests of what they end in."""
    monkeypatch.setattr(World, "check", lambda *_: Check("definition"))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("activation", "error"), PAIRS)
def test_the_last_formulas_are_the_gradient(activation: str, error: str) -> None:
    """δ of the output and of a hidden layer as printed, in numbers, against `backward`, for each activation as both."""
    row, f = loss(error), ACTIVATIONS[activation]
    start = smooth_start([2, 3, 4], activation, row, True, 2, 1, 0.01)
    network = start.network
    signals = network.signals(start.X)
    got = backprop.backward(signals, start.T, network.weights, network.rows, row, row_weight=np.ones(2))
    (_, out), (_, hidden) = lines.output_lines(f, row), lines.hidden_lines(f)
    for r in range(2):
        known = {"o@k": signals.o[1][r], "z@k": signals.z[1][r], "t": start.T[r]}
        delta = [value(out, known, {"k": unit}) for unit in range(4)]
        np.testing.assert_allclose(delta, got.delta[1][r], rtol=1e-9, atol=1e-12)
        behind = {"o@j": signals.o[0][r], "z@j": signals.z[0][r], "w@k": network.weights[1].T, "δ@k": delta}
        behind["o@k"] = signals.o[0][r]  # m runs over the hidden units
        behind["s@j"] = network.weights[1].T @ delta
        found = [value(hidden, behind, {"j": unit}) for unit in range(3)]
        np.testing.assert_allclose(found, got.delta[0][r], rtol=1e-9, atol=1e-12)


def confirm(d: explain.Derivation) -> None:
    """Every line was checked, and the numbers agree: differences to 1e-7 (their own error), equations, engine."""
    defined = [line for line in d.lines if line.checked == "definition"]
    assert all(line.number == 1 or line.left in (formulas.E,) or line.why == lines.TABLE for line in defined)
    assert all(line.difference < 1e-40 for line in d.lines)
    limits = {"central differences of E": 1e-7, "equations.backprop.backward": 1e-14}
    for one in d.evidence:
        if one.difference is not None:
            assert one.difference < limits.get(one.against, 1e-5), one


@pytest.mark.parametrize(("activation", "error"), [*SOME[::2], ("identity", "hinge")])
def test_every_line_is_checked(activation: str, error: str) -> None:
    d = explain.derivation(activation, error)
    confirm(d)
    if (activation, error) != ("step", "binary_cross_entropy"):
        assert len(d.evidence) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "error"), PAIRS)
def test_every_line_of_every_pair_is_checked(activation: str, error: str) -> None:
    confirm(explain.derivation(activation, error, layers=3))


@pytest.mark.parametrize(("layers", "hidden"), [(1, None), (2, "softmax"), (4, "gelu")])
def test_depths(layers: int, hidden: str | None) -> None:
    d = explain.derivation("sigmoid", "squared", layers, hidden)
    confirm(d)
    assert (d.hidden is None) == (layers == 1) == (d.hidden_delta is None)
    titles = [section.title for section in d.page.sections]
    assert ("All earlier layers" in titles) == (layers > 2)
    assert ("The weights into a hidden layer" in titles) == (layers > 1)


# What is known from the notes and from the literature.


def test_the_notes_final_formula() -> None:
    d = explain.derivation("sigmoid", "squared", 1)
    texts = [line.text for line in d.lines]
    long = "∂E/∂w_jk = −(t_k − o_k) · σ(Σ_m w_mk o_m + b_k) (1 − σ(Σ_m w_mk o_m + b_k)) · o_j"
    assert long in texts
    assert texts[texts.index(long) + 1] == "∂E/∂w_jk = −(t_k − o_k) · o_k (1 − o_k) · o_j"
    assert "ΔW = α · (T_k − O_k) ⊙ O_k ⊙ (1 − O_k) · O_jᵀ" in str(d)
    o, t = sp.symbols("o t")
    found = evaluated(d.delta).replace(Chain, sp.Mul).xreplace({lines.o("k", k): o, lines.t(k): t})
    assert sp.expand(found + (t - o) * o * (1 - o)) == 0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("activation", "error"), FUSED)
def test_fused_pairs_come_to_o_minus_t(activation: str, error: str) -> None:
    assert plain(lines.output_lines(ACTIVATIONS[activation], loss(error))[1]) == "o_k − t_k"


@pytest.mark.usefixtures("unchecked")
def test_softmax_needs_targets_that_sum_to_1_for_o_minus_t() -> None:
    texts = [plain(step.right) for step in lines.output_lines(ACTIVATIONS["softmax"], loss("cross_entropy"))[0]]
    assert texts[-2:] == ["(o_k Σ_n t_n − t_k) · o_j", "(o_k − t_k) · o_j"]


@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if not row.coupled])
def test_slopes_are_those_of_the_tables(name: str) -> None:
    """The textbook's form, in numbers, against the derivative that the equations use."""
    row, z = ACTIVATIONS[name], np.array([-2.3, -0.4, 0.7, 3.1])
    o = row.f(z)
    form = formulas.slope(row, lines.z("k", k), lines.o("k", k))
    found = [value(form, {"z@k": z, "o@k": o}, {"k": unit}) for unit in range(4)]
    np.testing.assert_allclose(found, row.df(z, o), rtol=1e-12)


@pytest.mark.parametrize("spec", [*LOSSES, "huber(0.5)", "pinball(0.9)"])
def test_formulas_are_read_as_sympy_reads_them(spec: str) -> None:
    o, t = sp.symbols("o t", real=True)
    ours = evaluated(formulas.loss_formula(loss(spec), o, t))
    theirs = sp.nsimplify(sp.sympify(loss(spec).formula, {"o": o, "t": t}), rational=True)
    for point in ({o: 0.3, t: 0.9}, {o: 0.8, t: 0.1}, {o: 0.2, t: 0.7}):
        assert float(ours.subs(point)) == pytest.approx(float(theirs.subs(point)), rel=1e-12)


def test_an_activation_without_a_textbook_form_gets_sympys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(formulas.SLOPES, "sigmoid")
    monkeypatch.delitem(formulas.LOSS_SLOPES, "poisson")
    d = explain.derivation("sigmoid", "poisson", 1)
    confirm(d)
    assert plain(d.delta) == "(1 − t_k/o_k) · exp(−z_k)/(1 + exp(−z_k))²"


# The checks can fail.


@pytest.mark.parametrize(("table", "name", "wrong"), [
    (formulas.SLOPES, "tanh", "1 - o"),
    (formulas.SLOPES, "relu", "Piecewise((1, z > 0), (0.01, True))"),
    (formulas.LOSS_SLOPES, "squared", "t - o"),
    (formulas.LOSS_SLOPES, "pinball", "Piecewise((-p, o < t), (p, True))"),
])  # fmt: skip
def test_a_wrong_formula_is_found(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, str], name: str, wrong: str
) -> None:
    monkeypatch.setitem(table, name, wrong)
    pair = (name, "squared") if table is formulas.SLOPES else ("sigmoid", "pinball(0.9)" if name == "pinball" else name)
    with pytest.raises(ArithmeticError, match="not equal to the one before"):
        explain.derivation(*pair, layers=1)


def test_a_forgotten_sum_is_found() -> None:
    """Softmax without the other outputs: what the notes' step would say."""
    world = lines.output_world(ACTIVATIONS["softmax"], loss("squared"))
    weight, z, o = lines.w("k", formulas.j, k), lines.z("k", k), lines.o("k", k)
    alone = Chain(Partial(formulas.E, o), Partial(o, z), Partial(z, weight))
    with pytest.raises(ArithmeticError):
        world.check(Partial(formulas.E, weight), alone)
    assert lines.output_world(ACTIVATIONS["tanh"], loss("squared")).check(Partial(formulas.E, weight), alone)


def test_the_split_error_is_not_the_gradient() -> None:
    """e_j = Σ w_jk e_k in place of −Σ w_jk δ_k."""
    f = ACTIVATIONS["sigmoid"]
    world = lines.whole_world(f, loss("squared"), f)
    e = formulas.add(lines.o("k", k), formulas.negative(lines.t(k)))
    slope = formulas.slope(f, lines.z("j", formulas.j), lines.o("j", formulas.j))
    notes = Chain(Total(formulas.mul(lines.w("k", formulas.j, k), e), k), slope, lines.o("i", formulas.i))
    with pytest.raises(ArithmeticError):
        world.check(Partial(formulas.E, lines.w("j", formulas.i, formulas.j)), notes)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("activation", "error"), [
    ("sigmoid", "squared"), ("identity", "squared"), ("sigmoid", "binary_cross_entropy"), ("identity", "absolute"),
    ("tanh", "absolute"), ("softmax", "cross_entropy"), ("softmax", "squared"), ("exponential", "poisson"),
])  # fmt: skip
def test_where_the_notes_agree_with_the_gradient(activation: str, error: str) -> None:
    row = loss(error)
    start = smooth_start([2, 3, 3], activation, row, True, 1, 0, 0.01)
    W, rows, signals = start.network.weights, start.network.rows, start.network.signals(start.X)
    ours, notes = (backprop.backward(signals, start.T, W, rows, row, rule=rule) for rule in ("gradient", "notes"))
    page = explain.derivation(activation, error, 2).page.text(1000)
    assert ("Here δ_k = −e_k" in page) == np.allclose(ours.dW[0], notes.dW[0], rtol=1e-9)


# What cannot be minimised, and where the derivative is undefined.


@pytest.mark.parametrize(("activation", "error", "words"), [
    ("identity", "difference", ["cancel", "towards ∞"]),
    ("sigmoid", "difference", ["cancel", "towards 1"]),
    ("softmax", "difference", ["cancel", "every ∂E/∂w is 0"]),
    ("step", "squared", ["no weight changes"]),
    ("relu", "cross_entropy", ["towards ∞", "softmax"]),
])  # fmt: skip
def test_what_cannot_be_minimised_is_explained(activation: str, error: str, words: list[str]) -> None:
    d = explain.derivation(activation, error, 1)
    assert all(word in " ".join(d.problems) for word in words)
    assert d.page.sections[0].title == "This combination cannot be minimised"


def test_no_gradient_passes_a_hidden_step() -> None:
    d = explain.derivation("sigmoid", "squared", 2, "step")
    assert d.hidden_delta == 0
    assert "only the last layer learns" in d.problems[0]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("pair", [("sigmoid", "squared"), ("identity", "absolute"), ("softmax", "cross_entropy"),
                                  ("tanh", "hinge"), ("exponential", "poisson"), ("relu", "huber")])  # fmt: skip
def test_the_usual_pairs_have_no_problem(pair: tuple[str, str]) -> None:
    assert explain.derivation(*pair, layers=1).problems == ()


@pytest.mark.usefixtures("unchecked")
def test_corners() -> None:
    found = {
        c.what: c for name in ("relu", "selu", "softsign") for c in explain.derivation(name, "absolute", 1).corners
    }
    assert set(found) == {"relu(z)", "selu(z)", "absolute"}
    assert (found["relu(z)"].left, found["relu(z)"].equations, found["relu(z)"].right) == (0.0, 0.0, 1.0)
    assert (found["absolute"].left, found["absolute"].equations, found["absolute"].right) == (-1.0, 0.0, 1.0)
    for c in found.values():
        assert c.native is None or c.native == pytest.approx(c.equations, rel=1e-6)


# Pages.


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("activation", "error", "change"), [
    ("tanh", "squared", "ΔW = α · (T_k − O_k) ⊙ (1 − O_k²) · O_jᵀ"),
    ("sigmoid", "binary_cross_entropy", "ΔW = α · (T_k − O_k) · O_jᵀ"),
    ("identity", "absolute", "ΔW = α · sgn(T_k − O_k) · O_jᵀ"),
    ("identity", "pinball(0.9)", "ΔW = −α · {−0.9 if O_k < T_k, else 0.1} · O_jᵀ"),
    ("softplus", "squared", "ΔW = α · (T_k − O_k) ⊙ σ(Z_k) · O_jᵀ"),
])  # fmt: skip
def test_the_matrix_of_changes(activation: str, error: str, change: str) -> None:
    assert change in explain.derivation(activation, error, 1).page.text(200)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("activation", "error"), [*SOME, ("softmax", "cross_entropy"), ("gelu", "pinball(0.9)")])
def test_four_forms(activation: str, error: str) -> None:
    d = explain.derivation(activation, error, 3)
    text, html = d.page.text(400), d.page.html()
    assert all(line.text in text and line.latex in d.page.markdown() for line in d.lines)
    assert "@" not in text
    assert "<merror" not in html
    assert html.count("<math") == sum(isinstance(b, Formula) for s in d.page.sections for b in s.blocks)
    body = html[html.index("<body>") : html.index("</body>") + len("</body>")]
    ElementTree.fromstring(body.replace("class=soft", 'class="soft"').replace("class=scroll", 'class="scroll"')
                           .replace("class=formula", 'class="formula"').replace("class=number", 'class="number"')
                           .replace("&nbsp;", " "))  # fmt: skip
    assert not [part for part in html.split("http")[1:] if not part.startswith("://www.w3.org/")]
    document = json.loads(d.page.render("json"))
    assert [line["text"] for line in document["lines"]] == [line.text for line in d.lines]
    assert str(d) == str(d.page)
    assert d._repr_html_().startswith("<div")


# What is not taken.


@pytest.mark.parametrize(("arguments", "message"), [
    ({"activation": "tahn"}, "did you mean 'tanh'"),
    ({"loss": "sqared"}, "did you mean 'squared'"),
    ({"hidden": "nothing"}, "hidden: expected one of identity"),
    ({"layers": 0}, "layers: expected a whole number from 1"),
    ({"layers": 2.5}, "layers: expected a whole number from 1"),
    ({"layers": True}, "layers: expected a whole number from 1"),
    ({"loss": "pinball(0.1, 0.9)"}, "one setting for all outputs"),
    ({"activation": 3}, "activation: expected a name"),
])  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        explain.derivation(**arguments)
    assert "\n" not in str(caught.value)
