"""The estimators beside scikit-learn's own on its bundled sets: scores over five seeds, and seconds, as Markdown.

    python -m benchmarks.accuracy.estimators            prints the tables that docs/scikit-learn.md holds (minutes)
    python -m benchmarks.accuracy.estimators --calls    the second of them alone
    python -m benchmarks.accuracy.estimators --quick    two seeds and one set, to see that it runs

Every solver with its default parameters, on inputs standardised by the training rows; a quarter of the rows is scored.
A fit is timed as a user sees it, the whole call, each with the threads that it takes by itself.
"""

from __future__ import annotations

import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sklearn
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import deltaw
import deltaw.sklearn
from benchmarks import commands

SETS: dict[str, tuple[str, Callable[..., Any]]] = {
    "iris": ("MLPClassifier", datasets.load_iris),
    "wine": ("MLPClassifier", datasets.load_wine),
    "breast cancer": ("MLPClassifier", datasets.load_breast_cancer),
    "digits": ("MLPClassifier", datasets.load_digits),
    "diabetes": ("MLPRegressor", datasets.load_diabetes),
}
SOLVERS = ("adam", "sgd", "lbfgs")
HOUSES = {"scikit-learn": neural_network, "DeltaW": deltaw.sklearn}


def scores(kind: str, load: Callable[..., Any], solver: str, seeds: int) -> dict[str, tuple[list[float], list[float]]]:
    """House -> (scores, seconds), one for each seed; the houses take turns."""
    X, y = load(return_X_y=True)
    y = (y - y.mean()) / y.std() if kind == "MLPRegressor" else y
    found: dict[str, tuple[list[float], list[float]]] = {house: ([], []) for house in HOUSES}
    for seed in range(seeds):
        parts = train_test_split(X, y, random_state=seed, stratify=y if kind == "MLPClassifier" else None)
        scaler = StandardScaler().fit(parts[0])
        train, test = scaler.transform(parts[0]), scaler.transform(parts[1])
        for house, module in HOUSES.items():
            estimator = getattr(module, kind)(solver=solver, random_state=seed)
            began = time.perf_counter()
            estimator.fit(train, parts[2])
            found[house][1].append(time.perf_counter() - began)
            found[house][0].append(float(estimator.score(test, parts[3])))
    return found


def score_rows(names: list[str], seeds: int) -> Iterator[list[str]]:
    """The table of scores, a line a set and solver."""
    for name in names:
        for solver in SOLVERS:
            found = scores(*SETS[name], solver, seeds)
            (theirs, their_seconds), (ours, our_seconds) = found["scikit-learn"], found["DeltaW"]
            inside = min(theirs) <= statistics.mean(ours) <= max(theirs)
            seconds = [statistics.median(each) for each in (their_seconds, our_seconds)]
            yield [
                name, solver, spread(theirs), spread(ours), "yes" if inside else "no",
                f"{seconds[0]:.3f}", f"{seconds[1]:.3f}", f"{seconds[0] / seconds[1]:.1f}",
            ]  # fmt: skip


def spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def call_rows(repeats: int) -> Iterator[list[str]]:
    """Single calls on small and larger data, medians in milliseconds."""
    rng = np.random.default_rng(0)
    iris, digits = datasets.load_iris(return_X_y=True), datasets.load_digits(return_X_y=True)
    pixels = (rng.random((4000, 784), np.float32), rng.integers(0, 10, 4000))
    cases: list[tuple[str, tuple[Any, Any], dict[str, Any], Callable[[Any, Any, Any], Any]]] = [
        ("fit, 4 rows, 1 epoch", (iris[0][48:52], iris[1][48:52]), {"max_iter": 1}, lambda m, X, y: m.fit(X, y)),
        ("fit, iris, 200 epochs", iris, {}, lambda m, X, y: m.fit(X, y)),
        ("fit, iris, 200 epochs, early_stopping", iris, {"early_stopping": True}, lambda m, X, y: m.fit(X, y)),
        ("fit, digits, 20 epochs", digits, {"max_iter": 20}, lambda m, X, y: m.fit(X, y)),
        ("fit, 4,000 × 784, hidden 200, 1 epoch", pixels, {"max_iter": 1, "hidden_layer_sizes": 200},
         lambda m, X, y: m.fit(X, y)),
        ("partial_fit, iris", iris, {"max_iter": 1}, lambda m, X, y: m.partial_fit(X, y)),
        ("predict, iris, 1 row", iris, {"max_iter": 1}, lambda m, X, y: m.predict(X[:1])),
        ("predict, digits, 1,797 rows", digits, {"max_iter": 1}, lambda m, X, y: m.predict(X)),
        ("predict_proba, digits, 1,797 rows", digits, {"max_iter": 1}, lambda m, X, y: m.predict_proba(X)),
        ("predict_proba, iris, 150 rows", iris, {"max_iter": 1}, lambda m, X, y: m.predict_proba(X)),
        ("predict, 784 inputs, 1 row", pixels, {"max_iter": 1}, lambda m, X, y: m.predict(X[:1])),
        ("predict, 784 inputs, 4,000 rows", pixels, {"max_iter": 1}, lambda m, X, y: m.predict(X)),
    ]  # fmt: skip
    for name, (X, y), settings, call in cases:
        made = [module.MLPClassifier(random_state=0, **settings).fit(X, y) for module in HOUSES.values()]
        seconds: list[list[float]] = [[], []]
        for _ in range(repeats if "fit" in name else 10 * repeats):
            for taken, estimator in zip(seconds, made, strict=True):
                began = time.perf_counter()
                call(estimator, X, y)
                taken.append(time.perf_counter() - began)
        theirs, ours = (1e3 * statistics.median(taken) for taken in seconds)
        yield [name, f"{theirs:.3g}", f"{ours:.3g}", f"{theirs / ours:.1f}"]


def table(headings: list[str], rows: Iterator[list[str]]) -> None:
    print("| " + " | ".join(headings) + " |")
    print("|---" * len(headings) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def main() -> None:
    options = commands.parser(__doc__)
    options.add_argument("--quick", action="store_true", help="two seeds and one set")
    options.add_argument("--calls", action="store_true", help="only the table of single calls")
    given = options.parse_args()
    quick = given.quick
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"scikit-learn {sklearn.__version__}, DeltaW {deltaw.__version__}, {platform.machine()}\n")
    headings = ["set", "solver", "scikit-learn (5 seeds)", "DeltaW", "within", "s", "s, DeltaW", "times"]
    if not given.calls:
        table(headings, score_rows(["iris"] if quick else list(SETS), 2 if quick else 5))
    table(["call", "scikit-learn, ms", "DeltaW, ms", "times"], call_rows(1 if quick else 9))


if __name__ == "__main__":
    main()
