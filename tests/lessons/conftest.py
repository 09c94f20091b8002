"""Few images, for lessons whose run is asked nothing but whether a parameter changes it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an NPZ of 200 training and 50 test images of the bundled digits."""
    path = tmp_path_factory.mktemp("digits") / "few.npz"
    X, y = load_digits(return_X_y=True)
    images = X[:250].reshape(-1, 8, 8).astype(np.uint8)
    np.savez(path, x_train=images[:200], y_train=y[:200], x_test=images[200:], y_test=y[200:250])
    return str(path)
