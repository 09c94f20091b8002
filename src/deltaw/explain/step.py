"""Every number of one training step on one example, in float64: forward pass, backward pass, update.

`step` calls `equations.backprop` and keeps its results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from deltaw.engines.rows import Rows
from deltaw.equations import backprop, losses, optimizers
from deltaw.equations.backprop import RULES, Rule
from deltaw.equations.lookup import positive
from deltaw.exceptions import InputError, SettingError
from deltaw.explain.links import Link, link
from deltaw.explain.passes import Array, Forward, Update
from deltaw.explain.step_page import of_signals, of_step
from deltaw.given import among, several
from deltaw.network import Network
from deltaw.pages import Page, Paged
from deltaw.speech import listed, say
from deltaw.training.loop import of_minimum

QUIET = np.errstate(over="ignore", invalid="ignore")  # what overflows shows in the numbers


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Trace(Forward, Paged):
    """The signals of one example through a network; `str` and notebooks show its page.

    Layers are counted from 1, as in the notes: layer l is the one that W_l feeds. Tuples have one array per layer, so
    `z[l - 1]` is z_l. Units are counted from 0, as the rows and columns of W.

    Attributes:
        network: the network, a copy of its own.
        x: the input, (n_in,).
        a: (n_in,) input of each layer; a[0] is x.
        z, o: z = W a + b and o = f(z), (n_out,).
        inputs, outputs: names of the network's inputs and outputs, for pages; () where they have none.
    """

    @cached_property
    def page(self) -> Page:
        """The signals as a document."""
        return of_signals(self)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Step(Update, Trace):
    """One step of gradient descent on one example; `str` and notebooks show its page.

    `network`, W, b and the signals are those before the step.

    Attributes:
        t: the target, (n_out,).
        e: t − o of the last layer, (n_out,).
        loss, rule, alpha: the error function, the rule of the way back, the learning rate.
        split: the notes' split error that reaches each layer, (n_out,): at the output −∂E/∂o, which for the squared
            error is e (for fused pairs such as softmax with cross-entropy −∂E/∂z, which is e too); before it Wᵀe.
        sent: ∂E/∂o of each layer by the chain rule, (n_out,): Wᵀδ of the layer behind.
        delta: δ = ∂E/∂z of each layer by the rule, (n_out,).
        dW, db: ∂E/∂w (n_out, n_in) and ∂E/∂b (n_out,) by the rule.
        change_W, change_b: ΔW = −α ∂E/∂w, and Δb; zeros for a layer without bias.
        E, E_after: the error before and after.
        after: the signals of the same example through the changed network.
    """

    after: Trace

    def link(self, layer: int, to: int, of: int | Literal["bias"]) -> Link:
        """The chain-rule factors of one weight, with the numbers put in; see `Link`.

        Args:
            layer: from 1: the layer that the link leads into.
            to: the unit of that layer, from 0: the row of W.
            of: the unit that it comes from, from 0: the column of W; "bias" for the unit's b.

        Raises:
            SettingError: there is no such link.
        """
        return link(self, layer, to, of)

    @cached_property
    def page(self) -> Page:
        """The whole step as a document."""
        return of_step(self)


@QUIET
def step(
    net: Network,
    x: ArrayLike,
    t: ArrayLike,
    learning_rate: float = 0.1,
    loss: str | losses.Loss = "squared",
    backward: Rule = "gradient",
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Step:
    """Every number of one step on one example. `net` stays as it is; `step.after.network` is the changed one.

    Args:
        net: a network with any activations, any depth, with biases or without.
        x: the input, (n_in,).
        t: the target, (n_out,), or an integer label for cross_entropy.
        learning_rate: α.
        loss: the error function, as `deltaw.train` takes it.
        backward: "gradient", the chain rule, or "notes", the notes' split error.
        inputs, outputs: names for pages, one for each input and output.

    Raises:
        InputError: x or t does not fit the network or the loss, or is not finite.
        SettingError: an invalid setting, such as a loss without a minimum.

    Examples:
        >>> import deltaw
        >>> net = deltaw.Network([2, 3, 1], ["sigmoid", "sigmoid"], seed=0)
        >>> step = deltaw.explain.step(net, [0.5, 0.2], [0.9], learning_rate=0.1)
        >>> [dW.shape for dW in step.dW]
        [(3, 2), (1, 3)]
        >>> print(step)  # doctest: +SKIP
    """
    _check_network(net)
    row = of_minimum(loss)
    if not among(backward, RULES):
        raise SettingError(
            "backward: expected one of {rules}", repr(backward), "choose one of these", rules=listed(RULES)
        )
    alpha = positive(learning_rate, "learning_rate", or_zero=True)
    target = np.asarray(t) if np.ndim(t) else np.asarray(t)[None]
    is_label = np.ndim(t) == 0
    rows = Rows.of(net, _one_row(x), target if is_label else target[None], row)
    X = rows.inputs(slice(None))
    assert rows.T is not None
    T = losses.one_hot(rows.T, net.sizes[-1]) if rows.T.ndim == 1 else np.asarray(rows.T, np.float64)

    before = _trace(net.copy(), X, inputs, outputs)
    passed = backprop.Signals([a[None] for a in before.a], [z[None] for z in before.z], [o[None] for o in before.o])
    by = {rule: backprop.backward(passed, T, before.W, net.rows, row, rule) for rule in RULES}
    chosen, chain = by[backward], by["gradient"]

    method = optimizers.SGD()
    p = backprop.Parameters.begin(list(before.W), list(before.b), list(net.bias), method)
    backprop.update(p, chosen, method, alpha, 1)
    changed = net.copy()
    changed.weights, changed.biases = list(p.W), list(p.b)
    after = _trace(changed, X, inputs, outputs)
    has_bias = zip(chosen.db, net.bias, strict=True)
    return Step(
        **{field.name: getattr(before, field.name) for field in fields(before)},
        t=T[0],
        e=T[0] - before.o[-1],
        loss=row,
        rule=backward,
        alpha=alpha,
        split=tuple(-sent[0] for sent in by["notes"].sent),
        # A fused pair sends δ back without ∂E/∂o, which the loss's own row knows.
        sent=(*(sent[0] for sent in chain.sent[:-1]), row.dE(before.o[-1][None], T)[0]),
        delta=tuple(delta[0] for delta in chosen.delta),
        dW=tuple(chosen.dW),
        db=tuple(chosen.db),
        change_W=tuple(method.delta(dW, (), alpha, 1)[0] for dW in chosen.dW),
        change_b=tuple(method.delta(db, (), alpha, 1)[0] if has else np.zeros_like(db) for db, has in has_bias),
        E=error(before, T[0], row),
        E_after=error(after, T[0], row),
        after=after,
    )


@QUIET
def signals(net: Network, x: ArrayLike, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> Trace:
    """The signals of one example through a network.

    Args:
        net: the network; a copy is kept.
        x: the example, (n_in,).
        inputs, outputs: names of the network's inputs and outputs, for pages; () for none.

    Raises:
        InputError: an x that does not fit.
    """
    _check_network(net)
    return _trace(net.copy(), one_row(net, x), inputs, outputs)


def one_row(net: Network, x: ArrayLike, whose: str = "") -> Array:
    """x as a batch of one row, (1, n_in). Raises InputError, calling it "{whose}X", where it does not fit."""
    return Rows.of(net, _one_row(x), None, whose=whose).inputs(slice(None))


def error(signals: Trace, t: Array, loss: losses.Loss) -> float:
    """E of one example, t (n_out,)."""
    z, o = signals.z[-1][None], signals.o[-1][None]
    return float(losses.row_errors(z, o, t[None], signals.network.activations[-1], loss)[0])


def _trace(net: Network, X: Array, inputs: Sequence[str], outputs: Sequence[str]) -> Trace:
    named = [
        _names(given, what, n)
        for given, what, n in ((inputs, "inputs", net.sizes[0]), (outputs, "outputs", net.sizes[-1]))
    ]
    s = net.signals(X)
    a, z, o = (tuple(array[0] for array in arrays) for arrays in (s.a[:-1], s.z, s.o))
    return Trace(network=net, x=X[0], a=a, z=z, o=o, inputs=named[0], outputs=named[1])


def _names(given: Any, what: str, n: int) -> tuple[str, ...]:
    """Names as a tuple, as many as there are inputs or outputs, or ()."""
    names = () if given is None else several(given)
    if names is None or (names and len(names) != n):
        found = repr(given) if names is None else f"{len(names)}"
        raise SettingError("{what}: expected {n} names, one for each", found, "give as many, or none", what=what, n=n)
    return names


def _check_network(net: Network) -> None:
    if not isinstance(net, Network):
        raise SettingError("net: expected a deltaw.Network", repr(net)[:60], "make one: deltaw.Network([2, 3, 1])")
    net.check()


def _one_row(x: ArrayLike) -> ArrayLike:
    """x as a batch of one row; whatever is no row of numbers is left for `Rows` to refuse."""
    try:
        row = np.asarray(x)
    except (TypeError, ValueError):
        return x
    if row.ndim == 2 and len(row) > 1:
        raise InputError("x: expected one example", say("{n} rows", n=len(row)), "give one of them: x[0]")
    return row if row.ndim == 2 else row.reshape(1, -1)
