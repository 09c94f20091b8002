"""What is let go goes back to the system: at once in the command's own process, soon in others, unless the user said
otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deltaw.allocators import CONF, SOON

CODE = """
import os, sys
from deltaw.cli import main
for_tests = "polars" in sys.modules, os.environ.get("_RJEM_MALLOC_CONF")
main(["train", "none.csv"])
print(*for_tests, os.environ["_RJEM_MALLOC_CONF"])
import polars as pl
rss = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
frame = pl.select(x=pl.int_range(2**23).cast(pl.Float64))
before = rss()
del frame
print(before - rss())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("own", [None, "dirty_decay_ms:60000"])
def test_polars_gives_back_at_once(own: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != CONF} | ({CONF: own} if own else {})
    found = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert found[0].startswith(f"False {own} ")
    assert found[0].endswith(own or "dirty_decay_ms:0,muzzy_decay_ms:0")  # Polars puts its own before it
    assert (int(found[1]) > 60) == (own is None)  # of 64 MiB


# Who asks for Polars notes what the environment says then.
LOOK = f"""
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "polars":
            print(os.environ.get({CONF!r}))
sys.meta_path.insert(0, Finder())
{{}}
import deltaw
deltaw.train
print("polars" in sys.modules)
deltaw.fit, deltaw.read
print(os.environ.get({CONF!r}))
"""


def said(before: str = "", **environ: str) -> list[str]:
    known = {name: value for name, value in os.environ.items() if name != CONF} | environ
    command = [sys.executable, "-c", LOOK.format(before)]
    return subprocess.run(command, env=known, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize(
    ("before", "environ", "wanted"),
    [
        ("", {}, ["False", SOON, "None"]),  # nothing stays for others
        ("import polars", {}, ["None", "True"]),  # it runs already
        ("", {CONF: "narenas:2"}, ["False", "narenas:2"]),  # the user has said otherwise
    ],
)
def test_polars_gives_back_soon_where_it_is_loaded_by_us(
    before: str, environ: dict[str, str], wanted: list[str]
) -> None:
    assert said(before, **environ)[: len(wanted)] == wanted
