"""DeltaW: small neural networks that train fast, show every number, and say why when they don't learn.

    import deltaw
    model = deltaw.fit("flowers.csv", target="species")
    model.predict("new_flowers.csv")

or, with arrays, `deltaw.Network` and `deltaw.train`. Each has an example in its `help`:

    tables        fit, load, Model, read, crossval, tune, predict_batches
    networks      Network, train, train_pack, Predictor, EarlyStopping, History, Encoded, from_torch
    why and how   explain (the numbers of a step), doctor (why a network does not learn), lessons, lab, Lab
    elsewhere     export, sklearn (estimators), callbacks, language
    errors        DeltaWError, InputError, TrainingInterrupted
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deltaw.allocators import giving_back as _giving_back
from deltaw.forks import watch as _watch

if TYPE_CHECKING:
    from deltaw import callbacks, doctor, explain, lessons
    from deltaw.engines.predictor import Predictor
    from deltaw.equations.encoded import Encoded
    from deltaw.exceptions import DeltaWError, InputError, TrainingInterrupted
    from deltaw.export import ExportRoom
    from deltaw.export.forms.torch import from_torch
    from deltaw.languages import language
    from deltaw.live import lab
    from deltaw.live.widget import Lab
    from deltaw.models import Model, crossval, fit, load, predict_batches, tune
    from deltaw.network import Network
    from deltaw.tables import read
    from deltaw.training import EarlyStopping, History, train, train_pack

    export: ExportRoom

__version__ = "0.1.0"

_watch()

# Public name -> where it lives. Loaded when first asked for, so that `import deltaw` itself costs nothing.
_HOMES = {
    "DeltaWError": "deltaw.exceptions",
    "EarlyStopping": "deltaw.training",
    "Encoded": "deltaw.equations.encoded",
    "History": "deltaw.training",
    "InputError": "deltaw.exceptions",
    "Lab": "deltaw.live.widget",
    "Model": "deltaw.models",
    "Network": "deltaw.network",
    "Predictor": "deltaw.engines.predictor",
    "TrainingInterrupted": "deltaw.exceptions",
    "crossval": "deltaw.models",
    "fit": "deltaw.models",
    "from_torch": "deltaw.export.forms.torch",
    "lab": "deltaw.live",
    "language": "deltaw.languages",
    "load": "deltaw.models",
    "predict_batches": "deltaw.models",
    "read": "deltaw.tables",
    "train": "deltaw.training",
    "train_pack": "deltaw.training",
    "tune": "deltaw.models",
}
# Commands that Python has by another name.
_ELSEWHERE = {
    "derive": "deltaw.explain.derivation",
    "evaluate": "Model.evaluate",
    "importance": "Model.importance",
    "lesson": "deltaw.lessons",
    "predict": "Model.predict",
}
# Rooms that are public as a whole: `deltaw.explain.step(…)` works after `import deltaw` alone.
_ROOMS = {"callbacks", "doctor", "explain", "export", "lessons"}
__all__ = [
    "DeltaWError",
    "EarlyStopping",
    "Encoded",
    "History",
    "InputError",
    "Lab",
    "Model",
    "Network",
    "Predictor",
    "TrainingInterrupted",
    "__version__",
    "callbacks",
    "crossval",
    "doctor",
    "explain",
    "export",
    "fit",
    "from_torch",
    "lab",
    "language",
    "lessons",
    "load",
    "predict_batches",
    "read",
    "train",
    "train_pack",
    "tune",
]


if not TYPE_CHECKING:  # which would take every name for one

    def __getattr__(name: str) -> Any:
        if name not in _ROOMS and name not in _HOMES:
            instead = f"; it is {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
            raise AttributeError(f"module 'deltaw' has no attribute '{name}'{instead}")
        with _giving_back():
            if name in _ROOMS:
                return import_module(f"deltaw.{name}")
            value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
