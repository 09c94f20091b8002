"""The torch engine follows the reference, as the native one does: over the tables, and in all that `train` can be told.

On a processor; what is of GPUs alone (recording a step) runs here with a recorder that only calls.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from test_encoded_rows import encoded, made
from test_no_numbers import LIMITS
from test_parity import CASES, INPUTS, SETTINGS, cell, judged, small
from test_whole_gradient import problem

import deltaw
from deltaw import Network, engines, train
from deltaw.engines import Plan, Rows
from deltaw.equations import dropout
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import OPTIMIZERS, optimizer
from deltaw.exceptions import SettingError
from starts import TRAINABLE

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

from deltaw.engines.torch import devices  # noqa: E402  # it loads PyTorch

pytestmark = pytest.mark.usefixtures("witnesses")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_with_every_loss(activation: str) -> None:
    """The optimisers, depths and biases go round."""
    shares = {}
    for i, name in enumerate(TRAINABLE):
        turn = list(ACTIVATIONS).index(activation) + i
        method, case = list(OPTIMIZERS)[turn % len(OPTIMIZERS)], CASES[turn % len(CASES)]
        shares[name, method, *case] = cell(activation, name, method, *case, engine="torch")
    assert {case: share for case, share in shares.items() if share > 1} == {}


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("method", OPTIMIZERS)
def test_the_whole_product(activation: str, method: str) -> None:
    shares = {name: cell(activation, name, method, 3, True, engine="torch") for name in TRAINABLE}
    assert {name: share for name, share in shares.items() if share > 1} == {}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(what: str) -> None:
    rest = small(0, SETTINGS[what])[3]
    assert judged(lambda seed: small(seed, SETTINGS[what])[:3], rest, "torch") <= 1


@pytest.mark.parametrize("what", INPUTS)
def test_kinds_of_inputs(what: str) -> None:
    kind, scale = INPUTS[what]

    def make(seed: int) -> tuple[Network, Any, Any]:
        network, X, T, _ = small(seed, {})
        return network, kind(X), T

    settings = {"batch_size": 7, "epochs": 4, "input_scale": scale, "optimizer": "adam", "learning_rate": 2e-3}
    assert judged(make, settings, "torch") <= 1


def test_encoded_rows() -> None:
    settings = {"batch_size": 7, "epochs": 3, "optimizer": "adam", "learning_rate": 2e-3, "dropout": 0.2}
    assert judged(made, settings, "torch") <= 1
    network, rows = made(0)[0], encoded(50, 1)
    rows.stored[3, 0] = np.nan
    found = engines.predictor.outputs(network, rows, "torch")
    np.testing.assert_allclose(found, engines.predictor.outputs(network, rows, "reference"), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("units", [1, 7, 8, 9, 33, 200])
def test_masks(units: int) -> None:
    """To the last bit, for any step; a rank makes its rows of a batch alone."""
    key = 0x9E3779B97F4A7C15
    network = Network([3, units, 1], "identity")
    for step, rate, factor in ((0, 0.5, 1.0), (2**33 + 5, 0.15, 1.0), (7, 0.3, 0.25), (7, 0.3, 0.0), (1, 0.99999, 1.0)):
        plan = Plan(loss("squared"), optimizer("sgd"), 20, dropout=(rate,), dropout_key=key)
        machine: Any = engines.make("torch(device='cpu')", network, plan)
        wanted = dropout.mask(key, step, 0, 20, units, rate * factor).astype(np.float32)
        np.testing.assert_array_equal(machine._kept(step, 20, [dropout.threshold(rate * factor)])[0].t.numpy(), wanted)
        parts = []
        for rank in range(3):
            machine.ranks = engines.ranks.Ranks(rank, 3)
            parts.append(machine._kept(step, 20, [dropout.threshold(rate * factor)])[0].t.numpy())
        np.testing.assert_array_equal(np.concatenate(parts), wanted)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan_and_infinity_has_its_limit(name: str) -> None:
    low, high = LIMITS[name]
    for given, wanted in ((np.nan, np.nan), (-np.inf, low), (np.inf, high)):
        z = np.array([0.5, given, -0.25])
        network = Network([1, 3], name)
        network.weights = [np.ones((3, 1))]
        machine: Any = engines.make("torch", network, Plan(loss("squared"), optimizer("sgd"), 1))
        machine.parameters.b = machine._own([z])
        found = machine.evaluate(Rows(np.zeros((1, 1), np.float32), None))[1][0]
        np.testing.assert_allclose(found[1], wanted, atol=1e-30, rtol=1e-6, err_msg=f"{given}")


@pytest.mark.parametrize("case", ["regression", "classes", "not fused"])
def test_the_whole_gradient(case: str) -> None:
    network, data, plan = problem(case, 5000, (4, 6, 3), weighted=True)
    E, dW, db = engines.make("reference", network, plan).gradient(data)
    E32, dW32, db32 = engines.make("torch", network, plan).gradient(data)
    np.testing.assert_allclose(E32, E, rtol=1e-5)
    for exact, found in zip([*dW, *db], [*dW32, *db32], strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=3e-6 * max(1.0, np.abs(exact).max()))


def test_evaluation_and_telemetry() -> None:
    network, X, T, _ = small(0, {})
    told: dict[str, list[Any]] = {"reference": [], "torch": []}
    for engine, epochs in told.items():
        train(network.copy(), X, T, validation=(X[::2], T[::2], np.arange(17)), callbacks=[epochs.append],
              engine=engine, telemetry=True, dropout=0.2, batch_size=5, learning_rate=0.02)  # fmt: skip
    for exact, ours in zip(*told.values(), strict=True):
        assert ours.validation_loss == pytest.approx(exact.validation_loss, rel=1e-5)
        np.testing.assert_allclose(ours.outputs, exact.outputs, rtol=1e-4, atol=1e-5)
        for name in ("saturated", "dead", "gradient", "update", "weight"):
            np.testing.assert_allclose(getattr(ours.look, name), getattr(exact.look, name), rtol=1e-3, atol=1e-6)


REPLAYED: dict[str, dict[str, Any]] = {
    "plain": {"optimizer": "sgd"},
    "all at once": {"optimizer": "adamw", "dropout": 0.3, "max_grad_norm": 0.1, "l2": 0.1, "telemetry": True,
                    "schedule": "cosine", "sample_weight": np.arange(33.0)},
    "quantiles": {"loss": "pinball(0.1, 0.5, 0.9)", "optimizer": "momentum"},
}  # fmt: skip


@pytest.mark.parametrize("what", REPLAYED)
def test_a_recorded_step_is_the_step(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU replays, with a recorder that takes steps to warm up and then only calls."""
    from deltaw.engines.torch import TorchEngine

    network, X, T, rest = small(0, {"batch_size": 7, **REPLAYED[what]})
    runs: list[Any] = []

    def recorded(run: Any) -> Any:
        run()
        runs.append(run)
        return run

    def trained() -> tuple[Network, Any]:
        one = network.copy()
        return one, train(one, X, T, engine="torch", **rest)

    plain, plain_history = trained()
    begin = TorchEngine.__init__

    def recording(self: Any, *args: Any, **settings: Any) -> None:
        begin(self, *args, **settings)
        self.record = recorded

    monkeypatch.setattr(TorchEngine, "__init__", recording)
    replayed, history = trained()
    assert len(runs) == 2  # batches of 7 rows, and the last one's 5
    np.testing.assert_allclose(history.loss, plain_history.loss, rtol=1e-6)
    for ours, theirs in zip(replayed.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    if rest.get("telemetry"):
        np.testing.assert_allclose(history.looks[-1].update, plain_history.looks[-1].update, rtol=1e-4)


def test_it_goes_on_from_a_checkpoint_to_the_same_bits(tmp_path: Any) -> None:
    network, X, T, rest = small(0, {"optimizer": "adam", "dropout": 0.2, "epochs": 6})
    whole, broken = network.copy(), network.copy()
    train(whole, X, T, engine="torch", **rest)
    train(broken.copy(), X, T, engine="torch", checkpoint=tmp_path / "run", **rest | {"epochs": 2})
    train(broken, X, T, engine="torch", checkpoint=tmp_path / "run", resume=True, **rest)
    for ours, theirs in zip(broken.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bfloat16_is_near_and_not_the_same() -> None:
    network, X, T, rest = small(0, {"optimizer": "adam", "learning_rate": 2e-3})
    exact, coarse = network.copy(), network.copy()
    a = train(exact, X, T, engine="torch", **rest).loss[-1]
    b = train(coarse, X, T, engine="torch(precision='bf16')", **rest).loss[-1]
    assert a != b
    assert b == pytest.approx(a, rel=0.02)


def test_settings_of_pytorch_are_put_back() -> None:
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    network, X, T, rest = small(0, {})
    train(network, X, T, engine="torch('cpu', precision='tf32')", threads=1, **rest)
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("torch('abacus')", "device: expected an available one"),
        ("torch('cuda:99')", "device: expected an available one"),
        ("torch(precision='int1')", "engine 'torch': expected products in one of float32"),
        ("torch(speed=3)", "engine: expected settings that 'torch' takes"),
        ("native('cuda')", "engine: expected settings that 'native' takes"),
        ("trch", "engine: expected one of native, reference, torch"),
    ],
)
def test_what_cannot_be(engine: str, message: str) -> None:
    network, X, T, _ = small(0, {})
    with pytest.raises(SettingError, match=r"^" + message.replace("(", r"\(")):
        train(network, X, T, engine=engine)


def test_a_number_beyond_float32_is_refused() -> None:
    network, X, T, _ = small(0, {})
    X[1, 2] = 1e39
    with pytest.raises(deltaw.InputError, match=r"X: expected numbers that float32 can hold.*1e\+39 at \(1, 2\)"):
        train(network, X, T, engine="torch")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_wherever_an_engine_is_chosen(tmp_path: Any) -> None:
    """Tables, networks trained at once, scikit-learn's estimators; and a model that is asked without PyTorch."""
    from deltaw.sklearn import MLPClassifier

    settings: dict[str, Any] = {"hidden": 4, "epochs": 2, "networks": 2}
    ours = deltaw.fit("iris", "species", engine="torch", device="cpu", **settings)
    theirs = deltaw.fit("iris", "species", engine="native", **settings)
    rows = deltaw.tables.read("iris").frame
    assert ours.origin.engine == "torch(device='cpu')"
    for engine in (None, "torch", "native"):
        found = ours.predict_proba(rows, engine=engine)
        np.testing.assert_allclose(found, theirs.predict_proba(rows), atol=1e-4, err_msg=str(engine))
    ours.save(tmp_path / "m.deltaw")
    assert deltaw.load(tmp_path / "m.deltaw").origin.engine == "torch(device='cpu')"

    X, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    for solver in ("adam", "lbfgs"):
        chances = [
            MLPClassifier((5,), solver=solver, max_iter=20, random_state=0, engine=engine).fit(X, y).predict_proba(X)
            for engine in ("reference", "torch('cpu')")
        ]
        np.testing.assert_allclose(*chances, atol=1e-3)


class Told:
    """A rank of two, and what the other one tells."""

    world = 2

    def __init__(self, other: Any) -> None:
        self.other = other

    def gathered(self, value: Any) -> list[Any]:
        return pickle.loads(pickle.dumps([value, self.other]))


def test_ranks_agree_on_their_devices_before_one_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """NCCL does not notice that a rank has ended, and no two of its ranks may have one GPU."""
    there: Any = Told((("cpu", ""), None))
    assert devices.shared(there, "cpu").type == "cpu"
    with pytest.raises(SettingError) as wrong:
        devices.device_of("cuda:99")
    there = Told((("", ""), wrong.value))
    with pytest.raises(SettingError, match=r"^device: expected an available one .*'cuda:99'"):
        devices.shared(there, "cpu")
    with pytest.raises(SettingError, match=r"^device: expected an available one .*'cuda:99'"):
        devices.shared(Told((("cpu", ""), None)), "cuda:99")  # type: ignore[arg-type]
    there = Told((("cuda", "GPU-1"), None))
    with pytest.raises(SettingError, match=r"^device: expected one kind in all processes, found cpu cuda"):
        devices.shared(there, "cpu")
    monkeypatch.setattr(devices, "device_of", lambda name: torch.device("cuda:0"))
    monkeypatch.setattr(devices, "identity", lambda device: "GPU-1")
    with pytest.raises(SettingError, match=r"^device: expected a GPU for each of 2 processes, found 1 in all"):
        devices.shared(there, None)
    assert devices.shared(Told((("cuda", "GPU-2"), None)), None).index == 0  # type: ignore[arg-type]


def test_a_full_gpu_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**28, 2**36))
    with (
        pytest.raises(deltaw.DeltaWError, match=r"^device: expected room .*, found 0\.2 of 64 GiB free"),
        devices.room(0),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_biases_that_are_none_stay_so(name: str, tmp_path: Any) -> None:
    """They have a place beside the others, in a state that goes on, too."""
    network, X, T, rest = small(0, {"optimizer": name, "bias": [False, True, False], "max_grad_norm": 0.1, "l2": 0.1})
    ours, theirs = network.copy(), network.copy()
    train(theirs, X, T, engine="reference", **rest)
    train(ours.copy(), X, T, engine="torch", checkpoint=tmp_path, **rest | {"epochs": 2})
    train(ours, X, T, engine="torch", checkpoint=tmp_path, resume=True, **rest)
    for a, b in zip([*ours.weights, *ours.biases], [*theirs.weights, *theirs.biases], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert [bool(np.any(b)) for b in ours.biases] == [False, True, False]
