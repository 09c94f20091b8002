"""From a table to a trained model in one call: `planned` decides everything, `run` trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deltaw.engines import ranks
from deltaw.models.fitting.deciding.request import ARGUMENTS, Request
from deltaw.models.fitting.deciding.streaming import planned
from deltaw.models.fitting.running import run
from deltaw.models.fitting.trainings.listeners import Callback, Listeners
from deltaw.models.fitting.trainings.resuming import check_same, checkpoints
from deltaw.models.model import Model
from deltaw.progress import watching
from deltaw.tables.choice import Names
from deltaw.training.checkpoints import EVERY, check_asked


def fit(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    hidden: int | Iterable[int] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    engine: str = "native",
    device: str | None = None,
    threads: int | None = None,
    test: Any = None,
    validation: Any = None,
    test_size: float | None = None,
    folds: int | None = None,
    group: str | None = None,
    time: str | None = None,
    task: str | None = None,
    metric: str | None = None,
    drop: Names = None,
    columns: Names = None,
    kinds: Mapping[str, str] | None = None,
    start: Any = None,
    memory: int | None = None,
    cache: str | Path | None = None,
    seconds: float | None = None,
    callbacks: Iterable[Callback] = (),
    checkpoint: str | Path | None = None,
    every: str | float = EVERY,
    resume: bool = False,
    verbose: bool | None = None,
    **settings: Any,
) -> Model:
    """Train a network on a table.

    Args:
        source: a path (CSV, Parquet, Arrow, NPZ, IDX, …), a data frame, a Table, or a bundled set ("digits", …).
        target: the column to predict; not needed if the source names it. Rows without a target value are left out; a
            note and the `Plan` say how many.
        recipe: "default", "quick", "accurate" (an ensemble of several networks) or "notes"; see
            `deltaw.models.recipes`.
        hidden: units of each hidden layer; None: by the data.
        epochs: passes over the training rows, before those over all rows (`finish`); None: by the recipe.
        seed: random seed of the split, the initial weights and the order of rows.
        engine: "native", "reference" or "torch"; see `deltaw.train`.
        device: for engine "torch": "cpu", "cuda", "cuda:1", "mps"; None: a GPU if there is one.
        threads: maximum number of threads; the result does not depend on it.
        test: test rows, in any form that `source` may have; None: rows of the source, see `test_size` and `folds`. A
            source with its own test rows (MNIST) uses those.
        validation: validation rows that choose the best weights, in any form that `source` may have; or their share of
            the training rows, with `folds` 1 or 0 (several folds choose for each other).
        test_size: share of the rows to hold out for the scores only, stratified by class. None: all rows are used for
            training, and the scores come from `folds`.
        folds: cross-validation folds before the final training on all rows. From 2 on, each fold is scored by a
            network that was not trained on it; 1: a single held-out part; 0: the model is fitted once (one network or
            two), and a held-out part chooses the epoch. None: chosen by the number of rows.
        group: column of groups: rows of the same group are never split apart. It is not an input.
        time: column of numbers or dates: rows are scored by networks trained on earlier rows only.
        task: "classification" or "regression"; None: decided by the target's values.
        metric: the score that chooses the best weights ("auc", "mae", …; see `METRICS`); None: the recipe's `keep`.
        drop: columns to leave out, by name or pattern ("sub_*").
        columns: the only columns to use besides the target; None: all.
        kinds: types of columns that should not be inferred: {"userId": "category", "year": "number"}; number,
            category, boolean, date or text.
        start: a `Model` or the path of its file, whose weights training starts from. Its columns, preparation, target,
            recipe and network are kept; categories that it does not know use the slot for rare ones. Other settings of
            the recipe may be given. Scores are of rows that this training did not use; whether the model had been
            trained on them is unknown.
        memory: maximum memory of the rows, in bytes; None: half of the free memory. A larger table in Parquet, Arrow
            or delimited text (or several such files) is read in parts: see docs/scale.md. Folds, groups, times and
            several networks need all rows in memory.
        cache: folder on a disk for the prepared rows of a table that is read in parts, until training ends; None:
            /var/tmp, or the system's folder for temporary files.
        seconds: for the recipe "accurate": how long to train networks with settings drawn around its own
            (`deltaw.models.search.ranges`); up to 16 of them, chosen on held-out rows, are averaged. None: no search.
            The result depends on the clock.
        callbacks: called with a `ScoredEpoch` after each epoch of each training; one that returns True ends all. For
            logging see `deltaw.callbacks`. With `seconds` they are called from time to time. Folds train one after
            another if there are callbacks, otherwise in parallel.
        checkpoint: folder for this run's checkpoints, written at intervals, at the end and on interruption (Ctrl-C,
            SIGTERM). If the disk is full, the training goes on without. The last two are kept.
        every: interval between checkpoints: "60s", "5m", "2h", "5epochs" (of all trainings), or seconds.
        resume: continue from the last checkpoint, with the same result as an uninterrupted run; if there is none,
            start from the beginning. Table and settings have to be the same; more epochs are allowed.
        verbose: None: a progress bar in a terminal or a notebook, if training takes longer than a second. False:
            nothing. True: one line per epoch on stderr.
        settings: any field of `deltaw.models.recipes.Recipe`: learning_rate=0.3, scaling="standard", …; and how the
            source is read, as `deltaw.read` has it: delimiter, encoding, na, not_na, sheet, max_bytes. The model
            remembers which words mean a missing value.

    Returns:
        The `Model`. Its scores come from networks that had not seen the rows.

    Raises:
        InputError: the table or a setting cannot be used; one line says why. So it is in a process that was forked
            after a table had been read (`multiprocessing`'s default on Linux before Python 3.14): Polars' threads do
            not come along. Start such processes by `multiprocessing.get_context("spawn")` or joblib's loky.
        OutputError: the folder of checkpoints cannot be written to.
        TrainingInterrupted: on Ctrl-C; its `model` is what was learnt until then.

    Examples:
        >>> import deltaw
        >>> model = deltaw.fit("iris", epochs=5)        # or "flowers.csv", target="species"; or a data frame
        >>> model.scores["accuracy"] > 0.5              # of networks that had not seen the rows
        True
        >>> model.predict(deltaw.read("iris").frame.head(2)).tolist()
        ['setosa', 'setosa']
    """
    asked = locals()  # the arguments by name; first of all, while there are no other variables
    check_asked(checkpoint, resume)
    show, listeners = watching(verbose), Listeners(callbacks)
    named = {"hidden": hidden, "epochs": epochs}  # settings of the recipe, of which None is none
    settings |= {name: value for name, value in named.items() if value is not None}
    request = Request.of(source, target, recipe, **{name: asked[name] for name in ARGUMENTS}, **settings)
    # Callbacks may look at the raw rows; checkpoints and other processes compare them.
    whole = bool(list(listeners)) or checkpoint is not None or ranks.here().world > 1
    plan = planned(replace(request, lean=None if whole else 0), memory, cache)
    with show:
        for line in plan.remarks:
            show.say(line)
        check_same(plan, checkpoint is not None)
        kept = None if checkpoint is None else checkpoints(plan, checkpoint, every, resume)
        plan = plan if list(listeners) else plan.lean  # nothing else may keep the raw rows during training
        return run(plan, (*listeners, show), kept)
