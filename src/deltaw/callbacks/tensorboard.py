"""Runs for TensorBoard (https://www.tensorflow.org/tensorboard), by its own writer: TensorFlow is not needed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from deltaw.callbacks import facts
from deltaw.models import Model, Plan, ScoredEpoch


class TensorBoard:
    """Writes the events of a run to a folder: losses and the score of each epoch, then the scores on the rows that were
    never trained on as `test_accuracy`, …, and the settings as a text.

    Args:
        folder: of this run; `tensorboard --logdir` takes it or the one above.

    Raises:
        MissingError: TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.plugins.text import metadata
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
            from tensorboard.util.tensor_util import make_tensor_proto
        except ImportError as error:
            raise facts.missing("TensorBoard", "tensorboard") from error
        self._event, self._value, self._summary = event_pb2.Event, summary_pb2.Summary.Value, summary_pb2.Summary
        self._as_text, self._tensor = metadata.create_summary_metadata, make_tensor_proto
        self._open, self._folder = EventFileWriter, str(folder)
        self._score, self._last = "score", 0
        self._writer: Any = None

    def started(self, plan: Plan) -> None:
        """A run begins, by `plan`; called by `deltaw.fit`. It opens the folder, and writes the settings as a text."""
        self._score, self._writer = facts.metric_name(plan), self._open(self._folder)
        lines = "\n".join(f"    {name} = {value}" for name, value in facts.settings(plan).items())
        text = self._value(
            tag="settings", metadata=self._as_text("settings", ""), tensor=self._tensor([lines.encode()])
        )
        self._add([text], 0)

    def __call__(self, epoch: ScoredEpoch) -> None:
        self._last = epoch.number
        self._scalars(facts.measured(epoch, self._score), epoch.number)
        self._writer.flush()

    def ended(self, model: Model) -> None:
        """A run has ended, stopped early or by Ctrl-C, with a `model`.

        It writes the scores as `test_…`, and closes the folder.
        """
        self._scalars(facts.scores(model), self._last)
        self._writer.close()

    def failed(self, error: BaseException) -> None:
        """A run ends without a model, by `error`, which is then raised. It closes the folder."""
        self._writer.close()

    def _scalars(self, values: dict[str, float], step: int) -> None:
        self._add([self._value(tag=name, simple_value=value) for name, value in values.items()], step)

    def _add(self, values: list[Any], step: int) -> None:
        self._writer.add_event(self._event(summary=self._summary(value=values), step=step, wall_time=time.time()))
