"""A network's outputs and nothing else: its weights are packed once, and again when they have changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw import engines
from deltaw.engines import ranks
from deltaw.engines.protocol import MOST_THREADS, Plan, thread_count
from deltaw.engines.rows import Rows
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import SGD
from deltaw.network import Network, check_network

if TYPE_CHECKING:
    from deltaw.engines.native import NativeEngine  # loaded by its name, where its compiled part is

Array = NDArray[Any]

CHUNK = 8192  # rows that are converted to float32, or computed by the equations, at a time: it bounds memory


class Predictor:
    """A network's outputs as fast as they come: `predict = Predictor(net)`, then `predict(X)` again and again.

    The weights are copied once; a network that is trained further needs a new Predictor. float32, like the native
    engine. A row has the same outputs, to the bit, alone and among others and by any number of threads. NaN and
    infinities are no error: they spoil the outputs of their own row.

    Several threads may call one Predictor at once: a call changes nothing that another one reads. Calls of more than
    64 rows let other Python threads run meanwhile. It can be pickled and copied, the weights with it.

    Args:
        network: whose outputs.
        threads: the most threads, for many rows; None: as many as there are processors.

    Raises:
        SettingError: weights that are not finite or of another shape than the network's; a number of threads that
            cannot be.
        MissingError: the compiled core is not installed.

    Examples:
        >>> import numpy as np, deltaw
        >>> predict = deltaw.Predictor(deltaw.Network([4, 8, 3], ["tanh", "softmax"]))
        >>> predict(np.zeros((2, 4))).shape
        (2, 3)
    """

    def __init__(self, network: Network, threads: int | None = None) -> None:
        check_network(network)
        self.network, self.threads = network.copy(), thread_count(threads)
        self.network.weights = [np.array(w) for w in network.weights]  # laid out as they were: quickest to compare
        plan = Plan(loss=loss("squared"), optimizer=SGD(), batch_size=1, threads=threads)
        self._engine = cast("NativeEngine", engines.make("native", network, plan))
        self._predict = self._engine.trainer.predict
        self._most, self._many = self._engine.most_threads, self._engine.worth_threads

    def __repr__(self) -> str:
        return f"Predictor({self.network.summary()})"

    def __call__(self, X: ArrayLike, threads: int | None = None) -> NDArray[np.float32]:
        """Outputs (n, n_out) of rows X (n, n_in), or of one row (n_in,).

        Args:
            X: quickest for float32 in C order; or float64, integers, nested lists, a SciPy sparse matrix, `Encoded`.
                What a masked array of float32 hides is not looked for.
            threads: the most threads in this call; None: as the Predictor was made.

        Raises:
            InputError: another width, no numbers, or a number that float32 cannot hold.
            SettingError: a number of threads that cannot be.
        """
        given: Any = X
        try:
            most = self._allowed(threads)
            outputs: NDArray[np.float32] = self._predict(given, most if len(given) >= self._many else 1)
        except (TypeError, ValueError):  # not float32 in C order, or nothing that is known
            outputs = self._converted(given, threads)
        except MemoryError:
            raise self._engine.no_memory() from None
        return outputs

    def _converted(self, X: Any, threads: int | None) -> NDArray[np.float32]:
        rows = Rows.of(self.network, _matrix(X), None, trained=False)
        most = self._allowed(threads)
        outputs = np.empty((len(rows), self.network.sizes[-1]), np.float32)
        for part in _parts(len(rows)):
            piece = rows.take(part)
            self._engine.outputs(piece, outputs[part], most if len(piece) >= self._many else 1)
        return outputs

    def _allowed(self, threads: int | None) -> int:
        """The number of threads of a call, at most MOST_THREADS. Raises SettingError for an invalid one."""
        capped = min(threads, MOST_THREADS) if isinstance(threads, int) else threads
        return thread_count(capped) or self._most

    def made_of(self, names: Sequence[str], weights: Sequence[Array], biases: Sequence[Array]) -> bool:
        """Whether a network of these activations (`names`), `weights` and `biases` has these outputs.

        Args:
            names: one a layer.
            weights, biases: one array a layer, (n_out, n_in) and (n_out,).
        """
        mine = self.network
        return (
            mine.activations == list(names)
            and len(mine.weights) == len(weights)
            and all(map(np.array_equal, mine.biases, biases))
            and all(map(np.array_equal, mine.weights, weights))
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Predictor, (self.network, self.threads)


# Of networks and estimators, for as long as they exist; not part of their pickles and copies.
_PREDICTORS: WeakKeyDictionary[Any, Predictor] = WeakKeyDictionary()


def outputs(network: Network, X: Any, engine: str = "native", threads: int | None = None) -> Array:
    """The network's outputs (n, n_out) for rows X by an engine.

    Args:
        network: with the weights as they are now. They are packed at the first call, and again when they have changed.
        X: as `Predictor` takes them.
        engine: "native" or "torch": float32; "reference": by the equations, float64.
        threads: the most threads; None: as many as there are processors.

    Raises:
        SettingError: no engine of that name, or weights that are not finite.
        MissingError: the engine is not installed.
        InputError: rows that do not fit the network.
    """
    made = network.activations, network.weights, network.biases
    return outputs_of(network, *made, lambda: network, X, engine, threads)


def outputs_of(
    owner: Any,
    names: Sequence[str],
    weights: Sequence[Array],
    biases: Sequence[Array],
    network: Callable[[], Network],
    X: Any,
    engine: str,
    threads: int | None,
) -> Array:
    """`outputs` for an owner that has activations, weights and biases but no network; `network()` makes it of these."""
    chosen = engines.choice(engine)
    if chosen.name == "reference":
        return _by_the_equations(network(), X)
    if chosen.name == "torch":
        return _by_torch(network(), X, chosen.spec, threads)
    predict = _PREDICTORS.get(owner)
    if predict is None or not predict.made_of(names, weights, biases):
        predict = _PREDICTORS[owner] = Predictor(network())
    return predict(X, threads)


def _by_the_equations(network: Network, X: Any) -> NDArray[np.float64]:
    X = X.tocsr() if hasattr(X, "tocsr") else _matrix(X)
    parts = _parts(len(X) if isinstance(X, list) else X.shape[0])
    found = [network.forward(X[part]) for part in parts]
    return np.concatenate(found) if found else np.empty((0, network.sizes[-1]))


def _by_torch(network: Network, X: Any, engine: str, threads: int | None) -> NDArray[np.float32]:
    network.check()
    rows = Rows.of(network, _matrix(X), None, trained=False)
    if not len(rows):
        return np.empty((0, network.sizes[-1]), np.float32)
    plan = Plan(loss=loss("squared"), optimizer=SGD(), batch_size=len(rows), threads=thread_count(threads))
    with ranks.alone():
        return engines.make(engine, network, plan).evaluate(rows)[1]


def _matrix(X: Any) -> Any:
    """Rows as an array, a single row as a matrix of one; encoded and sparse rows, and invalid ones, unchanged."""
    if hasattr(X, "toarray"):
        return X
    try:
        return np.atleast_2d(X)
    except (TypeError, ValueError):
        return X


def _parts(n: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, n, CHUNK)]
