"""PyTorch says what the list says, where it is installed; what is refused needs no PyTorch to be known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import zoo
from test_program import program_of

import deltaw
from deltaw.exceptions import SettingError
from deltaw.export import program, proof
from deltaw.export.forms import torch as ours


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="PyTorch is not installed")


def numbers_only(task: str, networks: int = 1) -> deltaw.Model:
    table = zoo.frame().drop("colour", "odd", "sunny", "answer", *(name for name in zoo.TARGETS if name != task))
    return deltaw.fit(table, task, networks=networks, **zoo.QUICK)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("target", ["grade", "cost", "yes"])
def test_a_module_says_what_the_list_says(torch: Any, target: str, networks: int) -> None:
    model = numbers_only(target, networks)
    module, check = model.to_torch(), proof.check_of(program_of(model), 300)
    x = torch.from_numpy(np.array(check["rows"], dtype=np.float64))
    with torch.no_grad():
        assert proof.differences(check, module(x).numpy(), check["labels"])[0] <= 1
    assert len(list(module.parameters())) == 2 * sum(len(network.weights) for network in model.members)


def test_every_activation(torch: Any) -> None:
    made = program.of_network(zoo.every_activation())
    check = proof.check_of(made, 100)
    with torch.no_grad():
        found = ours.to_torch(made)(torch.from_numpy(np.array(check["rows"]))).numpy()
    assert proof.differences(check, found, None)[0] <= 1


def test_there_and_back(torch: Any) -> None:
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Linear(4, 7), nn.GELU(), nn.Dropout(0.2), nn.Linear(7, 5, bias=False), nn.LeakyReLU(), nn.Linear(5, 3),
        nn.Softmax(dim=1),
    ).eval()  # fmt: skip
    net = deltaw.from_torch(theirs)
    assert (net.sizes, net.activations) == ([4, 7, 5, 3], ["gelu", "leaky_relu", "softmax"])
    assert net.bias == [True, False, True]
    x = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(net.forward(x), theirs(torch.from_numpy(x)).numpy(), rtol=1e-4, atol=1e-6)
    for layers in (
        [nn.Linear(2, 2), nn.LeakyReLU(0.2)],
        [nn.ReLU()],
        [nn.Linear(2, 2), nn.Tanh(), nn.ReLU()],
        [nn.GRU(2, 2)],
    ):
        with pytest.raises(SettingError, match="from_torch: expected"):
            deltaw.from_torch(nn.Sequential(*layers))


def test_words_are_refused(torch: Any) -> None:
    with pytest.raises(SettingError, match='words in "colour"'):
        zoo.model("target grade").to_torch()


def test_dates_and_numbers_are_columns() -> None:
    assert set(numbers_only("grade").program().kinds.values()) == {"number", "date"}
    assert isinstance(zoo.frame(), pl.DataFrame)
