"""What DeltaW leaves on disk: model files, and the one way in which any output is written."""

from __future__ import annotations

from deltaw.files.atomic import check_writable, write_bytes
from deltaw.files.model import read, write

__all__ = ["check_writable", "read", "write", "write_bytes"]
