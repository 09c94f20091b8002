"""The record of a search: its candidates, and how important each setting was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deltaw import notebook
from deltaw.models.scoring.metrics import metric_of
from deltaw.models.scoring.scores import Scores
from deltaw.models.search.ranges import RANGES
from deltaw.numbers import finite, number
from deltaw.plots import search as plots
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

End = Literal["rounds", "seconds", "interrupted", "callback"]
BINS = 3  # of the values of a setting that may be any number: low, middle, high
FEWEST = 4  # candidates, to measure the importance of a setting
ENDS: dict[End, str] = {
    "rounds": "all rounds were done",
    "seconds": "the time was up: the same call may give another model",
    "interrupted": "interrupted",
    "callback": "ended by a callback",
}


@dataclass(frozen=True)
class Trial:
    """A candidate.

    Attributes:
        number: 0 is the unchanged recipe.
        values: of the rows of RANGES that the recipe has.
        first: the lowest badness in the first rung, which all candidates finish; NaN if it did not.
        badness: the lowest badness of all its epochs.
        epochs: number of its epochs.
        chosen: whether its networks are members of the result.
    """

    number: int
    values: dict[str, Any]
    first: float
    badness: float
    epochs: int
    chosen: bool


@dataclass(frozen=True)
class Group:
    """The candidates with one value of a setting, or with values in one third of its range.

    Attributes:
        label: the value, or the lowest and the highest.
        count: number of candidates.
        mean, best: of their `Trial.first`.
    """

    label: str
    count: int
    mean: float
    best: float


@dataclass(frozen=True)
class Effect:
    """The importance of a setting.

    Attributes:
        name: a row of RANGES.
        law: its distribution, in words.
        share: share of the candidates' ranking that its groups explain (η² of the ranks, 0 to 1); NaN: too few.
        groups: by value.
        chosen: the values of the candidates that are in the result.
    """

    name: str
    law: str
    share: float
    groups: tuple[Group, ...]
    chosen: tuple[Any, ...]


@dataclass(frozen=True, repr=False)
class Tuning:
    """The record of `deltaw.tune`.

    Attributes:
        trials: all candidates, in the order in which they were drawn.
        keep: what candidates were compared by: "loss", or the name of a score.
        task: "classification" or "regression".
        rows: number of validation rows.
        untuned, tuned: badness on these rows (the loss, or minus the score) of the unchanged recipe, and of the result.
        scores, untuned_scores: of both on test rows; None without any.
        networks: number of networks in the result.
        rounds: number of rounds.
        seconds: duration.
        end: what ended the search.
    """

    trials: tuple[Trial, ...]
    keep: str
    task: str
    rows: int
    untuned: float
    tuned: float
    scores: Scores | None
    untuned_scores: Scores | None
    networks: int
    rounds: int
    seconds: float
    end: End

    @property
    def gained(self) -> bool:
        """Whether the result is better on the validation rows than the unchanged recipe: `tuned` below `untuned`."""
        return self.tuned < self.untuned

    @property
    def statement(self) -> str:
        """The result in a few lines, in the language that is chosen."""
        metric = None if self.keep == "loss" else metric_of(None if self.keep == "score" else self.keep, self.task)
        said = {
            "what": say("loss") if metric is None else metric.title, "rows": self.rows,
            "tuned": self._shown(self.tuned), "untuned": self._shown(self.untuned), "networks": self.networks,
        }  # fmt: skip
        won = "{what} {tuned} on the {rows:,} validation rows, {untuned} with the untuned recipe; networks: {networks}"
        lost = "tuning brought no gain: {what} {untuned} on the {rows:,} validation rows is that of the untuned recipe"
        lines = [say(won if self.gained else lost, **said)]
        if self.scores is not None and self.untuned_scores is not None and self.gained:
            first = self.scores.leading(None if metric is None else metric.name)
            pairs = [
                say("{score} {tuned} ({untuned} with the untuned recipe)", score=m.title,
                    tuned=m.show(self.scores[m.name]), untuned=m.show(self.untuned_scores[m.name]))
                for m in first
            ]  # fmt: skip
            rows = self.scores.rows
            lines.append(say("{rows:,} test rows, not used for choosing: {scores}", rows=rows, scores=listed(pairs)))
        tried = {"candidates": len(self.trials), "rounds": self.rounds, "seconds": number(self.seconds, 3)}
        lines.append(
            say("candidates: {candidates}, rounds: {rounds}, {seconds} s; {end}", **tried, end=say(ENDS[self.end]))
        )
        return "\n".join(lines)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The importance of each setting that was drawn, the most important first."""
        known = [each for each in self.trials if np.isfinite(each.first)]
        found = [self._effect(name, known) for name in RANGES if len({_value(t, name) for t in known} - {None}) > 1]
        return tuple(sorted(found, key=lambda each: -np.nan_to_num(each.share, nan=-1.0)))

    @property
    def lines(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Headings, and a row of texts for each value of each setting."""
        rows: list[tuple[str, ...]] = [
            (
                effect.name if not k else "", _percent(effect.share) if not k else "", group.label, f"{group.count}",
                number(group.mean, 4), number(group.best, 4),
            )
            for effect in self.effects for k, group in enumerate(effect.groups)
        ]  # fmt: skip
        what = say("loss") if self.keep == "loss" else say("minus the score")
        headings = (
            say("setting"), say("importance"), say("value"), say("candidates"), say("mean {what}", what=what),
            say("lowest {what}", what=what),
        )  # fmt: skip
        return headings, rows

    @property
    def note(self) -> str:
        """How to read `lines`."""
        return say(
            "Measured on the validation rows after the first rung, which all candidates reached. The "
            "importance of a setting is the share of the candidates' ranking that its values explain; with "
            "few candidates, much of it is chance."
        )

    def plot(self) -> Figure:
        """The badness of the candidates over each setting, a matplotlib figure."""
        known = [each for each in self.trials if np.isfinite(each.first)]
        panels = [
            (effect.name, [each.values[effect.name] for each in known if effect.name in each.values])
            for effect in self.effects
        ]
        what = say("loss") if self.keep == "loss" else say("minus the score")
        return plots.tried(panels, [each.first for each in known], [each.chosen for each in known], what)

    def document(self) -> dict[str, Any]:
        """Plain JSON data; NaN becomes null."""
        return {
            "keep": self.keep, "rows": self.rows, "gained": self.gained, "untuned": finite(self.untuned),
            "tuned": finite(self.tuned), "networks": self.networks, "rounds": self.rounds, "seconds": self.seconds,
            "end": self.end,
            "untuned_scores": None if self.untuned_scores is None else self.untuned_scores.document(),
            "effects": [
                {"setting": each.name, "law": each.law, "share": finite(each.share), "chosen": list(each.chosen),
                 "values": [vars(group) for group in each.groups]}
                for each in self.effects
            ],
            "trials": [
                vars(each) | {"first": finite(each.first), "badness": finite(each.badness)} for each in self.trials
            ],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Tuning({self.statement.splitlines()[0]})"

    def __str__(self) -> str:
        headings, rows = self.lines
        return "\n".join([self.statement, *(" · ".join(filter(None, row)) for row in (headings, *rows))])

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        headings, rows = self.lines
        said = [notebook.paragraph(line) for line in self.statement.splitlines()]
        return notebook.fragment(*said, notebook.table(headings, rows, (1, 3, 4, 5)), notebook.paragraph(self.note))

    def _shown(self, badness: float) -> str:
        if self.keep == "loss":
            return number(badness, 4)
        metric = metric_of(None if self.keep == "score" else self.keep, self.task)
        return metric.show(float(metric.gain(0.0, badness)))

    def _effect(self, name: str, known: list[Trial]) -> Effect:
        trials = [each for each in known if name in each.values]
        labels = _labels([each.values[name] for each in trials])
        first = np.array([each.first for each in trials])
        ranks = np.argsort(np.argsort(first, kind="stable"), kind="stable").astype(float)
        groups, between = [], 0.0
        for label in dict.fromkeys(sorted(labels, key=lambda each: each[0])):
            mine = np.array([each == label for each in labels])
            between += float(mine.sum()) * float(ranks[mine].mean() - ranks.mean()) ** 2
            groups.append(Group(label[1], int(mine.sum()), float(first[mine].mean()), float(first[mine].min())))
        total = float(np.square(ranks - ranks.mean()).sum())
        share = between / total if len(trials) >= FEWEST and total else float("nan")
        chosen = tuple(dict.fromkeys(each.values[name] for each in self.trials if each.chosen))
        return Effect(name, str(RANGES[name].law), share, tuple(groups), chosen)


def _value(trial: Trial, name: str) -> Any:
    return trial.values.get(name)


def _labels(values: list[Any]) -> list[tuple[Any, str]]:
    """(sort key, label) of each value's group: itself, or the third that it lies in if there are many numbers."""
    distinct = sorted(set(values))
    if len(distinct) <= BINS or isinstance(distinct[0], str):
        return [(value, value if isinstance(value, str) else number(value)) for value in values]
    edges = np.quantile(np.array(values, float), np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf")
    places = np.searchsorted(edges, np.array(values, float))
    ends = {place: [v for v, p in zip(values, places, strict=True) if p == place] for place in set(places.tolist())}
    said = {place: [number(min(ends[place])), number(max(ends[place]))] for place in ends}
    return [(int(p), " – ".join(dict.fromkeys(said[int(p)]))) for p in places]


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{share:.0%}"
