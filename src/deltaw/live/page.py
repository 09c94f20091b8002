"""The built page, and how a table comes into it."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from deltaw.exceptions import MissingError
from deltaw.live.contents import Contents
from deltaw.speech import say

PAGE = "page.html"
FEW = 256  # different numbers that a byte can tell apart
PLACE = b'<script type="text/plain" id="table"></script>'  # where the table goes; lab/src/engine/types.ts says how


def empty() -> bytes:
    """The page without a table. Raises MissingError where it was not built."""
    page = files(__package__) / PAGE
    try:
        return page.read_bytes()
    except FileNotFoundError:
        raise MissingError(
            "the lab: expected its built page", say("none"), "run make lab, or install a wheel"
        ) from None


def filled(contents: Contents) -> bytes:
    """The page with a table in it: letters of base64 alone, so nothing in the table can be taken for markup."""
    before, found, after = empty().partition(PLACE)
    assert found, f"{PAGE} has no {PLACE!r}"
    return b"".join([before, PLACE.replace(b"></", b">" + packed(contents) + b"</"), after])


def packed(contents: Contents) -> bytes:
    """Base64 of gzip of a safetensors file; the same contents give the same bytes."""
    from safetensors.numpy import save

    text = json.dumps(contents.document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    arrays = {name: array for name, array in contents.arrays.items() if name != "inputs"} | _few(
        contents.arrays["inputs"]
    )
    return base64.b64encode(gzip.compress(save(arrays, metadata={"lab": text}), 6, mtime=0))


def _few(X: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """Inputs of few different numbers, as of pixels, as places in a list of these: a quarter to unpack; else as is."""
    bits = np.ascontiguousarray(X).view(np.uint32)  # −0 is not 0
    known = np.unique(bits[:FEW])
    if len(known) <= FEW:
        known = np.unique(np.concatenate([known, bits[~np.isin(bits, known)]]))
    if not len(known) or len(known) > FEW:
        return {"inputs": X}
    return {"inputs.place": np.searchsorted(known, bits).astype(np.uint8), "inputs.value": known.view(np.float32)}
