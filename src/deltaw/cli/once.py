"""Options that take one value: which of several given values counts, and which are refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import typer

from deltaw.exceptions import SettingError
from deltaw.speech import say

NUMBER = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?", re.IGNORECASE)
LAYERS = "--hidden"  # given twice, two layers are meant
FILE, SLASHES = "FILE", ("/", os.sep)  # what names a file, and what ends the name of a folder


class WithoutValue(typer.BadParameter):
    """An option with an empty value, as by `--cache "$UNSET"`, which as a path would be the current folder."""

    def format_message(self) -> str:
        return say("{option} needs a value", option=self.message)


def once(command: Any) -> None:
    """Let each option of a command see all its values; Typer's parser would silently take the last one."""
    for option in command.params:
        if not getattr(option, "is_flag", True):  # no argument, which has no flags
            option.add_to_parser = partial(_added, option)
            option.consume_value = partial(_chosen, option, option.consume_value)


def _added(option: Any, parser: Any, context: Any) -> None:
    parser.add_option(obj=option, opts=option.opts, dest=option.name, action="append", nargs=option.nargs)


def _chosen(option: Any, own: Callable[..., Any], context: Any, opts: Mapping[str, Any]) -> Any:
    """The value of an option; the last one for numbers, so that a command can be changed by appending an option."""
    given, name = opts.get(option.name), max(option.opts, key=len)
    if given and not context.resilient_parsing:  # where the shell completes words, they are half written
        if "" in given:
            raise WithoutValue(name, ctx=context)
        if option.metavar == FILE:
            not_a_folder(name, given[-1])
        are_numbers = name != LAYERS and all(map(NUMBER.fullmatch, given))
        if not (option.multiple or are_numbers) and len({*given}) > 1:
            one = "a model has one target: train one for each" if name == "--target" else "give only one of them"
            raise SettingError("{option}: expected one value", " ".join(given), one, option=name)
    return own(context, {**opts, option.name: given[-1]} if given and not option.multiple else opts)


def not_a_folder(option: str, given: str | None) -> None:
    """Raise SettingError for the path of a file that ends with a slash, which `Path` would drop."""
    if given is not None and given.endswith(SLASHES):
        raise SettingError("{option}: expected the path of a file", given, "add the file's name", option=option)
