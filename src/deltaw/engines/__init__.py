"""One protocol, and the engines that run it: the same step, computed in different ways."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from deltaw.engines.protocol import Engine, Plan
from deltaw.engines.rows import Rows
from deltaw.exceptions import MissingError, SettingError
from deltaw.network import Network
from deltaw.speech import say

# name -> (module, class); a module is imported when its engine is asked for.
ENGINES = {
    "native": ("deltaw.engines.native", "NativeEngine"),
    "reference": ("deltaw.engines.reference", "ReferenceEngine"),
}


def known(name: Any) -> str:
    """The name of an engine. Raises SettingError for any other."""
    if not isinstance(name, str) or name not in ENGINES:
        raise SettingError(
            "engine: expected one of {engines}", repr(name), "choose one of these", engines=", ".join(ENGINES)
        )
    return name


def instructions() -> str:
    """The instruction set that the native engine uses on this processor, or "none" where the core was not built."""
    try:
        found: list[str] = import_module("deltaw.engines.native").instruction_sets()
    except ImportError:
        return "none"
    return found[0]


def make(name: str, network: Network, plan: Plan) -> Engine:
    """The engine `name`, loaded with the network's weights.

    Raises:
        SettingError: no engine of that name.
        MissingError: the engine is not installed; says how to install it.
    """
    module, kind = ENGINES[known(name)]
    try:
        made = getattr(import_module(module), kind)
    except ImportError as error:
        raise MissingError(
            "engine '{name}': expected its compiled part",
            say("none that loads ({error})", error=error),
            "install DeltaW with 'pip install .' on a machine with a C++ compiler, or use engine='reference'",
            name=name,
        ) from error
    engine: Engine = made(network, plan)
    return engine


__all__ = ["ENGINES", "Engine", "Plan", "Rows", "known", "make"]
