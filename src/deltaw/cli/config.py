"""`--config train.toml`: the options of a command in a file; and `--print-config`, which writes one.

A key is the option's name without its dashes; `_` may stand for `-`. A list is an option that is
given several times, or with commas between; a table is one given as NAME=VALUE. The command line wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deltaw.cli.once import FILE, not_a_folder
from deltaw.exceptions import SettingError, reason, short
from deltaw.signs import one_line
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from deltaw.models import Plan

LARGEST = 2**20  # bytes of a file; of many thousands of options
OWN = {"config", "print_config", "settings", "help", "lang"}  # options that no file has


def given(context: typer.Context, path: Path | None) -> Path | None:
    """The callback of `--config`: the file's options become the defaults of this run."""
    if path is not None:
        context.default_map = _options(path, context)
    return path


def words(context: typer.Context) -> dict[str, Any]:
    """Keys of a file -> parameters of the command."""
    return {_word(each): each for each in context.command.params if each.name not in OWN}


def text(context: typer.Context, data: str, options: Mapping[str, Any], plan: Plan) -> str:
    """A file of options that gives the same run: the given options, and all decided settings.

    Args:
        context: of the command.
        data: the table, as it was given.
        options: arguments of `deltaw.fit`, by name.
        plan: the plan.
    """
    from deltaw.models import RECIPES

    decided = plan.recipe.document()
    values = {"data": data, "target": plan.target.name, "recipe": decided.pop("name")} | dict(options)
    names = {each.name: word for word, each in words(context).items()}
    values |= {name: decided.pop(name) for name in list(decided) if name in names}
    if plan.validation_name is not None:  # rows, and not the recipe's share of them
        values["validation"] = options["validation"]
    own = RECIPES[plan.recipe.name][plan.target.task].document()
    settings = {name: "none" if value is None and own[name] is not None else value for name, value in decided.items()}
    for name in names.keys() - values.keys():
        source = context.get_parameter_source(name)
        if name != "setting" and source is not None and source.name in ("COMMANDLINE", "DEFAULT_MAP"):
            values[name] = context.params[name] or None  # a flag that is not set
    lines = [f"# {one_line(plan.target.name)}: {one_line(plan.target.statement)}"]
    lines += _lines({word: values.get(name) for name, word in names.items() if name != "setting"})
    return "\n".join([*lines, "", "[set]", *_lines(settings)]) + "\n"


def _word(parameter: Any) -> str:
    """ "--batch-size" -> "batch-size"; for an argument its name."""
    return str(max(parameter.opts, key=len)).lstrip("-")


def _options(path: Path, context: typer.Context) -> dict[str, Any]:
    """The options of a file as texts, by the parameters' names."""
    from deltaw.tables.table import nearest

    known, found = words(context), {}
    for key, value in _read(path).items():
        word = key.replace("_", "-")
        if word not in known:
            near = nearest(word, known)
            remedy = (
                say("did you mean {near!r}?", near=near) if near else say("give one of {known}", known=listed(known))
            )
            expected = say("{path}: expected options of {command_path}", path=path, command_path=context.command_path)
            raise SettingError(expected, repr(key), remedy)
        found[known[word].name] = _as_given(path, word, known[word], value)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError(say("more than {n:,} bytes", n=LARGEST))
        found = tomllib.loads(text.decode("utf-8-sig"))
        repr(found)  # which no whole number of thousands of digits has
        return found
    except OSError as error:
        raise SettingError("--config {path}: expected a file", reason(error), "correct it", path=path) from None
    except (ValueError, RecursionError) as error:  # all that the parser may raise
        raise SettingError(
            "{path}: expected TOML", short(str(error)), "write lines such as epochs = 20", path=path
        ) from None


def _as_given(path: Path, word: str, parameter: Any, value: Any) -> Any:
    """A value as on the command line: a string, a list if the option may be repeated, or a boolean."""
    flag = bool(getattr(parameter, "is_flag", False))
    several = bool(getattr(parameter, "multiple", False))
    if flag is not isinstance(value, bool) or value == "":
        kind = say("true or false") if flag else say("a value")
        raise SettingError(
            "{path}: {word}: expected {kind}", repr(value), "correct it", path=path, word=word, kind=kind
        )
    if flag:
        return value
    if parameter.metavar == FILE:
        not_a_folder(f"--{word}", str(value))
    if isinstance(value, dict):
        value = [f"{name}={_inner(one)}" for name, one in value.items()]
    elif not isinstance(value, list):
        return [str(value)] if several else str(value)
    each = list(map(_inner, value))
    if word == "set":
        return each  # a setting may hold commas of its own
    quoted = list(map(_quoted, each))
    return quoted if several else ",".join(quoted) or "none"


def _inner(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """A column name as an option takes it: quoted, if it has a comma, a quote or blanks at its ends."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if re.search(r'[,"\r\n]|^\s|\s$', text) else text


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    """`key = value` for each value."""
    for word, value in values.items():
        if value is not None:
            yield f"{_key(word)} = {_value(value)}"


def _value(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {_value(each)}' for name, each in value.items())} }}"
    return _text(str(value))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """A quoted string, invisible characters escaped."""
    signs = (sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08X}" for sign in text)
    return f'"{"".join(signs)}"'
