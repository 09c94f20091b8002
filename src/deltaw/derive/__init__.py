"""Where the formulas come from: ∂E/∂w derived line by line from the tables' own formulas, and ΔW from it.

    print(deltaw.explain.derivation("tanh", "squared", layers=2))

SymPy does the mathematics (`lines`), and checks every line against the one before (`verification`); the last lines are
checked against numbers (`evidence`). SymPy is imported when something is derived, not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deltaw.derive.proof import Line, Proof
from deltaw.equations.activations import Activation
from deltaw.equations.activations import activation as activation_row
from deltaw.equations.losses import Loss
from deltaw.equations.losses import loss as loss_row
from deltaw.exceptions import SettingError
from deltaw.pages import Page, Paged

MOST_LAYERS = 50  # of the random network that the last lines are checked on


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Proof, Paged):
    """∂E/∂w and ΔW of a network, derived and checked. Prints as text, shows in notebooks; `page` has four forms.

    Attributes:
        activation, loss, hidden: the table's rows: at the output, of the error, of the hidden layers.
        layers: layers of weights.
        lines: every line, in order.
        delta, hidden_delta: δ of an output unit k and of a hidden unit j, SymPy expressions; hidden_delta is None
            where there is no hidden layer.
        problems: why gradient descent cannot minimise this pairing; empty where it can.
        evidence: the last lines against numbers.
        corners: where there is no slope, and what is taken there.
    """

    @cached_property
    def page(self) -> Page:
        """The derivation as a document."""
        from deltaw.derive.page import page

        return page(self)


def derivation(
    activation: str | Activation = "sigmoid",
    loss: str | Loss = "squared",
    layers: int = 2,
    hidden: str | Activation | None = None,
) -> Derivation:
    """Derive ∂E/∂w and ΔW for every layer of a network, as the notes do, and check every line.

    Args:
        activation: of the output layer; see `deltaw.equations.activations`.
        loss: the error function, "squared", "huber(0.5)", …; see `deltaw.equations.losses`.
        layers: layers of weights, 1 or more; all but the last are hidden.
        hidden: activation of the hidden layers; if not given, that of the output, or sigmoid behind softmax.

    Returns:
        The `Derivation`. A pairing that cannot be minimised is derived too; its `problems` say what happens.

    Raises:
        SettingError: a name that is not in the tables, or a number of layers that cannot be.

    Examples:
        >>> import deltaw
        >>> deltaw.explain.derivation("softmax", "cross_entropy", layers=1).lines[-1].text
        '∂E/∂b_k = δ_k'
    """
    from deltaw.derive import lines as write
    from deltaw.derive.evidence import corners, gather, loss_corners
    from deltaw.derive.formulas import j, k
    from deltaw.derive.problems import problems

    f, row = activation_row(activation), loss_row(loss)
    if isinstance(layers, bool) or not isinstance(layers, int) or not 1 <= layers <= MOST_LAYERS:
        expected = "layers: expected a whole number from 1 to {most_layers}, the layers of weights"
        raise SettingError(expected, repr(layers), "give e.g. 2", most_layers=MOST_LAYERS)
    if len(row.parameters) > 1:
        raise SettingError(
            "loss: expected one setting for all outputs", row.name, "derive {kind} one at a time", kind=row.kind
        )
    inner = activation_row(hidden if hidden is not None else "sigmoid" if f.coupled else f, "hidden")

    out, delta = write.output_lines(f, row)
    parts = {
        f"The output's activation, {f.name}": write.slope_lines(f, "k", k),
        f"The error, {row.name}": write.loss_rate(row),
        "The weights into the output layer": out,
        "The biases of the output layer": write.bias_lines(f, row),
    }
    found = None
    if layers > 1:
        lines, found = write.hidden_lines(inner)
        if inner != f:
            parts[f"The hidden activation, {inner.name}"] = write.slope_lines(inner, "j", j)
        parts["The weights into a hidden layer"] = lines
        parts["Both layers in one formula"] = write.whole_lines(f, row, inner, delta, found)
    names = [*[inner.name] * (layers - 1), f.name]
    rows = dict.fromkeys([f, inner] if layers > 1 else [f])
    return Derivation(
        f, row, inner if layers > 1 else None, layers, _numbered(parts), delta, found,
        problems(f, row, inner if layers > 1 else None),
        gather(names, row, (delta, found)),
        (*(corner for one in rows for corner in corners(one)), *loss_corners(row)),
    )  # fmt: skip


def _numbered(parts: dict[str, Any]) -> tuple[Line, ...]:
    from deltaw.derive.notation import latex, plain

    steps = [(part, step) for part, lines in parts.items() for step in lines]
    return tuple(
        Line(
            number, part, step.left, step.right,
            f"{plain(step.left)} = {plain(step.right)}", f"{latex(step.left)} = {latex(step.right)}",
            step.why, step.check.how, step.check.difference,
        )
        for number, (part, step) in enumerate(steps, 1)
    )  # fmt: skip
