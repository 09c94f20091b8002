"""Options of the start and the checkpoints of a run: rows as in `training.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.options.row import Row, option, widened
from deltaw.cli.options.values import read_bytes
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.cli.output.screen import Screen
    from deltaw.models import Plan
    from deltaw.training.checkpoints import Checkpoints

Keeping = dict[str, Any]  # the options that were given, by name

KEEPING: dict[str, Row] = {
    "start": option(Path, "Start from this model's weights and preparation, on other rows.", "--from", metavar="MODEL"),
    "seconds": option(
        float, "With recipe accurate: train networks for this many seconds, and average up to 16 of them."
    ),
    "checkpoint": option(
        Path, "Save checkpoints in this folder, so that a run that was ended can resume.", metavar="DIR"
    ),
    "every": option(str, "How often to save a checkpoint: 60s, 5m, 2h or 5epochs; by default, 60s."),
    "memory": option(
        str,
        "Read the rows in parts if they need more memory, e.g. 2G; by default, half of what is free.",
        metavar="BYTES",
        read=partial(read_bytes, "--memory"),
    ),
    "cache": option(
        Path, "If rows are read in parts, keep the prepared ones in this folder until the end.", metavar="DIR"
    ),
    "resume": option(
        bool,
        "Resume from the last checkpoint, with the same result as an uninterrupted run.",
        "--resume",
        default=False,
    ),
}


def keeping_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the rows of `KEEPING` as options in place of its parameter `keeping`."""
    return widened(command, "keeping", KEEPING)


def check(keeping: Keeping) -> None:
    """Raise SettingError for options of checkpoints without --checkpoint, or with others that exclude it."""
    from deltaw.training.checkpoints import Every

    if "every" in keeping:
        Every.of(keeping["every"])
    for name in ("every", "resume"):
        if keeping.get(name) and "checkpoint" not in keeping:
            expected = "--{name}: expected --checkpoint DIR with it"
            raise SettingError(expected, say("none"), "add --checkpoint run/", name=name)


@contextmanager
def interrupted(message: Callable[[], str], unless_said: bool = False) -> Iterator[None]:
    """Give an interruption here a message, `unless_said` only if it has none; "": leave it."""
    try:
        yield
    except KeyboardInterrupt as error:
        said = unless_said and type(error) is KeyboardInterrupt and error.args
        if said or not (line := message()):
            raise
        raise KeyboardInterrupt(line) from None


def before_training(keeping: Keeping) -> str:
    """The message of an interruption before anything was written: how to start again."""
    if keeping.get("resume") and (folder := keeping.get("checkpoint")) is not None:
        from deltaw.training.folder import last_in  # not earlier: an interrupted import of NumPy cannot be repeated

        if last_in(folder) is not None:
            return say("interrupted before it resumed: checkpoints are unchanged; resume by the same command")
    return say("interrupted before training: nothing was saved; run the same command again")


def during_training(kept: Checkpoints | None) -> str:
    """The message of an interruption before the model is saved: about the checkpoints."""
    return "" if kept is None else _go_on(kept)


def begun(plan: Plan, keeping: Keeping, err: Screen) -> Checkpoints | None:
    """The checkpoints of a plan's run, or None. Raises as `Checkpoints`."""
    from deltaw import models
    from deltaw.cli.output.screen import stderr

    told = stderr() if err.quiet else err  # a lost or damaged file is an error
    return None if "checkpoint" not in keeping else models.checkpoints(plan, **_named(keeping), say=told.print)


def say_where(kept: Checkpoints | None, plan: Plan, err: Screen) -> None:
    """Print where a resumed run continues."""
    if kept is None or not kept.resume:
        return
    if kept.came_from is None:
        err.print(say("no checkpoint in {folder} yet: starting from the beginning", folder=kept.folder))
        return
    number, epochs = max(kept.trainings.items(), default=(0, 0))
    several = plan.trainings > 1 and plan.recipe.ensemble_size == 1
    which = say("training {n} of {trainings}, ", n=number + 1, trainings=plan.trainings) if several else ""
    made = say("{n} of {epochs} epochs", n=epochs, epochs=plan.recipe.epochs)
    err.print(say("resuming from {path}: {which}after {epochs}", path=kept.came_from, which=which, epochs=made))


def ended_by(stopped: TrainingInterrupted, kept: Checkpoints | None, err: Screen) -> int:
    """The exit status of a run that a signal has ended; prints how to resume it."""
    if kept is not None:
        err.print(_go_on(kept))
    return 128 + stopped.signal


def _go_on(kept: Checkpoints) -> str:
    """A sentence: how to resume the run."""
    if (last := kept.last) is None:
        return say("there is no checkpoint in {folder}: run the same command again", folder=kept.folder)
    if kept.is_whole:
        whole = "resume by the same command with --resume: progress so far is in {folder}"
        return say(whole, folder=kept.folder)
    older = "resume from {path} by the same command with --resume: later checkpoints could not be written"
    return say(older, path=last)


def _named(keeping: Keeping) -> Keeping:
    from deltaw.training.checkpoints import EVERY

    given = {"folder": keeping["checkpoint"], "every": keeping.get("every", EVERY)}
    return given | {"resume": keeping.get("resume", False)}
