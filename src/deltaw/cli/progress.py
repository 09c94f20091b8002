"""The live line while a network trains: epoch, loss, held-out score, samples a second."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from deltaw.cli.output.screen import Screen
    from deltaw.models import ScoredEpoch


WIDE = 100  # columns of a terminal that has room for the time remaining too


class Bar:
    """A progress bar that is a callback of `deltaw.fit`; silent where stderr is no terminal.

    Args:
        screen: of stderr.
        epochs: how many there will be.
    """

    def __init__(self, screen: Screen, epochs: int) -> None:
        wide = screen.width >= WIDE
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}", markup=False),
            BarColumn(bar_width=24 if wide else 8),
            TextColumn("{task.fields[told]}", markup=False),
            *([TimeRemainingColumn(compact=True)] if wide else []),
            console=screen,
            disable=not screen.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("training", total=epochs, told="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, epoch: ScoredEpoch) -> None:
        self._progress.update(self._task, completed=epoch.number, told=describe(epoch))


def describe(epoch: ScoredEpoch) -> str:
    """One epoch in one line."""
    parts = [f"loss {epoch.loss:.4g}"]
    if epoch.score is not None:
        parts.append(f"held-out {epoch.score_name} {epoch.score_text}")
    if epoch.seconds > 0:
        parts.append(f"{epoch.rows / epoch.seconds:,.0f} samples/s")
    return ", ".join(parts)
