"""The native engine beyond parity: every instruction set, Ctrl-C, the GIL, threads, and what the core refuses."""

import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import scipy.sparse

import deltaw
from deltaw import engines
from deltaw.engines import Rows
from deltaw.engines.native import NativeEngine, core, instruction_sets
from deltaw.engines.protocol import Pace, Plan
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer


def _steps(make, network, X, T, plan, threads=1):
    """The weights after one epoch on an engine that `make` builds."""
    machine = make(network, plan)
    rows = Rows.of(network, X, T, plan.loss)
    steps = -(-len(X) // plan.batch_size)
    pace = Pace(np.full(steps, 0.05), np.zeros(steps), np.ones(steps))
    (error,), _ = machine.train(rows, np.arange(len(X))[None], 0, pace)
    trained = network.copy()
    machine.store(trained)
    return trained.weights + trained.biases, error


@pytest.mark.parametrize("batch_size", [1, 3, 32])
@pytest.mark.parametrize("instruction_set", instruction_sets())
def test_every_instruction_set_follows_the_reference(instruction_set, batch_size):
    rng = np.random.default_rng(0)
    for name in ACTIVATIONS:
        network = deltaw.Network([7, 17, 33, 3], activations=["tanh", name, "sigmoid"], init="normal(0.4)", seed=1)
        X, T = rng.normal(size=(40, 7)), rng.uniform(0.1, 0.9, (40, 3))
        plan = Plan(loss=loss("squared"), optimizer=optimizer("momentum"), batch_size=batch_size)
        slow, slow_error = _steps(lambda n, p: engines.make("reference", n, p), network, X, T, plan)
        fast, fast_error = _steps(
            lambda n, p, isa=instruction_set: NativeEngine(n, p, instruction_set=isa), network, X, T, plan
        )
        assert fast_error == pytest.approx(slow_error, rel=1e-5)
        if name == "step":
            continue  # a z within rounding of 0 may fall on either side
        for a, b in zip(slow, fast, strict=True):
            np.testing.assert_allclose(b, a, atol=5e-5, err_msg=f"{instruction_set} {name}")


def test_ctrl_c_stops_after_the_running_batch_and_keeps_what_was_learnt():
    script = textwrap.dedent("""
        import sys, numpy as np, deltaw
        X = np.random.default_rng(0).normal(size=(4000, 300)); T = np.tanh(X[:, :4])
        net = deltaw.Network([300, 200, 4], seed=0); before = net.weights[0].copy()
        def told(epoch):
            if epoch.number == 1: print("started", flush=True)
        try:
            deltaw.train(net, X, T, epochs=100000, batch_size=BATCH, learning_rate=0.001, callbacks=[told], threads=2)
        except KeyboardInterrupt as stopped:
            assert isinstance(stopped, deltaw.TrainingInterrupted)
            assert stopped.history.ended == "interrupted" and len(stopped.history.loss) >= 1
            assert np.isfinite(net.weights[0]).all() and not np.array_equal(net.weights[0], before)
            print("kept", flush=True); sys.exit(130)
    """)
    for batch in (1, 64):
        process = subprocess.Popen(
            [sys.executable, "-c", script.replace("BATCH", str(batch))], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline().strip() == "started"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        assert (process.returncode, output.strip()) == (130, "kept")


def test_other_python_threads_run_while_the_core_trains():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20000, 200))
    network = deltaw.Network([200, 200, 5])
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(1)

    other = threading.Thread(target=tick)
    other.start()
    plan = Plan(loss=loss("squared"), optimizer=optimizer("sgd"), batch_size=16, threads=1)
    before = len(ticks)
    _steps(NativeEngine, network, X, np.tanh(X[:, :5]), plan)
    during = len(ticks) - before
    done.set()
    other.join()
    assert during > 3  # held for the whole epoch, the GIL would have let it tick once at most


def test_batches_larger_than_the_workspace_are_worked_through_in_pieces():
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(1500, 20)), rng.uniform(0.1, 0.9, (1500, 3))
    network = deltaw.Network([20, 30, 3], activations=["tanh", "sigmoid"], seed=0)
    plan = Plan(loss=loss("binary_cross_entropy"), optimizer=optimizer("momentum"), batch_size=1400, l2=0.01)
    slow, _ = _steps(lambda n, p: engines.make("reference", n, p), network, X, T, plan)
    fast, _ = _steps(NativeEngine, network, X, T, plan)
    for a, b in zip(slow, fast, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-6)


def test_the_core_refuses_what_would_reach_outside_its_arrays():
    compiled = core()
    plan = compiled.Plan()
    plan.loss, plan.optimizer = "squared", "sgd"
    trainer = compiled.Trainer([(3, 2, "sigmoid", True)], plan)
    X = compiled.Inputs.dense(np.zeros((4, 3), np.float32), 1.0, 0.0)
    T = compiled.targets(np.zeros((4, 2), np.float32), None, 2, 0.0, False)
    four, one = np.ones(4), np.ones(1)
    with pytest.raises(ValueError, match="a row that is not there"):
        trainer.train(X, T, np.array([[0, 1, 2, 4]]), 0, four, four, four, 1)
    with pytest.raises(ValueError, match="one pace a step"):
        trainer.train(X, T, np.arange(4)[None], 0, one, four, four, 1)
    for first in (-1, 2**63 - 1):
        with pytest.raises(ValueError, match="steps from 0 on"):
            trainer.train(X, T, np.arange(4)[None], first, four, four, four, 1)
    for layers in ([(3, 2), (3, 2)], [(2**31 - 1, 2**31 - 1)], [(3, -1)]):
        with pytest.raises(ValueError, match="layers"):
            compiled.Trainer([(*sizes, "sigmoid", True) for sizes in layers], plan)
    with pytest.raises(ValueError, match="label beyond"):
        compiled.targets(np.array([0, 2], np.int32), None, 2, 0.0, False)
    with pytest.raises(ValueError, match="column beyond"):
        compiled.Inputs.sparse(np.ones(1, np.float32), np.array([3], np.int32), np.array([0, 1], np.int64), 3, 1.0, 0.0)
    for columns in ([1, 0], [1, 1]):
        places = np.array(columns, np.int32), np.array([0, 2], np.int64)
        with pytest.raises(ValueError, match="must ascend"):
            compiled.Inputs.sparse(np.ones(2, np.float32), *places, 3, 1.0, 0.0)
    with pytest.raises(ValueError, match="n_out"):
        trainer.write(0, -1, np.zeros((3, 2), np.float32), np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="no such slot"):
        trainer.write(0, 0, np.zeros((2, 3), np.float32), np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="no activation named"):
        compiled.Trainer([(3, 2, "cubic", True)], plan)
    plan.optimizer = "magic"
    with pytest.raises(ValueError, match="no optimizer named"):
        compiled.Trainer([(3, 2, "sigmoid", True)], plan)


def test_a_missing_engine_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(engines.ENGINES, "native", ("deltaw.engines.not_there", "NativeEngine"))
    network = deltaw.Network([2, 1])
    plan = Plan(loss=loss("squared"), optimizer=optimizer("sgd"), batch_size=1)
    with pytest.raises(ImportError, match=r"pip install \."):
        engines.make("native", network, plan)


@pytest.mark.parametrize("batch_size", [1, 3, 700])
@pytest.mark.parametrize("offset", [0.0, 0.01])
def test_inputs_that_are_mostly_one_number_train_the_same(offset, batch_size):
    rng = np.random.default_rng(0)
    pixels = (rng.integers(0, 256, (300, 40)) * (rng.random((300, 40)) < 0.2)).astype(np.uint8)
    pixels[5] = 0  # a row with nothing in it
    T = rng.uniform(0.1, 0.9, (300, 3))
    network = deltaw.Network([40, 33, 3], activations="sigmoid", seed=0)
    common = {"learning_rate": 0.3, "batch_size": batch_size, "epochs": 3}
    scaled = pixels * (0.99 / 255) + offset
    forms = {"bytes": (pixels, (0.99 / 255, offset)), "floats": (scaled, None)}
    forms["CSR"] = (scipy.sparse.csr_array(pixels.astype(float)), (0.99 / 255, offset))
    slow = network.copy()
    wanted = deltaw.train(slow, scaled, T, engine="reference", **common)
    for name, (X, scale) in forms.items():
        for threads in (1, 2):
            fast = network.copy()
            history = deltaw.train(fast, X, T, input_scale=scale, threads=threads, **common)
            np.testing.assert_allclose(history.loss, wanted.loss, rtol=1e-5, err_msg=name)
            for a, b in zip(slow.weights + slow.biases, fast.weights + fast.biases, strict=True):
                np.testing.assert_allclose(b, a, atol=3e-6, err_msg=f"{name}, {threads} threads")


def test_predictor_gives_the_outputs_of_the_equations():
    rng = np.random.default_rng(0)
    network = deltaw.Network([20, 33, 3], activations=["gelu", "softmax"], seed=0)
    predict = deltaw.Predictor(network)
    for n in (1, 3, 64, 65, 1000):
        X = rng.normal(size=(n, 20))
        wanted = network.forward(X)
        for given in (X.astype(np.float32), X, np.asfortranarray(X), X.tolist(), scipy.sparse.csr_array(X)):
            np.testing.assert_allclose(predict(given), wanted, atol=1e-6)
    one = predict(rng.normal(size=20))
    assert one.shape == (1, 3)
    with pytest.raises(deltaw.InputError, match="20 columns"):
        predict(np.zeros((2, 19), np.float32))
