"""What is told of a training: a bar in a terminal or a notebook once it lasts, lines where they are asked for."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import deltaw
from deltaw.progress import Bar, Lines, Silent, counted, watching

SOURCES = str(Path(deltaw.__file__).parents[1])
QUICK: dict[str, Any] = {"folds": 0, "engine": "native", "hidden": 4}
# Six epochs of 0.2 s each: a training that lasts. One class of the table has no name.
LONG = """
import time, deltaw, polars as pl
frame = pl.DataFrame({"x": [1.0, 2.0] * 40, "<b>y</b>\\n": ["a", "b"] * 39 + ["a", None]})
model = deltaw.fit(frame, "<b>y</b>\\n", engine="native", hidden=4, folds=0, epochs=6,
                   callbacks=[lambda epoch: time.sleep(0.2)])
"""
SHORT = LONG.replace("0.2)", "0.05)")  # lasts, where a bar comes after 0.1 s


def table() -> pl.DataFrame:
    return pl.DataFrame({"x": [1.0, 2.0] * 40, "y": ["a", "b"] * 39 + ["a", None]})


def written(code: str, monkeypatch: pytest.MonkeyPatch, ours: int, theirs: int, *delay: float) -> str:
    """What comes out of one end, while stderr is the other: that of a pipe, or a terminal."""
    sent = bytearray()

    def read() -> None:
        with suppress(OSError):  # how Linux says that nobody writes to a terminal any more
            while part := os.read(ours, 65536):
                sent.extend(part)

    reader = Thread(target=read)
    reader.start()
    with monkeypatch.context() as patch, open(theirs, "w", buffering=1, encoding="utf-8") as stderr:
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "120")
        patch.setattr(sys, "stderr", stderr)
        patch.setattr(Bar.__init__, "__defaults__", delay or Bar.__init__.__defaults__)
        exec(code, {})
    reader.join()
    os.close(ours)
    return sent.decode()


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_a_terminal_gets_a_bar_once_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    shown = written(LONG, monkeypatch, *pty.openpty())
    assert "1 of 80 rows has no <b>y</b> : left out" in shown
    assert re.search(r"epoch (5|6)/6.*loss .*held-out accuracy", shown)
    assert "epoch 1/6" not in shown  # a second has not passed by then
    assert written(LONG.replace("0.2)", "0)"), monkeypatch, *pty.openpty()).count("epoch") == 0
    assert written(SHORT.replace("folds=0", "verbose=False, folds=0"), monkeypatch, *pty.openpty(), 0.1) == ""


def test_a_pipe_gets_nothing_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(SHORT, monkeypatch, *os.pipe(), 0.1) == ""
    told = LONG.replace("0.2)", "0)").replace("folds=0", "verbose=True, folds=0")
    lines = written(told, monkeypatch, *os.pipe()).splitlines()
    assert lines[0] == "1 of 80 rows has no <b>y</b> : left out"
    assert [line.partition(":")[0] for line in lines[1:]] == [f"epoch {i}/6" for i in range(1, 7)]


def test_watching_changes_no_bit(capsys: pytest.CaptureFixture[str]) -> None:
    models = [deltaw.fit(table(), "y", epochs=3, verbose=verbose, **QUICK) for verbose in (None, False, True)]
    assert capsys.readouterr().err.count("epoch") == 3
    assert all((m.network.weights[0] == models[0].network.weights[0]).all() for m in models)


def test_lines_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    now, lines = [0.0], []
    monkeypatch.setattr("deltaw.progress.monotonic", lambda: now[0])
    show = Lines(lines.append, every=5.0)
    for number in range(1, 101):
        now[0] = number * 0.5
        told = SimpleNamespace(number=number, epochs=100, rows=10, loss=1.0, seconds=0.5, score=None, fold=0, folds=0)
        show(told)  # type: ignore[arg-type]
    assert len(lines) == 10
    assert lines[0] == "epoch 10/100: loss 1, 20 samples/s"


@pytest.mark.parametrize("wrong", [1, 0, "yes", 2.0])
def test_verbose_is_yes_or_no(wrong: Any) -> None:
    with pytest.raises(deltaw.InputError, match=r"^verbose: expected None, False or True, found"):
        watching(wrong)
    assert type(watching(None)) is Silent  # nobody is there: pytest takes stderr


@pytest.mark.parametrize("wrong", [None, 3, [3]])
def test_callbacks_are_functions(wrong: Any) -> None:
    with pytest.raises(deltaw.InputError, match="callbacks: expected a list of functions"):
        deltaw.fit(table(), "y", callbacks=wrong, **QUICK)


def test_watchers_hear_of_start_and_end() -> None:
    heard: list[Any] = []

    class Watcher:
        def started(self, plan: Any) -> None:
            heard.append(("started", plan.left_out))

        def __call__(self, epoch: Any) -> None:
            heard.append(counted(epoch))

        def ended(self, model: deltaw.Model) -> None:
            heard.append(("ended", model.history.ended))

        def failed(self, error: BaseException) -> None:
            heard.append(("failed", type(error)))

    deltaw.fit(table(), "y", epochs=2, callbacks=[Watcher()], **QUICK)
    assert heard == [("started", 1), "epoch 1/2", "epoch 2/2", ("ended", "finished")]
    heard.clear()

    def interrupt(epoch: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(deltaw.TrainingInterrupted):
        deltaw.fit(table(), "y", epochs=2, callbacks=[Watcher(), interrupt], **QUICK)
    assert heard[-1] == ("ended", "interrupted")
    with pytest.raises(ZeroDivisionError):
        deltaw.fit(table(), "y", epochs=2, callbacks=[Watcher(), lambda epoch: 1 / 0], **QUICK)
    assert heard[-1] == ("failed", ZeroDivisionError)


def test_a_notebook_gets_a_bar_that_replaces_itself() -> None:
    """A real kernel, as Jupyter starts one, and the messages that it sends."""
    pytest.importorskip("ipykernel", reason="needs ipykernel: a kernel of Jupyter's")
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": SOURCES})
    try:
        messages: list[tuple[str, Any]] = []
        reply = client.execute_interactive(
            "from deltaw.progress import Cell\nCell.__init__.__defaults__ = (0.1,)\n" + SHORT,
            timeout=60,
            output_hook=lambda m: messages.append((m["msg_type"], m["content"])),
        )
        assert reply["content"]["status"] == "ok", reply
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    kinds = [kind for kind, _ in messages if kind in ("display_data", "update_display_data")]
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    said = "".join(content["text"] for kind, content in messages if kind == "stream")
    assert said == "1 of 80 rows has no <b>y</b> : left out\n"
    last = [content for kind, content in messages if kind == "update_display_data"][-1]["data"]
    assert last["text/plain"].startswith("epoch 6/6: loss")
    assert '<progress style="width: 16em" value="6" max="6">' in last["text/html"]
