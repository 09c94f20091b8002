"""From a table to a trained model in one call: `plan` decides everything, `run` trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deltaw.engines import ranks
from deltaw.models.fitting.deciding.streaming import plan
from deltaw.models.fitting.running import run
from deltaw.models.fitting.trainings.resuming import check_same, checkpoints
from deltaw.models.fitting.trainings.watching import Callback, Watchers
from deltaw.models.model import Model
from deltaw.progress import left_out, watching
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
        target: the column to be predicted; not needed where the source says which. Rows without one are left out:
            whoever watches is told how many, and a `Plan` says so.
        recipe: "default", "quick", "accurate" (several networks, whose mean answers) or "notes"; see
            `deltaw.models.recipes`.
        hidden: units of each hidden layer; None: by the data.
        epochs: passes over the training rows; None: by the recipe.
        seed: of the division, the initial weights and the order of rows.
        engine: "native", "reference" or "torch", as `deltaw.train` has them.
        device: of engine "torch": "cpu", "cuda", "cuda:1", "mps"; None: a GPU where there is one.
        threads: at most so many; the result does not depend on it.
        test: rows to be scored on, as `source`; None: rows of the source, as below. A source that brings its own test
            rows (MNIST) keeps those.
        validation: rows to choose the best weights by, as `source`; or a share, the recipe's setting.
        test_size: share of the rows to set apart for the scores, in proportion of the classes; the network never
            learns from them. None: it learns from all rows, and networks that have not seen them score them.
        folds: trainings on a part of the rows before the one on all. From 2 on, each leaves out another part, and
            answers for it; 1: one part is held out; 0: the model is fitted once, by one network or two whose mean
            answers; a part chooses their epoch, and is learnt from in the end. None: by how many rows there are.
        group: a column: rows that have the same in it are never divided. It is no input.
        time: a column of numbers or dates: rows are scored by networks that know only earlier ones.
        task: "classification" or "regression"; None: by the target's values.
        metric: the score that chooses the best weights ("auc", "mae", …; see `METRICS`); None: the recipe's `keep`.
        drop: columns to leave out, by names and patterns ("sub_*"): the model does not know them.
        columns: the only ones to use, beside the target; None: all.
        kinds: what columns are, where that shall not be found out: {"userId": "category", "year": "number"}; a kind
            is number, category, boolean or date.
        start: a `Model`, or the path of its file, whose weights the training begins with: its columns, their
            preparation, its target, its recipe and network are kept, and words that it does not know go to the slot of
            others. Other settings of the recipe may be given. Scores are of rows that the networks of this training
            have not seen; whether that model had, only the caller knows.
        memory: bytes that the rows may take; None: half of what is free. Of a file of columns (Parquet, Arrow), of
            delimited text or of several such files that would take more, only a part is in memory at a time: see
            docs/scale.md. Folds, groups, times and several networks need all rows in memory.
        cache: a folder, on a disk, in which rows are kept then as the network takes them, until the training is over;
            None: /var/tmp, or where the system keeps temporary files.
        seconds: how long the recipe "accurate" trains networks, by settings drawn around its own
            (`deltaw.models.search.ranges`), of which up to 16 answer together: those that do best on the rows held out
            from them. None: four, by its own settings. The clock decides: the same call may give another model.
        callbacks: called with a `ScoredEpoch` after each epoch of each training; one that returns True ends all. For
            runs that are to be kept see `deltaw.callbacks`. With `seconds` it is told of the time, now and then. Folds
            are trained in turn where there are any, else side by side.
        checkpoint: a folder of this run's own. What was made is written there now and then, at the end and where the
            run is broken off, by SIGTERM too; a disk without room costs that and not the training. The last two stay.
        every: how often: "60s", "5m", "2h", "5epochs" (of all its trainings), or seconds.
        resume: go on from the last checkpoint, to the model that the run would have made without the break; where
            there is none yet, begin. Table and settings are to be the same; more epochs are allowed.
        verbose: None: a progress bar, in a terminal or a notebook, when training takes longer than a second. False:
            nothing. True: a line an epoch on stderr.
        settings: any field of `deltaw.models.recipes.Recipe`: learning_rate=0.3, scaling="standard", …; and how the
            source is read, as `deltaw.read` has it: delimiter, encoding, na, not_na, sheet, max_bytes. The model
            remembers which words mean a missing value.

    Returns:
        The `Model`, with scores of networks that had not seen the rows.

    Raises:
        InputError: the table or a setting cannot be used; one line says why. So it is in a process that was forked
            after a table had been read (`multiprocessing`'s default on Linux before Python 3.14): Polars' threads do
            not come along. Start such processes by `multiprocessing.get_context("spawn")` or joblib's loky.
        OutputError: the folder of checkpoints cannot be written to.
        TrainingInterrupted: on Ctrl-C; its `model` is what was learnt until then.

    Examples:
        >>> import deltaw
        >>> model = deltaw.fit("iris", epochs=5)                   # or "flowers.csv", target="species"; or a data frame
        >>> model.scores["accuracy"] > 0.5                         # of networks that had not seen the rows
        True
        >>> model.predict(deltaw.read("iris").frame.head(2)).tolist()
        ['setosa', 'setosa']
    """
    check_asked(checkpoint, resume)
    named = {"hidden": hidden, "epochs": epochs}
    settings |= {name: value for name, value in named.items() if value is not None}
    show, told = watching(verbose), Watchers(callbacks)
    decided = plan(source, target, recipe, seed=seed, engine=engine, device=device, threads=threads, test=test,
                   validation=validation, test_size=test_size, folds=folds, group=group, time=time, task=task,
                   metric=metric, drop=drop, columns=columns, kinds=kinds, start=start, memory=memory,
                   cache=cache, seconds=seconds,
                   lean=None if list(told) or checkpoint is not None or ranks.here().world > 1 else 0,
                   **settings)  # fmt: skip
    with show:
        for note in decided.table.notes:
            show.say(f"{decided.table.name}: {note}")
        if decided.left_out:
            show.say(left_out(decided.left_out, decided.rows + decided.left_out, decided.target.name))
        check_same(decided, checkpoint is not None)
        kept = None if checkpoint is None else checkpoints(decided, checkpoint, every, resume)
        decided = decided if list(told) else decided.lean  # callbacks may look at the rows
        return run(decided, (*told, show), kept)
