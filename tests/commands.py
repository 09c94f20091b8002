"""What the fixture `run` of commands gives."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]  # the words of a command -> (exit status, stdout, stderr)
