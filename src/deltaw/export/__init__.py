"""Exports: a trained model, with its preparation, as a file that needs no DeltaW.

    model.export("m.c")                      # or .mjs, .py, .onnx, .sql
    deltaw.export(network, "n.c")            # a network alone
    deltaw.export.recheck("m.c", "m.check.json")

`program` writes a model as a list of `operations` on a row, `interpreter` runs that list. Each form (language) of
`forms` writes the list in a file of its own. `proof` draws rows with the expected answers, `runners` run a form on
them, `exporting` does all of it.
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

# Public name -> module, imported on first use: every model imports this package, and few are exported.
_HOMES = {
    "DIALECTS": "forms.table",
    "FORMS": "forms.table",
    "Exported": "exporting",
    "Program": "operations",
    "export": "exporting",
    "recheck": "exporting",
}
__all__ = ["DIALECTS", "FORMS", "Exported", "Program", "export", "recheck"]


if not TYPE_CHECKING:  # which would take every name for one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'deltaw.export' has no attribute '{name}'")
        return getattr(import_module(f"deltaw.export.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


class ExportRoom(ModuleType):
    """The package is callable: `deltaw.export(network, "n.c")` is `deltaw.export.exporting.export`."""

    if TYPE_CHECKING:  # of a module that is called, type checkers know no more than is said here
        __call__, recheck = staticmethod(export), staticmethod(recheck)
    else:

        def __call__(self, *arguments: Any, **choices: Any) -> Exported:
            from deltaw.export.exporting import export

            return export(*arguments, **choices)


sys.modules[__name__].__class__ = ExportRoom
