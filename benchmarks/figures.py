"""The first figures of docs/accuracy.md and docs/speed.md, drawn from the first table of each page.

python -m benchmarks.figures    # writes docs/figures/accuracy.svg and speed.svg, and the Chinese ones
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import commands
from deltaw import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1] / "docs"
BELOW = {"LightGBM", "HGB"}  # whose names would lie on others'
MARKS = ((plots.BLUE, "o"), (plots.VERMILION, "s"), (plots.GREEN, "D"))
ACCURACY = {
    "": ("processor time of a fit, HistGradientBoosting = 1", "normalised score"),
    ".zh": ("一次拟合的处理器时间，HistGradientBoosting = 1", "归一化得分"),
}
SPEED = {"": "speed of DeltaW, each other method = 1", ".zh": "DeltaW 的速度，其他程序各为 1"}


def first_table(page: str) -> list[list[str]]:
    """Heading and rows of the first table of a page, without what makes letters bold or a code."""
    table = re.search(r"^(?:\|.*\n)+", page, re.M)
    lines = table[0].splitlines() if table else []
    rows = [re.sub(r"[*`]", "", line).strip("|").split("|") for line in lines if not line.startswith("|---")]
    return [[cell.strip() for cell in row] for row in rows]


@plots.styled
def accuracy(rows: list[list[str]], ending: str) -> Figure:
    """Score against time, a point a contender (name, score, rank, log loss, time, longest); DeltaW's own stands out."""
    figure, (axis,) = plots.figure((6.4, 3.2))
    for name, score, _, _, time, _ in rows[1:]:
        own, below, at = name.startswith("DeltaW"), name in BELOW, (float(time), float(score))
        axis.plot(*at, "o", color=plots.BLUE if own else plots.GREY, markersize=9 if own else 7)
        axis.annotate(
            name, at, (0, -7 if below else 7), textcoords="offset points", ha="center",
            va="top" if below else "bottom", fontsize=9, weight="bold" if own else "normal",
        )  # fmt: skip
    axis.set_xscale("log")
    times = [float(row[4]) for row in rows[1:]]
    axis.set_xlim(min(times) / 2.5, max(times) * 2.5)  # room for names
    axis.set_ylim(0.8, 1.02)
    axis.set_xlabel(ACCURACY[ending][0])
    axis.set_ylabel(ACCURACY[ending][1])
    axis.grid()
    return figure


def rate(cell: str) -> float | None:
    """Rows a second, or of seconds how often a second it is done; None where nothing was measured."""
    if not re.search(r"\d", cell):
        return None
    number = float(re.sub(r"[^\d.]", "", cell))
    return 1 / number if re.search(r"s|秒", cell) else number


@plots.styled
def speed(rows: list[list[str]], ending: str) -> Figure:
    """How many times as fast as each peer, a line a workload (what, DeltaW, a column a peer, …)."""
    figure, (axis,) = plots.figure((6.8, 4.2))
    for column, (color, mark) in enumerate(MARKS, start=2):
        for place, row in enumerate(rows[1:]):
            own, other = rate(row[1]), rate(row[column])
            if own and other:
                axis.plot(own / other, -place, mark, color=color, markersize=7)
        axis.plot([], [], mark, color=color, label=rows[0][column])
    axis.axvline(1, color=plots.GREY, linestyle=":", linewidth=1.2)
    axis.set_yticks([-place for place in range(len(rows) - 1)], [re.sub(r" ?[(（].*", "", row[0]) for row in rows[1:]])
    axis.set_xscale("log")
    axis.set_xlim(0.8, 600)
    axis.set_xlabel(SPEED[ending])
    axis.legend(loc="upper right")
    axis.grid()
    return figure


FIGURES = {"accuracy": accuracy, "speed": speed}


def main() -> None:
    """Draw them in both languages."""
    commands.parser(__doc__).parse_args()
    for name, draw in FIGURES.items():
        for ending in ACCURACY:
            figure = draw(first_table((DOCS / f"{name}{ending}.md").read_text(encoding="utf-8")), ending)
            figure.set_facecolor("white")
            (DOCS / "figures" / f"{name}{ending}.svg").write_text(plots.svg(figure), encoding="utf-8")


if __name__ == "__main__":
    main()
