"""The core's dropout masks are those of the equations, to the last bit: seen through one step of a linear network."""

from __future__ import annotations

import numpy as np
import pytest

from deltaw import Network
from deltaw.engines import Rows, native
from deltaw.engines.native import NativeEngine, instruction_sets
from deltaw.engines.protocol import Pace, Plan
from deltaw.equations import dropout
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer

KEY = 0x9E3779B97F4A7C15


def masks_of_the_core(
    rows: int, units: int, layer: int, rate: float, step: int, factor: float, instruction_set: str, threads: int
) -> np.ndarray:
    """The factors of the hidden layer's units for a batch of so many rows (a power of two).

    Row r is the r-th unit vector, all outputs are 0 and all targets 1: after a step of length 1 the weight from input r
    to unit u is factor / rows, without a rounding. For layer 1, layer 0 hands the rows on as they are.
    """
    sizes = [rows, *[rows] * layer, units, 1]
    network = Network(sizes, "identity", bias=False)
    network.weights = [*[np.eye(rows)] * layer, np.zeros((units, rows)), np.ones((1, units))]
    rates = (*[0.0] * layer, rate)
    plan = Plan(loss("squared"), optimizer("sgd"), rows, dropout=rates, dropout_key=KEY, threads=threads)
    machine = NativeEngine(network, plan, instruction_set)
    given = Rows(np.eye(rows, dtype=np.float32), np.ones((rows, 1), np.float32))
    machine.train(given, np.arange(rows)[None], step, Pace(np.ones(1), np.zeros(1), np.full(1, factor)))
    machine.store(network)
    return network.weights[layer].T * rows


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("units", [1, 7, 8, 9, 16, 17, 33, 64, 100, 129, 200])
def test_masks(units: int, instruction_set: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "WORTH_TWO_THREADS", 0)
    for rows, layer, rate, step, factor, threads in (
        (1, 0, 0.5, 0, 1.0, 1), (2, 0, 0.15, 1, 1.0, 1), (64, 0, 0.15, 2**33 + 5, 1.0, 1), (64, 0, 0.3, 7, 0.25, 2),
        (32, 1, 0.9, 3, 1.0, 3), (8, 0, 0.9999999, 0, 1.0, 1), (8, 0, 0.1, 0, 1e-9, 1), (8, 1, 0.1, 0, 0.0, 1),
    ):  # fmt: skip
        wanted = dropout.mask(KEY, step, layer, rows, units, rate * factor).astype(np.float32)
        got = masks_of_the_core(rows, units, layer, rate, step, factor, instruction_set, threads)
        np.testing.assert_array_equal(got, wanted, err_msg=f"{rows} rows, layer {layer}, rate {rate} · {factor}")


@pytest.mark.parametrize("instruction_set", instruction_sets())
def test_masks_of_a_batch_that_is_worked_through_in_pieces(instruction_set: str) -> None:
    wanted = dropout.mask(KEY, 4, 0, 2048, 11, 0.4).astype(np.float32)
    np.testing.assert_array_equal(masks_of_the_core(2048, 11, 0, 0.4, 4, 1.0, instruction_set, 2), wanted)
