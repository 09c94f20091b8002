"""Rules about the targets, before training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.evidence.outliers import Outliers, outliers
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.rules.outputs import loss_row, output_activation
from deltaw.equations.activations import activation
from deltaw.equations.lookup import NUMBER
from deltaw.equations.losses import titled
from deltaw.exceptions import InputError
from deltaw.numbers import number
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as

IMBALANCE = 20.0  # rows of the commonest class for each of the rarest
SKEWED, FEWEST = 0.5, 100  # share of the variance; rows
MOST_NAMED = 5  # classes listed by name
MOST_CLASSES, ROWS_A_CLASS = 20, 50  # of numbers
LARGE, SMALL = 10.0, 0.01  # root mean square of a target


def one_class(evidence: Evidence) -> Finding | None:
    """Only one class has rows."""
    counts = evidence.known.targets.classes
    if evidence.known.targets.task != "classification" or (counts > 0).sum() != 1 or evidence.known.rows < 2:
        return None
    return finding(
        "All {rows:,} rows are of class {argmax}: there is nothing to distinguish, and every answer will "
        "be that class.",
        rows=evidence.known.rows,
        argmax=int(counts.argmax()),
        evidence={"classes_with_rows": 1},
        repair=Repair(say("add rows of the other classes; check how T was made")),
    )


def constant_target(evidence: Evidence) -> Finding | None:
    """Numbers or labels that are the same in every row."""
    targets = evidence.known.targets
    if targets.task == "classification" or evidence.known.rows < 2:
        return None
    constant = np.flatnonzero(targets.constant)
    if not len(constant) or targets.bad:
        return None
    every = len(constant) == len(targets.low)
    return finding(
        "Target {k} is {value} in every row{several}: the bias of that output learns it, and nothing else is to be "
        "learnt from it.",
        k=constant[0], value=number(targets.low[constant[0]], 4),
        several="" if every else say(", {n} of {all} targets hold one value", n=len(constant), all=len(targets.low)),
        evidence={"constant_targets": len(constant)}, where=Where(unit=int(constant[0])),
        repair=Repair(say("check how T was made; leave constant targets out")), severity="fault" if every else "note",
    )  # fmt: skip


def missing_classes(evidence: Evidence) -> Finding | None:
    """Class numbers without an output, or outputs without rows."""
    targets, outputs = evidence.known.targets, evidence.setup.network.sizes[-1]
    if targets.form != "labels":
        return None
    needed = len(targets.classes)
    if needed > outputs == 1:
        return finding(
            "T holds the numbers of {classes} classes, and the network has one output, which tells two at most.",
            classes=needed,
            evidence={"classes": needed, "outputs": outputs},
            repair=Repair(
                say("{needed} softmax outputs with cross-entropy error", needed=needed),
                {"outputs": needed, "output_activation": "softmax", "loss": "cross_entropy"},
            ),
            severity="fault",
        )
    from_one = say("; or subtract 1 from the labels, since none is 0") if not targets.classes[0] else ""
    if needed > outputs:
        return finding(
            "Labels run to {needed}: {classes} classes, but the network has {outputs} outputs, for 0 to {last}.",
            needed=needed - 1,
            classes=needed,
            outputs=outputs,
            last=outputs - 1,
            evidence={"classes": needed, "outputs": outputs},
            repair=Repair(say("give the network {needed} outputs", needed=needed) + from_one, {"outputs": needed}),
            severity="fault",
        )
    empty = outputs - int((targets.classes > 0).sum())
    if not empty:
        return None
    return finding(
        "{empty} of the {outputs} outputs have no row of their class: all that they learn is to be low.",
        empty=empty,
        outputs=outputs,
        evidence={"classes": outputs - empty, "outputs": outputs},
        repair=Repair(say("add rows of these classes, or remove the outputs")),
    )


def labels_not_one_hot(evidence: Evidence) -> Finding | None:
    """Class numbers with a loss that needs a target for each output."""
    targets, row = evidence.known.targets, loss_row(evidence)
    if targets.form != "labels" or row is None or row.kind == "cross_entropy" or targets.outputs == 1:
        return None
    return finding(
        "T holds class numbers, and {kind} error compares {outputs} outputs with {outputs} targets in "
        "each row: a 1 for the class, 0 for the others.",
        kind=titled(row.kind),
        outputs=targets.outputs,
        evidence={"classes": len(targets.classes), "outputs": targets.outputs},
        repair=Repair(say("encode the classes one-hot"), {"one_hot": max(targets.outputs, len(targets.classes))}),
    )


def class_imbalance(evidence: Evidence) -> Finding | None:
    """One class with many times the rows of another."""
    targets, weight = evidence.known.targets, evidence.setup.sample_weight
    counts = targets.classes[targets.classes > 0]
    if targets.task != "classification" or len(counts) < 2 or weight is not None:
        return None
    ratio = float(counts.max() / counts.min())
    if ratio < IMBALANCE:
        return None
    share = float(counts.max() / counts.sum())
    return finding(
        "Of the {rows:,} training rows, {max:,} are of the most frequent class, {min:,} of the rarest: "
        "{ratio} to 1. Always answering the most frequent is right in {share:.1%} of them; a batch of "
        "{batch_size} has {met} of the rare class.",
        rows=counts.sum(),
        max=counts.max(),
        min=counts.min(),
        ratio=ratio,
        share=share,
        batch_size=evidence.setup.batch_size,
        met=number(evidence.setup.batch_size * float(counts.min() / counts.sum()), 2),
        evidence={"ratio": ratio, "commonest_share": share},
        repair=Repair(
            say("weight each row by 1 / (rows of its class) (sample_weight), and judge by the recall of each class"),
            {"balance": True},
        ),
    )


def unseen_classes(evidence: Evidence) -> Finding | None:
    """Classes in the validation rows that have no training rows."""
    setup, targets = evidence.setup, evidence.known.targets
    if setup.validation is None or targets.task != "classification":
        return None
    try:
        label = targets.label(setup.validation[1])
        unseen = np.setdiff1d(label, np.flatnonzero(targets.classes))
    except (InputError, IndexError, TypeError, ValueError):
        return None  # `invalid_arguments` says what is wrong with it
    if not len(unseen):
        return None
    share = float(np.isin(label, unseen).mean())
    return finding(
        "{share:.1%} of the validation rows are of classes that no training row has ({unseen}): as if "
        "rows sorted by class had been cut in two. On these the network cannot be right.",
        share=share,
        unseen=listed(map(str, unseen[:5])),
        evidence={"share": share, "classes": len(unseen)},
        repair=Repair(say("shuffle the rows before they are divided, or divide within each class")),
    )


def target_outliers(evidence: Evidence) -> Finding | None:
    """Outliers among the targets, whose errors dominate the loss."""
    known, targets = evidence.known, evidence.known.targets
    if targets.task != "regression" or targets.bad:
        return None
    found = outliers(known.t, targets.low, targets.high, targets.std)
    if not found:
        return None
    t = known.t[:, found[0].column]
    share = float(((t >= found[0].low) & (t <= found[0].high)).mean())
    worst = _as_answered(evidence, found[0])
    words = say("correct these targets, or leave out their rows; or train on logarithms, or with the absolute error")
    if worst.same and evidence.setup.target_column is not None:
        read = f"{worst.low:g}"
        line = "read {read} as missing ({option}), so that these rows are left out"
        words = say(line, read=read, option=given_as("na", [read]))
    return finding(
        "{share:.1%} of the targets are outliers ({value}), all others lie from {low} to {high}: the standard "
        "deviation of all targets is {times} times that of the others, whose errors are negligible next to those of "
        "these few.{hint}",
        share=share,
        value=worst.shown,
        low=worst.rest[0],
        high=worst.rest[1],
        times=worst.times,
        hint=worst.hint,
        evidence={"deviation_over_others": worst.times, "share": share},
        where=Where(unit=worst.column),
        repair=Repair(words),
    )


def _as_answered(evidence: Evidence, found: Outliers) -> Outliers:
    """The outliers in the table's own units, if T was made of a column."""
    answers = evidence.setup.target_column
    if answers is None:
        return found
    low, high, least, most = answers.values(np.array([[found.low], [found.high], *([end] for end in found.rest)]))
    return replace(found, low=float(low), high=float(high), rest=(float(least), float(most)))


def skewed_targets(evidence: Evidence) -> Finding | None:
    """A few large targets that make up most of the variance."""
    known, targets = evidence.known, evidence.known.targets
    if targets.task != "regression" or targets.bad or known.t.shape[1] != 1 or len(known.t) < FEWEST:
        return None
    t = np.sort(known.t[:, 0])
    squares = np.square(t - t.mean())
    few = max(3, len(t) // 100)
    share = float(squares[-few:].sum() / squares.sum()) if squares.sum() > 0 else 0.0
    if share <= SKEWED:
        return None
    table = evidence.setup.target_column is not None
    words = say("train on logarithms: {how}", how=given_as("target_scale", "log") if table else "T = np.log(T)")
    return finding(
        "The {n} largest of {rows:,} targets have {share:.0%} of the variance: an error of squares is about these few.",
        n=few,
        rows=len(t),
        share=share,
        evidence={"share_of_variance": share},
        repair=Repair(words),
    )


def similar_classes(evidence: Evidence) -> Finding | None:
    """Names of classes that differ in capitals, blanks or full stops only."""
    column = evidence.setup.target_column
    names: dict[str, list[str]] = {}
    for name in () if column is None else column.classes:
        if isinstance(name, str):
            names.setdefault("".join(name.casefold().replace(".", " ").split()), []).append(name)
    same = [group for group in names.values() if len(group) > 1]
    if not same:
        return None
    return finding(
        "{names} are different classes, and may be one written in several ways.",
        names=listed((repr(name) for name in same[0][:MOST_NAMED]), " and ", ", and "),
        evidence={"classes": sum(map(len, same))},
        repair=Repair(say("write each class in one way")),
    )


def numbers_as_classes(evidence: Evidence) -> Finding | None:
    """Many classes that are numbers."""
    column = evidence.setup.target_column
    names = () if column is None else column.classes
    rows = evidence.known.rows
    if len(names) <= MOST_CLASSES or rows >= ROWS_A_CLASS * len(names) or not all(isinstance(n, NUMBER) for n in names):
        return None
    return finding(
        "The {n} classes are numbers from {low} to {high}, with {rows} rows each on average: their order and distances "
        "are lost.",
        n=len(names),
        low=number(float(min(names)), 4),
        high=number(float(max(names)), 4),
        rows=number(rows / len(names), 2),
        evidence={"classes": len(names)},
        repair=Repair(say("predict the number: {how}", how=given_as("task", "regression"))),
    )


def unscaled_targets(evidence: Evidence) -> Finding | None:
    """Targets much larger or smaller than 1, while outputs start around 0."""
    targets = evidence.known.targets
    if targets.task != "regression" or targets.bad or np.isfinite(activation(output_activation(evidence)).range).all():
        return None
    rms = np.hypot(targets.mean, targets.std)
    largest, width = float(rms.max()), float(targets.std.max())
    if largest <= LARGE and (width >= SMALL or width == 0):
        return None
    large = (
        "Targets run from {min} to {max}, root mean square {largest}; outputs start around 0. The first "
        "∂E/∂z = o − t are as large as the targets, and a step that suits them is too long for the "
        "weights."
    )
    small = "Targets vary by {width} only: ∂E/∂z = o − t is as small, and at the usual rates hardly anything moves."
    return finding(
        large if largest > LARGE else small,
        min=targets.low.min(),
        max=targets.high.max(),
        largest=largest,
        width=width,
        evidence={"largest_rms": largest, "deviation": width},
        repair=Repair(
            say("subtract the targets' mean and divide by their standard deviation"), {"targets": "standard"}
        ),
    )
