"""Estimators from fitted ones of scikit-learn, and from PyTorch modules; predictions stay what they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.utils.validation import check_is_fitted

from deltaw.exceptions import SettingError
from deltaw.sklearn.classifier import MLPClassifier
from deltaw.sklearn.exports import TORCH, share, theirs, torch_module
from deltaw.sklearn.regressor import MLPRegressor


def from_sklearn(fitted: Any) -> MLPClassifier | MLPRegressor:
    """An estimator of ours with the parameters, weights and records of a fitted MLPClassifier or MLPRegressor.

    What scikit-learn's optimiser remembers is left behind: `partial_fit` begins with a fresh one.

    Raises:
        SettingError: another estimator.
        NotFittedError: one that is not fitted.
    """
    kinds = {neural_network.MLPClassifier: MLPClassifier, neural_network.MLPRegressor: MLPRegressor}
    into: Any = next((ours for theirs, ours in kinds.items() if isinstance(fitted, theirs)), None)
    if into is None:
        raise SettingError(
            "from_sklearn: expected scikit-learn's MLPClassifier or MLPRegressor", type(fitted).__name__, "give one"
        )
    check_is_fitted(fitted)
    names = set(into._get_param_names())
    made: Any = into(**{name: value for name, value in fitted.get_params().items() if name in names})
    share(fitted, made)
    if hasattr(fitted, "classes_"):
        binarizer = fitted._label_binarizer
        made._multilabel = binarizer.y_type_.startswith("multilabel")
        made._sparse_labels = bool(binarizer.sparse_input_)
    return made  # type: ignore[no-any-return]


def from_torch(module: Any, classes: Sequence[Any] | None = None) -> MLPClassifier | MLPRegressor:
    """An estimator with the weights of a torch.nn.Sequential of Linear layers, activations and Dropout.

    Args:
        module: may end in logits or in probabilities; Dropout becomes the `dropout` of further training.
        classes: the classes' values, in the order of the outputs (of a single output, those of 0 and 1) makes an
            MLPClassifier; without them it is an MLPRegressor.

    Raises:
        MissingError: PyTorch is not installed.
        SettingError: the module has other parts, or another number of outputs than there are classes.
    """
    torch = torch_module()
    linears, names, rates = _layers(torch, module)
    names, out = names[:-1], names[-1]
    sizes = [int(linear.weight.shape[0]) for linear in linears]
    if classes is not None:
        if sizes[-1] != (1 if len(classes) == 2 else len(classes)):
            raise SettingError(
                f"from_torch: expected an output for each of the {len(classes)} classes, or one for two classes",
                f"{sizes[-1]}", "give as many classes as the module has outputs",
            )  # fmt: skip
        out = ("sigmoid" if len(classes) == 2 else "softmax") if out == "identity" else out
    made: Any = (MLPRegressor if classes is None else MLPClassifier)(
        hidden_layer_sizes=tuple(sizes[:-1]),
        activation=theirs(names[0]) if len(set(names)) == 1 else [theirs(name) for name in names] or "relu",
        dropout=rates if any(rates) else 0.0,
    )
    made.coefs_ = [np.ascontiguousarray(linear.weight.detach().cpu().numpy().T) for linear in linears]
    made.intercepts_ = [
        np.zeros(size, coef.dtype) if linear.bias is None else linear.bias.detach().cpu().numpy().copy()
        for linear, size, coef in zip(linears, sizes, made.coefs_, strict=True)
    ]
    made.n_features_in_, made.n_outputs_ = len(made.coefs_[0]), sizes[-1]
    made.n_layers_, made.out_activation_ = len(sizes) + 1, theirs(out)
    made.n_iter_ = made.t_ = 0
    if classes is not None:
        made.classes_, made._multilabel, made._sparse_labels = np.asarray(classes), False, False
    made._begin_records()
    return made  # type: ignore[no-any-return]


def _layers(torch: Any, module: Any) -> tuple[list[Any], list[str], list[float]]:
    """(Linear layers, the activation after each, the dropout after each hidden one) of a Sequential."""
    kinds = {getattr(torch.nn, kind): name for name, kind in TORCH.items()}
    parts = list(module) if isinstance(module, torch.nn.Sequential) else []
    linears: list[Any] = []
    names: list[str] = []
    rates: list[float] = []
    for part in parts:
        if isinstance(part, torch.nn.Linear):
            linears.append(part)
            names.append("identity")
            rates.append(0.0)
        elif isinstance(part, torch.nn.Dropout) and linears:
            rates[-1] = float(part.p)
        elif type(part) in kinds and linears and names[-1] == "identity" and not rates[-1] and _as_ours(torch, part):
            names[-1] = kinds[type(part)]
        elif not isinstance(part, torch.nn.Flatten) or linears:
            linears = []
            break
    if not linears:
        raise SettingError(
            "from_torch: expected a torch.nn.Sequential of Linear layers, with activations and Dropout",
            str(module).splitlines()[0][:60], f"use Linear, Dropout, {', '.join(TORCH.values())}",
        )  # fmt: skip
    return linears, names, rates[:-1]


def _as_ours(torch: Any, part: Any) -> bool:
    """Whether an activation's settings are those of the equations."""
    fixed = {"negative_slope": 0.01, "alpha": 1.0, "approximate": "none", "beta": 1.0, "threshold": 20.0}
    return all(getattr(part, name, value) == value for name, value in fixed.items())
