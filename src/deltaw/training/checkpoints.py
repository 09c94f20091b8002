"""Checkpoints of a run, written atomically, from which it can be resumed.

A run is one training or several, in sequence or in parallel, each with a number. A checkpoint has the state of each
after its last epoch. A resumed run makes the same calls as before, and each training continues from its state; one that
was finished returns its result at once.
"""

from __future__ import annotations

import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from deltaw import __version__, files
from deltaw.engines import instructions, ranks
from deltaw.exceptions import ModelFileError, OutputError, SettingError
from deltaw.numbers import amount
from deltaw.schema import check
from deltaw.sigterm import Terminable
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.training.epochs import Training
from deltaw.training.folder import alone, file_of, keep_last, last_in, listed, make
from deltaw.training.state import State, go_on, state_of

EVERY = "60s"
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
# What a run is made of is called by the names of its options, and by these words.
WORDS = (
    "the columns of the table", "the table", "the model to begin with", "the validation rows", "the test rows",
    "the training rows", "the columns", "initial weights", "the version of DeltaW",
)  # fmt: skip
SCHEMA = {
    "by": {"version": str, "instructions": str},
    "made": {str: object},
    "epochs": int,
    "trainings": {str: {str: object}},
}


class Every(NamedTuple):
    """The interval between checkpoints: seconds, or epochs of all trainings together."""

    seconds: float | None = None
    epochs: int | None = None

    @classmethod
    def of(cls, given: str | float) -> Every:
        """From "60s", "5m", "2h", "5epochs", or seconds. Raises SettingError for anything else."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *(s|m|h|epochs?)?", str(given).strip())
        if isinstance(given, bool) or found is None or float(found[1]) <= 0:
            raise SettingError("every: expected a time or a number of epochs", repr(given), "give e.g. 60s or 5epochs")
        if (found[2] or "s").startswith("epoch"):
            return cls(epochs=max(1, round(float(found[1]))))
        return cls(seconds=float(found[1]) * UNITS[found[2] or "s"])

    def over(self, seconds: float, epochs: int) -> bool:
        """Whether it is time for the next checkpoint."""
        return epochs >= self.epochs if self.epochs is not None else seconds >= (self.seconds or 0.0)


class Checkpoints:
    """The checkpoints of a run in a folder; a context manager that writes the state on every exit.

    Within it, SIGTERM acts like Ctrl-C, unless it has another handler.

    Args:
        folder: for one run; made if it does not exist.
        made: identity of the run: digests of the data, and settings, by user-facing names. Checkpoints of another run
            are refused.
        epochs: number of epochs; when resuming, as many as before or more.
        every: see `Every.of`.
        resume: whether to continue from the last checkpoint, if there is one.
        say: called with a line if a checkpoint could not be written.

    Attributes:
        came_from: the file that the run was resumed from, or None.

    Raises:
        SettingError: there are checkpoints without `resume`; they are of another run or version of DeltaW; or another
            run is writing there.
        ModelFileError: all checkpoints are damaged.
        OutputError: the folder cannot be written to.
    """

    def __init__(
        self, folder: str | Path, made: Mapping[str, Any], epochs: int, every: str | float = EVERY,
        resume: bool = False, say: Callable[[str], object] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.made = files.folder("checkpoint", folder), dict(made)
        self.epochs, self.every = epochs, Every.of(every)
        self.resume = resume
        self.ranks = ranks.here()  # of several the first one writes, and reads for all
        self.came_from: Path | None = None
        self._say = say or (lambda line: warnings.warn(line, RuntimeWarning, stacklevel=2))
        self._lock, self._states = threading.RLock(), dict[int, State]()
        self._last, self._epochs, self._unwritten, self._failed = time.monotonic(), 0, False, False
        self._holding: int | None = None
        self._terminable = Terminable()
        self._next, self._restored = 1, dict[int, State]()
        if self.ranks.rank == 0:
            self._open()

    def _open(self) -> None:
        make(self.folder)
        files.check_writable(self.folder / "checkpoint")
        found = listed(self.folder)
        self._next = max(found, default=0) + 1
        if found and not self.resume:
            raise SettingError(
                "{folder}: expected a folder without checkpoints", found[max(found)].name,
                "add {resume} to continue, or give another", folder=self.folder, resume=given_as("resume", True),
            )  # fmt: skip
        self._restored = self._read([found[n] for n in sorted(found, reverse=True) if found[n].is_file()])

    def __enter__(self) -> Self:
        if self.ranks.rank == 0:
            self._holding = alone(self.folder)
        self._restored, self.came_from = self.ranks.gathered((self._restored, self.came_from))[0]
        self._terminable.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.write()
            if self.ranks.rank == 0:
                keep_last(self.folder)  # who was killed has not come to it
        finally:
            self._terminable.__exit__(kind, error, trace)
            if self._holding is not None:
                os.close(self._holding)

    def go_on(self, number: int, training: Training) -> None:
        """Restore the state of the training of that number; see `state.go_on`.

        A training with fewer epochs than were made starts again.
        """
        state = self._restored.pop(number, None)
        if state is None:
            return
        before = state.document.get("epoch")
        if type(before) is int and before > training.until:
            self._states.pop(number, None)
            return
        go_on(training, state, str(self.came_from))

    def note(self, number: int, training: Training) -> None:
        """Record the state of a training at the end of an epoch; write a checkpoint if it is time."""
        state = state_of(training)
        with self._lock:
            before = self._states.get(number)
            self._epochs += training.epoch - (0 if before is None else before.document["epoch"])
            self._states[number], self._unwritten = state, True
            if self.every.over(time.monotonic() - self._last, self._epochs):
                self.write()

    def write(self) -> None:
        """Write the recorded states now; if the disk is full, the training goes on."""
        with self._lock:
            if not self._unwritten or self.ranks.rank:
                return
            document = {
                "by": made_by(),
                "made": self.made,
                "epochs": self.epochs,
                "trainings": {str(number): state.document for number, state in self._states.items()},
            }
            arrays = {
                f"{number}/{name}": np.asarray(array)
                for number, state in self._states.items()
                for name, array in state.arrays.items()
            }
            path = file_of(self.folder, self._next)
            self._last, self._epochs = time.monotonic(), 0
            try:
                files.write(path, arrays, document, files.CHECKPOINT)
            except (OutputError, MemoryError) as error:
                if not self._failed:
                    reason = error.found if isinstance(error, OutputError) else say("too little memory")
                    stays = "{path}: a checkpoint could not be written ({reason}); training goes on, the last one stays"
                    none = "{path}: a checkpoint could not be written ({reason}); training goes on, and there is none"
                    self._say(say(stays if self.last else none, path=path, reason=reason))
                self._failed = True
                return
            self._unwritten = self._failed = False
            self._next += 1
            keep_last(self.folder)

    @property
    def last(self) -> Path | None:
        """The last checkpoint file in the folder."""
        return last_in(self.folder)

    @property
    def is_whole(self) -> bool:
        """Whether the last file has the present state."""
        with self._lock:
            return not self._unwritten

    @property
    def signal(self) -> int | None:
        """SIGTERM, if it ended the run; else None."""
        return self._terminable.signal

    @property
    def trainings(self) -> dict[int, int]:
        """Number of each started training -> its epochs."""
        with self._lock:
            return {number: state.document["epoch"] for number, state in sorted(self._states.items())}

    def _read(self, paths: list[Path]) -> dict[int, State]:
        """The states in the last valid file. Raises the last one's error if there is none."""
        damage: ModelFileError | None = None
        for path in paths:
            try:
                arrays, document = files.read(path, files.CHECKPOINT)
                _check_version(document, path)
                check(document, SCHEMA, str(path))
                states = _states(arrays, document, path)
            except files.AnotherFormatError as error:
                _check_version(error.document, path)
                raise
            except ModelFileError as error:
                damage = damage or error
                continue
            self._check(document, path)
            if damage is not None:
                self._say(say("{damage}; {name} is taken, the one before", damage=damage, name=path.name))
            if (there := document["by"]["instructions"]) != (here := made_by()["instructions"]):
                line = "{name}: written on a processor with {there}, resumed with {here}; the last digits may differ"
                self._say(say(line, name=path.name, there=there, here=here))
            self.came_from, self._states = path, dict(states)
            return states
        if damage is not None:
            raise damage
        return {}

    def _check(self, document: dict[str, Any], path: Path) -> None:
        """Raise SettingError for a checkpoint of another run."""
        there, here = document["made"], _plain(self.made)
        for name in dict.fromkeys((*here, *there)):
            if there.get(name) != here.get(name):
                found = difference(there.get(name), here.get(name))
                remedy = "give the same, or another folder for another run"
                raise SettingError("resume: expected {name} as in {path}", found, remedy, name=called(name), path=path)
        if document["epochs"] > self.epochs:
            raise SettingError(
                "resume: expected {epochs} or more, as in {path}", f"{self.epochs:,}", "give as many or more",
                epochs=amount(document["epochs"], "epoch"), path=path,
            )  # fmt: skip


def check_asked(checkpoint: object, resume: object) -> None:
    """Raise SettingError for a `resume` that is not a boolean, or without a folder of checkpoints."""
    if not isinstance(resume, (bool, np.bool_)):
        raise SettingError("resume: expected True or False", repr(resume), "give one of the two")
    if resume and checkpoint is None:
        raise SettingError("resume: expected checkpoint beside it", say("none"), "name its folder")


def made_by() -> dict[str, str]:
    """Version and instruction set. Other versions are refused; another instruction set may round differently."""
    return {"version": __version__, "instructions": instructions()}


def _check_version(document: Any, path: Path) -> None:
    """Raise SettingError for a checkpoint of another version."""
    by = document.get("by") if isinstance(document, dict) else None
    there, here = by.get("version") if isinstance(by, dict) else None, made_by()["version"]
    if isinstance(there, str) and there != here:
        found, remedy = (
            say("{path} by {there}", path=path, there=there),
            "continue with that version, or start again elsewhere",
        )
        raise SettingError("resume: expected a checkpoint by DeltaW {here}, which this is", found, remedy, here=here)


def digest(*arrays: Any) -> str:
    """SHA-256 over arrays, sparse matrices and None."""
    import hashlib

    found = hashlib.sha256()
    for array in arrays:
        parts = (array.data, array.indices, array.indptr) if hasattr(array, "indptr") else (array,)
        for part in parts:
            if part is None:
                found.update(b"none")
                continue
            plain = np.ascontiguousarray(part)
            found.update(f"{plain.dtype.str}{np.shape(array)}".encode())
            found.update(plain.reshape(-1).view(np.uint8).data)
    return f"sha256:{found.hexdigest()}"


def called(name: str) -> str:
    """The name in messages of a part of a run's identity."""
    return say(name) if name in WORDS else name


def difference(there: Any, here: Any) -> str:
    """The difference of a part from the checkpoint's, in words."""
    if _is_digest(there) or _is_digest(here):
        return say("another")
    return say("{there} there, {here} now", there=_shown(there), here=_shown(here))


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("sha256:")


def _shown(value: Any) -> str:
    return say("none") if value is None else str(value)


def _plain(value: Any) -> Any:
    """The value after a round trip through JSON."""
    import json

    return json.loads(json.dumps(value))


def _states(arrays: dict[str, Any], document: dict[str, Any], path: Path) -> dict[int, State]:
    """The states in a file, by number of the training; they are checked when used."""
    found: dict[int, State] = {}
    for name, part in document["trainings"].items():
        if not re.fullmatch(r"0|[1-9]\d{0,8}", name) or type(part.get("epoch")) is not int:
            expected = "{path}: expected trainings by number"
            raise ModelFileError(expected, repr(name)[:60], "the file is damaged", path=path)
        prefix = f"{name}/"
        own = {each.removeprefix(prefix): array for each, array in arrays.items() if each.startswith(prefix)}
        found[int(name)] = State(part, own)
    if sum(len(state.arrays) for state in found.values()) != len(arrays):
        raise ModelFileError(
            "{path}: expected arrays of its trainings", say("others"), "the file is damaged", path=path
        )
    return found
