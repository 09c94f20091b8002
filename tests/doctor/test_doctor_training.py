"""What is seen in training: each rule found where it should be, silence where a network learns, repairs that help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from deltaw import Network
from deltaw.doctor import RULES, Diagnosis, Setup, diagnose
from deltaw.doctor.confirm import confirmed
from deltaw.doctor.evidence.during import ERRORS, SHORT, During
from deltaw.doctor.evidence.evidence import evidence
from deltaw.doctor.evidence.watching import guess_error, watch
from deltaw.doctor.examine import findings
from deltaw.doctor.findings import Finding, Repair
from deltaw.doctor.repair import _beaten, repair
from deltaw.doctor.trials.scores import gains_over_guess
from deltaw.doctor.trials.trial import Budget, hold_out, trial

SECONDS = 2.0
rng = np.random.default_rng(11)
N = 600
X = rng.normal(size=(N, 4))
CURVED = (X[:, 0] * X[:, 1] > 0).astype(np.float64)[:, None]
STRAIGHT = (X[:, 0] + X[:, 1] > 0).astype(np.float64)[:, None]
WAVE = np.sin(2 * X[:, :1]) + X[:, 1:2]


def binary(hidden: tuple[int, ...] = (24,), activation: str = "tanh", init: Any = None, **words: Any) -> Setup:
    """Two classes that no straight line divides; with these settings it learns."""
    net = Network([4, *hidden, 1], [activation] * len(hidden) + ["sigmoid"], init=init, seed=4)
    made = {"T": CURVED, "loss": "binary_cross_entropy", "optimizer": "adam", "learning_rate": 0.01}
    return Setup(net, X, **(made | {"batch_size": 32, "epochs": 60} | words))


def number(**words: Any) -> Setup:
    """A number to be learnt; with these settings it is."""
    made = {"T": WAVE, "optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "epochs": 60}
    return Setup(Network([4, 24, 1], ["tanh", "identity"], seed=4), X, **(made | words))


def noisy() -> Setup:
    words = {"optimizer": "momentum(0.95)", "learning_rate": 0.2, "batch_size": 12, "epochs": 40}
    return binary((8,), "relu", **words)


def memorised() -> Setup:
    flipped = np.where(rng.random((N, 1)) < 0.3, 1 - STRAIGHT, STRAIGHT)
    return binary((64, 64), "relu", T=flipped, epochs=200)


def dying() -> Setup:
    setup = binary((16, 16), "relu", learning_rate=1e-4, epochs=5)
    setup.network.biases[1][:12] = -50.0
    return setup


def faded() -> Setup:
    return binary((8,) * 9, "sigmoid", learning_rate=0.001)


def growing() -> Setup:
    """Ten leaky layers whose weights are three times too large for eight units: 3¹⁰ = 59,049 times the error."""
    return binary((8,) * 10, "leaky_relu", init="normal(1.5)", optimizer="sgd", learning_rate=1e-12)


def misplaced() -> Setup:
    """The columns of the rows apart stand in another order."""
    return replace(binary(), X=X[:400], T=CURVED[:400], validation=(X[400:, ::-1], CURVED[400:]))


def impatient() -> Setup:
    """Validation rows with the opposite targets, on which E rises from the first epoch on."""
    words = {"validation": (X[:40], 1 - STRAIGHT[:40]), "test": (X, STRAIGHT), "early_stopping": 1}
    return binary(T=STRAIGHT, learning_rate=0.001, epochs=400, batch_size=300, **words)


def coded() -> Setup:
    """Codes from 0 to 19, whose targets are drawn."""
    code, effect = rng.integers(0, 20, N), rng.normal(size=20)
    x, t = np.column_stack([code / 10, X[:, 1]]), (effect[code] + 0.1 * X[:, 0])[:, None]
    return replace(number(T=t), network=Network([2, 8, 1], ["tanh", "identity"]), X=x)


def waved() -> Setup:
    """Six waves along the only column."""
    x = rng.uniform(-1, 1, (N, 1))
    return replace(number(T=np.sin(18 * x)), network=Network([1, 16, 1], ["tanh", "identity"]), X=x)


HEALTHY: dict[str, Callable[[], Setup]] = {
    "binary": binary,
    "number": number,
    "relu": lambda: binary((32, 16), "relu"),
    "deep tanh": lambda: binary((12,) * 8, "tanh", learning_rate=0.003),
    "sgd": lambda: number(optimizer="sgd", learning_rate=0.05),
    "straight, no hidden layer": lambda: binary((), T=STRAIGHT),
    "straight, hidden layer without activation": lambda: binary((4,), "identity", T=STRAIGHT),
    "class numbers": lambda: replace(
        number(), network=Network([4, 16, 2], ["relu", "softmax"]), T=CURVED[:, 0].astype(int), loss="cross_entropy"
    ),
}


@dataclass(frozen=True)
class Case:
    """A rule, a set-up on which it must speak, and a number that it must state."""

    rule: str
    setup: Callable[[], Setup]
    states: Callable[[Finding], bool] = lambda finding: True

    def __repr__(self) -> str:
        return self.rule


CASES = [
    Case("diverged", lambda: number(optimizer="sgd", learning_rate=50.0), lambda f: f.where.step < 200),
    Case("learning_rate_too_high", lambda: number(optimizer="sgd", learning_rate=50.0),
         lambda f: f.evidence["better_learning_rate"] < 5),
    Case("learning_rate_too_high", lambda: binary(learning_rate=30.0), lambda f: f.evidence["bound"] is None),
    Case("learning_rate_too_low", lambda: binary(learning_rate=1e-6),
         lambda f: f.evidence["better_learning_rate"] > 1e-4),
    Case("stopped_too_early", impatient, lambda f: f.evidence["epochs"] < 10),
    Case("codes_as_numbers", coded, lambda f: f.evidence["values"] == 20 and f.where.column == "x0"),
    Case("quick_changes", waved, lambda f: f.evidence["score"] < 0.5 < f.evidence["plain"]),
    Case("shifted_targets", lambda: number(T=np.roll(WAVE, 2, axis=0)), lambda f: f.evidence["rows_off"] == 2),
    Case("shifted_targets", lambda: binary(T=np.roll(STRAIGHT, -1, axis=0)), lambda f: f.evidence["rows_off"] == -1),
    Case("noisy_gradient", noisy, lambda f: f.evidence["momentum"] == 0.95 and f.evidence["fluctuation"] > 0.02),
    Case("noisy_gradient", noisy, lambda f: f.repair.words == f"batches of {f.repair.changes['batch_size']}"),
    Case("excessive_gradient_clipping", lambda: number(optimizer="sgd", learning_rate=0.05, max_grad_norm=1e-6),
         lambda f: f.evidence["gradient"] > 1e-4),
    Case("too_few_epochs", lambda: binary(epochs=1), lambda f: f.evidence["steps"] == 14),
    Case(
        "saturated_in_training", lambda: replace(binary(), X=X * 1e4 + 1e5), lambda f: f.evidence["saturated"] > 0.8
    ),
    Case("dead_units", dying, lambda f: f.evidence["dead"] == 12 and f.where.layer == 1),
    Case("vanishing_gradient", faded, lambda f: f.evidence["ratio"] < 1e-3),
    Case("exploding_gradient", growing, lambda f: f.evidence["ratio"] > 1e3 and f.where.layer == 0),
    Case("over_regularised", lambda: binary(l2=1.0), lambda f: f.evidence["shrunk_to"] < 0.5),
    Case("over_regularised", lambda: binary(dropout=0.95), lambda f: f.evidence["dropout"] == 0.95),
    Case("network_too_small", lambda: binary((1,)), lambda f: f.evidence["units"] == 1),
    Case("overfitting", memorised, lambda f: f.evidence["fitted"] > f.evidence["held_out"] + 0.1),
    Case("uninformative_inputs", lambda: binary(T=CURVED[rng.permutation(N)]), lambda f: f.evidence["p"] > 0.05),
    Case("concept_shift", misplaced, lambda f: f.evidence["internal"] > 0.8 > 0.6 > f.evidence["held_out"]),
    Case("no_better_than_baseline", lambda: binary(init="zeros"),
         lambda f: f.evidence["score"] < 0.6 < f.evidence["plain"]),
    Case("worse_than_simple_model", lambda: binary(init="zeros"), lambda f: f.evidence["plain"] > 0.8),
]  # fmt: skip


def seen(setup: Setup) -> tuple[During, dict[str, Finding]]:
    """What was watched, and what the rules say before trials."""
    known = evidence(setup)
    assert known.before is not None
    assert known.refusal is None
    known = replace(known, during=watch(setup, seconds=SECONDS))
    return known.watched, {f.rule: f for f in findings(known)}


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_a_rule_speaks_where_it_should(case: Case) -> None:
    _, found = seen(case.setup())
    assert case.rule in found, f"found {', '.join(found)}"
    assert case.states(found[case.rule]), found[case.rule]
    assert found[case.rule].cause.endswith(".")


def test_every_rule_of_training_has_a_case() -> None:
    there = {rule.name for rule in RULES if rule.when == "during"}
    assert there - {"damaged_weights"} == {case.rule for case in CASES}  # that one: test_doctor_model.py


@pytest.mark.parametrize("name", HEALTHY)
def test_silence_where_a_network_learns(name: str) -> None:
    diagnosis = diagnose(HEALTHY[name](), seconds=SECONDS)
    assert diagnosis.healthy, diagnosis
    during = diagnosis.evidence.watched
    assert not during.markedly_short
    if not during.short:
        assert len(during.trainings) == 1  # no more than was needed
        assert during.sweep is None


def test_skill_is_between_guess_and_all_right() -> None:
    during, _ = seen(binary())
    score = np.mean([trial.score for trial in during.trainings])
    assert during.skill == pytest.approx((score - during.holdout.guess) / (1 - during.holdout.guess))
    assert during.possible >= during.skill > SHORT * during.possible - during.noise


def test_saturation_has_a_row_for_each_epoch() -> None:
    during, _ = seen(binary())
    assert during.saturation.shape == (len(during.loss), 2)
    np.testing.assert_array_equal(during.saturation[-1], during.looks[-1].saturated)


def test_the_error_of_a_guess() -> None:
    share = STRAIGHT.mean()
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    assert guess_error(binary(T=STRAIGHT)) == pytest.approx(entropy, rel=1e-6)
    assert guess_error(number()) == pytest.approx(0.5 * WAVE.var(), rel=1e-6)
    assert guess_error(number(loss="absolute")) == pytest.approx(np.abs(WAVE - np.median(WAVE)).mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("setup", "causes"),
    [
        (lambda: binary(learning_rate=1e-6), {"learning_rate_too_low"}),
        (lambda: number(optimizer="sgd", learning_rate=50.0), {"learning_rate_too_high"}),
        (faded, {"vanishing_gradient_at_start"}),
        (lambda: binary(l2=1.0), {"over_regularised"}),
        (lambda: binary(activation="identity"), {"no_hidden_activation"}),
        pytest.param(lambda: replace(binary(), X=X * 1e4 + 1e5), {"unscaled_inputs"}, marks=pytest.mark.slow),
    ],
    ids=["rate too low", "rate too high", "deep sigmoid", "penalty", "no activation", "inputs unscaled"],
)
def test_the_cause_comes_first_and_its_repair_helps(setup: Callable[[], Setup], causes: set[str]) -> None:
    diagnosis = diagnose(setup(), seconds=SECONDS)
    assert diagnosis.findings[0].rule in causes, diagnosis
    assert diagnosis.findings[0].severity == "fault"
    repaired = repair(diagnosis, 2 * SECONDS)
    assert repaired.helped
    assert len(repaired.after) >= 3
    assert np.mean(repaired.after) > np.mean(repaired.before) + 0.1
    network, history = repaired.train()
    assert history.ended == "finished"
    assert network is not repaired.setup.network
    assert "before" in str(repaired)


def test_labels_without_signal_are_not_repaired() -> None:
    diagnosis = diagnose(binary(T=CURVED[rng.permutation(N)]), seconds=SECONDS)
    assert diagnosis.findings[0].rule == "uninformative_inputs"
    repaired = repair(diagnosis, SECONDS)
    if repaired.helped:  # by luck, on the rows that judge
        assert np.mean(repaired.after) > np.mean(repaired.before)
    else:
        assert repaired.setup is diagnosis.setup
        assert repaired.changes == {}
        assert str(repaired).startswith("Nothing that was tried helps")


def test_a_repair_that_harms_is_dropped() -> None:
    """A finding whose repair makes a bad network worse, beside one that mends it."""
    diagnosis = diagnose(binary(learning_rate=1e-6), seconds=SECONDS)
    harmful = Finding("", repair=Repair("", {"init": "zeros"}), rule="harmful", severity="fault", likelihood=1.0)
    repaired = repair(Diagnosis(diagnosis.evidence, (harmful, *diagnosis.findings)), 2 * SECONDS)
    assert "harmful" not in [f.rule for f in repaired.kept]
    assert harmful in repaired.dropped
    assert repaired.helped


def test_a_repair_that_cannot_be_made_is_dropped() -> None:
    diagnosis = diagnose(binary(learning_rate=1e-6), seconds=SECONDS)
    impossible = Finding("", repair=Repair("", {"outputs": 7}), rule="impossible", severity="fault", likelihood=1.0)
    repaired = repair(Diagnosis(diagnosis.evidence, (impossible, *diagnosis.findings)), 2 * SECONDS)
    assert [f.rule for f in repaired.kept] != ["impossible"]
    assert repaired.helped


def test_a_fault_becomes_a_risk_and_a_risk_a_note_where_the_network_learns() -> None:
    known = evidence(number())
    assert known.before is not None
    known = replace(known, during=watch(known.setup, seconds=SECONDS))
    assert known.watched.skill > SHORT * known.watched.possible
    suspect = Finding("", rule="weights_too_small", severity="fault", likelihood=0.5)
    slight = replace(suspect, severity="risk")
    elsewhere = Finding("", rule="leak", severity="risk", likelihood=0.3)  # no score shows it
    certain = Finding("", rule="uninformative_inputs", severity="fault", likelihood=0.9)
    found = confirmed(known, [suspect, slight, elsewhere, certain])
    assert [f.severity for f in found] == ["risk", "note", "risk", "fault"]


def test_a_proof_is_not_refuted_by_a_trial() -> None:
    """Two faults at once: neither repair helps alone, and the one that is proved stays a fault."""
    setup = replace(binary(init="zeros"), T=CURVED)
    net = Network([4, 24, 1], ["tanh", "softmax"], init="zeros")
    diagnosis = diagnose(replace(setup, network=net), seconds=SECONDS)
    assert diagnosis.findings[0].rule in {"softmax_on_one_output", "equal_weights"}
    faults = [f.rule for f in diagnosis.findings if f.severity == "fault"]
    assert {"softmax_on_one_output", "equal_weights"} <= set(faults)
    assert repair(diagnosis, 3 * SECONDS).helped


def test_the_given_set_up_stays_as_it_was() -> None:
    setup = binary(learning_rate=1e-6)
    weights = [w.copy() for w in setup.network.weights]
    x = X.copy()
    diagnose(setup, seconds=SECONDS).repair(SECONDS)
    np.testing.assert_array_equal(X, x)
    for before, after in zip(weights, setup.network.weights, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_rate_is_tried_where_the_setup_sums_its_error() -> None:
    summed = number(optimizer="sgd", learning_rate=0.5, reduction="sum", batch_size=64)
    diagnosis = diagnose(summed, seconds=SECONDS)
    assert {"learning_rate_too_high", "summed_loss"} & {f.rule for f in diagnosis.findings[:2]}
    assert hold_out(summed, Budget()).setup.reduction == "sum"


@pytest.mark.parametrize(
    "words",
    [
        {"epochs": 0}, {"batch_size": "b"}, {"learning_rate": "s"}, {"seed": None}, {"validation": (1, 2)},
        {"validation": 3}, {"sample_weight": [1, 2]}, {"engine": "gpu"}, {"X": None}, {"T": np.ones((2, 1))},
    ],
)  # fmt: skip
def test_what_no_repair_makes_trainable_is_said(words: dict[str, Any]) -> None:
    diagnosis = diagnose(replace(number(), **words), seconds=SECONDS)
    repaired = repair(diagnosis, SECONDS)
    assert not repaired.helped
    assert repaired.before == repaired.after == ()
    assert str(repaired).startswith("Nothing could be tried: ")


def test_what_is_refused_and_can_be_mended_is() -> None:
    repaired = repair(diagnose(number(learning_rate=-0.01), seconds=SECONDS), SECONDS)
    assert repaired.helped
    assert repaired.setup.learning_rate > 0


def test_no_verdict_where_the_budget_cut_a_training_off_that_was_learning() -> None:
    slow = number(optimizer="sgd", learning_rate=0.002, epochs=20_000)
    holdout = hold_out(slow, Budget(5000, 0.01))
    assert holdout.completed < 0.1
    known = evidence(slow)
    assert known.before is not None
    during = watch(slow, seconds=0.1)
    assert during.unfinished
    assert during.skill < SHORT * during.possible
    assert not during.short
    assert not during.harmed


def test_more_errors_than_need_be_are_a_risk_and_no_fault() -> None:
    """Nine tenths of what can be learnt may hide many times the errors."""
    diagnosis = diagnose(number(learning_rate=0.002, epochs=25), seconds=SECONDS)
    seen = diagnosis.evidence.watched
    assert seen.skill > SHORT * seen.possible
    assert 1 - seen.skill > ERRORS * (1 - seen.possible)
    assert diagnosis.healthy
    found = {f.rule: f for f in diagnosis.findings}
    assert found["worse_than_simple_model"].severity == "risk"
    assert "times the errors" in found["worse_than_simple_model"].cause
    assert found["worse_than_simple_model"].because_of  # it has a cause


def test_rows_trained_on_do_not_repair() -> None:
    few = binary(T=CURVED[:17], learning_rate=1e-6, batch_size=17)
    repaired = diagnose(replace(few, X=X[:17]), seconds=SECONDS).repair(seconds=2 * SECONDS)
    assert not str(repaired).startswith("Repaired")
    if repaired.helped:
        assert "rows trained on" in repaired.short


def test_what_a_line_does_better_is_not_repaired() -> None:
    setup = number(T=X[:, :1] + X[:, 1:2], epochs=2)
    holdout = hold_out(setup, Budget())
    weak = [trial(holdout.setup, seed) for seed in range(3)]
    gains = [gains_over_guess(holdout.setup, t.network) for t in weak]
    assert _beaten(holdout, gains, [t.score for t in weak], 1.0).startswith("A linear model has")
    strong = hold_out(number(epochs=150), Budget())
    good = [trial(strong.setup, seed) for seed in range(3)]
    assert (
        _beaten(strong, [gains_over_guess(strong.setup, t.network) for t in good], [t.score for t in good], 0.01) == ""
    )  # of a wave
