"""The rows that are trained on: written once as .npy files, mapped into the memory of every peer's process."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.exceptions import TableError
from deltaw.speech import listed, say

Arrays = dict[str, NDArray[Any]]
Scale = Callable[[NDArray[Any], float], NDArray[np.float32]]  # of pixels from 0 to the highest
MNIST_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
DEFAULT_MNIST = Path("../shared/data/mnist.npz")
TRAINING_ROWS = 60_000
# Exceptions of NumPy for truncated files and files of other formats or contents.
NOT_NPZ = (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error)
INKED, BLANK = 0.99, 0.01  # the notes' range for inputs and targets


@dataclass(frozen=True)
class Problem:
    """The data of a peer's process.

    Attributes:
        X: (n, n_in) float32, or float64 where programs have it so, or None where `columns` holds the ones of each row.
        columns: (n, ones a row) int32, the columns of a one-hot matrix that are 1; or None.
        t: labels (n,) int64, or numbers (n, 1) float32.
        X_test, t_test: rows that are never trained on, or None.
    """

    t: NDArray[Any]
    X: NDArray[np.float32] | None = None
    columns: NDArray[np.int32] | None = None
    X_test: NDArray[np.float32] | None = None
    t_test: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.t)

    @property
    def dense(self) -> NDArray[np.float32]:
        """X, which must not be None."""
        assert self.X is not None
        return self.X

    def csr(self, n_in: int) -> Any:
        """The one-hot matrix (n, n_in), SciPy CSR."""
        from scipy.sparse import csr_array

        assert self.columns is not None
        n, ones = self.columns.shape
        starts = np.arange(0, n * ones + 1, ones, dtype=np.int32)
        return csr_array((np.ones(n * ones, np.float32), self.columns.reshape(-1), starts), shape=(n, n_in))

    def targets(self, n_out: int, loss: str) -> NDArray[Any]:
        """Labels for cross-entropy; otherwise numbers (n, n_out) float32, labels as 0.99 among 0.01."""
        if self.t.ndim == 2 or loss == "cross_entropy":
            return self.t
        return np.where(self.t[:, None] == np.arange(n_out), np.float32(INKED), np.float32(BLANK))

    @classmethod
    def open(cls, folder: Path) -> Problem:
        """Map the files that `write` left. Copy on write: PyTorch warns of arrays that it must not write to."""
        return cls(**{path.stem: np.load(path, mmap_mode="c") for path in folder.glob("*.npy")})


def write(name: str, folder: Path, rows: int | None, mnist: Path | None) -> str:
    """Write the problem's files and return a remark about where its rows come from.

    Args:
        name: one of PROBLEMS.
        folder: is made.
        rows: the most training rows; None: all.
        mnist: the .npz with MNIST; None: the digits bundled with scikit-learn in its place.
    """
    arrays, remark = PROBLEMS[name](mnist)
    folder.mkdir()
    for key, array in arrays.items():
        kept = array if key.endswith("_test") else array[:rows]
        np.save(folder / f"{key}.npy", np.ascontiguousarray(kept))
    return remark


def find_mnist(path: Path | None) -> Path | None:
    """The given file; else the default one, if it exists.

    Raises:
        TableError: no such file, or not MNIST.
    """
    if path is None:
        return DEFAULT_MNIST if DEFAULT_MNIST.is_file() else None
    _read_mnist(path)
    return path


def _read_mnist(path: Path) -> Arrays:
    """x_train (n, 784), y_train, x_test, y_test as the file has them, but images as rows of 784 bytes."""
    remedy, names = "give an .npz that holds {names}", ", ".join(MNIST_ARRAYS)
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in MNIST_ARRAYS}
    except FileNotFoundError:
        raise TableError(
            "{path}: expected MNIST as .npz", say("no such file"), remedy, path=path, names=names
        ) from None
    except NOT_NPZ as error:
        other = say("something else ({error})", error=error)
        raise TableError("{path}: expected MNIST as .npz", other, remedy, path=path, names=names) from None
    for part in ("train", "test"):
        images, labels = found[f"x_{part}"], found[f"y_{part}"]
        whole = images.dtype == np.uint8 and images.shape[1:] in {(28, 28), (784,)}
        if (
            not whole
            or labels.shape != images.shape[:1]
            or len(labels) == 0
            or not set(np.unique(labels)) <= {*range(10)}
        ):
            raise TableError(
                "{path}: expected bytes (n, 784) in x_{part} and digits 0 … 9 (n,) in y_{part}",
                listed([f"{each.dtype} {each.shape}" for each in (images, labels)], " and "),
                remedy,
                path=path, part=part, names=names,
            )  # fmt: skip
        found[f"x_{part}"] = images.reshape(len(images), -1)
    return found


def _share(values: NDArray[Any], highest: float) -> NDArray[np.float32]:
    """0 … highest becomes 0 … 1, as is usual: paper is 0."""
    return values.astype(np.float32) / np.float32(highest)


def _notes_range(values: NDArray[Any], highest: float) -> NDArray[np.float32]:
    """0 … highest becomes 0.01 … 1, as in the notes: no input is 0."""
    return _share(values, highest) * np.float32(INKED) + np.float32(BLANK)


def _mnist(path: Path | None, scale: Scale = _share) -> tuple[Arrays, str]:
    if path is None:
        return _digits(scale)
    found = _read_mnist(path)
    named = {"X": scale(found["x_train"], 255), "X_test": scale(found["x_test"], 255)}
    labels = {"t": found["y_train"].astype(np.int64), "t_test": found["y_test"].astype(np.int64)}
    return {**named, **labels}, say("MNIST from {path}", path=path)


def _digits(scale: Scale) -> tuple[Arrays, str]:
    """scikit-learn's digits, every pixel a block of 3 × 3 inside a frame, and repeated until there are 60,000 rows."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    blocks = np.kron(images.reshape(-1, 8, 8), np.ones((3, 3)))
    framed = np.pad(blocks, ((0, 0), (2, 2), (2, 2))).reshape(len(images), 784)
    X, t = scale(framed, 16), labels.astype(np.int64)
    place = np.arange(TRAINING_ROWS) % len(X)
    remark = say(
        "no MNIST: {n:,} digits of scikit-learn upscaled to 784 pixels and repeated; give --mnist FILE", n=len(X)
    )
    return {"X": X[place], "t": t[place]}, remark


def _iris(_: Path | None) -> tuple[Arrays, str]:
    from sklearn.datasets import load_iris

    values, labels = load_iris(return_X_y=True)
    X = (values - values.mean(axis=0)) / values.std(axis=0)
    return {"X": X.astype(np.float32), "t": labels.astype(np.int64)}, "iris"


def _table(_: Path | None, n: int = 100_000, n_in: int = 30) -> tuple[Arrays, str]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, n_in), np.float32)
    t = np.sin(X[:, :1]) + X[:, 1:2] * X[:, 2:3] + np.float32(0.1) * rng.standard_normal((n, 1), np.float32)
    return {"X": X, "t": t}, say("made of random numbers")


def _onehot(_: Path | None, n: int = 100_000, ones: int = 20, levels: int = 2500) -> tuple[Arrays, str]:
    """20 categories of 2,500 levels each, and ten classes that depend on them linearly."""
    rng = np.random.default_rng(0)
    columns = rng.integers(0, levels, (n, ones)) + levels * np.arange(ones)
    scores = rng.standard_normal((levels * ones, 10), np.float32)
    t = sum(scores[columns[:, i]] for i in range(ones)).argmax(axis=1)
    return {"columns": columns.astype(np.int32), "t": t.astype(np.int64)}, say("made of random numbers")


def _digits_as_they_are(_: Path | None) -> tuple[Arrays, str]:
    """float64, as scikit-learn hands them out and most programs pass them on."""
    from sklearn.datasets import load_digits

    X, labels = load_digits(return_X_y=True)
    return {"X": X, "t": labels.astype(np.int64)}, say("scikit-learn's digits, float64")


def _columns(_: Path | None, n: int = 200_000, n_in: int = 94) -> tuple[Arrays, str]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, n_in), np.float32)
    return {"X": X, "t": (X[:, 0] + X[:, 1] > 0).astype(np.int64)}, say("made of random numbers")


PROBLEMS: dict[str, Callable[[Path | None], tuple[Arrays, str]]] = {
    "mnist": _mnist,
    "notes": partial(_mnist, scale=_notes_range),
    "iris": _iris,
    "table": _table,
    "onehot": _onehot,
    "digits": _digits_as_they_are,
    "columns": _columns,
}
