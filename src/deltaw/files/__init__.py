"""Files that DeltaW writes: model files and checkpoints (`model.py`), and any output, atomically (`atomic.py`, many at
a time `several.py`) and never over an input (`places.py`).
"""

from __future__ import annotations

from deltaw.files.atomic import check_writable, write_bytes
from deltaw.files.model import CHECKPOINT, MODEL, AnotherFormatError, read, write
from deltaw.files.places import check_inputs_stay, check_outputs, folder, path_of, place_of, unfinished
from deltaw.files.several import Several

__all__ = [
    "CHECKPOINT", "MODEL", "AnotherFormatError", "Several", "check_inputs_stay", "check_outputs", "check_writable",
    "folder", "path_of", "place_of", "read", "unfinished", "write", "write_bytes",
]  # fmt: skip
