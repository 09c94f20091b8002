"""Handwritten digits for the lessons that train on them: images, labels, and the rows set apart for scoring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.losses import one_hot
from deltaw.exceptions import InputError
from deltaw.network import Network, generator
from deltaw.speech import say
from deltaw.training import Epoch, train

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LOW, HIGH = 0.01, 0.99  # the notes' range of inputs and of targets
TEST_SHARE = 0.2
SOME = 1800  # images of lessons that train many times, so that a large set too takes seconds
CLEAR = 0.05  # accuracies that differ by less are not called different


@dataclass(frozen=True)
class Digits:
    """Images with labels.

    Attributes:
        pixels: (n, height · width), on the scale of the source.
        labels: (n,), class numbers from 0.
        classes: the name of each class; "0" … "9" for digits.
        shape: (height, width).
        span: the lowest and the highest value that a pixel can have.
        training, test: which rows are learnt from, and which only score.
    """

    pixels: NDArray[Any]
    labels: Indices
    classes: tuple[str, ...]
    shape: tuple[int, int]
    span: tuple[float, float]
    training: Indices
    test: Indices

    def inputs(self, low: float = LOW, high: float = HIGH) -> NDArray[np.float32]:
        """The pixels with the ends of their scale moved to low and high, (n, height · width)."""
        start, end = self.span
        inputs: NDArray[np.float32] = self.pixels.astype(np.float32)
        inputs -= start
        inputs *= (high - low) / (end - start)
        inputs += low
        return inputs

    def targets(self, low: float = LOW, high: float = HIGH) -> Array:
        """high in the place of the label, low in all others, (n, classes)."""
        return low + (high - low) * one_hot(self.labels, len(self.classes))

    def network(self, hidden: int, seed: int, init: str = "notes") -> Network:
        """The notes' network for these images, untrained: one hidden layer, sigmoids, no bias."""
        sizes = [self.pixels.shape[1], hidden, len(self.classes)]
        return Network(sizes, "sigmoid", bias=False, init=init, seed=seed)

    def accuracy(self, network: Network, X: NDArray[Any]) -> float:
        """The share of the test rows whose largest output stands in the label's place; X are the inputs of all rows."""
        return float(np.mean(network.forward(X[self.test]).argmax(axis=1) == self.labels[self.test]))

    def learn(
        self,
        network: Network,
        X: NDArray[Any],
        T: Array,
        look: Callable[[Epoch], object] | None = None,
        **settings: Any,
    ) -> Array:
        """Train the network on the training rows of X and T; the accuracy after each epoch, (epochs,).

        `look` is called after each epoch; `settings` are those of `deltaw.train`.
        """
        found: list[float] = []

        def note(epoch: Epoch) -> None:
            found.append(self.accuracy(epoch.network, X))
            if look is not None:
                look(epoch)

        train(network, X[self.training], T[self.training], callbacks=[note], **settings)
        # A diverged training keeps the accuracy it ended with.
        found += found[-1:] * (settings["epochs"] - len(found))
        return np.array(found)


def digits(source: str = "digits", seed: int = 0, limit: int | None = None) -> Digits:
    """Images from a table that `deltaw.read` understands.

    Args:
        source: "digits", the bundled 8 × 8 images, or a file of images with labels, such as MNIST's.
        seed: of the rows that are set apart, where the source itself sets none apart.
        limit: the most rows, drawn by the seed; None: all.

    Raises:
        InputError: a table without labels, or without grey images, or that cannot be read.
    """
    import polars as pl

    from deltaw.models.rows.division import split
    from deltaw.tables import read

    table = read(source)
    block = next((block for block in table.blocks if len(block.shape) == 2), None)
    if block is None or table.target is None:
        raise InputError(
            "data: expected grey images with a label each in {name}",
            say("images without labels") if block else say("no images in its {width} columns", width=table.frame.width),
            "give the path of MNIST or of a table like it, or leave it out for the bundled digits",
            name=table.name,
        )
    frames = [table.frame] if table.test is None else [table.frame, table.test]
    whole = pl.concat(frames)
    names, labels = np.unique(whole[table.target].cast(pl.String).to_numpy(), return_inverse=True)
    rows = np.arange(len(whole))
    if limit is not None and limit < len(rows):
        rows = np.sort(generator(seed).permutation(len(rows))[:limit])
    labels = labels[rows]
    if table.test is None or limit is not None:
        training, test = split(len(rows), TEST_SHARE, seed, labels)
    else:
        training, test = np.split(rows, [len(table.frame)])
    return Digits(
        pixels=whole[rows][list(block.columns)].to_numpy(),
        labels=labels,
        classes=tuple(map(str, names)),
        shape=(block.shape[0], block.shape[1]),
        span=(block.low, block.high),
        training=training,
        test=test,
    )
