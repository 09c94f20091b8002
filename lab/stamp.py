"""Which sources a built page of the lab was made of: `python lab/stamp.py PAGE` puts their hash at its end.

The page is built rarely and committed, so that neither users nor wheels need node or zig; a test compares the hash.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("lab", "native", "src/deltaw/lessons/words")
BUILT = {"node_modules", "dist", "build", "__pycache__", "tests", "core.gen.ts"}
STAMP = re.compile(rb"\n<!-- built of ([0-9a-f]{64}) -->\n\Z")


def sources() -> str:
    """SHA-256 over names and bytes of all that a page is built of."""
    digest = hashlib.sha256()
    files = (path for place in PLACES for path in (ROOT / place).rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.relative_to(ROOT).as_posix()):
        name = path.relative_to(ROOT)
        if not BUILT & set(name.parts):
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def stamp(page: Path) -> None:
    """Replace the hash at the end of a page."""
    page.write_bytes(STAMP.sub(b"", page.read_bytes()) + f"\n<!-- built of {sources()} -->\n".encode())


if __name__ == "__main__":
    stamp(Path(sys.argv[1]))
