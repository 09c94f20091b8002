"""`deltaw.Lab`: the lab within a notebook's cell, whose weights come back to Python."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np

from deltaw.exceptions import MissingError, SettingError
from deltaw.live.page import filled
from deltaw.live.write import contents
from deltaw.network import Network
from deltaw.speech import say

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingError(
        "the lab in a notebook: expected anywidget", say("none"), "pip install 'deltaw[notebook]'"
    ) from error


class Lab(anywidget.AnyWidget):  # type: ignore[misc]
    """The lab as a widget: it trains in the reader's browser, and `network` is what it has learnt so far.

        lab = deltaw.Lab(frame, target="y")
        lab            # the last line of a cell shows it
        lab.network    # a deltaw.Network with the weights that it has there now

    Args:
        source, rows, target, recipe, settings: as for `deltaw.lab`.
        height: of the cell, in pixels.

    Raises:
        MissingError: anywidget is not installed.
        InputError: as `deltaw.lab`.
    """

    _esm = files(__package__).joinpath("widget.js").read_text(encoding="utf-8")
    page = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(760).tag(sync=True)
    weights = traitlets.CBytes().tag(sync=True)  # a kernel hands over a memoryview
    settings = traitlets.Dict().tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        source: Any = "iris",
        rows: Any = None,
        *,
        target: str | None = None,
        recipe: str | None = None,
        height: int = 760,
        **settings: Any,
    ) -> None:
        found = contents(source, rows, target, recipe, settings)
        self._inputs = int(found.document["data"]["nIn"])
        super().__init__(page=filled(found).decode(), height=height, settings=found.document["settings"])

    @property
    def network(self) -> Network:
        """The network as it is in the page now. Raises SettingError before the page has been shown."""
        if not self.weights:
            raise SettingError(
                "lab.network: expected a page that is shown", say("none"), "show the lab in a cell first"
            )
        layers, seed = self.settings["layers"], int(self.settings["seed"])
        inputs = int(self.told.get("inputs", self._inputs))  # columns can be chosen on the page
        sizes = [inputs, *(int(layer["units"]) for layer in layers)]
        flat, count = np.frombuffer(self.weights, "<f4"), sum((a + 1) * b for a, b in pairwise(sizes))
        if len(flat) != count:
            raise SettingError(
                "lab.network: expected weights of every layer", f"{len(flat)} of {count}", "show it again"
            )
        network = Network(sizes, [layer["activation"] for layer in layers], bias=bool(self.settings["bias"]), seed=seed)
        at = 0
        for l, (n, units) in enumerate(pairwise(sizes)):
            network.weights[l] = flat[at : at + n * units].reshape(units, n).copy()
            network.biases[l] = flat[at + n * units : at + (n + 1) * units].copy()
            at += (n + 1) * units
        return network
