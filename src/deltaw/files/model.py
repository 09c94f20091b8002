"""Model files and checkpoints: named arrays and one JSON document in a safetensors file. Never pickle.

Layout (https://github.com/huggingface/safetensors#format)::

    8 bytes   n, little-endian: the length of the header, at most 1 MiB
    n bytes   JSON: {name: {dtype, shape, data_offsets}, ..., "__metadata__": {"deltaw": ENVELOPE}}
    the rest  the arrays' bytes, one after another, no gaps

The envelope is JSON again, in a string (safetensors allows only strings there)::

    {"format_version": 1, "sha256": ..., "arrays": {name: [dtype, shape], ...}, "document": {...}}

The digest covers the document, the list of arrays and every array's bytes, so that truncated and damaged files are
errors. It is not a signature: who can write the file can write the digest. A document that is too large for the
header (of a table with 20,000 columns) becomes an array of bytes named `document`. A checkpoint has the same layout
with another key.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np

from deltaw.exceptions import ModelFileError, no_path, reason
from deltaw.files.atomic import write_bytes
from deltaw.given import is_file, name_of
from deltaw.schema import check
from deltaw.speech import say

FORMAT_VERSION = 1
MAX_EMBEDDED = 2**18  # bytes of the document in the header, where escaping may double them
OVERFLOW = "document"

# safetensors' names of the permitted dtypes -> NumPy's.
DTYPES = {"F32": "float32", "F64": "float64", "I32": "int32", "I64": "int64", "U8": "uint8"}

ENVELOPE = {
    "format_version": FORMAT_VERSION,
    "sha256": str,
    "arrays": {str: [(str, [int])]},
    "document": ({str: object}, None),
}
ARRAY = {"dtype": tuple(DTYPES), "shape": [int], "data_offsets": [int]}


class Kind(NamedTuple):
    """A kind of file of this layout.

    Attributes:
        key: of its envelope in the header.
        name: in messages.
        give: the remedy for a file of another kind.
        make: the remedy for a missing or empty file.
        finite: whether all its numbers have to be finite.
        most: limit of the header's bytes.
    """

    key: str
    name: str
    give: str
    make: str
    finite: bool
    most: int


MODEL = Kind("deltaw", "model file", "give a .deltaw file", "make one by `deltaw train` or `Model.save`", True, 2**20)
# Also of diverged trainings, and of thousands of networks.
CHECKPOINT = Kind(
    "deltaw-checkpoint",
    "checkpoint",
    "give a folder of checkpoints",
    "remove it, or start in another folder",
    False,
    2**26,
)

# First bytes of other formats -> their name.
_FOREIGN = {
    b"PK": "a zip file (as PyTorch, Keras or NumPy save)",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"\x89HDF": "an HDF5 file",
    b"GGUF": "a GGUF file",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip file",
}


class AnotherFormatError(ModelFileError):
    """A file of a later format version.

    Attributes:
        document: its document, if present.
    """

    document: Any = None


def write(path: Any, arrays: dict[str, np.ndarray[Any, Any]], document: dict[str, Any], kind: Kind = MODEL) -> None:
    """Write a file of a kind atomically.

    Args:
        path: an existing file is replaced; or a file object.
        arrays: name -> array of a dtype in `DTYPES`; in a model floats must be finite.
        document: plain JSON data.
        kind: of the file.

    Raises:
        OutputError: `path` cannot be written.
        ValueError: an array or the document cannot be stored (a bug of the caller).
    """
    from safetensors.numpy import save

    if OVERFLOW in arrays:
        raise ValueError(f"the name {OVERFLOW!r} is taken by the format")
    stored = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    for name, array in stored.items():
        if array.dtype.name not in DTYPES.values():
            raise ValueError(f"array {name!r} has dtype {array.dtype}, expected one of {', '.join(DTYPES.values())}")
        if kind.finite and not _is_finite(array):
            raise ValueError(f"array {name!r} holds NaN or infinity: the training diverged")
    text = _canonical(document)
    if len(text) > MAX_EMBEDDED:
        stored[OVERFLOW] = np.frombuffer(text.encode(), np.uint8)
    envelope = {
        "format_version": FORMAT_VERSION,
        "sha256": _digest(document, stored),
        "arrays": _specification(stored),
        "document": None if OVERFLOW in stored else document,
    }
    data = save(stored, metadata={kind.key: _canonical(envelope)})
    if int.from_bytes(data[:8], "little") > kind.most:
        raise ValueError(f"{len(arrays)} arrays do not fit into a header of {kind.most} bytes")
    write_bytes(path, data)


def read(path: Any, kind: Kind = MODEL) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """(arrays, document) of a file of a kind, at a path or in a file object.

    Validates sizes, JSON (no duplicate keys, no NaN), names, dtypes, shapes, offsets, the digest, and finite values.
    The caller validates the document's fields.

    Raises:
        ModelFileError: the file is missing, truncated, foreign, damaged; AnotherFormatError: of a later format.
    """
    where = name_of(path)
    header, envelope, data = _read_bytes(path, where, kind)
    arrays = {name: _array(entry, data) for name, entry in header.items()}
    document = envelope["document"]
    if OVERFLOW in arrays:
        document = _parse(arrays[OVERFLOW].tobytes(), where, kind)
    check(document, {str: object}, where)
    if _digest(document, arrays) != envelope["sha256"]:
        _refuse(
            where, "contents that match their SHA-256 digest", "others", "the file is damaged; train or copy it again"
        )
    arrays.pop(OVERFLOW, None)
    for name, array in arrays.items():
        if kind.finite and not _is_finite(array):
            found = say("NaN or infinity in {name!r}", name=name)
            _refuse(where, "finite values", found, "the model cannot be used; train it again")
    return arrays, document


# --- reading, step by step ------------------------------------------------------------------------------------------


def _read_bytes(path: Any, where: str, kind: Kind) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """The header's arrays, the envelope, and the bytes after the header."""
    about = {"where": where, "kind": say(kind.name)}
    try:
        with _opened(path, about, kind) as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(0)
            header, envelope = _read_header(file, where, kind)
            # Before reading, since a forged size could exhaust the memory.
            size = _check_arrays(header, envelope["arrays"], where)
            available = length - file.tell()
            if available != size:
                cut = "the file was cut off or added to; copy it again"
                _refuse(where, say("{n} bytes of arrays", n=size), f"{available}", cut)
            return header, envelope, file.read()
    except ModelFileError:
        raise
    except FileNotFoundError as error:
        found, advice = say("no such file"), "check the path"
        if where == "-":
            found, advice = say("standard input"), "give the path of a file; only rows come from standard input"
        raise ModelFileError("{where}: expected a {kind}", found, advice, **about) from error
    except IsADirectoryError as error:
        found, advice = say("a folder"), "give the .deltaw file in it"
        raise ModelFileError("{where}: expected a {kind}", found, advice, **about) from error
    except (OSError, ValueError) as error:
        found = reason(error) if isinstance(error, OSError) else str(error)
        raise ModelFileError("{where}: expected a readable {kind}", found, "check the path", **about) from error


def _opened(source: Any, about: dict[str, str], kind: Kind) -> BinaryIO:
    """A path's file, or a file object's bytes."""
    if is_file(source):
        found = source.read()
        if not isinstance(found, bytes | bytearray | memoryview):
            raise ModelFileError("{where}: expected a {kind}", type(found).__name__, "open it with 'rb'", **about)
        if not found:
            again = say("nothing to read, or nothing more: it is read once")
            raise ModelFileError("{where}: expected a {kind}", again, "go back to its beginning: file.seek(0)", **about)
        return io.BytesIO(found)
    if found := no_path(source):
        raise ModelFileError("expected the path of a {kind}", found, "check the path", kind=about["kind"])
    mode = Path(source).stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe may block
        raise ModelFileError("{where}: expected a {kind}", say("a pipe or a device"), kind.give, **about)
    return Path(source).open("rb")


def _read_header(file: BinaryIO, where: str, kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header's arrays and the envelope, validated."""
    header = _parse(_read_header_bytes(file, where, kind), where, kind)
    stored = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(stored, dict) or kind.key not in stored:
        _refuse(where, _ours(kind), "another JSON header", kind.give)
    check(header, {str: (ARRAY, {kind.key: str})}, where)
    metadata = header.pop("__metadata__")
    check(metadata, {kind.key: str}, where)
    envelope = _parse(metadata[kind.key].encode("utf-8", "surrogatepass"), where, kind)
    _check_version(envelope, where)
    check(envelope, ENVELOPE, where)
    return header, envelope


def _read_header_bytes(file: BinaryIO, where: str, kind: Kind) -> bytes:
    start = file.read(8)
    if not start:
        _refuse(where, say("a {kind}", kind=say(kind.name)), "an empty file", kind.make)
    for magic, name in _FOREIGN.items():
        if start.startswith(magic):
            _refuse(where, _ours(kind), name, kind.give)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or not 2 <= length <= kind.most:
        _refuse(where, _ours(kind), "another kind of file", kind.give)
    header = file.read(length)
    if len(header) < length:
        found = f"{len(header)}"
        remedy = say("the file was cut off or is not DeltaW's; {give}", give=say(kind.give))
        _refuse(where, say("a header of {n} bytes", n=length), found, remedy)
    return header


def _check_version(envelope: Any, where: str) -> None:
    version = envelope.get("format_version") if isinstance(envelope, dict) else None
    if type(version) is int and version > FORMAT_VERSION:
        wanted, update = (
            "{where}: expected format version {n}",
            "it was written by a later DeltaW: pip install -U deltaw",
        )
        error = AnotherFormatError(wanted, f"{version}", update, where=where, n=FORMAT_VERSION)
        error.document = envelope.get("document")
        raise error


def _check_arrays(header: dict[str, Any], specification: dict[str, Any], where: str) -> int:
    """Compare the header's entries with the envelope's; return the number of bytes of all arrays."""
    found = {name: [DTYPES.get(entry.get("dtype")), entry.get("shape")] for name, entry in header.items()}
    if found != specification:
        names = sorted(n for n in {*found, *specification} if found.get(n) != specification.get(n))
        expected = say("the arrays that its description lists ({name!r} differs)", name=names[0])
        _refuse(where, expected, "others", "the file is damaged")
    end = 0
    for entry in sorted(header.values(), key=lambda entry: entry["data_offsets"]):
        size = math.prod(entry["shape"]) * np.dtype(DTYPES[entry["dtype"]]).itemsize
        if min(entry["shape"], default=0) < 0 or entry["data_offsets"] != [end, end + size]:
            expected = say("an array at bytes {begin} to {end}", begin=end, end=end + size)
            _refuse(where, expected, f"{entry['data_offsets']}", "the file is damaged")
        end += size
    return end


def _array(entry: dict[str, Any], data: bytes) -> np.ndarray[Any, Any]:
    begin, end = entry["data_offsets"]
    dtype = np.dtype(DTYPES[entry["dtype"]]).newbyteorder("<")
    return np.frombuffer(data[begin:end], dtype).astype(DTYPES[entry["dtype"]]).reshape(entry["shape"])


def _parse(data: bytes, where: str, kind: Kind) -> Any:
    """Strict JSON: no duplicate keys, no NaN, no numbers beyond float64 or int64, no lone surrogates."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(items)
        if len(fields) != len(items):
            raise ValueError(say("a duplicate key"))
        return fields

    def finite(text: str) -> float:
        if not math.isfinite(value := float(text)):
            raise ValueError(say("the number {text}", text=text[:20]))
        return value

    def whole(text: str) -> int:
        if not -(2**63) <= (value := int(text)) < 2**63:
            raise ValueError(say("the number {text}", text=text[:20]))
        return value

    hooks: dict[str, Any] = {
        "object_pairs_hook": pairs,
        "parse_float": finite,
        "parse_constant": finite,
        "parse_int": whole,
    }
    try:
        value = json.loads(data.decode(), **hooks)
        _canonical(value, ensure_ascii=False).encode()  # lone surrogates cannot be printed
        return value
    except (ValueError, RecursionError) as error:
        found = " ".join(str(error).split())[:80]
        _refuse(where, _ours(kind), say("{found} in its header", found=found), kind.give)


def _ours(kind: Kind) -> str:
    return say("a {kind} that DeltaW wrote", kind=say(kind.name))


def _refuse(where: str, expected: str, found: str, remedy: str) -> NoReturn:
    """Raise ModelFileError; all arguments but `where` are sentences."""
    raise ModelFileError(say("{where}: expected {expected}", where=where, expected=say(expected)), say(found), remedy)


# --- shared by reading and writing ------------------------------------------------------------------------------------


def _specification(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    return {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()}


def _digest(document: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> str:
    digest = hashlib.sha256(_canonical([document, _specification(arrays)]).encode())
    for name in sorted(arrays):
        digest.update(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _canonical(value: Any, ensure_ascii: bool = True) -> str:
    """Canonical JSON: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=ensure_ascii)


def _is_finite(array: np.ndarray[Any, Any]) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
