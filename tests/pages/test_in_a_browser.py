"""Pages in a real browser: as narrow as a telephone, nothing is cut and the page does not scroll sideways."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import report
from deltaw.derive import derivation
from deltaw.explain import prediction, step
from deltaw.pages import Page, Section, Table, Text

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTH = 400
MISSING = "no Chromium: apt-get install chromium"

# Of each page: how wide it is, and what is cut: what ends beyond the window and lies in nothing that scrolls.
MEASURE = """<script>addEventListener("load", () => {
  const scrolls = e => e && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const cut = [...document.querySelectorAll("body *")].filter(e => !e.ownerSVGElement &&
    e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement)).map(e => e.outerHTML.slice(0, 80));
  const seen = e => getComputedStyle(e).display != "none";
  const figures = [...document.querySelectorAll("figure")].map(f => [...f.querySelectorAll("svg")].filter(seen).length);
  parent.postMessage({page: NAME, width: document.documentElement.scrollWidth, window: innerWidth, cut, figures}, "*");
})</script>"""
FRAME = """<meta charset="utf-8"><pre id="found"></pre><script>
addEventListener("message", e => document.getElementById("found").textContent += JSON.stringify(e.data) + "\\n")
</script>"""


def pages() -> dict[str, str]:
    rng = np.random.default_rng(0)
    n, long = 120, "a_name_of_a_column_that_is_longer_than_any_telephone_is_wide"
    size, kind = rng.normal(size=n), rng.choice(["one of them", "the other"], n)
    table = pl.DataFrame(
        {long: size, "kind": kind, "price": (1e6 * size).round(), "grade": np.where(size > 0, "high", "low")}
    )
    quick = {"engine": "native", "hidden": 4, "epochs": 3, "verbose": False}
    numbers = deltaw.fit(table.drop("grade"), "price", **quick)
    classes = deltaw.fit(table.drop("price"), "grade", **quick)
    wide = Table([f"column {i}" for i in range(12)], [[i * 1e5 + 0.5 for i in range(12)]], "w" * 90)
    return {
        "report of numbers": report.html(numbers),
        "report of classes": report.html(classes),
        "explain": prediction(numbers, table, 3).page.html(),
        "explain, classes": prediction(classes, table, 3).page.html(),
        "step": step(deltaw.Network([2, 3, 1], "sigmoid"), [0.4, 0.5], [1.0]).page.html(),
        "derive": derivation("tanh", "squared", layers=2).page.html(),
        "wide": Page("x" * 80, "y" * 90, [Section("z" * 80, [Text(f"`{'c' * 90}` 宽" * 3), wide])]).html(),
        "中文": Page("一" * 60, "二" * 90, [Section("三" * 50, [wide])], lang="zh").html(),
    }


@pytest.mark.skipif(BROWSER is None, reason=MISSING)
def test_on_a_telephone_nothing_is_cut(tmp_path: Path) -> None:
    frames = FRAME
    known = pages()
    for i, (name, text) in enumerate(known.items()):
        probe = MEASURE.replace("NAME", json.dumps(name))
        (tmp_path / f"{i}.html").write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
        frames += f'<iframe src="{i}.html" style="width: {WIDTH}px; height: 800px; border: 0"></iframe>'
    (tmp_path / "all.html").write_text(frames, encoding="utf-8")
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=20000", "--dump-dom", (tmp_path / "all.html").as_uri()],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    listed = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert listed, done.stderr[-500:]
    found = [json.loads(line) for line in html.unescape(listed[1]).splitlines()]
    assert {page["page"] for page in found} == set(known)
    for page in found:
        assert page["window"] == WIDTH
        assert page["width"] <= WIDTH, page
        assert page["cut"] == [], page
        assert all(drawings == 1 for drawings in page["figures"]), page  # of two forms one is seen
