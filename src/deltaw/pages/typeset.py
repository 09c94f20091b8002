r"""Formulas for terminals: the part of LaTeX that our pages use, set in Unicode.

    typeset(r"\frac{\partial E}{\partial w_{01}} = \delta_0 a_1")  ->  "∂E/∂w₀₁ = δ₀a₁"

A formula is a box: lines of text and the one that its neighbours stand beside. Matrices make boxes of several lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

TOKEN = re.compile(r"\\[a-zA-Z]+\s*|\\.|\s+|.", re.S)

SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η",
    "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ",
    "Delta": "Δ", "Sigma": "Σ", "Phi": "Φ", "partial": "∂", "nabla": "∇", "infty": "∞", "top": "ᵀ", "prime": "′",
    "sum": "Σ", "prod": "∏", "int": "∫", "dots": "…", "ldots": "…", "cdots": "…", "vdots": "⋮", "ddots": "⋱",
    "circ": "∘", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩", "lVert": "‖", "rVert": "‖", "Vert": "‖",
    "lvert": "|", "rvert": "|", "vert": "|",
    "quad": "   ", "qquad": "      ", ",": " ", ";": " ", ":": " ", "!": "", " ": " ",
}  # fmt: skip
RELATIONS = {
    "=": "=", "<": "<", ">": ">", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈",
    "leftarrow": "←", "gets": "←", "to": "→", "rightarrow": "→", "mapsto": "↦", "in": "∈", "equiv": "≡", "propto": "∝",
    "Rightarrow": "⇒", "times": "×", "odot": "⊙", "pm": "±",
}  # fmt: skip
FUNCTIONS = {"exp", "log", "ln", "max", "min", "sin", "cos", "tanh"}
NAMES = {"text", "operatorname", "mathrm", "mathbf", "textbf", "mathit"}
SIZES = {"displaystyle", "textstyle", "limits", "big", "Big", "bigl", "bigr", "Bigl", "Bigr"}
FENCES = {"pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "matrix": ("", ""), "cases": ("{", "")}
TALL = {
    sign: (parts[0], parts[1], parts[2])
    for sign, parts in {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "{": "⎧⎨⎩"}.items()
}

SUBSCRIPTS = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφ, ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩ, ", strict=True))
SUPERSCRIPTS = dict(zip("0123456789+−=()niT′ᵀ* ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ′ᵀ* ", strict=True))


@dataclass(frozen=True)
class Box:
    """Lines of one width; the line `axis` stands beside those of the neighbours."""

    lines: tuple[str, ...]
    axis: int = 0

    @property
    def flat(self) -> str:
        """The line beside the neighbours; of a box of one line all there is."""
        return self.lines[self.axis]


def typeset(latex: str) -> str:
    """The formula in Unicode, on one line or several. What it does not know stays as it is written."""
    tokens = [token.strip() or " " for token in TOKEN.findall(latex.strip())]
    box = _Setter(tokens).row()
    return "\n".join(line.rstrip() for line in box.lines)


class _Setter:
    """Reads tokens from the left; each method takes what it understands and returns its box."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.place = tokens, 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def row(self, ends: Sequence[str] = ()) -> Box:
        """Everything up to one of `ends`, which stays."""
        boxes: list[Box] = []
        dots: list[int] = []  # places of · : tight between numbers, apart between fractions
        fractions = False
        while self.peek() and self.peek() not in ends:
            token = self.take()
            name = token.removeprefix("\\")
            if token in "+-":
                goes_on = "".join(box.flat for box in boxes).isspace()  # a line after \quad, from the one before
                before, after = (" " if _operand(boxes) else ""), (" " if _operand(boxes) or goes_on else "")
                boxes.append(Box((f"{before}{_minus(token)}{after}",)))
            elif name in RELATIONS:
                boxes.append(Box((f" {RELATIONS[name]} ",)))
            elif token == "\\cdot":
                dots.append(len(boxes))
                boxes.append(Box(("·",)))
            elif token == " ":
                if _operand(boxes) and (self.peek().isalpha() or self.peek() in {"(", "\\text"}):
                    boxes.append(Box((" ",)))
            elif token in "_^":
                boxes.append(self.script(token))
            else:
                fractions |= name in ("frac", "dfrac")
                if name in FUNCTIONS and _operand(boxes):
                    boxes.append(Box((" ",)))
                boxes.append(self.atom(token))
        for place in dots if fractions else ():
            boxes[place] = Box((" · ",))
        return _beside(boxes)

    def group(self) -> Box:
        """{…}, or the one token that stands for it."""
        while self.peek() == " ":
            self.take()
        if self.peek() != "{":
            return self.atom(self.take())
        self.take()
        box = self.row(("}",))
        self.take()
        return box

    def words(self) -> str:
        """The text between braces, as it is written."""
        depth, parts = 0, []
        while self.place < len(self.tokens):
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                break
            parts.append(token if len(token) == 1 else SYMBOLS.get(token[1:], token[1:]))
        return "".join(parts[1:])

    def script(self, sign: str) -> Box:
        text, table = self.group().flat, SUBSCRIPTS if sign == "_" else SUPERSCRIPTS
        if all(letter in table for letter in text):
            return Box(("".join(table[letter] for letter in text).replace(" ", ""),))
        return Box((f"{sign}{text}" if len(text) == 1 else f"{sign}({text})",))

    def atom(self, token: str) -> Box:
        name = token[1:]
        if token == "{":
            self.place -= 1
            return self.group()
        if not token.startswith("\\") or not name:
            return Box(("′" if token == "'" else token,))
        if name in ("frac", "dfrac", "tfrac"):
            above, below = self.group().flat, self.group().flat
            return Box(("½" if (above, below) == ("1", "2") else f"{_bracketed(above)}/{_bracketed(below)}",))
        if name == "sqrt":
            return Box((f"√{_bracketed(self.group().flat)}",))
        if name in NAMES:
            return Box((self.words(),))
        if name == "begin":
            return self.environment(self.words())
        if name == "left":
            return self.fenced()
        if name in SIZES:
            return Box(("",))
        if name in FUNCTIONS:
            return Box((name if self.peek() in {"(", "_", "^", "\\left"} else f"{name} ",))
        return Box((SYMBOLS.get(name, name),))

    def fenced(self) -> Box:
        left = self.take().lstrip("\\")
        inner = self.row(("\\right",))
        self.take()
        right = self.take().lstrip("\\")
        return _beside([_fence(left, inner), inner, _fence(right, inner)])

    def environment(self, name: str) -> Box:
        ends = ("&", "\\\\", "\\end")
        rows: list[list[Box]] = [[]]
        while True:
            while self.peek() == " ":
                self.take()
            rows[-1].append(self.row(ends))
            end = self.take()
            if end == "\\\\":
                rows.append([])
            elif end != "&":
                break
        self.words()
        matrix = name in FENCES
        box = _grid([row for row in rows if any(cell.flat for cell in row)], matrix, name == "cases")
        left, right = FENCES.get(name, ("", ""))
        return _beside([_fence(left, box), box, _fence(right, box)])


def _operand(boxes: list[Box]) -> bool:
    """Whether a sign after these stands between two operands, so that it is no sign of one."""
    before = next((box.flat for box in reversed(boxes) if box.flat), "")
    return bool(before.strip()) and before[-1] not in " (·[{,/|"


def _minus(token: str) -> str:
    return "−" if token == "-" else token


def _bracketed(text: str) -> str:
    """In brackets if it would fall apart beside a /."""
    whole = re.fullmatch(r"\([^()]*\)|[^ ·/×]*", text)
    return text if whole else f"({text})"


def _beside(boxes: Sequence[Box]) -> Box:
    """Boxes in a line, their axes level."""
    above = max((box.axis for box in boxes), default=0)
    below = max((len(box.lines) - box.axis for box in boxes), default=1)
    lines = [""] * (above + below)
    for box in boxes:
        width = max(map(len, box.lines))
        for i in range(len(lines)):
            j = i - above + box.axis
            lines[i] += (box.lines[j] if 0 <= j < len(box.lines) else "").ljust(width)
    return Box(tuple(lines), above)


def _fence(sign: str, box: Box) -> Box:
    """A bracket as high as the box; nothing for "." or none."""
    n = len(box.lines)
    if sign in ("", "."):
        return Box(("",) * n, box.axis)
    if n == 1:
        return Box((sign,))
    top, middle, bottom = TALL.get(sign, (sign, sign, sign))
    lines = [top, *[middle] * (n - 2), bottom]
    if sign == "{" and n > 2:
        lines = [top, *["⎪"] * (n - 2), bottom]
        lines[n // 2] = middle
    return Box(tuple(lines), box.axis)


def _grid(rows: list[list[Box]], matrix: bool, left: bool) -> Box:
    """Rows of cells: matrices with columns apart and numbers right, equations with their signs under each other."""
    columns = list(zip_longest(*rows, fillvalue=Box(("",))))
    widths = [max(len(line) for cell in column for line in cell.lines) for column in columns]
    lines: list[str] = []
    for row in rows:
        padded = [
            _widened(cell, width, right=not left if matrix else i % 2 == 0)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        gaps = [Box(("  " if matrix else "",))] * len(padded)
        lines += _beside([box for pair in zip(padded, gaps, strict=True) for box in pair][:-1]).lines
    width = max(map(len, lines), default=0)
    return Box(tuple(line.ljust(width) for line in lines), (len(lines) - 1) // 2 if matrix else 0)


def _widened(box: Box, width: int, right: bool) -> Box:
    return Box(tuple(line.rjust(width) if right else line.ljust(width) for line in box.lines), box.axis)
