"""One formula, two scripts: a line of Unicode for terminals, LaTeX for pages. Terms stay in the tree's own order."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.formulas import Chain, Partial, Total, is_negative, negative

# How tightly an expression holds together; what is looser than its place needs gets brackets.
SUM, OPEN, PRODUCT, POWER, ATOM = range(5)
Written = tuple[str, int]


class Plain:
    """Unicode. `odot` writes ⊙ between factors: for vectors, where every operation is elementwise."""

    space, dot, odot = " ", " · ", " ⊙ "
    minus = "−"
    relations: ClassVar[dict[str, str]] = {"==": "=", ">": ">", "<": "<", "<=": "≤", ">=": "≥"}
    functions: ClassVar[dict[str, str]] = {"sign": "sgn"}  # names in formulas, where they are not SymPy's
    superscripts = str.maketrans("0123456789-+()lLT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ˡᴸᵀ")

    def __init__(self, elementwise: bool = False) -> None:
        if elementwise:
            self.space = self.dot = self.odot

    def __call__(self, e: Any, place: int = SUM) -> str:
        """The expression as it stands in a place that needs it so tight."""
        text, holds = self.written(e)
        return self.brackets(text) if holds < place else text

    def written(self, e: Any) -> Written:
        """The expression, and how tightly it holds together."""
        written: Written = next(write(self, e) for kind, write in WRITERS if isinstance(e, kind))
        return written

    # The order of things, and where brackets are: the same in both scripts.

    def add(self, e: Any) -> Written:
        text = ""
        for term in e.args:
            minus = is_negative(term)
            part = self(negative(term) if minus else term, OPEN)
            text += (f" {self.minus if minus else '+'} " if text else self.minus if minus else "") + part
        return text, SUM

    def product(self, e: Any) -> Written:
        nothing = isinstance(e, Chain) and any(factor == 0 for factor in e.args)  # −1 · 0, rather than −0
        if is_negative(e) and not nothing:
            return self.minus + self(negative(e), OPEN), SUM
        if isinstance(e, Chain):
            return self.joined([f for f in e.args if f != 1], self.dot), PRODUCT
        above, below = [], []
        for factor in flat(e):
            if is_divisor(factor):
                below.append(factor.base if factor.exp == -1 else sp.Pow(factor.base, -factor.exp, evaluate=False))
            elif factor != 1:
                above += [sp.Integer(factor.p)] * (factor.p != 1) if isinstance(factor, sp.Rational) else [factor]
                below += [sp.Integer(factor.q)] * (factor.q != 1) if isinstance(factor, sp.Rational) else []
        if len(above) == 1 and not below:
            return self.written(above[0])
        return (self.fraction(above, below) if below else self.joined(above, self.space)), PRODUCT

    def joined(self, factors: list[Any], between: str) -> str:
        """What has no end of its own (Σ …, ∂/∂w …) may stand last without brackets."""
        last = len(factors) - 1
        return between.join(self(f, OPEN if i == last and i else PRODUCT) for i, f in enumerate(factors)) or "1"

    def power(self, e: Any) -> Written:
        if is_divisor(e):
            return self.product(sp.Mul(sp.S.One, e, evaluate=False))
        return (self.root(e.base), ATOM) if e.exp == sp.S.Half else (self.raised(e.base, e.exp), POWER)

    def number(self, e: Any) -> Written:
        if isinstance(e, sp.Rational) and e.q != 1:
            return self.product(sp.Mul(e, sp.S.One, evaluate=False))
        text = f"{float(e):.10g}" if isinstance(e, sp.Float) else str(e)
        return text.replace("-", self.minus), SUM if e.is_negative else ATOM

    def symbol(self, e: Any) -> Written:
        return self.name(str(e)), ATOM

    def indexed(self, e: Any) -> Written:
        return self.subscripted(str(e.base).split("@")[0], "".join(map(str, e.indices))), ATOM

    def function(self, e: Any) -> Written:
        name = type(e).__name__
        return self.called(self.functions.get(name, name), ", ".join(map(self, e.args))), ATOM

    def relation(self, e: Any) -> Written:
        return f"{self(e.lhs)} {self.relations[e.rel_op]} {self(e.rhs)}", SUM

    def equals(self, e: Any) -> Written:
        return f"[{self(e.args[1])} = {self(e.args[0])}]", ATOM

    def total(self, e: Any) -> Written:
        body, index = e.args
        return f"{self.sigma(str(index))} {self(body, PRODUCT)}", OPEN

    def partial(self, e: Any) -> Written:
        y, x = e.args
        if isinstance(y, (sp.Symbol, sp.Indexed)):
            return self.rate(self(y), self(x)), POWER
        return f"{self.rate('', self(x))} {self(y, OPEN)}", OPEN

    def cases(self, e: Any) -> Written:
        return self.choice([(self(value), None if when == sp.true else self(when)) for value, when in e.args])

    # The signs.

    def brackets(self, text: str) -> str:
        return f"({text})"

    def fraction(self, above: list[Any], below: list[Any]) -> str:
        over = self(below[0], POWER) if len(below) == 1 else self.brackets(self.joined(below, self.space))
        return f"{self.joined(above, self.space)}/{over}"

    def root(self, base: Any) -> str:
        return f"√{self(base, ATOM)}"

    def raised(self, base: Any, exponent: Any) -> str:
        power = self(exponent, ATOM)
        raised = power.translate(self.superscripts)
        return self(base, ATOM) + (raised if exponent.is_Integer else f"^{power}")

    def name(self, text: str) -> str:
        return {"pi": "π"}.get(text, text)

    def subscripted(self, name: str, indices: str) -> str:
        return f"{name}_{indices}"

    def called(self, name: str, inside: str) -> str:
        return f"|{inside}|" if name == "Abs" else f"{name}({inside})"

    def sigma(self, index: str) -> str:
        return f"Σ_{index}"

    def rate(self, y: str, x: str) -> str:
        return f"∂{y}/∂{x}"

    def choice(self, rows: list[tuple[str, str | None]]) -> Written:
        return "{" + ", ".join(f"{value} if {when}" if when else f"else {value}" for value, when in rows) + "}", ATOM


class Latex(Plain):
    """LaTeX."""

    space, dot, odot = r"\,", r" \cdot ", r" \odot "
    minus = "-"
    relations: ClassVar[dict[str, str]] = {"==": "=", ">": ">", "<": "<", "<=": r"\le", ">=": r"\ge"}
    letters: ClassVar[dict[str, str]] = {
        "σ": r"\sigma",
        "δ": r"\delta",
        "λ": r"\lambda",
        "α": r"\alpha",
        "pi": r"\pi",
        "Δ": r"\Delta ",
    }
    known = frozenset({"log", "tanh"})

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def fraction(self, above: list[Any], below: list[Any]) -> str:
        over, under = ("".join(self.alone(part)) for part in (above, below))
        return rf"\frac{{{over}}}{{{under}}}"

    def alone(self, factors: list[Any]) -> str:
        """A product that needs no brackets around it."""
        return self(factors[0]) if len(factors) == 1 else self.joined(factors, self.space)

    def root(self, base: Any) -> str:
        return rf"\sqrt{{{self(base)}}}"

    def raised(self, base: Any, exponent: Any) -> str:
        return f"{self(base, ATOM)}^{{{self(exponent)}}}"

    def name(self, text: str) -> str:
        return self.letters.get(text, text)

    def subscripted(self, name: str, indices: str) -> str:
        return f"{self.name(name)}_{{{indices}}}"

    def called(self, name: str, inside: str) -> str:
        if name == "Abs":
            return rf"\left|{inside}\right|"
        if name == "exp":
            return f"e^{{{inside}}}"
        sign = rf"\{name}" if name in self.known else self.letters.get(name) or rf"\mathrm{{{name.replace('_', ' ')}}}"
        return rf"{sign}\left({inside}\right)"

    def sigma(self, index: str) -> str:
        return rf"\sum_{{{index}}}"

    def rate(self, y: str, x: str) -> str:
        return rf"\frac{{\partial {y}}}{{\partial {x}}}"

    def choice(self, rows: list[tuple[str, str | None]]) -> Written:
        lines = (
            rf"{value} & \text{{if }} {when}" if when else rf"{value} & \text{{otherwise}}" for value, when in rows
        )
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}", OPEN


WRITERS: tuple[tuple[type, Any], ...] = (
    (Chain, Plain.product),
    (Partial, Plain.partial),
    (sp.Number, Plain.number),
    (sp.Add, Plain.add),
    (sp.Mul, Plain.product),
    (sp.Pow, Plain.power),
    (Total, Plain.total),
    (sp.Indexed, Plain.indexed),
    (sp.Piecewise, Plain.cases),
    (sp.KroneckerDelta, Plain.equals),
    (sp.core.relational.Relational, Plain.relation),
    (sp.Function, Plain.function),
    (sp.Basic, Plain.symbol),
)


def is_divisor(e: Any) -> bool:
    """Whether it is written below a fraction's line."""
    return isinstance(e, sp.Pow) and isinstance(e.exp, sp.Number) and bool(e.exp.is_negative)


def flat(e: Any) -> list[Any]:
    """The factors of a product of products."""
    return [factor for part in e.args for factor in (flat(part) if isinstance(part, sp.Mul) else [part])]


def latex(e: Any) -> str:
    return Latex()(e)


def plain(e: Any) -> str:
    return Plain()(e)
