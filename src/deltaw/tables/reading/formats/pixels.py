"""Images as columns: one per pixel, and a `Block` for their common scale."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from deltaw.tables.table import Block

BYTE = (0.0, 255.0)
SMALLEST = 64  # pixels; fewer columns of small integers are probably not an image

FAINTEST = 16  # largest value of images on another scale than 0…255

# A header that names pixels: pixel0, pixel_3_4, px12, and Kaggle's 1x1.
PIXEL_NAME = re.compile(r"(pixel|px)[_ ]?\d+([_x]\d+)*|\d+x\d+", re.IGNORECASE)


def pixel_names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """pixel_0_0, pixel_0_1, … row by row for images of (rows, columns[, channels])."""
    return tuple("pixel_" + "_".join(map(str, place)) for place in product(*map(range, shape)))


def image_frame(images: np.ndarray[Any, Any]) -> pl.DataFrame:
    """One column per pixel from images of shape (n, rows, columns[, channels]), of the same type."""
    columns = np.ascontiguousarray(images.reshape(len(images), -1).T)
    return pl.DataFrame([pl.Series(n, c) for n, c in zip(pixel_names(images.shape[1:]), columns, strict=True)])


def image_block(images: np.ndarray[Any, Any]) -> Block:
    """The block for images of shape (n, rows, columns[, channels]): bytes have 0…255, other numbers their own range."""
    low, high = BYTE if images.dtype == np.uint8 else (min(0.0, float(images.min())), max(1.0, float(images.max())))
    return Block("pixels", pixel_names(images.shape[1:]), low, high, images.shape[1:])


def square(count: int) -> tuple[int, int] | None:
    """The sides of a square image of `count` pixels, or None."""
    side = math.isqrt(count)
    return (side, side) if count >= SMALLEST and side * side == count else None


def find_images(frame: pl.DataFrame, named: bool) -> tuple[pl.DataFrame, str | None, tuple[Block, ...]]:
    """Recognise square images in a CSV: without a header (label, pixels 0…255), or with names of pixels.

    Args:
        frame: the file's columns.
        named: whether it has a header.

    Returns:
        The frame (with names "label" and "pixel_row_column" if it had none), the label's name, and the block; without
        images the same frame, None and ().
    """
    nothing = (frame, None, ())
    if named:
        pixels = [name for name in frame.columns if PIXEL_NAME.fullmatch(name)]
        others = [name for name in frame.columns if not PIXEL_NAME.fullmatch(name)]
    else:
        others = [] if square(frame.width) else frame.columns[:1]
        pixels = frame.columns[len(others) :]
    shape = square(len(pixels))
    if shape is None or len(others) > 1 or not _are_bytes(frame, pixels):
        return nothing
    if not named:
        names = dict(zip(pixels, pixel_names(shape), strict=True))
        frame = frame.rename(names | dict.fromkeys(others, "label"))
        pixels, others = list(names.values()), ["label"] * len(others)
    frame = frame.with_columns(frame[name].cast(pl.UInt8) for name in pixels)
    return frame, others[0] if others else None, (Block("pixels", tuple(pixels), *BYTE, shape),)


def _are_bytes(frame: pl.DataFrame, names: list[str]) -> bool:
    """Whether the columns are integers 0…255 without missing cells, and some beyond FAINTEST."""
    part = frame[names]
    if not all(kind.is_integer() for kind in part.dtypes) or part.is_empty():
        return False
    lowest, highest = part.min().min_horizontal()[0], part.max().max_horizontal()[0]
    missing = part.null_count().sum_horizontal()[0]
    return bool(missing == 0 and lowest >= BYTE[0] and FAINTEST < highest <= BYTE[1])
