"""Lesson 11: the whole of it on handwritten digits; its mistakes; and the network asked backwards what a digit is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations import backprop
from deltaw.equations.losses import loss
from deltaw.lessons import checks
from deltaw.lessons.digits import HIGH, LOW, Digits, digits
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.pages import Figure, Section, Table, Text
from deltaw.training import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

Array = NDArray[np.float64]

SQUARED = loss("squared")
GOAL = 0.97
MISTAKES = 16  # drawn at most, the surest first
CLASSES = 10  # whose pictures are drawn at most
OFTEN, FAR = 0.7, 0.6  # a share of the classes; a correlation
STEPS, RATE = 300, 1.0  # of the descent on the image
PICTURES = ("mean", "asked", "from_grey", "from_mean")


def network(
    *,
    learning_rate: float = 0.3,
    hidden: int = 100,
    epochs: int = 30,
    backward: str = "notes",
    runs: int = 5,
    digit: str = "3",
    seed: int = 0,
    data: str = "digits",
    lang: str | None = None,
) -> Lesson:
    """Train the notes' network on handwritten digits, look at its mistakes, and ask it backwards.

    Args:
        learning_rate: α.
        hidden: hidden units.
        epochs: passes over the training images.
        backward: "notes" or "gradient": what is sent back to the hidden layer.
        runs: trainings, each with its own weights and its own rows set apart; the first is looked at.
        digit: the class whose pictures are read in full.
        seed: of the first run.
        data: "digits", or a file of images with labels, such as MNIST's.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        InputError: a parameter that cannot be, or data that are not images with labels.
    """
    words = Words("network", lang)
    settings: dict[str, Any] = {
        "learning_rate": checks.number(learning_rate, "learning_rate", 1e-6, 100),
        "epochs": checks.whole(epochs, "epochs", 1, 1000),
        "backward": checks.choice(backward, "backward", map(str, backprop.RULES)),
    }
    checks.whole(hidden, "hidden", 1, 10_000)
    seeds = checks.seeds(seed, runs)
    images = digits(data, seed)
    asked = images.classes.index(checks.choice(str(digit), "digit", images.classes))

    nets, course, accuracy = [], [], []
    for one in seeds:
        # Every run has its own rows set apart, unless the source itself says which.
        drawn = images if one == seed else digits(data, one)
        net, errors, found = learn(drawn, hidden, one, **settings)
        nets.append(net)
        course.append(errors)
        accuracy.append(found)
    net, reached = nets[0], np.array(accuracy)
    X = images.inputs()[images.test].astype(np.float64)
    wrong = mistakes(net, X, images.labels[images.test])
    pictures = imagine(net, images)
    outputs = {name: net.forward(picture) for name, picture in pictures.items()}
    like = {name: alike(picture, pictures["mean"]) for name, picture in pictures.items()}

    classes = images.classes
    setting = words(
        "setting",
        inputs=net.sizes[0],
        hidden=hidden,
        outputs=len(images.classes),
        rule=words(backward),
        training=len(images.training),
        test=len(images.test),
        weights=net.parameter_count,
        alpha=learning_rate,
    )
    return compose(
        words,
        (
            Section(words("learning"), (Text(setting), *_learning(words, np.array(course), reached, seeds))),
            Section(words("mistakes"), _mistakes(words, images, X, wrong)),
            Section(words("backwards"), _backwards(words, images, pictures, outputs, like, asked)),
        ),
        shows=_shows(words, reached, len(wrong), len(images.test), outputs, like),
        tries={
            "--backward gradient": "try_gradient",
            "--hidden 10 --digit 8": "try_hidden",
            "--data mnist.npz --hidden 200 --epochs 5 --learning-rate 0.1 --runs 1": "try_mnist",
        },
        data={
            "E": np.array(course),
            "accuracy": reached,
            "seeds": list(seeds),
            "classes": list(classes),
            "mistakes": [{"row": int(images.test[i]), "label": classes[k], "answer": classes[a], "output": o}
                         for i, k, a, o in wrong],
            "pictures": pictures,
            "outputs": outputs,
            "correlation": like,
        },
    )  # fmt: skip


def learn(images: Digits, hidden: int, seed: int, **settings: Any) -> tuple[Network, list[float], Array]:
    """The notes' network after training, E of each epoch, and the accuracy on the test images after each, (epochs,)."""
    X, T = images.inputs(), images.targets()
    net = images.network(hidden, seed)
    errors: list[float] = []

    def look(epoch: Epoch) -> None:
        errors.append(epoch.loss)

    found = images.learn(net, X, T, look, seed=seed, **settings)
    return net, errors + errors[-1:] * (len(found) - len(errors)), found


def mistakes(net: Network, X: Array, labels: NDArray[np.int64]) -> list[tuple[int, int, int, float]]:
    """Which rows are read wrong: (row, label, answer, the answer's output), the surest first."""
    o = net.forward(X)
    answers = o.argmax(axis=1)
    rows = np.flatnonzero(answers != labels)
    found = [(int(i), int(labels[i]), int(answers[i]), float(o[i, answers[i]])) for i in rows]
    return sorted(found, key=lambda each: -each[3])


# --- backwards ------------------------------------------------------------------------------------------------------


def imagine(net: Network, images: Digits) -> dict[str, Array]:
    """Pictures of each class in four ways, (classes, pixels) each; see the lesson's words for them."""
    X, labels = images.inputs()[images.training].astype(np.float64), images.labels[images.training]
    T = LOW + (HIGH - LOW) * np.eye(len(images.classes))
    grey = np.full((len(T), X.shape[1]), (LOW + HIGH) / 2)
    return {
        "mean": np.array([X[labels == k].mean(axis=0) for k in range(len(T))]),
        "asked": ask_backwards(net, T),
        "from_grey": descend(net, grey, T),
        "from_mean": descend(net, np.tile(X.mean(axis=0), (len(T), 1)), T),
    }


def ask_backwards(net: Network, t: Array) -> Array:
    """Targets t (n, n_out) sent through the network from its end to its beginning: images (n, n_in).

    Each layer turns outputs into z by the inverse of the sigmoid, and z into the outputs of the layer before by Wᵀ,
    moved into 0.01 … 0.99, where the next inverse can take them. Wᵀ is not the inverse of W: it sends back along each
    link what its weight says, as it does with errors.
    """
    o = t
    for W in reversed(net.weights):
        z = np.log(o / (1 - o))
        a = z @ np.asarray(W, np.float64)
        low, high = a.min(axis=1, keepdims=True), a.max(axis=1, keepdims=True)
        o = LOW + (HIGH - LOW) * (a - low) / np.maximum(high - low, 1e-300)
    return o


def descend(net: Network, x: Array, t: Array, steps: int = STEPS, rate: float = RATE) -> Array:
    """Images x (n, n_in), changed against ∂E/∂x so that the network answers t (n, n_out); its weights stay."""
    W = [np.asarray(w, np.float64) for w in net.weights]
    each = np.ones(len(x))  # every image by itself, not a share of a mean
    for _ in range(steps):
        delta = backprop.backward(net.signals(x), t, W, net.rows, SQUARED, row_weight=each).delta[0]
        x = np.clip(x - rate * delta @ W[0], LOW, HIGH)
    return x


def alike(one: Array, other: Array) -> Array:
    """Pearson's correlation of each picture of `one` with each of `other`, (n, n)."""
    n = len(one)
    with np.errstate(invalid="ignore"):  # of a picture that is one grey
        return np.nan_to_num(np.corrcoef(one, other)[:n, n:])


# --- the page -------------------------------------------------------------------------------------------------------


def _learning(words: Words, errors: Array, accuracy: Array, seeds: Sequence[int]) -> list[Text | Figure | Table]:
    """The first run by epochs, and where there are more runs how they end; errors and accuracy are (runs, epochs)."""
    epochs = errors.shape[1]
    shown = sorted({1, 2, 3, 5, 10, 20, epochs} & set(range(1, epochs + 1)))
    caption = words("curves_caption", runs=len(seeds)) if len(seeds) > 1 else words("curve_caption")
    ends = Table(
        (words("run"), words("accuracy")),
        tuple((one, float(found[-1])) for one, found in zip(seeds, accuracy, strict=True)),
        caption=words("runs_caption"),
        digits=4,
    )
    return [
        Table(
            (words("epoch"), "E", words("accuracy")),
            tuple((n, float(errors[0, n - 1]), float(accuracy[0, n - 1])) for n in shown),
            caption=words("learning_caption"),
            digits=4,
        ),
        Figure(partial(draw_learning, errors, accuracy, words), words("learning_alt"), caption),
        *([ends] if len(seeds) > 1 else []),
    ]


def _backwards(
    words: Words,
    images: Digits,
    pictures: Mapping[str, Array],
    outputs: Mapping[str, Array],
    like: Mapping[str, Array],
    asked: int,
) -> list[Text | Figure | Table]:
    classes = images.classes
    drawn = {name: picture.reshape(-1, *images.shape) for name, picture in pictures.items()}
    answers = zip(classes, *(outputs[name][asked].tolist() for name in PICTURES), strict=True)
    return [
        Text(words("asked_text")),
        Text(words("descent_text", steps=STEPS)),
        Figure(
            partial(draw_backwards, drawn, outputs, classes, words), words("backwards_alt"), words("backwards_caption")
        ),
        Table(
            (words("output"), *(words(name) for name in PICTURES)),
            tuple(answers),
            caption=words("digit_caption", digit=classes[asked]),
            digits=3,
        ),
        _by_class(words, classes, outputs, PICTURES, words("own_caption")),
        _by_class(words, classes, like, PICTURES[1:], words("alike_caption")),
    ]


def _mistakes(
    words: Words, images: Digits, X: Array, wrong: Sequence[tuple[int, int, int, float]]
) -> tuple[Text | Figure | Table, ...]:
    if not wrong:
        return (Text(words("no_mistakes", test=len(images.test))),)
    drawn, classes = wrong[:MISTAKES], images.classes
    captions = [f"{classes[label]} → {classes[answer]} ({o:.2f})" for _, label, answer, o in drawn]
    grey = X[[i for i, *_ in drawn]].reshape(-1, *images.shape)
    return (
        Text(words("mistakes_text", wrong=len(wrong), test=len(images.test))),
        Figure(partial(plots.pictures, grey, captions), words("mistakes_alt"), words("mistakes_caption")),
        Table(
            (words("row"), words("label"), words("answer"), words("answers_output")),
            tuple((int(images.test[i]), classes[label], classes[answer], o) for i, label, answer, o in drawn),
            digits=3,
        ),
    )


def _by_class(
    words: Words, classes: Sequence[str], found: Mapping[str, Array], names: Sequence[str], caption: str
) -> Table:
    """Of each class what belongs to its own pictures: the diagonals of (classes, classes)."""
    own = zip(*(np.diag(found[name]).tolist() for name in names), strict=True)
    headings = (words("class"), *(words(name) for name in names))
    return Table(headings, tuple((name, *row) for name, row in zip(classes, own, strict=True)), caption, digits=3)


def _shows(
    words: Words, reached: Array, wrong: int, test: int, outputs: Mapping[str, Array], like: Mapping[str, Array]
) -> list[str]:
    ends = reached[:, -1]
    numbers = {"first": float(ends[0]), "mean": float(ends.mean()), "low": float(ends.min()), "high": float(ends.max())}
    said = [
        words("reached" if ends[0] > GOAL else "missed", wrong=wrong, test=test, **numbers),
        words("several", runs=len(ends), **numbers) if len(ends) > 1 else words("one_run"),
    ]
    right = {name: int(np.sum(o.argmax(axis=1) == np.arange(len(o)))) for name, o in outputs.items()}
    closest = {name: float(np.mean(np.diag(r))) for name, r in like.items()}
    said.append(words("read", count=len(outputs["mean"]), **right))
    own = max(("asked", "from_grey", "from_mean"), key=closest.__getitem__)
    said.append(words("closest", name=words(own), **closest))
    if right["from_grey"] > OFTEN * len(outputs["mean"]) and closest["from_grey"] < FAR:
        said.append(words("many", right=right["from_grey"], count=len(outputs["mean"]), r=closest["from_grey"]))
    return said


# --- figures --------------------------------------------------------------------------------------------------------


@plots.styled
def draw_learning(errors: Array, accuracy: Array, words: Words) -> Picture:
    """E and the accuracy against epochs: the first run, and the span of all of them."""
    figure, axes = plots.figure((9.6, 3.3), 1, 2)
    epochs = np.arange(1, errors.shape[1] + 1)
    for axis, curves, name in zip(axes, (errors, accuracy), ("E_axis", "accuracy_axis"), strict=True):
        axis.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=plots.BLUE, alpha=0.18, linewidth=0)
        axis.plot(epochs, curves[0], color=plots.BLUE, marker="o", markersize=3)
        axis.set(xlabel=words("epoch"), ylabel=words(name))
        axis.grid(True)
    axes[0].set_ylim(bottom=0)
    axes[1].axhline(GOAL, color=plots.GREY, linewidth=1.2, linestyle=(0, (4, 3)), label=f"{GOAL:.0%}")
    axes[1].legend(loc="lower right", fontsize=9)
    return figure


@plots.styled
def draw_backwards(
    pictures: Mapping[str, Array], outputs: Mapping[str, Array], classes: Sequence[str], words: Words
) -> Picture:
    """The pictures of each class, one way a line, with the class's own output under each."""
    columns = min(len(classes), CLASSES)
    figure, axes = plots.figure((0.95 * columns + 1.2, 1.3 * len(pictures)), len(pictures), columns)
    for line, (name, images) in enumerate(pictures.items()):
        for k in range(columns):
            axis = axes[line * columns + k]
            axis.imshow(images[k], cmap="gray_r", interpolation="nearest", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            for spine in axis.spines.values():
                spine.set_visible(False)
            axis.set_xlabel(f"{outputs[name][k, k]:.2f}", fontsize=8, labelpad=2)
            if line == 0:
                axis.set_title(str(classes[k]), loc="center")
        axes[line * columns].set_ylabel(words(name), rotation=0, ha="right", va="center", fontsize=9)
    return figure
