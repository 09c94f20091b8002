"""The machine's limit: NumPy's float32 matrix product, 2048 × 2048 × 2048."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE = 2048
OPERATIONS = 2.0 * SIDE**3


class Product:
    """One product at a time, after a warm-up."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.A, self.B = (rng.random((SIDE, SIDE), np.float32) for _ in range(2))
        self.C = np.empty_like(self.A)
        self.run()

    def run(self) -> None:
        np.matmul(self.A, self.B, out=self.C)

    def describe(self) -> list[dict[str, Any]]:
        """NumPy's BLAS: its name, processor and number of threads."""
        from threadpoolctl import threadpool_info

        keys = ("internal_api", "version", "architecture", "num_threads")
        return [{key: pool.get(key) for key in keys} for pool in threadpool_info() if pool["user_api"] == "blas"]
