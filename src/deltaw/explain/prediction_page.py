"""A prediction for one row as plain data, and the sections of its page: cells, attributions, prediction, and training
step. `prediction` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.explain import figures, step_page
from deltaw.explain.attributions import Attributions
from deltaw.explain.ensemble import Ensemble
from deltaw.explain.largest import pick
from deltaw.explain.step import Step, Trace
from deltaw.models import Model
from deltaw.models.contents import picture_of
from deltaw.numbers import number
from deltaw.pages import Block, Figure, Table, Text
from deltaw.preparation.arithmetic import Line
from deltaw.preparation.columns.category import OTHER
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.preparation.scales.scaling import Scale
from deltaw.speech import Kept, listed, reads, say

if TYPE_CHECKING:
    import polars as pl

TYPICAL_ROW = "a typical training row"
# What the usual row is, by the kind of a column. It need not be a row of the table: a model keeps no rows.
NO_CELL = "–"  # of what no column holds
USUAL_CELLS = {
    "number": "the median of numbers",
    "date": "the median of dates",
    "category": "the most frequent word",
    "boolean": "the more frequent of yes and no",
    "block": "a blank picture",
}


@dataclass(frozen=True, eq=False, repr=False)
class Answered:
    """A prediction for one row and its explanation; see `Prediction`."""

    model: Model
    row: int
    source: str
    prepared: tuple[Line, ...]
    signals: Trace
    answer: Any
    probabilities: Any
    truth: Any
    attributions: Attributions
    against: str
    other: pl.DataFrame
    step: Step | None
    together: Ensemble | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw column (pixels: each its own) behind each input."""
        picture = picture_of(self.model)
        return tuple(
            name if picture is not None and each.title == picture.name else each.title
            for each in self.model.preparation.steps
            for name in each.features
        )

    @property
    def by_column(self) -> dict[str, float]:
        """The attribution of each raw column: those of its inputs together."""
        return self.attributions.grouped(self.columns)


def lead(found: Answered) -> str:
    """The lead: the prediction, of an ensemble its own, and the largest contributions."""
    answer, shares, probability = found.answer, found.by_column, None
    if found.probabilities is not None:
        probability = found.probabilities[found.attributions.output]  # which is the class that was answered
    if (all_of_them := found.together) is not None:
        answer, shares = all_of_them.answer, all_of_them.mean
        probability = all_of_them.probabilities[-1] if all_of_them.probabilities else None
    sure = "" if probability is None else say(" ({percent}% sure)", percent=number(100 * probability, 3))
    truth = "" if found.truth is None else say("; the table says {truth}", truth=_answer(found, found.truth))
    strongest = sorted(shares.items(), key=lambda pair: -abs(pair[1]))[:2]
    pushed = listed((say("{name} ({share})", name=name, share=number(share, 3)) for name, share in strongest), " and ")
    return say(
        "The answer is {answer}{sure}{truth}. Compared with {against}, {pushed} contributed most.",
        answer=_answer(found, answer), sure=sure, truth=truth, pushed=pushed, against=_against(found),
    )  # fmt: skip


def lesson(found: Answered) -> str:
    """The training step on the row, and how training itself differed."""
    recipe = found.model.recipe
    if found.step is None:
        said = "The row has no {target}: without a target there is no error to learn from."
        return say(said, target=found.model.target.name)
    method = (recipe.optimizer or "").split("(")[0]
    extras = {say("dropout"): recipe.dropout, say("label smoothing"): recipe.label_smoothing}
    used = listed((f"{name} {number(value)}" for name, value in extras.items() if value), " and ")
    return say(
        "One plain step ΔW = −α ∂E/∂w on this row alone, with α = {alpha}. The training itself used "
        "{method} with α = {rate} and batches of {batch}{used}.",
        alpha=number(found.step.alpha),
        method=method,
        rate=number(recipe.learning_rate or 0.0),
        batch=recipe.batch_size,
        used=say(", with {used}", used=used) if used else "",
    )


def _value(cell: Any) -> str:
    is_number = isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool)
    return number(cell) if is_number else str(cell)


def _answer(found: Answered, answer: Any) -> str:
    """A class as tables write it, also if it is a number."""
    return _value(answer) if found.probabilities is None else str(answer)


def cells(found: Answered) -> list[Block]:
    """Every cell with its arithmetic; in wide tables those farthest from the baseline."""
    lines, base = found.prepared, found.attributions.baseline
    chosen = pick(np.array([line.value - base[line.place] for line in lines]))
    rows = [
        (reads(line.column), _cell(line.cell), reads(line.feature), line.arithmetic, line.value)
        for line in (lines[place[0]] for place in chosen.places)
    ]
    more = chosen.left_out("… and {n:,} more, nearer to the baseline.")
    return [Table((say("column"), say("cell"), say("input"), say("arithmetic"), "x"), rows, more)]


def _cell(value: Any) -> str:
    return say("missing") if value is None else _value(value)


def what_answered(found: Answered) -> list[Block]:
    """How the outputs of the last layer become the prediction."""
    z, o = found.signals.z[-1], found.signals.o[-1]
    target = found.model.target
    if found.probabilities is not None:
        chosen = pick(found.probabilities)
        same = np.allclose(o, found.probabilities)
        headings = (target.name, "z", *([say("o, the probability")] if same else ["o", say("probability")]))
        rows = [
            (str(target.classes[k]), z[k], o[k], *([] if same else [found.probabilities[k]])) for (k,) in chosen.places
        ]
        more = chosen.left_out("… and {n:,} more, together {rest}. ")
        sums = "" if same else say("The probabilities are the outputs, divided by their sum. ")
        chooses = "The answer is {rule}: {answer}." if target.rule else "The largest is the answer: {answer}."
        shown = {"answer": _answer(found, found.answer)} | ({"rule": target.rule} if target.rule else {})
        return [Table(headings, rows, more + sums + say(chooses, **shown))]
    raw = float(target.scale.undo(o)[0])
    undone = f"{_undone(target.scale, float(o[0]))} = {number(raw)}"
    if not np.isclose(raw, found.answer):
        kept = "{undone}, which is kept within the range seen in training: {answer}"
        undone = say(kept, undone=undone, answer=number(float(found.answer)))
    return [Text(say("o = {o} in the target's own units: {undone}.", o=number(float(o[0])), undone=undone))]


def _undone(scale: Scale | LogScale, o: float) -> str:
    """The inverse of the target's scale, with numbers: "0.61 · 2.1 + 40", or exp of that for a logarithmic scale."""
    if isinstance(scale, LogScale):
        return f"e^({_undone(scale.scale, o)})" + (f" − {number(scale.offset)}" if scale.offset else "")
    back = f"({number(o)} − {number(scale.shift)})" if scale.shift else number(o)
    return f"{back} · {number(scale.width)} + {number(scale.centre)}"


def pushes(found: Answered) -> list[Block]:
    """Contributions by raw column, and by input if a column has several."""
    shares, grouped = found.attributions, found.by_column
    what, unit, why = _shared(found)
    text = say(
        "The table attributes {what} to the columns. At the baseline the value is {there}; the baseline is "
        "{other}. The attributions add up to the difference, {gained}; a column with the same cell in both "
        "rows gets 0.{why}",
        what=what,
        other=_other(found),
        there=number(shares.value_at_baseline),
        gained=number(shares.value - shares.value_at_baseline),
        why=why,
    )
    here, other = {line.column: line.cell for line in reversed(found.prepared)}, found.other.row(0, named=True)
    if found.against == TYPICAL_ROW:  # whose words may be the slot of others
        other = {name: reads(Kept(OTHER)) if cell == OTHER else cell for name, cell in other.items()}
    if picture_of(found.model) is not None:
        here |= {line.feature: line.cell for line in found.prepared}
    names = list(grouped)
    chosen = pick(np.array([grouped[name] for name in names]))
    shown = {names[i]: grouped[names[i]] for (i,) in chosen.places}
    more = chosen.left_out("… and {n:,} more columns, together {rest}. ")
    rows = [
        (reads(name), *(_cell(cells[name]) if name in cells else NO_CELL for cells in (here, other)), share)
        for name, share in sorted(shown.items(), key=lambda pair: -abs(pair[1]))
    ]
    blocks: list[Block] = [
        Text(text),
        Table(
            (say("column"), say("this row"), say("baseline"), say("attribution")),
            rows,
            say("{more}The sum is {sum}. {how}", more=more, sum=number(float(shares.shares.sum())), how=shares.how),
        ),
        _drawn(found, shown, unit),
    ]
    if len(grouped) < len(shares.shares):
        each = pick(shares.shares)
        left = each.left_out("… and {n:,} more, together {rest}.")
        parts = [(shares.input(i), shares.x[i], shares.baseline[i], shares.shares[i]) for (i,) in each.places]
        blocks.append(Table((say("input"), "x", say("baseline"), say("attribution")), parts, left))
    return blocks


def _shared(found: Answered) -> tuple[str, str, str]:
    """(name of the attributed quantity, its unit, why it is z for classes)."""
    value = number(found.attributions.value)
    if found.probabilities is None:
        return say("the number answered ({value})", value=value), found.model.target.name, ""
    unit = say("z of {label}", label=found.attributions.outputs[found.attributions.output])
    alone = " Why z and not o: z is the sum over the links, while o hardly changes near its limits."
    coupled = (
        " Why z and not o: z is the sum over the links, while o also depends on the other outputs, and "
        "hardly changes near its limits."
    )
    why = coupled if found.signals.slope(len(found.signals.z)) is None else alone
    return say("{unit} ({value})", unit=unit, value=value), unit, say(why)


def _other(found: Answered) -> str:
    """The baseline, and its meaning for each kind of column."""
    if found.against != TYPICAL_ROW:
        return _against(found)
    steps = found.model.preparation.steps
    meant = [say(words) for kind, words in USUAL_CELLS.items() if any(each.kind == kind for each in steps)]
    return say("{row}: {meant}", row=say(TYPICAL_ROW), meant=listed(meant))


def _against(found: Answered) -> str:
    """The baseline in words."""
    return say(TYPICAL_ROW) if found.against == TYPICAL_ROW else found.against


def _drawn(found: Answered, shown: Mapping[str, float], unit: str) -> Figure:
    """A bar chart; for an image, the contributions of its pixels."""
    block = picture_of(found.model)
    if block is None:
        return found.attributions.figure(shown, say("attribution of {what}", what=unit))
    cells = {line.feature: line.cell for line in found.prepared}
    image = np.array([cells.get(name) or 0.0 for name in block.columns], float).reshape(block.shape)
    places = [found.attributions.inputs.index(name) for name in block.columns]
    shares = found.attributions.shares[places].reshape(block.shape)
    alt = say("The picture, the pixels that raised the answer, and those that lowered it; darker is more.")
    return Figure(lambda: figures.picture(image, shares), alt)


def data(found: Answered) -> dict[str, Any]:
    """All of it for programs."""
    steps = step_page.signals_document(found.signals) if found.step is None else step_page.document(found.step)
    return {
        "row": found.row, "source": found.source, "target": found.model.target.name, "answer": found.answer,
        "classes": found.model.classes, "probabilities": found.probabilities, "truth": found.truth,
        "prepared": [line._asdict() for line in found.prepared],
        "attributions": found.attributions.data() | {
            "against": found.against, "columns": found.by_column, "other": found.other.row(0, named=True),
        },
        "step": steps,
    } | ({} if found.together is None else {"together": found.together.data()})  # fmt: skip
