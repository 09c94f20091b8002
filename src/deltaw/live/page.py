"""The built page, and how a table comes into it."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files

from deltaw.exceptions import MissingError
from deltaw.live.contents import Contents
from deltaw.speech import say

PAGE = "page.html"
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
    return base64.b64encode(gzip.compress(save(contents.arrays, metadata={"lab": text}), 6, mtime=0))
