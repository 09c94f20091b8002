"""The figure of docs/accuracy.md: score against processor time, of the contenders of the page's first table.

python -m benchmarks.accuracy.figure    # writes docs/figures/accuracy.svg and accuracy.zh.svg
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import commands
from deltaw import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).parents[2] / "docs"
WORDS = {
    "": ("processor time of a fit, HistGradientBoosting = 1", "score, normalised"),
    ".zh": ("一次拟合的处理器时间，HistGradientBoosting = 1", "归一化得分"),
}
BELOW = {"LightGBM", "HGB"}  # whose names would lie on others'


def contenders(page: str) -> dict[str, tuple[float, float]]:
    """Name -> (score, time), of the rows of the first table of a page: name, score, rank, log loss, time, longest."""
    table = re.search(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.M)
    rows = [re.sub(r"[*`]", "", row).strip("| ").split(" | ") for row in table[1].splitlines()] if table else []
    return {row[0]: (float(row[1]), float(row[4])) for row in rows}


@plots.styled
def drawn(points: dict[str, tuple[float, float]], words: tuple[str, str]) -> Figure:
    """A point a contender, its name beside it; DeltaW's own stands out."""
    figure, (axis,) = plots.figure((6.4, 3.2))
    for name, (score, time) in points.items():
        own, below = name.startswith("DeltaW"), name in BELOW
        axis.plot(time, score, "o", color=plots.BLUE if own else plots.GREY, markersize=9 if own else 7)
        axis.annotate(
            name, (time, score), (0, -7 if below else 7), textcoords="offset points", ha="center",
            va="top" if below else "bottom", fontsize=9, weight="bold" if own else "normal",
        )  # fmt: skip
    axis.set_xscale("log")
    axis.set_xlim(0.06, 250)
    axis.set_ylim(0.8, 1.02)
    axis.set_xlabel(words[0])
    axis.set_ylabel(words[1])
    axis.grid()
    figure.set_facecolor("white")
    return figure


def main() -> None:
    """Draw it in both languages."""
    commands.parser(__doc__).parse_args()
    for ending, words in WORDS.items():
        points = contenders((DOCS / f"accuracy{ending}.md").read_text(encoding="utf-8"))
        (DOCS / "figures" / f"accuracy{ending}.svg").write_text(plots.svg(drawn(points, words)), encoding="utf-8")


if __name__ == "__main__":
    main()
