"""What `make demo` says while pip works."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def build() -> ModuleType:
    path = Path(__file__).parents[1] / "native" / "build.py"
    if not path.exists():
        pytest.skip("needs the sources")
    spec = importlib.util.spec_from_file_location("build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  [7/36] Building CXX object CMakeFiles/_core_avx2.dir/native/trainer.cpp.o\n",
         "compiling the core, step 7 of 36"),
        ("Collecting numpy>=2.0\n", "finding numpy"),
        ("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)\n", "downloading numpy"),
        ("Installing collected packages: numpy, deltaw\n", "installing"),
        ("  -- The CXX compiler identification is GNU 12.2.0\n", None),
        ("\n", None),
    ],
)  # fmt: skip
def test_steps(build: ModuleType, line: str, said: str | None) -> None:
    assert build.step(line) == said


def test_nothing_is_lost(build: ModuleType) -> None:
    said: list[str] = []
    lines = ["Collecting polars\n", "error: no\n", "[1/2] Building\n"]
    assert build.follow(lines, said.append) == lines
    assert said == ["finding polars", "compiling the core, step 1 of 2"]


@pytest.mark.parametrize(
    ("compiler", "version", "said"),
    [
        ("MSVC", "19.44", "expected clang-cl or GCC, found MSVC"),
        ("GNU", "11.4", "expected GNU 12 or newer, found 11.4"),
        ("GNU", "12.2.0", None),
        ("Clang", "14.0.6", None),
        ("IntelLLVM", "2024", None),
    ],
)
def test_a_compiler_that_cannot_is_refused_in_one_line(compiler: str, version: str, said: str | None) -> None:
    rule, cmake = Path(__file__).parents[1] / "native" / "compiler.cmake", shutil.which("cmake")
    if not rule.exists() or cmake is None:
        pytest.skip("needs the sources and cmake")
    given = [f"-DCMAKE_CXX_COMPILER_ID={compiler}", f"-DCMAKE_CXX_COMPILER_VERSION={version}"]
    done = subprocess.run([cmake, *given, "-P", rule], capture_output=True, text=True)
    assert (done.returncode != 0) == (said is not None)
    assert (said or "") in " ".join(done.stderr.split())
