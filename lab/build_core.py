"""Build the core for the page: native/*.cpp as WebAssembly by ziglang, and its text for the page's sources.

`python lab/build_core.py`; needs `pip install ziglang`. Writes lab/build/core.wasm and lab/src/engine/core.gen.ts.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import subprocess
import sys
from pathlib import Path

LAB = Path(__file__).resolve().parent
SOURCES = [LAB.parent / "native" / f"{name}.cpp" for name in ("capi", "trainer", "passes", "whole")]
SOURCES.append(LAB / "making" / "quiet.cpp")
WASM, TEXT = LAB / "build" / "core.wasm", LAB / "src" / "engine" / "core.gen.ts"
# The same flags for the mathematics as CMakeLists.txt has: the bits are those of the baseline module. The core throws,
# and capi.cpp says where to; a stack of 1 MiB holds the deepest of its functions many times. With less inlining than is
# usual it is an eighth smaller, and as fast.
FLAGS = (
    *("-target", "wasm32-wasi", "-mexec-model=reactor", "-msimd128", "-std=c++20", "-O3"),
    *("-mllvm", "-inline-threshold=84"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-fvisibility=hidden"),
    *("-Wall", "-Wextra", "-Werror", "-DDELTAW_ISA=wasm", "-s", "-Wl,-z,stack-size=1048576"),
)


def main() -> int:
    if importlib.util.find_spec("ziglang") is None:
        print(
            "lab: expected ziglang, which compiles the core for pages, found none; pip install ziglang", file=sys.stderr
        )
        return 2
    WASM.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "ziglang", "c++", *FLAGS, *map(str, SOURCES), "-o", str(WASM)]
    if subprocess.run(command, check=False).returncode:
        return 1
    packed = base64.b64encode(gzip.compress(WASM.read_bytes(), 9, mtime=0)).decode()
    TEXT.write_text(f"// Written by lab/build_core.py: the core, gzip in base64.\nexport const CORE = '{packed}';\n")
    print(f"lab: the core is {WASM.stat().st_size:,} bytes, {len(packed):,} in the page")
    return 0


if __name__ == "__main__":
    sys.exit(main())
