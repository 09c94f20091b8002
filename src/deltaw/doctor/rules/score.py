"""Rules about the score of a training, compared with what baselines learn from the same rows.

See `internals` for when they apply.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from deltaw.doctor import judge
from deltaw.doctor.evidence.alternatives import NEIGHBOURS
from deltaw.doctor.evidence.during import CHANCE, HARDLY
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, Repair, Where, finding
from deltaw.doctor.trials.scores import PERMUTATIONS
from deltaw.doctor.trials.trial import OF_TASK, PLAIN_BATCH, PLAIN_STEPS
from deltaw.equations.dropout import Dropout
from deltaw.equations.optimizers import optimizer
from deltaw.numbers import number
from deltaw.speech import listed, say

CONSTANT = 0.01  # E has not decreased if it is at most so much, relatively, below that of the guess
GAP = 0.2  # in skill, between training and held-out rows
WIDE_GAP = 0.5  # gap from which a stronger penalty is tried
DECAYED = 0.5  # root mean square weight at the end over that at the start
DROPPED = 0.3  # dropout rate from which it may be too much
FEWEST = 30  # held-out rows for the permutation test


def no_better_than_baseline(evidence: Evidence) -> Finding | None:
    """The score is no better than that of the constant guess."""
    seen = evidence.watched
    E = seen.loss
    if seen.divergence or not len(E) or seen.skill > HARDLY + seen.noise or not seen.markedly_short:
        return None
    guess = seen.guess_error
    constant = np.isfinite(guess) and E[-1] >= guess - CONSTANT * abs(guess)
    what = say("the mean") if seen.task == "regression" else say("the most frequent class")
    return finding(
        "Its {measure} is {score}; always answering {what} scores {guess}, and {plain} scores {plain_score} on the "
        "same rows.{constant}",
        measure=say(seen.measure),
        score=seen.trainings[0].score,
        what=what,
        guess=seen.holdout.guess,
        plain=seen.baseline.words,
        plain_score=seen.plain.score,
        constant=say(
            " E ends at {e}; that of a constant answer is {guess}.", e=number(float(E[-1]), 3), guess=number(guess, 3)
        )
        if constant
        else "",
        evidence={
            "score": seen.trainings[0].score,
            "guess": seen.holdout.guess,
            "plain": seen.plain.score,
            "E": float(E[-1]),
            "E_of_a_constant": guess,
        },
        where=Where(epoch=len(E) - 1),
        severity="risk" if seen.learnt else None,
        likelihood=0.1,
    )


def uninformative_inputs(evidence: Evidence) -> Finding | None:
    """A permutation test: predictions fit permuted targets as well."""
    seen = evidence.watched
    if seen.setup.held_out is None or len(seen.setup.held_out[1]) < FEWEST or seen.p <= 5 * CHANCE or seen.learnable:
        return None
    if seen.shifted:
        return None  # `concept_shift` says more
    certain = all(judge.nothing(gains) for gains in (*seen.gains, seen.plain_gains))
    few = "" if certain else say(" {n:,} rows are too few to be sure of it.", n=len(seen.setup.held_out[1]))
    return finding(
        "On the held-out rows the best of this network, a plain one and a linear model has the {measure} "
        "{score}, the baseline {guess}; with permuted targets it is often as good: p = {p} ({deals} "
        "permutations, three models). No network could find anything about these targets in these "
        "inputs.{few}",
        measure=say(seen.measure),
        score=max(seen.plain.score, seen.trainings[0].score),
        guess=seen.holdout.guess,
        p=number(seen.p, 2),
        deals=PERMUTATIONS,
        few=few,
        evidence={
            "p": seen.p,
            "score": seen.trainings[0].score,
            "plain": seen.plain.score,
            "guess": seen.holdout.guess,
        },
        repair=Repair(say("check that rows and targets belong together")),
        severity="fault" if certain else "risk",
        likelihood=0.9,
    )


def shifted_targets(evidence: Evidence) -> Finding | None:
    """Inputs tell the targets of other rows, a few rows on, but not their own."""
    k = evidence.watched.offset
    if not k:
        return None
    words = say("give row i the target of row i + {k}" if k > 0 else "give row i the target of row i − {k}", k=abs(k))
    return finding(
        "The inputs of a row say nothing about its own target, but predict that of the row {k} {side}, beyond chance: "
        "as if one of both had been moved by {k}.",
        k=abs(k),
        side=say("after it") if k > 0 else say("before it"),
        evidence={"rows_off": k},
        repair=Repair(words),
    )


def codes_as_numbers(evidence: Evidence) -> Finding | None:
    """A linear model with an input for each value of a column learns more than a network of its numbers."""
    seen, known = evidence.watched, evidence.known.columns
    columns = seen.baseline.codes
    if not seen.short or not columns:
        return None
    name = known.names[columns[0]]
    more = say(" The same holds for {n} columns.", n=len(columns)) if len(columns) > 1 else ""
    return finding(
        "Column {name} holds {values} different values, and the targets of equal values are alike, but not those of "
        "neighbouring ones: as if its numbers were names. {plain} has the {measure} {score}.{more}",
        name=name,
        values=known.distinct[columns[0]],
        plain=seen.baseline.words[0].upper() + seen.baseline.words[1:],
        measure=say(seen.measure),
        score=seen.plain.score,
        more=more,
        evidence={"values": int(known.distinct[columns[0]]), "plain": seen.plain.score},
        where=Where(column=name),
        repair=Repair(say("one input for each value (one-hot)"), {"codes": columns}),
    )


def quick_changes(evidence: Evidence) -> Finding | None:
    """Similar rows have similar targets, but the targets change too quickly along the inputs for a smooth curve."""
    seen = evidence.watched
    if not seen.short or seen.baseline.inputs != "piecewise":
        return None
    return finding(
        "The {k} most similar training rows predict a held-out row far better than this network ({measure} {own}) or a "
        "plain one do: the targets go up and down too often along the inputs. {plain} has {score}.",
        k=NEIGHBOURS,
        measure=say(seen.measure),
        own=seen.trainings[0].score,
        plain=seen.baseline.words[0].upper() + seen.baseline.words[1:],
        score=seen.plain.score,
        evidence={"score": seen.trainings[0].score, "plain": seen.plain.score},
        repair=Repair(say("several inputs for each column, one for each of its intervals"), {"inputs": "piecewise"}),
    )


def overfitting(evidence: Evidence) -> Finding | None:
    """Overfitting: the score on training rows is far better than on held-out rows."""
    seen = evidence.watched
    if not seen.holdout.whole or seen.setup.held_out is None or seen.divergence or not seen.learnable:
        return None
    trial = seen.trainings[0]
    fitted, held = seen.holdout.skill(trial.fitted), seen.holdout.skill(trial.score)
    if fitted - held < GAP + seen.noise:
        return None
    parameters, rows = seen.setup.network.parameter_count, len(seen.setup.T)
    penalty = 0.01 if fitted - held < WIDE_GAP else 0.1
    return finding(
        "On the training rows it scores {fitted}, on held-out rows {score}: with {parameters:,} parameters "
        "and {rows:,} rows it memorises the rows.",
        fitted=trial.fitted,
        score=trial.score,
        parameters=parameters,
        rows=rows,
        evidence={"fitted": trial.fitted, "held_out": trial.score, "parameters": parameters, "rows": rows},
        repair=Repair(say("a penalty on large weights, λ = {penalty}", penalty=number(penalty)), {"l2": penalty}),
        likelihood=0.4,
    )


def network_too_small(evidence: Evidence) -> Finding | None:
    """Underfitting: the network cannot fit the training rows, but a baseline with one hidden layer can."""
    seen, net = evidence.watched, evidence.setup.network
    hidden = net.sizes[1:-1]
    if not seen.short or seen.divergence or not seen.baseline.hidden:
        return None
    units = seen.baseline.hidden[0]
    if hidden and min(hidden) >= units // 2:
        return None
    fitted, easy = seen.holdout.skill(seen.trainings[0].fitted), seen.holdout.skill(seen.plain.fitted)
    if easy - fitted < GAP:
        return None
    what = (
        say("Its narrowest hidden layer has {hidden} units", hidden=min(hidden))
        if hidden
        else say("It has no hidden layer")
    )
    return finding(
        "{what}. Even on the training rows its score is {fitted}; {plain} reaches {reached}.",
        what=what,
        fitted=seen.trainings[0].fitted,
        plain=seen.baseline.words,
        reached=seen.plain.fitted,
        evidence={"units": min(hidden, default=0), "fitted": seen.trainings[0].fitted, "plain": seen.plain.fitted},
        repair=Repair(
            say("hidden layers of {plain_units} units", plain_units=units),
            {"hidden": [units] * max(1, min(2, len(hidden)))},
        ),
        likelihood=0.3,
    )


def over_regularised(evidence: Evidence) -> Finding | None:
    """A penalty, weight decay or dropout that is too strong."""
    seen, setup = evidence.watched, evidence.setup
    if not seen.short or seen.divergence or seen.end is None or seen.start is None:
        return None
    shrunk = float((seen.end.weight / np.maximum(seen.start.weight, 1e-30)).min())
    rates = setup.dropout.rate if isinstance(setup.dropout, Dropout) else setup.dropout
    dropped = float(np.max(rates)) if np.size(rates) else 0.0
    method = optimizer(setup.optimizer)
    decay = method.weight_decay
    made = say("has made a layer's weights {shrunk} times as long as at first", shrunk=number(shrunk, 2))
    name, found = method.name, list[tuple[str, Any, str, str]]()  # (setting, in its place, what it does, its name)
    if setup.l2 and shrunk < DECAYED:
        words = say("the penalty l2 = {l2} {made}", l2=number(setup.l2), made=made)
        found.append(("l2", 0.0, words, say("the penalty l2")))
    if decay and shrunk < DECAYED:
        words = say("the weight decay of {name}, {decay}, {made}", name=name, decay=number(decay), made=made)
        without = replace(method, **{"weight_decay": 0.0}).spec
        found.append(("optimizer", without, words, say("the weight decay of {name}", name=name)))
    if dropped >= DROPPED:
        words = say("dropout removes up to {dropped:.0%} of a layer", dropped=dropped)
        found.append(("dropout", 0.0, words, say("dropout")))
    if not found:
        return None
    settings, others, sentences, names = zip(*found, strict=True)
    words, changes = say("; ").join(sentences), dict(zip(settings, others, strict=True))
    return finding(
        "{upper}{words}: the data cannot outweigh it.",
        upper=words[0].upper(),
        words=words[1:],
        evidence={"l2": setup.l2, "weight_decay": decay, "shrunk_to": shrunk, "dropout": dropped},
        repair=Repair(say("without {changes}", changes=listed(names, " and ", " and ")), changes),
        likelihood=0.5 if changes.keys() == {"dropout"} else 0.7,
    )


def worse_than_simple_model(evidence: Evidence) -> Finding | None:
    """A baseline learns far more from the same rows: the last resort, if no other rule explains it."""
    seen = evidence.watched
    if not seen.short:
        return None
    task, baseline = seen.task, seen.baseline
    activation, loss = OF_TASK[task]
    targets = evidence.known.targets
    epochs = max(1, math.ceil(PLAIN_STEPS * PLAIN_BATCH / max(1, len(evidence.setup.T))))
    changes: dict[str, Any] = {
        **({"codes": baseline.codes} if baseline.codes else {}), "inputs": baseline.inputs or "standard",
        "hidden": list(baseline.hidden), "hidden_activation": "relu", "loss": loss, "output_activation": activation,
        "optimizer": "adam", "learning_rate": 0.01, "schedule": "cosine", "batch_size": PLAIN_BATCH, "epochs": epochs,
        "shuffle": True, "backward": "gradient", "l2": baseline.l2, "dropout": 0.0, "label_smoothing": 0.0,
        "max_grad_norm": None, "reduction": "mean",
    }  # fmt: skip
    if task == "regression":
        changes["targets"] = "standard"
    elif targets.form == "binary":
        changes |= {"labels": (0.0, 1.0), "output_activation": "sigmoid", "loss": "binary_cross_entropy"}
    elif targets.form != "labels":
        changes["labels"] = (0.0, 1.0)
    left, least = 1.0 - seen.skill, 1.0 - seen.possible
    errors = say(": {left} times the errors", left=number(left / least, 2)) if least > 0 else ""
    return finding(
        "Its {measure} is {mean}; {plain_words} has {score} on the same rows{errors}.",
        measure=say(seen.measure),
        mean=np.mean([t.score for t in seen.trainings]),
        plain_words=seen.baseline.words,
        score=seen.plain.score,
        errors=errors,
        evidence={"score": seen.trainings[0].score, "plain": seen.plain.score, "guess": seen.holdout.guess},
        repair=Repair(seen.baseline.words, changes),
        severity="fault" if seen.harmed else "risk",
    )
