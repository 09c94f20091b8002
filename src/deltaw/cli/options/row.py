"""Options as rows of a table, and commands that have all rows of a table as options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

Options = dict[str, Any]  # the arguments of `deltaw.fit` that were given, by name
Given = dict[str, Any]  # how DATA is read, as `deltaw.tables.Reading` has it


class Row(NamedTuple):
    """An option.

    Attributes:
        kind: its type, annotated with `typer.Option`.
        default: None is left to `deltaw.fit`.
        read: from the given value to its meaning.
        of_file: whether it is about reading files, so that it applies to saved models, too.
    """

    kind: Any
    default: Any = None
    read: Callable[[Any], Any] = lambda value: value
    of_file: bool = False


def option(
    kind: Any, help: str, *names: str, default: Any = None, read: Callable[[Any], Any] = lambda value: value,
    of_file: bool = False, **shown: Any,
) -> Row:  # fmt: skip
    """A `Row`; its value is None where it is not given, unless it has a default.

    Args:
        kind: type of the value.
        help: one line of help.
        names: if they are not the row's own, with dashes.
        default, read, of_file: see `Row`.
        shown: other arguments of `typer.Option`.
    """
    typed = kind if default is not None else kind | None
    return Row(Annotated[typed, typer.Option(*names, help=help, **shown)], default, read, of_file)


def widened(command: Callable[..., None], place: str, table: dict[str, Row]) -> Callable[..., None]:
    """The command with the rows of `table` as options in place of its parameter `place`, a dictionary."""
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
    """The values of a file of options (`config`), and those of the command line."""
    file = dict((context and context.default_map) or {})
    sources = {} if context is None else {name: context.get_parameter_source(name) for name in values}
    of_file = {name for name, source in sources.items() if source is not None and source.name == "DEFAULT_MAP"}
    lists = {name: value for name, value in file.items() if name in values and isinstance(value, list)}
    return lists | {name: values[name] for name in of_file}, {n: v for n, v in values.items() if n not in of_file}


def _read(table: dict[str, Row], *levels: Options) -> Options:
    """The given values. Later levels win; within a level an option wins over --set, and both over defaults.

    Pairs (--set, --as) are merged key by key.
    """
    asked = {name for values in levels for name in values}
    found = {name: row.default for name, row in table.items() if name in asked and row.default is not None}
    for values in levels:
        given = {name: table[name].read(value) for name, value in values.items() if value != table[name].default}
        pairs: Options = given.pop("setting", {})
        if others := {name: value for name, value in pairs.items() if name not in table}:
            _check_settings(others)
        both = {name: found.get(name, {}) | value for name, value in given.items() if isinstance(value, dict)}
        found |= pairs | given | both
    return found


def _check_settings(pairs: Options) -> None:
    """Raise SettingError for a name that no recipe has, which would be an argument of the command itself."""
    from deltaw.models.recipes import RECIPES, check_names

    check_names(next(iter(RECIPES)), pairs)
