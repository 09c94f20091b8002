"""Statistics of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def standard_error(sample: NDArray[Any] | Sequence[float], ddof: int = 0) -> float:
    """The standard error of the mean of n values: their standard deviation, with n − ddof, over √n."""
    error: float = np.std(sample, ddof=ddof) / len(sample) ** 0.5
    return float(error)
