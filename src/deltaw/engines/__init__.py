"""One protocol, and the engines that run it: the same step, computed in different ways."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from deltaw.engines.protocol import Engine, Plan
from deltaw.engines.rows import Rows
from deltaw.equations.lookup import lookup
from deltaw.exceptions import MissingError, SettingError
from deltaw.network import Network
from deltaw.speech import say
from deltaw.speech.settings import given_as

# name -> (module, class); a module is imported when its engine is used.
ENGINES = {
    "native": ("deltaw.engines.native", "NativeEngine"),
    "reference": ("deltaw.engines.reference", "ReferenceEngine"),
    "torch": ("deltaw.engines.torch", "TorchEngine"),
}
# Of an engine whose dependency is missing: what is expected, and the remedy.
NEEDS = {
    "native": (
        "engine '{name}': expected its compiled part",
        "install DeltaW with 'pip install .' on a machine with a C++ compiler, or use {reference}",
    ),
    "torch": ("engine '{name}': expected PyTorch", "install it: pip install 'deltaw[torch]'"),
}
# Engine of the training -> default engine of predictions, which needs less.
ANSWERS_BY = {"torch": "native"}


class Choice(NamedTuple):
    """An engine with its settings: "native", "torch('cuda', precision='tf32')".

    Attributes:
        settings: of its class, beside the network and the plan.
    """

    name: str
    settings: dict[str, Any] = {}  # noqa: RUF012

    @property
    def spec(self) -> str:
        """The text from which `choice` makes this again."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items() if value is not None)
        return f"{self.name}({settings})" if settings else self.name


def _torch(device: str | None = None, precision: str = "float32") -> Choice:
    return Choice("torch", {"device": device} | ({} if precision == "float32" else {"precision": precision}))


def choice(spec: str | Choice) -> Choice:
    """The engine that `spec` names. Raises SettingError for any other, and for settings that it does not take."""
    without = {name: partial(_without_settings, name) for name in ENGINES}
    return lookup(without | {"torch": _torch}, spec, Choice, "engine")


def _without_settings(name: str) -> Choice:
    return Choice(name)


def known(name: Any) -> str:
    """The name of an engine, with or without settings. Raises SettingError for any other."""
    return choice(name).name


def on(engine: str, device: str | None) -> str:
    """The engine, to run on a device: as its spec says, or "cpu", "cuda", "cuda:1", "mps".

    Raises:
        SettingError: no such engine, or one that runs on the processor alone.
    """
    chosen = choice(engine)
    if device is None:
        return engine
    if chosen.name != "torch":
        expected = "device: expected engine 'torch', the only one with devices"
        remedy = "use {engine}, or leave the device out"
        raise SettingError(expected, f"'{chosen.name}'", remedy, engine=given_as("engine", "torch"))
    return Choice("torch", chosen.settings | {"device": device}).spec


def instructions() -> str:
    """The instruction set that the native engine uses on this processor, or "none" where the core was not built."""
    try:
        found: list[str] = import_module("deltaw.engines.native").instruction_sets()
    except ImportError:
        return "none"
    return found[0]


def answering(engine: str) -> str:
    """The default engine for the predictions of a model that was trained by `engine`."""
    other = ANSWERS_BY.get(known(engine), engine)
    return engine if other == "native" and instructions() == "none" else other


def is_single(engine: str) -> bool:
    """Whether it computes in float32."""
    return known(engine) != "reference"


def make(spec: str, network: Network, plan: Plan) -> Engine:
    """The engine that `spec` names, loaded with the network's weights.

    Raises:
        SettingError: no engine of that name.
        MissingError: the engine is not installed; says how to install it.
    """
    kind = installed(spec)
    try:
        engine: Engine = kind(network, plan, **choice(spec).settings)
    except MissingError:
        raise
    except ImportError as error:
        raise _missing(known(spec), error) from error
    return engine


def installed(spec: str) -> Any:
    """The class of the engine that `spec` names. Raises as `make`."""
    name = known(spec)
    module, kind = ENGINES[name]
    try:
        return getattr(import_module(module), kind)
    except ImportError as error:
        raise _missing(name, error) from error


def _missing(name: str, error: ImportError) -> MissingError:
    expected, remedy = NEEDS[name]
    found, reference = say("none that loads ({error})", error=error), given_as("engine", "reference")
    return MissingError(expected, found, remedy, name=name, reference=reference)


__all__ = ["ENGINES", "Engine", "Plan", "Rows", "answering", "choice", "installed", "is_single", "known", "make", "on"]
