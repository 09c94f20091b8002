"""A table with every kind of trouble, and settings that learn it in a tenth of a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

QUICK: dict[str, Any] = {"engine": "native", "hidden": 12, "epochs": 16, "learning_rate": 0.05, "batch_size": 16}


def frame(n: int = 240, seed: int = 0) -> pl.DataFrame:
    """Numbers, words, truth values, missing cells and an identifier; `price` and `grade` can be learnt from them."""
    rng = np.random.default_rng(seed)
    size, colour, sunny = rng.normal(20, 5, n), rng.choice(["red", "green", "blue"], n), rng.random(n) < 0.5
    price = 3 * size + 10 * (colour == "red") + 5 * sunny + rng.normal(0, 1, n)
    no_size, no_colour = pl.Series(rng.random(n) < 0.05), pl.Series(rng.random(n) < 0.05)
    return pl.DataFrame(
        {
            "id": np.arange(n) + 1000,
            "size": pl.select(pl.when(no_size).then(None).otherwise(pl.Series(size))).to_series(),
            "colour": pl.select(pl.when(no_colour).then(None).otherwise(pl.Series(colour))).to_series(),
            "sunny": sunny,
            "price": price.round(2),
            "grade": np.where(price > np.quantile(price, 0.7), "high", np.where(sunny, "mid", "low")),
        }
    )
