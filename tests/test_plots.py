"""Figures: well-formed, self-contained, the same every time, and fit for whatever a class may be called."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn import metrics

from deltaw import plots
from deltaw.plots import curves, layout
from deltaw.plots.layout import legends_below, narrow

RNG = np.random.default_rng(0)
NAMES = [
    "$5",
    "a$b$c",
    "<script>&\"'",
    "漢字",
    "",
    "x" * 200,
    "\\frac{",
    "%s {0}",
    "\x1b]0;X\x07",
    "a\u202eb",
    "\ud800",
]


def counts(k: int, n: int = 500) -> np.ndarray:
    truth = RNG.integers(k, size=n)
    answers = np.where(RNG.random(n) < 0.1, RNG.integers(k, size=n), truth)
    return np.bincount(truth * k + answers, minlength=k * k).reshape(k, k)


def shares(k: int) -> np.ndarray:
    return RNG.dirichlet(np.ones(k), 200)


@plots.styled
def decades() -> Figure:
    """Thirteen of them beside each other, as in the lesson on the gradient."""
    figure, axes = plots.figure((6.4, 3.5))
    axes[0].loglog(10.0 ** np.arange(-13, 0), 10.0 ** -np.arange(4.0, 17.0))
    axes[0].set(ylabel="|central difference − chain rule|")
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "one curve": lambda: plots.learning_curves([0.5, 0.3]),
    "no epoch": lambda: plots.learning_curves([], []),
    "one epoch": lambda: plots.learning_curves([0.5], [0.6], score=[0.9], score_name="accuracy", best=1),
    "all curves": lambda: plots.learning_curves(
        np.exp(-np.arange(64.0)), np.exp(-np.arange(64.0)), score=np.linspace(0, 1, 64), best=9
    ),
    "a curve with NaN": lambda: plots.learning_curves([1.0, np.nan], [np.inf, 2.0]),
    "2 classes": lambda: plots.confusion(counts(2), [False, True]),
    "10 classes": lambda: plots.confusion(counts(10), range(10)),
    "50 classes": lambda: plots.confusion(counts(50), [f"species {i}" for i in range(50)]),
    "200 classes": lambda: plots.confusion(counts(200), range(200)),
    "odd names": lambda: plots.confusion(counts(len(NAMES)), NAMES),
    "no rows": lambda: plots.confusion(np.zeros((3, 3), int), "abc"),
    "many rows": lambda: plots.confusion(counts(3) * 1_000_003, "abc"),
    "each class": lambda: plots.per_class([0.5, np.nan, 1.0], [np.nan, 0.2, 1.0], ["a", "b", "c"]),
    "each class, nothing known": lambda: plots.per_class([np.nan] * 2, [np.nan] * 2, ["a", "b"]),
    "calibration": lambda: plots.calibration(shares(10), RNG.integers(10, size=200)),
    "calibration of one row": lambda: plots.calibration([[0.5, 0.5]], [1]),
    "numbers": lambda: plots.predicted_against_true(RNG.normal(size=50), RNG.normal(size=50), "price ($)"),
    "many numbers": lambda: plots.predicted_against_true(RNG.normal(size=5000), RNG.normal(size=5000)),
    "equal numbers": lambda: plots.predicted_against_true([2.0, 2.0], [2.0, 2.0]),
    "pictures": lambda: plots.pictures(RNG.random((11, 8, 8)), [f"$3, said {i}" for i in range(11)]),
    "ROC of 2": lambda: curves.roc(RNG.integers(2, size=200), shares(2), ["no", "$5"]),
    "ROC of 10": lambda: curves.roc(RNG.integers(10, size=200), shares(10), [*NAMES, "y", "z"]),
    "ROC of one class": lambda: curves.roc(np.zeros(200, int), shares(2), ["a", "b"]),
    "precision and recall": lambda: curves.precision_recall(RNG.integers(3, size=200), shares(3), "abc"),
    "precision and recall of many rows": lambda: curves.precision_recall(
        RNG.integers(2, size=9000), RNG.dirichlet(np.ones(2), 9000), "ab"
    ),
    "thresholds": lambda: curves.thresholds(RNG.random(200) < 0.3, RNG.random(200), "<b>"),
    "thresholds of one row": lambda: curves.thresholds([True], [0.5], "x"),
    "residuals": lambda: curves.residuals(RNG.normal(size=500), RNG.normal(size=500), "price ($)"),
    "residuals of two rows": lambda: curves.residuals([1.0, 1.0], [1.0, 1.0], ""),
    "importance": lambda: curves.importance(
        NAMES, np.linspace(1, -0.1, len(NAMES)), [(0.1, 0.2), None] * (len(NAMES) // 2), "R²"
    ),
    "importance of nothing": lambda: curves.importance(["x"], [0.0], [None], "ROC AUC"),
    "dependence on numbers": lambda: curves.dependence("x$", "number", [1.0, 2.0, 3e6], [1.0, 2.0, 1.5], "price"),
    "dependence on dates": lambda: curves.dependence("day", "date", [0.0, 1.5, 20_000.0], np.zeros(3), "price"),
    "dependence on words": lambda: curves.dependence(
        "word", "category", NAMES, RNG.dirichlet(np.ones(3), len(NAMES)), "probability", (0, 1), "abc"
    ),
    "many decades": decades,
    "one picture": lambda: plots.pictures(np.zeros((1, 28, 28)), ["0"]),
}


@cache
def drawn(name: str) -> tuple[Figure, str]:
    """A figure and its drawing, which takes longest."""
    return (figure := FIGURES[name]()), plots.svg(figure)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_one_self_contained_svg(name: str) -> None:
    before = dict(matplotlib.rcParams)
    text = drawn(name)[1]
    assert dict(matplotlib.rcParams) == before
    root = ElementTree.fromstring(
        text.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "", 1).replace("xlink:", "")
    )
    for element in root.iter():
        for key, value in element.attrib.items():
            if key.endswith("href"):
                assert value.startswith(("#", "data:"))
    assert "<script>" not in text
    assert len(text) < 400_000


def test_the_same_data_draw_the_same_figure() -> None:
    first, second = (plots.svg(plots.confusion(np.eye(3, dtype=int), "abc")) for _ in range(2))
    assert first == second


def test_settings_of_somebody_change_nothing() -> None:
    """A matplotlibrc may have letters set by LaTeX, which stops at a name's underscore, or is not there."""
    as_it_is = plots.svg(FIGURES["one epoch"]())
    theirs = {"text.usetex": True, "font.size": 30, "lines.marker": "o", "axes.grid": True, "savefig.bbox": "tight"}
    with matplotlib.rc_context(theirs):
        assert plots.svg(FIGURES["one epoch"]()) == as_it_is
        assert matplotlib.rcParams["text.usetex"]


def test_no_pyplot() -> None:
    import subprocess
    import sys

    code = (
        "import sys, deltaw.plots as p; p.svg(p.learning_curves([1.0])); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_a_figure_without_pyplot() -> None:
    """Which knows how to show matplotlib's own only after `%matplotlib inline`, or once pyplot has drawn."""
    formatters = pytest.importorskip("IPython.core.formatters", reason="needs IPython")
    assert formatters.SVGFormatter()(drawn("importance of nothing")[0]).startswith("<svg")


def test_every_count_is_written_and_zeros_are_not() -> None:
    text = plots.svg(plots.confusion([[7, 0], [3, 12]], ["no", "yes"]))
    found = {element.text for element in ElementTree.fromstring(text).iter() if element.tag.endswith("text")}
    assert {"7", "3", "12", "no", "yes", "true class", "answer"} <= found
    assert "0" not in found


@pytest.mark.parametrize("form", ["wide", "narrow"])
@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("50 classes", "200 classes")])  # as of 10
def test_legends_cover_no_curve_and_ticks_do_not_touch(name: str, form: str) -> None:
    figure = drawn(name)[0] if form == "wide" else FIGURES[name]()
    if form == "narrow":
        narrow(figure)
        figure.draw_without_rendering()
    for axes in figure.axes:
        if (legend := axes.get_legend()) is not None:
            assert not legend.get_window_extent().overlaps(axes.get_window_extent())
        low, high = sorted(axes.get_xlim())
        shown = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        labels = [label for place, label in shown if low <= place <= high and label.get_text()]
        boxes = [label.get_window_extent() for label in labels if label.get_rotation() == 0]
        assert not any(a.x1 + 2 > b.x0 for a, b in itertools.pairwise(sorted(boxes, key=lambda box: box.x0)))


@pytest.mark.parametrize("form", ["wide", "narrow"])
def test_what_stands_below_an_axis_has_its_ends(form: str) -> None:
    """Names of classes and columns are anybody's, and may have no blank to be parted at."""
    name = "share of z of </td><script>alert(4)</script>"
    p, truth = np.linspace(0, 1, 20), np.arange(20) > 9
    drawings = [
        curves.thresholds(truth, p, "a class of many words"),
        curves.importance(["a name of words"] * 3, [3, 2, 1], [None] * 3, name),
    ]
    for figure in drawings:
        if form == "narrow":
            narrow(figure)
        figure.draw_without_rendering()
        for axes in figure.axes:
            box = axes.xaxis.label.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.x1


def test_a_row_of_panels_stays_together_on_a_narrow_page() -> None:
    """What is said of a row stands at its first panel: on a narrow page each row begins a line of its own."""
    figure = Figure((11.0, 2.2))
    axes = figure.subplots(2, 10)
    for row in (0, 1):
        axes[row, 0].set_ylabel(f"row {row}", rotation=0)
    assert layout.narrow(figure)
    places = [[tuple(layout._place(each)) for each in row] for row in axes]
    assert places[0][0] == (0, 0)
    assert places[1][0] == (max(line for line, _ in places[0]) + 1, 0)
    assert len({place for row in places for place in row}) == 20
    assert axes[1, 0].yaxis.label.get_rotation() == 90


def test_chinese_letters_have_the_room_of_two() -> None:
    assert layout.letters("学习率 α") == 8
    columns = []
    for name in ("a name of ten", "一个十二字宽的名"):
        figure = Figure((9.0, 3.0))
        for axes in figure.subplots(1, 2):
            for k in range(4):
                axes.plot([0, 1], [k, k], label=f"{name[:6]}{k}")
            axes.legend()
        legends_below(figure)
        assert layout.narrow(figure)
        columns.append(figure.axes[0].get_legend()._ncols)
    assert columns[0] > columns[1]
    truth = RNG.integers(3, size=60)
    drawn = [curves.roc(truth, shares(3)[:60], [f"{word}{k}" for k in range(3)]) for word in ("abc", "葡萄酒")]
    assert [each.legends[0]._ncols for each in drawn] == [2, 1]


def test_curves_weigh_rows_as_scores_do() -> None:
    truth, p = RNG.integers(2, size=200), shares(2)
    weight = RNG.gamma(1.0, 1.0, 200)
    for draw, score in (
        (curves.roc, metrics.roc_auc_score),
        (curves.precision_recall, metrics.average_precision_score),
    ):
        for counts in (None, weight):
            lines = draw(truth, p, ["no", "yes"], counts).axes[0].get_lines()
            label = next(str(line.get_label()) for line in lines if "yes" in str(line.get_label()))
            assert label.endswith(f"{score(truth, p[:, 1], sample_weight=counts):.3f}")
    twice = np.repeat(np.arange(200), truth + 1)  # a row that counts twice is two rows
    one = plots.calibration(p, truth, truth + 1.0).axes[0].get_lines()[1].get_ydata()
    other = plots.calibration(p[twice], truth[twice]).axes[0].get_lines()[1].get_ydata()
    np.testing.assert_allclose(one, other)


def test_a_row_that_is_not_full_leaves_no_gap_on_a_narrow_page() -> None:
    figure = Figure((9.6, 4.0))
    axes = figure.subplots(2, 5).ravel()
    for each in axes[7:]:
        each.set_axis_off()
    for each in axes[:7]:
        each.plot([0, 1], [0, 1])
    assert layout.narrow(figure)
    assert len(figure.axes) == 7
    assert {each.get_subplotspec().rowspan.start for each in figure.axes} == set(
        range(figure.axes[0].get_subplotspec().get_gridspec().nrows)
    )
