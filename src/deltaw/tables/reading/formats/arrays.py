"""Arrays of numbers: NumPy's NPZ and MNIST's IDX."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.reading.formats.pixels import image_block, image_frame, square
from deltaw.tables.reading.frames import plain
from deltaw.tables.reading.loading import check_archive, undamaged
from deltaw.tables.table import Block, Table, listing

Array = np.ndarray[Any, np.dtype[Any]]

LABEL = "label"

# Names of inputs and labels in NPZ files, for training and test.
NPZ_NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("X_train", "y_train", "X_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("X", "y", "X_test", "y_test"),
    ("x", "y", "x_test", "y_test"),
    ("images", "labels", "test_images", "test_labels"),
    ("data", "target", "test_data", "test_target"),
)

# The third byte of an IDX file -> the type of its numbers, big-endian.
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_npz(data: bytes, source: str, most: int) -> Table:
    """Inputs (n, features) or images (n, rows, columns[, channels]) and labels (n,) from a NumPy archive.

    Args:
        data: the file's bytes.
        source: the file's name in messages.
        most: limit of the decompressed bytes.

    Raises:
        TableError: unreadable or too large, or without arrays with names in NPZ_NAMES that fit together.
    """
    check_archive(data, source, what := say("a NumPy archive (NPZ)"), most)
    with undamaged(source, what, say("write it again with numpy.savez(file, x_train=…, y_train=…)")):
        archive = np.load(io.BytesIO(data), allow_pickle=False)
        members = {name: archive[name] for name in archive.files}
    arrays = {name: each for name, each in members.items() if isinstance(each, np.ndarray)}  # others are read as bytes
    names = next((names for names in NPZ_NAMES if names[0] in arrays), None)
    if names is None:
        found = listing(arrays) or say("no arrays")
        raise TableError(
            "{source}: expected arrays called x_train and y_train, or X and y", found, "rename them", source=source
        )
    for name in filter(arrays.__contains__, names):
        if arrays[name].dtype.kind not in "buifUS":
            found = say("the type {dtype}", dtype=arrays[name].dtype)
            line = '{source}: expected numbers or text in "{name}"'
            raise TableError(line, found, "convert the array first", source=source, name=name)
        if _is_no_text(arrays[name]):
            found, line = say("signs that Unicode does not have"), '{source}: expected numbers or text in "{name}"'
            raise TableError(line, found, REMEDY, source=source, name=name)
    train, labels, test, test_labels = (arrays.get(name) for name in names)
    assert train is not None
    return _table(source, (train, labels), (test, test_labels))


def _is_no_text(array: Array) -> bool:
    """Whether signs of text are beyond those of Unicode, which Python makes no text of."""
    signs = np.ascontiguousarray(array).view(array.dtype.str[0] + "u4") if array.dtype.kind == "U" else ()
    return bool(np.max(signs, initial=0) > sys.maxunicode)


def read_idx(data: bytes, source: str, path: Path, load: Callable[[Path], bytes]) -> Table:
    """Images or labels in the format of MNIST, with the corresponding labels or images and test images in its folder.

    Args:
        data: the file's bytes, decompressed.
        source: the file's name in messages.
        path: of the file; the others have the usual names (train-images-idx3-ubyte, t10k-labels-idx1-ubyte.gz, …).
        load: reads and decompresses one of these.

    Raises:
        TableError: a file is truncated or not IDX, or images and labels do not fit together.
    """
    array = idx_array(data, source)
    if array.ndim > 1:
        images, labels, images_path = array, _beside(path, _LABELS, load), path
    else:
        found = _beside(path, _IMAGES, load)
        if found is None:
            raise TableError(
                "{source}: expected images", say("labels alone"), "give the file of the images", source=source
            )
        images, labels, images_path = found, array, _renamed(path, _IMAGES)
    test_path = _renamed(images_path, _TEST)
    return _table(source, (images, labels), (_beside(images_path, _TEST, load), _beside(test_path, _LABELS, load)))


def idx_array(data: bytes, source: str) -> Array:
    """The array in an IDX file: two zero bytes, the type, the number of dimensions, their sizes, the numbers."""
    kind, shape = idx_header(data, source)
    begin = 4 + 4 * len(shape)
    expected, found = math.prod(shape) * kind.itemsize, len(data) - begin
    if expected != found:
        said = say("{source}: expected {n:,} bytes of numbers, as its header says", source=source, n=expected)
        raise TableError(said, f"{found:,}", REMEDY)
    return np.frombuffer(data, kind, offset=begin).reshape(shape).astype(kind.newbyteorder("="))


def idx_header(data: bytes, source: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape in the header of an IDX file. Raises TableError if it is invalid."""
    dimensions = data[3] if len(data) >= 4 else 0
    good = data[:2] == b"\0\0" and 0 < dimensions <= MOST_DIMENSIONS and len(data) >= 4 + 4 * dimensions
    if not good or data[2] not in IDX_TYPES:
        raise TableError(say("{source}: expected an IDX file", source=source), say("an unreadable header"), REMEDY)
    return np.dtype(IDX_TYPES[data[2]]), tuple(np.frombuffer(data, ">u4", dimensions, offset=4).tolist())


REMEDY = "fetch the file again"
MOST_DIMENSIONS = 32  # images have three or four; NumPy allows 32 or 64

# Parts of the usual names of IDX files -> those of the corresponding file.
_LABELS = (("images", "labels"), ("idx3", "idx1"))
_IMAGES = (("labels", "images"), ("idx1", "idx3"))
_TEST = (("train", "t10k"),)


def _renamed(path: Path, parts: tuple[tuple[str, str], ...]) -> Path:
    name = path.name
    for old, new in parts:
        name = name.replace(old, new)
    return path.with_name(name)


def siblings(path: Path) -> tuple[Path, ...]:
    """The files that `read_idx` looks for in the folder of this one, compressed or not."""
    images = _renamed(path, _IMAGES)
    names = (path, images, _renamed(path, _LABELS), _renamed(images, _TEST), _renamed(_renamed(images, _TEST), _LABELS))
    return tuple(each for name in names for each in _spellings(name) if each != path)


def _spellings(path: Path) -> tuple[Path, Path, Path]:
    return path, path.with_name(path.name + ".gz"), path.with_name(path.name.removesuffix(".gz") or path.name)


def _beside(path: Path, parts: tuple[tuple[str, str], ...], load: Callable[[Path], bytes]) -> Array | None:
    """The array of the file whose name differs by `parts`, compressed or not; None if there is none."""
    sibling = _renamed(path, parts)
    found = next((each for each in _spellings(sibling) if sibling.name != path.name and each.is_file()), None)
    return None if found is None else idx_array(load(found), str(found))


def _table(source: str, train: tuple[Array, Array | None], test: tuple[Array | None, Array | None]) -> Table:
    (inputs, labels), (test_inputs, test_labels) = train, test
    frame, blocks = _frame(source, inputs, labels)
    test_frame = None
    if test_inputs is not None and (test_labels is None) == (labels is None):
        test_frame, _ = _frame(source, test_inputs, test_labels)
        if test_frame.columns != frame.columns:
            found = say("{first} and {others}", first=test_inputs.shape[1:], others=inputs.shape[1:])
            raise TableError(
                "{source}: expected test inputs of the training inputs' shape", found, "mend the file", source=source
            )
    return Table(frame, source, test_frame, None if labels is None else LABEL, blocks)


def _frame(source: str, inputs: Array, labels: Array | None) -> tuple[pl.DataFrame, tuple[Block, ...]]:
    """(frame with the label first, if any; the block if the inputs are images)."""
    inputs = inputs.astype(np.float32) if inputs.dtype == np.float16 else inputs  # Polars has no half precision
    if inputs.ndim < 2 or inputs.size == 0:
        found = say("the shape {shape}", shape=inputs.shape)
        raise TableError(
            "{source}: expected inputs of shape (rows, features)", found, "give at least one row", source=source
        )
    if labels is not None and labels.shape != inputs.shape[:1] and labels.shape != (len(inputs), 1):
        found = say("labels of shape {shape}", shape=labels.shape)
        wanted = "{source}: expected one label for each of the {n:,} inputs"
        raise TableError(wanted, found, "mend the file", source=source, n=len(inputs))
    blocks: tuple[Block, ...] = ()
    sides = square(inputs.shape[1]) if inputs.ndim == 2 and inputs.dtype == np.uint8 else None
    images = inputs.reshape(len(inputs), *sides) if sides else inputs
    if images.ndim > 2 and images.dtype.kind in "uif":
        frame, blocks = image_frame(images), (image_block(images),)
    else:
        columns = enumerate(np.ascontiguousarray(inputs.reshape(len(inputs), -1).T))
        frame = pl.DataFrame([pl.Series(f"column_{i + 1}", column) for i, column in columns])
    if labels is not None:
        frame = frame.insert_column(0, pl.Series(LABEL, labels.reshape(-1)))
    return plain(frame, source), blocks
