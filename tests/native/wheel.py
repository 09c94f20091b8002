"""Build the sdist and the wheel as a release does, install the wheel into a bare venv and try it: `make wheel-test`.

    python tests/native/wheel.py FOLDER [PYTHON …]

The wheel is built from the sdist, unpacked where there is no git, by the Python that runs this. It is installed into a
venv of each PYTHON (of the same, where none is named), which has nothing else, and tried there, away from the sources.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_IN_A_WHEEL = (".cpp", ".hpp", ".cmake", ".a", ".o")
MADE_HERE = (".pyc", ".so", ".pyd")
NOT_IN_AN_SDIST = ("tests/", "benchmarks/", "docs/", "site/", "lab/", "notebooks/", ".github/")
EXPORTED = ("iris.py", "iris.c", "iris.mjs", "iris.sql")
TRIED = (
    ["train", "iris", "-o", "iris.deltaw", "--report", "iris.html", "--quiet"],
    ["predict", "iris.deltaw", "iris", "-o", "answers.csv"],
    ["show", "iris.deltaw"],
    ["lesson", "split", "--lang", "zh"],
    *(["export", "iris.deltaw", "-o", name] for name in EXPORTED),
)
ALONE = """
import deltaw, sys
from pathlib import Path
assert Path(deltaw.__file__).is_relative_to(sys.prefix), deltaw.__file__
from deltaw.engines.native import instruction_sets
print(deltaw.__version__, "with", *instruction_sets())
"""


def ran(*command: object, cwd: Path | None = None) -> str:
    return subprocess.run(list(map(str, command)), cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def built(folder: Path) -> tuple[Path, Path]:
    """The sdist of these sources, and the wheel of that sdist."""
    ran(sys.executable, "-m", "build", "--sdist", "--outdir", folder, ROOT)
    (sdist,) = folder.glob("deltaw-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
        archive.extractall(folder, filter="data")
    assert not [name for name in names if name.startswith(NOT_IN_AN_SDIST)]
    assert {"LICENSE", "README.md", "CMakeLists.txt", "native/compiler.cmake", "native/bind.cpp"} <= {*names}
    sources = folder / sdist.name.removesuffix(".tar.gz")
    assert not (sources / ".git").exists()
    ran(sys.executable, "-m", "build", "--wheel", "--outdir", folder, "-C", "cmake.define.DELTAW_STRICT=ON", sources)
    (wheel,) = folder.glob("deltaw-*.whl")
    return sdist, wheel


def check(wheel: Path) -> None:
    """The wheel has the core, each file of the package whatever its kind, the licence, and no sources of the core."""
    names = zipfile.ZipFile(wheel).namelist()
    assert any("_core_baseline" in name for name in names)
    package = (path for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix not in MADE_HERE)
    assert {path.relative_to(ROOT / "src").as_posix() for path in package} <= {*names}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.endswith(NOT_IN_A_WHEEL)]


def tried(wheel: Path, python: str, folder: Path) -> None:
    """Install the wheel into a venv of its own, and use it as somebody would who has just done so."""
    ran(python, "-m", "venv", folder / "venv")
    tools = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    ran(tools / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    ran(tools / "python", "-m", "pip", "check")
    print(wheel.name, ran(tools / "python", "-V").strip(), ran(tools / "python", "-c", ALONE, cwd=folder).strip())
    for arguments in TRIED:
        ran(tools / "deltaw", *arguments, cwd=folder)
    assert {"iris.html", "answers.csv", *EXPORTED} <= {path.name for path in folder.iterdir()}


def main(folder: Path, pythons: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _, wheel = built(folder)
    check(wheel)
    for i, python in enumerate(pythons or [sys.executable]):
        (there := folder / f"python-{i}").mkdir()
        tried(wheel, python, there)
    print("DeltaW: the wheel of the sdist installs and works")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
