"""Rules about the columns of the inputs, before training."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.before import Columns
from deltaw.doctor.evidence.duplicates import keys
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.leakage import column_skill
from deltaw.doctor.evidence.outliers import Outliers
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.numbers import number
from deltaw.speech import listed, reads, say

LARGE, SMALL = 10.0, 0.05  # root mean square of a column
UNEVEN = 1e3  # the range of the widest column over that of the narrowest
OFFSET = 10.0  # a column's mean over its range
TELLING = 0.99  # skill of one column alone
NAMES = 20  # distinct values from which a column that rows share may identify groups, such as patients
FEWEST = 30  # rows for `leak` and `identifier`
NAMED = 5  # columns listed by name
MOST_ASKED, FEWEST_ASKED = 400_000, 500  # the most cells that `leak` looks at, but at least so many rows


def _reach(evidence: Evidence) -> NDArray[np.float64]:
    """(n_in,) range of each input; for several inputs of one column of a table, the widest."""
    width = evidence.known.columns.high - evidence.known.columns.low
    for column in evidence.setup.raw or ():
        made = list(column.inputs)
        width[made] = width[made].max(initial=0.0)
    return width


def unscaled_inputs(evidence: Evidence) -> Finding | None:
    """Columns far larger than 1, of very different ranges, or far from zero for their range."""
    columns = evidence.known.columns
    moving = ~columns.constant
    moving[list(evidence.setup.means)] = False  # target statistics may have a narrow range
    if not moving.any():
        return None
    rms, width = np.where(moving, columns.rms, 0.0), _reach(evidence)[moving]
    worst, largest = int(rms.argmax()), float(rms.max())
    remote = np.abs(columns.mean[moving]) / width
    uneven = float(width.max() / width.min())
    measured = {"largest_rms": largest, "widest_over_narrowest": uneven, "mean_over_range": float(remote.max())}
    repair = Repair(say("subtract each column's mean and divide by its standard deviation"), {"inputs": "standard"})
    where = Where(column=columns.names[worst])
    if largest > LARGE:
        return finding(
            "Column {name} runs from {low} to {high}, its root mean square is {largest}. ∂E/∂W = δ xᵀ grows "
            "with x, and the curvature of E with x²: {curvature} times that of an input around 1, so the "
            "largest rate that is stable is so many times smaller.",
            name=columns.names[worst],
            low=columns.low[worst],
            high=columns.high[worst],
            largest=largest,
            curvature=number(largest * largest, 2),
            evidence=measured,
            where=where,
            repair=repair,
            likelihood=min(0.9, 0.5 + 0.1 * float(np.log10(largest))),
        )
    if uneven > UNEVEN:
        narrow = int(np.flatnonzero(moving)[width.argmin()])
        return finding(
            "The range of the widest column is {uneven} times that of {name}: the rate that the widest "
            "allows moves the weights of the narrowest {slower} times too slowly.",
            uneven=uneven,
            name=columns.names[narrow],
            slower=number(uneven * uneven, 2),
            evidence=measured,
            where=Where(column=columns.names[narrow]),
            repair=repair,
            likelihood=0.4,
        )
    if remote.max() > OFFSET:
        far = int(np.flatnonzero(moving)[remote.argmax()])
        return finding(
            "Column {name} is {mean} ± {std}: nearly the same number in every row, which pushes all weights "
            "one way; what differs between rows is lost beside it.",
            name=columns.names[far],
            mean=columns.mean[far],
            std=number(columns.std[far], 2),
            evidence=measured,
            where=Where(column=columns.names[far]),
            repair=repair,
            likelihood=0.4,
        )
    return None


def input_outliers(evidence: Evidence) -> Finding | None:
    """Columns with outliers beside which all other values look the same."""
    known = evidence.known
    if not known.outliers:
        return None
    worst, names = _as_written(evidence, known.outliers[0]), known.columns.names
    same = worst.low == worst.high
    ends = number(worst.low, 3), number(worst.high, 3)
    value = number(worst.low, 4) if same else say("{low} to {high}", low=ends[0], high=ends[1])
    hint = say(" A code for missing values looks like that.") if same else ""
    words = say("make them missing, or correct them; or scale by quartiles and clip outliers")
    if same and evidence.setup.raw:
        read = f"{worst.low:g}"
        words = say("read {read} as missing (--na={read}); or scale by quartiles and clip outliers", read=read)
    return finding(
        "Some values of column {name} are outliers ({value}), all others lie from {low} to {high}, within "
        "{range}: on a common scale the others differ {times} times less than an input should.{hint}{more}",
        name=names[worst.column],
        value=value,
        range=worst.rest[1] - worst.rest[0],
        low=worst.rest[0],
        high=worst.rest[1],
        times=worst.times,
        hint=hint,
        more=say(" So it is in {n} columns.", n=len(known.outliers)) if len(known.outliers) > 1 else "",
        evidence={"deviation_over_others": worst.times, "columns": len(known.outliers)},
        where=Where(column=names[worst.column]),
        repair=Repair(words, {"inputs": "robust"}),
    )


def _as_written(evidence: Evidence, found: Outliers) -> Outliers:
    """The outliers in the table's own units, if the input is made of a column of numbers that the sample has."""
    known = evidence.known
    column = next((each for each in evidence.setup.raw or () if found.column in each.inputs), None)
    if column is None:
        return found
    x, raw = known.x[:, found.column], column.values[known.index]
    away = (x >= found.low) & (x <= found.high)
    others = (x >= found.rest[0]) & (x <= found.rest[1]) & np.isfinite(raw)
    if not away.any() or not others.any() or not np.isfinite(raw[away]).all():
        return found
    rest = float(raw[others].min()), float(raw[others].max())
    return replace(found, low=float(raw[away].min()), high=float(raw[away].max()), rest=rest)


def double_scaling(evidence: Evidence) -> Finding | None:
    """All inputs close to zero: scaled twice, or divided by too much."""
    columns = evidence.known.columns
    if columns.constant.all() or not float(columns.rms.max()) < SMALL:
        return None
    largest = float(np.nanmax(np.abs([columns.low, columns.high])))
    twice = next((d for d in (255.0, 256.0, 100.0) if 0.9 <= largest * d <= 1.1), None)
    hint = say(", 1/{twice}: as if they had been divided by {twice} twice", twice=number(twice)) if twice else ""
    return finding(
        "The largest input is {largest}{hint}; the root mean square of every column is below {small}. "
        "∂E/∂W = δ xᵀ shrinks with x: the first layer learns {value} times more slowly than from inputs "
        "around 1.",
        largest=largest,
        hint=hint,
        small=number(SMALL),
        value=number(1 / float(columns.rms.max()), 2),
        evidence={"largest": largest, "largest_rms": float(columns.rms.max()), "divided_twice_by": twice},
        repair=Repair(
            say("scale the inputs once: subtract the mean, divide by the standard deviation"), {"inputs": "standard"}
        ),
    )


def all_columns_constant(evidence: Evidence) -> Finding | None:
    """Every column holds one value."""
    columns = evidence.known.columns
    if not columns.constant.all() or evidence.known.rows < 2:
        return None
    return finding(
        "All {n} columns hold one value each: every row looks the same to the network, and the best it "
        "can do is one answer for all.",
        n=len(columns.low),
        evidence={"constant_columns": len(columns.low)},
        repair=Repair(say("give inputs that differ from row to row; look at how X was made")),
    )


def constant_columns(evidence: Evidence) -> Finding | None:
    """Some columns hold one value."""
    columns = evidence.known.columns
    still = _whole(evidence, np.flatnonzero(columns.constant))
    if not len(still) or len(still) == len(columns.low):
        return None
    zeros = int((columns.high[still] == 0).sum())
    return finding(
        "{n} columns hold one value in every row{zeros}: {names}.",
        n=_how_many(columns, still), names=_named(columns, still),
        zeros=say(", {n} of them 0, whose weights never get a gradient", n=zeros) if zeros else "",
        evidence={"constant_columns": len(still), "zeros": zeros}, where=Where(column=columns.names[still[0]]),
        repair=Repair(say("leave these columns out"), {"drop_columns": tuple(map(int, still))}),
    )  # fmt: skip


def _whole(evidence: Evidence, found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the inputs `found` those whose column of the table has only such inputs, or constant ones.

    One-hot inputs may be constant (unknown words) or redundant (the second of two words) by design.
    """
    if evidence.setup.raw is None:
        return found
    told = {*found.tolist(), *np.flatnonzero(evidence.known.columns.constant).tolist()}
    whole = {i for column in evidence.setup.raw if told.issuperset(column.inputs) for i in column.inputs}
    return np.array([i for i in found.tolist() if i in whole], np.int64)


def duplicate_columns(evidence: Evidence) -> Finding | None:
    """Columns that agree in every sampled row."""
    known = evidence.known
    # Columns that are constant within the sample cannot be compared.
    moving = np.flatnonzero(~known.columns.constant & (known.columns.distinct > 1))
    if len(moving) < 2:
        return None
    _, first, which = np.unique(keys(known.x.T, moving), return_index=True, return_inverse=True)
    names, twin = known.columns.names, moving[first[which.reshape(-1)]]
    # Equal bins of one column are no repetition.
    again = np.array([j for i, j in zip(twin, moving, strict=True) if i != j and names[i] != names[j]], np.int64)
    again = _whole(evidence, again)
    if not len(again):
        return None
    return finding(
        "{how_many} columns repeat another: {named}. Their weights get the same gradient: together they "
        "move like one input that is √2 (for two), √3 (for three), … times as large.",
        how_many=_how_many(known.columns, again),
        named=_named(known.columns, again),
        evidence={"repeated_columns": len(again), "different_columns": len(moving) - len(again)},
        where=Where(column=known.columns.names[again[0]]),
        repair=Repair(say("keep one of each"), {"drop_columns": tuple(map(int, again))}),
    )


def leak(evidence: Evidence) -> Finding | None:
    """One column that predicts the target alone; a column of the table, if there is one, not an input made of it."""
    known, raw = evidence.known, evidence.setup.raw
    if known.targets.bad or len(known.index) < FEWEST:
        return None
    if not raw:
        columns, names = list(known.x.T), known.columns.names
        inputs: list[tuple[int, ...]] = [(j,) for j in range(len(names))]
    else:
        columns = [column.values[known.index] for column in raw]
        names, inputs = tuple(column.name for column in raw), [column.inputs for column in raw]
    moving = np.flatnonzero([np.any(column != column[0]) for column in columns])
    if len(moving) < 2:
        return None
    rows = min(len(known.index), max(FEWEST_ASKED, MOST_ASKED // len(moving)))
    few = np.linspace(0, len(known.index) - 1, rows).astype(np.int64)
    order, value = column_skill(np.column_stack([columns[j][few] for j in moving]), known.t[few], known.targets)
    strength = np.maximum(order, value)
    best = int(strength.argmax())
    if not strength[best] >= TELLING or np.sum(strength >= TELLING) > len(moving) / 2:
        return None
    name = names[moving[best]]
    said = SAID[known.targets.task == "regression", bool(order[best] >= value[best])]
    much = number(float(strength[best]), 4) if said is SAID[True, True] else f"{strength[best]:.2%}"
    found = say(said, name=name, much=much)
    rows_of = raw and order[best] < value[best] and len(np.unique(columns[moving[best]])) >= NAMES
    of_these_rows = (
        "{found}: it may be the target in another form, or an identifier of groups, such as patients. The "
        "score then does not hold for rows of other groups, and dropping the column may not help; --group "
        "{option} scores each group by networks that have seen none of its rows."
    )
    of_the_target = (
        "{found}: it may be the target in another form, or known only after it. The score then does not "
        "hold for new rows."
    )
    return finding(
        of_these_rows if rows_of else of_the_target,
        found=found,
        option=quote(name),
        evidence={"strength": float(strength[best])},
        where=Where(column=name),
        repair=Repair(
            say("check whether the column is known when answers are wanted; if it is not, leave it out"),
            {"drop_columns": inputs[moving[best]]},
        ),
    )


# (whether the target is a number, whether the column's order predicts it, not its values) -> sentence.
SAID = {
    (False, True): "Cut into one interval per class, column {name} predicts {much} of the rows outside the "
    "most frequent class",
    (False, False): "Rows with the same value of column {name} are of the same class: it predicts {much} "
    "of the rows outside the most frequent class",
    (True, True): "Column {name} puts the rows in the target's order (Spearman's rank correlation {much})",
    (True, False): "Rows with the same value of column {name} have the same target ({much} of its variance)",
}


def identifier(evidence: Evidence) -> Finding | None:
    """A column of consecutive integers, each once: a row number."""
    known = evidence.known
    columns, n = known.columns, known.rows
    if (~columns.constant).sum() < 2 or n < FEWEST:
        return None
    each_once = np.flatnonzero((columns.distinct == len(known.x)) & (columns.high - columns.low == n - 1))
    found = [j for j in each_once.tolist() if (known.x[:, j] == np.round(known.x[:, j])).all()]
    if not found:
        return None
    return finding(
        "Column {named} holds {n:,} whole numbers from {low} to {high}, each once: a row number. What is "
        "learnt from it does not hold for other rows.",
        named=_named(columns, np.array(found)),
        n=n,
        low=number(columns.low[found[0]]),
        high=number(columns.high[found[0]]),
        evidence={"columns": len(found)},
        where=Where(column=columns.names[found[0]]),
        repair=Repair(say("leave it out"), {"drop_columns": tuple(found)}),
    )


def _named(columns: Columns, which: np.ndarray) -> str:
    names = list(dict.fromkeys(columns.names[i] for i in which))  # several inputs may be of one column
    return listed(map(reads, names[:NAMED])) + (say(", … ({n} in all)", n=len(names)) if len(names) > NAMED else "")


def _how_many(columns: Columns, which: np.ndarray) -> str:
    """ "3 of 12"."""
    return say("{n} of {all}", n=len({columns.names[i] for i in which}), all=len(set(columns.names)))
