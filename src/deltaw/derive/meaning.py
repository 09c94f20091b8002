"""What a formula says, so that two of them can be held against each other.

A formula such as Σ_k w_jk δ_k gets its meaning in a small network of two units a layer: sums are written out, free
indices become one unit, quantities are replaced by their definitions from E down to the weights, and ∂y/∂x is
SymPy's derivative of y, written in x and what comes before it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import mpmath  # type: ignore[import-untyped]
import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.formulas import (
    CONSTANTS,
    LETTERS,
    Chain,
    Partial,
    Total,
    activation_formula,
    evaluated,
    i,
    j,
    k,
    n,
)
from deltaw.equations.activations import ACTIVATIONS

UNITS = 2  # of every layer of the small network
AT = {i: 1, j: 2, k: 1, n: 2}  # the units that the formulas' free indices stand for
POINTS, DIGITS = 5, 50  # where SymPy does not decide: so many random points, so many digits
TRIES = 100  # points tried, since at some a formula may not be defined
SMALL = 250  # operations up to which expanding is quick
PRIME = 2**61 - 1
TOLERANCE = mpmath.mpf(10) ** (8 - DIGITS)

Definition = tuple[Any, Any]


@dataclass(frozen=True)
class Check:
    """How two formulas were found equal.

    Attributes:
        how: "definition" (nothing to check), "SymPy" (the difference is 0), or "numbers" (see POINTS and DIGITS).
        difference: the largest that was seen, relative to the larger side; 0 where SymPy decided.
    """

    how: Literal["definition", "SymPy", "numbers"]
    difference: float = 0.0


class Behind(sp.Function):  # type: ignore[misc]
    """E as any smooth function of the z of a layer: whatever the layers behind it are."""

    def fdiff(self, argindex: int = 1) -> Any:
        return BehindSlope(argindex, *self.args)


class BehindSlope(sp.Function):  # type: ignore[misc]
    """∂E/∂z_k of `Behind`: k first, then all z."""


def single(name: str, *units: int) -> Any:
    """The letter of one quantity of one unit (or link): w_k12 for `w@k` from unit 1 to unit 2."""
    return sp.Symbol(f"{name.replace('@', '_')}{''.join(map(str, units))}", real=True)


class World:
    """A small network in which formulas have values.

    Args:
        definitions: pairs (quantity, formula), E first, then what it is made of, down to what has no definition. An
            index m or n in the quantity stands for each of the units.
        shorthands: name -> a function from indices to what the name stands for, such as δ for ∂E/∂z.
        units: how many of every layer.
        at: the units that free indices stand for, where they are not those of AT.
        small: operations up to which SymPy's algebra is asked, before numbers are.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        shorthands: Mapping[str, Callable[..., Any]],
        units: int = UNITS,
        at: Mapping[Any, int] | None = None,
        small: int = SMALL,
    ) -> None:
        self.shorthands, self.units, self.at, self.small = shorthands, units, {**AT, **(at or {})}, small
        self.functions = {LETTERS.get(row.name, row.name): row for row in ACTIVATIONS.values() if not row.coupled}
        self.levels = [
            {self.ground(name, at): self.ground(formula, at) for at in self._each(name)}
            for name, formula in definitions
        ]

    def _each(self, name: Any) -> list[dict[Any, int]]:
        if not isinstance(name, sp.Indexed):
            return [self.at]
        return [self.at | dict.fromkeys(name.indices, unit) for unit in range(1, self.units + 1)]

    def ground(self, e: Any, at: Mapping[Any, int] | None = None) -> Any:
        """The formula in letters of single units; quantities that have definitions stay."""
        at = self.at if at is None else at
        if isinstance(e, Partial):
            return self.rate(*(self.ground(arg, at) for arg in e.args))
        if isinstance(e, Chain):
            return sp.Mul(*(self.ground(arg, at) for arg in e.args))
        if isinstance(e, Total):
            body, index = e.args
            return sp.Add(*(self.ground(body, {**at, index: unit}) for unit in range(1, self.units + 1)))
        if isinstance(e, sp.Indexed):
            name, indices = str(e.base), [at.get(index, index) for index in e.indices]
            if name in self.shorthands:
                return self.ground(self.shorthands[name](*indices), at)
            return single(name, *indices)
        if isinstance(e, sp.KroneckerDelta):
            return sp.KroneckerDelta(*(at.get(arg, arg) for arg in e.args))
        if not e.args:
            return evaluated(e)
        args = [self.ground(arg, at) for arg in e.args]
        row = self.functions.get(type(e).__name__) if isinstance(e, sp.core.function.AppliedUndef) else None
        if row is not None:
            return evaluated(activation_formula(row, args[0]))
        return evaluated(e.func(*args, evaluate=False)) if type(e).__name__ == "max" else e.func(*args)

    def rate(self, y: Any, x: Any) -> Any:
        """∂y/∂x: y by its definitions down to where x is, then SymPy's derivative."""
        for level in self.levels:
            if x in level:
                break
            y = y.xreplace(level)
        return sp.diff(y, x)

    def down(self, e: Any) -> Any:
        """The formula in what has no definition: weights, inputs, targets."""
        return reduce(lambda made, level: made.xreplace(level), self.levels, e)

    def check(self, a: Any, b: Any, given: Mapping[Any, Any] | None = None) -> Check:
        """Whether two formulas are equal, under the conditions given. Raises ArithmeticError if they are not."""
        condition = {self.ground(name): self.ground(value) for name, value in (given or {}).items()}
        left, right = (self.ground(e).xreplace(condition) for e in (a, b))
        difference = left - right
        for level in ({}, *self.levels):
            difference = difference.xreplace(level)
            if difference == 0 or (difference.count_ops() <= self.small and _is_zero(difference)):
                return Check("SymPy")
        return Check("numbers", _largest(self.down(left), self.down(right)))


def _is_zero(e: Any) -> bool:
    """Whether SymPy's algebra alone shows that it is 0. Its `simplify` is not asked: it may take minutes."""
    letters: dict[Any, Any] = {}
    rational = _in_letters(e, letters)
    keys = {letter: key for key, letter in letters.items()}
    switches = {letter for letter, key in keys.items() if isinstance(key, sp.core.relational.Relational)}
    if _has_value(rational, switches):  # most are not, and all of the rest is for naught
        return False
    numerator, _ = sp.fraction(sp.together(rational))
    symbols = sorted(numerator.free_symbols, key=str)
    if not symbols:
        return bool(numerator == 0)
    # Polynomials of a ring multiply out a hundred times faster than `expand`.
    ring = sp.polys.rings.PolyRing(symbols, sp.QQ)
    polynomial = ring(sp.lambdify(symbols, numerator, modules=[])(*ring.gens))
    # A switch is 0 or 1, so all its powers are itself.
    terms: dict[tuple[int, ...], Any] = {}
    for powers, coefficient in polynomial.terms():
        reduced = tuple(min(power, 1) if at in switches else power for power, at in zip(powers, symbols, strict=True))
        terms[reduced] = terms.get(reduced, 0) + coefficient
    return not any(terms.values())


def _has_value(rational: Any, switches: Collection[Any]) -> bool:
    """Whether it is not 0 at one random point, in whole numbers modulo a prime: if so, it is not 0."""
    numbers = random.Random(0)
    point = {
        letter: numbers.randrange(2) if letter in switches else numbers.randrange(1, PRIME)
        for letter in sorted(rational.free_symbols, key=str)
    }

    def value(e: Any) -> int:
        if e.is_Symbol:
            return point[e]
        if e.is_Rational:
            return int(e.p) * pow(int(e.q), -1, PRIME)
        if e.is_Pow:
            return pow(value(e.base), int(e.exp), PRIME)
        parts = map(value, e.args)
        return sum(parts) % PRIME if e.is_Add else reduce(lambda a, b: a * b % PRIME, parts, 1)

    try:
        return value(rational) % PRIME != 0
    except ValueError:  # 1/0 there
        return False


def _in_letters(e: Any, letters: dict[Any, Any]) -> Any:
    """A rational expression: one letter for each function's value, one for each exp, one switch for each condition."""

    def letter(key: Any) -> Any:
        return letters.setdefault(key, sp.Dummy())

    if isinstance(e, (sp.Symbol, sp.Rational)):
        return e
    if isinstance(e, sp.Piecewise) and len(e.args) == 2 and isinstance(e.args[0][1], sp.core.relational.Relational):
        (value, when), (other, _) = e.args
        switch = 1 - letter(when.negated) if when.negated in letters else letter(when)
        return switch * _in_letters(value, letters) + (1 - switch) * _in_letters(other, letters)
    if isinstance(e, sp.exp):
        powers = (term.as_coeff_Mul() for term in sp.Add.make_args(sp.expand(e.args[0])))
        whole = ((times, term) if times.is_Integer else (sp.sign(times), abs(times) * term) for times, term in powers)
        return sp.Mul(*(letter(sp.exp(term)) ** times for times, term in whole))
    if isinstance(e, sp.sign):
        return letter(sp.Abs(e.args[0])) / _in_letters(e.args[0], letters)  # sgn x = |x| / x
    if isinstance(e, (sp.Add, sp.Mul)) or (isinstance(e, sp.Pow) and e.exp.is_Integer):
        return e.func(*(_in_letters(arg, letters) for arg in e.args))
    return letter(e)


def _largest(left: Any, right: Any) -> float:
    """The largest difference at random points, relative to the larger side. Raises ArithmeticError unless tiny."""
    left, right = (_with_example(e).replace(sp.zoo, sp.nan) for e in (left, right))
    letters = sorted((left - right).free_symbols, key=str)
    f = sp.lambdify(letters, [left, right], "mpmath")
    numbers = random.Random(0)
    known = {str(letter): value for value, letter in CONSTANTS.items()}
    largest, seen = mpmath.mpf(0), 0
    with mpmath.workdps(DIGITS):
        for _ in range(TRIES):
            point = [mpmath.mpf(known.get(str(letter), _random(numbers, str(letter)))) for letter in letters]
            a, b = f(*point)
            if not (mpmath.isnan(a) or mpmath.isnan(b)):  # a logarithm's slope where the activation is 0
                largest, seen = max(largest, abs(a - b) / max(1, abs(a))), seen + 1
            if seen == POINTS:
                break
    if not largest < TOLERANCE or not seen:
        raise ArithmeticError(f"a line of the derivation is not equal to the one before: {left} and {right}")
    return float(largest)


def _random(numbers: random.Random, letter: str) -> float:
    return numbers.uniform(0.1, 0.9) if letter[0] in "to" else numbers.uniform(-1, 1)


def _with_example(e: Any) -> Any:
    """`Behind` as one function that has numbers: E = sin(z₁ + 2 z₂ + …)."""
    phase: Callable[..., Any] = lambda *z: sp.Add(*(unit * one for unit, one in enumerate(z, 1)))  # noqa: E731
    e = e.replace(Behind, lambda *z: sp.sin(phase(*z)))
    return e.replace(BehindSlope, lambda unit, *z: unit * sp.cos(phase(*z)))
