"""`Plain`: data whose pickles and copies hold its fields alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


class Plain:
    """A mixin for dataclasses that keep what they work out (`cached_property`): that is not part of their state.

    So a pickle is the same before and after its object was used, and a copy works everything out for itself.
    """

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
