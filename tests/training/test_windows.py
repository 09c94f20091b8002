"""Rows in blocks on a disk: every row is trained on once an epoch, in an order that follows from the seed alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaw import Network
from deltaw.engines import make
from deltaw.engines.rows import Rows
from deltaw.equations.encoded import Field
from deltaw.equations.losses import loss
from deltaw.exceptions import OutputError
from deltaw.training import blocks as blocks_module
from deltaw.training.blocks import Blocks, Kept
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.loop import complete
from deltaw.training.pack import SETTINGS
from deltaw.training.windowed import WindowedTraining
from deltaw.training.windows import Ahead, Windows

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (1003, 4)).astype(np.float32)
T = RNG.integers(0, 3, 1003).astype(np.int32)
WEIGHT = RNG.uniform(0.5, 2, 1003).astype(np.float32)
SMALL = (400, 3000)  # bytes of a block and of a run


def dealt(folder: Path, arrays: list[np.ndarray], seed: int = 1, sizes: tuple[int, int] = SMALL) -> Blocks:
    made = Blocks(folder, len(arrays[0]), [Field()] * arrays[0].shape[1], list(map(Kept.of, arrays)), seed, sizes)
    for start in range(0, made.rows, made.run):
        made.write([array[start : start + made.run] for array in arrays])
    return made


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 40), st.integers(1, 6000), st.integers(1, 9000), st.integers(1, 9000))
def test_every_row_once(n: int, batch: int, block: int, run: int, window: int) -> None:
    numbers = np.arange(n, dtype=np.float32)
    with dealt(Path(), [numbers[:, None], numbers.astype(np.int32)], sizes=(block, run)) as made:
        windows = Windows(made, batch, seed=5, size=window)
        assert [windows.size(k) % batch for k in range(len(windows) - 1)] == [0] * (len(windows) - 1)
        assert sum(windows.size(k) for k in range(len(windows))) == n
        for epoch in range(2):
            taken = [windows.take(epoch, k) for k in range(len(windows))]
            np.testing.assert_array_equal(np.sort(np.concatenate([rows.T[order] for rows, order in taken])), numbers)
            for rows, _ in taken:
                np.testing.assert_array_equal(rows.X[:, 0], rows.T)


def test_blocks_hold_a_share_of_every_stretch(tmp_path: Path) -> None:
    numbers = np.arange(20_000, dtype=np.int32)
    with dealt(tmp_path, [np.zeros((20_000, 1), np.float32), numbers], sizes=(8_000, 40_000)) as made:
        assert made.count == 20
        for block in range(made.count):
            _, found = made.read([blocks_module.Piece(block, 0, made.size(block))])
            assert np.histogram(found, 4, (0, 20_000))[0].tolist() == [250] * 4
        orders = [np.concatenate([windows_of(made, epoch), windows_of(made, epoch)]) for epoch in (0, 1)]
        assert not np.array_equal(*orders)
        assert abs(np.corrcoef(np.arange(40_000), orders[0])[0, 1]) < 0.03


def windows_of(made: Blocks, epoch: int) -> np.ndarray:
    windows = Windows(made, 32, seed=5, size=16_000)
    taken = [windows.take(epoch, k) for k in range(len(windows))]
    return np.concatenate([rows.T[order] for rows, order in taken])


def training(made: Blocks, network: Network, ahead: int = 2000, **asked: Any) -> WindowedTraining:
    words = SETTINGS | {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "epochs": 3, "dropout": 0.2}
    words |= {"schedule": "coslog", "seed": 7, "engine": "native", "threads": 1, "loss": loss("cross_entropy")} | asked
    some, held_out = Rows(X[:50], T[:50]), Rows(X[:100], T[:100])
    return WindowedTraining(network, Windows(made, 32, 5, ahead), some, held_out, **words)


def trained(made: Blocks, **asked: Any) -> tuple[list[float], list[np.ndarray]]:
    network = Network([4, 16, 3], ["tanh", "softmax"], seed=2)
    run = training(made, network, **asked)
    assert not complete(run)
    assert (len(run.history), run.history.batch_steps) == (3, 3 * 32)
    return run.history.loss + run.history.validation_loss, [*network.weights, *network.biases]


def test_a_window_is_trained_on_as_rows_are(tmp_path: Path) -> None:
    """The engine is given each window's rows in its order, with the paces of the epoch's steps."""
    with dealt(tmp_path, [X, T, WEIGHT]) as made:
        made.mean_weight = float(WEIGHT.mean())
        network = Network([4, 16, 3], ["tanh", "softmax"], seed=2)
        run = training(made, network)
        machine = make("native", network.copy(), run.plan)
        steps, windows = 0, run.windows
        for epoch in range(3):
            total = 0.0
            for number in range(len(windows)):
                rows, order = windows.take(epoch, number)
                count = -(-len(order) // 32)
                (error,), _ = machine.train(rows, order[None], steps, run.pace(steps, count))
                total, steps = total + error * len(order), steps + count
            while run.epoch == epoch:
                run.advance()
            assert run.history.loss[-1] == total / 1003
        other = network.copy()
        machine.store(other)
        run.finish()
        for mine, expected in zip(network.weights, other.weights, strict=True):
            np.testing.assert_array_equal(mine, expected)


def test_threads_and_read_ahead_change_no_bit(tmp_path: Path) -> None:
    with dealt(tmp_path, [X, T]) as made:
        expected = trained(made)
        for asked in ({"threads": 2}, {"telemetry": True}):
            losses, weights = trained(made, **asked)
            assert losses == expected[0]
            for mine, its in zip(weights, expected[1], strict=True):
                np.testing.assert_array_equal(mine, its)


def test_goes_on_from_every_window(tmp_path: Path) -> None:
    with dealt(tmp_path, [X, T]) as made:
        losses, expected = trained(made)
        for stop in range(1, 3 * 11, 3):
            first = Network([4, 16, 3], ["tanh", "softmax"], seed=2)
            run = training(made, first)
            assert run.windows_an_epoch == 11
            folder = tmp_path / str(stop)
            with Checkpoints(folder, {}, 3) as kept:
                for _ in range(stop):
                    run.advance()
                    kept.note(0, run)
            again = Network([4, 16, 3], ["tanh", "softmax"], seed=2)
            run = training(made, again)
            with Checkpoints(folder, {}, 3, resume=True) as kept:
                assert not complete(run, kept)
            assert run.history.loss + run.history.validation_loss == losses
            for mine, its in zip([*again.weights, *again.biases], expected, strict=True):
                np.testing.assert_array_equal(mine, its)


def test_nothing_stays_on_the_disk(tmp_path: Path) -> None:
    with dealt(tmp_path, [X, T]):
        assert os.name == "nt" or not list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_a_folder_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        OutputError,
        match=r"expected room for 3\.64 TiB of prepared rows, found .* free, of which .* must stay free; give another",
    ):
        Blocks(tmp_path, 10**12, [Field()], [Kept((1,), np.dtype(np.float32))])
    with pytest.raises(OutputError, match="expected a folder for prepared rows"):
        Blocks(tmp_path / "none", 10, [Field()], [Kept((1,), np.dtype(np.float32))])
    assert not list(tmp_path.iterdir())


def test_windows_in_turn(tmp_path: Path) -> None:
    """As each alone, all in the same memory; a window is there until the next one is taken."""
    with dealt(tmp_path, [X, T, WEIGHT]) as made:
        windows = Windows(made, 32, 5, 2000)
        ahead, places = Ahead(windows), set()
        for epoch, number in ((0, 0), (0, 1), (0, 10), (1, 0), (0, 3)):  # of others, too
            rows, order = ahead.take(epoch, number)
            expected, its = windows.take(epoch, number)
            np.testing.assert_array_equal(rows.X, expected.X)
            np.testing.assert_array_equal(rows.T, expected.T)
            np.testing.assert_array_equal(rows.weight, expected.weight)
            np.testing.assert_array_equal(order, its)
            places.add((rows.X.ctypes.data, rows.T.ctypes.data))
        assert len(places) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a system that cannot be asked")
def test_the_system_is_asked_for_the_next_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    read: list[tuple[int, int]] = []
    preadv = os.preadv

    def reading(file: int, rooms: Any, place: int) -> int:
        read.append((place, place + len(rooms[0])))
        return preadv(file, rooms, place)

    monkeypatch.setattr(os, "posix_fadvise", lambda file, start, size, why: asked.append((start, start + size)))
    monkeypatch.setattr(os, "preadv", reading)
    monkeypatch.setattr(blocks_module, "PREFETCHED", 100)
    with dealt(tmp_path, [X, T]) as made:
        ahead = Ahead(Windows(made, 32, 5, 2000))
        for epoch, number in ((0, 9), (0, 10), (1, 0)):
            read.clear()
            expected = asked[:]
            asked.clear()
            ahead.take(epoch, number)
            assert number == 9 or bytes_in(expected) == bytes_in(read)
            assert all(end - start <= 100 for start, end in asked)
        asked.clear()
        ahead.take(1, 1, more=False)
        assert not asked


def bytes_in(stretches: list[tuple[int, int]]) -> list[int]:
    return sorted(place for start, end in stretches for place in range(start, end))
