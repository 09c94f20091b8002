"""The rows that are trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltaw.bench.problems import PROBLEMS, Problem, find_mnist, write
from deltaw.bench.workloads import WORKLOADS
from deltaw.exceptions import TableError


def mnist(path: Path, **changed: np.ndarray) -> Path:
    arrays = {
        "x_train": np.full((30, 28, 28), 255, np.uint8),
        "y_train": np.arange(30, dtype=np.uint8) % 10,
        "x_test": np.zeros((10, 28, 28), np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }
    np.savez(path, **arrays | changed)
    return path


@pytest.mark.parametrize("name", PROBLEMS)
def test_rows_fit_the_networks_that_train_on_them(name: str, tmp_path: Path) -> None:
    write(name, tmp_path / name, 500, None)
    problem = Problem.open(tmp_path / name)
    methods = [row.method for row in WORKLOADS.values() if row.problem == name]
    assert methods
    for method in methods:
        X = problem.csr(method.sizes[0]) if problem.X is None else problem.X
        T = problem.targets(method.sizes[-1], method.loss)
        assert X.shape == (len(problem), method.sizes[0])
        assert X.dtype == (np.float64 if name == "digits" else np.float32)
        assert T.shape in {(len(problem),), (len(problem), method.sizes[-1])}


def test_one_hot_rows_are_sums_of_their_columns(tmp_path: Path) -> None:
    write("onehot", tmp_path / "p", 50, None)
    problem = Problem.open(tmp_path / "p")
    assert problem.columns is not None
    matrix = problem.csr(50_000)
    assert (matrix.sum(axis=1) == 20).all()
    for i in range(50):
        assert sorted(matrix[[i]].indices) == sorted(problem.columns[i])


@pytest.mark.parametrize(("name", "blank"), [("mnist", 0.0), ("notes", 0.01)])
def test_mnist_from_paper_to_ink(name: str, blank: float, tmp_path: Path) -> None:
    """0 … 1, and 0.01 … 1 in the range of the notes."""
    path = mnist(tmp_path / "mnist.npz")
    assert str(path) in write(name, tmp_path / "p", None, find_mnist(path))
    problem = Problem.open(tmp_path / "p")
    assert problem.X_test is not None
    np.testing.assert_allclose(problem.dense, 1.0, rtol=1e-6)
    np.testing.assert_allclose(problem.X_test, blank, rtol=1e-6)
    targets = problem.targets(10, "squared")
    assert np.array_equal(targets.argmax(axis=1), problem.t)
    np.testing.assert_allclose([targets.min(), targets.max()], [0.01, 0.99], rtol=1e-6)


def test_digits_stand_in_for_mnist_and_say_so(tmp_path: Path) -> None:
    assert "no MNIST" in write("mnist", tmp_path / "p", 100, None)
    problem = Problem.open(tmp_path / "p")
    assert problem.dense.shape == (100, 784)
    assert problem.dense.min() == 0.0
    assert problem.dense.max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"x_train": np.zeros((30, 5), np.uint8)},
        {"x_train": np.zeros((30, 28, 28))},
        {"y_train": np.zeros(29, np.uint8)},
        {"y_test": np.full(10, 11)},
    ],
)
def test_what_is_not_mnist_is_refused(changed: dict[str, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"mnist\.npz: expected .*, found .*; give an \.npz that holds x_train"):
        find_mnist(mnist(tmp_path / "mnist.npz", **changed))


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "cut.npz").write_bytes(mnist(tmp_path / "mnist.npz").read_bytes()[:1000])
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    for name in ("none.npz", "text.npz", "cut.npz", "other.npz"):
        with pytest.raises(TableError, match=rf"{name}: expected MNIST as \.npz, found"):
            find_mnist(tmp_path / name)
