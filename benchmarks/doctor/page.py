"""docs/doctor-rules.md and its figures: every rule of the doctor, with an example that it was run on.

    python -m benchmarks.doctor.page            # writes docs/doctor-rules.md and docs/doctor/*.svg, in about 15 seconds
    python -m benchmarks.doctor.page --lang zh  # the same in Chinese: docs/doctor-rules.zh.md, docs/doctor/*.zh.svg

Each example is a healthy set-up with one thing changed. It is trained beside the healthy one, and the scores on rows
held out are drawn; an example whose rule the doctor does not name ends the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from textwrap import fill
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import commands
from deltaw import InputError, Network, language, plots, train
from deltaw.doctor import RULES, Finding, Rule, Setup, diagnose
from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.page import title
from deltaw.doctor.rules.table import SYMPTOMS
from deltaw.doctor.trials.changes import applied
from deltaw.doctor.trials.scores import guess, score, scored
from deltaw.preparation import Target
from deltaw.speech import LANGUAGES, listed, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCS = Path(__file__).parents[2] / "docs"
WATCHED = 6.0  # seconds of training under observation, for rules that need it
WIDE = 4  # panels in a row
HELD_OUT = 200
LOWEST = -0.1  # R² that is drawn

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 4))
TWO = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
SEVERAL = (np.column_stack([X[:, 0] * X[:, 1], X[:, 2], X[:, 3] + X[:, 0]]) > 0).astype(float)
NUMBER = np.sin(2 * X[:, 0]) + X[:, 1]


def setup(T: Any, sizes: list[int], names: list[str], loss: str, **words: Any) -> Setup:
    """A healthy set-up on the rows above, the last of them held out."""
    made: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "epochs": 40}
    n = len(X) - HELD_OUT
    return Setup(Network(sizes, names), X[:n], T[:n], loss, validation=(X[n:], T[n:]), **(made | words))


classes = partial(setup, TWO, [4, 32, 2], ["relu", "softmax"], "cross_entropy")
one_hot = partial(setup, np.eye(2)[TWO], [4, 32, 2], ["relu", "softmax"], "cross_entropy")
binary = partial(setup, TWO, [4, 32, 1], ["tanh", "sigmoid"], "binary_cross_entropy")
several = partial(setup, SEVERAL, [4, 32, 3], ["relu", "sigmoid"], "binary_cross_entropy")
numbers = partial(setup, NUMBER, [4, 32, 1], ["tanh", "identity"], "squared")


@dataclass(frozen=True)
class Example:
    """A healthy set-up, and what is changed in it: fields, operations of `deltaw.doctor.trials.changes`, or a function.

    Attributes:
        spoils: what happens to the trained network, where that is the change.
    """

    healthy: Callable[[], Setup]
    change: dict[str, Any] | Callable[[Setup], Setup]
    spoils: Callable[[Network], None] | None = None

    @property
    def sick(self) -> Setup:
        """The set-up with the change."""
        made = self.healthy()
        return applied(made, self.change) if isinstance(self.change, dict) else self.change(made)


def inputs(change: Callable[[Any], Any]) -> Callable[[Setup], Setup]:
    """The same change of the training rows and of those held out; another number of columns makes a new network."""

    def changed(made: Setup) -> Setup:
        x, (xv, tv) = change(made.X), made.validation
        net = made.network
        net = net if x.shape[1] == net.sizes[0] else Network([x.shape[1], *net.sizes[1:]], net.activations)
        return replace(made, network=net, X=x, validation=(change(xv), tv))

    return changed


def labels(change: Callable[[Any], Any]) -> Callable[[Setup], Setup]:
    """The same change of both targets."""
    return lambda made: replace(made, T=change(made.T), validation=(made.validation[0], change(made.validation[1])))


def layers(activation: str, hidden: list[int], init: Any = None, **words: Any) -> Callable[[Setup], Setup]:
    """Other hidden layers."""

    def changed(made: Setup) -> Setup:
        ends = made.network
        names = [activation] * len(hidden) + ends.activations[-1:]
        net = Network([ends.sizes[0], *hidden, ends.sizes[-1]], names, init=init)
        return replace(made, network=net, **words)

    return changed


def biased(made: Setup) -> Setup:
    """Biases so far below zero that no ReLU of the layer ever answers."""
    net = made.network.copy()
    net.biases[0] = np.full(net.sizes[1], -100.0)
    return replace(made, network=net)


def worn(net: Network) -> None:
    """Weights in whole steps of 3, as a careless export might keep them."""
    net.weights = [3 * np.round(w / 3) for w in net.weights]


def in_order(made: Setup) -> Setup:
    order = np.argsort(made.T, kind="stable")
    return replace(made, X=made.X[order], T=made.T[order], shuffle=False)


def few_rows(made: Setup) -> Setup:
    noisy = np.where(np.random.default_rng(1).random(60) < 0.25, 1 - made.T[:60], made.T[:60])
    return replace(made, X=made.X[:60], T=noisy, epochs=200)


def named(*classes: Any) -> Target:
    """A table's column of these classes."""
    return Target("answer", "classification", "", classes)


def far_from_zero(made: Setup) -> Setup:
    """Targets around 5, and no b to reach them."""
    net = Network(made.network.sizes, made.network.activations, bias=False)
    return replace(labels(lambda t: t + 5)(made), network=net)


def coded(made: Setup) -> Setup:
    """Whole numbers from 0 to 19 whose targets are drawn."""
    code, effect = np.random.default_rng(3).integers(0, 20, len(X)), np.random.default_rng(4).normal(size=20)
    return _with_columns(made, np.column_stack([code / 10, X[:, 1]]), effect[code] + 0.2 * X[:, 0])


def waved(made: Setup) -> Setup:
    """A target that goes up and down twelve times along a column."""
    x = np.random.default_rng(3).uniform(-1, 1, (len(X), 1))
    return _with_columns(made, x, np.sin(36 * x[:, 0]))


def _with_columns(made: Setup, x: Any, T: Any) -> Setup:
    n = len(made.X)
    net = Network([x.shape[1], *made.network.sizes[1:]], made.network.activations)
    return replace(made, network=net, X=x[:n], T=T[:n], validation=(x[n:], T[n:]))


WITH_COLUMN = {
    "leak": lambda x: np.column_stack([x, (x[:, 0] * x[:, 1] > 0) + 0.1 * np.sin(9 * x[:, 2])]),
    "identifier": lambda x: np.column_stack([x, np.arange(len(x))]),
    "constant_columns": lambda x: np.column_stack([x, np.zeros(len(x))]),
    "duplicate_columns": lambda x: np.column_stack([x, x[:, 0]]),
}
SHUFFLED = np.random.default_rng(2)

EXAMPLES: dict[str, Example] = {
    "invalid_arguments": Example(classes, {"dropout": 1.0}),
    "gradient_ascent": Example(classes, {"learning_rate": -0.01}),
    "zero_learning_rate": Example(classes, {"learning_rate": 0.0}),
    "fading_learning_rate": Example(classes, {"schedule": "exponential(0.3)", "learning_rate": 0.003}),
    "no_bias": Example(numbers, far_from_zero),
    "placeholder_values": Example(numbers, inputs(lambda x: np.where(np.arange(x.size).reshape(x.shape) % 7, x, -8))),
    "mixed_units": Example(numbers, inputs(lambda x: (x + 17) * np.where(np.arange(len(x)) % 3, 0.1, 10)[:, None])),
    "target_shift": Example(numbers, lambda s: replace(s, validation=(s.validation[0], s.validation[1] + 6))),
    "skewed_targets": Example(numbers, labels(lambda t: np.exp(3 * t) / 100)),
    "similar_classes": Example(classes, lambda s: replace(s, target_column=named("no", "No"))),
    "numbers_as_classes": Example(
        classes, lambda s: replace(s, target_column=named(*range(30)))
    ),
    "stopped_too_early": Example(
        classes, layers("tanh", [16, 16], optimizer="sgd", learning_rate=0.05, epochs=400, early_stopping=1)
    ),
    "codes_as_numbers": Example(numbers, coded),
    "quick_changes": Example(numbers, waved),
    "shifted_targets": Example(numbers, labels(lambda t: np.roll(t, 1))),
    "summed_loss": Example(lambda: numbers(optimizer="sgd", learning_rate=0.1), {"reduction": "sum"}),
    "inexact_gradient": Example(classes, layers("sigmoid", [8, 8], "normal(3)", backward="notes")),
    "excessive_dropout": Example(classes, layers("relu", [3], dropout=0.7)),
    "excessive_label_smoothing": Example(classes, {"label_smoothing": 0.95}),
    "uneven_sample_weights": Example(classes, lambda s: replace(s, sample_weight=1.0 * (np.arange(len(s.X)) < 12))),
    "non_finite_values": Example(classes, inputs(lambda x: np.where(x > 2.5, np.nan, x))),
    "unscaled_inputs": Example(classes, inputs(lambda x: 300 * x)),
    "input_outliers": Example(numbers, inputs(lambda x: np.where(np.arange(x.size).reshape(x.shape) % 9, x, -999))),
    "double_scaling": Example(classes, inputs(lambda x: x / 255 / 4)),
    "all_columns_constant": Example(classes, inputs(lambda x: 0 * x + 1)),
    **{name: Example(classes, inputs(change)) for name, change in WITH_COLUMN.items()},
    "conflicting_targets": Example(classes, inputs(lambda x: 2 * np.round(x / 2))),
    "train_test_overlap": Example(classes, lambda s: replace(s, validation=(s.X[:HELD_OUT], s.T[:HELD_OUT]))),
    "distribution_shift": Example(
        classes, lambda s: replace(s, validation=(10 * s.validation[0] + 50, s.validation[1]))
    ),
    "ordered_rows": Example(classes, in_order),
    "overparameterised": Example(classes, layers("relu", [2500])),
    "one_class": Example(classes, lambda s: replace(s, T=0 * s.T)),
    "constant_target": Example(numbers, lambda s: replace(s, T=0 * s.T + 3)),
    "missing_classes": Example(classes, labels(lambda t: 3 * t)),
    "labels_not_one_hot": Example(classes, {"loss": "squared"}),
    "class_imbalance": Example(classes, lambda s: replace(s, X=s.X[(s.T == 0) | (np.arange(len(s.T)) < 20)],
                                                    T=s.T[(s.T == 0) | (np.arange(len(s.T)) < 20)])),
    "unseen_classes": Example(classes, lambda s: replace(s, X=s.X[s.T == 0], T=s.T[s.T == 0])),
    "target_outliers": Example(numbers, labels(lambda t: np.where(np.arange(len(t)) % 9, t, -999))),
    "unscaled_targets": Example(numbers, labels(lambda t: 1e3 * t)),
    "targets_outside_range": Example(numbers, {"output_activation": "sigmoid"}),
    "targets_at_asymptotes": Example(binary, {"loss": "squared"}),
    "softmax_on_one_output": Example(binary, {"output_activation": "softmax"}),
    "softmax_for_multilabel": Example(several, {"output_activation": "softmax", "loss": "cross_entropy"}),
    "improper_loss": Example(one_hot, {"output_activation": "sigmoid"}),
    "outputs_outside_loss_domain": Example(binary, {"output_activation": "identity"}),
    "unreachable_hinge_margin": Example(binary, {"loss": "hinge"}),
    "regression_loss_for_classes": Example(several, {"loss": "absolute", "learning_rate": 0.3}),
    "squared_error_for_classes": Example(binary, {"loss": "squared"}),
    "no_hidden_activation": Example(classes, {"hidden_activation": "identity"}),
    "step_activation": Example(classes, {"hidden_activation": "step"}),
    "equal_weights": Example(classes, {"init": "constant(0.1)"}),
    "weights_too_large": Example(classes, layers("tanh", [32], "normal(10)")),
    "weights_too_small": Example(classes, layers("relu", [8] * 6, "uniform(0.05)")),
    "vanishing_gradient_at_start": Example(classes, layers("sigmoid", [8] * 9)),
    "exploding_signals_at_start": Example(classes, layers("exponential", [8] * 5)),
    "dead_layer": Example(classes, biased),
    "saturated_at_start": Example(classes, layers("sigmoid", [32], "normal(60)")),
    "diverged": Example(lambda: numbers(optimizer="sgd", learning_rate=0.1), {"learning_rate": 300.0}),
    "learning_rate_too_high": Example(classes, {"learning_rate": 10.0}),
    "learning_rate_too_low": Example(classes, {"learning_rate": 1e-6}),
    "noisy_gradient": Example(classes, {"optimizer": "momentum(0.95)", "learning_rate": 0.1, "batch_size": 1}),
    "excessive_gradient_clipping": Example(
        lambda: numbers(optimizer="sgd", learning_rate=0.1), {"max_grad_norm": 1e-4}
    ),
    "too_few_epochs": Example(classes, {"epochs": 1, "learning_rate": 0.001}),
    "saturated_in_training": Example(classes, layers("tanh", [32], "normal(30)", learning_rate=0.001)),
    "dead_units": Example(classes, {"learning_rate": 1.0}),
    "vanishing_gradient": Example(classes, layers("sigmoid", [5] * 9, "he_uniform", learning_rate=0.001)),
    "exploding_gradient": Example(classes, layers("relu", [16] * 6, "normal(3)")),
    "over_regularised": Example(classes, {"l2": 1.0}),
    "network_too_small": Example(classes, layers("relu", [1])),
    "overfitting": Example(classes, few_rows),
    "uninformative_inputs": Example(classes, labels(lambda t: SHUFFLED.permutation(t))),
    "concept_shift": Example(classes, lambda s: replace(s, validation=(s.validation[0][:, ::-1], s.validation[1]))),
    "damaged_weights": Example(classes, {}, worn),
    "no_better_than_baseline": Example(classes, layers("sigmoid", [5] * 9, "he_uniform", learning_rate=0.001)),
    "worse_than_simple_model": Example(classes, layers("sigmoid", [8] * 9)),
}  # fmt: skip

# Sections of the page: the files whose rules look before a training; in the last stand those that look during one.
FILES = {
    "settings": {"settings"}, "inputs": {"cells", "columns", "rows", "shifts"}, "targets": {"targets"},
    "outputs": {"outputs"}, "start": {"activations", "signals", "weights"}, "training": set(),
}  # fmt: skip
# What the page itself says; rules and findings speak the language that is chosen.
WORDS = {
    "en": {
        "settings": "Settings", "inputs": "Inputs and rows", "targets": "Targets", "outputs": "Outputs and loss",
        "start": "The network as it starts", "training": "While training",
        "figure": "{part}: score on held-out rows by epoch, healthy and changed",
        "heading": "### `{name}` ({severity})", "repair": "*Repair:* {words}", "source": "*Threshold:* {source}",
        "explains": "*Explains:* {rules}.", "healthy": "healthy", "changed": "changed", "guess": "one answer for all",
        "epoch": "epoch", "score": "score on held-out rows", "refused": "deltaw.train refuses it",
    },
    "zh": {
        "settings": "设置", "inputs": "输入与行", "targets": "目标", "outputs": "输出与损失函数",
        "start": "网络的初始状态", "training": "训练过程",
        "figure": "{part}：每一轮在留出的行上的得分，健康的与改动过的",
        "heading": "### `{name}`（{severity}）", "repair": "*修复*：{words}", "source": "*阈值*：{source}",
        "explains": "*能解释*：{rules}。", "healthy": "健康", "changed": "改动过", "guess": "所有行同一个答案",
        "epoch": "轮", "score": "在留出的行上的得分", "refused": "deltaw.train 拒绝它",
    },
}  # fmt: skip
assert WORDS["en"].keys() == WORDS["zh"].keys()


def part(rule: Rule) -> str:
    """The section of the page that a rule stands in."""
    file = rule.look.__module__.rsplit(".", 1)[-1]
    return "training" if rule.when == "during" else next(name for name, files in FILES.items() if file in files)


def scores(made: Setup) -> list[float]:
    """Accuracy or R² on the rows held out after each epoch; none where `deltaw.train` refuses."""
    known = targets_of(made)
    t = known.encoded(made.validation[1])
    found: list[float] = []

    def judge(epoch: Any) -> None:
        found.append(max(LOWEST, scored(known, t, np.asarray(epoch.outputs, np.float64))))

    try:
        train(made.network.copy(), made.X, made.T, **made.arguments, callbacks=[judge])
    except InputError:
        return []
    return found


@plots.styled
def panels(drawn: dict[str, tuple[Any, Any, float]], words: dict[str, str]) -> Figure:
    """One panel a rule: the score on held-out rows by epoch, healthy and changed."""
    tall = -(-len(drawn) // WIDE)
    figure, axes = plots.figure((11.0, 2.35 * tall), tall, WIDE)
    for axis, (name, (healthy, sick, floor)) in zip(axes, drawn.items(), strict=False):
        _panel(axis, name, healthy, sick, floor, words)
    for axis in axes[len(drawn) :]:
        axis.set_visible(False)
    whole = [axis for axis, (_, sick, _) in zip(axes, drawn.values(), strict=False) if sick]
    whole[0].legend(fontsize=7.5, loc="lower right")
    figure.supxlabel(words["epoch"], fontsize=9.5)
    figure.supylabel(words["score"], fontsize=9.5)
    figure.set_facecolor("white")
    return figure


def _panel(axis: Axes, name: str, healthy: Any, sick: Any, floor: float, words: dict[str, str]) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.plot(range(1, len(healthy) + 1), healthy, color=plots.BLUE, label=words["healthy"], linewidth=1.5)
    if not sick:
        axis.text(
            0.5, 0.45, words["refused"], transform=axis.transAxes, ha="center", fontsize=8.5, color=plots.VERMILION
        )
    else:
        axis.plot(range(1, len(sick) + 1), sick, color=plots.VERMILION, linestyle="--", label=words["changed"],
                  linewidth=1.5, marker="o" if len(sick) == 1 else None)  # fmt: skip
    axis.axhline(floor, color=plots.GREY, linestyle=":", linewidth=1.2, label=words["guess"])
    axis.set_title(title(name), fontsize=9)
    axis.set_ylim(-0.15, 1.05)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axis.grid()


def examined(rule: Rule) -> tuple[Finding, tuple[Any, Any, float]]:
    """What the doctor finds in the rule's example, and the curves of its panel."""
    example, trained = EXAMPLES[rule.name], None
    sick, healthy = example.sick, example.healthy()
    sound = scores(healthy)
    if example.spoils is None:
        curve = scores(sick)
    else:
        network = sick.network.copy()
        trained = network, train(network, sick.X, sick.T, **sick.arguments)
        example.spoils(network)
        curve = [*sound, score(sick, network, *sick.validation)]
    diagnosis = diagnose(sick, seconds=WATCHED if rule.when == "during" else 0.0, trained=trained)
    found = {finding.rule: finding for finding in diagnosis.findings}
    if rule.name not in found:
        raise SystemExit(f"{rule.name}: its example gives {', '.join(found) or 'nothing'}")
    return found[rule.name], (sound, curve, guess(healthy))


def document(lang: str, ending: str) -> Iterator[str]:
    """The page, line by line; its figures are written on the way. `ending`: of names of files in the language."""
    words = WORDS[lang]
    written = (DOCS / f"doctor-rules{ending}.md").read_text(encoding="utf-8")
    yield written[: written.index(f"\n## {words['settings']}\n")].rstrip()
    for name in FILES:
        rules = [rule for rule in RULES if part(rule) == name]
        seen = {rule.name: examined(rule) for rule in rules}
        figure = panels({key: curves for key, (_, curves) in seen.items()}, words)
        (DOCS / "doctor" / f"{name}{ending}.svg").write_text(plots.svg(figure), encoding="utf-8")
        yield f"\n## {words[name]}\n"
        yield f"![{words['figure'].format(part=words[name])}](doctor/{name}{ending}.svg)"
        for rule in rules:
            yield from entry(rule, seen[rule.name][0], words)


def entry(rule: Rule, finding: Finding, words: dict[str, str]) -> Iterator[str]:
    """A rule: its reason, what it said of the example, the repair, its threshold, and what else it explains."""
    yield "\n" + words["heading"].format(name=rule.name, severity=say(rule.severity)) + "\n"
    yield wrapped(say(rule.reason)) + "\n"
    yield wrapped(finding.cause, "> ", "> ") + "\n"
    if finding.repair is not None:
        yield wrapped(words["repair"].format(words=finding.repair.words), "- ", "  ")
    yield wrapped(words["source"].format(source=say(rule.source)), "- ", "  ")
    if others := [f"`{other}`" for other in dict.fromkeys(rule.explains) if other not in SYMPTOMS]:
        yield wrapped(words["explains"].format(rules=listed(others)), "- ", "  ")


def wrapped(text: str, first: str = "", then: str = "") -> str:
    """A paragraph as the pages have them: no line beyond 120 signs where there are blanks to break at."""
    return fill(text, 118, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)


def main() -> None:
    """Write the page and its figures."""
    parser = commands.parser(__doc__)
    parser.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])
    lang, started = parser.parse_args().lang, perf_counter()
    ending = "" if lang == LANGUAGES[0] else f".{lang}"
    with language(lang):
        text = "\n".join(document(lang, ending)) + "\n"
    (page := DOCS / f"doctor-rules{ending}.md").write_text(text, encoding="utf-8")
    print(f"{page.name}: {len(RULES)} rules, {perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
