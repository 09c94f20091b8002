"""Which engine: a name with its settings; and what is said where one is not there."""

from __future__ import annotations

import sys

import pytest

from deltaw import Network, engines, fit, train
from deltaw.exceptions import MissingError, SettingError

NETWORK = Network([2, 1])


def test_pytorch_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("deltaw.engines.") and name.endswith("torch")]:
        monkeypatch.delitem(sys.modules, name)
    said = r"^engine 'torch': expected PyTorch, .*pip install 'deltaw\[torch\]'$"
    with pytest.raises(MissingError, match=said):
        train(NETWORK.copy(), [[1.0, 2.0]], [1.0], engine="torch")
    with pytest.raises(MissingError, match=said):
        fit("nobody looks for this file before.csv", "y", engine="torch(precision='tf32')")


@pytest.mark.parametrize(
    ("engine", "device", "spec"),
    [
        ("native", None, "native"), ("torch", None, "torch"), ("torch", "cuda:1", "torch(device='cuda:1')"),
        ("torch('cpu')", "mps", "torch(device='mps')"), ("torch('cpu')", None, "torch('cpu')"),
        ("torch(precision='tf32')", "cuda", "torch(device='cuda', precision='tf32')"),
    ],
)  # fmt: skip
def test_on_a_device(engine: str, device: str | None, spec: str) -> None:
    assert engines.on(engine, device) == spec
    assert engines.choice(spec).name == engines.known(engine)


def test_a_device_is_of_torch_alone() -> None:
    with pytest.raises(SettingError, match=r"^device: expected engine 'torch'.*engine='torch'"):
        engines.on("native", "cuda")
    for spec in ("trch", "native('cuda')", 3):
        with pytest.raises(SettingError, match=r"^engine: "):
            engines.known(spec)
