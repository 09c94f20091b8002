"""What is told of a training while it lasts: a bar in a terminal or a notebook, lines elsewhere, or nothing.

Each of `Silent`, `Lines`, `Bar` and `Cell` is a context and a callback of `deltaw.fit`; `watching` chooses one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, Self

from deltaw.exceptions import SettingError
from deltaw.notebook import fragment, paragraph
from deltaw.numbers import number
from deltaw.signs import one_line
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from rich.console import Console

DELAY = 1.0  # seconds after which a bar is worth a look
EVERY = 5.0  # seconds between the lines of a log
REFRESH = 0.1  # seconds between two states of a notebook's bar
WIDE = 100  # columns of a terminal that has room for the time remaining too
COUNTED = {  # what the numbers of an epoch count, and of a search
    "epoch": "epoch {number}/{epochs}",
    "second": "second {number}/{epochs}",
    "round": "round {number}/{epochs}",
}


class ProgressEpoch(Protocol):
    """Of an epoch, as `deltaw.models.ScoredEpoch` has it, what is shown."""

    @property
    def number(self) -> int: ...
    @property
    def epochs(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def score(self) -> float | None: ...
    @property
    def score_name(self) -> str: ...
    @property
    def score_text(self) -> str: ...
    @property
    def fold(self) -> int: ...
    @property
    def folds(self) -> int: ...


class Silent:
    """Tells nothing.

    Attributes:
        of_each: whether it tells of each epoch, and not of how far a training is.
    """

    of_each = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, epoch: ProgressEpoch) -> None:
        pass

    def say(self, line: str) -> None:
        """A line of its own."""


class Lines(Silent):
    """A line at the end of an epoch.

    Args:
        print: takes a line.
        every: seconds that lie between two of them at least; 0: each epoch gets one.
    """

    def __init__(self, print: Callable[[str], object], every: float = 0.0) -> None:
        self._print, self._every, self._last = print, every, monotonic()
        self.of_each = every == 0

    def __call__(self, epoch: ProgressEpoch) -> None:
        if monotonic() - self._last >= self._every:
            self._last = monotonic()
            self._print(_line(epoch))

    def say(self, line: str) -> None:
        self._print(line)


class _Late(Silent):
    """What appears once a training has lasted for `DELAY`, in its first epoch too: a clock of its own starts it."""

    def __init__(self, delay: float = DELAY) -> None:
        self._clock, self._lock = Timer(delay, self._begin), Lock()
        self._clock.daemon = True
        self._shown = self._over = False

    def __enter__(self) -> Self:
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        with self._lock:
            self._over = True
            if self._shown:
                self._hide()

    def _begin(self) -> None:
        with self._lock:
            if not self._over:
                self._shown = True
                self._show()

    def _show(self) -> None:
        raise NotImplementedError

    def _hide(self) -> None:
        raise NotImplementedError


class Bar(_Late):
    """A progress bar on a terminal.

    Args:
        console: of stderr.
    """

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        super().__init__()
        wide = console.width >= WIDE
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[count]}", markup=False),
            BarColumn(bar_width=24 if wide else 8),
            TextColumn("{task.fields[told]}", markup=False),
            *([TimeRemainingColumn(compact=True)] if wide else []),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, count=say("training"), told="")

    def _show(self) -> None:
        self._progress.start()

    def _hide(self) -> None:
        self._progress.stop()

    def __call__(self, epoch: ProgressEpoch) -> None:
        self._progress.update(
            self._task, total=epoch.epochs, completed=epoch.number, count=counted(epoch), told=described(epoch)
        )

    def say(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(one_line(line)), soft_wrap=True)


class Cell(_Late):
    """A progress bar in the output of a notebook's cell. Needs no widgets: HTML that replaces itself."""

    def __init__(self, delay: float = DELAY) -> None:
        super().__init__(delay)
        self._started, self._drawn = monotonic(), 0.0
        self._handle: Any = None
        self._epoch: ProgressEpoch | None = None

    def __call__(self, epoch: ProgressEpoch) -> None:
        with self._lock:
            self._epoch = epoch
            if self._shown and monotonic() - self._drawn >= REFRESH:
                self._draw()

    def say(self, line: str) -> None:
        print(one_line(line))

    def _show(self) -> None:
        self._draw()

    def _hide(self) -> None:
        self._draw()  # the last epoch stays to be seen

    def _draw(self) -> None:
        from IPython.display import display

        self._drawn = monotonic()
        told, epoch, seconds = say("training"), self._epoch, self._drawn - self._started
        if epoch is not None:
            left = (epoch.epochs - epoch.number) * seconds / epoch.number
            now = _clock(seconds)
            when = now if self._over else say("{now} of {total}", now=now, total=_clock(seconds + left))
            told = f"{_line(epoch)}{say(', ')}{when}"
        state = "" if epoch is None else f' value="{epoch.number}" max="{epoch.epochs}"'
        bar = f'<progress style="width: 16em"{state}></progress>'
        bundle = {"text/plain": told, "text/html": fragment(bar + paragraph(told))}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def watching(verbose: bool | None) -> Silent:
    """What `deltaw.fit` shows.

    Args:
        verbose: None: a bar, where a terminal or a notebook is there and it takes longer than `DELAY`. False: nothing.
            True: a line an epoch on stderr.

    Raises:
        SettingError: anything else.
    """
    if verbose is not None and not isinstance(verbose, bool):
        raise SettingError("verbose: expected None, False or True", repr(verbose), "leave it out, or give True")
    if verbose:
        return Lines(lambda line: print(one_line(line), file=sys.stderr))
    if verbose is None and in_notebook():
        return Cell()
    if verbose is None and sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        return Bar(Console(stderr=True))
    return Silent()


def in_notebook() -> bool:
    """Whether a kernel of Jupyter's runs us, who can show HTML."""
    known = sys.modules.get("IPython")  # a kernel has loaded it
    shell = None if known is None else known.get_ipython()
    return getattr(shell, "kernel", None) is not None


def counted(epoch: ProgressEpoch) -> str:
    """ "epoch 12/64", or "fold 2/5, epoch 12/64"."""
    said = say(COUNTED[getattr(epoch, "unit", "epoch")], number=epoch.number, epochs=epoch.epochs)
    fold = say("fold {fold}/{folds}", fold=epoch.fold, folds=epoch.folds)
    return listed([fold, said]) if epoch.fold > 0 else said


def described(epoch: ProgressEpoch) -> str:
    """One epoch in one line."""
    parts = [say("loss {loss}", loss=number(epoch.loss, 4))]
    if epoch.score is not None:
        parts.append(say("held-out {score} {value}", score=epoch.score_name, value=epoch.score_text))
    if epoch.seconds > 0:
        parts.append(say("{speed:,.0f} samples/s", speed=epoch.rows / epoch.seconds))
    return listed(parts)


def _line(epoch: ProgressEpoch) -> str:
    return say("{epoch}: {told}", epoch=counted(epoch), told=described(epoch))


def left_out(without: int, rows: int, target: str) -> str:
    """ "9,430 of 336,776 rows have no arr_delay: left out"."""
    one, several = (
        "{n:,} of {rows:,} rows has no {target}: left out",
        "{n:,} of {rows:,} rows have no {target}: left out",
    )
    return say(one if without == 1 else several, n=without, rows=rows, target=target)


def _clock(seconds: float) -> str:
    """ "0:07", "12:30", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
