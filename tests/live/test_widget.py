"""The lab in a notebook: what the page tells becomes a network."""

from __future__ import annotations

import numpy as np
import pytest

import deltaw
from deltaw.exceptions import SettingError
from deltaw.live import page
from deltaw.live.write import contents

pytest.importorskip("anywidget")


def test_weights_come_back() -> None:
    lab = deltaw.Lab("iris", seed=4, hidden=(5,))
    assert lab.page == page.filled(contents("iris", None, None, None, {"seed": 4, "hidden": (5,)})).decode()
    with pytest.raises(SettingError, match="expected a page that is shown"):
        _ = lab.network
    like = deltaw.Network([4, 5, 3], ["mish", "softmax"], seed=9)
    told = [np.asarray(a, "<f4").ravel() for W, b in zip(like.weights, like.biases, strict=True) for a in (W, b)]
    lab.set_state({"weights": memoryview(np.concatenate(told).tobytes())})  # as a kernel does
    X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    assert lab.network.activations == like.activations
    assert np.allclose(deltaw.Predictor(lab.network)(X), deltaw.Predictor(like)(X), rtol=1e-6)
    lab.told = {"inputs": 9}  # columns can be chosen on the page
    with pytest.raises(SettingError, match="expected weights of every layer"):
        _ = lab.network
    lab.told = {}
    lab.settings = lab.settings | {"layers": [{"units": 7, "activation": "relu"}, *lab.settings["layers"]]}
    with pytest.raises(SettingError, match="expected weights of every layer"):
        _ = lab.network
