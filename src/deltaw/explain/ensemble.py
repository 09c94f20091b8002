"""A prediction of an ensemble: those of each network, and the attributions of their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deltaw.explain.attributions import TOLERANCE, attributions
from deltaw.explain.largest import pick
from deltaw.models import Model
from deltaw.numbers import number
from deltaw.pages import Block, Section, Table, Text
from deltaw.speech import say

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The predictions of an ensemble's networks for a row.

    Attributes:
        answer: the ensemble's prediction: a class, or a number in the target's own units.
        each: the prediction of each network.
        probabilities: of the predicted class, by each network and by the ensemble; () for regression.
        columns: raw columns.
        shares: (networks, columns) contributions to the number, or to z of the predicted class.
    """

    answer: Any
    each: tuple[Any, ...]
    probabilities: tuple[float, ...]
    columns: tuple[str, ...]
    shares: Array

    @property
    def mean(self) -> dict[str, float]:
        """Column -> mean contribution over the networks."""
        return dict(zip(self.columns, map(float, self.shares.mean(axis=0)), strict=True))

    @property
    def section(self) -> Section:
        """A section of a page."""
        count, tell = len(self.each), _told
        known = [say("network {k}", k=k + 1) for k in range(count)] + [say("their mean")]
        said = [*map(tell, self.each), tell(self.answer)]
        headings: tuple[str, ...] = ("", say("answer"))
        rows: list[tuple[Any, ...]] = list(zip(known, said, strict=True))
        if self.probabilities:
            headings = (*headings, say("probability of {name}", name=self.answer))
            rows = [(*row, p) for row, p in zip(rows, self.probabilities, strict=True)]
        unit = say("z of {label}", label=self.answer) if self.probabilities else say("the number")
        chosen = pick(self.shares.mean(axis=0))
        shown = sorted((place for (place,) in chosen.places), key=lambda place: -abs(self.shares[:, place].mean()))
        shares = [
            (self.columns[place], self.shares[:, place].mean(), *self.shares[:, place].tolist()) for place in shown
        ]
        more = chosen.left_out("… and {n:,} more columns, together {rest}.")
        blocks: list[Block] = [
            Text(
                say(
                    "The model's answer is the mean of {count} networks; the rest of the page is about one of them.",
                    count=count,
                )
            ),
            Table(headings, rows),
            Text(say("The attribution of each column in {unit}, as the mean of the networks and for each:", unit=unit)),
            Table((say("column"), say("mean attribution"), *known[:-1]), shares, more),
        ]
        return Section(say("The answers of all {count} networks", count=count), blocks)

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "answer": _plain(self.answer),
            "each": list(map(_plain, self.each)),
            "probabilities": list(self.probabilities),
            "shares": self.mean,
        }


def ensemble(
    model: Model,
    row: Any,
    x: Array,
    baseline: Array,
    columns: Sequence[str],
    names: tuple[str, ...],
    classes: tuple[str, ...],
) -> Ensemble | None:
    """The predictions of a model's networks; None if there is one.

    Args:
        model: the model.
        row: a row for `Model.answers`.
        x, baseline: (n_in,) that row as inputs, and the baseline of the contributions.
        columns: the raw column of each input.
        names, classes: of inputs and outputs.
    """
    if not model.others:
        return None
    found = model.answers(row, engine="reference")
    alone = [model.member(k + 1).answers(row, engine="reference") for k in range(len(model.members))]
    output, scale = 0, None
    of: Literal["z", "o"] = "o"
    probabilities: tuple[float, ...] = ()
    if found.probabilities is None:
        scale = model.target.scale
    else:
        output, of = int(model.target.labels(found.probabilities)[0]), "z"
        each = [one.probabilities for one in (*alone, found)]
        probabilities = tuple(float(one[0, output]) for one in each if one is not None)
    slopes = [1.0 if scale is None else float(scale.slope(network.forward(x)[0])[0]) for network in model.members]
    parts = [
        attributions(network, x, output, of, baseline, TOLERANCE * min(1.0, slope), names, classes, scale)
        for network, slope in zip(model.members, slopes, strict=True)
    ]
    grouped = [part.grouped(columns) for part in parts]
    return Ensemble(
        found.values[0], tuple(one.values[0] for one in alone), probabilities, tuple(grouped[0]),
        np.array([list(one.values()) for one in grouped]),
    )  # fmt: skip


def _told(value: Any) -> str:
    return number(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
