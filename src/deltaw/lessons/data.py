"""Lesson 10: what the data and the first weights must be, shown by breaking each rule on the digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.activations import activation
from deltaw.equations.backprop import backward
from deltaw.equations.losses import loss
from deltaw.exceptions import SettingError
from deltaw.lessons import checks
from deltaw.lessons.digits import CLEAR, HIGH, LOW, SOME, Digits, digits
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.rules import SATURATED, saturated
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.pages import Figure, Section, Table, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

Array = NDArray[np.float64]

LEARNT = 0.5  # accuracy with the rules kept, below which there is nothing to compare with
SIGMOID, SQUARED = activation("sigmoid"), loss("squared")


@dataclass(frozen=True)
class Experiment:
    """A training that breaks one rule, or none.

    Attributes:
        name: its key in the words.
        inputs, targets: the lowest and the highest number of each.
        init: rule for the initial weights.
    """

    name: str
    inputs: tuple[float, float] = (LOW, HIGH)
    targets: tuple[float, float] = (LOW, HIGH)
    init: str = "notes"


def experiments(inputs: tuple[float, float], targets: tuple[float, float], weights: float) -> tuple[Experiment, ...]:
    """The rules kept, then each of them broken; by how much, is up to the reader in three of them."""
    return (
        Experiment("kept"),
        Experiment("symmetric", inputs=(-1.0, 1.0)),
        Experiment("wide", inputs=inputs),
        Experiment("tiny", inputs=(1e-5, 1e-3)),
        Experiment("zeros", inputs=(0.0, 1.0)),
        Experiment("edges", targets=(0.0, 1.0)),
        Experiment("beyond", targets=targets),
        Experiment("nothing", init="zeros"),
        Experiment("alike", init="constant(0.1)"),
        Experiment("large", init=f"normal({weights!r})"),
    )


# What is measured of an experiment, the mean over its runs.
BEFORE = (
    "saturated",  # share of hidden outputs within 0.05 of 0 or 1
    "slope",  # mean o(1 − o) of the hidden outputs; ¼ is the most
    "gradient",  # root mean square of ∂E/∂w over the hidden weights, for one image
    "frozen",  # share of the hidden weights whose ∂E/∂w is exactly 0 for an image
)
AFTER = (
    "saturated_after",
    "output_slope",  # mean o(1 − o) of the outputs
    "largest",  # |w|
    "different",  # hidden units whose weights differ from all others'
    "accuracy",  # share of the test images that are read right
)
Measured = Mapping[str, float]


def data(
    *,
    learning_rate: float = 0.3,
    inputs: str = "0.1,16",
    targets: str = "-0.5,1.5",
    weights: float = 5.0,
    hidden: int = 32,
    epochs: int = 10,
    runs: int = 3,
    seed: int = 0,
    data: str = "digits",
    lang: str | None = None,
) -> Lesson:
    """Break each rule on inputs, targets and initial weights, measure what happens, and mend it.

    Args:
        learning_rate: α, the same for all experiments.
        inputs: "low,high", the inputs' range where it is broken.
        targets: "low,high", the targets that no sigmoid reaches.
        weights: deviation of the initial weights that are too large.
        hidden: hidden units.
        epochs: passes over the images.
        runs: trainings of each experiment, with a seed each.
        seed: of the first run.
        data: "digits", or a file of images with labels, of which 1,800 are taken.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        InputError: a parameter that cannot be, or data that are not images with labels.
    """
    words = Words("data", lang)
    alpha = checks.number(learning_rate, "learning_rate", 1e-6, 100)
    seeds = checks.seeds(seed, runs)
    sizes = checks.whole(hidden, "hidden", 1, 1000), checks.whole(epochs, "epochs", 1, 100)
    made = experiments(_span(inputs, "inputs"), _span(targets, "targets"), checks.number(weights, "weights", 0, 1000))
    images = digits(data, seed, SOME)
    trials = {each.name: [Trial.run(images, each, alpha, *sizes, one) for one in seeds] for each in made}
    measured = {
        name: {each: float(np.mean([trial.measured[each] for trial in runs])) for each in BEFORE + AFTER}
        for name, runs in trials.items()
    }
    curves = {name: np.array([trial.accuracy for trial in runs]) for name, runs in trials.items()}
    titles = {each.name: _title(words, each) for each in made}
    return compose(
        words,
        (
            Section(
                words("before"),
                (
                    Text(words("setting", inputs=images.pixels.shape[1], hidden=sizes[0], classes=len(images.classes),
                               training=len(images.training), test=len(images.test), runs=runs, alpha=alpha)),
                    _table(words, titles, measured, BEFORE, words("before_caption", low=SATURATED, high=1 - SATURATED)),
                    Figure(partial(draw_landing, {name: trials[name][0] for name in LANDING}, titles, words),
                           words("landing_alt"), words("landing_caption")),
                ),
            ),
            Section(
                words("after", epochs=sizes[1]),
                (
                    _table(words, titles, measured, AFTER, words("after_caption")),
                    Figure(partial(draw_curves, curves, titles, words), words("curves_alt"), words("curves_caption")),
                ),
            ),
            Section(
                words("mends"),
                (
                    Table(
                        (words("experiment"), words("mend"), words("measured.accuracy"), words("mended")),
                        tuple((titles[name], words(f"mend_of.{name}"), found["accuracy"], measured["kept"]["accuracy"])
                              for name, found in measured.items() if name in BROKEN),
                        caption=words("mends_caption"), digits=4,
                    ),
                ),
            ),
        ),
        shows=_shows(words, titles, measured),
        tries={
            "--inputs 0,4": "try_inputs",
            "--targets=-0.1,1.1": "try_targets",
            "--weights 1": "try_weights",
            "--learning-rate 3 --epochs 30": "try_rate",
        },
        data={
            name: {"inputs": each.inputs, "targets": each.targets, "init": each.init, "accuracy_by_epoch": curves[name],
                   **measured[name]}
            for name, each in zip(titles, made, strict=True)
        },
    )  # fmt: skip


# Those whose range is a rule of the notes too are not broken; the rest is to be mended.
BROKEN = ("wide", "tiny", "zeros", "edges", "beyond", "nothing", "alike", "large")
LANDING = ("kept", "wide", "tiny", "large")  # whose z are drawn on the sigmoid's slope


@dataclass(frozen=True)
class Trial:
    """One run of an experiment: what was measured, accuracy by epoch (epochs,), first hidden z (n, hidden)."""

    measured: Measured
    accuracy: Array
    z: Array

    @classmethod
    def run(cls, images: Digits, experiment: Experiment, alpha: float, hidden: int, epochs: int, seed: int) -> Trial:
        """Train a network as the experiment wants it, one image a step."""
        X, T = images.inputs(*experiment.inputs), images.targets(*experiment.targets)
        network = images.network(hidden, seed, experiment.init)
        x, t = np.asarray(X[images.training], np.float64), T[images.training]
        before, gradient, frozen = network.signals(x), *hidden_gradients(network, x, t)
        accuracy = images.learn(network, X, T, learning_rate=alpha, epochs=epochs, seed=seed)
        after = network.signals(x)
        o = before.o[0]
        return cls(
            {
                "saturated": saturated(o),
                "slope": float(np.mean(o * (1 - o))),
                "gradient": gradient,
                "frozen": frozen,
                "saturated_after": saturated(after.o[0]),
                "output_slope": float(np.mean(after.o[1] * (1 - after.o[1]))),
                "largest": float(max(np.abs(w).max() for w in network.weights)),
                "different": len(np.unique(np.round(network.weights[0], 5), axis=0)),
                "accuracy": float(accuracy[-1]),
            },
            accuracy,
            before.z[0],
        )


def hidden_gradients(network: Network, x: Array, t: Array) -> tuple[float, float]:
    """Of ∂E/∂W of the hidden layer for each row of x alone: root mean square, and the share that is exactly 0."""
    signals = network.signals(x)
    W = [np.asarray(w, np.float64) for w in network.weights]
    # Each row counts whole, not a share of a batch: δ of a row, times its x, is that row's ∂E/∂W.
    delta = backward(signals, t, W, network.rows, SQUARED, row_weight=np.ones(len(x))).delta[0]
    squares = np.sum(delta**2, axis=1) * np.sum(x**2, axis=1)
    moved = np.count_nonzero(delta, axis=1) * np.count_nonzero(x, axis=1)
    links = delta.shape[1] * x.shape[1]
    return float(np.sqrt(np.mean(squares) / links)), float(1 - np.mean(moved) / links)


def _span(text: str, what: str) -> tuple[float, float]:
    low, high = checks.numbers(text, what, 2)
    if not -1e6 <= low < high <= 1e6:
        expected = "{what}: expected LOW,HIGH, LOW below HIGH, both within ±1,000,000"
        raise SettingError(expected, repr(text), "give e.g. {example}", what=what, example="-1,1")
    return low, high


# --- the page -------------------------------------------------------------------------------------------------------


def _title(words: Words, experiment: Experiment) -> str:
    (a, b), (c, d) = experiment.inputs, experiment.targets
    return words(f"title_of.{experiment.name}", a=a, b=b, c=c, d=d, init=experiment.init)


def _table(
    words: Words, titles: Mapping[str, str], measured: Mapping[str, Measured], what: Sequence[str], caption: str
) -> Table:
    return Table(
        (words("experiment"), *(words(f"measured.{name}") for name in what)),
        tuple((titles[name], *(found[each] for each in what)) for name, found in measured.items()),
        caption=caption,
        digits=3,
    )


def _shows(words: Words, titles: Mapping[str, str], measured: Mapping[str, Measured]) -> list[str]:
    """For each experiment the numbers that belong to its rule, and whether accuracy suffered."""
    base = measured["kept"]
    said = [words("said_of.kept", **{each: base[each] for each in ("accuracy", "saturated", "slope")})]
    for name in titles:
        if name == "kept":
            continue
        found = measured[name]
        reached, unbroken = found["accuracy"], base["accuracy"]
        harm = "worse" if reached < unbroken - CLEAR else "harmless"
        verdict = harm if unbroken > LEARNT else "not_learnt"
        numbers = {f"base_{each}": value for each, value in base.items()} | dict(found)
        parts = words(f"said_of.{name}", **numbers), words(verdict, accuracy=reached, base=unbroken)
        said.append(titles[name] + words("colon") + words("then").join(parts))
    return said


# --- figures --------------------------------------------------------------------------------------------------------


@plots.styled
def draw_landing(trials: Mapping[str, Trial], titles: Mapping[str, str], words: Words) -> Picture:
    """Where the hidden z land on the slope of the sigmoid, before training."""
    figure, axes = plots.figure((9.6, 4.8), 2, 2)
    edge = 12.0
    z = np.linspace(-edge, edge, 400)
    for axis, (name, trial) in zip(axes, trials.items(), strict=True):
        share = np.full(trial.z.size, 1 / trial.z.size)
        axis.hist(np.clip(trial.z.ravel(), -edge, edge), bins=48, range=(-edge, edge), weights=share, color="#c6cad0")
        axis.set(xlabel=words("z_axis"), ylabel=words("share_axis"))
        axis.set_title(titles[name])
        slope = axis.twinx()
        o = SIGMOID.f(z)
        slope.plot(z, SIGMOID.df(z, o), color=plots.BLUE)
        slope.set(ylim=(0, 0.27))
        slope.set_ylabel(words("slope_axis"), color=plots.BLUE)
    return figure


@plots.styled
def draw_curves(curves: Mapping[str, Array], titles: Mapping[str, str], words: Words) -> Picture:
    """Accuracy by epoch: each experiment on its own, beside the rules kept."""
    others = [name for name in curves if name != "kept"]
    figure, axes = plots.figure((9.6, 6.9), 3, 3)
    epochs = np.arange(1, curves["kept"].shape[1] + 1)
    dashed: dict[str, Any] = {"color": plots.GREY, "linestyle": (0, (4, 3)), "label": words("rules_kept")}
    for axis, name in zip(axes, others, strict=True):
        axis.plot(epochs, curves["kept"].mean(axis=0), **dashed)
        axis.plot(epochs, curves[name].mean(axis=0), color=plots.BLUE, marker="o", markersize=3)
        axis.set(ylim=(0, 1.02))
        axis.set_title(titles[name], fontsize=9)
        axis.grid(True)
    for axis in axes[6:]:
        axis.set_xlabel(words("epoch"))
    for axis in axes[::3]:
        axis.set_ylabel(words("test_accuracy"))
    axes[0].legend(loc="lower right", fontsize=9)
    return figure
