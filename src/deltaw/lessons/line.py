"""Lesson 1: a line that predicts is a line that classifies; how its slope is learnt from examples.

Irises: the sepal's width x and length y, in cm (Fisher 1936). A line y = kx passes between two species: setosa lie
below it, versicolor above. An example asks that the line pass just beyond it, through the target t; the error is
e = t − kx. Full correction, Δk = e/x, takes the line right there. Moderated, Δk = α e/x, it goes a part of the way.

Both are gradient descent on ½e², with the row (x, t) divided by the length of its inputs: the squared length is then 1,
and ΔW = α e aᵀ closes the share α of the error (normalised least mean squares; Widrow & Hoff 1960). So `deltaw.train`
makes every correction here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network, generator
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text
from deltaw.plots import BLUE, GREY, INK, VERMILION
from deltaw.tables import bundled
from deltaw.training import train

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]

ORDERS = 100  # of the same examples, to tell the rule from the luck of one order
FULL = 1.0  # the share of the error that full correction closes
KINDS = ("setosa", "versicolor")
WAYS = ("full", "moderated")


@dataclass(frozen=True)
class Flowers:
    """x, y: sepal width and length in cm, (n,); `setosa` says of which species each is (or is said to be), (n,)."""

    x: Array
    y: Array
    setosa: NDArray[np.bool_]

    def take(self, index: NDArray[np.int64]) -> Flowers:
        return Flowers(self.x[index], self.y[index], self.setosa[index])

    def mislabelled(self, last: int) -> Flowers:
        """The same with the wrong species for the last few."""
        wrong = np.arange(len(self.x)) >= len(self.x) - last
        return replace(self, setosa=self.setosa ^ wrong)

    def targets(self, margin: float) -> Array:
        """What y the line should have at each x: above a setosa, below a versicolor."""
        return self.y + np.where(self.setosa, margin, -margin)

    def right(self, line: Array) -> float:
        """The share that lies on its side of the line (k, b)."""
        return float(np.mean((self.y < line[0] * self.x + line[1]) == self.setosa))


@dataclass(frozen=True)
class Rule:
    """How a line learns from examples.

    Attributes:
        alpha: the share of each error that is corrected.
        slope: the line's slope before the first example; it begins without intercept.
        bias: whether the line has a b that learns too.
        margin: how far beyond a flower the line should pass, cm.
    """

    alpha: float
    slope: float
    bias: bool
    margin: float

    def path(self, flowers: Flowers) -> Array:
        """The line (k, b) before the first example and after each, (n + 1, 2)."""
        A, t = self._rows(flowers)
        network = self._network()
        lines = [self._line(network)]
        for i in range(len(t)):
            self._correct(network, A[i : i + 1], t[i : i + 1])
            lines.append(self._line(network))
        return np.array(lines)

    def end(self, flowers: Flowers, targets: Array | None = None) -> Array:
        """The line (k, b) after all examples; `targets` in place of those of the flowers, if given."""
        network = self._network()
        self._correct(network, *self._rows(flowers, targets))
        return self._line(network)

    def _rows(self, flowers: Flowers, targets: Array | None = None) -> tuple[Array, Array]:
        """Inputs of length 1 with their targets: α is then the very share of the error that a step closes."""
        A = np.column_stack([flowers.x, np.ones_like(flowers.x)][: 1 + self.bias])
        length = np.linalg.norm(A, axis=1, keepdims=True)
        t = flowers.targets(self.margin) if targets is None else targets
        return A / length, t[:, None] / length

    def _network(self) -> Network:
        network = Network([1 + self.bias, 1], "identity", bias=False)
        network.weights = [np.array([[self.slope, 0.0][: 1 + self.bias]])]
        return network

    def _correct(self, network: Network, A: Array, t: Array) -> None:
        train(network, A, t, learning_rate=self.alpha, batch_size=1, epochs=1, shuffle=False)

    def _line(self, network: Network) -> Array:
        return np.append(network.weights[0][0], 0.0)[:2].astype(np.float64)


def line(
    *,
    learning_rate: float = 0.2,
    examples: int = 12,
    wrong: int = 1,
    margin: float = 0.1,
    slope: float = 1.0,
    bias: bool = False,
    seed: int = 0,
    lang: str | None = None,
) -> Lesson:
    """Learn the slope of the line between two species, by full and by moderated correction.

    Args:
        learning_rate: α of the moderated correction, 0 to 2.
        examples: how many flowers the line learns from, 2 to 100.
        wrong: how many of them, the last ones, carry the wrong species' name.
        margin: how far beyond a flower the line should pass, cm.
        slope: where the slope begins.
        bias: learn the b of y = kx + b too.
        seed: of the choice of flowers and of their order.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("line", lang)
    alpha = checks.number(learning_rate, "learning_rate", 0, 2)
    examples = checks.whole(examples, "examples", 2, 100)
    wrong = checks.whole(wrong, "wrong", 0, examples)
    full = Rule(
        FULL, checks.number(slope, "slope", -10, 10), checks.flag(bias, "bias"), checks.number(margin, "margin", 0, 5)
    )
    rules = {"full": full, "moderated": replace(full, alpha=alpha)}

    rng = generator(seed)
    everyone = iris()
    chosen = rng.permutation(len(everyone.x))[:examples]
    true = everyone.take(chosen)
    labelled = true.mislabelled(wrong)
    orders = [rng.permutation(examples) for _ in range(ORDERS)]

    paths = {name: rule.path(labelled) for name, rule in rules.items()}
    data: Data = {
        "learning_rate": alpha,
        "margin": full.margin,
        "x": labelled.x,
        "y": labelled.y,
        "said_to_be": [KINDS[0 if one else 1] for one in labelled.setosa],
        "wrongly_labelled": labelled.setosa != true.setosa,
        "target": labelled.targets(margin),
    }
    for name, rule in rules.items():
        lines = paths[name]
        ends = np.array([rule.end(true.take(order)) for order in orders])
        misled = np.array([rule.end(true.take(order).mislabelled(wrong)) for order in orders])
        data[name] = {
            "slope": lines[:, 0],
            "intercept": lines[:, 1],
            "error": data["target"] - lines[:-1, 0] * labelled.x - lines[:-1, 1],
            "felt": felt(rule, labelled),
            "right": everyone.right(lines[-1]),
            "right_if_labels_were_right": everyone.right(rule.end(true)),
            "line_if_labels_were_right": rule.end(true),
            "orders_right": np.array([everyone.right(one) for one in ends]),
            "orders_right_with_wrong_labels": np.array([everyone.right(one) for one in misled]),
        }
    sections = (
        _corrections(words, data),
        _outcome(words, data),
        _uses(words, data, everyone, chosen),
        Section(words("figure"), (Figure(partial(_draw, words, data, everyone), words("alt"), words("caption")),)),
    )
    tries = {
        "--learning-rate 1": "try_full",
        "--learning-rate 0.05 --examples 40": "try_slow",
        "--wrong 4": "try_wrong",
        "--bias": "try_bias",
        "--seed 3": "try_seed",
    }
    return compose(words, sections, shows=_shows(words, data, wrong), tries=tries, data=data)


def iris() -> Flowers:
    """The 50 setosa and 50 versicolor of the iris data, by their sepals."""
    frame = bundled("iris").frame
    species = frame["species"].to_numpy()
    two = np.isin(species, KINDS)
    x, y = (frame[name].to_numpy()[two] for name in ("sepal_width", "sepal_length"))
    return Flowers(x, y, species[two] == KINDS[0])


def felt(rule: Rule, flowers: Flowers) -> Array:
    """∂k/∂t of each example, (n,): how much higher the last slope were, had that example's target been 1 cm higher.

    The last line is linear in the targets, so that the difference is the derivative.
    """
    t = flowers.targets(rule.margin)
    end = rule.end(flowers)[0]
    moved = [rule.end(flowers, t + one)[0] for one in np.eye(len(t))]
    return np.asarray(np.round(np.array(moved) - end, 5))  # the engine's float32 leaves 1e-7 where there is nothing


# --- what is said and drawn -----------------------------------------------------------------------------------------

Data = dict[str, Any]


def _corrections(words: Words, data: Data) -> Section:
    """Example by example, both ways side by side."""
    numbers = range(1, len(data["x"]) + 1)
    headings = [words("number"), words("said_to_be"), "x, cm", "y, cm", "t, cm"]
    columns: list[Any] = [numbers, _kinds(words, data), data["x"], data["y"], data["target"]]
    for way in WAYS:
        headings += [words(f"short.{way}", letter=letter) for letter in "ek"]
        columns += [data[way]["error"], data[way]["slope"][1:]]
    left = [words(f"way.{way}") for way in WAYS]
    return Section(
        words("corrections"),
        (
            Text(words("task", margin=data["margin"], alpha=data["learning_rate"], start=data["full"]["slope"][0])),
            Formula(r"e = t - kx, \quad \Delta k = \alpha\,\frac{e}{x}, \quad k \leftarrow k + \Delta k"),
            Table(headings, list(zip(*columns, strict=True)), words("corrections_caption"), digits=4),
            Text(words("what_is_left")),
            Table(
                (words("number"), *left),
                list(zip(numbers, *(data[way]["felt"] for way in WAYS), strict=True)),
                words("felt_caption"),
                digits=3,
            ),
        ),
    )


def _kinds(words: Words, data: Data) -> list[str]:
    """The species that each example is said to be, with a mark where that is wrong."""
    pairs = zip(data["said_to_be"], data["wrongly_labelled"], strict=True)
    return [words(f"kind.{kind}") + (words("wrong_mark") if wrong else "") for kind, wrong in pairs]


def _outcome(words: Words, data: Data) -> Section:
    rows = []
    for way in WAYS:
        run = data[way]
        right = (words("labels_right"), run["line_if_labels_were_right"], run["right_if_labels_were_right"])
        wrong = (words("labels_wrong"), (run["slope"][-1], run["intercept"][-1]), run["right"])
        spreads = (run["orders_right"], run["orders_right_with_wrong_labels"])
        for (labels, (k, b), share), orders in zip((right, wrong), spreads, strict=True):
            rows.append([words(f"way.{way}"), labels, k, b, 100 * share, 100 * orders.mean(), 100 * orders.min()])
    headings = [
        words(key) for key in ("correction", "labels", "last_k", "last_b", "right", "mean_right", "worst_right")
    ]
    return Section(words("outcome"), (Table(headings, rows, words("outcome_caption", orders=ORDERS), digits=4),))


def _uses(words: Words, data: Data, everyone: Flowers, chosen: NDArray[np.int64]) -> Section:
    """The moderated line as a predictor and as a classifier, on flowers that it has not seen (if any are left)."""
    k, b = (float(data["moderated"][part][-1]) for part in ("slope", "intercept"))
    unseen = np.setdiff1d(np.arange(len(everyone.x)), chosen)
    picked = (unseen if len(unseen) else chosen)[:: max(1, len(unseen) // 6)][:6]
    rows = []
    for x, y, setosa in zip(everyone.x[picked], everyone.y[picked], everyone.setosa[picked], strict=True):
        says, truth = KINDS[0 if y < k * x + b else 1], KINDS[0 if setosa else 1]
        rows.append([x, k * x + b, y, words(f"kind.{says}"), words(f"kind.{truth}")])
    headings = [words(key) for key in ("width", "predicted", "length", "says", "is")]
    intercept = f" {'−' if b < 0 else '+'} {number(abs(b), 4)}" if b else ""
    text = words("two_uses", line=f"y = {number(k, 4)} x{intercept}")
    return Section(words("uses"), (Text(text), Table(headings, rows, digits=4)))


def _shows(words: Words, data: Data, wrong: int) -> list[str]:
    """What the numbers of this run say, whatever they are."""
    full, moderated = data["full"], data["moderated"]
    before = float(np.abs(full["felt"][:-1]).max())
    forgets = words(
        "forgets" if before < 0.01 * abs(full["felt"][-1]) else "forgets_less", felt=full["felt"][-1], before=before
    )
    share = {way: 100 * data[way]["orders_right"].mean() for way in WAYS}
    gain = "gain" if share["moderated"] > share["full"] else "no_gain"
    said = [forgets, words(gain, alpha=data["learning_rate"], **share, orders=ORDERS)]
    if wrong:
        lost = {
            way: 100 * (data[way]["orders_right"].mean() - data[way]["orders_right_with_wrong_labels"].mean())
            for way in WAYS
        }
        moved = {
            f"{way}_moved": abs(run["slope"][-1] - run["line_if_labels_were_right"][0])
            for way, run in (("full", full), ("moderated", moderated))
        }
        key = "less_damage" if lost["moderated"] < lost["full"] else "no_less_damage"
        said.append(words(key, **lost, **moved))
    return said


@plots.styled
def _draw(words: Words, data: Data, everyone: Flowers) -> Drawing:
    """The flowers with the three lines, and beside it the slope from example to example."""
    figure, (left, right) = plots.figure((9.6, 3.9), 1, 2)
    for kind, chosen, colour, marker in (
        ("setosa", everyone.setosa, BLUE, "o"), ("versicolor", ~everyone.setosa, VERMILION, "s"),
    ):  # fmt: skip
        left.plot(
            everyone.x[chosen], everyone.y[chosen], marker, color=colour, markersize=4, alpha=0.55,
            markeredgewidth=0, label=words(f"kind.{kind}"),
        )  # fmt: skip
    bad = data["wrongly_labelled"]
    left.plot(
        data["x"], data["y"], "o", markersize=8, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.9,
        label=words("learnt_from"),
    )  # fmt: skip
    if bad.any():
        left.plot(data["x"][bad], data["y"][bad], "x", color=INK, markersize=9, label=words("wrongly_labelled"))
    x = np.array([1.9, 4.5])
    for way, step, colour, style in (
        ("start", 0, GREY, ":"), ("full", -1, VERMILION, "--"), ("moderated", -1, BLUE, "-"),
    ):  # fmt: skip
        run = data["full" if way == "start" else way]
        left.plot(x, run["slope"][step] * x + run["intercept"][step], style, color=colour, label=words(f"way.{way}"))
    left.set(xlim=(1.9, 4.5), ylim=(4.0, 7.3), xlabel=words("width"), ylabel=words("length"))
    left.set_title(words("flowers_title"))
    left.grid()
    for way, colour, style, marker in (("full", VERMILION, "--", "s"), ("moderated", BLUE, "-", "o")):
        right.plot(data[way]["slope"], style, color=colour, marker=marker, markersize=4, label=words(f"way.{way}"))
    right.set(xlabel=words("examples_seen"), ylabel=words("slope_axis"))
    right.locator_params(axis="x", integer=True)
    right.set_title(words("slopes_title"))
    right.grid()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8.5)
    return figure
