"""The facts without which a number says nothing: processor, cores, versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deltaw import __version__
from deltaw.bench.peers import PEERS
from deltaw.engines.native import instruction_sets
from deltaw.threads import processors

PACKAGES = {"numpy", "scipy", "scikit-learn"} | {peer.package for peer in PEERS.values() if peer.package}


def facts() -> dict[str, Any]:
    """As JSON has it."""
    return {
        "processor": processor(),
        "cores": processors(),
        "instruction_sets": instruction_sets(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {"deltaw": __version__} | {name: found for name in sorted(PACKAGES) if (found := _version(name))},
    }


def processor() -> str:
    """Its name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
