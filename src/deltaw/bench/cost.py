"""How the cost of an epoch grows with rows, width and depth; linear where it should be."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.bench.measure import Measurement
from deltaw.bench.results import Timing
from deltaw.bench.workloads import MNIST, Workload
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs, write_bytes
from deltaw.numbers import number
from deltaw.plots import BLUE, GREY, figure, styled
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
ROWS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000)
WIDTHS = (16, 32, 64, 128, 256, 512, 1024)
DEPTHS = (1, 2, 3, 4, 6, 8)
SHORT = 5_000  # rows in the curves of width and depth


@dataclass(frozen=True)
class Curve:
    """Seconds of an epoch against one size.

    Attributes:
        name, label: of that size.
        against: operations an epoch at each size, as counted in `Workload.operations`.
    """

    name: str
    label: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """p in seconds ∝ operationsᵖ, by least squares over the upper half of the sizes; 1 is linear."""
        half = len(self.sizes) // 2
        return float(np.polyfit(np.log(self.against[half:]), np.log(self.seconds[half:]), 1)[0])

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "name": self.name,
            "label": self.label,
            "sizes": self.sizes,
            "seconds_per_epoch": self.seconds,
            "operations_per_epoch": self.against,
            "exponent": self.exponent,
        }


def curves(measurement: Measurement) -> list[Curve]:
    """The three curves, by the settings' most threads; 784-200-10, Adam, batch 128, except the size that varies."""
    wide = say("units of the hidden layer ({n:,} rows)", n=SHORT)
    deep = say("hidden layers of 256 units ({n:,} rows)", n=SHORT)
    plans: list[tuple[str, str, Sequence[int], Callable[[int], tuple[list[int], int]]]] = [
        ("rows", say("rows of an epoch"), ROWS, lambda size: ([200], size)),
        ("width", wide, WIDTHS, lambda size: ([size], SHORT)),
        ("depth", deep, DEPTHS, lambda size: ([256] * size, SHORT)),
    ]
    return [_curve(measurement, *plan) for plan in plans]


def _curve(measurement: Measurement, name: str, label: str, sizes: Sequence[int], plan: Any) -> Curve:
    seconds, operations = [], []
    for size in sizes:
        hidden, rows = plan(size)
        workload = Workload(f"{name}-{size}", label, "mnist", replace(MNIST, sizes=(784, *hidden, 10)))
        timing: Timing = measurement.alone(workload, rows)
        seconds.append(rows / timing.rate)
        operations.append(rows * workload.operations)
    return Curve(name, label, tuple(sizes), tuple(seconds), tuple(operations))


def check_path(path: Path, inputs: Iterable[Path]) -> None:
    """Raise SettingError or OutputError unless a figure can be written there, over none of the inputs."""
    if path.suffix.lower() not in ENDINGS:
        raise SettingError(
            "--plot: expected a file ending in {endings}", str(path), "choose one of these", endings=listed(ENDINGS)
        )
    check_outputs({"--plot": path}, inputs)


def draw(found: Sequence[Curve], path: Path, title: str) -> None:
    """Write the figure: measured seconds, and the line of a constant cost per operation."""
    picture = io.BytesIO()
    form = path.suffix.lower().removeprefix(".")
    _picture(found, title).savefig(picture, format=form, dpi=150, facecolor="white")
    write_bytes(path, picture.getvalue())


@styled
def _picture(found: Sequence[Curve], title: str) -> Figure:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    drawing, axes = figure((3.6 * len(found), 3.4), 1, len(found))
    for axis, curve in zip(axes, found, strict=True):
        last = curve.seconds[-1] / curve.against[-1]
        proportional = [last * operations for operations in curve.against]
        axis.plot(
            curve.sizes, proportional, color=GREY, linestyle=(0, (4, 3)), label=say("as many operations a second")
        )
        axis.plot(curve.sizes, curve.seconds, "o-", color=BLUE, markersize=4, label=say("measured"))
        axis.set(xscale="log", yscale="log", xlabel=curve.label, ylabel=say("seconds an epoch"))
        axis.set_title(say("{name}: time ∝ operations^{exponent:.2f}", name=say(curve.name), exponent=curve.exponent))
        axis.set_xticks(curve.sizes, [f"{size:,}" for size in curve.sizes], rotation=45)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axis.yaxis.set_minor_locator(NullLocator())
        axis.grid()
    axis.legend(fontsize=8)
    drawing.suptitle(title, fontsize=9, x=0.01, ha="left")
    return drawing
