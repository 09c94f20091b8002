"""Files that travel: a trained model, with its preparation, wherever it is needed.

    model.export("m.c")                      # or .mjs, .py, .onnx, .sql
    deltaw.export(network, "n.c")            # a network alone
    deltaw.export.recheck("m.c", "m.check.json")

`operations` says what there is to do with a row, `program` writes a model as a list of that, `interpreter` runs it.
Each form is that list in another language, in a file of its own; `forms` is the table of them. `proof` draws rows and
says what is expected of them, `runners` run a form on them, `exporting` does all of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaw.export.exporting import Exported, export, recheck
    from deltaw.export.forms.table import DIALECTS, FORMS
    from deltaw.export.operations import Program

# Public name -> where it lives. Loaded when first asked for: every model knows this room, and few are exported.
_HOMES = {
    "DIALECTS": "forms.table",
    "FORMS": "forms.table",
    "Exported": "exporting",
    "Program": "operations",
    "export": "exporting",
    "recheck": "exporting",
}
__all__ = ["DIALECTS", "FORMS", "Exported", "Program", "export", "recheck"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'deltaw.export' has no attribute '{name}'")
    return getattr(import_module(f"deltaw.export.{_HOMES[name]}"), name)


class _Room(ModuleType):
    """The room is a function, too: `deltaw.export(network, "n.c")`."""

    def __call__(self, *arguments: Any, **choices: Any) -> Exported:
        from deltaw.export.exporting import export

        return export(*arguments, **choices)


sys.modules[__name__].__class__ = _Room
