"""Every number that the lab shows of a row, a link and a layer is that of the equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine import ask
from setups import by_baseline, data, network, settings, trained
from test_lab_bits import CLASSES, OUTPUT, SIGNS, UNIT, WEIGHT, X

from deltaw.engines.look import look
from deltaw.equations import backprop
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import LOSSES, loss, row_errors, smooth
from deltaw.equations.optimizers import OPTIMIZERS, optimizer

ROW = 17
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    **{
        f"activation {name}": (
            UNIT, settings([(6, name), (5, name), (2, "sigmoid")], backward=("gradient", "notes")[i % 2]),
        )
        for i, name in enumerate(ACTIVATIONS)
    },
    **{
        f"loss {name}": ({"cross_entropy": CLASSES, "hinge": SIGNS}.get(name, UNIT),
                         settings([(6, "tanh"), (3 if name == "cross_entropy" else 2, output)], loss=name,
                                  labelSmoothing=0.1 if "entropy" in name else 0.0))
        for name in LOSSES if loss(name).minimum for output in {OUTPUT.get(name, "identity"), "sigmoid"}
    },
    **{
        f"optimizer {name}": (
            UNIT, settings([(6, "tanh"), (2, "identity")], optimizer=name, l2=0.02, maxGradNorm=0.05, epochs=2),
        )
        for name in OPTIMIZERS
    },
    **{  # about half of the outputs have no logarithm
        f"{name} past the edge": (
            CLASSES if name == "cross_entropy" else UNIT,
            settings([(6, "tanh"), (3 if name == "cross_entropy" else 2, "identity")], loss=name, rate=1e-9),
        )
        for name in ("binary_cross_entropy", "cross_entropy", "poisson")
    },
    "no bias": (UNIT, settings([(6, "tanh"), (2, "identity")], bias=False, optimizer="adam")),
    "pinball": (UNIT, settings([(6, "tanh"), (2, "identity")], loss="pinball(0.2, 0.7)")),
}  # fmt: skip


def test_a_rows_numbers_are_the_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    by_baseline(monkeypatch)
    links = [["link", ROW, 0, 3, 2], ["link", ROW, 1, 1, -1]]
    actions = [["advance", 16], ["state"], ["row", ROW], *links, ["row", X[3]]]
    jobs = [
        {"do": "train", "data": data(X, T), "settings": own | {"epochs": 100}, "actions": actions}
        for T, own in CASES.values()
    ]
    for (name, (T, own)), said in zip(CASES.items(), ask(jobs), strict=True):
        assert isinstance(said, list), f"{name}: {said}"
        _, state, found, link, bias, unseen = said
        sizes = [(w.size // b.size, b.size) for w, b in zip(state["weights"], state["biases"], strict=True)]
        W = [
            w.astype(np.float64).reshape(n_out, n_in) for w, (n_in, n_out) in zip(state["weights"], sizes, strict=True)
        ]
        b = [each.astype(np.float64) for each in state["biases"]]
        rows = [ACTIVATIONS[layer["activation"]] for layer in own["layers"]]
        row, method = loss(own["loss"]), optimizer(own["optimizer"])
        x, t = (
            X[ROW : ROW + 1].astype(np.float64),
            smooth(T[ROW : ROW + 1].astype(np.float64), own["labelSmoothing"], row),
        )
        signals = backprop.forward(x, W, b, rows)
        by = {rule: backprop.backward(signals, t, W, rows, row, rule, l2=own["l2"]) for rule in backprop.RULES}
        gradients = by[own["backward"]]
        close(found["z"], signals.z, name)
        close(found["o"], signals.o, name)
        close(found["splitBack"], [-each for each in by["notes"].sent], name)
        close(found["gradientBack"], by["gradient"].sent, name)
        close([found["e"]], [-by["notes"].sent[-1]], name)
        close(found["delta"], gradients.delta, name)
        close(found["dEdW"], gradients.dW, name)
        close(found["dEdb"], gradients.db, name)
        close([found["E"]], row_errors(signals.z[-1], signals.o[-1], t, rows[-1].name, row), name)
        slopes = [
            None if each.coupled else each.df(z, o) for each, z, o in zip(rows, signals.z, signals.o, strict=True)
        ]
        for ours, theirs in zip(found["slope"], slopes, strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                close([ours], [theirs], name)
        assert unseen["t"] is None
        close(unseen["o"], backprop.forward(X[3:4].astype(np.float64), W, b, rows).o, name)
        # The chain rule's factors of one weight and one bias, and what each optimiser would do with them at first.
        assert link["w"] == W[0][3, 2]
        close([link["dEdw"]], [gradients.delta[0][0, 3] * x[0, 2]], name)
        close([link["delta"], link["a"], link["z"]], [gradients.delta[0][0, 3], x[0, 2], signals.z[0][0, 3]], name)
        if not rows[0].coupled:
            close([link["back"] * link["slope"]], [link["delta"]], name)
        close([bias["dEdw"]], [gradients.db[1][1]], name)
        for each in OPTIMIZERS:
            if each != method.name:
                other, g = optimizer(each), np.array([[gradients.dW[0][3, 2]]])
                ours, _ = other.delta(g, other.zeros(g), own["rate"], 1)
                close([link["deltaW"][each]], [ours - own["rate"] * other.weight_decay * link["w"]], f"{name}, {each}")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_next_steps_delta_w_is_what_the_next_step_does(name: str) -> None:
    """One row alone is learnt from, so the step that follows is the one that was shown."""
    own = settings([(6, "tanh"), (2, "sigmoid")], optimizer=name, batch=1, shuffle=False, epochs=9, l2=0.01, rate=0.05)
    one = data(X[:1], UNIT[:1])
    actions = [["advance", 3], ["state"], ["row", 0], ["advance", 1], ["state"]]
    (said,) = ask([{"do": "train", "data": one, "settings": own, "actions": actions}])
    before, shown, after = said[1], said[2], said[4]
    for what, delta in (("weights", shown["deltaW"]), ("biases", shown["deltaB"])):
        for w, made, now in zip(before[what], delta, after[what], strict=True):
            np.testing.assert_allclose(w + made, now, rtol=1e-5, atol=2e-6)


def test_errors_scores_and_health_are_deltaws(monkeypatch: pytest.MonkeyPatch) -> None:
    by_baseline(monkeypatch)
    labels = CLASSES.argmax(axis=1).astype(np.int32)
    three, two = [(8, "relu"), (7, "tanh"), (3, "softmax")], [(8, "sigmoid"), (2, "identity")]
    cases = (
        (CLASSES, WEIGHT, labels, settings(three, loss="cross_entropy", optimizer="adam", epochs=5, heldOut=0.3)),
        (UNIT, None, None, settings(two, optimizer="adam", epochs=5, heldOut=0.3)),
    )
    actions = [["advance", 10**6], ["state"]]
    for T, w, known, own in cases:
        said, division = ask([
            {"do": "train", "data": data(X, T, w, known), "settings": own, "actions": actions},
            {"do": "split", "n": len(X), "share": 0.3, "seed": 0, "labels": known},
        ])  # fmt: skip
        state, learnt, row = said[1], division["trained"], loss(own["loss"])
        net, _ = trained(X[learnt], T[learnt], own, None if w is None else w[learnt])
        weight = np.ones(len(X)) if w is None else w.astype(np.float64)
        for part, rows in (("train", learnt), ("held", division["heldOut"])):
            signals, share = net.signals(X[rows]), weight[rows] / weight[rows].sum()
            errors = row_errors(signals.z[-1], signals.o[-1], T[rows].astype(np.float64), net.activations[-1], row)
            assert state[f"{part}Error"] == pytest.approx(share @ errors, rel=1e-5)
            score = (
                share @ (signals.o[-1].argmax(axis=1) == labels[rows]) if known is not None else r2(T, signals, rows)
            )
            assert state[f"{part}Score"] == pytest.approx(score, rel=1e-5)
        signals, share = net.signals(X[learnt]), weight[learnt] / weight[learnt].sum()
        gradients = backprop.backward(signals, T[learnt].astype(float), net.weights, net.rows, row, row_weight=share)
        seen = look(net.rows, signals, gradients.dW, net.weights, net.weights)
        assert len(learnt) < 256  # the rows that health is taken of
        for l, health in enumerate(state["health"]):
            assert health["saturated"] == pytest.approx(seen.saturated[l], nan_ok=True)
            assert health["dead"] == seen.dead[l]
            assert health["gradient"] == pytest.approx(seen.gradient[l], rel=1e-4)
            assert 0 < health["update"] < health["weight"]


def r2(T: Any, signals: backprop.Signals, rows: Any) -> float:
    truth = T[rows][:, 0].astype(np.float64)
    return float(1 - ((truth - signals.o[-1][:, 0]) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def test_units_and_predictions_are_the_networks() -> None:
    own = settings([(6, "gelu"), (5, "softmax"), (2, "sigmoid")])
    grid = np.random.default_rng(2).normal(size=(150, 5)).astype(np.float32)
    jobs = [{"do": "train", "data": data(X, UNIT), "settings": own,
             "actions": [["units", grid, 150], ["predict", grid]]}]  # fmt: skip
    (said,) = ask(jobs)
    net = network(5, own)
    signals = net.signals(grid)
    close(said[0], signals.o, "units", 1e-5)
    close([said[1]], [signals.o[-1]], "predict", 1e-5)


def close(found: Any, wanted: Any, what: str, rtol: float = 1e-11) -> None:
    for a, b in zip(found, wanted, strict=True):
        a, b = np.ravel(np.asarray(a, np.float64)), np.ravel(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol, err_msg=what)
