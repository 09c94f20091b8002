"""Several processes started by torchrun: checks that they agree, and output by the first one only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deltaw.cli.options import keeping
from deltaw.cli.output.screen import Screen, stderr
from deltaw.engines import ranks
from deltaw.engines.ranks import Ranks
from deltaw.exceptions import DeltaWError, InputError, OutputError, SettingError, TrainingInterrupted
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.models import Plan
    from deltaw.training.checkpoints import Checkpoints

Found = TypeVar("Found")
DISTRIBUTED = ("train", "predict", "evaluate")  # what several processes do together


def check_alone(command: str | None) -> None:
    """Raise SettingError for a command that cannot be shared among processes."""
    if command is not None and command not in DISTRIBUTED and (count := ranks.own().world) > 1:
        raise SettingError(
            "deltaw {command}: expected one process", say("{count} that torchrun has started", count=count),
            "start it without torchrun, which only {names} can use", command=command, names=", ".join(DISTRIBUTED),
        )  # fmt: skip


def joined(choices: dict[str, Any], keep: keeping.Keeping, data: str = "") -> Ranks:
    """Join the other processes, if torchrun has started this one; the engine is torch then.

    If torchrun has restarted the processes, the run resumes from its last checkpoint.

    Raises:
        SettingError: another engine, or an option for a single process.
        MissingError: PyTorch is not installed.
    """
    asked = ranks.started()
    if asked is None:
        return Ranks()
    from deltaw.engines import installed, known
    from deltaw.tables.reading.streams import free

    def check() -> None:
        if known(choices.get("engine", "native")) != "torch":
            expected = "--engine: expected torch, which alone trains in several processes"
            raise SettingError(expected, repr(choices["engine"]), "leave it out")
        if keep.get("seconds") is not None:  # no two clocks agree
            expected = "--seconds: expected none where several processes train"
            raise SettingError(expected, str(keep["seconds"]), "give --epochs")
        if data == "-":
            expected = "data: expected a path where several processes train"
            raise SettingError(expected, say("standard input, which only one can read"), "write the rows to a file")

    if choices.get("engine", "native") == "native":  # the default
        choices["engine"] = "torch"
    installed("torch")
    here = ranks.join()
    agreed(check)
    # Of several nodes, one that lost no process restarts its own too, and does not count that.
    if any(here.gathered(ranks.restarted())) and "checkpoint" in keep:
        keep["resume"] = True
    # What is free is another number in each, and all are to stream, or none.
    keep["free"] = min(here.gathered(free() // ranks.beside()))
    return here


def agreed(call: Callable[[], Found]) -> Found:
    """The result of `call`, once it has returned in all processes; an error in any of them ends all.

    The first process with an error prints it; the others end silently.
    """
    here = ranks.here()
    raised: DeltaWError | None = None
    try:
        found = call()
    except DeltaWError as error:
        raised = error
    status = None if raised is None else 2 if isinstance(raised, (InputError, OutputError)) else 1
    failed = [(rank, each) for rank, each in enumerate(here.gathered(status)) if each is not None]
    if not failed:
        return found
    with suppress(DeltaWError):  # no process leaves before all know
        here.gathered(None)
    first, code = failed[0]
    if raised is not None and here.rank == first:
        raise raised
    raise SystemExit(code)


def _raise(error: InputError | None) -> None:
    if error is not None:
        raise error


def beside(data: str, model_file: Path) -> Ranks:
    """Join the other processes, if torchrun has started this one, to predict a share of the rows.

    Raises:
        InputError: this process sees other files, or another model, than the first one.
    """
    if ranks.own().world == 1:
        return Ranks()
    here = joined({}, {})
    mine = agreed(lambda: _seen(data, model_file))
    first = here.gathered(mine)[0]

    def same() -> None:
        for file in sorted(mine.keys() | first.keys()):
            if mine.get(file) != first.get(file):
                found = say("another {file}", file=file) if file in mine else say("no {file}", file=file)
                expected = "{data}: expected the files of rank 0"
                raise InputError(expected, found, "give every process the same files and options", data=data)

    agreed(same)
    return here


def _seen(data: str, model_file: Path) -> dict[str, int | str]:
    """A fingerprint: sizes of the files of rows, and the contents of the model."""
    from deltaw.tables import origins

    files = origins(data)
    root = os.path.commonpath([file.parent for file in files]) if files else ""
    sizes: dict[str, int | str] = {os.path.relpath(file, root): _size(file) for file in files}
    return sizes | {
        model_file.name: hashlib.sha256(model_file.read_bytes()).hexdigest() if model_file.is_file() else ""
    }


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1


def begun(plan: Plan, keep: keeping.Keeping, err: Screen) -> Checkpoints | None:
    """The checkpoints of the run; see `keeping.begun`.

    Raises:
        InputError: this process has other rows or settings than the first one.
    """

    if ranks.here().world > 1:
        from deltaw.models.fitting.trainings.resuming import differing

        agreed(partial(_raise, differing(plan, "checkpoint" in keep).get(ranks.here().rank)))
    return agreed(lambda: keeping.begun(plan, keep, err))


def follow(planned: Callable[[], Plan], keep: keeping.Keeping | None) -> int:
    """The part of all processes but the first: the same plan, and its run, unless only the plan is asked for (`keep` is
    None). Without output.
    """
    from deltaw import models

    plan = agreed(planned)
    if keep is None:
        return 0
    kept = begun(plan, keep, stderr(quiet=True))
    try:
        models.run(plan, (), kept)
        ranks.leave()
    except TrainingInterrupted as stopped:
        return 128 + stopped.signal
    return 0
