"""The language of the command line: `--lang`, or the environment's; help and Typer's errors in it.

It is determined before Typer parses anything (`deltaw.languages.asked`), since Typer's own texts are translated, too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Annotated, Any, get_type_hints

import typer

from deltaw.cli.once import once
from deltaw.languages import checked
from deltaw.speech import LANGUAGES, listed, say, spoken

Lang = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(LANGUAGES),
        callback=lambda lang: lang and checked(lang),
        help="Language; by default, that of the locale.",
    ),
]
# What a help says that is Typer's: the names of its texts there.
TYPERS = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "DEFAULT_STRING": "[default: {}]",
    "REQUIRED_LONG_STRING": "[required]",
}
# Panel of a help -> the options in it; all others stand first, under "Options".
PANELS = {
    "Columns and files": "drop columns kinds na not_na delimiter encoding sheet max_bytes",
    "Network and training": "hidden epochs learning_rate batch_size setting class_weight weight target_scale seed "
    "engine device threads",
    "Validation and scores": "test validation test_size folds group time metric threshold",
    "Long trainings": "start checkpoint every resume memory cache",
}
PANEL_OF = {option: panel for panel, options in PANELS.items() for option in options.split()}
SHARED = "target"  # only commands with the options of a training have so many that they need panels
NO_OPTION = "there is no {option}"
# What Typer finds wrong -> how we say it.
FAULTS = {
    r"No such option: (?P<option>\S+?)(?: Did you mean (?P<near>.+?)\?)?(?: \(Possible options: (?P<several>.+)\))?": (
        NO_OPTION
    ),
    r"No such command '(?P<command>.+?)'(?:\. Did you mean (?P<near>.+?)\?)?.*": "there is no {noun} {command}",
    r"Missing (?:argument|option|parameter) '?(?P<name>.+?)'?": "{name} is missing",
    r"Got unexpected extra argument(?:s|\(s\))? \((?P<found>.*)\)": "expected nothing more, found {found}",
    r"Option '(?P<option>.+)' requires an argument": "{option} needs a value",
    r"Option '(?P<option>.+)' does not take a value": "{option} takes no value",
    r"Invalid value for '?(?P<name>.+?)'?: (?P<found>.*)": "{name}: {found}",
}

# Options that name the file to write: a command has one of them.
WRITES = ("--output", "--report", "--html", "--plot")

# What the commands of a command are called.
NOUNS = {"deltaw": "command", "deltaw lesson": "lesson"}


def speaking(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the option --lang."""

    @wraps(command)
    def run(*, lang: str | None, **given: Any) -> Any:
        return command(**given)

    kinds = get_type_hints(command, include_extras=True) | {"lang": Lang}
    own = [each.replace(annotation=kinds[name]) for name, each in inspect.signature(command).parameters.items()]
    option = inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Lang)
    run.__signature__ = inspect.Signature([*own, option])  # type: ignore[attr-defined]
    run.__annotations__ = kinds
    return run


def translated(command: Any) -> Any:
    """Typer's command, and all its subcommands, with translated help, and options that see all their values."""
    for each in _tree(command):
        once(each)
        each.parse_args = partial(_parsed, each.parse_args)
        for argument in (one for one in each.params if one.param_type_name == "argument"):
            argument.get_usage_pieces = partial(_stands_for, argument)
        _arrange(each)
        each.get_help_option = partial(_help_option, each.get_help_option)
        each.format_help = partial(_help, each.format_help)
        each.help, each.short_help, each.epilog = map(_paragraphs, (each.help, each.short_help, each.epilog))
        if spoken() != LANGUAGES[0]:
            _translate(each)
    if spoken() != LANGUAGES[0]:
        _break_between_characters()
    return command


def _tree(command: Any) -> Iterator[Any]:
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _tree(each)


def _parsed(own: Callable[..., Any], context: Any, given: list[str]) -> Any:
    """Parse arguments; an error knows its command, also where Typer's parser did not say it: no value is given."""
    try:
        return own(context, given)
    except Exception as error:
        if getattr(error, "ctx", context) is None:
            vars(error)["ctx"] = context
        raise


def _stands_for(argument: Any, context: Any) -> list[str]:
    """What stands for an argument in the line of usage, alike in all versions of Typer: DATA, or [DATA] if optional."""
    name = argument.metavar or argument.name.upper()
    return [] if argument.hidden else [name if argument.required else f"[{name}]"]


def _arrange(command: Any) -> None:
    """The options of a training in `PANELS`, and none that takes no value with a type."""
    trains = any(each.name == SHARED for each in command.params)
    for option in command.params:
        if trains and (panel := PANEL_OF.get(option.name)):
            option.rich_help_panel = say(panel)
        if getattr(option, "is_flag", False):
            option.metavar = ""


def _help(own: Callable[..., None], *given: Any) -> None:
    """Print a help text in the current language. Rich is imported here, since it is slow to import."""
    from typer import rich_utils

    for name, text in TYPERS.items():
        setattr(rich_utils, name, say(text))
    own(*given)


def _break_between_characters() -> None:
    """Let Rich break lines between Chinese characters, as `deltaw.pages` does."""
    from rich import _wrap
    from rich.text import Text

    from deltaw.pages.layout import CLOSING, HAN, OPENING

    def without_blanks(self: Text, size: int) -> None:
        """Rich counts characters here and columns elsewhere: of a line with a blank too much it cut off a word."""
        if self.cell_len > size:
            self.rstrip()

    # Between blanks, as it does anyway, and before and behind a Chinese character.
    _wrap.re_word = re.compile(rf"\s*[{OPENING}]*(?:[{HAN}]|[^\s{HAN}]+)[{CLOSING}]*\s*")
    Text.rstrip_end = without_blanks  # type: ignore[method-assign]


def _translate(command: Any) -> None:
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = _paragraphs(parameter.help)
    command.get_usage = partial(_usage, command.get_usage)


def _paragraphs(text: str | None) -> str | None:
    """Each paragraph translated, on one line, since Rich would keep the source's line breaks."""
    return text and "\n\n".join(say(" ".join(paragraph.split())) for paragraph in text.split("\n\n"))


def _usage(own: Callable[[Any], str], context: Any) -> str:
    return own(context).replace("Usage:", say("Usage:"), 1)


def _help_option(own: Callable[[Any], Any], context: Any) -> Any:
    option = own(context)
    if option is not None:
        option.help, option.metavar = say("Show this message and exit."), ""
    return option


def fault(message: str, context: Any = None) -> str:
    """Typer's error message, as all others of ours read; `context`: of the command."""
    noun = NOUNS.get(getattr(context, "command_path", ""), NOUNS["deltaw"])
    for pattern, sentence in FAULTS.items():
        if found := re.fullmatch(pattern, message.rstrip(".")):
            groups = found.groupdict()
            near, said = groups.get("near") or groups.get("several"), say(sentence, noun=say(noun), **groups)
            option = groups["option"] if sentence == NO_OPTION else ""
            if option in WRITES and (own := [each for each in WRITES if each in _options(context.command)]):
                near = own[0]
            elif option and (others := _with(option, context)):
                return say("{fault} (an option of {commands})", fault=said, commands=listed(others))
            return said if near is None else say("{fault} (did you mean {near}?)", fault=said, near=near)
    return message


def _options(command: Any) -> set[str]:
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}


def _with(option: str, context: Any) -> list[str]:
    """The commands that have this option, which another lacks."""
    commands = getattr(context.find_root().command, "commands", {})
    return [name for name, each in commands.items() if option in _options(each)]
