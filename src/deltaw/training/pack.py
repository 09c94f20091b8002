"""`train_pack`: train many networks on the same rows in parallel, each on one thread, without barriers."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw import engines
from deltaw.engines.protocol import thread_count
from deltaw.engines.rows import Rows, mean_one
from deltaw.exceptions import InputError, SettingError, TrainingInterrupted
from deltaw.network import Network, check_network, generator
from deltaw.speech import listed, say
from deltaw.threads import processors
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.epochs import Training
from deltaw.training.history import History
from deltaw.training.loop import of_minimum, train, validation_rows

Indices = NDArray[np.int64]

# Settings of `deltaw.train` that each network of a pack may have, with their defaults.
SHARED = (
    "loss",
    "sample_weight",
    "validation",
    "engine",
    "device",
    "threads",
    "input_scale",
    "checkpoint",
    "every",
    "resume",
)
SETTINGS = {
    name: each.default
    for name, each in inspect.signature(train).parameters.items()
    if each.kind == each.KEYWORD_ONLY and name not in SHARED
}
ROWS = ("rows", "held_out")
LOOK = 0.05  # seconds after which the main thread checks for Ctrl-C, since Polars' handler does not interrupt waits


def train_pack(
    networks: Sequence[Network],
    X: ArrayLike,
    T: ArrayLike,
    *,
    each: Sequence[Mapping[str, Any]] | None = None,
    loss: Any = "squared",
    seed: int = 0,
    sample_weight: ArrayLike | None = None,
    validation: Sequence[Any] | None = None,
    engine: str = "native",
    device: str | None = None,
    threads: int | None = None,
    input_scale: Any = None,
    **settings: Any,
) -> list[History]:
    """Train many networks in place, on the same rows, each on one thread.

    Each network becomes what `deltaw.train` would make of it alone, bit for bit, with any number of threads. A thread
    takes the next epoch of the network whose turn it is; no thread waits for another.

    Args:
        networks: networks with the same number of inputs and of outputs; otherwise they may differ.
        X, T: as `deltaw.train` takes them. All networks read them; float32 in C order is copied for none.
        each: settings of each network, one mapping for each: any setting of `deltaw.train` except those named here;
            `rows`, the numbers of the rows (m,) to train on; `held_out`, those to validate on.
        loss, sample_weight, validation, engine, device, input_scale: as in `deltaw.train`; common to all.
        seed: random seed of the first network's row orders and dropout masks; each further network adds one.
        threads: maximum number of threads; None: the number of processors.
        settings: any other setting of `deltaw.train`, for networks that have none of their own. Callbacks are called
            in the thread that trains; an exception in one ends all trainings.

    Returns:
        A `History` for each. One that diverges ends by itself, with `ended` "diverged".

    Raises:
        InputError, SettingError: as `deltaw.train`; what is a network's own is named by its number, from 1.
        TrainingInterrupted: on Ctrl-C, after the running epochs; the networks keep what they learnt, and its `history`
            is the list of theirs.

    Examples:
        >>> import numpy as np, deltaw
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> nets = [deltaw.Network([2, width, 1], ["tanh", "identity"]) for width in (4, 8)]
        >>> each = [{"learning_rate": 0.1}, {"learning_rate": 0.01}]
        >>> histories = deltaw.train_pack(nets, X, X[:, :1] * X[:, 1:], each=each, epochs=5)
        >>> [len(history.loss) for history in histories]
        [5, 5]
    """
    trainings = begin_pack(
        networks, X, T, each=each, loss=loss, seed=seed, sample_weight=sample_weight, validation=validation,
        engine=engines.on(engine, device), input_scale=input_scale, **settings,
    )  # fmt: skip
    interrupted = complete_pack(trainings, threads)
    histories = [training.history for training in trainings]
    if interrupted:
        raise TrainingInterrupted(histories)
    return histories


def begin_pack(
    networks: Sequence[Network], X: ArrayLike, T: ArrayLike, *, each: Sequence[Mapping[str, Any]] | None,
    loss: Any, seed: int, sample_weight: ArrayLike | None, validation: Sequence[Any] | None, engine: str,
    input_scale: Any = None, **settings: Any,
) -> list[Training]:  # fmt: skip
    """The trainings of `train_pack` before their first epochs. Raises as it does."""
    networks = _alike(networks)
    own = [{} for _ in networks] if each is None else list(each)
    if len(own) != len(networks) or not all(isinstance(one, Mapping) for one in own):
        raise SettingError(
            "each: expected a mapping for each of {n} networks", f"{len(own)}", "give {{}} for none", n=len(networks)
        )
    _known(settings, SETTINGS)
    generator(seed)
    engines.known(engine)
    row = of_minimum(loss)
    shared = Shared(Rows.of(networks[0], X, T, row, sample_weight, input_scale), sample_weight)
    common = validation_rows(networks[0], validation, row, input_scale)
    trainings = []
    for k, (network, one) in enumerate(zip(networks, own, strict=True)):
        with _named(k, one):
            _known(one, (*SETTINGS, *ROWS))
            part, judges = (shared.index(one.get(name), name) for name in ROWS)
            trainings.append(
                Training(
                    network, shared.trained_on(part), common if judges is None else shared.taken(judges), part,
                    loss=row, engine=engine, threads=1, **SETTINGS | {"seed": seed + k} | settings
                    | {name: value for name, value in one.items() if name not in ROWS},
                )
            )  # fmt: skip
    return trainings


def complete_pack(
    trainings: Sequence[Training], threads: int | None, checkpoints: Checkpoints | None = None,
    enough: Callable[[], bool] = lambda: False, first: int = 0,
) -> bool:  # fmt: skip
    """Train all epochs of all trainings, and write the final weights; return whether Ctrl-C ended it.

    Args:
        threads: maximum number of threads; None: the number of processors.
        checkpoints: of the run; these are its trainings from number `first` on.
        enough: called before each epoch; True ends training, without changing the networks.
    """
    # Engines of PyTorch come one after the other: its settings are of the process, the messages of its ranks in turn.
    in_turn = any(engines.known(training.engine) == "torch" for training in trainings)
    most = 1 if in_turn else thread_count(threads) or processors()
    if checkpoints is not None:
        for number, training in enumerate(trainings, first):
            checkpoints.go_on(number, training)
    interrupted = _run(trainings, min(most, len(trainings)), checkpoints, enough, first)
    for training in trainings:
        training.finish()
    return interrupted


def _run(
    trainings: Sequence[Training], workers: int, checkpoints: Checkpoints | None, enough: Callable[[], bool],
    first: int = 0,
) -> bool:  # fmt: skip
    """Train all epochs of all trainings; return whether Ctrl-C ended it, as unfinished ones record.

    Ctrl-C is raised in the main thread, between any two of its lines, so that the state is kept by the other threads.
    """
    left = [(number, training) for number, training in enumerate(trainings, first) if not training.over]
    ahead, errors, woken = deque(left), list[BaseException](), SimpleQueue[None]()
    done, over = list[int](), list[bool]()

    def work(number: int) -> None:
        try:
            while not over and not enough():
                try:
                    mine, training = ahead.popleft()
                except IndexError:  # what is still trained has its thread
                    return
                training.advance()
                if checkpoints is not None:
                    checkpoints.note(mine, training)
                if not training.over:
                    ahead.append((mine, training))
        except BaseException as error:
            errors.append(error)
            over.append(True)
        finally:
            done.append(number)
            woken.put(None)

    # Each with a copy of the context: callbacks and errors speak the caller's language.
    works = [partial(copy_context().run, work, k) for k in range(workers)]
    threads, interrupted = [Thread(target=one, name=f"deltaw-pack-{k}") for k, one in enumerate(works)], False
    while True:
        try:
            for thread in threads:
                if not over and thread.ident is None:
                    thread.start()
            while len(done) < sum(thread.ident is not None for thread in threads):  # begun, if not at work yet
                with suppress(Empty):
                    woken.get(timeout=LOOK)
            break
        except KeyboardInterrupt:
            interrupted = True
            over.append(True)
            if checkpoints is not None:  # the running epochs may take a while
                checkpoints.write()
    if errors:
        raise errors[0]
    if interrupted:
        for training in [each for each in trainings if not each.over] or trainings:
            training.history.ended = "interrupted"
    return interrupted


class Shared:
    """The rows of all networks, and parts of them, made once for all networks with the same part."""

    def __init__(self, rows: Rows, sample_weight: Any) -> None:
        self.rows = rows
        self.weight = None if sample_weight is None else np.asarray(sample_weight)
        self._taken: dict[bytes, Rows] = {}

    def index(self, given: Any, what: str) -> Indices | None:
        """Indices of rows (m,), checked."""
        if given is None:
            return None
        index = np.asarray(given)
        n = len(self.rows)
        whole = index.ndim == 1 and len(index) > 0 and index.dtype.kind in "iu"
        if not whole or index.min() < 0 or index.max() >= n:
            found = (
                say("{dtype} of shape {shape}", dtype=index.dtype, shape=index.shape)
                if not whole
                else say("{min} to {max}", min=index.min(), max=index.max())
            )
            expected = "{what}: expected numbers of rows, from 0 to {n:,}"
            raise InputError(expected, found, "give e.g. numpy.arange(9)", what=what, n=n - 1)
        return index.astype(np.int64)

    def trained_on(self, part: Indices | None) -> Rows:
        """All rows, with weights whose mean over the part is 1; orders of the part point into them."""
        if part is None or self.weight is None:
            return self.rows
        weight = np.zeros(len(self.rows))
        weight[part] = self._weight(part)
        return replace(self.rows, weight=weight)

    def taken(self, index: Indices) -> Rows:
        """Some of the rows."""
        key = index.tobytes()
        if key not in self._taken:
            weight = None if self.weight is None else self._weight(index)
            self._taken[key] = replace(self.rows.take(index), weight=weight)
        return self._taken[key]

    def _weight(self, index: Indices) -> NDArray[np.float64]:
        assert self.weight is not None
        return mean_one(self.weight[index], len(index), "sample_weight")


def _alike(networks: Sequence[Network]) -> list[Network]:
    """The networks as a list, checked. Raises SettingError."""
    found = list(networks) if isinstance(networks, Sequence) else []
    if not found:
        raise SettingError("networks: expected a list of deltaw.Network", repr(networks), "write [network, …]")
    for k, network in enumerate(found):
        with _named(k, found):
            check_network(network)
    if len({id(network) for network in found}) < len(found):
        raise SettingError(
            "networks: expected each once", say("one twice"), "give its copy(): each is trained in place"
        )
    ends = [(network.sizes[0], network.sizes[-1]) for network in found]
    for k, found_ends in enumerate(ends):
        if found_ends != ends[0]:
            n_in, n_out = ends[0]
            raise SettingError(
                "networks: expected {n_in} inputs and {n_out} outputs of each, as of the first",
                say(
                    "{n_in_found} and {n_out_found} of network {k}",
                    n_in_found=found_ends[0],
                    n_out_found=found_ends[1],
                    k=k + 1,
                ),
                "give networks for the same data",
                n_in=n_in,
                n_out=n_out,
            )
    return found


def _known(settings: Mapping[str, Any], names: Any) -> None:
    for name in settings:
        if name not in names:
            raise SettingError("expected a setting ({names})", repr(name), "correct its name", names=listed(names))


@contextmanager
def _named(k: int, own: Any) -> Iterator[None]:
    """Errors about a network's own settings name the network."""
    try:
        yield
    except InputError as error:
        if not own:
            raise
        named = say("network {k}: {expected}", k=k + 1, expected=error.expected)
        raise type(error)(named, error.found, error.remedy) from error
