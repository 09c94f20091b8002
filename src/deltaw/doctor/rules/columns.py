"""Rules about the columns of the inputs, before training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.before import Columns
from deltaw.doctor.evidence.duplicates import keys
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.leakage import column_skill
from deltaw.doctor.evidence.outliers import Outliers
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.engines.rows import spread
from deltaw.numbers import number
from deltaw.speech import listed, reads, say
from deltaw.speech.settings import given_as

LARGE, SMALL = 10.0, 0.05  # root mean square of a column
UNEVEN = 1e3  # range of the widest column over that of the narrowest
OFFSET = 10.0  # a column's mean over its range
LEAKING = 0.99  # skill of one column alone
GROUPS = 20  # distinct values from which a column with repeated values may identify groups, such as patients
FEWEST = 30  # rows for `leak` and `identifier`
MOST_NAMED = 5  # columns listed by name
MOST_CELLS, FEWEST_ROWS = 400_000, 500  # the most cells that `leak` examines, and the fewest rows


def _ranges(evidence: Evidence) -> NDArray[np.float64]:
    """(n_in,) range of each input; for several inputs of one column of a table, the widest."""
    width = evidence.known.columns.high - evidence.known.columns.low
    for column in evidence.setup.raw or ():
        made = list(column.inputs)
        width[made] = width[made].max(initial=0.0)
    return width


def unscaled_inputs(evidence: Evidence) -> Finding | None:
    """Columns far larger than 1, of very different ranges, or far from zero for their range."""
    columns = evidence.known.columns
    varying = ~columns.constant
    varying[list(evidence.setup.target_encoded)] = False  # target statistics may have a narrow range
    if not varying.any():
        return None
    rms, width = np.where(varying, columns.rms, 0.0), _ranges(evidence)[varying]
    worst, largest = int(rms.argmax()), float(rms.max())
    offset = np.abs(columns.mean[varying]) / width
    uneven = float(width.max() / width.min())
    measured = {"largest_rms": largest, "widest_over_narrowest": uneven, "mean_over_range": float(offset.max())}
    repair = Repair(say("subtract each column's mean and divide by its standard deviation"), {"inputs": "standard"})
    where = Where(column=columns.names[worst])
    if largest > LARGE:
        return finding(
            "Column {name} runs from {low} to {high}, its root mean square is {largest}. ∂E/∂W = δ xᵀ grows with x, "
            "and the curvature of E with x²: {curvature} times that of an input around 1, so the largest stable "
            "learning rate is that many times smaller.",
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
        narrow = int(np.flatnonzero(varying)[width.argmin()])
        return finding(
            "The range of the widest column is {uneven} times that of {name}: the learning rate that the widest "
            "allows changes the weights of the narrowest {slower} times too slowly.",
            uneven=uneven,
            name=columns.names[narrow],
            slower=number(uneven * uneven, 2),
            evidence=measured,
            where=Where(column=columns.names[narrow]),
            repair=repair,
            likelihood=0.4,
        )
    if offset.max() > OFFSET:
        far = int(np.flatnonzero(varying)[offset.argmax()])
        return finding(
            "Column {name} is {mean} ± {std}: nearly the same number in every row, which pushes all weights one way; "
            "the differences between rows are lost next to it.",
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
    """Columns with outliers next to which all other values look the same."""
    known = evidence.known
    if not known.outliers:
        return None
    worst, names = _as_written(evidence, known.outliers[0]), known.columns.names
    codes = tuple((each.column, each.low) for each in known.outliers if each.same)
    first = {"missing": codes} if codes and not evidence.setup.raw else {}
    words = say("make them missing, or correct them; or scale by quartiles and clip outliers")
    if worst.same and evidence.setup.raw:
        read = f"{worst.low:g}"
        line = "read {read} as missing ({option}); or scale by quartiles and clip outliers"
        words = say(line, read=read, option=given_as("na", [read]))
    return finding(
        "Some values of column {name} are outliers ({value}), all others lie from {low} to {high}, within "
        "{range}: on a common scale the others differ {times} times less than an input should.{hint}{more}",
        name=names[worst.column],
        value=worst.shown,
        range=worst.rest[1] - worst.rest[0],
        low=worst.rest[0],
        high=worst.rest[1],
        times=worst.times,
        hint=worst.hint,
        more=say(" {n} columns have such values.", n=len(known.outliers)) if len(known.outliers) > 1 else "",
        evidence={"deviation_over_others": worst.times, "columns": len(known.outliers)},
        where=Where(column=names[worst.column]),
        repair=Repair(words, {**first, "inputs": "robust"}),
    )


def _as_written(evidence: Evidence, found: Outliers) -> Outliers:
    """The outliers in the table's own units, if the input is made of a column of numbers that the sample has."""
    known = evidence.known
    column = next((each for each in evidence.setup.raw or () if found.column in each.inputs), None)
    if column is None:
        return found
    x, raw = known.x[:, found.column], column.values[known.index]
    outlying = (x >= found.low) & (x <= found.high)
    others = (x >= found.rest[0]) & (x <= found.rest[1]) & np.isfinite(raw)
    if not outlying.any() or not others.any() or not np.isfinite(raw[outlying]).all():
        return found
    rest = float(raw[others].min()), float(raw[others].max())
    return replace(found, low=float(raw[outlying].min()), high=float(raw[outlying].max()), rest=rest)


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
        repair=Repair(say("give inputs that differ from row to row; check how X was made")),
    )


def constant_columns(evidence: Evidence) -> Finding | None:
    """Some columns hold one value."""
    columns = evidence.known.columns
    constant = _of_whole_columns(evidence, np.flatnonzero(columns.constant))
    if not len(constant) or len(constant) == len(columns.low):
        return None
    zeros = int((columns.high[constant] == 0).sum())
    return finding(
        "{n} columns hold one value in every row{zeros}: {names}.",
        n=_how_many(columns, constant), names=_named(columns, constant),
        zeros=say(", {n} of them 0, whose weights never get a gradient", n=zeros) if zeros else "",
        evidence={"constant_columns": len(constant), "zeros": zeros}, where=Where(column=columns.names[constant[0]]),
        repair=Repair(say("leave these columns out"), {"drop_columns": tuple(map(int, constant))}),
    )  # fmt: skip


def _of_whole_columns(evidence: Evidence, found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the inputs `found` those whose column of the table has only such inputs, or constant ones.

    One-hot inputs may be constant (unknown words) or redundant (the second of two words) by design.
    """
    if evidence.setup.raw is None:
        return found
    negligible = {*found.tolist(), *np.flatnonzero(evidence.known.columns.constant).tolist()}
    whole = {i for column in evidence.setup.raw if negligible.issuperset(column.inputs) for i in column.inputs}
    return np.array([i for i in found.tolist() if i in whole], np.int64)


def duplicate_columns(evidence: Evidence) -> Finding | None:
    """Columns that agree in every sampled row."""
    known = evidence.known
    # Columns that are constant within the sample cannot be compared.
    varying = np.flatnonzero(~known.columns.constant & (known.columns.distinct > 1))
    if len(varying) < 2:
        return None
    _, first, which = np.unique(keys(known.x.T, varying), return_index=True, return_inverse=True)
    names, twin = known.columns.names, varying[first[which.reshape(-1)]]
    # Equal bins of one column are no repetition.
    repeated = np.array([j for i, j in zip(twin, varying, strict=True) if i != j and names[i] != names[j]], np.int64)
    repeated = _of_whole_columns(evidence, repeated)
    if not len(repeated):
        return None
    return finding(
        "{how_many} columns repeat another: {named}. Their weights get the same gradient: together they "
        "move like one input that is √2 (for two), √3 (for three), … times as large.",
        how_many=_how_many(known.columns, repeated),
        named=_named(known.columns, repeated),
        evidence={"repeated_columns": len(repeated), "different_columns": len(varying) - len(repeated)},
        where=Where(column=known.columns.names[repeated[0]]),
        repair=Repair(say("keep one of each"), {"drop_columns": tuple(map(int, repeated))}),
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
    varying = np.flatnonzero([np.any(column != column[0]) for column in columns])
    if len(varying) < 2:
        return None
    few = spread(len(known.index), max(FEWEST_ROWS, MOST_CELLS // len(varying)))
    order, value = column_skill(np.column_stack([columns[j][few] for j in varying]), known.t[few], known.targets)
    strength = np.maximum(order, value)
    best = int(strength.argmax())
    if not strength[best] >= LEAKING or np.sum(strength >= LEAKING) > len(varying) / 2:
        return None
    name = names[varying[best]]
    sentence = PREDICTS[known.targets.task == "regression", bool(order[best] >= value[best])]
    much = number(float(strength[best]), 4) if sentence is PREDICTS[True, True] else f"{strength[best]:.2%}"
    found = say(sentence, name=name, much=much)
    identifies_groups = raw and order[best] < value[best] and len(np.unique(columns[varying[best]])) >= GROUPS
    of_groups = (
        "{found}: it may be the target in another form, or an identifier of groups, such as patients. The "
        "score then does not hold for rows of other groups, and dropping the column may not help; {option} "
        "scores each group by networks that have seen none of its rows."
    )
    of_target = (
        "{found}: it may be the target in another form, or known only after it. The score then does not "
        "hold for new rows."
    )
    return finding(
        of_groups if identifies_groups else of_target,
        found=found,
        option=given_as("group", name),
        evidence={"strength": float(strength[best])},
        where=Where(column=name),
        repair=Repair(
            say("check whether the column is known when predictions are made; if it is not, leave it out"),
            {"drop_columns": inputs[varying[best]]},
        ),
    )


# (whether the target is a number, whether the column's order predicts it, not its values) -> sentence.
PREDICTS = {
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
        repair=Repair(say("leave this column out"), {"drop_columns": tuple(found)}),
    )


def _named(columns: Columns, which: np.ndarray) -> str:
    names = list(dict.fromkeys(columns.names[i] for i in which))  # several inputs may be of one column
    more = say(", … ({n} in all)", n=len(names)) if len(names) > MOST_NAMED else ""
    return listed(map(reads, names[:MOST_NAMED])) + more


def _how_many(columns: Columns, which: np.ndarray) -> str:
    """ "3 of 12"."""
    return say("{n} of {all}", n=len({columns.names[i] for i in which}), all=len(set(columns.names)))
