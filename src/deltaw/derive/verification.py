"""Whether two formulas are equal.

A formula such as Σ_k w_jk δ_k gets its meaning in a small network of two units a layer: sums are written out, free
indices become one unit, quantities are replaced by their definitions from E down to the weights, and ∂y/∂x is
SymPy's derivative of y, written in x and what comes before it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, eq, ge, gt, le, lt, mul, ne, not_
from typing import Any, Literal

import mpmath  # type: ignore[import-untyped]
import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.formulas import CONSTANTS, LETTERS, Chain, Partial, Total, activation_formula, evaluated, i, j, k, n
from deltaw.equations.activations import ACTIVATIONS

UNITS = 2  # of every layer of the small network
AT = {i: 1, j: 2, k: 1, n: 2}  # the units that the formulas' free indices stand for
POINTS, DIGITS = 5, 50  # random points, and digits there, where SymPy does not decide
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
        small: operations up to which SymPy's algebra is tried, before numbers are.
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
        self.seen: dict[Any, Any] = {}
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

    def check(self, a: Any, b: Any, given: Mapping[Any, Any] | None = None) -> Check:
        """Whether two formulas are equal, under the conditions given. Raises ArithmeticError if they are not."""
        condition = {self.ground(name): self.ground(value) for name, value in (given or {}).items()}
        left, right = (self._grounded(e).xreplace(condition) for e in (a, b))
        difference = left - right
        for level in ({}, *self.levels):
            difference = difference.xreplace(level)
            if difference == 0 or (_is_small(difference, self.small) and _is_zero(difference)):
                return Check("SymPy")
        definitions = {letter: formula for level in self.levels for letter, formula in level.items()}
        return Check("numbers", _largest(left, right, definitions))

    def _grounded(self, e: Any) -> Any:
        """The same as `ground`, once: each line is compared with the one before it, and then with the next."""
        if e not in self.seen:
            self.seen[e] = self.ground(e)
        return self.seen[e]


def _is_small(e: Any, operations: int) -> bool:
    """Whether it has so few operations at most; one that has far more is not counted to its end."""
    left, leaves = [e], 0
    while left and leaves <= 2 * operations + 2:  # at least every other leaf stands beside an operation
        part = left.pop()
        left += part.args
        leaves += not part.args
    return not left and bool(e.count_ops() <= operations)


def _is_zero(e: Any) -> bool:
    """Whether SymPy's algebra alone shows that it is 0. Its `simplify` is not used: it may take minutes."""
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
    polynomial = _in_ring(numerator, ring, dict(zip(symbols, ring.gens, strict=True)))
    # A switch is 0 or 1, so all its powers are itself.
    terms: dict[tuple[int, ...], Any] = {}
    for powers, coefficient in polynomial.terms():
        reduced = tuple(min(power, 1) if at in switches else power for power, at in zip(powers, symbols, strict=True))
        terms[reduced] = terms.get(reduced, 0) + coefficient
    return not any(terms.values())


def _in_ring(e: Any, ring: Any, letters: Mapping[Any, Any]) -> Any:
    """A polynomial as an element of a ring, whose generators stand for its letters."""
    if e.is_Symbol:
        return letters[e]
    if e.is_Rational:
        return ring(sp.QQ(e.p, e.q))
    if e.is_Pow:
        return _in_ring(e.base, ring, letters) ** int(e.exp)
    parts = (_in_ring(arg, ring, letters) for arg in e.args)
    return reduce(add if e.is_Add else mul, parts)


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


def _largest(left: Any, right: Any, definitions: Mapping[Any, Any]) -> float:
    """The largest difference at random points, relative to the larger side. Raises ArithmeticError unless tiny."""
    letters = sorted(_undefined((left, right), definitions), key=str)
    numbers = random.Random(0)
    known = {str(letter): value for value, letter in CONSTANTS.items()}
    largest, seen = mpmath.mpf(0), 0
    with mpmath.workdps(DIGITS):
        for _ in range(TRIES):
            point = Point(
                {letter: mpmath.mpf(known.get(str(letter), _random(numbers, str(letter)))) for letter in letters},
                definitions,
            )
            a, b = point.value(left), point.value(right)
            if not (mpmath.isnan(a) or mpmath.isnan(b)):  # a logarithm's slope where the activation is 0
                largest, seen = max(largest, abs(a - b) / max(1, abs(a))), seen + 1
            if seen == POINTS:
                break
    if not largest < TOLERANCE or not seen:
        raise ArithmeticError(f"a line of the derivation is not equal to the one before: {left} and {right}")
    return float(largest)


def _undefined(formulas: Iterable[Any], definitions: Mapping[Any, Any]) -> set[Any]:
    """The letters that formulas come down to: weights, inputs, targets."""
    found: set[Any] = set()
    left = [*formulas]
    while left:
        new = left.pop().free_symbols - found
        found |= new
        left += [definitions[letter] for letter in new if letter in definitions]
    return found - definitions.keys()


def _random(numbers: random.Random, letter: str) -> float:
    return numbers.uniform(0.1, 0.9) if letter[0] in "to" else numbers.uniform(-1, 1)


def _phase(*z: Any) -> Any:
    return mpmath.fsum(unit * one for unit, one in enumerate(z, 1))


# What functions are in numbers. `Behind` is one that has them: E = sin(z₁ + 2 z₂ + …).
VALUES: dict[type, Callable[..., Any]] = {
    sp.Add: lambda *terms: sum(terms, mpmath.mpf(0)),
    sp.Mul: lambda *factors: reduce(mul, factors),
    sp.Pow: pow,
    sp.exp: mpmath.exp,
    sp.log: mpmath.log,
    sp.tanh: mpmath.tanh,
    sp.erf: mpmath.erf,
    sp.Abs: abs,
    sp.sign: mpmath.sign,
    sp.StrictGreaterThan: gt,
    sp.GreaterThan: ge,
    sp.StrictLessThan: lt,
    sp.LessThan: le,
    sp.Equality: eq,
    sp.Unequality: ne,
    sp.And: lambda *all_of: all(all_of),
    sp.Or: lambda *any_of: any(any_of),
    sp.Not: not_,
    sp.ITE: lambda when, then, other: then if when else other,
    Behind: lambda *z: mpmath.sin(_phase(*z)),
    BehindSlope: lambda unit, *z: unit * mpmath.cos(_phase(*z)),
}


class Point:
    """Numbers for letters, and so for formulas; each part that formulas share is worked out once.

    Args:
        values: of the letters without definition.
        definitions: of the others.
    """

    def __init__(self, values: Mapping[Any, Any], definitions: Mapping[Any, Any]) -> None:
        self.values: dict[Any, Any] = {sp.true: True, sp.false: False, **values}
        self.definitions = definitions

    def value(self, e: Any) -> Any:
        """What it is here, to `mpmath`'s digits; NaN where it is not defined."""
        if e not in self.values:
            try:
                self.values[e] = self._made(e)
            except ZeroDivisionError:
                self.values[e] = mpmath.nan
        return self.values[e]

    def _made(self, e: Any) -> Any:
        if e in self.definitions:
            return self.value(self.definitions[e])
        if isinstance(e, sp.Piecewise):  # only the case that holds: the others may not be defined here
            return next((self.value(case) for case, when in e.args if self.value(when)), mpmath.nan)
        if e.is_Rational:
            return mpmath.mpf(int(e.p)) / int(e.q)
        if not e.args:  # π, and what is no number at all
            return mpmath.mpmathify(e.evalf(DIGITS)) if e.is_finite else mpmath.nan
        return VALUES[e.func](*map(self.value, e.args))
