"""scikit-learn's own test_mlp.py, as installed, with its two names pointed at ours."""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.neural_network.tests import test_mlp as theirs

from deltaw.sklearn import MLPClassifier, MLPRegressor

NAMES = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}
# Tests that call what is private to scikit-learn's implementation, and why they cannot mean anything here.
PRIVATE = {
    "test_gradient": "calls _loss_grad_lbfgs; engines/test_whole_gradient.py holds the gradient against differences",
}
FIXTURES = {"global_random_seed": 42}


def ours(value: Any) -> Any:
    """Our class for theirs, anything else as it is."""
    return NAMES.get(getattr(value, "__name__", ""), value) if inspect.isclass(value) else value


def cases() -> Iterator[Any]:
    """Each of their tests with each set of its parameters."""
    for name, test in vars(theirs).items():
        if not name.startswith("test_") or not callable(test):
            continue
        tables = []
        for mark in getattr(test, "pytestmark", []):
            if mark.name == "parametrize":
                words = [word.strip() for word in mark.args[0].split(",")]
                rows = [row if len(words) > 1 else (row,) for row in mark.args[1]]
                tables.append([dict(zip(words, map(ours, row), strict=True)) for row in rows])
        for number, parts in enumerate(itertools.product(*tables)):
            yield pytest.param(name, {k: v for part in parts for k, v in part.items()}, id=f"{name}-{number}")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("name", "arguments"), list(cases()))
def test_theirs(
    name: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if name in PRIVATE:
        pytest.skip(PRIVATE[name])
    for word, estimator in NAMES.items():
        monkeypatch.setattr(theirs, word, estimator)
    test = getattr(theirs, name)
    wanted = set(inspect.signature(test).parameters) - set(arguments)
    fixtures = {word: FIXTURES[word] if word in FIXTURES else request.getfixturevalue(word) for word in wanted}
    test(**arguments, **fixtures)


def test_the_list_of_private_ones_is_short_and_true() -> None:
    assert set(PRIVATE) <= set(vars(importlib.reload(theirs)))
    assert len(PRIVATE) == 1
    assert len(list(cases())) >= 55
