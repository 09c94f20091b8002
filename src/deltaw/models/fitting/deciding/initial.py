"""The network that a training begins with."""

from __future__ import annotations

from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.recipes import Recipe
from deltaw.network import Network
from deltaw.preparation import Target


def drawn_network(recipe: Recipe, target: Target, inputs: int, seed: int, start: Start | None = None) -> Network:
    """The network with its initial weights."""
    if start is not None:
        return start.network()
    assert recipe.hidden is not None
    assert recipe.activation is not None
    return Network(
        [inputs, *recipe.hidden, len(target.classes or (target.name,))],
        activations=[*[recipe.activation] * len(recipe.hidden), recipe.output_activation],
        bias=recipe.bias,
        init=recipe.init,
        seed=seed,
    )
