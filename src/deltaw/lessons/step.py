"""Lesson 9: the update of every weight for one example, then again and again until the output is the target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations import backprop
from deltaw.equations.activations import activation
from deltaw.equations.backprop import Rule
from deltaw.explain import Step
from deltaw.explain import step as one_step
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text, latex_number, typeset
from deltaw.training import Epoch, train

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

Array = NDArray[np.float64]

INPUTS = 2
MOST = 10_000  # steps
RULES: dict[str, Rule] = {rule: rule for rule in backprop.RULES}
# The known worked value: signals o_j, weights w and error e of one output unit, learning rate α.
KNOWN_O, KNOWN_W, KNOWN_E, KNOWN_ALPHA = (0.4, 0.5), (2.0, 3.0), 0.8, 0.1


def step(
    *,
    learning_rate: float = 0.5,
    inputs: str = "0.9,0.1",
    target: float = 0.9,
    tolerance: float = 0.01,
    hidden: int = 2,
    backward: str = "gradient",
    seed: int = 0,
    lang: str | None = None,
) -> Lesson:
    """Change every weight of a small network once, and then until its output is the target.

    Args:
        learning_rate: α.
        inputs: two numbers with a comma between them.
        target: t of the one output; a sigmoid reaches what lies between 0 and 1.
        tolerance: how near to t the output must come.
        hidden: hidden units, 1 to 8.
        backward: "gradient" or "notes": what is sent back to the hidden layer.
        seed: of the initial weights.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: a parameter that cannot be.
    """
    words = Words("step", lang)
    alpha = checks.number(learning_rate, "learning_rate", 1e-6, 1e4)
    x = np.array(checks.numbers(inputs, "inputs", INPUTS))
    t = np.array([checks.number(target, "target", -1e3, 1e3)])
    near = checks.number(tolerance, "tolerance", 1e-6, 1)
    rule = RULES[checks.choice(backward, "backward", RULES)]
    network = Network([INPUTS, checks.whole(hidden, "hidden", 1, 8), 1], "sigmoid", bias=False, init="notes", seed=seed)

    known = known_step()
    first = one_step(network, x, t, learning_rate=alpha, backward=rule)
    walk = repeat(network, x, t, alpha, rule, near)
    changed = known.link(1, 0, 0)
    return compose(
        words,
        (
            Section(words("known"), _known(words, known)),
            Section(words("once"), _once(words, first)),
            Section(
                words("again"),
                (
                    Text(words("again_text", t=target, tolerance=tolerance, most=MOST)),
                    Table(
                        (words("steps"), "o", "e = t − o", "E", words("largest")),
                        tuple((n, walk.o[n], target - walk.o[n], walk.E[n], walk.largest[n - 1] if n else None)
                              for n in _shown(walk.steps)),
                        caption=words("again_caption"),
                    ),
                    Figure(partial(draw_walk, walk, target, near, words), words("walk_alt"), words("walk_caption")),
                    Table(
                        (words("weight"), words("start"), words("after_one"), words("end"), words("change")),
                        tuple((name, w, one, end, end - w) for name, w, one, end in
                              zip(_names(first), _flat(first.W), _flat(first.after.W), _flat(walk.W), strict=True)),
                        caption=words("weights_caption"),
                    ),
                ),
            ),
        ),
        shows=_shows(words, changed.change, changed.weight_after, first, walk, target),
        tries={
            "--learning-rate 5": "try_rate",
            "--tolerance 0.001": "try_tolerance",
            "--target 1.2": "try_target",
            "--seed 7 --backward notes": "try_notes",
        },
        data={
            "known": {"gradient": known.dW[0][0], "change": known.change_W[0][0], "weights": known.after.W[0][0]},
            "weights": [*first.W],
            "gradient": [*first.dW],
            "change": [*first.change_W],
            "weights_after_one": [*first.after.W],
            "E_before": first.E,
            "E_after": first.E_after,
            "o": walk.o,
            "E": walk.E,
            "largest_change": walk.largest,
            "weights_at_the_end": walk.W,
            "steps": walk.steps,
            "reached": walk.reached,
        },
    )  # fmt: skip


def known_step() -> Step:
    """The known worked value as a step of a network: two signals into one sigmoid, its target so chosen that e fits."""
    network = Network([2, 1], "sigmoid", bias=False)
    network.weights = [np.array([KNOWN_W])]
    o = activation("sigmoid").f(np.array(KNOWN_W) @ np.array(KNOWN_O))
    return one_step(network, KNOWN_O, [float(o) + KNOWN_E], learning_rate=KNOWN_ALPHA)


@dataclass(frozen=True)
class Walk:
    """Steps on one example, one after the other.

    Attributes:
        o, E: before the first step and after each, (steps + 1,).
        largest: the largest |Δw| of each step, (steps,).
        W: the weights at the end.
        reached: whether the output came within the tolerance.
    """

    o: Array
    E: Array
    largest: Array
    W: list[Array]
    reached: bool

    @property
    def steps(self) -> int:
        return len(self.largest)


def repeat(network: Network, x: Array, t: Array, alpha: float, rule: Rule, tolerance: float) -> Walk:
    """Train a copy of the network on x (n_in,) alone, until its output is within tolerance of t (1,), or MOST steps."""
    trained = network.copy()
    outputs, largest = [float(trained.forward(x)[0, 0])], []
    before = _flat(trained.weights)

    def look(epoch: Epoch) -> bool:
        nonlocal before
        now = _flat(epoch.network.weights)
        largest.append(float(np.abs(now - before).max()))
        before = now
        outputs.append(float(epoch.network.forward(x)[0, 0]))
        return bool(abs(t[0] - outputs[-1]) <= tolerance)

    if abs(t[0] - outputs[0]) > tolerance:
        train(trained, x[None], t[None], learning_rate=alpha, epochs=MOST, backward=rule, callbacks=[look])
    o = np.array(outputs)
    W = [np.asarray(w, np.float64) for w in trained.weights]
    return Walk(o, 0.5 * (t[0] - o) ** 2, np.array(largest), W, bool(abs(t[0] - o[-1]) <= tolerance))


# --- the page -------------------------------------------------------------------------------------------------------


def _known(words: Words, known: Step) -> tuple[Text | Formula | Table, ...]:
    o, e, (a, _) = known.o[0][0], known.e[0], KNOWN_O
    gradient, change = known.dW[0][0], known.change_W[0][0]
    formula = (
        r"\begin{aligned} \Delta w_0 &= \alpha \cdot e \cdot o (1 - o) \cdot o_0 \\"
        rf" &= {KNOWN_ALPHA} \cdot {latex_number(e)} \cdot {latex_number(o)} (1 - {latex_number(o)}) \cdot {a} \\"
        rf" &= {latex_number(change[0], 3)} \end{{aligned}}"
    )
    rows = zip(KNOWN_O, KNOWN_W, gradient, change, known.after.W[0][0], strict=True)
    headings = (typeset("o_j"), words("old"), "∂E/∂w", "Δw", words("new"))
    return (
        Text(words("known_text", z=known.z[0][0], o=o, t=known.t[0])),
        Formula(formula),
        Table(headings, tuple(rows)),
    )


def _once(words: Words, first: Step) -> tuple[Text | Table, ...]:
    columns = (first.W, first.dW, first.change_W, first.after.W)
    return (
        Text(words("once_text", x=_vector(first.x), o=first.o[-1][0], t=first.t[0], alpha=first.alpha, E=first.E)),
        Table(
            (words("weight"), words("old"), "∂E/∂w", "Δw = −α · ∂E/∂w", words("new")),
            tuple(zip(_names(first), *map(_flat, columns), strict=True)),
            caption=words("once_caption", o=first.after.o[-1][0], E=first.E_after),
        ),
    )


def _names(step: Step) -> list[str]:
    """w⁽¹⁾₀,₁ … in the order of `_flat`."""
    return [
        typeset(f"w^{{({layer})}}_{{{k},{j}}}")
        for layer, W in enumerate(step.W, 1)
        for k in range(W.shape[0])
        for j in range(W.shape[1])
    ]


def _flat(arrays: list[Array] | tuple[Array, ...]) -> Array:
    """All numbers of some matrices, one after the other."""
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])


def _vector(values: Array) -> str:
    return "(" + ", ".join(number(value) for value in values) + ")"


def _shown(steps: int) -> list[int]:
    """The start, then 1, 2, 5, 10, 20, 50, … and the end."""
    marks = [mark * 10**power for power in range(5) for mark in (1, 2, 5)]
    return sorted({0, steps} | {mark for mark in marks if mark < steps})


def _shows(words: Words, change: float, after: float, first: Step, walk: Walk, target: float) -> list[str]:
    said = [words("as_known", change=change, after=after)]
    moved = float(np.abs(_flat(first.change_W)).max())
    said.append(words("smaller" if first.E_after < first.E else "larger", moved=moved, E=first.E, after=first.E_after))
    if not walk.steps:
        return [*said, words("at_once", o=walk.o[0], t=target)]
    end = {"steps": walk.steps, "o": walk.o[-1], "t": target, "E": walk.E[-1]}
    said.append(words("reached" if walk.reached else "missed", **end))
    if walk.reached:
        shrunk = walk.largest[-1] < walk.largest[0]
        said.append(words("shrunk" if shrunk else "not_shrunk", first=walk.largest[0], last=walk.largest[-1]))
    return said


# --- figures --------------------------------------------------------------------------------------------------------


@plots.styled
def draw_walk(walk: Walk, target: float, tolerance: float, words: Words) -> Picture:
    """The output and the error against steps."""
    figure, axes = plots.figure((9.6, 3.3), 1, 2)
    steps = np.arange(walk.steps + 1)
    marker = "o" if walk.steps <= 40 else None
    axes[0].axhspan(target - tolerance, target + tolerance, color=plots.GREY, alpha=0.2, linewidth=0)
    axes[0].axhline(target, color=plots.GREY, linewidth=1.2, linestyle=(0, (4, 3)), label=words("target"))
    axes[0].plot(steps, walk.o, color=plots.BLUE, marker=marker, markersize=3, label=words("output"))
    axes[0].set(xlabel=words("steps"), ylabel="o")
    axes[0].legend(loc="best", fontsize=9)
    axes[1].semilogy(steps, walk.E, color=plots.VERMILION, marker=marker, markersize=3)
    axes[1].set(xlabel=words("steps"), ylabel="E = ½(t − o)²")
    for axis in axes:
        axis.grid(True)
    return figure
