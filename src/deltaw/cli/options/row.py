"""An option as a row of a table, and commands that have all rows of one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, get_type_hints

import typer

Options = dict[str, Any]  # the arguments of `deltaw.fit` that were given, by name
Given = dict[str, Any]  # how DATA is read, as `deltaw.tables.Reading` has it


class Row(NamedTuple):
    """An option.

    Attributes:
        kind: its type, annotated with what Typer shows of it.
        default: where it is not given; None is left to `deltaw.fit`.
        read: what the value given means.
        of_file: whether it says how the table is read, which a saved model does not know either.
    """

    kind: Any
    default: Any = None
    read: Callable[[Any], Any] = lambda value: value
    of_file: bool = False


def widened(command: Callable[..., None], place: str, table: dict[str, Row]) -> Callable[..., None]:
    """The same of any table, for the parameter called `place`."""
    hints = get_type_hints(command, include_extras=True)
    parameters = {}
    for name, parameter in inspect.signature(command).parameters.items():
        rows = {name: (hints[name], parameter.default)}
        if name == place:
            rows = {each: (row.kind, row.default) for each, row in table.items()}
        for each, (kind, default) in rows.items():
            parameters[each] = inspect.Parameter(each, parameter.KEYWORD_ONLY, default=default, annotation=kind)

    @wraps(command)
    def run(**given: Any) -> None:
        values = {name: given.pop(name) for name in table}
        command(**{place: _read(table, *_levels(values, given.get("context")))}, **given)

    run.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    run.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    return run


def _levels(values: Options, context: typer.Context | None) -> tuple[Options, Options]:
    """What a file of options says (`config`), and what the command line says."""
    file = dict((context and context.default_map) or {})
    sources = {} if context is None else {name: context.get_parameter_source(name) for name in values}
    of_file = {name for name, source in sources.items() if source is not None and source.name == "DEFAULT_MAP"}
    lists = {name: value for name, value in file.items() if name in values and isinstance(value, list)}
    return lists | {name: values[name] for name in of_file}, {n: v for n, v in values.items() if n not in of_file}


def _read(table: dict[str, Row], *levels: Options) -> Options:
    """What was given: the later level wins, in each an option over the same by --set, and that over a default.

    Of pairs (--set, --as) each is for itself.
    """
    asked = {name for values in levels for name in values}
    found = {name: row.default for name, row in table.items() if name in asked and row.default is not None}
    for values in levels:
        given = {name: table[name].read(value) for name, value in values.items() if value != table[name].default}
        pairs: Options = given.pop("setting", {})
        both = {name: found.get(name, {}) | value for name, value in given.items() if isinstance(value, dict)}
        found |= pairs | given | both
    return found
