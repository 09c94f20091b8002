"""Formulas as SymPy trees that keep the order in which a mathematician wrote them.

SymPy sorts the terms of what it evaluates. Everything here is built unevaluated, so that one tree is both what is
printed (`notation`) and what is checked (`verification`).

A quantity's name may carry its layer behind an @: `o@k` is the output of the layer whose units are numbered by k, and
is printed `o`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import sympy as sp  # type: ignore[import-untyped]

from deltaw.equations.activations import SELU_ALPHA, SELU_SCALE, Activation
from deltaw.equations.losses import Loss


class Partial(sp.Expr):  # type: ignore[misc]
    """∂y/∂x, where y and x may be quantities on the way, such as ∂E/∂z. Evaluated by `meaning.World`."""


class Chain(sp.Expr):  # type: ignore[misc]
    """A product of the chain rule's factors, in their order."""


class Total(sp.Expr):  # type: ignore[misc]
    """Σ of its first argument over all values of the index, its second. SymPy's own Sum would fold cases out of it."""


i, j, k, m, n = sp.symbols("i j k m n", integer=True)
E = sp.Symbol("E", real=True)
ALL = sp.Symbol("N", integer=True)  # "to the last": how many units there are does not matter to any line

# Numbers with many digits are written as letters; the page says what they are.
CONSTANTS = {SELU_SCALE: sp.Symbol("λ", positive=True), SELU_ALPHA: sp.Symbol("a", positive=True)}

# Derivatives as a textbook writes them: f'(z) in z and o = f(z), ∂E/∂o in o, t and the loss's setting p. They are held
# against SymPy's own derivative of the table's formula whenever they are used; a row without one here gets SymPy's.
SLOPES = {
    "identity": "1",
    "step": "0",
    "sigmoid": "o*(1 - o)",
    "tanh": "1 - o**2",
    "relu": "Piecewise((1, z > 0), (0, True))",
    "leaky_relu": "Piecewise((1, z > 0), (0.01, True))",
    "elu": "Piecewise((1, z > 0), (1 + o, True))",
    "selu": "Piecewise((λ, z > 0), (o + λ*a, True))",
    "gelu": "(1 + erf(z/sqrt(2)))/2 + z*exp(-z**2/2)/sqrt(2*pi)",
    "silu": "σ(z) + o*(1 - σ(z))",
    "mish": "tanh(softplus(z)) + z*(1 - tanh(softplus(z))**2)*σ(z)",
    "softplus": "σ(z)",
    "softsign": "1/(1 + Abs(z))**2",
    "exponential": "o",
}
LOSS_SLOPES = {
    "difference": "-1",
    "absolute": "-sign(t - o)",
    "squared": "-(t - o)",
    "huber": "Piecewise((-(t - o), Abs(t - o) <= p), (-p*sign(t - o), True))",
    "binary_cross_entropy": "-(t - o)/(o*(1 - o))",
    "cross_entropy": "-t/o",
    "poisson": "-(t - o)/o",
    "hinge": "Piecewise((-t, t*o < 1), (0, True))",
    "pinball": "Piecewise((-p, o < t), (1 - p, True))",
}

LETTERS = {"sigmoid": "σ"}  # names of activations in formulas, where they are not their own


def quantity(name: str, *indices: Any) -> Any:
    """`quantity("w@k", j, k)` is w_jk."""
    return sp.Indexed(sp.IndexedBase(name), *indices)


def total(body: Any, index: Any) -> Any:
    """Σ over all values of the index."""
    return Total(body, index)


def number(value: float) -> Any:
    """A number of a formula: 1.0 is 1."""
    return sp.Integer(int(value)) if value == int(value) else sp.Float(value)


def add(*terms: Any) -> Any:
    return sp.Add(*terms, evaluate=all(isinstance(term, sp.Number) for term in terms))


def mul(*factors: Any) -> Any:
    return sp.Mul(*factors, evaluate=False)


def power(base: Any, exponent: Any) -> Any:
    return sp.Pow(base, exponent, evaluate=False)


def is_negative(e: Any) -> bool:
    """Whether a minus sign stands before it."""
    if isinstance(e, (sp.Mul, Chain)):
        return is_negative(e.args[0])
    return isinstance(e, sp.Number) and bool(e.is_negative)


def negative(e: Any) -> Any:
    """−e, without a double sign."""
    if isinstance(e, Chain):
        return Chain(negative(e.args[0]), *e.args[1:])
    if isinstance(e, sp.Number):
        return -e
    if not is_negative(e):
        return mul(sp.S.NegativeOne, e)
    first, *rest = e.args
    factors = [factor for factor in (negative(first), *rest) if factor != 1]
    return mul(*factors) if len(factors) > 1 else factors[0]


def read(text: str, names: Mapping[str, Any]) -> Any:
    """A formula of the tables, in SymPy's language, as an unevaluated tree in the order in which it is written."""
    return _read(ast.parse(text, mode="eval").body, names)


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: lambda a, b: add(a, negative(b)),
    ast.Mult: mul,
    ast.Div: lambda a, b: mul(a, power(b, sp.S.NegativeOne)),
    ast.Pow: power,
    ast.Gt: lambda a, b: sp.StrictGreaterThan(a, b, evaluate=False),
    ast.Lt: lambda a, b: sp.StrictLessThan(a, b, evaluate=False),
    ast.LtE: lambda a, b: sp.LessThan(a, b, evaluate=False),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: partial(getattr(sp, name), evaluate=False)
        for name in ("exp", "log", "tanh", "erf", "Abs", "sign", "Piecewise")
    },
    "sqrt": lambda x: power(x, sp.S.Half),
    "Sum": lambda body, limits: total(body, limits[0]),
    "Max": sp.Function("max"),  # SymPy's own would sort its arguments
}


def _read(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=bool() as value):
            return sp.true if value else sp.false
        case ast.Constant(value=int() | float() as value):
            return CONSTANTS.get(value, number(value))
        case ast.Name(id=name):
            return names[name] if name in names else {"pi": sp.pi, **{str(c): c for c in CONSTANTS.values()}}[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return negative(_read(operand, names))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_read(left, names), _read(right, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _OPERATORS[type(op)](_read(left, names), _read(right, names))
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return names[name](_read(index, names))
        case ast.Tuple(elts=parts):
            return tuple(_read(part, names) for part in parts)
        case ast.Call(func=ast.Name(id=name), args=args):
            make = _FUNCTIONS.get(name) or sp.Function(name)
            return make(*(_read(arg, names) for arg in args))
    raise ValueError(f"a formula of the tables holds what derivations cannot read: {ast.unparse(node)}")


def activation_formula(row: Activation, z: Any, unit: Any = k, other: Any = n) -> Any:
    """The table's formula. z is its argument; for a coupled row, a function from an index to z."""
    names = {"z": z, "k": unit, "j": other, "n": ALL} if row.coupled else {"z": z}
    return read(row.formula, names)


def applied(row: Activation, z: Any) -> Any:
    """o = f(z) in its short form: z itself, tanh(z), σ(z), relu(z)."""
    formula = activation_formula(row, z)
    if formula == z or (isinstance(formula, (sp.tanh, sp.exp)) and formula.args == (z,)):
        return formula
    return sp.Function(LETTERS.get(row.name, row.name))(z)


def loss_formula(row: Loss, o: Any, t: Any) -> Any:
    """E of one output, from the table."""
    return read(row.formula, {"o": o, "t": t})


def slope(row: Activation, z: Any, o: Any) -> Any:
    """f'(z) as a textbook writes it."""
    if row.name in SLOPES:
        return read(SLOPES[row.name], {"z": z, "o": o})
    return derivative(activation_formula(row, z), z)


def loss_slope(row: Loss, o: Any, t: Any) -> Any:
    """∂E/∂o as a textbook writes it."""
    if row.kind in LOSS_SLOPES:
        return read(LOSS_SLOPES[row.kind], {"o": o, "t": t, "p": number(row.parameter)})
    return derivative(loss_formula(row, o, t), o)


def derivative(formula: Any, x: Any) -> Any:
    """SymPy's own derivative, as it comes: in the order of the letters, which a set does not keep."""
    letters = sorted(formula.atoms(sp.Indexed) | {x}, key=str)
    real = {atom: sp.Dummy("x", real=True) for atom in letters}
    found = sp.diff(evaluated(formula.xreplace(real)), real[x])
    return arranged(found.xreplace({made: atom for atom, made in real.items()}))


def evaluated(e: Any) -> Any:
    """The tree rebuilt, so that SymPy simplifies what it does by itself; decimals become exact fractions."""
    if isinstance(e, sp.Float):
        return sp.Rational(f"{float(e):.15g}")
    if not e.args or isinstance(e, sp.Indexed):
        return e
    args = [evaluated(arg) for arg in e.args]
    if type(e).__name__ == "max":
        a, b = args
        return sp.Piecewise((a, sp.expand(a - b) >= 0), (b, True))
    return e.func(*args)


def arranged(e: Any) -> Any:
    """An evaluated tree in a readable order: numbers first, then what holds t; 1 − o, not −(o − 1)."""
    if isinstance(e, sp.Mul):
        factors = [_turned(factor) for factor in sorted(e.as_ordered_factors(), key=_place)]
        kept = [arranged(factor) for _, factor in factors if factor not in (1, -1)]
        minuses = sum(sign < 0 for sign, _ in factors) + sum(factor == -1 for _, factor in factors)
        made = mul(*kept) if len(kept) > 1 else (kept or [sp.S.One])[0]
        return negative(made) if minuses % 2 else made
    if isinstance(e, sp.Add):
        terms = sorted(e.as_ordered_terms(), key=lambda term: (term.could_extract_minus_sign(), not term.is_number))
        return add(*map(arranged, terms))
    if isinstance(e, sp.Piecewise):
        return sp.Piecewise(*((arranged(value), when) for value, when in e.args), evaluate=False)
    if isinstance(e, (sp.Pow, sp.Function)):
        return e.func(*map(arranged, e.args), evaluate=False)
    return e


def _turned(factor: Any) -> tuple[int, Any]:
    """(−1, 1 − o) for o − 1, (1, factor) for what may stay; powers of odd exponent alike."""
    base, exponent = factor.as_base_exp()
    if isinstance(base, sp.Add) and exponent.is_odd and any(t.is_number and t.is_negative for t in base.args):
        return -1, sp.Pow(sp.Add(*(-term for term in base.args)), exponent)
    return 1, factor


def _place(factor: Any) -> tuple[bool, ...]:
    """Where a factor stands: numbers, what holds a target, letters, functions."""
    target = any(str(atom.base) == "t" for atom in factor.atoms(sp.Indexed))
    return not factor.is_number, not target, not isinstance(factor, (sp.Symbol, sp.Indexed))


def tidy(first: Any, second: Any) -> Any | None:
    """The product of two factors in a shorter form, or None where there is none."""
    if evaluated(second) == 1:
        return first
    if evaluated(second) == 0:
        return sp.S.Zero
    whole = mul(first, second)
    if whole.has(sp.Piecewise) or whole.atoms(sp.Function):
        return None
    short = sp.factor(sp.cancel(evaluated(whole)))
    return arranged(short) if _letters(short) < _letters(whole) else None


def _letters(e: Any) -> int:
    return sum(isinstance(part, sp.Indexed) for part in sp.preorder_traversal(e))
