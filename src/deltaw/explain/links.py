"""One weight: the chain rule for ∂E/∂w factor by factor with its numbers, beside a central difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.losses import fused
from deltaw.exceptions import SettingError
from deltaw.explain.largest import pick
from deltaw.explain.notation import PULLS, SLOPES, equations, factor, number, partial, product, symbol, weighted_terms
from deltaw.explain.passes import Update
from deltaw.given import among
from deltaw.numbers import number as shown
from deltaw.pages import Block, Formula, Page, Paged, Section, Table, Text, typeset
from deltaw.speech import say

Array = NDArray[np.float64]

# A central difference errs by h² and by rounding over h: the cube root of float64's spacing balances them.
H = float(np.cbrt(np.finfo(np.float64).eps))
SHORT = 3  # terms of a sum that are put into the chain itself
AGREE = 1e-6  # of |∂E/∂w|, or of 1 where that is smaller


@dataclass(frozen=True)
class Term:
    """One term of a sum: left · right."""

    index: int
    left: float
    right: float

    @property
    def value(self) -> float:
        return self.left * self.right


@dataclass(frozen=True)
class Factor:
    """One factor of the chain rule.

    Attributes:
        symbol: e.g. ∂o/∂z, in LaTeX.
        form: its formula, e.g. o(1 − o).
        numbers: the formula with numbers.
        value: the result.
        terms: of a sum; left and right are named by `letters`.
    """

    symbol: str
    form: str
    numbers: str
    value: float
    terms: tuple[Term, ...] = ()
    letters: tuple[str, str] = ("", "")


@dataclass(frozen=True, eq=False, repr=False)
class Link(Paged):
    """One weight (or bias) of a step; `str` and notebooks show its page.

    Attributes:
        layer, to, of: its position: `W[layer - 1][to, of]`, or `b[layer - 1][to]` for of = "bias".
        weight, change, weight_after: before the step, ΔW, after the step.
        factors: of ∂E/∂w by the chain rule.
        gradient: their product.
        numeric: ∂E/∂w by a central difference.
        by_rule: ∂E/∂w as the step used it; by the notes' rule it may differ from `gradient`.
        names: of the two units.
        step: the step.
    """

    layer: int
    to: int
    of: int | Literal["bias"]
    weight: float
    change: float
    weight_after: float
    factors: tuple[Factor, ...]
    gradient: float
    numeric: float
    by_rule: float
    names: tuple[str, str]
    step: Update

    @property
    def letter(self) -> str:
        """The link in LaTeX: w^{(2)}_{0,1} or b^{(2)}_{0}."""
        if self.of == "bias":
            return symbol("b", self.layer, self.to)
        return symbol("w", self.layer, self.to, self.of)

    def error_at(self, w: float) -> float:
        """E of the step's example with this weight set to w, all others as they are."""
        return self.step.error_at(self.layer, self.to, self.of, w)

    @property
    def agrees(self) -> bool:
        """Whether chain rule and central difference are equal up to rounding."""
        return abs(self.gradient - self.numeric) <= AGREE * max(1.0, abs(self.gradient))

    @cached_property
    def page(self) -> Page:
        """The factors as a document."""
        sections = self.sections()
        called = say("from {origin} to {target}", origin=self.names[0], target=self.names[1])
        return Page(say("The link {called}", called=called), _lead(self), sections, {"link": self.data()})

    def sections(self) -> list[Section]:
        """Sections for its page, and for the page of a prediction."""
        chain: list[Block] = [Formula(_chain(self))]
        for each in self.factors:
            chain += _sum(each) if len(each.terms) > SHORT else []
        if self.step.rule == "notes" and self.layer < len(self.step.z):
            chain.append(
                Text(
                    say(
                        "The notes' rule puts −Wᵀe in place of ∂E/∂o: this step used {by_rule} as ∂E/∂w.",
                        by_rule=shown(self.by_rule),
                    )
                )
            )
        return [Section(say("The chain rule, factor by factor"), chain), Section(say("Checked"), [_check(self)])]

    def data(self) -> dict[str, Any]:
        """All numbers, for JSON."""
        return {
            "layer": self.layer, "to": self.to, "of": self.of, "from_name": self.names[0], "to_name": self.names[1],
            "weight": self.weight, "gradient": self.gradient, "central_difference": self.numeric,
            "by_rule": self.by_rule, "change": self.change, "weight_after": self.weight_after,
            "factors": [{"symbol": each.symbol, "value": each.value} for each in self.factors],
        }  # fmt: skip


def link(step: Update, layer: int, to: int, of: int | Literal["bias"]) -> Link:
    """See `Step.link`."""
    _check_place(step, layer, to, of)
    l = layer - 1
    if of == "bias":
        weight, change, by_rule = (arrays[l][to] for arrays in (step.b, step.change_b, step.db))
        after = step.after.b[l][to]
        origin = say("the bias")
    else:
        weight, change, by_rule = (arrays[l][to, of] for arrays in (step.W, step.change_W, step.dW))
        after = step.after.W[l][to, of]
        origin = step.title(l, of)
    factors = (*_back_to_z(step, layer, to), _signal(step, layer, to, of))
    gradient, h = float(np.prod([each.value for each in factors])), float(H * max(1.0, abs(weight)))
    numeric = central_difference(lambda w: step.error_at(layer, to, of, w), float(weight), h)
    weights, names = (float(weight), float(change), float(after)), (origin, step.title(layer, to))
    return Link(layer, to, of, *weights, factors, gradient, numeric, float(by_rule), names, step)


# --- factors --------------------------------------------------------------------------------------------------------


def _back_to_z(step: Update, layer: int, k: int) -> tuple[Factor, ...]:
    """∂E/∂z of unit k: in one factor where the pair of activation and loss has a short form, in two otherwise."""
    l, f = layer - 1, step.activation(layer)
    z, o = symbol("z", layer, k), symbol("o", layer, k)
    last = layer == len(step.z)
    if last and fused(f.name, step.loss):
        t, total = float(step.t[k]), float(step.t.sum())
        scale = "" if f.name != "softmax" or np.isclose(total, 1.0) else r" \sum_i t_i"
        put = f"{factor(step.o[l][k])}{f' {chr(92)}cdot {number(total)}' if scale else ''}"
        form, numbers = f"({o}{scale} - t_{{{k}}})", f"({put} - {factor(t)})"
        # δ of the output layer is the same by both rules.
        return (Factor(partial("E", z), form, numbers, float(step.delta[l][k])),)
    if f.coupled:
        jacobian = f.df(step.z[l], step.o[l])[:, k]
        terms = tuple(Term(i, float(step.sent[l][i]), float(d)) for i, d in enumerate(jacobian))
        letters = (partial("E", symbol("o", layer, "i")), partial(symbol("o", layer, "i"), z))
        return (_total(partial("E", z), letters, terms),)
    slope = step.slope(layer)
    assert slope is not None
    if f.name in SLOPES:
        form, numbers = SLOPES[f.name].format(o=o), SLOPES[f.name].format(o=factor(step.o[l][k]))
    else:
        form, numbers = f"f'({z})", factor(slope[k])
    return (_into(step, layer, k), Factor(partial(o, z), form, numbers, float(slope[k])))


def _into(step: Update, layer: int, k: int) -> Factor:
    """∂E/∂o of unit k: from the error itself, or the sum over the units behind."""
    l, above = layer - 1, partial("E", symbol("o", layer, k))
    value = float(step.sent[l][k])
    if layer < len(step.z):
        letters = (symbol(r"\delta", layer + 1, "i"), symbol("w", layer + 1, "i", k))
        delta = _true_delta(step, layer + 1)
        terms = tuple(Term(i, float(d), float(step.W[layer][i, k])) for i, d in enumerate(delta))
        return _total(above, letters, terms)
    pull = PULLS.get(step.loss.name)
    o, t = symbol("o", layer, k), f"t_{{{k}}}"
    if pull is None or not step.loss.defined(step.o[l][k]):
        return Factor(above, above, factor(value), value)
    numbers = pull.format(o=factor(step.o[l][k]), t=factor(step.t[k]))
    return Factor(above, pull.format(o=o, t=t), numbers, value)


def _true_delta(step: Update, layer: int) -> Array:
    """δ of a layer by the chain rule, whatever rule the step went by."""
    l = layer - 1
    if layer == len(step.z) or step.rule == "gradient":
        return step.delta[l]
    delta: Array = step.activation(layer).chain(step.sent[l][None], step.z[l][None], step.o[l][None])[0]
    return delta


def _signal(step: Update, layer: int, k: int, of: int | Literal["bias"]) -> Factor:
    """∂z/∂w: the signal that the weight weighs; 1 for a bias."""
    z = symbol("z", layer, k)
    if of == "bias":
        return Factor(partial(z, symbol("b", layer, k)), "1", "1", 1.0)
    a = float(step.a[layer - 1][of])
    form = f"x_{{{of}}}" if layer == 1 else symbol("o", layer - 1, of)
    return Factor(partial(z, symbol("w", layer, k, of)), form, factor(a), a)


def _total(symbol: str, letters: tuple[str, str], terms: tuple[Term, ...]) -> Factor:
    """A factor that is a sum of products: written out with its numbers where it is short."""
    value = sum(term.value for term in terms)
    form, numbers = rf"\left(\sum_i \, {letters[0]} \, {letters[1]}\right)", factor(value)
    if len(terms) <= SHORT:
        numbers = f"({' '.join(weighted_terms([each.left for each in terms], [each.right for each in terms]))})"
    return Factor(symbol, form, numbers, value, terms, letters)


def central_difference(E: Callable[[float], float], w: float, h: float) -> float:
    """(E(w + h) − E(w − h)) / 2h."""
    above, below = w + h, w - h
    return (E(above) - E(below)) / (above - below)  # what float64 makes of 2h


# --- page -----------------------------------------------------------------------------------------------------------


def _lead(link: Link) -> str:
    return say(
        "Its weight is {w}; ∂E/∂w = {gradient}, so a step with α = {alpha} changes it by {change}, to {after}.",
        w=shown(link.weight), gradient=shown(link.gradient), alpha=shown(link.step.alpha),
        change=shown(link.change), after=shown(link.weight_after),
    )  # fmt: skip


def _chain(link: Link) -> str:
    """The product as symbols, as forms, as numbers, and its value; lines equal to the one before are left out."""
    factors = link.factors
    lines = [
        product(each.symbol for each in factors),
        product(each.form for each in factors),
        product(each.numbers for each in factors),
        product(factor(each.value) for each in factors),
        number(link.gradient),
    ]
    kept = [line for i, line in enumerate(lines) if i == 0 or line != lines[i - 1]]
    return equations(zip([partial("E", link.letter), *[""] * len(kept)], kept, strict=False))


def _sum(each: Factor) -> list[Block]:
    """The terms of a factor that is a sum, the largest first where there are many."""
    chosen = pick(np.array([term.value for term in each.terms]))
    rows = [
        (term.index, term.left, term.right, term.value) for term in (each.terms[place[0]] for place in chosen.places)
    ]
    symbols = rf"{each.symbol} = \sum_i \, {each.letters[0]} \, {each.letters[1]} = {number(each.value)}"
    headings = ("i", *(typeset(letter) for letter in each.letters), say("product"))
    return [Formula(symbols), Table(headings, rows, chosen.left_out("… and {n:,} more, together {rest}."))]


def _check(link: Link) -> Block:
    if link.agrees:
        note = say("The central difference (E(w + h) − E(w − h)) / 2h of the whole network agrees.")
    else:
        note = say("They differ: E has a kink near this weight, where the central difference is not the derivative.")
    rows = [
        (say("∂E/∂w by the chain rule"), link.gradient),
        (say("by a central difference"), link.numeric),
        (say("difference"), link.gradient - link.numeric),
        (say("w before"), link.weight),
        ("Δw", link.change),
        (say("w after"), link.weight_after),
    ]
    return Table(("", say("number")), rows, note)


# --- checks -----------------------------------------------------------------------------------------------------------


def _check_place(step: Update, layer: Any, to: Any, of: Any) -> None:
    layers = len(step.z)
    if not _whole(layer) or not 1 <= layer <= layers:
        expected = "link: expected a layer from 1 to {layers}"
        raise SettingError(expected, repr(layer), "layer l is the one that W_l feeds", layers=layers)
    n_out, n_in = step.W[layer - 1].shape
    if not _whole(to) or not 0 <= to < n_out:
        expected = "link: expected a unit of layer {layer} from 0 to {n_out}"
        raise SettingError(expected, repr(to), "choose another", layer=layer, n_out=n_out - 1)
    bias = among(of, ("bias",))
    if bias and not step.network.bias[layer - 1]:
        raise SettingError(
            "link: expected a weight of layer {layer}, which has no bias", say("'bias'"), "give a unit", layer=layer
        )
    if not bias and (not _whole(of) or not 0 <= of < n_in):
        expected = "link: expected the unit it comes from, 0 to {n_in}, or 'bias'"
        raise SettingError(expected, repr(of), "choose another", n_in=n_in - 1)


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
