"""The numbers of one example's way through a network, and of one step that learns from it, as plain data.

`step_page` and `links` are written from these; `step` computes them and makes of them what users hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.activations import Activation
from deltaw.equations.backprop import Rule
from deltaw.equations.lookup import finite
from deltaw.equations.losses import Loss, row_errors
from deltaw.network import Network
from deltaw.speech import reads, say

Array = NDArray[np.float64]
Arrays = tuple[Array, ...]  # one a layer


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Forward:
    """The signals of one example; `Trace` says what each number is."""

    network: Network
    x: Array
    a: Arrays
    z: Arrays
    o: Arrays
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def layers(self) -> range:
        """The numbers of the layers: 1, 2, …"""
        return range(1, len(self.z) + 1)

    @property
    def W(self) -> Arrays:
        """The weights, (n_out, n_in)."""
        return tuple(np.asarray(w, np.float64) for w in self.network.weights)

    @property
    def b(self) -> Arrays:
        """The biases, (n_out,); zeros in a layer without."""
        return tuple(np.asarray(b, np.float64) for b in self.network.biases)

    def activation(self, layer: int) -> Activation:
        """The table's row, in `deltaw.equations.activations`, of the activation of `layer`, counted from 1."""
        return self.network.rows[layer - 1]

    def slope(self, layer: int) -> Array | None:
        """f'(z) of `layer`, from 1, (n_out,); None for softmax, where every output depends on every z."""
        f = self.activation(layer)
        return None if f.coupled else np.asarray(f.df(self.z[layer - 1], self.o[layer - 1]))

    def unit(self, layer: int, index: int) -> str:
        """The name of the unit `index`, from 0, of `layer`; layer 0 is the input."""
        named = self.inputs if layer == 0 else self.outputs if layer == len(self.z) else ()
        return reads(named[index]) if named else str(index)

    def title(self, layer: int, index: int) -> str:
        """The name of the unit `index` of `layer` in a sentence: "petal width", "input 3", "unit 0 of layer 2"."""
        if (layer == 0 and self.inputs) or (layer == len(self.z) and self.outputs):
            return self.unit(layer, index)
        return say("input {i}", i=index) if layer == 0 else say("unit {k} of layer {layer}", k=index, layer=layer)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Update(Forward):
    """One step on one example; `Step` says what each number is."""

    t: Array
    e: Array
    loss: Loss
    rule: Rule
    alpha: float
    split: Arrays
    sent: Arrays
    delta: Arrays
    dW: Arrays
    db: Arrays
    change_W: Arrays
    change_b: Arrays
    E: float
    E_after: float
    after: Forward

    def error_at(self, layer: int, to: int, of: int | Literal["bias"], w: float) -> float:
        """E of the example before the step with one weight or bias set to w, all others as they are.

        Args:
            layer, to, of: which, as in `Step.link`.
            w: its value.
        """
        w, twin = finite(w, "w"), self.network.copy()
        arrays = twin.biases if of == "bias" else twin.weights
        arrays[layer - 1] = arrays[layer - 1].astype(np.float64)
        arrays[layer - 1][to if of == "bias" else (to, of)] = w
        s = twin.signals(self.x)
        return float(row_errors(s.z[-1], s.o[-1], self.t[None], twin.activations[-1], self.loss)[0])
