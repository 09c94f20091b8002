"""Which of DeltaW's errors a function can end in, as its source and that of what it calls in its own room say.

Calls are followed by name: functions, classes, methods of `self` and of classes. Methods of objects that are only known
when it runs are not, and what other rooms raise is theirs to say: what is found is raised, and more may be.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator
from functools import cache, cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from deltaw import exceptions

ERRORS = {
    value: name
    for name, value in vars(exceptions).items()
    if inspect.isclass(value) and issubclass(value, exceptions.DeltaWError)
}
MADE_BY = ("__new__", "__init__", "__post_init__")


class Event(NamedTuple):
    """An error that a function's text raises, or a function that it calls, with what catches it there."""

    what: Any
    owner: Any
    caught: tuple[type, ...]


def plain(member: Any) -> Any:
    """The function that a method, a property or what decorates one stands for."""
    for name in ("__func__", "func", "fget", "fn"):
        member = getattr(member, name, member) if not inspect.isfunction(member) else member
    return inspect.unwrap(member) if inspect.isfunction(member) else member


def room(function: Any) -> list[str]:
    return str(function.__module__).split(".")[:2]


@cache
def _definitions(module: str) -> dict[int, ast.AST]:
    """Every function of a file by the line that its code begins at, decorators counted."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    return {
        min([node.lineno, *(each.lineno for each in node.decorator_list)]): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }


def _scope(function: Any, node: ast.AST) -> dict[str, Any]:
    """What names mean in it: its module's, and those that it imports itself."""
    scope = dict(function.__globals__)
    for each in ast.walk(node):
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("deltaw"):
            for alias in each.names:
                module = import_module(str(each.module))
                value = getattr(module, alias.name, None)
                scope[alias.asname or alias.name] = value or import_module(f"{each.module}.{alias.name}")
    return scope


@cache
def events(function: Any, owner: Any) -> tuple[Event, ...]:
    """In the order of its text."""
    node = _definitions(function.__module__).get(function.__code__.co_firstlineno)
    if node is None:  # a lambda, or written by another program, as the __init__ of a dataclass
        return ()
    scope = _scope(function, node)

    def value(node: ast.AST | None) -> Any:
        if isinstance(node, ast.Name):
            return owner if node.id in ("self", "cls") and owner else scope.get(node.id, vars(builtins).get(node.id))
        if isinstance(node, ast.Attribute):
            of = value(node.value)
            if inspect.isclass(of):
                return inspect.getattr_static(of, node.attr, None)
            return getattr(of, node.attr, None) if isinstance(of, ModuleType) else None
        return None

    def called(node: ast.Call | ast.Attribute) -> Iterator[tuple[Any, Any]]:
        target = node.func if isinstance(node, ast.Call) else node
        found, of = value(target), value(getattr(target, "value", None))
        if isinstance(node, ast.Attribute) and not isinstance(found, (property, cached_property)):
            return
        if inspect.isclass(found) and issubclass(found, BaseException):
            return
        functions = (
            [inspect.getattr_static(found, name, None) for name in MADE_BY] if inspect.isclass(found) else [found]
        )
        for each in map(plain, functions):
            if inspect.isfunction(each):
                yield each, found if inspect.isclass(found) else of if inspect.isclass(of) else None

    def walk(node: ast.AST, caught: tuple[type, ...]) -> Iterator[Event]:
        if isinstance(node, ast.Try):
            kinds = [value(kind) for each in node.handlers for kind in getattr(each.type, "elts", [each.type])]
            inside = (*caught, *filter(inspect.isclass, kinds))
            for each in node.body:
                yield from walk(each, inside)
            for each in (*node.handlers, *node.orelse, *node.finalbody):
                yield from walk(each, caught)
            return
        if isinstance(node, ast.Raise) and value(getattr(node.exc, "func", node.exc)) in ERRORS:
            yield Event(value(getattr(node.exc, "func", node.exc)), None, caught)
        if isinstance(node, (ast.Call, ast.Attribute)):
            yield from (Event(*each, caught) for each in called(node))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, caught)

    return tuple(walk(node, ()))


def raised(function: Any, owner: Any = None) -> set[type]:
    """The errors that a function can end in, methods and properties as those of the class `owner`."""

    def follow(function: Any, owner: Any) -> Iterator[type]:
        if (function, owner) in seen or room(function) != home:
            return
        seen.add((function, owner))
        for what, of, caught in events(function, owner):
            found = [what] if what in ERRORS else follow(what, of)
            yield from (each for each in found if not issubclass(each, caught))

    home, seen = room(function), set[Any]()
    return set(follow(function, owner))
