"""The lines of a derivation, as the notes write them: from E to ∂E/∂w, for the output layer and for a hidden one.

Indices: i, j, k number the units of three layers that follow each other, k the output's; w_jk leads from unit j to
unit k. Behind a Σ, m and n run over all units of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.formulas import (
    Chain,
    E,
    Partial,
    Total,
    activation_formula,
    add,
    applied,
    derivative,
    evaluated,
    i,
    is_negative,
    j,
    k,
    loss_formula,
    loss_slope,
    m,
    mul,
    n,
    negative,
    power,
    quantity,
    slope,
    tidy,
    total,
)
from deltaw.derive.notation import plain
from deltaw.derive.verification import Behind, Check, World
from deltaw.equations.activations import Activation
from deltaw.equations.losses import Loss

WHOLE = 60  # operations of a whole network's formulas up to which SymPy's algebra is tried
TABLE = "Its formula in the table."
FORWARD = "In terms of values from the forward pass."


@dataclass(frozen=True)
class Step:
    """One line: what it says, and how it was found to equal what stood before."""

    left: Any
    right: Any
    why: str
    check: Check


class Lines:
    """Collects the lines of one part, each checked when it is added."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.steps: list[Step] = []

    def define(self, left: Any, right: Any, why: str) -> None:
        self.steps.append(Step(left, right, why, Check("definition")))

    def claim(self, left: Any, right: Any, why: str) -> None:
        """A line that does not follow from the one before: its two sides are checked against each other."""
        self.steps.append(Step(left, right, why, self.world.check(left, right)))

    def then(self, right: Any, why: str, given: Mapping[Any, Any] | None = None) -> None:
        """The next line, checked against the one before."""
        last = self.steps[-1]
        if plain(right) != plain(last.right):
            self.steps.append(Step(last.left, right, why, self.world.check(last.right, right, given)))


def o(letter: str, unit: Any) -> Any:
    """Output of a unit of the layer whose units `letter` numbers."""
    return quantity(f"o@{letter}", unit)


def z(letter: str, unit: Any) -> Any:
    return quantity(f"z@{letter}", unit)


def w(letter: str, source: Any, unit: Any) -> Any:
    """Weight from a unit of the layer before into a unit of the layer `letter`."""
    return quantity(f"w@{letter}", source, unit)


def b(letter: str, unit: Any) -> Any:
    return quantity(f"b@{letter}", unit)


def delta(letter: str, unit: Any) -> Any:
    """δ = ∂E/∂z of a unit."""
    return quantity(f"δ@{letter}", unit)


def t(unit: Any) -> Any:
    return quantity("t", unit)


SHARES = {t(2): add(sp.S.One, negative(t(1)))}  # the targets of two outputs sum to 1


def weighted_sum(letter: str, before: str, unit: Any) -> Any:
    """z of a unit: Σ_m w_m· o_m + b."""
    return add(total(mul(w(letter, m, unit), o(before, m)), m), b(letter, unit))


def shorthands(*letters: str) -> dict[str, Callable[..., Any]]:
    """What δ stands for in each of these layers, and s_j, the sum that a hidden layer is sent."""
    return {
        **{f"δ@{letter}": lambda unit, letter=letter: Partial(E, z(letter, unit)) for letter in letters},
        "s@j": lambda unit: total(mul(w("k", unit, k), delta("k", k)), k),
    }


def layer(f: Activation, letter: str, before: str) -> list[tuple[Any, Any]]:
    """The definitions of o and z of a layer."""
    out = activation_formula(f, lambda unit: z(letter, unit), n, m) if f.coupled else applied(f, z(letter, n))
    return [(o(letter, n), out), (z(letter, n), weighted_sum(letter, before, n))]


def error(row: Loss) -> Any:
    """E, the sum over all outputs."""
    return total(loss_formula(row, o("k", n), t(n)), n)


def output_world(f: Activation, row: Loss) -> World:
    """An output layer on signals o_j."""
    return World([(E, error(row)), *layer(f, "k", "j")], shorthands("k"))


def hidden_world(f: Activation) -> World:
    """A hidden layer on signals o_i, with anything behind it."""
    behind = Behind(z("k", 1), z("k", 2))
    return World([(E, behind), *layer_in_front(f)], shorthands("j", "k"))


def layer_in_front(f: Activation) -> list[tuple[Any, Any]]:
    """The definitions from the output's z back to the signals o_i, with this hidden activation."""
    return [(z("k", n), weighted_sum("k", "j", n)), *layer(f, "j", "i")]


def whole_world(f: Activation, row: Loss, hidden: Activation) -> World:
    """Both layers, with E as it is."""
    out, _ = layer(f, "k", "j")
    return World([(E, error(row)), out, *layer_in_front(hidden)], shorthands("j", "k"), small=WHOLE)


def slope_lines(f: Activation, letter: str, unit: Any) -> list[Step]:
    """An activation and its slope."""
    return (coupled_slope if f.coupled else activation_slope)(f, letter, unit)


def activation_slope(f: Activation, letter: str, unit: Any) -> list[Step]:
    """f, SymPy's derivative of it, and the form that a textbook gives it. Not for coupled rows."""
    at, out = z(letter, unit), o(letter, unit)
    lines = Lines(World(layer(f, letter, "i"), {}))
    formula, short = activation_formula(f, at), slope(f, at, out)
    lines.define(out, formula if applied(f, at) == formula else sp.Eq(applied(f, at), formula, evaluate=False), TABLE)
    lines.claim(Partial(out, at), derivative(formula, at), "Differentiated.")
    lines.then(short, FORWARD)
    return lines.steps


def coupled_slope(f: Activation, letter: str, unit: Any) -> list[Step]:
    """The same for softmax, where every output depends on every z."""
    formula = activation_formula(f, lambda index: z(letter, index), n, m)
    top, share = sp.exp(z(letter, n), evaluate=False), total(sp.exp(z(letter, m), evaluate=False), m)
    over, square = power(share, -1), power(share, -2)
    own = mul(sp.KroneckerDelta(n, unit), top, over)
    quotient = add(own, negative(mul(top, sp.exp(z(letter, unit), evaluate=False), square)))
    for same in (True, False):  # the lines hold for n = k and for any other n
        lines = Lines(World(layer(f, letter, "i"), {}, at={unit: 1, n: 1 if same else 2}))
        lines.define(o(letter, n), formula, TABLE)
        lines.claim(
            Partial(o(letter, n), z(letter, unit)), quotient,
            f"The quotient rule; [n = {unit}] is 1 if n = {unit}, else 0.",
        )  # fmt: skip
        lines.then(coupled_rate(letter, n, unit), FORWARD)
    return lines.steps


def coupled_rate(letter: str, out: Any, unit: Any) -> Any:
    """Softmax: ∂o_n/∂z_k = o_n ([n = k] − o_k)."""
    return mul(o(letter, out), add(sp.KroneckerDelta(out, unit), negative(o(letter, unit))))


def loss_rate(row: Loss) -> list[Step]:
    """E of one output, SymPy's derivative of it, and the form that a textbook gives it."""
    at, target = o("k", k), t(k)
    formula = loss_formula(row, at, target)
    lines = Lines(World([(E, error(row))], {}))
    lines.claim(Partial(E, at), Partial(formula, at), "The terms of the other outputs do not depend on o_k.")
    lines.then(derivative(formula, at), "Differentiated.")
    lines.then(loss_slope(row, at, target), "In the form used below.")
    return lines.steps


def output_lines(f: Activation, row: Loss) -> tuple[list[Step], Any]:
    """From E to ∂E/∂w_jk of an output link, and δ_k in its shortest form."""
    lines = Lines(output_world(f, row))
    weight, each = w("k", j, k), loss_formula(row, o("k", n), t(n))
    lines.define(E, total(each, n), "The error: one term for each output, summed.")
    lines.claim(Partial(E, weight), Partial(total(each, n), weight), "Its derivative with respect to one weight.")
    return (_coupled_output if f.coupled else _single_output)(f, row, lines)


def _single_output(f: Activation, row: Loss, lines: Lines) -> tuple[list[Step], Any]:
    weight, at, out = w("k", j, k), z("k", k), o("k", k)
    dE, df = loss_slope(row, out, t(k)), slope(f, at, out)
    to_o, to_z, to_w = Partial(E, out), Partial(out, at), Partial(at, weight)
    lines.then(
        Partial(loss_formula(row, out, t(k)), weight),
        "Only o_k depends on w_jk: the derivatives of all other terms are 0.",
    )
    lines.then(Chain(to_o, Partial(out, weight)), "Chain rule: E depends on o_k, and o_k on w_jk.")
    lines.then(Chain(dE, Partial(out, weight)), "The first factor, from above.")
    inside = applied(f, weighted_sum("k", "j", k))
    lines.then(
        Chain(dE, Partial(inside, weight)), "The output is the activation of the weighted sum of the signals o_m."
    )
    lines.then(Chain(dE, to_z, to_w), "Chain rule again: o_k depends on z_k, and z_k on w_jk.")
    lines.then(Chain(dE, df, to_w), "The second factor, from above.")
    lines.then(Chain(dE, df, o("j", j)), "Only the term w_jk o_j of z_k depends on w_jk; its derivative is o_j.")
    long = slope(f, weighted_sum("k", "j", k), inside)
    if out in df.atoms(sp.Indexed) and at not in df.atoms(sp.Indexed) and not df.has(sp.Piecewise):
        lines.then(Chain(dE, long, o("j", j)), "With o_k written out, as in the notes.")
        lines.then(Chain(dE, df, o("j", j)), "In short form again.")
    short = tidy(dE, df)
    if short is None:
        return lines.steps, Chain(dE, df)
    why = "The factor 1 is dropped." if evaluated(df) == 1 else "Simplified: the two factors partly cancel."
    if short == 0:
        lines.then(short, "One factor is 0.")
    else:
        lines.then(Chain(short, o("j", j)), why)
    return lines.steps, short


def _coupled_output(f: Activation, row: Loss, lines: Lines) -> tuple[list[Step], Any]:
    weight, at = w("k", j, k), z("k", k)

    def dE(unit: Any) -> Any:
        return loss_slope(row, o("k", unit), t(unit))

    to_o, through = Partial(E, o("k", n)), coupled_rate("k", n, k)
    lines.then(
        total(Chain(to_o, Partial(o("k", n), weight)), n),
        "Every output depends on z_k, by the denominator of softmax: the sum over the outputs stays.",
    )
    lines.then(
        total(Chain(to_o, Partial(o("k", n), at), Partial(at, weight)), n), "Chain rule: only z_k depends on w_jk."
    )
    lines.then(total(Chain(to_o, through, Partial(at, weight)), n), "The derivative of softmax, from above.")
    lines.then(total(Chain(to_o, through, o("j", j)), n), "Only the term w_jk o_j of z_k depends on w_jk.")
    lines.then(total(Chain(dE(n), through, o("j", j)), n), "The derivative of E, from above.")
    product = tidy(dE(n), o("k", n))
    if product is None:
        each = mul(dE(n), o("k", n))
        mean = total(negative(each), n) if is_negative(each) else negative(total(each, n))
        found = mul(o("k", k), add(dE(k), mean))
    else:
        own, shared = tidy(dE(k), o("k", k)), negative(product) if is_negative(product) else product
        rest = mul(o("k", k), total(shared, n))
        found = add(rest, own) if is_negative(product) else add(own, negative(rest))
    lines.then(Chain(found, o("j", j)), "The term n = k, and the rest of the sum, where [n = k] is 0.")
    if row.kind == "cross_entropy":
        short = add(o("k", k), negative(t(k)))
        lines.then(Chain(short, o("j", j)), "If the targets sum to 1, as probabilities and one-hot targets do.", SHARES)
        found = short
    return lines.steps, found


def bias_lines(f: Activation, row: Loss) -> list[Step]:
    """The bias, which the notes leave out."""
    lines = Lines(output_world(f, row))
    at, bias = z("k", k), b("k", k)
    lines.claim(
        Partial(E, bias), Chain(delta("k", k), Partial(at, bias)), "δ_k = ∂E/∂z_k: all factors above but the last."
    )
    lines.then(delta("k", k), "∂z_k/∂b_k = 1: a bias is a weight from a unit whose output is always 1.")
    return lines.steps


def whole_lines(f: Activation, row: Loss, hidden: Activation, found: Any, found_hidden: Any) -> list[Step]:
    """∂E/∂w_ij with δ_k put in, checked against the derivative of the whole E."""
    lines = Lines(whole_world(f, row, hidden))
    lines.claim(Partial(E, w("j", i, j)), Chain(delta("j", j), o("i", i)), "From above.")
    put = put_in(found_hidden, found)
    factors = put.args if isinstance(put, Chain) else (put,)
    condition = SHARES if f.coupled and row.kind == "cross_entropy" else None
    lines.then(sp.S.Zero if put == 0 else Chain(*factors, o("i", i)), "δ_k substituted.", condition)
    return lines.steps


def put_in(formula: Any, found: Any) -> Any:
    """The formula with δ_k written out; s_j too."""
    if isinstance(formula, sp.Indexed):
        name = str(formula.base)
        if name == "s@j":
            return put_in(shorthands("k")["s@j"](*formula.indices), found)
        return found if name == "δ@k" else formula
    if not formula.args or not formula.has(sp.Indexed):
        return formula
    args = [put_in(arg, found) for arg in formula.args]
    if isinstance(formula, Total) and is_negative(args[0]):
        return negative(Total(negative(args[0]), args[1]))
    if isinstance(formula, sp.Mul) and formula.has(delta("k", k)) and not formula.has(Total):
        weight, put = args
        return Chain(*(put.args if isinstance(put, Chain) else (put,)), weight)
    if isinstance(formula, (sp.Mul, sp.Add, sp.Pow)):
        return formula.func(*args, evaluate=False)
    return formula.func(*args)


def hidden_lines(f: Activation) -> tuple[list[Step], Any]:
    """From ∂E/∂w_ij of a hidden link to δ_j o_i, with anything behind the layer; and δ_j."""
    weight = w("j", i, j)
    lines = Lines(hidden_world(f))
    lines.claim(
        Partial(E, weight), total(Chain(Partial(E, z("k", k)), Partial(z("k", k), weight)), k),
        "o_j is an input of every unit k of the next layer, so E depends on w_ij by all of them: the sum stays.",
    )  # fmt: skip
    lines.then(
        total(Chain(delta("k", k), Partial(z("k", k), weight)), k), "∂E/∂z_k = δ_k is known from the next layer."
    )
    found = (_coupled_hidden if f.coupled else _single_hidden)(f, lines)
    return lines.steps, found


def _single_hidden(f: Activation, lines: Lines) -> Any:
    weight, at, out = w("j", i, j), z("j", j), o("j", j)
    sent, df = total(mul(w("k", j, k), delta("k", k)), k), slope(f, at, out)
    lines.then(
        total(Chain(delta("k", k), Partial(z("k", k), out), Partial(out, weight)), k),
        "Chain rule: z_k depends on o_j, and o_j on w_ij.",
    )
    lines.then(Chain(sent, Partial(out, weight)), "∂z_k/∂o_j = w_jk: δ is propagated back by the same weights.")
    lines.then(Chain(sent, Partial(out, at), Partial(at, weight)), "Chain rule again.")
    lines.then(Chain(sent, df, Partial(at, weight)), "The derivative of the activation.")
    lines.then(Chain(sent, df, o("i", i)), "Only the term w_ij o_i of z_j depends on w_ij.")
    lines.then(Chain(delta("j", j), o("i", i)), "All factors but the last are ∂E/∂z_j, which is called δ_j.")
    return sp.S.Zero if evaluated(df) == 0 else sent if evaluated(df) == 1 else Chain(sent, df)


def _coupled_hidden(f: Activation, lines: Lines) -> Any:
    weight, at = w("j", i, j), z("j", j)

    def s(unit: Any) -> Any:
        return quantity("s@j", unit)

    lines.then(
        total(Chain(s(m), Partial(o("j", m), weight)), m),
        "Every output o_m of softmax depends on z_j, and so on w_ij; ∂E/∂o_m = s_m = Σ_k w_mk δ_k.",
    )
    lines.then(total(Chain(s(m), Partial(o("j", m), at), Partial(at, weight)), m), "Chain rule.")
    lines.then(
        total(Chain(s(m), coupled_rate("j", m, j), o("i", i)), m), "The derivative of softmax; ∂z_j/∂w_ij = o_i."
    )
    found = mul(o("j", j), add(s(j), negative(total(mul(s(m), o("j", m)), m))))
    lines.then(Chain(found, o("i", i)), "The term m = j, and the rest of the sum.")
    lines.then(Chain(delta("j", j), o("i", i)), "All factors but the last are ∂E/∂z_j, which is called δ_j.")
    return found
