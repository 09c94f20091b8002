"""Install DeltaW with pip, and say how far the compiler is: `python native/build.py .`, with any arguments of pip's.

pip is either silent for minutes or prints thousands of lines. Here it prints to us: what it is at is said in a line
that replaces itself on a terminal, and every few seconds elsewhere; if it fails, the end of what it printed is shown.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

QUIET = 5.0  # seconds between two lines where nothing can be replaced
SHOWN = 40  # lines of a failure
STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*\[(\d+)/(\d+)\] "), "compiling the core, step {0} of {1}"),  # ninja's
    (re.compile(r"\s*Collecting ([\w.-]+)"), "finding {0}"),
    (re.compile(r"\s*Downloading (?:\S*/)?([^-\s]+)-\S+(?: \(([^)]+)\))?"), "downloading {0}"),
    (re.compile(r"\s*Building wheel for deltaw"), "compiling the core, three times: for old, newer and new processors"),
    (re.compile(r"\s*Installing collected packages"), "installing"),
)


def step(line: str) -> str | None:
    """What pip is at, by a line that it prints; None where the line does not say."""
    for pattern, words in STEPS:
        if (found := pattern.match(line)) is not None:
            return words.format(*found.groups())
    return None


def follow(lines: Iterable[str], say: Callable[[str], None]) -> list[str]:
    """Say each step as it comes; returns all the lines."""
    seen = []
    for line in lines:
        seen.append(line)
        if (now := step(line)) is not None:
            say(now)
    return seen


def main() -> int:
    started, last = time.monotonic(), [0.0]
    terminal = sys.stdout.isatty()

    def say(now: str) -> None:
        passed = time.monotonic() - started
        if terminal:
            print(f"\r\x1b[K  {now}, {passed:.0f} s", end="", flush=True)
        elif not last[0] or passed - last[0] >= QUIET:
            last[0] = passed
            print(f"  {now}, {passed:.0f} s", flush=True)

    print("DeltaW: getting what it needs and compiling its core; the compiler takes a minute or two", flush=True)
    command = [sys.executable, "-m", "pip", "install", "-v", "--disable-pip-version-check", "--progress-bar", "off"]
    with subprocess.Popen(
        [*command, *sys.argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        lines = follow(pip.stdout, say)
    if terminal:
        print("\r\x1b[K", end="")
    if pip.returncode:
        print("".join(lines[-SHOWN:]), file=sys.stderr)
        return pip.returncode
    print(f"DeltaW: installed after {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
