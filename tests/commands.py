"""What the fixture `run` of commands gives, and how a command is refused."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]  # the words of a command -> (exit status, stdout, stderr)


def refused(found: tuple[int, str, str]) -> str:
    """The one line of a command that ended in bad input, without "deltaw: "."""
    status, out, err = found
    assert (status, out, err.count("\n"), err[:8]) == (2, "", 1, "deltaw: "), err
    return err[8:]
