"""No memory left, no threads left, and Ctrl-C within a call of the core that makes no step."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from deltaw import Network, train
from deltaw.engines.native import core

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")


def said(script: str) -> list[str]:
    """The lines that a program prints which may make as much memory its own as `allow(bytes)` says."""
    allow = """
    import resource
    def allow(more):
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + more if more else -1, -1))
    """
    whole = textwrap.dedent(allow) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@ON_LINUX
def test_no_memory_ends_in_one_line_and_changes_nothing() -> None:
    lines = said("""
        import numpy as np, deltaw
        X = np.zeros((200, 2000), np.float32)
        net = deltaw.Network([2000, 2000, 2])
        before = [w.copy() for w in net.weights]
        predict, rows = deltaw.Predictor(deltaw.Network([200, 40000, 2])), X[:, :200].copy()
        def settings(**others):
            return dict(epochs=1, optimizer="adam", threads=2) | others
        uses = [lambda: predict(rows), lambda: deltaw.train(net, X, X[:, :2], **settings(batch_size=64))]
        uses.append(lambda: deltaw.train_pack([net], X, X[:, :2], **settings(batch_size=1)))
        for use in uses:
            allow(8 * 2**20)
            try:
                use()
                print("done")
            except MemoryError as error:
                print(error)
            allow(0)
        print(all(map(np.array_equal, before, net.weights)))
        use()
        print(all(np.isfinite(w).all() for w in net.weights))
    """)
    line = "engine 'native': expected memory for a network of {} weights and its rows, found too little; give smaller "
    wanted = [f"{line.format(n)}layers or batches, or fewer rows" for n in ("8,080,000", "4,004,000", "4,004,000")]
    assert lines == [*wanted, "True", "True"]


@ON_LINUX
def test_a_system_that_has_no_threads_left_gets_one_alone() -> None:
    lines = said("""
        import numpy as np, deltaw
        X = np.random.default_rng(0).normal(size=(1000, 300)).astype(np.float32)
        def work(threads):
            net = deltaw.Network([300, 300, 10])
            deltaw.train(net, X, X[:, :10], batch_size=500, learning_rate=0.01, threads=threads)
            return net.weights[0].tobytes(), deltaw.Predictor(net)(X, threads).tobytes()
        wanted = work(1)
        allow(2**29)  # room for some sixty stacks
        print(work(1000) == wanted)
    """)
    assert lines == ["True"]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="NumPy refuses them itself")
def test_a_subinterpreter_is_refused() -> None:
    lines = said("""
        import sys, warnings, _xxsubinterpreters as interpreters
        interpreters.run_string(interpreters.create(), f"import sys; sys.path[:] = {sys.path!r}" + '''
        import warnings
        warnings.simplefilter("ignore")
        import deltaw
        try:
            deltaw.Predictor(deltaw.Network([3, 2]))
        except deltaw.DeltaWError as error:
            print(error, flush=True)
        ''')
    """)
    assert len(lines) == 1
    assert "it works in Python's main interpreter only" in lines[0]


class BellError(Exception):
    pass


@pytest.fixture
def bell() -> Any:
    """Rings in 50 ms: raises BellError, or what it is told to."""

    def ring(raised: type[BaseException] = BellError) -> None:
        def handler(*_: Any) -> None:
            raise raised

        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    before = signal.getsignal(signal.SIGALRM)
    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


ON_ALARM = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no alarms")


@ON_ALARM
@pytest.mark.parametrize("threads", [1, 2])
def test_a_signal_within_many_predictions(bell: Any, threads: int) -> None:
    plan = core().Plan()
    plan.loss, plan.optimizer = "squared", "sgd"
    sizes = [(50, 2000), (2000, 2000), (2000, 1)]  # a second or more
    made = core().Trainer([(*size, "tanh", True) for size in sizes], plan)
    X, out = np.zeros((20_000, 50), np.float32), np.full((20_000, 1), np.nan, np.float32)
    inputs, targets = core().Inputs.dense(X, 1.0, 0.0), core().targets(out, None, 1, 0.0, False)
    bell()
    with pytest.raises(BellError):
        made.evaluate(inputs, None, out, threads)
    assert np.isnan(out[-1])
    bell()
    with pytest.raises(BellError):
        made.gradient(inputs, targets, threads)
    assert np.isfinite(made.predict(X[:100], threads)).all()  # usable


@ON_ALARM
def test_ctrl_c_within_a_batch_of_all_rows_leaves_the_weights_as_before(bell: Any) -> None:
    X = np.zeros((20_000, 50), np.float32)
    net = Network([50, 1000, 1000, 1])
    before = [w.astype(np.float32) for w in net.weights]  # on a busy machine it rings before they are taken
    bell(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        train(net, X, X[:, :1], batch_size=len(X), epochs=5)
    assert all(np.array_equal(was, w.astype(np.float32)) for was, w in zip(before, net.weights, strict=True))
