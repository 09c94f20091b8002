"""Lesson 8: the chain rule for one weight, factor by factor, checked against a finite difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.losses import LOSSES
from deltaw.equations.losses import loss as loss_row
from deltaw.exceptions import SettingError
from deltaw.explain import Link, step
from deltaw.explain.links import central_difference
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.neuron import ALONE
from deltaw.lessons.signals import EXAMPLE, UNITS, WEIGHTS
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text, typeset
from deltaw.pages.blocks import Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

Array = NDArray[np.float64]

OUTPUT, HIDDEN = 2, 1  # the layers that the two links lead into
WIDTHS = 10.0 ** np.arange(-1, -14, -1)  # h of the central differences
REACH = 4.0  # how far to both sides of its value a weight is moved in the figure
# Errors that take any target: a cross-entropy would want outputs between 0 and 1.
ERRORS = tuple(
    name for name in LOSSES if loss_row(name).minimum and np.isinf([loss_row(name).low, loss_row(name).high]).all()
)
SLOPED = tuple(name for name in ALONE if name != "step")


def gradient(
    *,
    to: int = 0,
    of: int = 1,
    inputs: str = "0.9,0.1,0.8",
    target: str = "0.01,0.01,0.99",
    activation: str = "sigmoid",
    loss: str = "squared",
    weights: str = "example",
    seed: int = 0,
    lang: str | None = None,
) -> Lesson:
    """∂E/∂w of an output link and of a hidden link in a network of three layers with three units each.

    Args:
        to, of: the links lead from unit `of` to unit `to`, counted from 0, in both layers of weights.
        inputs, target: three numbers each, with commas between them.
        activation: of both layers; any with a slope that depends on its own z alone.
        loss: the error function: squared, absolute, huber or pinball.
        weights: "example", those of lesson `signals`, or "random".
        seed: of the random weights.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: a parameter that cannot be.
    """
    words = Words("gradient", lang)
    checks.whole(to, "to", 0, UNITS - 1)
    checks.whole(of, "of", 0, UNITS - 1)
    x, t = checks.numbers(inputs, "inputs", UNITS), checks.numbers(target, "target", UNITS)
    checks.choice(activation, "activation", SLOPED)
    checks.choice(loss, "loss", ERRORS)
    network = Network([UNITS] * 3, activation, bias=False, init="notes", seed=seed)
    if checks.choice(weights, "weights", WEIGHTS) == "example":
        network.weights = [w.copy() for w in EXAMPLE]

    with np.errstate(over="ignore", invalid="ignore"):
        chain, notes = (step(network, x, t, loss=loss, backward=rule) for rule in ("gradient", "notes"))
    if not all(np.isfinite(dW).all() for dW in (*chain.dW, *notes.dW)):
        expected = "inputs: expected numbers that leave E and its slopes finite under {activation}"
        raise SettingError(expected, inputs, "give smaller ones", activation=activation)
    output, hidden = (chain.link(layer, to, of) for layer in (OUTPUT, HIDDEN))
    by_notes = notes.link(HIDDEN, to, of).by_rule
    every = [chain.link(layer, k, j) for layer in (HIDDEN, OUTPUT) for k in range(UNITS) for j in range(UNITS)]
    slopes = {
        name: np.array([central_difference(link.error_at, link.weight, h) for h in WIDTHS])
        for name, link in (("output", output), ("hidden", hidden))
    }
    text = Text(words("output_text", to=to, of=of, w=output.weight))
    return compose(
        words,
        (
            Section(words("output"), (text, _chain(output), _factors(words, output))),
            Section(words("hidden"), _of_hidden(words, hidden, notes.split[HIDDEN - 1][to], by_notes)),
            Section(words("check"), _check(words, every, {"output": output, "hidden": hidden}, slopes)),
        ),
        shows=_shows(words, every, output, hidden, by_notes, slopes),
        tries={
            "--to 2 --of 0": "try_link",
            "--activation tanh --loss huber": "try_tables",
            "--activation relu --weights random --seed 3": "try_relu",
            "--inputs 9,1,8": "try_large",
        },
        data={
            "E": chain.E,
            "o": [*chain.o],
            "delta": [*chain.delta],
            "output": _numbers(output),
            "hidden": _numbers(hidden) | {"by_the_notes": by_notes},
            "gradient": [*chain.dW],
            "central_difference": [
                np.array([[chain.link(layer, k, j).numeric for j in range(UNITS)] for k in range(UNITS)])
                for layer in (HIDDEN, OUTPUT)
            ],
            "h": WIDTHS,
            **{f"difference_{name}": found for name, found in slopes.items()},
        },
    )  # fmt: skip


# --- the page -------------------------------------------------------------------------------------------------------


def _of_hidden(words: Words, link: Link, split: float, by_notes: float) -> tuple[Block, ...]:
    """The link of a hidden unit, to which all output units send; `split`: what the notes send."""
    sums = link.factors[0]
    return (
        Text(words("hidden_text", to=link.to, of=link.of, w=link.weight)),
        _chain(link),
        _factors(words, link),
        Table(
            ("i", "δᵢ", typeset(f"w^{{({OUTPUT})}}_{{i,{link.to}}}"), "δᵢ · w"),
            tuple((str(term.index), term.left, term.right, term.value) for term in sums.terms),
            caption=words("sum_caption", total=sums.value),
        ),
        Text(words("notes_text", split_negative=-float(split), sent=sums.value, by_notes=by_notes,
                   gradient=link.gradient)),
    )  # fmt: skip


def _check(
    words: Words, every: Sequence[Link], two: Mapping[str, Link], slopes: Mapping[str, Array]
) -> tuple[Block, ...]:
    """All links by the chain rule and by differences, and of two of them the differences by their width."""
    headings = ("layer", "to", "from", "by_chain", "by_difference", "apart")
    rows = ((link.layer, link.to, link.of, link.gradient, link.numeric, link.gradient - link.numeric) for link in every)
    gradients = {name: link.gradient for name, link in two.items()}
    return (
        Text(words("check_text")),
        Table(tuple(map(words, headings)), tuple(rows), caption=words("check_caption")),
        Figure(partial(draw_slopes, two, words), words("slopes_alt"), words("slopes_caption")),
        Figure(partial(draw_widths, slopes, gradients, words), words("widths_alt"), words("widths_caption")),
    )


def _chain(link: Link) -> Formula:
    """The product of a link, in symbols and then in numbers."""
    return next(block for section in link.sections() for block in section.blocks if isinstance(block, Formula))


def _factors(words: Words, link: Link) -> Table:
    rows = [(typeset(each.symbol), typeset(each.form), each.value) for each in link.factors]
    rows.append((typeset(rf"\frac{{\partial E}}{{\partial {link.letter}}}"), words("product"), link.gradient))
    return Table((words("factor"), words("form"), words("value")), tuple(rows))


def _numbers(link: Link) -> dict[str, Any]:
    return link.data() | {"factors": [each.value for each in link.factors]}


def _shows(
    words: Words, every: list[Link], output: Link, hidden: Link, by_notes: float, slopes: Mapping[str, Array]
) -> list[str]:
    far = [link for link in every if not link.agrees]
    apart = max(abs(link.gradient - link.numeric) for link in every)
    said = [
        words("kink", count=len(far), all=len(every)) if far else words("agree", count=len(every), apart=apart),
        words("downhill" if output.gradient else "flat", slope=output.gradient),
    ]
    if hidden.gradient and by_notes:
        same = "same_sign" if by_notes * hidden.gradient > 0 else "other_sign"
        said.append(words(same, ratio=abs(by_notes / hidden.gradient), notes=by_notes, gradient=hidden.gradient))
    wrong = np.abs(slopes["output"] - output.gradient)
    best = int(np.argmin(wrong))
    if 0 < best < len(WIDTHS) - 1:
        found = {"least": wrong[best], "widest": wrong[0], "narrowest": wrong[-1]}
        apart_by = {name: number(value, 2) for name, value in found.items()}
        said.append(words("widths", h=number(WIDTHS[best], 1), **apart_by))
    return said


# --- figures --------------------------------------------------------------------------------------------------------


@plots.styled
def draw_slopes(links: Mapping[str, Link], words: Words) -> Picture:
    """E against each of the two weights, with the tangent that the chain rule gives at the weight's value."""
    figure, axes = plots.figure((9.6, 3.4), 1, 2)
    for axis, (name, link) in zip(axes, links.items(), strict=True):
        w = np.linspace(link.weight - REACH, link.weight + REACH, 161)
        E = [link.error_at(float(one)) for one in w]
        near = np.array([link.weight - REACH / 2, link.weight + REACH / 2])
        axis.plot(w, E, color=plots.BLUE, label="E")
        axis.plot(near, link.step.E + link.gradient * (near - link.weight), color=plots.VERMILION, linestyle="--",
                  label=words("tangent", slope=link.gradient))  # fmt: skip
        axis.plot([link.weight], [link.step.E], "o", color=plots.INK, markersize=5)
        axis.set(xlabel=typeset(link.letter), ylabel="E")
        axis.set_title(words(name))
        axis.grid(True)
        axis.legend(fontsize=9)
    return figure


@plots.styled
def draw_widths(slopes: Mapping[str, Array], gradients: Mapping[str, float], words: Words) -> Picture:
    """How far the central difference is from the chain rule, against its width h."""
    figure, axes = plots.figure((6.4, 3.5))
    looks = {"output": (plots.BLUE, "-", "o"), "hidden": (plots.VERMILION, "--", "s")}
    for name, found in slopes.items():
        colour, line, marker = looks[name]
        wrong = np.abs(found - gradients[name])
        seen = wrong > 0  # a logarithm has no place for what is exact
        axes[0].loglog(
            WIDTHS[seen], wrong[seen], color=colour, linestyle=line, marker=marker, markersize=4, label=words(name)
        )
    axes[0].set(xlabel="h", ylabel=words("apart_axis"))
    axes[0].grid(True)
    axes[0].legend(fontsize=9)
    return figure
