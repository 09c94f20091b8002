"""Runs in a file of JSON lines, each of which is written at once or not at all."""

from __future__ import annotations

import json
import os
import secrets
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltaw.callbacks import facts
from deltaw.exceptions import OutputError, reason
from deltaw.files import check_writable, path_of
from deltaw.models import Model, Plan, ScoredEpoch, document
from deltaw.pages.numbers import plain
from deltaw.signs import visible_json
from deltaw.speech import say
from deltaw.tables.digest import sha256

TAIL = 1 << 16  # bytes, more than a line has
BINARY = getattr(os, "O_BINARY", 0)  # Windows would write "\r\n" for "\n"


class JsonLines:
    """Appends a run to a file: a line when it starts, one an epoch, one when it ends.

    Each line is an object with `event` ("start", "epoch", "end" or "failed"), `run` (a name that the lines of a run
    share) and `time` (UTC). It reaches the file in one piece: who is killed leaves whole lines, and half a line that a
    power cut left is removed by the next run. A file that cannot be written any more ends the log, not the training.

    Args:
        path: of the file. Several runs may share it, one after the other or at the same time.

    Attributes:
        error: why the log ends before the run, or None.

    Raises:
        OutputError: the file cannot be written, or holds something else than such lines.

    Examples:
        >>> import deltaw
        >>> from deltaw.callbacks import JsonLines
        >>> model = deltaw.fit("iris", epochs=5, folds=0, callbacks=[JsonLines("runs.jsonl")])
        >>> open("runs.jsonl").readline()[:17]                     # then a line an epoch, and one at the end
        '{"event": "start"'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path_of(path, "path")
        self.error: OSError | None = None
        self._run = ""
        if Path(path).exists():
            _mend(path)
        else:
            check_writable(path)

    def started(self, plan: Plan) -> None:
        """A run begins, by `plan`; called by `deltaw.fit`.

        It writes the line "start": the table, how many rows, all settings, the sizes of the network.
        """
        table = plan.table
        self.error, self._run = None, secrets.token_hex(6)
        data = {
            "source": table.name, "columns": table.frame.width, "rows": facts.rows(plan), "sha256": sha256(table),
        }  # fmt: skip
        self._write("start", data=data, settings=facts.settings(plan), network=plan.network.sizes)

    def __call__(self, epoch: ScoredEpoch) -> None:
        known = vars(epoch)
        names = ["number", "epochs", "loss", "validation_loss", "score", "score_name", "seconds"]
        names += sorted(facts.OF_EPOCHS & known.keys())
        self._write("epoch", **{name: known[name] for name in names})

    def ended(self, model: Model) -> None:
        """A run has ended, stopped early or by Ctrl-C, with a `model`.

        It writes the line "end": why it ended, its epochs, its seconds, its scores.
        """
        history = model.history
        self._write(
            "end", ended=history.ended, epochs=len(history), seconds=sum(history.seconds),
            best_epoch=history.best_epoch, scores=document(model)["scores"], versions=model.origin.versions,
        )  # fmt: skip

    def failed(self, error: BaseException) -> None:
        """A run ends without a model, by `error`, which is then raised. It writes the line "failed"."""
        self._write("failed", error=" ".join(f"{type(error).__name__}: {error}".split()))

    def _write(self, event: str, **what: Any) -> None:
        if self.error is None:
            try:
                _append(self.path, {"event": event, "run": self._run, "time": datetime.now(UTC).isoformat()} | what)
            except OSError as error:
                self.error = error


def _append(path: str | Path, what: dict[str, Any]) -> None:
    """Add a line in one write, or raise OSError and add nothing."""
    line = (visible_json(json.dumps(plain(what), ensure_ascii=False, allow_nan=False)) + "\n").encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | BINARY, 0o666)
    try:
        if (taken := os.write(descriptor, line)) < len(line):  # the disk is full
            with suppress(OSError):
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - taken)
            raise OSError(28, os.strerror(28), str(path))
    finally:
        os.close(descriptor)


def _mend(path: str | Path) -> None:
    """See that the file can be appended to, and remove half a line at its end."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | BINARY)
    except OSError as error:
        found = reason(error)
        raise OutputError(
            "{path}: expected a path that can be written", found, "give another path", path=path
        ) from error
    with os.fdopen(descriptor, "r+b") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not (size := os.fstat(descriptor).st_size):
            return
        if file.read(1) != b"{":
            raise OutputError(
                "{path}: expected the log of other runs", say("another file"), "give another path", path=path
            )
        file.seek(max(0, size - TAIL))
        end = file.read()
        if not end.endswith(b"\n"):
            file.truncate(size - len(end) + end.rfind(b"\n") + 1)
