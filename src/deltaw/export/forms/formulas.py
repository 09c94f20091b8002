"""Activations in other languages, from the formulas of the equations, so that a new activation needs no row here.

A formula is an expression in z; `fold` translates it part by part with a table: `"exp": lambda x: f"exp({x})"`.
log(1 + exp(z)), which would overflow, becomes softplus(z).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from deltaw.equations.activations import ACTIVATIONS

SOFTMAX = "softmax"  # of many z at once: every form has its own
T = TypeVar("T")
Table = Mapping[str, Callable[..., T]]

OPERATORS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Gt: ">"}


def fold(name: str, table: Table[T], z: T) -> T:
    """The activation `name`, translated by a table of "+", "-", "*", "/", ">", "where", "number" and functions (exp,
    log, tanh, erf, sqrt, abs, softplus)."""
    return _said(_Softplus().visit(ast.parse(ACTIVATIONS[name].formula, mode="eval").body), table, z)


def _said(node: Any, table: Table[T], z: T) -> T:
    match node:
        case ast.Name(id="z"):
            return z
        case ast.Constant(value=int() | float() as value):
            return table["number"](float(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return table["-"](table["number"](0.0), _said(operand, table, z))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return table[OPERATORS[type(op)]](_said(left, table, z), _said(right, table, z))
        case ast.Call(func=ast.Name(id="Piecewise"), args=[ast.Tuple(elts=[yes, when]), ast.Tuple(elts=[no, _])]):
            return table["where"](*(_said(each, table, z) for each in (when, yes, no)))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return table[function.lower()](*(_said(each, table, z) for each in arguments))
    raise ValueError(f"no rule for {ast.unparse(node)}")


class _Softplus(ast.NodeTransformer):
    """log(1 + exp(x)) -> softplus(x)."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Name(id="log"),
                args=[ast.BinOp(left=ast.Constant(value=1), right=ast.Call(func=ast.Name(id="exp"), args=[x]))],
            ):
                return ast.Call(ast.Name("softplus"), [x], [])
        return node


def infix(**functions: str) -> Table[str]:
    """The table of a language with infix operators and calls f(x); `functions`: format templates of "where", and of
    functions with other names."""
    table: dict[str, Callable[..., str]] = {op: lambda a, b, op=op: f"({a} {op} {b})" for op in OPERATORS.values()}
    for name in ("exp", "log", "tanh", "erf", "sqrt", "abs", "softplus"):
        table[name] = lambda x, name=name: f"{name}({x})"
    table["number"] = repr
    return table | {name: template.format for name, template in functions.items()}
