"""`deltaw.Lab` in a real JupyterLab: it trains in the page, and its weights are those that Python reads.

Skipped, with a word, where JupyterLab, chromium or lab/node_modules are missing. JUPYTER names a Python that has
JupyterLab, if it is another than this one.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from engine import node

import deltaw

ROOT = Path(__file__).parents[2]
LAB = ROOT / "lab"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PYTHON = os.environ.get("JUPYTER", sys.executable)
TOKEN = "lab"
CELLS = (
    "import deltaw\nlab = deltaw.Lab('iris', height=700)\nlab",
    "import base64, json, numpy as np\n"
    "n = lab.network\n"
    "flat = np.concatenate([part.ravel() for W, b in zip(n.weights, n.biases) for part in (W, b)])\n"
    "print(json.dumps({'weights': base64.b64encode(flat.astype('<f4')).decode(), 'moment': lab.told['moment']}))",
)
HAS_JUPYTER = subprocess.run([PYTHON, "-c", "import jupyterlab, anywidget"], capture_output=True, check=False)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(HAS_JUPYTER.returncode != 0, reason="JupyterLab and anywidget are not installed"),
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed"),
    pytest.mark.skipif(
        not (LAB / "node_modules" / "playwright-core").is_dir(),
        reason="lab/node_modules is missing: npm ci in lab installs it",
    ),
]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """JupyterLab over a folder, from nothing but its own settings; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / f".{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        [PYTHON, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
         f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url="],
        cwd=folder, env={**os.environ, **own, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, "JupyterLab ended"
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def test_the_widget_trains_in_jupyterlab_and_python_reads_its_weights(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for i, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "demo.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with served(tmp_path) as address:
        done = subprocess.run(
            [node(), str(LAB / "tests" / "notebook.mjs"), f"{address}/lab/tree/demo.ipynb?token={TOKEN}&reset",
             os.environ.get("PICTURE", "")],
            capture_output=True, text=True, encoding="utf-8", timeout=900, check=False,
            env={**os.environ, "CHROMIUM": str(CHROMIUM)},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cell"].startswith("{"), found["cell"]
    cell = json.loads(found["cell"])
    assert found["faults"] == []
    assert found["moment"] >= 50
    assert cell["moment"] == found["moment"]
    (tmp_path / "page.deltaw").write_bytes(base64.b64decode(found["model"]))
    network = deltaw.load(tmp_path / "page.deltaw").network
    parts = [part.ravel() for W, b in zip(network.weights, network.biases, strict=True) for part in (W, b)]
    assert np.array_equal(np.concatenate(parts), np.frombuffer(base64.b64decode(cell["weights"]), "<f4"))
