"""SQL for PostgreSQL, run by one that the tests start on a socket of its own."""

from __future__ import annotations

import csv
import getpass
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zoo
from test_forms import ENDINGS, written
from test_program import program_of

from deltaw.export import program, proof, runners
from deltaw.export.operations import Program

pwd = pytest.importorskip("pwd", reason="the system has no users to start a server as")

Query = Callable[[str], list[list[str]]]


def tool(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed (Debian: apt-get install postgresql)")
    return found


@pytest.fixture(scope="module")
def query() -> Iterator[Query]:
    """Statements to a server in a folder of its own; it refuses to run as root, and runs as `postgres` then."""
    initdb, postgres, psql = tool("initdb"), tool("postgres"), tool("psql")
    names = {each.pw_name for each in pwd.getpwall()}
    owner = "postgres" if os.getuid() == 0 else getpass.getuser()
    if owner not in names:
        pytest.skip("no user to run PostgreSQL as")
    as_owner: dict[str, Any] = {"user": owner, "cwd": "/"} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # a socket's path is short
    if as_owner:
        shutil.chown(folder, owner)
    made = subprocess.run(
        [initdb, "-D", folder / "data", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "deltaw"],
        capture_output=True, text=True, **as_owner,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"no PostgreSQL can be made: {made.stderr.strip().splitlines()[-1]}")
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "jit=off", "-k", str(folder)]
    server = subprocess.Popen(
        [postgres, "-D", folder / "data", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_owner
    )
    ask = [
        psql,
        "-h",
        str(folder),
        "-U",
        "deltaw",
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
        "-q",
        "-X",
        "--csv",
        "-t",
    ]

    def asked(statements: str) -> list[list[str]]:
        done = subprocess.run(ask, input=statements.encode(), capture_output=True, timeout=120)  # line ends as they are
        assert done.returncode == 0, done.stderr[:2000]
        return list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))

    try:
        for _ in range(100):
            if subprocess.run([*ask, "-c", "SELECT 1"], capture_output=True).returncode == 0:
                break
            server.poll()
            assert server.returncode is None
            subprocess.run(["sleep", "0.1"], check=True)
        yield asked
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def hold(made: Program, folder: Path, query: Query) -> None:
    path = written("sql", made, folder, dialect="postgres")
    check = proof.check_of(made, 150) | {"dialect": "postgres", "table": "data"}
    rows = query("\n".join([*runners.table_of(check), runners.answers_of(path, check) + ";"]))
    worst, wrong = proof.differences(check, *runners.answers_in(rows, check))
    assert worst <= 1
    assert wrong == 0


@pytest.mark.parametrize(
    "name",
    ["notes grade", "target kind", "target yes", "target number", "scaling piecewise", "scaling none", "log", "clamp",
     "threshold", "missing numbers", "digits", "odd names without nul", "text yes"],
)  # fmt: skip
def test_postgres_says_what_the_list_says(name: str, tmp_path: Path, query: Query) -> None:
    hold(program_of(zoo.model(name)), tmp_path, query)


def test_postgres_knows_every_activation(tmp_path: Path, query: Query) -> None:
    assert ENDINGS["sql"] == ".sql"
    hold(program.of_network(zoo.every_activation()), tmp_path, query)
