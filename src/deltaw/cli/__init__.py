"""The command line: arguments become calls, results become text.

Exit status: 0 done, 1 an internal error, 2 invalid input or usage, 130 Ctrl-C, 143 SIGTERM. An error is one line on
stderr. A closed stdout, or a reader that ends early (`| head`), is not an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from deltaw.exceptions import DeltaWError, InputError, OutputError, reason, short
from deltaw.languages import asked, language
from deltaw.signs import one_line
from deltaw.sigterm import Terminable
from deltaw.speech import say, spoken
from deltaw.speech.settings import by_command
from deltaw.threads import starved

__all__ = ["main"]

INTERRUPTED = 130  # by Ctrl-C
STARVED = "expected enough memory and threads, found too few; end other programs, or raise the limits that ulimit shows"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; `arguments` are `sys.argv[1:]` unless given. Returns the exit status."""
    with Terminable() as running:
        try:
            with language(asked(arguments)), by_command():
                try:
                    status = _main(arguments)
                except KeyboardInterrupt:  # no command has begun, and to load takes a while
                    status = _interrupted()
                except BaseException:  # a library's own words for it, of which a panic of Rust's is no Exception
                    if running.signal is not None:
                        status = _interrupted()
                    elif starved():
                        status = _say(say(STARVED), 1)
                    else:
                        raise
        except KeyboardInterrupt:  # before the language is known, or after it is
            status = _interrupted()
    return 128 + running.signal if running.signal is not None and status == INTERRUPTED else status


def _main(arguments: Sequence[str] | None) -> int:
    from deltaw.cli.output.streams import whole

    _quiet()
    if os.environ.get("COLUMNS", "").strip("0") == "":  # unknown, as `shutil` has it: Rich would print nothing
        os.environ.pop("COLUMNS", None)
    with whole() as streams:
        status = _run(arguments)
        sys.stdout.flush()
        if streams.error is not None and status == 0:
            status = _say(say("standard output: {reason}", reason=reason(streams.error)), 1)
    return status


@cache
def _commands(lang: str) -> Any:
    """Typer's commands in that language, made once."""
    import typer

    from deltaw.cli.app import app
    from deltaw.cli.speaking import translated

    return translated(typer.main.get_command(app))


def _run(arguments: Sequence[str] | None) -> int:
    import typer

    try:
        status = _commands(spoken())(args=arguments, prog_name="deltaw", standalone_mode=False)
    except BrokenPipeError:
        return 0  # the reader of our output closed the pipe
    except (KeyboardInterrupt, typer.Abort) as error:
        return _interrupted(*error.args)
    except (InputError, OutputError) as error:
        return _say(str(error), 2)
    except DeltaWError as error:
        return _say(str(error), 1)
    except OSError as error:
        where = error.filename or say("expected the system to work")
        return _say(short(f"{where}{say(': ')}{reason(error)}"), 1)
    except MemoryError:
        return _say(say("expected enough memory for the table and the network, found too little; give fewer rows"), 1)
    except Exception as error:
        # What Typer finds wrong with the arguments. Its class lives in different modules in different versions.
        if not hasattr(error, "format_message"):
            raise
        context = getattr(error, "ctx", None)
        command = "deltaw" if context is None else context.command_path
        if name := _setting(error):
            way = "{fault}; give --set {name}=VALUE, see 'deltaw train --settings'"
            vars(error)["possibilities"] = None  # what Typer finds similar is not meant
            return _say(say(way, fault=_finding(error), name=name), 2)
        takes_table = context is not None and any(each.name == "data" for each in context.command.params)
        if takes_table and "extra argument" in error.format_message():
            way = "{fault}; give one table, or in quotes a pattern of its files: '*.csv'"
            return _say(say(way, fault=_finding(error)), 2)
        return _say(say("{fault}; see '{command} --help'", fault=_finding(error), command=command), 2)
    return status if isinstance(status, int) else 0


# First word of Typer's message -> the type that was expected.
_EXPECTED = {"int": "a whole number", "float": "a number", "bool": "yes or no"}


def _finding(error: Any) -> str:
    """Typer's error as a sentence, with the invalid value."""
    from deltaw.cli.speaking import fault

    faults: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    expected = _EXPECTED.get(faults[0]["type"].partition("_")[0]) if faults else None
    if expected is None:
        return fault(short(error.format_message()).rstrip("."), getattr(error, "ctx", None))
    option, found = max(error.param.opts, key=len), short(repr(faults[0]["input"]))
    return say("{option}: expected {expected}, found {found}", option=option, expected=say(expected), found=found)


def _setting(error: Any) -> str | None:
    """A suggestion if an unknown option is a setting: --dropout instead of --set dropout=…"""
    context, name = getattr(error, "ctx", None), getattr(error, "option_name", "").lstrip("-").replace("-", "_")
    if (
        context is None
        or not hasattr(error, "possibilities")
        or not any("--set" in each.opts for each in context.command.params)
    ):
        return None
    from deltaw.models.settings import meanings

    return name if name in meanings() else None


def _quiet() -> None:
    """Keep stderr for our own lines."""
    import logging
    import warnings

    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it would tell about its font cache


def _interrupted(line: str = "") -> int:
    return _say(line or say("interrupted; nothing was saved: run the same command again"), INTERRUPTED)


def _say(message: str, status: int) -> int:
    """Print an error as one line on stderr; return the exit status.

    Of several processes that torchrun has started, one prints it for all.
    """
    with suppress(ImportError):  # who is interrupted while NumPy is loaded, cannot load it again
        if "RANK" in os.environ:
            from deltaw.engines import ranks

            speaks, status = ranks.speaks(status)
            if not speaks:
                return status
            asked = ranks.own()
            message = say("rank {rank}: {message}", rank=asked.rank, message=message) if asked.world > 1 else message
    line = one_line(" ".join(message.split()))
    print(f"deltaw: {line}", file=sys.stderr)
    return status
