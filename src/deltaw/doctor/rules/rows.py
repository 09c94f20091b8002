"""Rules about the rows, before training: invalid numbers, duplicates, their order and number."""

from __future__ import annotations

import numpy as np

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.numbers import number
from deltaw.speech import say

CEILING = 0.95  # of the score that the inputs allow, see `Duplicates.ceiling`
MEMORISED = 10.0  # parameters per target value
FEWEST = 30  # rows: fewer may be sorted by chance
ORDERED = 0.1  # changes of the target from row to row, over those in random order
FEW_BAD = 0.1  # share of the rows with NaN up to which they can be left out
# Validation rows that are also training rows: share and standard errors beyond chance, and the fewest of them.
OVERLAP, ERRORS, FEWEST_SHARED = 0.01, 3.0, 3


def non_finite_values(evidence: Evidence) -> Finding | None:
    """NaN or infinity in X or T."""
    known = evidence.known
    columns, bad = known.columns, int(known.columns.bad.sum())
    if known.targets.bad:
        T = np.asarray(evidence.setup.T, np.float64).reshape(known.rows, -1)
        rows = np.flatnonzero(~np.isfinite(T).all(axis=1))
        return finding(
            "{bad} of the targets are NaN or infinite, the first in row {row}: so is E of that row, and "
            "after one step every weight.",
            bad=known.targets.bad,
            row=rows[0],
            evidence={"bad_targets": known.targets.bad, "rows": len(rows)},
            where=Where(row=int(rows[0])),
            repair=Repair(say("remove the {n} rows", n=len(rows)), {"drop_rows": tuple(map(int, rows))}),
        )
    if not bad:
        return None
    worst = int(columns.bad.argmax())
    few = len(columns.bad_rows) <= FEW_BAD * known.rows  # leave them out rather than impute
    words = say("leave out the rows that hold one") if few else say("put the column's mean in their place")
    return finding(
        "{bad} values of X are NaN or infinite, {in_column} of them in column {name}, the first in row "
        "{bad_row}: there z = W x + b is NaN or infinite, and after one step so is every weight.",
        bad=bad,
        in_column=columns.bad[worst],
        name=columns.names[worst],
        bad_row=columns.bad_rows[0],
        evidence={"bad_inputs": bad, "rows": len(columns.bad_rows)},
        where=Where(column=columns.names[worst], row=int(columns.bad_rows[0])),
        repair=Repair(words, {"whole_rows": True} if few else {"fill": "mean"}),
    )


def conflicting_targets(evidence: Evidence) -> Finding | None:
    """Equal inputs with different targets."""
    found = evidence.known.duplicates
    if not found.contradicting:
        return None
    what = say("of the targets' variance") if evidence.known.targets.task == "regression" else say("of the rows")
    return finding(
        "{contradicting:.2%} of the rows have the inputs of another row and a different target: no function of these "
        "inputs can predict more than {ceiling:.2%} {what}.",
        contradicting=found.contradicting,
        ceiling=found.ceiling,
        what=what,
        evidence={"contradicting": found.contradicting, "ceiling": found.ceiling},
        repair=Repair(say("correct the labels, or add the column in which these rows differ")),
        severity="risk" if found.ceiling < CEILING else "note",
    )


def train_test_overlap(evidence: Evidence) -> Finding | None:
    """Validation rows that are also training rows, more than by chance."""
    known = evidence.known
    shared, copied = known.duplicates.shared, known.duplicates.copied
    chance = 0.0 if copied else known.duplicates.repeated
    if not shared > chance + OVERLAP:
        return None
    n = len(evidence.setup.held_out[1])
    error = (chance * (1 - chance) * (1 / n + 1 / known.rows)) ** 0.5
    if round(shared * n) < FEWEST_SHARED or shared - chance <= ERRORS * error:
        return None
    again = (
        "{shared:.1%} of the validation rows are also training rows; by chance it would be {chance:.1%}, "
        "the share of duplicates within training: their score shows what was memorised, not what was "
        "learnt."
    )
    copies = (
        "{shared:.1%} of the validation rows are copies of training rows: their score shows what was "
        "memorised, not what was learnt."
    )
    rows = tuple(map(int, known.duplicates.shared_rows))
    return finding(
        copies if copied else again,
        shared=shared,
        chance=chance,
        evidence={"shared": shared, "by_chance": chance},
        repair=Repair(
            say("take the {n} rows out of training", n=len(rows)),
            {"drop_rows": rows} if 2 * len(rows) <= known.rows else {},  # few are left to train on
        ),
    )


def ordered_rows(evidence: Evidence) -> Finding | None:
    """Rows sorted by their target, and never shuffled."""
    setup, known = evidence.setup, evidence.known
    if np.any(setup.shuffle) or setup.batch_size >= known.rows or known.rows < FEWEST:
        return None
    t = known.t
    if known.targets.task == "regression":
        # von Neumann's ratio: mean squared step from row to row over twice the variance; 1 for rows in chance order.
        steps, chance = float(np.square(np.diff(t, axis=0)).mean()), 2 * float(t.var(axis=0).mean())
        what = say("squared differences of the target from row to row")
    else:
        steps = float((np.diff(t, axis=0) != 0).any(axis=1).mean())
        _, counts = np.unique(t, axis=0, return_counts=True)
        chance = 1 - float(np.square(counts / len(t)).sum())
        what = say("changes of the target from row to row")
    if not chance > 0 or steps / chance > ORDERED:
        return None
    return finding(
        "The rows are sorted by their target ({what}: {steps} of those in random order), and "
        "shuffle=False: batches of {batch_size} contain only one kind for a long time, and what was learnt "
        "from the others is forgotten.",
        what=what,
        steps=number(steps / chance, 2),
        batch_size=setup.batch_size,
        evidence={"steps_over_chance": steps / chance},
        repair=Repair(say("shuffle=True"), {"shuffle": True}),
    )


def overparameterised(evidence: Evidence) -> Finding | None:
    """More parameters than target values."""
    known, net = evidence.known, evidence.setup.network
    ratio = net.parameter_count / (known.rows * net.sizes[-1])
    if ratio <= MEMORISED:
        return None
    return finding(
        "{parameter_count:,} weights and biases for {rows:,} rows × {size} targets: {ratio} for each number to be "
        "learnt, enough to memorise every row.",
        parameter_count=net.parameter_count,
        rows=known.rows,
        size=net.sizes[-1],
        ratio=number(ratio, 2),
        evidence={"parameters": net.parameter_count, "ratio": ratio},
        repair=Repair(say("fewer units, more rows, or early stopping on held-out rows")),
        likelihood=0.1,
    )
